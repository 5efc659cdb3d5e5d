package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// installAttribute is Web IDL §3.7.6, attributes.
func (r *Realm) installAttribute(c *Class, m *webidl.Member, target, ctor *goja.Object) {
	key := m.Name
	if m.Static {
		key = "static " + key
	}
	get, set := c.impl[key], c.impl["set "+m.Name]
	handler := isEventHandler(m.Type)
	if handler && get == nil {
		get = func(call *Call) (any, error) { return call.This.(EventHandlers).EventHandler(m.Name), nil }
		set = func(call *Call) (any, error) {
			v := goja.Null()
			if f := call.Callback(0); f != nil {
				v = f.Func
			}
			call.This.(EventHandlers).SetEventHandler(m.Name, v)
			return nil, nil
		}
	}
	if get == nil {
		return
	}
	getter := r.function("get "+m.Name, 0, r.getter(c, m, get))
	var setter goja.Value
	switch {
	case !m.ReadOnly && set != nil:
		setter = r.function("set "+m.Name, 1, r.setter(c, m, set))
	case m.PutForwards != "":
		setter = r.function("set "+m.Name, 1, r.forwarder(c, m))
	case m.Replaceable:
		setter = r.function("set "+m.Name, 1, r.replacer(c, m))
	}
	on := target
	if m.Static {
		on = ctor
	}
	configurable := goja.FLAG_TRUE
	if m.Unforgeable {
		configurable = goja.FLAG_FALSE
	}
	must(on.DefineAccessorProperty(m.Name, getter, setter, configurable, goja.FLAG_TRUE))
}

func (r *Realm) getter(c *Class, m *webidl.Member, get Method) func(goja.FunctionCall) goja.Value {
	run := func(fc goja.FunctionCall) goja.Value {
		call := &Call{Realm: r, ThisValue: fc.This, member: m}
		var s *slot
		if !m.Static {
			s = r.receiver(fc.This, c)
			call.This = s.impl
		}
		v, err := get(call)
		if err != nil {
			r.Throw(err)
		}
		if m.Type.Kind == webidl.FrozenArray && s != nil {
			return r.frozenAttribute(s, m, v)
		}
		return r.ToJS(m.Type, v)
	}
	if m.Type.Kind == webidl.Promise {
		return r.rejecting(run)
	}
	return run
}

func (r *Realm) setter(c *Class, m *webidl.Member, set Method) func(goja.FunctionCall) goja.Value {
	context := "Failed to set the '" + m.Name + "' property on '" + c.Def.Name + "'"
	return func(fc goja.FunctionCall) goja.Value {
		s := r.receiver(fc.This, c)
		if len(fc.Arguments) == 0 {
			panic(r.VM.NewTypeError("%s: 1 argument required, but only 0 present.", context))
		}
		defer r.enter(context)()
		v := fc.Arguments[0]
		if m.Type.Kind == webidl.Enum {
			// step 4.4: a string that is not one of the values is ignored
			if _, ok := r.enumValue(m.Type, v); !ok {
				return goja.Undefined()
			}
		}
		if _, err := set(&Call{Realm: r, This: s.impl, ThisValue: fc.This, Args: []any{r.FromJS(m.Type, v)}, member: m}); err != nil {
			r.Throw(err)
		}
		return goja.Undefined()
	}
}

// forwarder is [PutForwards].
func (r *Realm) forwarder(c *Class, m *webidl.Member) func(goja.FunctionCall) goja.Value {
	return func(fc goja.FunctionCall) goja.Value {
		s := r.receiver(fc.This, c)
		inner, ok := s.owner.Get(m.Name).(*goja.Object)
		if !ok {
			panic(r.VM.NewTypeError("%s is not an object", m.Name))
		}
		if err := inner.Set(m.PutForwards, fc.Argument(0)); err != nil {
			r.Throw(err)
		}
		return goja.Undefined()
	}
}

// replacer is [Replaceable]: assigning makes an ordinary property.
func (r *Realm) replacer(c *Class, m *webidl.Member) func(goja.FunctionCall) goja.Value {
	return func(fc goja.FunctionCall) goja.Value {
		s := r.receiver(fc.This, c)
		if err := s.owner.DefineDataProperty(m.Name, fc.Argument(0), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			r.Throw(err)
		}
		return goja.Undefined()
	}
}

// jsonTypes are the kinds that are JSON types (Web IDL §2.5.8); interfaces are
// if they have a toJSON operation.
func (r *Realm) isJSON(t *webidl.Type) bool {
	switch t.Kind {
	case webidl.Any, webidl.Undefined, webidl.Callback, webidl.CallbackInterface, webidl.Promise, webidl.Symbol, webidl.BufferSource, webidl.Bigint:
		return false
	case webidl.Interface:
		c := r.class[t.Name]
		for ; c != nil; c = c.Parent {
			if len(c.ops["toJSON"]) > 0 {
				return true
			}
		}
		return false
	case webidl.Sequence, webidl.FrozenArray, webidl.Record, webidl.Union:
		for _, e := range t.Elem {
			if !r.isJSON(e) {
				return false
			}
		}
	}
	return true
}

// defaultToJSON is the default toJSON steps: the regular attributes of JSON
// types, of the inherited interfaces first.
func (r *Realm) defaultToJSON(call *Call, c *Class) goja.Value {
	out := r.VM.NewObject()
	s := r.slotOf(call.ThisValue)
	var lineage []*Class
	for k := c; k != nil; k = k.Parent {
		if len(k.ops["toJSON"]) > 0 {
			lineage = append([]*Class{k}, lineage...)
		}
	}
	for _, k := range lineage {
		for _, m := range k.Def.Members {
			if m.Kind != webidl.Attribute || m.Static || k.impl[m.Name] == nil || !r.isJSON(m.Type) {
				continue
			}
			v, err := k.impl[m.Name](&Call{Realm: r, This: s.impl, ThisValue: call.ThisValue, member: m})
			if err != nil {
				r.Throw(err)
			}
			must(out.DefineDataProperty(m.Name, r.ToJS(m.Type, v), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		}
	}
	return out
}
