package webrtc

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

// Sound that we code takes 32 kbit/s a channel: on a narrow path the pictures get
// what it leaves, not half.
func TestPicturesGetWhatSoundLeaves(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		source := media.NewEncodedSource(vp8)
		var told atomic.Int64
		source.OnFeedback(func(f media.Feedback) { told.Store(int64(f.TargetBitrate)) })
		a.addTrack(w.capture().GetAudioTracks()[0])
		a.addTrack(source.NewTrack())
		connect(a, b)
		watchTrack(b.GetReceivers()[0].Track())
		time.Sleep(time.Second)
		cc := (*a.media.routes.Load())[0].cc
		cc.onREMB(time.Now(), 256_000)
		cc.settle()
		synctest.Wait()
		if got := told.Load(); got < 190_000 || got > 256_000 {
			t.Errorf("of 256 kbit/s the picture gets %d", got)
		}
	})
}
