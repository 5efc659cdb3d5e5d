package mediadevices

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

// countingClock counts how often somebody waits for the time.
type countingClock struct {
	media.Clock
	waits atomic.Int64
}

func (c *countingClock) SleepUntil(ctx context.Context, t time.Time) error {
	c.waits.Add(1)
	return c.Clock.SleepUntil(ctx, t)
}

func TestTestDevicesRestWhileNobodyTakesWhatTheyGive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &countingClock{Clock: media.SystemClock}
		m := New(Options{Clock: clock})
		s := gum(t, m, StreamConstraints{Audio: constraints(set{}), Video: constraints(set{})})
		video, audio := s.GetVideoTracks()[0], s.GetAudioTracks()[0]
		for round := range 2 {
			time.Sleep(time.Second)
			before := clock.waits.Load()
			time.Sleep(time.Minute)
			if n := clock.waits.Load() - before; n != 0 {
				t.Errorf("round %d: devices woke up %d times in a minute in which nobody took anything", round, n)
			}
			if f := video.Format(); f.Width != 640 || f.Height != 480 {
				t.Errorf("round %d: the format must be known all the same: %+v", round, f)
			}
			v := watchVideo(video)
			var late time.Duration
			samples := 0
			remove := audio.AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
				samples += len(f.Samples)
				late = max(late, time.Since(f.CaptureTime))
			}})
			time.Sleep(time.Second)
			synctest.Wait()
			if n := len(v.times); n < 29 || n > 31 || samples < 47000 || samples > 48500 {
				t.Errorf("round %d: %d pictures and %d samples in a second", round, n, samples)
			}
			if late > 20*time.Millisecond {
				t.Errorf("round %d: sound comes %v late: what nobody heard must not be made up for", round, late)
			}
			remove()
			video.Stop()
			video = gum(t, m, StreamConstraints{Video: constraints(set{})}).GetVideoTracks()[0]
		}
		video.Stop()
		stop(s)
	})
}
