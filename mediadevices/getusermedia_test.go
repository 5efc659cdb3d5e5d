package mediadevices

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/domerr"
	"trackway/media"
	"trackway/media/pattern"
)

// small is a camera with pictures that cost little.
func small() *Device {
	d := TestCamera(media.SystemClock)
	d.Label, d.Modes = "Small", []Mode{{Width: 160, Height: 120, FrameRate: 30}, {Width: 320, Height: 180, FrameRate: 30}}
	return d
}

// watchVideo notes the times, sizes and numbers of pictures.
type watched struct {
	mu     sync.Mutex
	times  []time.Time
	w, h   int
	number []int
	flash  []bool
}

func watchVideo(t *media.Track) *watched {
	v := new(watched)
	t.AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.times = append(v.times, f.CaptureTime)
		v.w, v.h = f.Width, f.Height
		n, _ := pattern.Number(f)
		v.number = append(v.number, n)
		v.flash = append(v.flash, pattern.FlashLevel(f) > 128)
	}})
	return v
}

func gum(t *testing.T, m *MediaDevices, c StreamConstraints) *media.Stream {
	t.Helper()
	s, err := m.GetUserMedia(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stop(s *media.Stream) {
	for _, t := range s.GetTracks() {
		t.Stop()
	}
	synctest.Wait()
}

func TestGetUserMediaGivesLiveTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{})
		m.Prefer(small())
		s := gum(t, m, StreamConstraints{Audio: constraints(set{}), Video: constraints(set{})})
		if len(s.GetAudioTracks()) != 1 || len(s.GetVideoTracks()) != 1 {
			t.Fatalf("%d audio and %d video tracks, want one of each", len(s.GetAudioTracks()), len(s.GetVideoTracks()))
		}
		video := s.GetVideoTracks()[0]
		v := watchVideo(video)
		samples := 0
		s.GetAudioTracks()[0].AddSink(&media.Sink{Audio: func(f *media.AudioFrame) { samples += len(f.Samples) }})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop(s)
		if len(v.times) < 59 || len(v.times) > 61 || v.w != 160 || v.h != 120 {
			t.Errorf("%d pictures of %dx%d in 2 s, want 60 of 160x120", len(v.times), v.w, v.h)
		}
		for i := 1; i < len(v.number); i++ {
			if v.number[i] != v.number[i-1]+1 {
				t.Fatalf("picture %d is followed by %d", v.number[i-1], v.number[i])
			}
		}
		if samples < 95000 || samples > 97000 {
			t.Errorf("%d samples in 2 s, want 96000", samples)
		}
		got := video.GetSettings()
		if got.DeviceID == nil || *got.DeviceID != small().id() || got.Width != nil {
			t.Errorf("settings of an ended track %+v; only deviceId, facingMode and groupId remain", got)
		}
	})
}

func TestFlashAndBeepAreInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{})
		m.Prefer(small())
		time.Sleep(1234567 * time.Microsecond) // no round time
		s := gum(t, m, StreamConstraints{Audio: constraints(set{})})
		time.Sleep(345678 * time.Microsecond) // and not opened together
		s2 := gum(t, m, StreamConstraints{Video: constraints(set{})})
		v := watchVideo(s2.GetVideoTracks()[0])
		var beeps []time.Time
		quiet := true
		s.GetAudioTracks()[0].AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
			for i, x := range f.Samples {
				loud := x > 8000 || x < -8000
				if loud && quiet {
					beeps = append(beeps, f.CaptureTime.Add(time.Duration(i)*time.Second/48000))
				}
				if loud {
					quiet = false
				}
			}
			if pattern.Flashing(f.CaptureTime.Sub(time.Unix(f.CaptureTime.Unix(), 0))+500*time.Millisecond) || f.CaptureTime.Nanosecond() > 5e8 {
				quiet = true
			}
		}})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		stop(s)
		stop(s2)
		var flashes []time.Time
		for i := 1; i < len(v.flash); i++ {
			if v.flash[i] && !v.flash[i-1] {
				flashes = append(flashes, v.times[i])
			}
		}
		if len(flashes) < 4 || len(beeps) < 4 {
			t.Fatalf("%d flashes and %d beeps in 5 s", len(flashes), len(beeps))
		}
		for _, f := range flashes {
			best := time.Hour
			for _, b := range beeps {
				best = min(best, b.Sub(f).Abs())
			}
			if best > 3*time.Millisecond {
				t.Errorf("the flash at %v is %v from a beep", f, best)
			}
		}
	})
}

