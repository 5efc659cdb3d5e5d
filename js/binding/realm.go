package binding

import (
	"slices"

	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// Object is embedded in every Go value that a platform object stands for. It
// remembers the JavaScript object, so that the same Go value always shows as
// the same object.
type Object struct{ js *goja.Object }

func (o *Object) object() *Object { return o }

// JS is the JavaScript object, nil before the value was first shown.
func (o *Object) JS() *goja.Object { return o.js }

// Platform is a Go value that can be shown as a platform object. InterfaceName
// is the most derived interface it implements.
type Platform interface {
	object() *Object
	InterfaceName() string
}

// slot is what a platform object carries: its Go value and class. It is stored
// under a symbol that scripts cannot name.
type slot struct {
	impl   any
	class  *Class
	owner  *goja.Object
	frozen map[string]frozenCache
}

type frozenCache struct {
	values []any
	array  *goja.Object
}

// Realm is the state of the binding in one goja runtime. Like the runtime it
// belongs to one goroutine.
type Realm struct {
	VM *goja.Runtime
	// Host is whatever the embedding program wants its methods to find.
	Host any
	// ErrorValue turns an error returned by a Method into the exception value.
	ErrorValue func(error) goja.Value

	// Secure says that the realm is a secure context; what is marked
	// [SecureContext] is not exposed elsewhere. Set it before Install.
	Secure bool

	reg    *Registry
	sym    *goja.Symbol
	protos map[string]*goja.Object
	ctors  map[string]*goja.Object
	class  map[string]*Class
	global *goja.Object

	intrinsics
	context string // "Failed to execute 'x' on 'Y'", for the messages of conversions
}

// intrinsics are functions of the language captured before any script runs.
type intrinsics struct {
	isView, freeze, mapCtor, typedTag, makeCtor goja.Callable
	mapProto                                    *goja.Object
	errorProto                                  *goja.Object
}

// NewRealm prepares vm. scope names the global interface ("Window",
// "DedicatedWorker"): interfaces exposed there are installed by Install.
func NewRealm(vm *goja.Runtime, reg *Registry) *Realm {
	r := &Realm{
		VM: vm, reg: reg, sym: goja.NewSymbol("platform object"),
		protos: map[string]*goja.Object{}, ctors: map[string]*goja.Object{}, class: map[string]*Class{}, global: vm.GlobalObject(),
	}
	get := func(src string) goja.Value {
		v, err := vm.RunString(src)
		if err != nil {
			panic(err) // the sources below are constants of this file
		}
		return v
	}
	fn := func(src string) goja.Callable {
		f, ok := goja.AssertFunction(get(src))
		if !ok {
			panic("binding: not a function: " + src)
		}
		return f
	}
	r.isView = fn("ArrayBuffer.isView")
	r.freeze = fn("Object.freeze")
	r.typedTag = fn("(f => o => f.call(o))(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get)")
	r.mapCtor = fn("(M => entries => new M(entries))(Map)")
	r.makeCtor = fn("(init => { 'use strict'; return function (...args) { init(new.target && this, ...args); }; })")
	r.mapProto = get("Map.prototype").ToObject(vm)
	r.errorProto = get("Error.prototype").ToObject(vm)
	return r
}

// Prototype is the interface prototype object of the named interface, nil if
// it is not installed.
func (r *Realm) Prototype(name string) *goja.Object { return r.protos[name] }

// Constructor is the interface object of the named interface.
func (r *Realm) Constructor(name string) *goja.Object { return r.ctors[name] }

// Wrap returns the platform object of p, creating it at the first call.
func (r *Realm) Wrap(p Platform) *goja.Object {
	o := p.object()
	if o.js == nil {
		name := p.InterfaceName()
		r.Attach(r.VM.CreateObject(r.protos[name]), p, r.class[name])
	}
	return o.js
}

// Attach makes obj the platform object of p.
func (r *Realm) Attach(obj *goja.Object, p Platform, class *Class) {
	p.object().js = obj
	s := &slot{impl: p, class: class, owner: obj}
	if err := obj.DefineDataPropertySymbol(r.sym, r.VM.ToValue(s), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		panic(err) // obj is ours and extensible
	}
}

func (r *Realm) slotOf(v goja.Value) *slot {
	obj, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	sv := obj.GetSymbol(r.sym)
	if sv == nil {
		return nil
	}
	s, ok := sv.Export().(*slot)
	// An object that merely inherits from a platform object is none.
	if !ok || s.owner != obj {
		return nil
	}
	return s
}

// Unwrap returns the Go value behind a platform object, nil for anything else.
func (r *Realm) Unwrap(v goja.Value) any {
	if s := r.slotOf(v); s != nil {
		return s.impl
	}
	return nil
}

// Interface returns the most derived interface of a platform object, "" for
// anything else.
func (r *Realm) Interface(v goja.Value) string {
	if s := r.slotOf(v); s != nil {
		return s.class.Def.Name
	}
	return ""
}

func (r *Realm) implements(v goja.Value, name string) *slot {
	if s := r.slotOf(v); s != nil && s.class.Inherits(name) {
		return s
	}
	return nil
}

// exposedIn reports whether an interface is exposed in a global scope.
func exposedIn(def *webidl.InterfaceDef, scope string) bool {
	return len(def.Exposed) == 0 || slices.Contains(def.Exposed, "*") || slices.Contains(def.Exposed, scope) ||
		scope != "Window" && slices.Contains(def.Exposed, "Worker")
}
