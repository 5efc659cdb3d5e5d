package webrtc

import (
	"testing"
	"time"
)

func TestSynchronizationSources(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		clip := newClip(vp8)
		a.addTrack(clip.track)
		connect(a, b)
		r := b.GetReceivers()[0]
		if n := len(r.GetSynchronizationSources()); n != 0 {
			t.Errorf("nothing came yet: %d sources", n)
		}
		clip.play(30)
		time.Sleep(time.Second)
		list := r.GetSynchronizationSources()
		if len(list) != 1 || list[0].Source != a.GetSenders()[0].media.targets[0].stream.SSRC() || time.Since(list[0].Timestamp) > 2*time.Second {
			t.Errorf("the stream that comes is a source: %+v", list)
		}
		if n := len(r.GetContributingSources()); n != 0 {
			t.Errorf("nothing was mixed: %d", n)
		}
		time.Sleep(11 * time.Second)
		if n := len(r.GetSynchronizationSources()); n != 0 {
			t.Errorf("after 10 seconds of silence there is no source: %d", n)
		}
	})
}