func TestTracksOfOneDeviceHaveTheirOwnSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		opened := 0
		cam := small()
		open := cam.Open
		cam.Open = func(ctx context.Context, mode Mode) (func(context.Context, *media.Source) error, error) {
			opened++
			return open(ctx, mode)
		}
		m.Add(cam)
		a := gum(t, m, StreamConstraints{Video: constraints(set{})})
		b := gum(t, m, StreamConstraints{Video: constraints(set{Width: media.ExactULong(80), Height: media.ExactULong(80), FrameRate: media.ExactDouble(10)})})
		if a.GetTracks()[0].Source() != b.GetTracks()[0].Source() || opened != 1 {
			t.Errorf("one device opened %d times; its tracks share one source", opened)
		}
		va, vb := watchVideo(a.GetTracks()[0]), watchVideo(b.GetTracks()[0])
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if va.w != 160 || vb.w != 80 || vb.h != 80 {
			t.Errorf("pictures %dx%d and %dx%d, want 160x120 and 80x80", va.w, va.h, vb.w, vb.h)
		}
		if n := len(vb.times); n < 29 || n > 31 {
			t.Errorf("%d pictures in 3 s at 10 frames per second", n)
		}
		for i := 1; i < len(vb.times); i++ {
			if d := vb.times[i].Sub(vb.times[i-1]); (d - 100*time.Millisecond).Abs() > time.Millisecond {
				t.Fatalf("pictures %v apart; a lower rate must be even", d)
			}
		}
		// A third wants more than the capture gives: it is started anew, and
		// the others go on as they were.
		c := gum(t, m, StreamConstraints{Video: constraints(set{Width: media.ExactULong(320)})})
		vc := watchVideo(c.GetTracks()[0])
		va.mu.Lock()
		before := len(va.times)
		va.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if opened != 2 || vc.w != 320 || va.w != 160 || vb.w != 80 || len(va.times) < before+29 {
			t.Errorf("opened %d times; widths %d, %d, %d; the first got %d pictures in the last second", opened, va.w, vb.w, vc.w, len(va.times)-before)
		}
		stop(a)
		stop(b)
		stop(c)
	})
}

func TestApplyConstraints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		m.Add(small())
		s := gum(t, m, StreamConstraints{Video: constraints(set{})})
		track := s.GetTracks()[0]
		clone := track.Clone()
		v, vc := watchVideo(track), watchVideo(clone)
		want := constraints(set{Width: media.ExactULong(64), Height: media.ExactULong(48)})
		if err := track.ApplyConstraints(t.Context(), *want); err != nil {
			t.Fatal(err)
		}
		got := track.GetSettings()
		if *got.Width != 64 || *got.Height != 48 || *got.ResizeMode != "crop-and-scale" {
			t.Errorf("settings %dx%d %s", *got.Width, *got.Height, *got.ResizeMode)
		}
		if c := track.GetConstraints(); *c.Width.Exact != 64 {
			t.Error("getConstraints returns what was applied")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if v.w != 64 || vc.w != 160 || *clone.GetSettings().Width != 160 {
			t.Errorf("widths %d and %d; the clone keeps its own settings", v.w, vc.w)
		}
		var over *OverconstrainedError
		err := track.ApplyConstraints(t.Context(), *constraints(set{Width: media.ExactULong(9999)}))
		if !errors.As(err, &over) || over.Constraint != "width" || *track.GetSettings().Width != 64 || *track.GetConstraints().Width.Exact != 64 {
			t.Errorf("%v: an OverconstrainedError must change nothing", err)
		}
		if *track.GetCapabilities().Width.Max != 320 {
			t.Error("getCapabilities tells of the device")
		}
		stop(s)
		if err := track.ApplyConstraints(t.Context(), media.TrackConstraints{}); err != nil {
			t.Errorf("on an ended track applyConstraints does nothing: %v", err)
		}
		clone.Stop()
		synctest.Wait()
	})
}

func TestErrorsOfGetUserMedia(t *testing.T) {
	m := New(Options{NoTestDevices: true})
	if _, err := m.GetUserMedia(t.Context(), StreamConstraints{}); !errors.Is(err, domerr.Type) {
		t.Errorf("nothing asked for: %v, want TypeError", err)
	}
	if _, err := m.GetUserMedia(t.Context(), StreamConstraints{Video: constraints(set{})}); !errors.Is(err, domerr.NotFound) {
		t.Errorf("no device: %v, want NotFoundError", err)
	}
	busy := small()
	busy.Open = func(context.Context, Mode) (func(context.Context, *media.Source) error, error) {
		return nil, errors.New("in use")
	}
	m.Add(busy)
	if _, err := m.GetUserMedia(t.Context(), StreamConstraints{Video: constraints(set{})}); !errors.Is(err, domerr.NotReadable) {
		t.Errorf("a busy device: %v, want NotReadableError", err)
	}
	no := New(Options{Choose: func(context.Context, []DeviceInfo) (int, error) { return 0, errors.New("no") }})
	if _, err := no.GetUserMedia(t.Context(), StreamConstraints{Audio: constraints(set{})}); !errors.Is(err, domerr.NotAllowed) {
		t.Errorf("refused: %v, want NotAllowedError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := no.GetUserMedia(ctx, StreamConstraints{Audio: constraints(set{})}); !errors.Is(err, domerr.Abort) {
		t.Errorf("given up: %v, want AbortError", err)
	}
}

func TestABusyDeviceGivesWayToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		busy, free := small(), small()
		busy.Label, free.Label = "Busy", "Free"
		busy.Open = func(context.Context, Mode) (func(context.Context, *media.Source) error, error) {
			return nil, errors.New("in use")
		}
		m.Add(busy, free)
		s := gum(t, m, StreamConstraints{Video: constraints(set{})})
		if got := s.GetTracks()[0].Label(); got != "Free" {
			t.Errorf("opened %q", got)
		}
		stop(s)
	})
}

func TestEnumerateAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{})
		changes := 0
		m.OnDeviceChange(func() { changes++ })
		cam := small()
		m.Add(cam)
		list, _ := m.EnumerateDevices(t.Context())
		if len(list) != 3 || list[0].Kind != AudioInput || list[1].Label != "Test picture" || list[2].Label != "Small" {
			t.Fatalf("devices %+v; microphones before cameras, and no screens", list)
		}
		if list[0].GroupID != list[1].GroupID || list[1].DeviceID == list[2].DeviceID || *list[2].GetCapabilities().Width.Max != 320 {
			t.Error("the test devices form a group; ids differ; capabilities are the device's")
		}
		s := gum(t, m, StreamConstraints{Video: constraints(set{DeviceID: media.ExactText(cam.id())})})
		ended := false
		s.GetTracks()[0].OnEnded(func() { ended = true })
		m.Remove(cam)
		synctest.Wait()
		if !ended || changes != 2 || s.Active() {
			t.Errorf("unplugging: ended fired %v, devicechange %d times", ended, changes)
		}
		// Plugged in again it works again.
		m.Add(cam)
		s = gum(t, m, StreamConstraints{Video: constraints(set{DeviceID: media.ExactText(cam.id())})})
		v := watchVideo(s.GetTracks()[0])
		time.Sleep(time.Second)
		synctest.Wait()
		if len(v.times) < 29 {
			t.Errorf("%d pictures after plugging in again", len(v.times))
		}
		stop(s)
	})
}

func TestGetDisplayMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{})
		s, err := m.GetDisplayMedia(t.Context(), StreamConstraints{Video: constraints(set{Width: &media.ConstrainULong{Max: p(uint32(320))}}), Audio: constraints(set{})})
		if err != nil {
			t.Fatal(err)
		}
		got := s.GetVideoTracks()[0].GetSettings()
		if *got.DisplaySurface != "monitor" || *got.Width != 320 || *got.Height != 180 || len(s.GetAudioTracks()) != 0 {
			t.Errorf("settings %+v; want a monitor scaled to 320x180 without sound", got)
		}
		stop(s)
		for name, c := range map[string]StreamConstraints{
			"no video": {Audio: constraints(set{})}, "exact": {Video: constraints(set{Width: media.ExactULong(1)})}, "advanced": {Video: constraints(set{}, set{})},
		} {
			if _, err := m.GetDisplayMedia(t.Context(), c); !errors.Is(err, domerr.Type) {
				t.Errorf("%s: %v, want TypeError", name, err)
			}
		}
	})
}

func TestStoppingInASinkDoesNotDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		m.Add(small())
		for range 3 {
			s := gum(t, m, StreamConstraints{Video: constraints(set{})})
			track := s.GetTracks()[0]
			track.AddSink(&media.Sink{Video: func(*media.VideoFrame) { track.Stop() }})
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			if track.ReadyState() != media.Ended {
				t.Error("the sink stopped the track")
			}
		}
	})
}

func TestAudioIsResampledAndMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{})
		s := gum(t, m, StreamConstraints{Audio: constraints(set{SampleRate: media.ExactULong(16000), ChannelCount: media.ExactULong(2)})})
		var n int
		var next uint32
		s.GetTracks()[0].AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
			if f.SampleRate != 16000 || f.Channels != 2 {
				t.Errorf("%d Hz, %d channels", f.SampleRate, f.Channels)
			}
			if n > 0 && f.Timestamp != next {
				t.Errorf("sound at %d, want %d", f.Timestamp, next)
			}
			next = f.Timestamp + uint32(len(f.Samples)/2)
			n += len(f.Samples) / 2
		}})
		time.Sleep(time.Second)
		synctest.Wait()
		stop(s)
		if n < 15700 || n > 16000 {
			t.Errorf("%d samples in a second, want 16000 less the filter's delay", n)
		}
	})
}
