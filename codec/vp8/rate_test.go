package vp8

import (
	"testing"
)

// rateOf encodes frames from…to of a scene and returns the rate in bits per
// second.
func rateOf(t *testing.T, e *Encoder, s *scene, from, to int) float64 {
	bits := 0
	for i := from; i < to; i++ {
		data, _ := mustEncode(t, e, s.frame(i), FrameFlags{})
		bits += len(data) * 8
	}
	return float64(bits) / float64(to-from) * e.cfg.FrameRate
}

func TestRateFollowsTarget(t *testing.T) {
	s := newScene(6, 176, 144)
	for _, layers := range []int{1, 2, 3} {
		e := mustEncoder(t, EncoderConfig{Width: 176, Height: 144, Bitrate: 150_000, TemporalLayers: layers})
		rateOf(t, e, s, 0, 30)
		at := 30
		for _, target := range []int{150_000, 70_000, 240_000} {
			if err := e.SetBitrate(target); err != nil {
				t.Fatal(err)
			}
			rateOf(t, e, s, at, at+30) // time to settle
			got := rateOf(t, e, s, at+30, at+90)
			at += 90
			if got < 0.85*float64(target) || got > 1.15*float64(target) {
				t.Errorf("%d layers: %.0f bit/s, the target is %d", layers, got, target)
			}
		}
	}
}

// TestDropFrames: at a rate that not even the coarsest quantiser can keep,
// frames are left out until the average is right.
func TestDropFrames(t *testing.T) {
	s := newScene(6, 176, 144)
	s.panX = 9
	cfg := EncoderConfig{Width: 176, Height: 144, Bitrate: 12_000, DropFrames: true}
	e := mustEncoder(t, cfg)
	d := NewDecoder(DecoderConfig{})
	dropped, bits := 0, 0
	for i := range 240 {
		data, info := mustEncode(t, e, s.frame(i), FrameFlags{})
		if info.Dropped {
			dropped++
			if data != nil {
				t.Fatal("a dropped frame has data")
			}
			continue
		}
		bits += len(data) * 8
		wantSame(t, e, mustDecode(t, d, data))
	}
	if dropped == 0 {
		t.Error("no frame was dropped")
	}
	if rate := float64(bits) / 8; rate > 1.2*float64(cfg.Bitrate) {
		t.Errorf("%.0f bit/s with frames dropped, the target is %d", rate, cfg.Bitrate)
	}
}

// TestCutDoesNotFlood: the frame after a cut is coded again with a coarser
// quantiser rather than sent many times too big.
func TestCutDoesNotFlood(t *testing.T) {
	a, b := newScene(6, 320, 240), newScene(7, 320, 240)
	e := mustEncoder(t, EncoderConfig{Width: 320, Height: 240, Bitrate: 400_000})
	rateOf(t, e, a, 0, 60)
	data, _ := mustEncode(t, e, b.frame(0), FrameFlags{})
	share := 400_000 / 30 / 8
	if len(data) > 12*share {
		t.Errorf("the frame after a cut has %d bytes, %d times its share", len(data), len(data)/share)
	}
}
