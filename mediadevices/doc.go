// Package mediadevices is the MediaDevices of Media Capture and Streams:
// GetUserMedia, GetDisplayMedia and EnumerateDevices, with the constraint
// algorithm, over devices that need no hardware (a test picture and tone,
// files) and those that a program adds.
//
//	stream, err := mediadevices.GetUserMedia(ctx, mediadevices.StreamConstraints{
//		Video: &media.TrackConstraints{TrackConstraintSet: media.TrackConstraintSet{
//			Width: media.ULong(1280), Height: media.ULong(720),
//		}},
//		Audio: &media.TrackConstraints{},
//	})
//
// The tracks give raw pictures (I420) and samples (16-bit PCM). Several tracks
// of one device share one capture, and each is scaled, cropped, thinned out
// or resampled to its own settings.
//
// A program is its own user agent: all devices and their labels are visible
// from the start, and permission is granted unless Options.Choose says no.
package mediadevices

import (
	"context"

	"trackway/media"
)

// Default is the instance behind the package's functions. It has the test
// camera, the test tone, and the test screen.
var Default = New(Options{})

// GetUserMedia calls Default's.
func GetUserMedia(ctx context.Context, c StreamConstraints) (*media.Stream, error) {
	return Default.GetUserMedia(ctx, c)
}

// GetDisplayMedia calls Default's.
func GetDisplayMedia(ctx context.Context, c StreamConstraints) (*media.Stream, error) {
	return Default.GetDisplayMedia(ctx, c)
}

// EnumerateDevices calls Default's.
func EnumerateDevices(ctx context.Context) ([]DeviceInfo, error) {
	return Default.EnumerateDevices(ctx)
}

// GetSupportedConstraints returns the names of the constraints that are
// recognised, as MediaTrackSupportedConstraints has them.
func GetSupportedConstraints() []string {
	names := make([]string, len(properties))
	for i, p := range properties {
		names[i] = p.name
	}
	return names
}
