package mediadevices

import (
	"errors"
	"math"
	"testing"

	"go.uber.org/goleak"

	"trackway/internal/domerr"
	"trackway/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type set = media.TrackConstraintSet

func p[T any](v T) *T { return &v }

func constraints(cs set, advanced ...set) *media.TrackConstraints {
	return &media.TrackConstraints{TrackConstraintSet: cs, Advanced: advanced}
}

func TestSelectSettingsOfACamera(t *testing.T) {
	cam := TestCamera(media.SystemClock)
	for _, c := range []struct {
		name   string
		c      *media.TrackConstraints
		w, h   int
		rate   float64
		resize string
	}{
		{"no constraints: the device's default", constraints(set{}), 640, 480, 30, "none"},
		{"ideal that is native", constraints(set{Width: media.ULong(1280), Height: media.ULong(720)}), 1280, 720, 30, "none"},
		{"ideal that is not native is scaled", constraints(set{Width: media.ULong(800), Height: media.ULong(450)}), 800, 450, 30, "crop-and-scale"},
		{"ideal width alone keeps the default's shape", constraints(set{Width: media.ULong(200)}), 200, 150, 30, "crop-and-scale"},
		{"ideal beyond the device: the most there is", constraints(set{Width: media.ULong(4000), Height: media.ULong(4000)}), 1920, 1080, 30, "none"},
		{"exact", constraints(set{Width: media.ExactULong(123), Height: media.ExactULong(77)}), 123, 77, 30, "crop-and-scale"},
		{"min takes the first mode that has it", constraints(set{Width: &media.ConstrainULong{Min: p(uint32(700))}}), 960, 540, 30, "none"},
		{"max", constraints(set{Width: &media.ConstrainULong{Max: p(uint32(500))}}), 320, 240, 30, "none"},
		{"frame rate of its own", constraints(set{FrameRate: media.Double(60)}), 1280, 720, 60, "none"},
		{"lower frame rate by dropping", constraints(set{FrameRate: media.ExactDouble(10)}), 640, 480, 10, "crop-and-scale"},
		{"resizeMode none forbids scaling", constraints(set{Width: media.ULong(800), ResizeMode: media.ExactText("none")}), 960, 540, 30, "none"},
		{"aspect ratio", constraints(set{AspectRatio: media.ExactDouble(16.0 / 9)}), 640, 360, 30, "none"},
		{"aspect ratio that is cropped", constraints(set{AspectRatio: media.ExactDouble(1), Width: media.ULong(480)}), 480, 480, 30, "crop-and-scale"},
		{"audio constraints are ignored", constraints(set{SampleRate: media.ExactULong(1)}), 640, 480, 30, "none"},
		{"advanced narrows", constraints(set{}, set{Width: media.ExactULong(1920)}), 1920, 1080, 30, "none"},
		{"advanced that cannot be met is skipped", constraints(set{}, set{Width: media.ExactULong(5000)}, set{Height: media.ExactULong(240), Width: media.ExactULong(320)}), 320, 240, 30, "none"},
		{"advanced in order: the first wins", constraints(set{}, set{FrameRate: media.ExactDouble(60)}, set{Width: media.ExactULong(1920)}), 1280, 720, 60, "none"},
	} {
		s, failed, ok := selectSettings(preferNative(candidates(cam, c.c)), c.c)
		if !ok {
			t.Errorf("%s: overconstrained by %q", c.name, failed)
			continue
		}
		if s.width != c.w || s.height != c.h || s.rate != c.rate || s.resize != c.resize {
			t.Errorf("%s: %dx%d at %v, %s; want %dx%d at %v, %s", c.name, s.width, s.height, s.rate, s.resize, c.w, c.h, c.rate, c.resize)
		}
		if m := cam.Modes[s.mode]; m.Width < s.width || m.Height < s.height || m.FrameRate < s.rate {
			t.Errorf("%s: made from mode %+v, which gives less", c.name, m)
		}
	}
}

func TestSelectSettingsOfAMicrophone(t *testing.T) {
	mic := TestTone(media.SystemClock)
	for _, c := range []struct {
		c              *media.TrackConstraints
		rate, channels int
	}{
		{constraints(set{}), 48000, 1},
		{constraints(set{SampleRate: media.ULong(16000), ChannelCount: media.ExactULong(2)}), 16000, 2},
		{constraints(set{SampleRate: media.ULong(1e6), EchoCancellation: media.Bool(true)}), 96000, 1},
		{constraints(set{Width: media.ExactULong(1)}), 48000, 1},
	} {
		s, failed, ok := selectSettings(preferNative(candidates(mic, c.c)), c.c)
		if !ok || s.sampleRate != c.rate || s.channels != c.channels {
			t.Errorf("%+v: %d Hz, %d channels, failed %q; want %d, %d", c.c, s.sampleRate, s.channels, failed, c.rate, c.channels)
		}
	}
}

func TestFitnessDistance(t *testing.T) {
	s := &settings{device: TestCamera(media.SystemClock), width: 640, height: 480, rate: 30, resize: "none"}
	for _, c := range []struct {
		name string
		cs   set
		want float64
	}{
		{"nothing", set{}, 0},
		{"|actual - ideal| / max", set{Width: media.ULong(1280)}, 0.5},
		{"the sum of the members", set{Width: media.ULong(1280), Height: media.ULong(240)}, 1},
		{"a list of strings that has it", set{FacingMode: media.Text("environment", "user")}, 0},
		{"a string that differs", set{FacingMode: media.Text("environment")}, 1},
		{"a required string that differs", set{FacingMode: media.ExactText("environment")}, math.Inf(1)},
		{"min is not met", set{Width: &media.ConstrainULong{Min: p(uint32(641))}}, math.Inf(1)},
		{"min is met", set{Width: &media.ConstrainULong{Min: p(uint32(640))}}, 0},
		{"a boolean that differs", set{BackgroundBlur: media.Bool(true)}, 1},
		{"a required boolean that differs", set{BackgroundBlur: media.ExactBool(true)}, math.Inf(1)},
	} {
		if got := fitness(&c.cs, s); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOverconstrainedNamesTheConstraint(t *testing.T) {
	m := New(Options{})
	for want, c := range map[string]set{
		"width":            {Width: &media.ConstrainULong{Min: p(uint32(5000))}},
		"frameRate":        {FrameRate: media.ExactDouble(1000), Width: media.ExactULong(640)},
		"facingMode":       {FacingMode: media.ExactText("left")},
		"deviceId":         {DeviceID: media.ExactText("nobody")},
		"":                 {Width: media.ExactULong(1920), FrameRate: media.ExactDouble(60)},
		"aspectRatio":      {AspectRatio: &media.ConstrainDouble{Max: p(0.0001)}},
		"echoCancellation": {EchoCancellation: media.ExactBool(true)},
	} {
		req := StreamConstraints{Video: constraints(c)}
		if want == "echoCancellation" {
			req = StreamConstraints{Audio: constraints(c)}
		}
		_, err := m.GetUserMedia(t.Context(), req)
		var over *OverconstrainedError
		if !errors.As(err, &over) || over.Constraint != want || !errors.Is(err, domerr.Overconstrained) {
			t.Errorf("%v: want OverconstrainedError of %q", err, want)
		}
	}
}
