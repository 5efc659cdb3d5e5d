package media

import (
	"sync"
	"time"

	"trackway/container"
)

// WriteTrack writes a track's coded frames into a container's track, timed
// from the first frame, until the returned function is called, which returns
// the first error that the writer gave. Video begins with a key frame, and
// goes on with one after a loss. The writer is called on the goroutine that
// writes into the source: for a slow one use a Recorder.
func WriteTrack(t *Track, w container.Writer, index int) (stop func() error) {
	var mu sync.Mutex
	var failure error
	rt := &recTrack{track: t, needKey: t.Kind() == Video}
	var began time.Time
	last := time.Duration(-1)
	remove := t.AddSink(&Sink{Encoded: func(f *EncodedFrame) {
		mu.Lock()
		defer mu.Unlock()
		if failure != nil {
			return
		}
		now := time.Now()
		if rt.line.rate == 0 {
			rt.line.rate = clockRate(rt)
		}
		due := rt.line.at(f.Timestamp, f.CaptureTime, now)
		if !rt.admit(recItem{frame: f, arrival: now}) {
			return
		}
		if began.IsZero() {
			began = due
		}
		at := max(due.Sub(began), last)
		last = at
		failure = w.WritePacket(container.Packet{
			Track: index, Time: at, Duration: f.Duration, KeyFrame: f.KeyFrame || t.Kind() == Audio, Data: f.Data,
		})
	}})
	t.RequestKeyFrame()
	return func() error {
		remove()
		mu.Lock()
		defer mu.Unlock()
		return failure
	}
}
