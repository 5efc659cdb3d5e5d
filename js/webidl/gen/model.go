package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"trackway/js/webidl"
)

// model is everything parsed, partial definitions merged.
type model struct {
	interfaces   map[string]*entry[webidl.InterfaceDef]
	dictionaries map[string]*entry[webidl.DictionaryDef]
	enums        map[string]*entry[webidl.EnumDef]
	callbacks    map[string]*entry[webidl.CallbackDef]
	typedefs     map[string]*webidl.Typedef
	includes     []webidl.Include
	order        []string // interfaces in the order met
}

type entry[T any] struct {
	def    *T
	source string
	wanted bool
}

func newModel() *model {
	return &model{
		interfaces: map[string]*entry[webidl.InterfaceDef]{}, dictionaries: map[string]*entry[webidl.DictionaryDef]{},
		enums: map[string]*entry[webidl.EnumDef]{}, callbacks: map[string]*entry[webidl.CallbackDef]{}, typedefs: map[string]*webidl.Typedef{},
	}
}

func (m *model) add(s source, f *webidl.Fragment) {
	for _, d := range f.Interfaces {
		if d.Partial && d.Secure {
			for _, mb := range d.Members {
				mb.Secure = true
			}
		}
		only, listed := s.interfaces[d.Name]
		wanted := listed || s.interfaces == nil
		if !wanted {
			continue
		}
		if len(only) > 0 {
			d.Members = slices.DeleteFunc(d.Members, func(mb *webidl.Member) bool {
				return !slices.Contains(only, mb.Name) && !(mb.Kind == webidl.Constructor && slices.Contains(only, "constructor"))
			})
		}
		e := m.interfaces[d.Name]
		if e == nil {
			m.interfaces[d.Name] = &entry[webidl.InterfaceDef]{def: d, source: s.file, wanted: true}
			m.order = append(m.order, d.Name)
			continue
		}
		e.def.Members = append(e.def.Members, d.Members...)
		if d.Partial && s.file == "extensions" && len(d.Exposed) > 0 { // it says where else the interface is
			e.def.Exposed, e.def.Transferable = d.Exposed, e.def.Transferable || d.Transferable
		}
		if !d.Partial {
			members := e.def.Members
			*e.def = *d
			e.def.Members, e.source = members, s.file
		}
	}
	for _, d := range f.Dictionaries {
		if e := m.dictionaries[d.Name]; e != nil {
			for _, field := range d.Fields {
				if !slices.ContainsFunc(e.def.Fields, func(f webidl.Field) bool { return f.Name == field.Name }) {
					e.def.Fields = append(e.def.Fields, field)
				}
			}
			if d.Inherits != "" {
				e.def.Inherits = d.Inherits
			}
			continue
		}
		m.dictionaries[d.Name] = &entry[webidl.DictionaryDef]{def: d, source: s.file, wanted: s.allDictionaries}
	}
	for _, d := range f.Enums {
		m.enums[d.Name] = &entry[webidl.EnumDef]{def: d, source: s.file}
	}
	for _, d := range f.Callbacks {
		m.callbacks[d.Name] = &entry[webidl.CallbackDef]{def: d, source: s.file}
	}
	for _, d := range f.Typedefs {
		if _, ours := m.typedefs[d.Name]; !ours && d.Type.Kind != webidl.BufferSource {
			m.typedefs[d.Name] = d
		}
	}
	m.includes = append(m.includes, f.Includes...)
}

// link copies mixins into their targets, resolves every name and marks what is
// reachable from the selected interfaces.
func (m *model) link() error {
	for _, inc := range m.includes {
		target, mixin := m.interfaces[inc.Target], m.interfaces[inc.Mixin]
		if target == nil || mixin == nil {
			continue
		}
		for _, mb := range mixin.def.Members {
			c := *mb
			target.def.Members = append(target.def.Members, &c)
		}
	}
	for _, name := range m.order {
		for _, mb := range m.interfaces[name].def.Members {
			mb.Type, mb.Value = m.resolve(mb.Type), m.resolve(mb.Value)
			m.resolveArgs(mb.Args)
		}
	}
	for changed := true; changed; {
		changed = m.resolveReachable()
	}
	return nil
}

func (m *model) resolveArgs(args []webidl.Argument) {
	for i := range args {
		args[i].Type = m.resolve(args[i].Type)
	}
}

