package js

import (
	"strings"
	"time"

	"github.com/dop251/goja"

	"trackway/js/binding"
)

// blob is a Blob or File. Its data never changes.
type blob struct {
	binding.Object
	data []byte
	typ  string
	file *fileInfo
}

type fileInfo struct {
	name     string
	modified int64
}

// InterfaceName implements binding.Platform.
func (b *blob) InterfaceName() string {
	if b.file != nil {
		return "File"
	}
	return "Blob"
}

func (b *blob) clone() (func(*Runtime) binding.Platform, error) {
	return func(*Runtime) binding.Platform { return &blob{data: b.data, typ: b.typ, file: b.file} }, nil
}

// orNull is null for a callback that is not there.
func orNull(f *binding.Callback) any {
	if f == nil {
		return goja.Null()
	}
	return f
}

func blobParts(parts any, endings string) []byte {
	var out []byte
	list, _ := parts.([]any)
	for _, p := range list {
		switch p := p.(type) {
		case *binding.Buffer:
			out = append(out, p.Bytes()...)
		case *blob:
			out = append(out, p.data...)
		case string:
			if endings == "native" {
				p = strings.ReplaceAll(p, "\r\n", "\n")
			}
			out = append(out, p...)
		}
	}
	return out
}

func blobType(t string) string {
	for _, r := range t {
		if r < 0x20 || r > 0x7e {
			return ""
		}
	}
	return strings.ToLower(t)
}

// clampIndex is the relativeStart and relativeEnd of slice (File API §3.3.1).
func clampIndex(n int64, size int) int {
	if n < 0 {
		return int(max(int64(size)+n, 0))
	}
	return int(min(n, int64(size)))
}

func init() {
	registry.Implement("Blob", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			d := c.Dict(1)
			return &blob{data: blobParts(c.Arg(0), d.String("endings")), typ: blobType(d.String("type"))}, nil
		},
		"size": getter(func(b *blob) any { return len(b.data) }),
		"type": getter(func(b *blob) any { return b.typ }),
		"slice": func(c *binding.Call) (any, error) {
			b := c.This.(*blob)
			start, end := 0, len(b.data)
			if c.Has(0) {
				start = clampIndex(c.Int(0), len(b.data))
			}
			if c.Has(1) {
				end = clampIndex(c.Int(1), len(b.data))
			}
			return &blob{data: b.data[start:max(start, end)], typ: blobType(c.String(2))}, nil
		},
		"text": func(c *binding.Call) (any, error) {
			return strings.ToValidUTF8(string(c.This.(*blob).data), "\ufffd"), nil
		},
		"arrayBuffer": func(c *binding.Call) (any, error) { return append([]byte{}, c.This.(*blob).data...), nil },
	})
	registry.Implement("File", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			d := c.Dict(2)
			info := &fileInfo{name: c.String(1), modified: time.Now().UnixMilli()}
			if d.Has("lastModified") {
				info.modified = d.Int("lastModified")
			}
			return &blob{data: blobParts(c.Arg(0), d.String("endings")), typ: blobType(d.String("type")), file: info}, nil
		},
		"name":         getter(func(b *blob) any { return b.file.name }),
		"lastModified": getter(func(b *blob) any { return b.file.modified }),
	})
}
