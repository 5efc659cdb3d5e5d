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

// TestCamera is a camera that shows the picture of package pattern.
func TestCamera(clock media.Clock) *Device {
	return &Device{
		Kind: VideoInput, Label: "Test picture", GroupID: hash(testGroup), FacingMode: "user",
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
			return func(ctx context.Context, out *media.Source) error { return showPattern(ctx, clock, m, out) }, nil
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

func showPattern(ctx context.Context, clock media.Clock, m Mode, out *media.Source) error {
	picture := pattern.New(m.Width, m.Height)
	frame := new(media.VideoFrame)
	rate := int64(m.FrameRate)
	for n := ticks(clock.Now(), rate) + 1; ; n++ {
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
	for n := ticks(clock.Now(), perSecond); ; n++ {
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