// resolveReachable resolves the members of dictionaries and callbacks that
// became wanted; resolving may make more of them wanted.
func (m *model) resolveReachable() (changed bool) {
	for _, e := range m.dictionaries {
		if !e.wanted || len(e.def.Fields) > 0 && resolvedFields(e.def) {
			continue
		}
		if p := m.dictionaries[e.def.Inherits]; p != nil && !p.wanted {
			p.wanted, changed = true, true
		}
		for i := range e.def.Fields {
			e.def.Fields[i].Type = m.resolve(e.def.Fields[i].Type)
			changed = true
		}
		sort.Slice(e.def.Fields, func(i, j int) bool { return e.def.Fields[i].Name < e.def.Fields[j].Name })
	}
	for _, e := range m.callbacks {
		if e.wanted && (e.def.Return.Kind == webidl.Named || slices.ContainsFunc(e.def.Args, func(a webidl.Argument) bool { return hasNamed(a.Type) })) {
			e.def.Return, changed = m.resolve(e.def.Return), true
			m.resolveArgs(e.def.Args)
		}
	}
	return changed
}

func resolvedFields(d *webidl.DictionaryDef) bool {
	return !slices.ContainsFunc(d.Fields, func(f webidl.Field) bool { return hasNamed(f.Type) }) &&
		sort.SliceIsSorted(d.Fields, func(i, j int) bool { return d.Fields[i].Name < d.Fields[j].Name })
}

func hasNamed(t *webidl.Type) bool {
	return t != nil && (t.Kind == webidl.Named || slices.ContainsFunc(t.Elem, hasNamed))
}

// resolve replaces names by what they stand for. A name that no selected file
// defines is taken for an interface that no value implements.
func (m *model) resolve(t *webidl.Type) *webidl.Type {
	if t == nil {
		return nil
	}
	c := *t
	c.Elem = make([]*webidl.Type, len(t.Elem))
	for i, e := range t.Elem {
		c.Elem[i] = m.resolve(e)
	}
	if t.Kind != webidl.Named {
		return &c
	}
	if td := m.typedefs[t.Name]; td != nil {
		r := *m.resolve(td.Type)
		r.Nullable = r.Nullable || t.Nullable
		r.EnforceRange, r.Clamp = r.EnforceRange || t.EnforceRange, r.Clamp || t.Clamp
		return &r
	}
	switch {
	case m.dictionaries[t.Name] != nil:
		c.Kind, m.dictionaries[t.Name].wanted = webidl.Dictionary, true
	case m.enums[t.Name] != nil:
		c.Kind, m.enums[t.Name].wanted = webidl.Enum, true
	case m.callbacks[t.Name] != nil:
		e := m.callbacks[t.Name]
		c.Kind, c.NonCallable, e.wanted = webidl.Callback, e.def.NonObjectAsNull, true
	case m.interfaces[t.Name] != nil && m.interfaces[t.Name].def.Callback:
		c.Kind = webidl.CallbackInterface
	default:
		c.Kind = webidl.Interface
	}
	return &c
}

func sorted[T any](m map[string]*entry[T]) []string {
	var names []string
	for n, e := range m {
		if e.wanted {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// print returns the Go statements of every source file.
func (m *model) print() map[string][]string {
	out := map[string][]string{}
	for _, n := range sorted(m.enums) {
		e := m.enums[n]
		out[e.source] = append(out[e.source], fmt.Sprintf("enums(%q, %s)\n", n, quoteAll(e.def.Values)))
	}
	for _, n := range sorted(m.callbacks) {
		e := m.callbacks[n]
		out[e.source] = append(out[e.source], fmt.Sprintf("callback(%q, %s%s)\n", n, typ(e.def.Return), tail(args(e.def.Args))))
	}
	for _, n := range sorted(m.dictionaries) {
		e := m.dictionaries[n]
		var b strings.Builder
		fmt.Fprintf(&b, "dictionary(%q, %q,\n", n, e.def.Inherits)
		for _, f := range e.def.Fields {
			fn := "field"
			if f.Required {
				fn = "required"
			}
			fmt.Fprintf(&b, "%s(%q, %s%s),\n", fn, f.Name, typ(f.Type), tail(defaults(f.Default)))
		}
		b.WriteString(")\n")
		out[e.source] = append(out[e.source], b.String())
	}
	for _, n := range m.order {
		e := m.interfaces[n]
		if e.def.Mixin || e.def.Partial {
			continue
		}
		out[e.source] = append(out[e.source], printInterface(e.def))
	}
	return out
}
