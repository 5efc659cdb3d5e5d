// Package binding gives the interfaces described by package idl behaviour in a
// goja runtime: interface objects and prototypes with the property descriptors
// of Web IDL §3.7, conversions between JavaScript and IDL values (§3.2),
// overload resolution (§3.6), brand checks, and operations that return promises
// and therefore reject instead of throwing.
//
// Implementations are registered once per process by interface and member
// name. A member without an implementation is not exposed, so that scripts can
// detect what is missing as they do in browsers.
package binding

import (
	"fmt"
	"sort"
	"strings"

	"trackway/js/webidl"
)

// Method implements an attribute getter or setter, an operation or a
// constructor. The result is converted to the declared IDL type; an error
// becomes a JavaScript exception (see Realm.Throw).
type Method func(*Call) (any, error)

// Members maps a member to its implementation: "name" is an attribute's
// getter or an operation, "set name" an attribute's setter, "static name" a
// static operation and "constructor" the constructor.
type Members map[string]Method

// Class is an interface together with its implementation, shared by all
// runtimes of the process.
type Class struct {
	Def    *webidl.InterfaceDef
	Parent *Class
	impl   Members
	// ops groups the overloads of each operation and of the constructor.
	ops map[string][]*webidl.Member
}

// Name is the interface's identifier.
func (c *Class) Name() string { return c.Def.Name }

// Inherits reports whether c is the named interface or derives from it.
func (c *Class) Inherits(name string) bool {
	for ; c != nil; c = c.Parent {
		if c.Def.Name == name {
			return true
		}
	}
	return false
}

// Registry is the set of classes of a process.
type Registry struct {
	dictionaries map[string]*webidl.DictionaryDef
	enums        map[string]*webidl.EnumDef
	callbacks    map[string]*webidl.CallbackDef
	defs         map[string]*webidl.InterfaceDef
	order        []string
	classes      map[string]*Class
	linked       []*Class
}

// NewRegistry returns a registry over the given definitions.
func NewRegistry(interfaces map[string]*webidl.InterfaceDef, order []string, dictionaries map[string]*webidl.DictionaryDef, enums map[string]*webidl.EnumDef, callbacks map[string]*webidl.CallbackDef) *Registry {
	return &Registry{defs: interfaces, order: order, dictionaries: dictionaries, enums: enums, callbacks: callbacks, classes: map[string]*Class{}}
}

// Implement adds members to the named interface. It panics when the interface
// or a member does not exist: both are mistakes of this program.
func (g *Registry) Implement(name string, impl Members) {
	def := g.defs[name]
	if def == nil {
		panic("binding: no interface " + name)
	}
	c := g.classes[name]
	if c == nil {
		c = &Class{Def: def, impl: Members{}, ops: map[string][]*webidl.Member{}}
		for _, m := range def.Members {
			switch {
			case m.Kind == webidl.Constructor:
				c.ops["constructor"] = append(c.ops["constructor"], m)
			case m.Kind == webidl.Operation && m.Name != "":
				key := m.Name
				if m.Static {
					key = "static " + m.Name
				}
				c.ops[key] = append(c.ops[key], m)
			}
		}
		g.classes[name] = c
	}
	for key, fn := range impl {
		if !declares(def, key) {
			panic(fmt.Sprintf("binding: interface %s has no member %q", name, key))
		}
		c.impl[key] = fn
	}
	g.linked = nil
}

func declares(def *webidl.InterfaceDef, key string) bool {
	prefix, name, ok := strings.Cut(key, " ")
	if !ok {
		prefix, name = "", key
	}
	for _, m := range def.Members {
		switch {
		case m.Kind == webidl.Constructor && key == "constructor",
			m.Kind == webidl.Stringifier && key == "toString" && m.Name == "":
			return true
		case m.Name != name:
		case prefix == "static" == m.Static && prefix != "set":
			return true
		case prefix == "set" && m.Kind == webidl.Attribute && (!m.ReadOnly || m.PutForwards != ""):
			return true
		}
	}
	return false
}

// Link resolves inheritance and returns the classes, parents first.
func (g *Registry) Link() []*Class {
	if g.linked != nil {
		return g.linked
	}
	done := map[*Class]bool{}
	var visit func(c *Class)
	visit = func(c *Class) {
		if done[c] {
			return
		}
		done[c] = true
		if p := g.classes[c.Def.Inherits]; p != nil {
			visit(p)
			c.Parent = p
		}
		g.linked = append(g.linked, c)
	}
	for _, n := range g.order {
		if c := g.classes[n]; c != nil {
			visit(c)
		}
	}
	return g.linked
}

// Missing lists the members that have no implementation, as "Interface.member".
// Event handler attributes, constants and default toJSON need none.
func (g *Registry) Missing() []string {
	var out []string
	for _, n := range g.order {
		c, def := g.classes[n], g.defs[n]
		if def.Callback || def.Mixin {
			continue
		}
		for _, m := range def.Members {
			if m.Name == "" || m.Kind == webidl.Constant || isEventHandler(m.Type) || m.DefaultToJSO {
				continue
			}
			key := m.Name
			if m.Static {
				key = "static " + key
			}
			if c == nil || c.impl[key] == nil {
				out = append(out, n+"."+m.Name)
			}
		}
	}
	sort.Strings(out)
	return out
}

func isEventHandler(t *webidl.Type) bool {
	return t != nil && t.Kind == webidl.Callback && strings.HasSuffix(t.Name, "EventHandlerNonNull")
}
