package web

import (
	"context"
	"fmt"

	"trackway/media"
	"trackway/media/pattern"
	"trackway/mediadevices"
)

// LiveOptions say what Live opens.
type LiveOptions struct {
	// Width and Height are of the pictures; 1280 and 720 if they are zero.
	Width, Height int
}

// Live opens the program's own devices: two cameras that show test pictures of
// two looks, and a tone that beeps when both flash. They are drawn, sounded and
// coded while somebody takes them, once for all who do. The function that is
// returned closes the devices.
func Live(ctx context.Context, o LiveOptions) (sources []Source, stop func(), err error) {
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 720
	}
	stop = func() {
		for _, s := range sources {
			s.Track.Stop()
		}
	}
	size := &media.TrackConstraints{TrackConstraintSet: media.TrackConstraintSet{
		Width: media.ULong(uint32(o.Width)), Height: media.ULong(uint32(o.Height)), FrameRate: media.Double(liveRate),
	}}
	clock := media.SystemClock
	for _, d := range []struct {
		Source
		device *mediadevices.Device
	}{
		{Source{Detail: fmt.Sprintf("%d×%d, %d frames per second, drawn and coded live", o.Width, o.Height, liveRate)},
			mediadevices.TestCameraLook(clock, "Camera 1", pattern.Slate)},
		{Source{Detail: fmt.Sprintf("%d×%d, %d frames per second, flashes with camera 1", o.Width, o.Height, liveRate), Later: true},
			mediadevices.TestCameraLook(clock, "Camera 2", pattern.Dusk)},
		{Source{Detail: fmt.Sprintf("%d Hz, and a beep with each flash of the cameras", pattern.ToneFrequency)},
			mediadevices.TestTone(clock)},
	} {
		devices := mediadevices.New(mediadevices.Options{NoTestDevices: true})
		devices.Add(d.device)
		want := mediadevices.StreamConstraints{Video: size}
		if d.device.Kind == mediadevices.AudioInput {
			want = mediadevices.StreamConstraints{Audio: &media.TrackConstraints{}}
			d.Name = "Tone"
		} else {
			d.Name = d.device.Label
		}
		stream, err := devices.GetUserMedia(ctx, want)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", d.device.Label, err)
		}
		d.Track = stream.GetTracks()[0]
		sources = append(sources, d.Source)
	}
	return sources, stop, nil
}

const liveRate = 30
