package h264

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"trackway/container"
	"trackway/internal/ffprobe"
)

// A stream of two access units: AUD, SPS, PPS, SEI, IDR in two slices; then
// a picture of two slices without a delimiter.
var (
	first = join([]byte{0x09, 0xf0}, []byte{0x67, 66, 0, 30, 1}, []byte{0x68, 0xce}, []byte{0x06, 5}, []byte{0x65, 0x80, 1}, []byte{0x65, 0x20, 2})
	next  = join([]byte{0x41, 0x80, 3}, []byte{0x41, 0x20, 4})
)

func join(nals ...[]byte) (b []byte) {
	for _, n := range nals {
		b = append(append(b, 0, 0, 0, 1), n...)
	}
	return b
}

func readAll(t *testing.T, r io.Reader) (out []container.Packet) {
	t.Helper()
	in, err := NewReader(r, 25)
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := in.ReadPacket()
		if err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
}

func TestAccessUnitsAreSplit(t *testing.T) {
	stream := append(bytes.Clone(first), next...)
	stream = append(append(stream, next...), first...)
	// Short start codes and zeros between units are as good.
	stream = append(stream, 0, 0, 0)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		out := readAll(t, r)
		want := [][]byte{first, next, next, first}
		if len(out) != len(want) {
			t.Fatalf("%s: %d access units, want %d", name, len(out), len(want))
		}
		for i, p := range out {
			if !bytes.Equal(p.Data, want[i]) || p.KeyFrame != (i%3 == 0) || p.Time != time.Duration(i)*40*time.Millisecond {
				t.Errorf("%s: unit %d is %x at %v, key %v; want %x", name, i, p.Data, p.Time, p.KeyFrame, want[i])
			}
		}
	}
}

func TestFFmpegsStreamIsReadAndWritten(t *testing.T) {
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "a.h264"), filepath.Join(dir, "b.h264")
	ffprobe.Make(t, "-f", "lavfi", "-i", "testsrc=size=162x122:rate=25:duration=2", "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", "-slices", "3", "-g", "25", theirs)
	f, err := os.Open(theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := NewReader(f, 25)
	if err != nil {
		t.Fatal(err)
	}
	if tr := in.Tracks()[0]; tr.Width != 162 || tr.Height != 122 {
		t.Errorf("picture of %dx%d, want 162x122: the cropped size", tr.Width, tr.Height)
	}
	out, err := os.Create(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := NewWriter(out)
	n, keys := 0, 0
	for ; ; n++ {
		p, err := in.ReadPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.KeyFrame {
			keys++
		}
		if err := w.WritePacket(p); err != nil {
			t.Fatal(err)
		}
	}
	if n != 50 || keys != 2 {
		t.Errorf("%d access units with %d key frames, want 50 with 2", n, keys)
	}
	ffprobe.Decode(t, ours)
}

// zeros never ends and never has a start code; ones never ends a unit.
type endless struct{ head, fill []byte }

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.head)
	e.head = e.head[n:]
	for i := n; i < len(b); i++ {
		b[i] = e.fill[0]
	}
	return len(b), nil
}

func TestGarbageEndsWithAnErrorInBoundedMemory(t *testing.T) {
	if _, err := NewReader(&endless{[]byte{0, 0, 1, 0x65}, []byte{0xff}}, 0); !errors.Is(err, container.ErrFormat) {
		t.Errorf("an endless NAL unit: %v, want ErrFormat", err)
	}
	if _, err := NewReader(bytes.NewReader(make([]byte, 1000)), 0); !errors.Is(err, container.ErrFormat) {
		t.Errorf("a file without start codes: %v, want ErrFormat", err)
	}
	if NewWriter(io.Discard).WritePacket(container.Packet{Data: []byte{0x65}}) == nil {
		t.Error("the writer must refuse what has no start code")
	}
}

func FuzzReader(f *testing.F) {
	f.Add(append(bytes.Clone(first), next...))
	f.Add([]byte{0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), 25)
		if err != nil {
			return
		}
		total := 0
		for {
			p, err := r.ReadPacket()
			if err != nil {
				if err != io.EOF {
					t.Fatalf("error %v, want io.EOF", err)
				}
				break
			}
			if len(p.Data) < 5 || !bytes.HasPrefix(p.Data, []byte{0, 0, 0, 1}) {
				t.Fatalf("access unit %x", p.Data)
			}
			total += len(p.Data)
		}
		if total > 2*len(data) {
			t.Fatalf("%d bytes of units out of %d", total, len(data))
		}
	})
}
