package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// EventHandlers is implemented by platform objects with event handler
// attributes (HTML §8.1.8.1). Value is null without a handler.
type EventHandlers interface {
	EventHandler(attribute string) goja.Value
	SetEventHandler(attribute string, v goja.Value)
}

// Install defines the interfaces exposed in scope ("Window" or
// "DedicatedWorker") on the global object. The members of the interface
// globalInterface are put on the global object itself, which becomes the
// platform object of global (Web IDL §3.7.5, [Global]).
func (r *Realm) Install(scope, globalInterface string, global Platform) {
	for _, c := range r.reg.Link() {
		if !exposedIn(c.Def, scope) || c.Def.Secure && !r.Secure {
			continue
		}
		r.class[c.Def.Name] = c
		if c.Def.Namespace {
			r.installNamespace(c)
			continue
		}
		r.installInterface(c, c.Def.Name == globalInterface)
	}
	if c := r.class[globalInterface]; c != nil {
		if err := r.global.SetPrototype(r.protos[globalInterface]); err != nil {
			panic(err)
		}
		r.Attach(r.global, global, c)
	}
}

func (r *Realm) installInterface(c *Class, isGlobal bool) {
	proto, ctor := r.prototype(c), r.interfaceObject(c)
	r.protos[c.Def.Name], r.ctors[c.Def.Name] = proto, ctor
	must(ctor.DefineDataProperty("prototype", proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(proto.DefineDataProperty("constructor", ctor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(proto.DefineDataPropertySymbol(goja.SymToStringTag, r.VM.ToValue(c.Def.Name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	target := proto
	if isGlobal {
		target = r.global
	}
	r.installMembers(c, target, ctor)
	if c.Def.NoInterfaceObject {
		return
	}
	for _, name := range []string{c.Def.Name, c.Def.WindowAlias} {
		if name != "" {
			must(r.global.DefineDataProperty(name, ctor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err) // a property of an object that we just made
	}
}

func (r *Realm) prototype(c *Class) *goja.Object {
	switch {
	case c.Parent != nil && r.protos[c.Parent.Def.Name] != nil:
		return r.VM.CreateObject(r.protos[c.Parent.Def.Name])
	case c.Def.Name == "DOMException":
		// Web IDL §3.14.1: inherits from %Error.prototype%
		return r.VM.CreateObject(r.errorProto)
	}
	return r.VM.NewObject()
}

func (r *Realm) function(name string, length int, f func(goja.FunctionCall) goja.Value) *goja.Object {
	o := r.VM.ToValue(f).(*goja.Object)
	r.nameFunction(o, name, length)
	return o
}

func (r *Realm) nameFunction(o *goja.Object, name string, length int) {
	must(o.DefineDataProperty("name", r.VM.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(o.DefineDataProperty("length", r.VM.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// interfaceObject is Web IDL §3.7.1. The function object is JavaScript's own, so
// that the new object's prototype comes from NewTarget, as subclassing needs.
func (r *Realm) interfaceObject(c *Class) *goja.Object {
	name := c.Def.Name
	ops, impl := c.ops["constructor"], c.impl["constructor"]
	construct := func(call goja.FunctionCall) goja.Value {
		this, ok := call.Argument(0).(*goja.Object)
		if !ok {
			panic(r.VM.NewTypeError("Failed to construct '%s': Please use the 'new' operator, this object constructor cannot be called as a function.", name))
		}
		if impl == nil || ops == nil {
			panic(r.VM.NewTypeError("Failed to construct '%s': Illegal constructor", name))
		}
		defer r.enter("Failed to construct '" + name + "'")()
		k, args := r.resolve(ops, call.Arguments[1:])
		v, err := impl(&Call{Realm: r, Args: args, Overload: k, ThisValue: this, member: ops[k]})
		if err != nil {
			r.Throw(err)
		}
		r.Attach(this, v.(Platform), c)
		return goja.Undefined()
	}
	made, err := r.makeCtor(goja.Undefined(), r.VM.ToValue(construct))
	must(err)
	ctor := made.ToObject(r.VM)
	r.nameFunction(ctor, name, minRequired(ops))
	if c.Parent != nil {
		if p := r.ctors[c.Parent.Def.Name]; p != nil {
			must(ctor.SetPrototype(p))
		}
	}
	return ctor
}

// enter sets the context of conversion errors and returns a function that
// restores the one before.
func (r *Realm) enter(context string) func() {
	outer := r.context
	r.context = context
	return func() { r.context = outer }
}

func (r *Realm) installNamespace(c *Class) {
	obj := r.VM.NewObject()
	must(obj.DefineDataPropertySymbol(goja.SymToStringTag, r.VM.ToValue(c.Def.Name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	for name, ops := range c.ops {
		if impl := c.impl[name]; impl != nil {
			must(obj.DefineDataProperty(name, r.operation(c, name, ops, impl, true), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		}
	}
	must(r.global.DefineDataProperty(c.Def.Name, obj, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

func (r *Realm) installMembers(c *Class, target, ctor *goja.Object) {
	seen := map[string]bool{}
	for _, m := range c.Def.Members {
		if m.Secure && !r.Secure {
			continue
		}
		switch m.Kind {
		case webidl.Constant:
			v := r.ToJS(nil, int64(m.Const.Num))
			for _, o := range []*goja.Object{ctor, target} {
				must(o.DefineDataProperty(m.Name, v, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
			}
		case webidl.Attribute:
			r.installAttribute(c, m, target, ctor)
		case webidl.Operation:
			key := m.Name
			if m.Static {
				key = "static " + key
			}
			if m.Name == "" || seen[key] {
				continue
			}
			seen[key] = true
			r.installOperation(c, m, key, target, ctor)
		case webidl.Stringifier:
			r.installStringifier(c, m, target)
		case webidl.Maplike:
			r.installMaplike(c, m, target)
		case webidl.Iterable:
			if m.Value != nil {
				r.installPairIterable(c, target)
			}
		}
	}
}

func (r *Realm) installOperation(c *Class, m *webidl.Member, key string, target, ctor *goja.Object) {
	impl := c.impl[key]
	switch {
	case impl == nil && m.DefaultToJSO:
		impl = func(call *Call) (any, error) { return r.defaultToJSON(call, c), nil }
	case impl == nil:
		return
	}
	on := target
	if m.Static {
		on = ctor
	}
	must(on.DefineDataProperty(m.Name, r.operation(c, m.Name, c.ops[key], impl, m.Static), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

// receiver is the brand check: the slot of this, or of the global object when
// this is null or undefined, as for setTimeout() called bare.
func (r *Realm) receiver(this goja.Value, c *Class) *slot {
	if nullish(this) {
		this = r.global
	}
	if s := r.implements(this, c.Def.Name); s != nil {
		return s
	}
	panic(r.VM.NewTypeError("Illegal invocation"))
}

func (r *Realm) operation(c *Class, name string, ops []*webidl.Member, impl Method, static bool) *goja.Object {
	context := "Failed to execute '" + name + "' on '" + c.Def.Name + "'"
	run := func(fc goja.FunctionCall) goja.Value {
		call := Call{Realm: r, ThisValue: fc.This}
		if !static {
			call.This = r.receiver(fc.This, c).impl
		}
		defer r.enter(context)()
		call.Overload, call.Args = r.resolve(ops, fc.Arguments)
		call.member = ops[call.Overload]
		v, err := impl(&call)
		if err != nil {
			r.Throw(err)
		}
		if p, ok := v.(*Promise); ok {
			return p.Value()
		}
		t := call.member.Type
		if t.Kind == webidl.Promise {
			if _, isPromise := v.(goja.Value); isPromise {
				return r.resolved(nil, v)
			}
			return r.resolved(t.Elem[0], v)
		}
		if t.Kind == webidl.Undefined {
			return goja.Undefined()
		}
		return r.ToJS(t, v)
	}
	if ops[0].Type != nil && ops[0].Type.Kind == webidl.Promise {
		return r.function(name, minRequired(ops), r.rejecting(run))
	}
	return r.function(name, minRequired(ops), run)
}

// rejecting turns exceptions into rejected promises, as operations and
// attributes whose type is a promise must (Web IDL §3.7.6 step 2.1.5).
func (r *Realm) rejecting(run func(goja.FunctionCall) goja.Value) func(goja.FunctionCall) goja.Value {
	return func(fc goja.FunctionCall) goja.Value {
		var out goja.Value
		ex := r.VM.Try(func() { out = run(fc) })
		if ex == nil {
			return out
		}
		p := r.NewPromise(nil)
		p.done = true
		_ = p.reject(ex.Value())
		return p.Value()
	}
}

func (r *Realm) resolved(t *webidl.Type, v any) goja.Value {
	p := r.NewPromise(t)
	p.Resolve(v)
	return p.Value()
}
