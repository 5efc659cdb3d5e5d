package vp8

import (
	"testing"

	"trackway/internal/bitstream"
)

func TestTheQuantiserCanBeReadFromAFrame(t *testing.T) {
	s := newScene(5, 96, 64)
	e := mustEncoder(t, EncoderConfig{Width: 96, Height: 64, Bitrate: 150_000, TokenPartitions: 2})
	seen := map[int]bool{}
	for i := range 40 {
		data, _ := mustEncode(t, e, s.frame(i), FrameFlags{KeyFrame: i%15 == 0})
		if len(data) == 0 {
			continue
		}
		qp, ok := bitstream.QP("video/vp8", data)
		if want := e.header.quant.index; !ok || qp != want {
			t.Fatalf("frame %d: the header says %d (%v), the encoder used %d", i, qp, ok, want)
		}
		seen[qp] = true
		if _, ok := bitstream.QP("video/vp8", data[:min(len(data), 4)]); ok {
			t.Fatal("four bytes have no quantiser")
		}
	}
	if len(seen) < 2 {
		t.Errorf("only the quantisers %v were tried", seen)
	}
	if _, ok := bitstream.QP("video/H264", []byte{0, 0, 1, 0x65, 1, 2, 3, 4}); ok {
		t.Error("of other codecs nothing is known")
	}
}
