package vp8

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// reconstruction returns what the encoder believes a decoder shows.
func reconstruction(e *Encoder) *Frame {
	f := viewOf(e.cur, e.cfg.Width, e.cfg.Height)
	return &f
}

// wantSame fails unless the decoder's picture is the encoder's reconstruction.
func wantSame(t *testing.T, e *Encoder, got *Frame) {
	t.Helper()
	if got == nil {
		t.Fatal("the decoder shows nothing; every frame of this encoder is for display")
	}
	if want := reconstruction(e); !bytes.Equal(want.AppendI420(nil), got.AppendI420(nil)) {
		t.Fatal("the decoder's picture is not the encoder's reconstruction")
	}
}

func mustEncoder(tb testing.TB, cfg EncoderConfig) *Encoder {
	tb.Helper()
	e, err := NewEncoder(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func mustEncode(tb testing.TB, e *Encoder, f *Frame, flags FrameFlags) ([]byte, EncodedInfo) {
	tb.Helper()
	data, info, err := e.Encode(f, flags)
	if err != nil {
		tb.Fatal(err)
	}
	return data, info
}

func mustDecode(tb testing.TB, d *Decoder, data []byte) *Frame {
	tb.Helper()
	f, err := d.Decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// randomSource makes pictures that stress different parts of the encoder.
type randomSource struct {
	rng   *rand.Rand
	scene *scene
	kind  int
	t     int
	last  *Frame
}

func (s *randomSource) next(w, h int) *Frame {
	if s.scene == nil || s.scene.w != w || s.scene.h != h || s.rng.IntN(12) == 0 {
		s.scene = newScene(s.rng.Uint64(), w, h)
		s.scene.panX *= float64(1 + s.rng.IntN(12))
		s.kind = s.rng.IntN(4)
		s.last = nil
	}
	s.t++
	switch {
	case s.kind == 0 && s.last != nil: // still
		return s.last
	case s.kind == 1: // noise: every coefficient large
		f := NewFrame(w, h)
		for _, p := range [][]byte{f.Y, f.U, f.V} {
			for i := range p {
				p[i] = byte(s.rng.IntN(2) * 255)
			}
		}
		return f
	}
	s.last = s.scene.frame(s.t)
	return s.last
}

// TestReconstruction encodes random sequences with random settings that change
// on the way, and demands bit-exact agreement with the decoder.
func TestReconstruction(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 77))
			size := func() (int, int) { return 1 + rng.IntN(120), 1 + rng.IntN(90) }
			w, h := size()
			cfg := EncoderConfig{
				Width: w, Height: h,
				Bitrate:          20_000 + rng.IntN(1_000_000),
				TokenPartitions:  1 << rng.IntN(4),
				TemporalLayers:   1 + rng.IntN(3),
				ErrorResilient:   rng.IntN(2) == 0,
				DropFrames:       rng.IntN(2) == 0,
				KeyFrameInterval: rng.IntN(3) * 9,
			}
			if rng.IntN(3) == 0 {
				cfg.FixedQuantizer = 1 + rng.IntN(127)
			}
			e := mustEncoder(t, cfg)
			d := NewDecoder(DecoderConfig{})
			src := randomSource{rng: rng}
			for range 30 {
				switch rng.IntN(15) {
				case 0:
					if w, h = size(); e.SetSize(w, h) != nil {
						t.Fatalf("SetSize(%d, %d) failed", w, h)
					}
				case 1:
					if err := e.SetBitrate(10_000 + rng.IntN(2_000_000)); err != nil {
						t.Fatal(err)
					}
				case 2:
					if err := e.SetTemporalLayers(1 + rng.IntN(3)); err != nil {
						t.Fatal(err)
					}
				}
				force := rng.IntN(20) == 0
				data, info := mustEncode(t, e, src.next(w, h), FrameFlags{KeyFrame: force})
				if info.Dropped {
					if force {
						t.Fatal("a key frame that was asked for was dropped")
					}
					continue
				}
				if force && !info.KeyFrame {
					t.Fatal("no key frame although one was asked for")
				}
				wantSame(t, e, mustDecode(t, d, data))
			}
		})
	}
}

// TestPureGoAgrees encodes the same pictures with and without assembly.
func TestPureGoAgrees(t *testing.T) {
	defer SetAssembly(true)
	if !SetAssembly(true) {
		t.Skip("the processor has no vector kernels to compare with")
	}
	encode := func(asm bool) (out []byte) {
		SetAssembly(asm)
		e := mustEncoder(t, EncoderConfig{Width: 130, Height: 100, Bitrate: 300_000})
		s := newScene(11, 130, 100)
		for i := range 12 {
			data, _ := mustEncode(t, e, s.frame(i), FrameFlags{})
			out = append(out, data...)
		}
		return out
	}
	if !bytes.Equal(encode(true), encode(false)) {
		t.Fatal("assembly and pure Go make different streams of the same pictures")
	}
}

func TestKeyFrameOnDemandAndInterval(t *testing.T) {
	s := newScene(2, 64, 64)
	e := mustEncoder(t, EncoderConfig{Width: 64, Height: 64, Bitrate: 100_000, KeyFrameInterval: 10})
	for i := range 25 {
		_, info := mustEncode(t, e, s.frame(i), FrameFlags{KeyFrame: i == 4})
		// The interval counts from the last key frame, whatever its reason.
		want := i == 0 || i == 4 || i == 14 || i == 24
		if info.KeyFrame != want {
			t.Errorf("frame %d: key frame %v, want %v", i, info.KeyFrame, want)
		}
	}
}

