package webrtc

import (
	"testing"

	"trackway/media"
)

// TestFeedHasOneSink: the last target may go, and another come, while the first
// one's sink is being added. Two sinks would send every frame twice.
func TestFeedHasOneSink(t *testing.T) {
	source := media.NewEncodedSource(vp8, media.AtOnce())
	track := source.NewTrack()
	defer source.End()
	f := feedOf(track)
	a, b := &sendTarget{mt: &mediaTransport{}}, &sendTarget{mt: &mediaTransport{}}
	crossed := false
	source.OnDemand(func(d media.Demand) {
		if d.Encoded && !crossed {
			crossed = true
			f.drop(a)
			f.add(b, false)
		}
	})
	f.add(a, false)
	if !crossed {
		t.Fatal("the source did not hear of the demand: the test shows nothing")
	}
	write := func() {
		_ = source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0}, KeyFrame: true})
	}
	if write(); f.turn != 1 {
		t.Errorf("one frame went out %d times", f.turn)
	}
	f.drop(b)
	if write(); f.turn != 1 {
		t.Errorf("a feed without targets still takes frames")
	}
}
