package binding

import (
	"reflect"

	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// arrayBufferType tells an ArrayBuffer without exporting the whole object.
var arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()

// Buffer is an ArrayBuffer or a view of one.
type Buffer struct {
	Object *goja.Object
	// Kind is "ArrayBuffer", "DataView" or the typed array's name.
	Kind string
	buf  goja.ArrayBuffer
	off  int
	n    int
}

// Bytes are the bytes of the buffer or view, not copied.
func (b *Buffer) Bytes() []byte { return b.buf.Bytes()[b.off : b.off+b.n] }

// Copy returns a copy of the bytes ("get a copy of the bytes held by").
func (b *Buffer) Copy() []byte { return append([]byte{}, b.Bytes()...) }

func bufferName(t *webidl.Type) string {
	if t.Name == "" {
		return "BufferSource"
	}
	return t.Name
}

// BufferOf returns the buffer behind v, nil if v is neither an ArrayBuffer nor
// a view.
func (r *Realm) BufferOf(v goja.Value) *Buffer {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if o.ExportType() == arrayBufferType {
		ab := o.Export().(goja.ArrayBuffer)
		if ab.Detached() {
			return &Buffer{Object: o, Kind: "ArrayBuffer", buf: ab}
		}
		return &Buffer{Object: o, Kind: "ArrayBuffer", buf: ab, n: len(ab.Bytes())}
	}
	view, err := r.isView(goja.Undefined(), o)
	if err != nil || !view.ToBoolean() {
		return nil
	}
	under, ok := o.Get("buffer").(*goja.Object)
	if !ok || under.ExportType() != arrayBufferType {
		return nil
	}
	ab, ok := under.Export().(goja.ArrayBuffer)
	if !ok {
		return nil
	}
	b := &Buffer{Object: o, Kind: "DataView", buf: ab, off: int(o.Get("byteOffset").ToInteger()), n: int(o.Get("byteLength").ToInteger())}
	if tag, err := r.typedTag(goja.Undefined(), o); err == nil && !goja.IsUndefined(tag) {
		b.Kind = tag.String()
	}
	return b
}

func (r *Realm) toBuffer(t *webidl.Type, v goja.Value) *Buffer {
	b := r.BufferOf(v)
	if b == nil {
		return nil
	}
	switch t.Name {
	case "", "BufferSource", "AllowSharedBufferSource":
		return b
	case "ArrayBufferView":
		if b.Kind != "ArrayBuffer" {
			return b
		}
		return nil
	case b.Kind:
		return b
	}
	return nil
}
