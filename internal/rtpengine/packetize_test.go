package rtpengine

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// payloads collects what a packetiser makes.
type payloads [][]byte

func (p *payloads) next() []byte           { return nil }
func (p *payloads) put(b []byte, _ uint32) { *p = append(*p, b) }

// obu makes an OBU with a size field.
func obu(typ byte, body []byte) []byte {
	return append(appendLeb128([]byte{typ<<3 | 2}, len(body)), body...)
}

// sequenceHeader is an AV1 sequence header of 640x360, reduced still picture
// form: profile 0, still, reduced, level 0, 10 and 9 bits of size.
func sequenceHeader() []byte {
	w := bitWriter{}
	w.put(0, 3)
	w.put(1, 1)
	w.put(1, 1)
	w.put(0, 5)
	w.put(9, 4)
	w.put(8, 4)
	w.put(639, 10)
	w.put(359, 9)
	w.put(0, 16)
	return w.b
}

type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) put(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32() | 1) // no start codes
	}
	return b
}

// sps is a baseline SPS of 640x368 cropped to 640x360.
var sps = []byte{0x67, 0x42, 0xC0, 0x1E, 0xD9, 0x00, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01}

func h264Unit(nals ...[]byte) []byte {
	var b []byte
	for _, n := range nals {
		b = append(append(b, annexB...), n...)
	}
	return b
}

func nal(rng *rand.Rand, typ byte, n int) []byte { return append([]byte{typ}, noise(rng, n)...) }

type roundTrip struct {
	name  string
	codec Codec
	frame func(rng *rand.Rand, n int) []byte
	key   bool
	w, h  int
}

var roundTrips = []roundTrip{
	{"vp8 key", vp8Codec, func(r *rand.Rand, n int) []byte { return vp8Frame(r, n, true, 640, 360) }, true, 640, 360},
	{"vp8 delta", vp8Codec, func(r *rand.Rand, n int) []byte { return vp8Frame(r, n, false, 0, 0) }, false, 0, 0},
	{"vp9 key", Codec{MimeType: "video/VP9", ClockRate: 90000}, func(r *rand.Rand, n int) []byte {
		w := bitWriter{}
		w.put(2, 2) // frame marker
		w.put(0, 2) // profile 0
		w.put(0, 1) // show existing
		w.put(0, 1) // key frame
		w.put(2, 2)
		w.put(0x498342, 24)
		w.put(1, 3)
		w.put(0, 1)
		w.put(639, 16)
		w.put(359, 16)
		return append(w.b, noise(r, n)...)
	}, true, 640, 360},
	{"vp9 delta", Codec{MimeType: "video/VP9", ClockRate: 90000}, func(r *rand.Rand, n int) []byte { return append([]byte{0x86}, noise(r, n)...) }, false, 0, 0},
	{"h264 key", Codec{MimeType: "video/H264", ClockRate: 90000, Fmtp: "packetization-mode=1"}, func(r *rand.Rand, n int) []byte {
		return h264Unit(sps, nal(r, 0x68, 4), nal(r, 0x65, n))
	}, true, 640, 360},
	{"h264 delta of slices", Codec{MimeType: "video/H264", ClockRate: 90000, Fmtp: "packetization-mode=1"}, func(r *rand.Rand, n int) []byte {
		return h264Unit(nal(r, 0x06, 10), nal(r, 0x41, n), nal(r, 0x41, 30), nal(r, 0x41, n/2))
	}, false, 0, 0},
	{"av1 key", Codec{MimeType: "video/AV1", ClockRate: 90000}, func(r *rand.Rand, n int) []byte {
		return append(obu(obuSequenceHeader, sequenceHeader()), obu(6, noise(r, n))...)
	}, true, 640, 360},
	{"av1 delta", Codec{MimeType: "video/AV1", ClockRate: 90000}, func(r *rand.Rand, n int) []byte {
		return append(obu(3, noise(r, 20)), append(obu(4, noise(r, n)), obu(4, noise(r, n/3+1))...)...)
	}, false, 0, 0},
}

