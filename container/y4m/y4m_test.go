package y4m

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"trackway/container"
	"trackway/internal/ffprobe"
)

func TestWhatIsWrittenIsReadByUsAndFFprobe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.y4m")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := Header{Width: 5, Height: 3, RateNum: 30000, RateDen: 1001} // odd sizes round chroma up
	w, err := NewWriter(f, h)
	if err != nil {
		t.Fatal(err)
	}
	y := []byte("abcde...fghij...klmno...")
	u, v := []byte("uvw.xyz."), []byte("123.456.")
	for range 3 {
		if err := w.WriteFrame(y, u, v, 8, 4); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	data, _ := os.ReadFile(path)
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if r.Header() != h {
		t.Errorf("header %+v, want %+v", r.Header(), h)
	}
	for i := range 3 {
		y, u, v, err := r.ReadFrame()
		if err != nil || string(y) != "abcdefghijklmno" || string(u) != "uvwxyz" || string(v) != "123456" {
			t.Fatalf("frame %d: %q %q %q, %v", i, y, u, v, err)
		}
	}
	if _, _, _, err := r.ReadFrame(); err != io.EOF {
		t.Errorf("after the last frame: %v, want io.EOF", err)
	}
	p := ffprobe.Probe(t, path)
	if p.Streams[0].Width != 5 || len(p.Packets) != 3 {
		t.Errorf("ffprobe sees %+v with %d frames", p.Streams[0], len(p.Packets))
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	for name, data := range map[string]string{
		"nothing": "", "text": "hello\n", "no size": "YUV4MPEG2 F30:1\n", "size of zero": "YUV4MPEG2 W0 H4\n", "huge": "YUV4MPEG2 W99999999 H4\n",
		"4:4:4": "YUV4MPEG2 W4 H4 C444\n", "interlaced": "YUV4MPEG2 W4 H4 It\n", "bad rate": "YUV4MPEG2 W4 H4 Fx:1\n", "no newline": "YUV4MPEG2 W4 H4",
	} {
		if _, err := NewReader(bytes.NewReader([]byte(data))); !errors.Is(err, container.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	w, _ := NewWriter(&b, Header{Width: 4, Height: 2})
	w.WriteFrame([]byte("abcdefgh"), []byte("uv"), []byte("12"), 4, 2)
	f.Add(b.Bytes())
	f.Add([]byte("YUV4MPEG2 W16384 H16384\nFRAME\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, container.ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		for {
			y, u, v, err := r.ReadFrame()
			if err != nil {
				if err != io.EOF && !errors.Is(err, container.ErrFormat) {
					t.Fatal(err)
				}
				return
			}
			h := r.Header()
			if len(y) != h.Width*h.Height || len(u) != len(v) || len(y) > len(data) {
				t.Fatalf("planes of %d, %d, %d for %+v", len(y), len(u), len(v), h)
			}
		}
	})
}
