package webrtc

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
	"trackway/media/pattern"
	"trackway/mediadevices"
)

// capture opens the test camera, with pictures that cost little, and the test
// tone. The tracks end with the test.
func (w *world) capture() *media.Stream {
	w.t.Helper()
	s := capture(w.t, mediadevices.Options{Loop: w.loop})
	w.captured = append(w.captured, s)
	return s
}

func capture(t testing.TB, o mediadevices.Options) *media.Stream {
	t.Helper()
	camera := mediadevices.TestCamera(media.SystemClock)
	camera.Modes = []mediadevices.Mode{{Width: 320, Height: 180, FrameRate: 30}}
	o.NoTestDevices = true
	devices := mediadevices.New(o)
	devices.Add(camera, mediadevices.TestTone(media.SystemClock))
	stream, err := devices.GetUserMedia(t.Context(), mediadevices.StreamConstraints{
		Audio: &media.TrackConstraints{}, Video: &media.TrackConstraints{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func endCapture(s *media.Stream) {
	for _, t := range s.GetTracks() {
		t.Stop()
	}
}

// seen is a picture that a track delivered.
type seen struct {
	at            time.Time
	number        int // of the test picture, -1 if it cannot be read
	width, height int
	luma          int // of the flashing field
}

// screen watches a track's pictures and sound.
type screen struct {
	mu       sync.Mutex
	pictures []seen
	beeps    []time.Time
	samples  int
	loudest  int16
	quiet    int
	remove   func()
}

func watchScreen(track *media.Track) *screen {
	s := &screen{quiet: 48000}
	if track.Kind() == media.Video {
		s.remove = track.AddSink(&media.Sink{Video: s.picture})
	} else {
		s.remove = track.AddSink(&media.Sink{Audio: s.sound})
	}
	return s
}

func (s *screen) picture(f *media.VideoFrame) {
	p := seen{at: time.Now(), width: f.Width, height: f.Height, luma: pattern.FlashLevel(f), number: -1}
	if n, ok := pattern.Number(f); ok {
		p.number = n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pictures = append(s.pictures, p)
}

func (s *screen) sound(f *media.AudioFrame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(f.Samples); i += f.Channels {
		s.samples++
		v := f.Samples[i]
		if v < 0 {
			v = -v
		}
		s.loudest = max(s.loudest, v)
		if v <= 3000 {
			s.quiet++
			continue
		}
		if s.quiet > f.SampleRate/2 {
			s.beeps = append(s.beeps, time.Now().Add(time.Duration(i/f.Channels)*time.Second/time.Duration(f.SampleRate)))
		}
		s.quiet = 0
	}
}

// take returns what was seen since the last call.
func (s *screen) take() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pictures
	s.pictures = nil
	return p
}

// heard returns the times at which beeps began.
func (s *screen) heard() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.beeps)
}

// flashes are the times at which the flash began.
func flashes(pictures []seen) (out []time.Time) {
	for i, p := range pictures {
		if i > 0 && p.luma > 128 && pictures[i-1].luma <= 128 {
			out = append(out, p.at)
		}
	}
	return out
}

// wantPattern checks that the test picture's numbers go on, with few missing.
func wantPattern(t *testing.T, what string, pictures []seen, missing int) {
	t.Helper()
	if len(pictures) == 0 {
		t.Errorf("%s: no picture arrived", what)
		return
	}
	lost := 0
	for i, p := range pictures {
		if p.number < 0 {
			t.Errorf("%s: picture %d of %d has no number that can be read", what, i, len(pictures))
			return
		}
		if i > 0 {
			d := p.number - pictures[i-1].number
			if d <= 0 {
				t.Errorf("%s: picture %d follows picture %d", what, p.number, pictures[i-1].number)
				return
			}
			lost += d - 1
		}
	}
	if lost > missing {
		t.Errorf("%s: %d pictures are missing among %d, want %d at most", what, lost, len(pictures), missing)
	}
}

// wantInStep checks that the beeps come with the flashes, of 4.5 seconds.
func wantInStep(t *testing.T, pictures []seen, beeps []time.Time) {
	t.Helper()
	lights := flashes(pictures)
	if len(lights) < 3 || len(beeps) < 3 {
		t.Fatalf("%d flashes and %d beeps in 4.5 s, want 3 of each at least", len(lights), len(beeps))
	}
	for _, light := range lights[1:] { // sender reports have come
		best := time.Hour
		for _, beep := range beeps {
			if d := beep.Sub(light); d.Abs() < best.Abs() {
				best = d
			}
		}
		if best.Abs() > 20*time.Millisecond {
			t.Errorf("the beep comes %v after the flash, want 20ms at most", best)
		}
	}
}

// S1 and S4 of docs/addtrack.md: what was added arrives, decodes, and is in sync
// with what was added with the same stream.
func TestRawTracksAreSeenAndHeardInStep(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		for _, track := range stream.GetTracks() {
			a.addTrack(track, stream)
		}
		connect(a, b)
		var video, audio *screen
		for _, r := range b.GetReceivers() {
			if r.Track().Kind() == media.Video {
				video = watchScreen(r.Track())
			} else {
				audio = watchScreen(r.Track())
			}
		}
		time.Sleep(4500 * time.Millisecond)
		pictures := video.take()
		wantPattern(t, "video", pictures, 3)
		if n := len(pictures); n < 125 {
			t.Errorf("%d pictures in 4.5 s of 30 each, want 125 at least", n)
		}
		if p := pictures[len(pictures)-1]; p.width != 320 || p.height != 180 {
			t.Errorf("the picture is %dx%d, want 320x180", p.width, p.height)
		}
		wantInStep(t, pictures, audio.heard())
		for _, s := range a.GetSenders() {
			if err := s.EncodingError(); err != nil {
				t.Errorf("EncodingError of a sender that sends: %v", err)
			}
			if s.media.targets[0].encoderName() == "" {
				t.Error("an encoder has a name")
			}
			m := meterOf(s.Track()).stats()
			if s.Track().Kind() == media.Video && (m.Width != 320 || m.Frames < 125 || m.FrameRate < 29 || m.FrameRate > 31) {
				t.Errorf("the camera of 320x180 pictures 30 times a second is measured as %+v", m)
			}
			if s.Track().Kind() == media.Audio && (m.Samples < 4*time.Second || m.Samples > 5*time.Second || m.Energy == 0) {
				t.Errorf("4.5 s of the tone are measured as %+v", m)
			}
		}
	})
}

