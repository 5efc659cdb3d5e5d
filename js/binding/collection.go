package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// Maplike is implemented by platform objects of readonly maplike interfaces
// and of pair iterables. Entries are in insertion order.
type Maplike interface {
	Entries() (keys []any, values []any)
}

// backing is a Map with the current entries of a maplike.
func (r *Realm) backing(s *slot, m *webidl.Member) *goja.Object {
	keys, values := s.impl.(Maplike).Entries()
	pairs := make([]any, len(keys))
	for i := range keys {
		pairs[i] = r.VM.NewArray(r.ToJS(m.Type, keys[i]), r.ToJS(m.Value, values[i]))
	}
	mp, err := r.mapCtor(goja.Undefined(), r.VM.NewArray(pairs...))
	if err != nil {
		r.Throw(err)
	}
	return mp.ToObject(r.VM)
}

func (r *Realm) mapCall(mp *goja.Object, method string, args ...goja.Value) goja.Value {
	f, _ := goja.AssertFunction(r.mapProto.Get(method))
	v, err := f(mp, args...)
	if err != nil {
		r.Throw(err)
	}
	return v
}

// installMaplike is Web IDL §3.7.11 for readonly maplikes.
func (r *Realm) installMaplike(c *Class, m *webidl.Member, proto *goja.Object) {
	for name, length := range map[string]int{"get": 1, "has": 1, "keys": 0, "values": 0, "entries": 0} {
		f := r.function(name, length, func(fc goja.FunctionCall) goja.Value {
			mp := r.backing(r.receiver(fc.This, c), m)
			if length == 0 {
				return r.mapCall(mp, name)
			}
			if len(fc.Arguments) == 0 {
				panic(r.VM.NewTypeError("1 argument required, but only 0 present."))
			}
			return r.mapCall(mp, name, r.ToJS(m.Type, r.FromJS(m.Type, fc.Argument(0))))
		})
		must(proto.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		if name == "entries" {
			must(proto.DefineDataPropertySymbol(goja.SymIterator, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
	size := r.function("get size", 0, func(fc goja.FunctionCall) goja.Value {
		keys, _ := r.receiver(fc.This, c).impl.(Maplike).Entries()
		return r.VM.ToValue(len(keys))
	})
	must(proto.DefineAccessorProperty("size", size, nil, goja.FLAG_TRUE, goja.FLAG_TRUE))
	r.installForEach(c, m, proto)
}

func (r *Realm) installForEach(c *Class, m *webidl.Member, proto *goja.Object) {
	f := r.function("forEach", 1, func(fc goja.FunctionCall) goja.Value {
		s := r.receiver(fc.This, c)
		cb, ok := goja.AssertFunction(fc.Argument(0))
		if !ok {
			panic(r.VM.NewTypeError("The callback provided as parameter 1 is not a function."))
		}
		keys, values := s.impl.(Maplike).Entries()
		for i := range keys {
			if _, err := cb(fc.Argument(1), r.ToJS(m.Value, values[i]), r.ToJS(m.Type, keys[i]), s.owner); err != nil {
				r.Throw(err)
			}
		}
		return goja.Undefined()
	})
	must(proto.DefineDataProperty("forEach", f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

// installPairIterable is Web IDL §3.7.9. Keys may repeat, so the iterators run
// over arrays of the current pairs.
func (r *Realm) installPairIterable(c *Class, proto *goja.Object) {
	var m *webidl.Member
	for _, x := range c.Def.Members {
		if x.Kind == webidl.Iterable {
			m = x
		}
	}
	for _, name := range []string{"keys", "values", "entries"} {
		f := r.function(name, 0, func(fc goja.FunctionCall) goja.Value {
			keys, values := r.receiver(fc.This, c).impl.(Maplike).Entries()
			items := make([]any, len(keys))
			for i := range keys {
				k, v := r.ToJS(m.Type, keys[i]), r.ToJS(m.Value, values[i])
				items[i] = map[string]any{"keys": k, "values": v, "entries": r.VM.NewArray(k, v)}[name]
			}
			arr := r.VM.NewArray(items...)
			iter, _ := goja.AssertFunction(arr.Get("values"))
			v, err := iter(arr)
			if err != nil {
				r.Throw(err)
			}
			return v
		})
		must(proto.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		if name == "entries" {
			must(proto.DefineDataPropertySymbol(goja.SymIterator, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
	r.installForEach(c, m, proto)
}

func (r *Realm) installStringifier(c *Class, m *webidl.Member, proto *goja.Object) {
	impl := c.impl[m.Name]
	if m.Name == "" {
		impl = c.impl["toString"]
	}
	if impl == nil {
		return
	}
	f := r.function("toString", 0, func(fc goja.FunctionCall) goja.Value {
		s := r.receiver(fc.This, c)
		v, err := impl(&Call{Realm: r, This: s.impl, ThisValue: fc.This})
		if err != nil {
			r.Throw(err)
		}
		return r.ToJS(nil, v)
	})
	must(proto.DefineDataProperty("toString", f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}
