package probe

import (
	"bytes"
	"errors"
	"testing"

	"trackway/container"
	"trackway/container/h264"
	"trackway/container/ivf"
	"trackway/container/ogg"
	"trackway/container/webm"
)

func TestFilesAreKnownByTheirFirstBytes(t *testing.T) {
	var i, o, w bytes.Buffer
	ivf.NewWriter(&i, container.Track{MimeType: "video/VP8"})
	ogg.NewWriter(&o, container.Track{MimeType: "audio/opus"})
	webm.NewWriter(&w, []container.Track{{MimeType: "video/VP8"}}, webm.Options{})
	for name, c := range map[string]struct {
		data []byte
		is   func(container.Reader) bool
	}{
		"IVF":   {i.Bytes(), is[*ivf.Reader]},
		"Ogg":   {o.Bytes(), is[*ogg.Reader]},
		"WebM":  {w.Bytes(), is[*webm.Reader]},
		"H.264": {[]byte{0, 0, 0, 1, 0x65, 0x88}, is[*h264.Reader]},
	} {
		r, err := Open(bytes.NewReader(c.data))
		if err != nil || !c.is(r) {
			t.Errorf("%s: opened as %T, %v", name, r, err)
		}
	}
	for _, data := range []string{"", "abc", "hello world"} {
		if _, err := Open(bytes.NewReader([]byte(data))); !errors.Is(err, container.ErrFormat) {
			t.Errorf("%q: %v, want ErrFormat", data, err)
		}
	}
}

func is[T any](r container.Reader) bool { _, ok := r.(T); return ok }
