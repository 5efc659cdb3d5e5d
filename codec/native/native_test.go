//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"testing"
	"time"

	"trackway/codec"
	"trackway/internal/bitstream"
)

// skipWithout skips where the library of an implementation is not installed,
// and only then.
func skipWithout(t *testing.T, im *codec.Implementation) {
	t.Helper()
	for _, l := range libraries[im.Codec.MimeType] {
		if err := l.open(); err != nil {
			t.Skipf("install it to run this test: %v", err)
		}
	}
}

func TestSelfTest(t *testing.T) {
	for _, im := range Implementations() {
		t.Run(im.Name+" "+im.Codec.MimeType, func(t *testing.T) {
			skipWithout(t, &im)
			if err := im.SelfTest(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// videoCodecs runs a test for each codec of pictures that is there.
func videoCodecs(t *testing.T, test func(t *testing.T, enc, dec *codec.Implementation)) {
	list := Implementations()
	for i := range list {
		enc := &list[i]
		if enc.NewVideoEncoder == nil {
			continue
		}
		t.Run(enc.Codec.MimeType, func(t *testing.T) {
			skipWithout(t, enc)
			test(t, enc, &list[i+1])
		})
	}
}

func start(t *testing.T, enc, dec *codec.Implementation, s codec.VideoSettings) (codec.VideoEncoder, codec.VideoDecoder) {
	t.Helper()
	e, err := enc.NewVideoEncoder(enc.Codec, s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dec.NewVideoDecoder(dec.Codec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 { // a second Close must do no harm
			e.Close()
			d.Close()
		}
	})
	return e, d
}

func TestAnotherSizeStartsAnewWithAKeyFrame(t *testing.T) {
	videoCodecs(t, func(t *testing.T, enc, dec *codec.Implementation) {
		e, d := start(t, enc, dec, codec.VideoSettings{Width: 320, Height: 180, Bitrate: 800_000})
		for n, size := range [][2]int{{320, 180}, {320, 180}, {160, 90}, {160, 90}, {333, 187}} {
			f := codec.NewVideoFrame(size[0], size[1])
			testPicture(f, n)
			got := false
			err := e.Encode(f, false, func(c *codec.EncodedFrame) {
				if want := n != 1 && n != 3; c.KeyFrame != want {
					t.Errorf("frame %d of %v: key frame %v, want %v", n, size, c.KeyFrame, want)
				}
				if err := d.Decode(c, func(p *codec.VideoFrame) {
					got = true
					if p.Width != c.Width || p.Height != c.Height || size[0]-p.Width > 1 || size[1]-p.Height > 1 {
						t.Errorf("frame %d of %v decodes to %dx%d and says %dx%d", n, size, p.Width, p.Height, c.Width, c.Height)
					}
				}); err != nil {
					t.Errorf("frame %d: %v", n, err)
				}
			})
			if err != nil || !got {
				t.Fatalf("frame %d of %v: decoded %v, error %v", n, size, got, err)
			}
		}
	})
}

func TestTheBitrateFollowsItsTarget(t *testing.T) {
	videoCodecs(t, func(t *testing.T, enc, dec *codec.Implementation) {
		e, _ := start(t, enc, dec, codec.VideoSettings{Width: 160, Height: 90, FrameRate: 30, Bitrate: 60_000, ErrorResilient: true})
		f := codec.NewVideoFrame(160, 90)
		n := 0
		noise := uint32(1)
		rate := func() float64 { // of two seconds, the second of them measured
			bits := 0
			for i := range 60 {
				testPicture(f, n)
				for j := range f.Y { // so that there is more to code than bits
					noise = noise*1664525 + 1013904223
					f.Y[j] += byte(noise >> 29)
				}
				n++
				if err := e.Encode(f, false, func(c *codec.EncodedFrame) {
					if i >= 30 {
						bits += 8 * len(c.Data)
					}
				}); err != nil {
					t.Fatal(err)
				}
			}
			return float64(bits)
		}
		for _, target := range []int{60_000, 240_000, 60_000} {
			if err := e.SetTarget(codec.VideoSettings{Bitrate: target}); err != nil {
				t.Fatal(err)
			}
			if got := rate() / float64(target); got < 0.5 || got > 1.5 {
				t.Errorf("%.2f of the %d bit/s asked for", got, target)
			}
		}
	})
}

// TestDamagedFrames flips bits and cuts frames short. The decoders may refuse
// or show something else, and must decode the next key frame.
func TestDamagedFrames(t *testing.T) {
	videoCodecs(t, func(t *testing.T, enc, dec *codec.Implementation) {
		e, d := start(t, enc, dec, codec.VideoSettings{Width: testWidth, Height: testHeight, Bitrate: testBitrate})
		f := codec.NewVideoFrame(testWidth, testHeight)
		random := uint32(7)
		next := func(n int) int {
			random = random*1664525 + 1013904223
			return int(random>>8) % n
		}
		for n := range 60 {
			testPicture(f, n%20)
			f.Timestamp = uint32(n * 3000)
			whole := n%10 == 9
			decoded := false
			err := e.Encode(f, n%10 == 0 || whole, func(c *codec.EncodedFrame) {
				damaged := c.Clone()
				if !whole {
					for range 1 + next(8) {
						damaged.Data[next(len(damaged.Data))] ^= 1 << next(8)
					}
					damaged.Data = damaged.Data[:1+next(len(damaged.Data))]
				}
				err := d.Decode(damaged, func(*codec.VideoFrame) { decoded = true })
				if whole && err != nil {
					t.Errorf("a key frame after damage is refused: %v", err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if whole && !decoded {
				t.Errorf("key frame %d, after damage, was not decoded", n)
			}
		}
		if err := d.Decode(&codec.EncodedFrame{}, func(*codec.VideoFrame) {}); err == nil {
			t.Error("an empty frame is no error")
		}
	})
}

// TestH264Slices: packetization-mode 0 has no fragments, so each NAL unit must
// fit a packet.
func TestH264Slices(t *testing.T) {
	for _, im := range Implementations() {
		if !im.Codec.Is(codec.H264) || im.NewVideoEncoder == nil {
			continue
		}
		skipWithout(t, &im)
		c := im.Codec
		c.SDPFmtpLine = "profile-level-id=42e01f"
		e, err := im.NewVideoEncoder(c, codec.VideoSettings{Width: 640, Height: 360, Bitrate: 4_000_000})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		f := codec.NewVideoFrame(640, 360)
		testPicture(f, 0)
		if err := e.Encode(f, true, func(c *codec.EncodedFrame) {
			units := 0
			for unit := range bitstream.NALUnits(c.Data) {
				if units++; len(unit) > 1200 {
					t.Errorf("a NAL unit of %d bytes does not fit a packet", len(unit))
				}
			}
			if units < 5 {
				t.Errorf("%d NAL units of a frame of %d bytes", units, len(c.Data))
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOpusLookahead: the sound of a frame is that much older than the frame.
func TestOpusLookahead(t *testing.T) {
	im := Implementations()[8]
	skipWithout(t, &im)
	e, err := im.NewAudioEncoder(im.Codec, codec.AudioSettings{SampleRate: 48000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if d := e.(interface{ Delay() time.Duration }).Delay(); d != 6500*time.Microsecond {
		t.Errorf("a delay of %v, want Opus's 6.5ms", d)
	}
}

func TestTheSwitch(t *testing.T) {
	for value, want := range map[string]int{"off": 0, "": 6, "prefer": 9} {
		t.Setenv(switchVariable, value)
		var r codec.Registry
		Register(&r)
		if got := len(r.Implementations()); got != want {
			t.Errorf("%s=%q registers %d implementations, want %d", switchVariable, value, got, want)
		}
	}
	t.Setenv(switchVariable, "off")
	var r codec.Registry
	if Prefer(&r); len(r.Implementations()) != 0 {
		t.Errorf("%s=off does not keep Prefer from registering", switchVariable)
	}
}
