package jsep

import (
	"reflect"
	"testing"
)

// equal looks at every field, also at those that will be added: a difference
// that it missed would be a negotiation that the media does not follow.
func TestMediaConfigEqual(t *testing.T) {
	full := func() *MediaConfig {
		c := &MediaConfig{}
		fill(reflect.ValueOf(c).Elem(), nil, new(int))
		return c
	}
	if !full().equal(full()) {
		t.Fatal("two configs of the same contents must be equal")
	}
	leaves := 0
	fill(reflect.ValueOf(&MediaConfig{}).Elem(), nil, &leaves)
	for i := range leaves {
		c := full()
		n := 0
		var path string
		fill(reflect.ValueOf(c).Elem(), func(v reflect.Value, at string) bool {
			if n++; n-1 != i {
				return false
			}
			path = at
			return true
		}, new(int))
		if c.equal(full()) || full().equal(c) {
			t.Errorf("a difference in %s goes unnoticed", path)
		}
	}
	if leaves < 30 {
		t.Errorf("%d fields were changed, which is not all", leaves)
	}
}

// fill gives every basic value below v a value, another one where change says
// so, and counts them in n.
func fill(v reflect.Value, change func(v reflect.Value, path string) bool, n *int) {
	fillAt(v, "MediaConfig", change, n)
}

func fillAt(v reflect.Value, path string, change func(reflect.Value, string) bool, n *int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillAt(v.Field(i), path+"."+v.Type().Field(i).Name, change, n)
		}
		return
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillAt(v.Index(0), path+"[0]", change, n)
		return
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAt(v.Elem(), path, change, n)
		return
	}
	*n++
	other := change != nil && change(v, path)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!other)
	case reflect.String:
		v.SetString(map[bool]string{true: "other", false: "one"}[other])
	case reflect.Int, reflect.Int64:
		v.SetInt(map[bool]int64{true: 9, false: 5}[other])
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(map[bool]uint64{true: 9, false: 5}[other])
	case reflect.Float64:
		v.SetFloat(map[bool]float64{true: 9, false: 5}[other])
	default:
		panic("a field of a kind that this test does not know: " + path)
	}
}
