package js

import (
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// textEncoder is a TextEncoder.
type textEncoder struct{ binding.Object }

// InterfaceName implements binding.Platform.
func (*textEncoder) InterfaceName() string { return "TextEncoder" }

// textDecoder is a TextDecoder for UTF-8, the one encoding the runtime has.
type textDecoder struct {
	binding.Object
	fatal, keepBOM bool
	pending        []byte
	started        bool
}

// InterfaceName implements binding.Platform.
func (*textDecoder) InterfaceName() string { return "TextDecoder" }

func (rt *Runtime) uint8Array(b []byte) goja.Value {
	v, err := rt.fn.view(goja.Undefined(), rt.vm.ToValue("Uint8Array"), rt.vm.ToValue(rt.vm.NewArrayBuffer(b)), rt.vm.ToValue(0), rt.vm.ToValue(len(b)))
	if err != nil {
		panic(err)
	}
	return v
}

func init() {
	registry.Implement("TextEncoder", binding.Members{
		"constructor": func(*binding.Call) (any, error) { return &textEncoder{}, nil },
		"encoding":    getter(func(*textEncoder) any { return "utf-8" }),
		"encode":      func(c *binding.Call) (any, error) { return host(c).uint8Array([]byte(c.String(0))), nil },
		"encodeInto": func(c *binding.Call) (any, error) {
			dst := c.Arg(1).(*binding.Buffer).Bytes()
			read, written := 0, 0
			for _, r := range c.String(0) {
				n := utf8.RuneLen(r)
				if written+n > len(dst) {
					break
				}
				written += utf8.EncodeRune(dst[written:], r)
				read++
				if r > 0xffff {
					read++
				}
			}
			return binding.NewDict(map[string]any{"read": read, "written": written}), nil
		},
	})
	registry.Implement("TextDecoder", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			switch strings.ToLower(strings.TrimSpace(c.String(0))) {
			case "utf-8", "utf8", "unicode-1-1-utf-8", "x-unicode20utf8":
			default:
				return nil, domerr.New(domerr.Range, "TextDecoder: only utf-8 is supported, not %q", c.String(0))
			}
			return &textDecoder{fatal: c.Dict(1).Bool("fatal"), keepBOM: c.Dict(1).Bool("ignoreBOM")}, nil
		},
		"encoding":  getter(func(*textDecoder) any { return "utf-8" }),
		"fatal":     getter(func(d *textDecoder) any { return d.fatal }),
		"ignoreBOM": getter(func(d *textDecoder) any { return d.keepBOM }),
		"decode": func(c *binding.Call) (any, error) {
			d := c.This.(*textDecoder)
			if b, ok := c.Arg(0).(*binding.Buffer); ok {
				d.pending = append(d.pending, b.Bytes()...)
			}
			return d.decode(c.Dict(1).Bool("stream"))
		},
	})
}

func (d *textDecoder) decode(stream bool) (any, error) {
	data := d.pending
	d.pending = nil
	if stream {
		// keep the start of a character that is not complete yet
		for back := 1; back <= 3 && back <= len(data); back++ {
			if tail := data[len(data)-back:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRune(tail) {
					d.pending, data = append([]byte{}, tail...), data[:len(data)-back]
				}
				break
			}
		}
	}
	text := string(data)
	if d.fatal && !utf8.ValidString(text) {
		return nil, domerr.New(domerr.Type, "The encoded data was not valid.")
	}
	if !d.started && !d.keepBOM {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	d.started = stream
	return strings.ToValidUTF8(text, "\ufffd"), nil
}
