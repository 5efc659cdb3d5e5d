package vp8

import (
	"bytes"
	"fmt"
	"testing"
)

// TestTemporalLayers: a receiver that gets the lower layers only sees exactly
// what the encoder reconstructed for their frames.
func TestTemporalLayers(t *testing.T) {
	patterns := map[int][]int{2: {0, 1}, 3: {0, 2, 1, 2}}
	for layers, pattern := range patterns {
		for keep := range layers {
			t.Run(fmt.Sprintf("L1T%d up to %d", layers, keep), func(t *testing.T) {
				s := newScene(8, 96, 80)
				e := mustEncoder(t, EncoderConfig{Width: 96, Height: 80, Bitrate: 200_000, TemporalLayers: layers})
				d := NewDecoder(DecoderConfig{})
				tl0 := uint8(0)
				for i := range 80 {
					data, info := mustEncode(t, e, s.frame(i), FrameFlags{})
					if want := pattern[i%len(pattern)]; info.TemporalID != want {
						t.Fatalf("frame %d is in layer %d, want %d", i, info.TemporalID, want)
					}
					if info.TemporalID == 0 {
						if i > 0 && info.TL0PicIdx != tl0+1 {
							t.Fatalf("frame %d: TL0PICIDX %d after %d", i, info.TL0PicIdx, tl0)
						}
						tl0 = info.TL0PicIdx
					} else if info.TL0PicIdx != tl0 {
						t.Fatalf("frame %d: TL0PICIDX %d, its base frame has %d", i, info.TL0PicIdx, tl0)
					}
					if top := info.TemporalID == layers-1; top != info.NonReference {
						t.Fatalf("frame %d of layer %d: NonReference %v", i, info.TemporalID, info.NonReference)
					}
					if info.TemporalID <= keep {
						wantSame(t, e, mustDecode(t, d, data))
					}
				}
			})
		}
	}
}

// TestLayerSync: a receiver may begin to take a layer at a frame that is marked.
func TestLayerSync(t *testing.T) {
	s := newScene(9, 96, 80)
	e := mustEncoder(t, EncoderConfig{Width: 96, Height: 80, Bitrate: 200_000, TemporalLayers: 3})
	d := NewDecoder(DecoderConfig{})
	joined := 0 // the highest layer taken
	for i := range 40 {
		data, info := mustEncode(t, e, s.frame(i), FrameFlags{})
		if i >= 9 && info.LayerSync {
			joined = max(joined, info.TemporalID)
		}
		if info.TemporalID <= joined {
			wantSame(t, e, mustDecode(t, d, data))
		}
	}
	if joined != 2 {
		t.Errorf("joined layer %d, there was no sync frame of layer 2", joined)
	}
}

// TestErrorResilient: frames after a lost one still parse as they were meant,
// because no frame's probabilities depend on another's. The pictures differ, but
// each prediction record agrees with the encoder's.
func TestErrorResilient(t *testing.T) {
	s := newScene(10, 96, 80)
	e := mustEncoder(t, EncoderConfig{Width: 96, Height: 80, Bitrate: 200_000, ErrorResilient: true})
	d := NewDecoder(DecoderConfig{})
	for i := range 30 {
		data, _ := mustEncode(t, e, s.frame(i), FrameFlags{})
		if i%7 == 3 {
			continue
		}
		mustDecode(t, d, data)
		for k := range d.grid.mbs {
			a, b := &d.grid.mbs[k], &e.grid.mbs[k]
			if a.mode != b.mode || a.mv != b.mv || a.ref != b.ref {
				t.Fatalf("frame %d, after a loss: macroblock %d parsed as mode %d %v, written as %d %v", i, k, a.mode, a.mv, b.mode, b.mv)
			}
		}
	}
	// And with nothing lost, of course, the pictures agree.
	d = NewDecoder(DecoderConfig{})
	data, _ := mustEncode(t, e, s.frame(30), FrameFlags{KeyFrame: true})
	mustDecode(t, d, data)
	data, _ = mustEncode(t, e, s.frame(31), FrameFlags{})
	if want := reconstruction(e); !bytes.Equal(want.AppendI420(nil), mustDecode(t, d, data).AppendI420(nil)) {
		t.Fatal("the decoder's picture is not the encoder's reconstruction")
	}
}
