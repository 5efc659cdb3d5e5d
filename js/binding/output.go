package binding

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// ToJS converts an IDL value to JavaScript (Web IDL §3.2). A nil type stands
// for any. Besides the representations that FromJS yields it takes Go's other
// integers, named string types, pointers (nil is null), slices, []byte (an
// ArrayBuffer) and Platform values.
func (r *Realm) ToJS(t *webidl.Type, v any) goja.Value {
	switch x := v.(type) {
	case nil:
		if t != nil && !t.Nullable && (t.Kind == webidl.Undefined || t.Kind == webidl.Any && !t.Nullable) {
			return goja.Undefined()
		}
		if t == nil {
			return goja.Undefined()
		}
		return goja.Null()
	case goja.Value:
		return x
	case Platform:
		if isNilPointer(x) {
			return goja.Null()
		}
		return r.Wrap(x)
	case *Promise:
		return x.Value()
	case *Buffer:
		return x.Object
	case *Callback:
		return x.Func
	case *Dict:
		if x == nil {
			return goja.Null()
		}
		return r.dictToJS(t, x)
	case []byte:
		return r.VM.ToValue(r.VM.NewArrayBuffer(x))
	case string:
		return r.VM.ToValue(x)
	case bool:
		return r.VM.ToValue(x)
	case *Record:
		return r.recordToJS(t, x)
	case time.Time:
		return r.VM.ToValue(float64(x.UnixNano()) / 1e6)
	}
	return r.reflectToJS(t, reflect.ValueOf(v))
}

func isNilPointer(v any) bool {
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

func (r *Realm) reflectToJS(t *webidl.Type, v reflect.Value) goja.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return goja.Null()
		}
		return r.ToJS(t, v.Elem().Interface())
	case reflect.String:
		return r.VM.ToValue(v.String())
	case reflect.Slice:
		elem := (*webidl.Type)(nil)
		if t != nil && len(t.Elem) > 0 {
			elem = t.Elem[0]
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = r.ToJS(elem, v.Index(i).Interface())
		}
		arr := r.VM.NewArray(out...)
		if t != nil && t.Kind == webidl.FrozenArray {
			r.freezeArray(arr)
		}
		return arr
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return r.VM.ToValue(v.Interface())
	}
	panic(fmt.Sprintf("binding: no JavaScript value for %s", v.Type()))
}

func (r *Realm) freezeArray(arr *goja.Object) {
	if _, err := r.freeze(goja.Undefined(), arr); err != nil {
		panic(err) // Object.freeze of a fresh array
	}
}

// unionMember finds the type that an output value has inside t.
func unionMember(t *webidl.Type, kinds ...webidl.Kind) *webidl.Type {
	if t == nil || t.Kind != webidl.Union {
		return t
	}
	return find(flatten(t, nil), kinds...)
}

func (r *Realm) dictToJS(t *webidl.Type, d *Dict) goja.Value {
	name := d.Type
	if t = unionMember(t, webidl.Dictionary); name == "" && t != nil && t.Kind == webidl.Dictionary {
		name = t.Name
	}
	obj := r.VM.NewObject()
	for _, def := range r.lineage(name) {
		for i := range def.Fields {
			f := &def.Fields[i]
			if v, ok := d.m[f.Name]; ok {
				// CreateDataProperty, so that setters on Object.prototype are not seen
				if err := obj.DefineDataProperty(f.Name, r.ToJS(f.Type, v), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
					panic(err)
				}
			}
		}
	}
	return obj
}

func (r *Realm) recordToJS(t *webidl.Type, rec *Record) goja.Value {
	var elem *webidl.Type
	if t != nil && len(t.Elem) > 0 {
		elem = t.Elem[0]
	}
	obj := r.VM.NewObject()
	for _, k := range rec.Keys {
		if err := obj.Set(k, r.ToJS(elem, rec.Values[k])); err != nil {
			panic(err)
		}
	}
	return obj
}

// frozenAttribute returns the same frozen array until the elements change, as
// attributes of type FrozenArray must.
func (r *Realm) frozenAttribute(s *slot, m *webidl.Member, v any) goja.Value {
	vals, ok := v.([]any)
	if !ok {
		return r.ToJS(m.Type, v)
	}
	if c, ok := s.frozen[m.Name]; ok && slices.Equal(c.values, vals) {
		return c.array
	}
	arr, _ := r.ToJS(m.Type, vals).(*goja.Object)
	if s.frozen == nil {
		s.frozen = map[string]frozenCache{}
	}
	s.frozen[m.Name] = frozenCache{append([]any{}, vals...), arr}
	return arr
}
