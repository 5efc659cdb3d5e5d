package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// Dict is a converted dictionary. Members that are not present are absent
// from it; defaults are filled in.
type Dict struct {
	Type string
	m    map[string]any
}

// NewDict returns a dictionary value to be returned to JavaScript; the declared
// type decides the members' types and order.
func NewDict(m map[string]any) *Dict { return &Dict{m: m} }

// Has reports whether the member is present (null counts as present).
func (d *Dict) Has(name string) bool { _, ok := d.m[name]; return ok }

// Get returns the member, nil when it is not present or null.
func (d *Dict) Get(name string) any { return d.m[name] }

// String returns a string or enum member, "" when it is not present.
func (d *Dict) String(name string) string { s, _ := d.m[name].(string); return s }

// Members are the members that are present.
func (d *Dict) Members() map[string]any { return d.m }

// Bool returns a boolean member, false when it is not present.
func (d *Dict) Bool(name string) bool { b, _ := d.m[name].(bool); return b }

// Int returns an integer member, 0 when it is not present.
func (d *Dict) Int(name string) int64 { n, _ := d.m[name].(int64); return n }

// Float returns a floating-point member, 0 when it is not present.
func (d *Dict) Float(name string) float64 { n, _ := d.m[name].(float64); return n }

// Dict returns a dictionary member, nil when it is not present.
func (d *Dict) Dict(name string) *Dict { v, _ := d.m[name].(*Dict); return v }

// Seq returns a sequence member, nil when it is not present.
func (d *Dict) Seq(name string) []any { v, _ := d.m[name].([]any); return v }

// Value returns a member of type any or object, undefined when not present.
func (d *Dict) Value(name string) goja.Value {
	if v, ok := d.m[name].(goja.Value); ok {
		return v
	}
	return goja.Undefined()
}

// lineage lists a dictionary and its ancestors, the least derived first, which
// is the order Web IDL §3.2.17 step 4 reads members in.
func (r *Realm) lineage(name string) []*webidl.DictionaryDef {
	var out []*webidl.DictionaryDef
	for d := r.reg.dictionaries[name]; d != nil; d = r.reg.dictionaries[d.Inherits] {
		out = append([]*webidl.DictionaryDef{d}, out...)
	}
	return out
}

func (r *Realm) toDict(name string, v goja.Value) *Dict {
	obj, isObj := v.(*goja.Object)
	if !isObj && !nullish(v) {
		r.typeError("The provided value is not of type '" + name + "'.")
	}
	d := &Dict{Type: name, m: map[string]any{}}
	for _, def := range r.lineage(name) {
		for i := range def.Fields {
			f := &def.Fields[i]
			var val goja.Value
			if isObj {
				val = obj.Get(f.Name)
			}
			switch {
			case val != nil && !goja.IsUndefined(val):
				d.m[f.Name] = r.member(name, f, val)
			case f.Required:
				r.typeError("Failed to read the '" + f.Name + "' property from '" + name + "': Required member is undefined.")
			case f.Default.Kind != webidl.NoDefault:
				d.m[f.Name] = r.defaultValue(f.Type, f.Default)
			}
		}
	}
	return d
}

func (r *Realm) member(dict string, f *webidl.Field, v goja.Value) any {
	outer := r.context
	r.context += ": Failed to read the '" + f.Name + "' property from '" + dict + "'"
	defer func() { r.context = outer }()
	return r.FromJS(f.Type, v)
}

// defaultValue is the IDL value of a default; sequences and dictionaries are
// made afresh each time.
func (r *Realm) defaultValue(t *webidl.Type, d webidl.Default) any {
	switch d.Kind {
	case webidl.DefaultBool:
		return d.Truth
	case webidl.DefaultNumber:
		for _, m := range flatten(t, nil) {
			if _, ok := integers[m.Kind]; ok {
				return int64(d.Num)
			}
		}
		return d.Num
	case webidl.DefaultString:
		return d.Text
	case webidl.DefaultEmptySequence:
		return []any{}
	case webidl.DefaultEmptyDictionary:
		if m := find(flatten(t, nil), webidl.Dictionary); m != nil {
			return r.toDict(m.Name, goja.Undefined())
		}
	}
	return nil
}
