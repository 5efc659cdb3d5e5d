package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

func nullish(v goja.Value) bool { return v == nil || goja.IsUndefined(v) || goja.IsNull(v) }

// FromJS converts a JavaScript value to an IDL value of type t (Web IDL §3.2),
// throwing a TypeError when it cannot be. The Go representations are: bool;
// int64 for every integer type; float64; string; goja.Value for any;
// *goja.Object for object; []any for sequences; *Record; *Dict; *Callback;
// *Buffer; the Go value of a platform object; nil for null and undefined.
func (r *Realm) FromJS(t *webidl.Type, v goja.Value) any {
	if v == nil {
		v = goja.Undefined()
	}
	if t.Nullable && t.Kind != webidl.Any {
		// §3.2.18 step 1; a union of dictionary types takes undefined as the dictionary
		if goja.IsNull(v) || goja.IsUndefined(v) {
			return nil
		}
		if _, isObj := v.(*goja.Object); !isObj && t.NonCallable {
			return nil
		}
	}
	switch t.Kind {
	case webidl.Undefined:
		return nil
	case webidl.Any:
		return v
	case webidl.Boolean:
		return v.ToBoolean()
	case webidl.DOMString, webidl.USVString, webidl.ByteString:
		return r.toString(t, v)
	case webidl.Enum:
		s, ok := r.enumValue(t, v)
		if !ok {
			r.typeError("The provided value '" + s + "' is not a valid enum value of type " + t.Name + ".")
		}
		return s
	case webidl.Object:
		if o, ok := v.(*goja.Object); ok {
			return o
		}
		r.typeError("The provided value is not an object.")
	case webidl.Interface:
		if s := r.implements(v, t.Name); s != nil {
			return s.impl
		}
		r.typeError("The provided value is not of type '" + t.Name + "'.")
	case webidl.Dictionary:
		return r.toDict(t.Name, v)
	case webidl.Callback:
		return r.toCallback(t, v)
	case webidl.CallbackInterface:
		if o, ok := v.(*goja.Object); ok {
			return o
		}
		r.typeError("The provided value is not an object.")
	case webidl.Sequence, webidl.FrozenArray:
		return r.toSequence(t, v)
	case webidl.Record:
		return r.toRecord(t, v)
	case webidl.Promise:
		p := r.NewPromise(nil)
		p.Resolve(v)
		return p
	case webidl.BufferSource:
		if b := r.toBuffer(t, v); b != nil {
			return b
		}
		r.typeError("The provided value is not of type '" + bufferName(t) + "'.")
	case webidl.Union:
		return r.toUnion(t, v)
	case webidl.Bigint, webidl.Symbol:
		return v
	case webidl.Float, webidl.UnrestrictedFloat, webidl.Double, webidl.UnrestrictedDouble:
		return r.toFloat(t, v)
	}
	return r.toInt(t, v)
}

func (r *Realm) toCallback(t *webidl.Type, v goja.Value) any {
	o, ok := v.(*goja.Object)
	if _, callable := goja.AssertFunction(v); !ok || !callable && !t.NonCallable {
		r.typeError("The provided value is not a function.")
	}
	return &Callback{r: r, Func: o, def: r.reg.callbacks[t.Name]}
}

func (r *Realm) toSequence(t *webidl.Type, v goja.Value) []any {
	o, ok := v.(*goja.Object)
	if !ok {
		r.typeError("The provided value cannot be converted to a sequence.")
	}
	method := o.GetSymbol(goja.SymIterator)
	if _, callable := goja.AssertFunction(method); !callable {
		r.typeError("The object must have a callable @@iterator property.")
	}
	return r.iterate(t.Elem[0], o)
}

func (r *Realm) iterate(elem *webidl.Type, o *goja.Object) []any {
	out := []any{}
	r.VM.ForOf(o, func(cur goja.Value) bool {
		out = append(out, r.FromJS(elem, cur))
		return true
	})
	return out
}

// Record is a converted record<K, V>: keys in their own-property order.
type Record struct {
	Keys   []string
	Values map[string]any
}

func (r *Realm) toRecord(t *webidl.Type, v goja.Value) *Record {
	o, ok := v.(*goja.Object)
	if !ok {
		r.typeError("The provided value is not an object.")
	}
	out := &Record{Values: map[string]any{}}
	for _, k := range o.Keys() {
		out.Keys = append(out.Keys, k)
		out.Values[k] = r.FromJS(t.Elem[0], o.Get(k))
	}
	return out
}

// toUnion is Web IDL §3.2.24: the member type is chosen by what V is.
func (r *Realm) toUnion(t *webidl.Type, v goja.Value) any {
	flat := flatten(t, nil)
	if goja.IsUndefined(v) {
		if m := find(flat, webidl.Undefined); m != nil {
			return nil
		}
	}
	if nullish(v) {
		for _, m := range flat {
			if m.Nullable {
				return nil
			}
		}
		if m := find(flat, webidl.Dictionary); m != nil {
			return r.FromJS(m, v)
		}
	}
	if m := r.choose(flat, v); m != nil {
		return r.FromJS(m, v)
	}
	r.typeError("The provided value is not of any of the union's types.")
	return nil
}

// choose picks the type that v converts to; null and undefined were dealt with.
// It is shared by unions and overload resolution, whose steps agree.
func (r *Realm) choose(types []*webidl.Type, v goja.Value) *webidl.Type {
	if o, ok := v.(*goja.Object); ok {
		if m := r.chooseObject(types, o); m != nil {
			return m
		}
	} else if _, ok := v.Export().(bool); ok {
		if m := find(types, webidl.Boolean); m != nil {
			return m
		}
	}
	numeric := func() *webidl.Type {
		for _, m := range types {
			if isNumeric(m.Kind) {
				return m
			}
		}
		return nil
	}
	if goja.IsNumber(v) {
		if m := numeric(); m != nil {
			return m
		}
	}
	if goja.IsBigInt(v) {
		if m := find(types, webidl.Bigint); m != nil {
			return m
		}
	}
	if m := find(types, webidl.DOMString, webidl.USVString, webidl.ByteString, webidl.Enum); m != nil {
		return m
	}
	if m := numeric(); m != nil {
		return m
	}
	return find(types, webidl.Boolean, webidl.Bigint, webidl.Any)
}

func (r *Realm) chooseObject(types []*webidl.Type, o *goja.Object) *webidl.Type {
	if r.slotOf(o) != nil {
		for _, m := range types {
			if m.Kind == webidl.Interface && r.implements(o, m.Name) != nil {
				return m
			}
		}
		if m := find(types, webidl.Object); m != nil {
			return m
		}
	}
	for _, m := range types {
		if m.Kind == webidl.BufferSource && r.toBuffer(m, o) != nil {
			return m
		}
	}
	if _, callable := goja.AssertFunction(o); callable {
		if m := find(types, webidl.Callback); m != nil {
			return m
		}
	}
	if m := find(types, webidl.Sequence, webidl.FrozenArray); m != nil {
		if f := o.GetSymbol(goja.SymIterator); !nullish(f) {
			return m
		}
	}
	return find(types, webidl.Dictionary, webidl.Record, webidl.CallbackInterface, webidl.Object)
}

func find(types []*webidl.Type, kinds ...webidl.Kind) *webidl.Type {
	for _, k := range kinds {
		for _, t := range types {
			if t.Kind == k {
				return t
			}
		}
	}
	return nil
}

func flatten(t *webidl.Type, out []*webidl.Type) []*webidl.Type {
	if t.Kind != webidl.Union {
		return append(out, t)
	}
	for _, e := range t.Elem {
		out = flatten(e, out)
	}
	return out
}