func TestRawTracksAreDecodedOnDemandOnly(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		a.addTrack(stream.GetVideoTracks()[0], stream)
		connect(a, b)
		r := b.GetReceivers()[0]
		time.Sleep(500 * time.Millisecond)
		if _, playing := r.media.play.stats(); playing {
			t.Error("nobody takes pictures, and still they are decoded")
		}
		s := watchScreen(r.Track())
		time.Sleep(time.Second)
		wantPattern(t, "first", s.take(), 1)
		s.remove()
		synctest.Wait()
		before, _ := r.media.play.stats()
		time.Sleep(time.Second)
		after, _ := r.media.play.stats()
		if before.Decoded < 20 || after.Decoded != before.Decoded {
			t.Errorf("%d pictures were decoded, and then %d more without a taker", before.Decoded, after.Decoded-before.Decoded)
		}
		s = watchScreen(r.Track())
		time.Sleep(time.Second)
		wantPattern(t, "again", s.take(), 1)
		// A sink may go from within.
		done := false
		var remove func()
		remove = r.Track().AddSink(&media.Sink{Video: func(*media.VideoFrame) { done = true; remove() }})
		s.remove()
		time.Sleep(time.Second)
		if !done {
			t.Error("a sink that was added while another went gets no pictures")
		}
	})
}

func TestJitterBufferTargetDelaysPictures(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		a.addTrack(stream.GetVideoTracks()[0], stream)
		connect(a, b)
		r := b.GetReceivers()[0]
		watchScreen(r.Track())
		time.Sleep(time.Second)
		short, _ := r.media.play.stats()
		target := 400 * time.Millisecond
		b.must(r.SetJitterBufferTarget(&target), "SetJitterBufferTarget")
		time.Sleep(time.Second)
		long, _ := r.media.play.stats()
		if d := long.Delay - short.Delay; d < 350*time.Millisecond || d > 450*time.Millisecond {
			t.Errorf("jitterBufferTarget of %v makes the delay longer by %v", target, d)
		}
	})
}

func TestRawMediaOverLoopback(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream := capture(t, mediadevices.Options{})
	defer endCapture(stream)
	_, b := loopbackPair(ctx, t, loopbackEngine(t), loopbackEngine(t), stream.GetVideoTracks()[0])
	numbers := make(chan int, 100)
	b.GetReceivers()[0].Track().AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		if n, ok := pattern.Number(f); ok {
			select {
			case numbers <- n:
			default:
			}
		}
	}})
	last := -1
	for range 10 {
		select {
		case n := <-numbers:
			if n <= last {
				t.Errorf("picture %d follows picture %d", n, last)
			}
			last = n
		case <-ctx.Done():
			t.Fatal("no pictures arrive")
		}
	}
}
