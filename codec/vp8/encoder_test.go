package vp8

import (
	"bytes"
	"testing"
)

// reconstruction returns what the encoder believes the decoder shows.
func reconstruction(e *Encoder, info EncodedInfo) *Frame {
	for ref, fresh := range map[int]bool{refLast: info.RefreshLast, refGolden: info.RefreshGolden, refAltRef: info.RefreshAltRef} {
		if fresh {
			f := viewOf(e.refs[ref], e.cfg.Width, e.cfg.Height)
			return &f
		}
	}
	return nil
}

func TestEncodeDecode(t *testing.T) {
	s := newScene(1, 176, 144)
	e, err := NewEncoder(EncoderConfig{Width: 176, Height: 144, Bitrate: 300_000})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(DecoderConfig{})
	for i := range 30 {
		src := s.frame(i)
		data, info, err := e.Encode(src, FrameFlags{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Decode(data)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if want := reconstruction(e, info); !bytes.Equal(want.AppendI420(nil), got.AppendI420(nil)) {
			t.Fatalf("frame %d (q %d): the decoder's picture is not the encoder's reconstruction", i, info.Quantizer)
		}
		t.Logf("frame %d key %v q %d: %d bytes, %.2f dB", i, info.KeyFrame, info.Quantizer, len(data), psnr(src, got))
	}
}