func TestFramesSurvivePacketisation(t *testing.T) {
	for _, tc := range roundTrips {
		t.Run(tc.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			pack, parts := newPacketizer(tc.codec), newFrameAssembler(tc.codec)
			for n := 1; n < 6000; n += 1 + n/7 {
				for _, most := range []int{64, 1144} {
					data := tc.frame(rng, n)
					var got payloads
					if err := pack.packetize(&Frame{Data: data, KeyFrame: tc.key}, most, &got); err != nil {
						t.Fatalf("%d bytes: %v", n, err)
					}
					parts.begin()
					var f Frame
					var out []byte
					var err error
					for i, p := range got {
						if len(p) > most {
							t.Fatalf("%d bytes: payload of %d, most is %d", n, len(p), most)
						}
						info := parts.inspect(p)
						if info.malformed || i == 0 && (!info.start || info.key != tc.key && tc.codec.Format() != FormatH264) {
							t.Fatalf("%d bytes: payload %d: %+v", n, i, info)
						}
						if out, err = parts.add(out, p, &f); err != nil {
							t.Fatalf("%d bytes: payload %d: %v", n, i, err)
						}
					}
					if out, err = parts.finish(out, &f); err != nil {
						t.Fatalf("%d bytes: %v", n, err)
					}
					if !bytes.Equal(out, data) {
						t.Fatalf("%d bytes at most %d: %d came back, the first difference at %d", len(data), most, len(out), differ(out, data))
					}
					if f.KeyFrame != tc.key || f.Width != tc.w || f.Height != tc.h {
						t.Fatalf("key %v %dx%d, want %v %dx%d", f.KeyFrame, f.Width, f.Height, tc.key, tc.w, tc.h)
					}
				}
			}
		})
	}
}

func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestH264AggregatesParameterSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var got payloads
	unit := h264Unit(sps, nal(rng, 0x68, 4), nal(rng, 0x65, 5000))
	if err := (&h264Packetizer{}).packetize(&Frame{Data: unit}, 1144, &got); err != nil {
		t.Fatal(err)
	}
	if typ := got[0][0] & 31; typ != nalSTAPA {
		t.Errorf("the first packet is of type %d, want STAP-A of SPS and PPS", typ)
	}
	if typ := got[1][0] & 31; typ != nalFUA || len(got) != 6 {
		t.Errorf("the slice is of type %d in %d packets, want FU-A in 5", typ, len(got)-1)
	}
}

func TestPacketizationModeZeroCannotSplit(t *testing.T) {
	r := NewRing(RingConfig{Codec: Codec{MimeType: "video/H264", ClockRate: 90000}})
	rng := rand.New(rand.NewPCG(1, 2))
	if _, err := r.WriteFrame(&Frame{Data: h264Unit(sps, nal(rng, 0x65, 5000))}); !errors.Is(err, ErrFrameTooLarge) {
		t.Fatalf("error is %v, want ErrFrameTooLarge", err)
	}
	span, err := r.WriteFrame(&Frame{Data: h264Unit(sps, nal(rng, 0x65, 500))})
	if err != nil || span.Count != 2 || span.First != firstIndex {
		t.Fatalf("span %+v, error %v: want two single packets at the start", span, err)
	}
}

func TestAudioIsSplitBySamplesOrNotAtAll(t *testing.T) {
	pcmu := NewRing(RingConfig{Codec: Codec{MimeType: "audio/PCMU", ClockRate: 8000}, MaxPayload: 160})
	span, err := pcmu.WriteFrame(&Frame{Data: make([]byte, 480), Timestamp: 1000})
	if err != nil || span.Count != 3 {
		t.Fatalf("480 bytes of PCMU: %+v %v", span, err)
	}
	for i := range uint64(3) {
		if ts := pcmu.at(span.First + i).ts; ts != 1000+160*uint32(i) {
			t.Errorf("packet %d has timestamp %d", i, ts)
		}
	}
	opus := NewRing(RingConfig{Codec: opusCodec})
	if _, err := opus.WriteFrame(&Frame{Data: make([]byte, 1500)}); !errors.Is(err, ErrFrameTooLarge) {
		t.Errorf("an Opus packet cannot be split: %v", err)
	}
	if _, err := opus.WriteFrame(&Frame{}); !errors.Is(err, ErrMalformedFrame) {
		t.Errorf("an empty frame: %v", err)
	}
	other := NewRing(RingConfig{Codec: Codec{MimeType: "video/H266", ClockRate: 90000}})
	if _, err := other.WriteFrame(&Frame{Data: []byte{1}}); err == nil || fmt.Sprint(err) == "" {
		t.Error("a codec without payload format takes no frames")
	}
}
