package js

import (
	"encoding/base64"
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// fileReader is a FileReader (File API §6.2).
type fileReader struct {
	eventTarget
	state  int
	result any
	err    any
	run    int // grows with each read, so that an aborted one has no effect
}

// InterfaceName implements binding.Platform.
func (*fileReader) InterfaceName() string { return "FileReader" }

const (
	readerEmpty = iota
	readerLoading
	readerDone
)

func readAs(convert func(*Runtime, *blob, string) any) binding.Method {
	return func(c *binding.Call) (any, error) {
		rt, r := host(c), c.This.(*fileReader)
		if r.state == readerLoading {
			return nil, domerr.New(domerr.InvalidState, "the reader is reading already")
		}
		b, label := c.Arg(0).(*blob), c.String(1)
		r.state, r.result, r.err = readerLoading, nil, nil
		r.run++
		run := r.run
		rt.Post(func() {
			if r.run != run {
				return
			}
			r.progress(rt, "loadstart")
			r.state, r.result = readerDone, convert(rt, b, label)
			r.progress(rt, "load")
			if r.state != readerLoading {
				r.progress(rt, "loadend")
			}
		})
		return nil, nil
	}
}

func (r *fileReader) progress(rt *Runtime, typ string) { r.fire(rt, typ) }

func init() {
	registry.Implement("FileReader", binding.Members{
		"constructor": func(*binding.Call) (any, error) {
			r := &fileReader{}
			r.init(r)
			return r, nil
		},
		"readyState": getter(func(r *fileReader) any { return r.state }),
		"result":     getter(func(r *fileReader) any { return r.result }),
		"error":      getter(func(r *fileReader) any { return r.err }),
		"readAsArrayBuffer": readAs(func(rt *Runtime, b *blob, _ string) any {
			return rt.vm.ToValue(rt.vm.NewArrayBuffer(append([]byte{}, b.data...)))
		}),
		"readAsText": readAs(func(rt *Runtime, b *blob, _ string) any {
			return strings.ToValidUTF8(string(b.data), "\ufffd")
		}),
		"readAsBinaryString": readAs(func(_ *Runtime, b *blob, _ string) any {
			out := make([]rune, len(b.data))
			for i, c := range b.data {
				out[i] = rune(c)
			}
			return string(out)
		}),
		"readAsDataURL": readAs(func(_ *Runtime, b *blob, _ string) any {
			typ := b.typ
			if typ == "" {
				typ = "application/octet-stream"
			}
			return "data:" + typ + ";base64," + base64.StdEncoding.EncodeToString(b.data)
		}),
		"abort": func(c *binding.Call) (any, error) {
			r := c.This.(*fileReader)
			r.result = nil
			if r.state != readerLoading {
				return nil, nil
			}
			r.run++
			r.state, r.err = readerDone, c.ErrorToValue(domerr.New(domerr.Abort, "the read was aborted"))
			r.progress(host(c), "abort")
			r.progress(host(c), "loadend")
			return nil, nil
		},
	})
}
