package mediadevices

import (
	"context"
	"time"

	"trackway/media"
	"trackway/media/pattern"
)

// The test devices live by the wall clock: what they show and sound at a time
// does not depend on when they were opened. So the flash of the picture and
// the beep of the tone, and of all machines whose clocks agree, are in step.

const testGroup = "trackway-test"

// Drawing and making sound costs something, so they do it only while somebody
// takes what they give.

// TestCamera is a camera that shows the picture of package pattern.
func TestCamera(clock media.Clock) *Device {
	return TestCameraLook(clock, "Test picture", pattern.Slate)
}

// TestCameraLook is a test camera of another label and look.
func TestCameraLook(clock media.Clock, label string, look pattern.Look) *Device {
	return &Device{
		Kind: VideoInput, Label: label, GroupID: hash(testGroup), FacingMode: "user",
		Modes: []Mode{
			{Width: 640, Height: 480, FrameRate: 30}, // what browsers give when asked for nothing
			{Width: 320, Height: 240, FrameRate: 30},
			{Width: 640, Height: 360, FrameRate: 30},
			{Width: 960, Height: 540, FrameRate: 30},
			{Width: 1280, Height: 720, FrameRate: 30},
			{Width: 1280, Height: 720, FrameRate: 60},
			{Width: 1920, Height: 1080, FrameRate: 30},
		},
		Open: func(_ context.Context, m Mode) (func(context.Context, *media.Source) error, error) {
			return func(ctx context.Context, out *media.Source) error {
				return showPattern(ctx, clock, look.New(m.Width, m.Height), m, out)
			}, nil
		},
	}
}

// TestScreen is a screen that shows the picture of package pattern.
func TestScreen(clock media.Clock) *Device {
	d := TestCamera(clock)
	d.Label, d.FacingMode, d.DisplaySurface = "Test screen", "", "monitor"
	d.Modes = []Mode{{Width: 1920, Height: 1080, FrameRate: 30}}
	return d
}

// TestTone is a microphone that hears the sound of package pattern.
func TestTone(clock media.Clock) *Device {
	return &Device{
		Kind: AudioInput, Label: "Test tone", GroupID: hash(testGroup), Latency: toneStep.Seconds(),
		Modes: []Mode{{SampleRate: 48000, Channels: 1}},
		Open: func(_ context.Context, m Mode) (func(context.Context, *media.Source) error, error) {
			return func(ctx context.Context, out *media.Source) error { return soundPattern(ctx, clock, m, out) }, nil
		},
	}
}

// sinceEpoch splits a time into whole seconds and the rest, for arithmetic
// that does not overflow.
func sinceEpoch(t time.Time) (seconds, nanos int64) { return t.Unix(), int64(t.Nanosecond()) }

// ticks is a time in units of a rate.
func ticks(t time.Time, rate int64) int64 {
	s, n := sinceEpoch(t)
	return s*rate + n*rate/int64(time.Second)
}

// timeOf undoes ticks.
func timeOf(n, rate int64) time.Time {
	return time.Unix(n/rate, (n%rate)*int64(time.Second)/rate)
}

// takers returns a function that waits until somebody takes what the source
// gives, and reports whether it had to. The first call does not wait: a
// track's format is known from what came last.
func takers(out *media.Source) (wait func(context.Context) (waited bool, err error)) {
	bell := make(chan struct{}, 1)
	out.OnDemand(func(media.Demand) {
		select {
		case bell <- struct{}{}:
		default:
		}
	})
	begun := false
	return func(ctx context.Context) (waited bool, err error) {
		for begun && !out.Demand().Raw {
			waited = true
			select {
			case <-bell:
			case <-ctx.Done():
				return waited, ctx.Err()
			}
		}
		begun = true
		return waited, nil
	}
}

func showPattern(ctx context.Context, clock media.Clock, picture *pattern.Picture, m Mode, out *media.Source) error {
	wait := takers(out)
	frame := new(media.VideoFrame)
	rate := int64(m.FrameRate)
	for n := ticks(clock.Now(), rate) + 1; ; n++ {
		if _, err := wait(ctx); err != nil {
			return err
		}
		at := timeOf(n, rate)
		if err := clock.SleepUntil(ctx, at); err != nil {
			return err
		}
		if late := ticks(clock.Now(), rate); late > n {
			n, at = late, timeOf(late, rate) // frames that were missed are missed
		}
		inPeriod := time.Duration(n%(rate*int64(pattern.Period.Seconds()))) * time.Second / time.Duration(rate)
		picture.Draw(frame, int(n%100000), inPeriod)
		frame.Timestamp = uint32(ticks(at, 90000))
		frame.CaptureTime = at
		frame.Duration = time.Second / time.Duration(rate)
		if err := out.WriteVideo(frame); err != nil {
			return err
		}
	}
}

const toneStep = 10 * time.Millisecond

func soundPattern(ctx context.Context, clock media.Clock, m Mode, out *media.Source) error {
	rate := int64(m.SampleRate)
	step := rate * int64(toneStep) / int64(time.Second)
	frame := &media.AudioFrame{SampleRate: m.SampleRate, Channels: m.Channels, Samples: make([]int16, int(step)*m.Channels)}
	perSecond := int64(time.Second / toneStep)
	wait := takers(out)
	for n := ticks(clock.Now(), perSecond); ; n++ {
		if waited, err := wait(ctx); err != nil {
			return err
		} else if waited {
			n = ticks(clock.Now(), perSecond)
		}
		// Sound can be passed on only when its last sample was heard.
		if err := clock.SleepUntil(ctx, timeOf(n+1, perSecond)); err != nil {
			return err
		}
		if late := ticks(clock.Now(), perSecond) - n; late > perSecond {
			n += late - 1 // the machine slept
		}
		first := n * step
		pattern.Sound(frame.Samples, first, m.SampleRate, m.Channels)
		frame.Timestamp = uint32(first)
		frame.CaptureTime = timeOf(n, perSecond)
		if err := out.WriteAudio(frame); err != nil {
			return err
		}
	}
}
