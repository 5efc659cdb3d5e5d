// Package system finds the devices of this machine: cameras by Video4Linux,
// microphones of PulseAudio or PipeWire, and the screen of an X server.
//
//	devices := mediadevices.New(mediadevices.Options{Discover: system.Devices})
package system

import (
	"context"

	"trackway/mediadevices"
	"trackway/mediadevices/pulse"
	"trackway/mediadevices/v4l2"
	"trackway/mediadevices/x11"
)

// Devices lists what is there now.
func Devices(ctx context.Context) []*mediadevices.Device {
	out := v4l2.Devices(ctx)
	out = append(out, pulse.Devices(ctx)...)
	return append(out, x11.Devices(ctx)...)
}
