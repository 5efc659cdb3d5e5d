package webrtc

import (
	"encoding/binary"
	"testing"
	"time"
)

func TestAFloodOfPLIsDoesNotMakeEachFrameAKeyFrame(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		s := a.addTrack(video.track)
		connect(a, b)
		video.play(30)
		asked := video.requests()
		target := s.media.targets[0]
		pli := []byte{0x81, 206, 0, 2, 0, 0, 0, 1}
		pli = binary.BigEndian.AppendUint32(pli, target.stream.SSRC())
		for range 60 {
			target.mt.session.HandleRTCP(time.Now(), pli, nil)
			video.play(1)
		}
		if n := video.requests() - asked; n < 6 || n > 10 {
			t.Errorf("%d key frames in 2 s for a peer that asks all the time, want one each 300 ms and three ahead", n)
		}
		asked = video.requests()
		p := s.GetParameters()
		for range 3 {
			a.must(s.SetParameters(t.Context(), p, SetParameterOptions{EncodingOptions: []EncodingOptions{{KeyFrame: true}}}), "SetParameters")
			p = s.GetParameters()
			video.play(1)
		}
		if n := video.requests() - asked; n != 3 {
			t.Errorf("%d key frames for three that the program asked for", n)
		}
	})
}
