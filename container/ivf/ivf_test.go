package ivf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/container"
	"trackway/internal/ffprobe"
)

var track = container.Track{MimeType: "video/VP8", ClockRate: 90000, Width: 320, Height: 180}

// frame is a VP8 frame as far as its header goes.
func frame(key bool, n byte) []byte {
	if key {
		return []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0, n}
	}
	return []byte{0x11, 0, 0, n}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, track)
	if err != nil {
		t.Fatal(err)
	}
	times := []time.Duration{0, 33 * time.Millisecond, 66 * time.Millisecond, 66 * time.Millisecond, time.Hour}
	for i, at := range times {
		if err := w.WritePacket(container.Packet{Time: at, Data: frame(i == 0, byte(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	if n := binary.LittleEndian.Uint32(b[24:]); n != 5 {
		t.Errorf("the header counts %d frames, want 5", n)
	}
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Tracks()[0]; got.MimeType != track.MimeType || got.Width != 320 || got.Height != 180 || got.FrameRate != 0 {
		t.Errorf("track %+v", got)
	}
	last := time.Duration(-1)
	for i, at := range times {
		p, err := r.ReadPacket()
		if err != nil {
			t.Fatal(err)
		}
		if (p.Time-at).Abs() > 12*time.Microsecond || p.Time <= last || p.KeyFrame != (i == 0) || !bytes.Equal(p.Data, frame(i == 0, byte(i))) {
			t.Errorf("frame %d: %+v, want time %v (and after %v)", i, p, at, last)
		}
		last = p.Time
	}
	if _, err := r.ReadPacket(); err != io.EOF {
		t.Errorf("after the last frame: %v, want io.EOF", err)
	}
}

func TestFFmpegsFilesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.ivf")
	ffprobe.Make(t, "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=1", "-c:v", "libvpx", path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if tr := r.Tracks()[0]; tr.FrameRate != 25 || tr.Width != 160 || tr.Duration != time.Second {
		t.Errorf("track %+v, want 160 wide, 25 frames/s, 1 s", tr)
	}
	n := 0
	for ; ; n++ {
		p, err := r.ReadPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Time != time.Duration(n)*40*time.Millisecond || p.Duration != 40*time.Millisecond {
			t.Fatalf("frame %d at %v for %v", n, p.Time, p.Duration)
		}
	}
	if n != 25 {
		t.Errorf("%d frames, want 25", n)
	}
}

func TestACutFileEndsWithItsLastWholeFrame(t *testing.T) {
	var b bytes.Buffer
	w, _ := NewWriter(&b, track)
	w.WritePacket(container.Packet{Data: frame(true, 1)})
	whole := b.Len()
	w.WritePacket(container.Packet{Time: time.Second, Data: frame(false, 2)})
	for cut := whole; cut < b.Len(); cut++ {
		r, err := NewReader(bytes.NewReader(b.Bytes()[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadPacket(); err != nil {
			t.Fatalf("cut at %d: first frame: %v", cut, err)
		}
		if _, err := r.ReadPacket(); err != io.EOF {
			t.Errorf("cut at %d: %v, want io.EOF", cut, err)
		}
	}
}

func TestHeadersThatLieAreRefused(t *testing.T) {
	var b bytes.Buffer
	NewWriter(&b, track)
	good := b.Bytes()
	for name, edit := range map[string]func(h []byte){
		"signature":         func(h []byte) { h[0] = 'X' },
		"codec":             func(h []byte) { copy(h[8:], "XXXX") },
		"header size":       func(h []byte) { h[6] = 8 },
		"time base of zero": func(h []byte) { copy(h[16:], "\x00\x00\x00\x00") },
	} {
		h := bytes.Clone(good)
		edit(h)
		if _, err := NewReader(bytes.NewReader(h)); !errors.Is(err, container.ErrFormat) {
			t.Errorf("bad %s: %v, want ErrFormat", name, err)
		}
	}
	if _, err := NewWriter(io.Discard, container.Track{MimeType: "audio/opus"}); err == nil {
		t.Error("IVF must refuse sound")
	}
	huge := append(bytes.Clone(good), 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0)
	r, _ := NewReader(bytes.NewReader(huge))
	if _, err := r.ReadPacket(); !errors.Is(err, container.ErrFormat) {
		t.Errorf("a frame of 2 GB: %v, want ErrFormat", err)
	}
}

func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	w, _ := NewWriter(&b, track)
	w.WritePacket(container.Packet{Data: frame(true, 1)})
	w.WritePacket(container.Packet{Time: time.Second, Data: frame(false, 2)})
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		total := 0
		for {
			p, err := r.ReadPacket()
			if err != nil {
				if err != io.EOF && !errors.Is(err, container.ErrFormat) {
					t.Fatalf("error %v is neither io.EOF nor ErrFormat", err)
				}
				break
			}
			if p.Time < 0 {
				t.Fatalf("time %v", p.Time)
			}
			total += len(p.Data)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of frames out of %d", total, len(data))
		}
	})
}