func TestSizeChangeMakesKeyFrame(t *testing.T) {
	e := mustEncoder(t, EncoderConfig{Width: 64, Height: 64, Bitrate: 100_000})
	d := NewDecoder(DecoderConfig{})
	mustDecode(t, d, first(mustEncode(t, e, NewFrame(64, 64), FrameFlags{})))
	for _, size := range [][2]int{{33, 17}, {34, 18}, {160, 120}, {1, 1}} {
		if err := e.SetSize(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		data, info := mustEncode(t, e, NewFrame(size[0], size[1]), FrameFlags{})
		f := mustDecode(t, d, data)
		if !info.KeyFrame || !f.KeyFrame || f.Width != size[0] || f.Height != size[1] {
			t.Errorf("after SetSize%v: key frame %v, decoded as %dx%d", size, info.KeyFrame, f.Width, f.Height)
		}
		wantSame(t, e, f)
	}
}

func first[A, B any](a A, _ B) A { return a }

// TestStillPictureSettles: a picture that does not change is refined and then
// costs next to nothing.
func TestStillPictureSettles(t *testing.T) {
	s := newScene(4, 320, 240)
	src := s.frame(0)
	e := mustEncoder(t, EncoderConfig{Width: 320, Height: 240, Bitrate: 120_000})
	d := NewDecoder(DecoderConfig{})
	var early, late float64
	bytesLate := 0
	for i := range 90 {
		data, _ := mustEncode(t, e, src, FrameFlags{Duration: time.Second / 30})
		q := psnr(src, mustDecode(t, d, data))
		switch {
		case i == 0:
			early = q
		case i >= 80:
			late = q
			bytesLate += len(data)
		}
	}
	if late < early+0.5 || late < 40 {
		t.Errorf("PSNR %.2f dB at first, %.2f dB after three seconds of standing still; it should have been refined", early, late)
	}
	if bytesLate/10 > 100 {
		t.Errorf("%d bytes a frame for a picture that has not changed for three seconds", bytesLate/10)
	}
}

func TestEncoderRefuses(t *testing.T) {
	for name, cfg := range map[string]EncoderConfig{
		"no size":          {Bitrate: 1},
		"too wide":         {Width: MaxDimension + 1, Height: 1, Bitrate: 1},
		"no rate":          {Width: 16, Height: 16},
		"3 partitions":     {Width: 16, Height: 16, Bitrate: 1, TokenPartitions: 3},
		"4 layers":         {Width: 16, Height: 16, Bitrate: 1, TemporalLayers: 4},
		"quantisers":       {Width: 16, Height: 16, Bitrate: 1, MinQuantizer: 9, MaxQuantizer: 8},
		"frame rate":       {Width: 16, Height: 16, Bitrate: 1, FrameRate: -1},
		"quantiser of 128": {Width: 16, Height: 16, FixedQuantizer: 128},
	} {
		if _, err := NewEncoder(cfg); !isErr(err, ErrConfig) {
			t.Errorf("%s: error %v, want ErrConfig", name, err)
		}
	}
	e := mustEncoder(t, EncoderConfig{Width: 32, Height: 32, Bitrate: 1000})
	for name, f := range map[string]*Frame{
		"nil":         nil,
		"other size":  NewFrame(32, 31),
		"short plane": {Y: make([]byte, 10), U: make([]byte, 256), V: make([]byte, 256), YStride: 32, UVStride: 16, Width: 32, Height: 32},
		"bad stride":  {Y: make([]byte, 1024), U: make([]byte, 256), V: make([]byte, 256), YStride: 16, UVStride: 16, Width: 32, Height: 32},
	} {
		if _, _, err := e.Encode(f, FrameFlags{}); !isErr(err, ErrFrameSize) {
			t.Errorf("%s: error %v, want ErrFrameSize", name, err)
		}
	}
	if err := e.SetBitrate(0); !isErr(err, ErrConfig) {
		t.Errorf("SetBitrate(0): error %v, want ErrConfig", err)
	}
	if err := e.SetSize(0, 5); !isErr(err, ErrConfig) {
		t.Errorf("SetSize(0, 5): error %v, want ErrConfig", err)
	}
}

// TestPartitionLimit: a frame whose prediction records outgrow the size that the
// frame tag can tell is coded again with short ones, and refused if that does
// not help either.
func TestPartitionLimit(t *testing.T) {
	s := newScene(15, 320, 240)
	e := mustEncoder(t, EncoderConfig{Width: 320, Height: 240, FixedQuantizer: 40})
	mustEncode(t, e, s.frame(0), FrameFlags{})
	e.firstLimit = len(e.first.buf) / 2
	wantSame(t, e, mustDecode(t, NewDecoder(DecoderConfig{}), first(mustEncode(t, e, s.frame(1), FrameFlags{KeyFrame: true}))))
	if len(e.first.buf) > e.firstLimit {
		t.Errorf("first partition of %d bytes, the limit is %d", len(e.first.buf), e.firstLimit)
	}
	e.firstLimit = 10
	if _, _, err := e.Encode(s.frame(2), FrameFlags{}); !isErr(err, ErrFrameSize) {
		t.Errorf("error %v, want ErrFrameSize", err)
	}
	e.firstLimit = maxFirstPartition
	data, info := mustEncode(t, e, s.frame(3), FrameFlags{})
	if !info.KeyFrame {
		t.Error("no key frame after a frame that could not be coded")
	}
	wantSame(t, e, mustDecode(t, NewDecoder(DecoderConfig{}), data))
}
