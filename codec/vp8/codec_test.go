package vp8

import (
	"errors"
	"testing"
	"time"

	"trackway/codec"
	"trackway/internal/domerr"
)

// TestRegistry sends pictures of two sizes through encoder and decoder as the
// rest of Trackway finds them.
func TestRegistry(t *testing.T) {
	reg := new(codec.Registry)
	Register(reg)
	vp8 := codec.Codec{MimeType: "video/vp8", ClockRate: 90000}
	enc, name, err := reg.NewVideoEncoder(vp8, codec.VideoSettings{Width: 64, Height: 48, ScalabilityMode: "L1T2"})
	if err != nil || name != "trackway" {
		t.Fatalf("encoder %q: %v", name, err)
	}
	defer enc.Close()
	dec, _, err := reg.NewVideoDecoder(vp8)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	shown := 0
	for i := range 12 {
		w, h := 64, 48
		if i >= 6 {
			w, h = 50, 70
		}
		src := newScene(1, w, h).frame(i)
		in := &codec.VideoFrame{
			Width: w, Height: h, Y: src.Y, U: src.U, V: src.V, StrideY: src.YStride, StrideUV: src.UVStride,
			Timestamp: uint32(i * 3000), CaptureTime: time.Unix(int64(i), 0),
		}
		err := enc.Encode(in, i == 3, func(f *codec.EncodedFrame) {
			if want := i == 0 || i == 3 || i == 6; f.KeyFrame != want {
				t.Errorf("frame %d: key frame %v, want %v", i, f.KeyFrame, want)
			}
			if f.Discardable != (f.TemporalIndex == 1) {
				t.Errorf("frame %d of layer %d: Discardable %v", i, f.TemporalIndex, f.Discardable)
			}
			if err := dec.Decode(f, func(v *codec.VideoFrame) {
				shown++
				if v.Width != w || v.Height != h || v.Timestamp != in.Timestamp || !v.CaptureTime.Equal(in.CaptureTime) {
					t.Errorf("frame %d came back as %dx%d at %d", i, v.Width, v.Height, v.Timestamp)
				}
				got := Frame{Y: v.Y, YStride: v.StrideY, Width: w, Height: h}
				if q := psnr(src, &got); q < 28 {
					t.Errorf("frame %d: %.1f dB", i, q)
				}
			}); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if shown != 12 {
		t.Errorf("%d pictures came back of 12", shown)
	}
	if err := dec.Decode(&codec.EncodedFrame{Data: []byte{1}}, nil); !errors.Is(err, domerr.Operation) || !errors.Is(err, ErrBitstream) {
		t.Errorf("garbage: error %v, want an OperationError that wraps ErrBitstream", err)
	}
	if err := enc.SetTarget(codec.VideoSettings{Bitrate: 70_000, FrameRate: 15, ScalabilityMode: "L1T3"}); err != nil {
		t.Error(err)
	}
	if err := enc.SetTarget(codec.VideoSettings{ContentHint: "text"}); err != nil || enc.(*videoEncoder).enc.Config().MaxQuantizer != 80 {
		t.Errorf("hint text: coarsest quantiser %d, error %v", enc.(*videoEncoder).enc.Config().MaxQuantizer, err)
	}
	if err := enc.SetTarget(codec.VideoSettings{ScalabilityMode: "L3T3"}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("L3T3: error %v, want NotSupportedError", err)
	}
}
