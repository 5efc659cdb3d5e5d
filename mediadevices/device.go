package mediadevices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"trackway/media"
)

// Kind is MediaDeviceKind.
type Kind string

// The kinds of devices.
const (
	AudioInput  Kind = "audioinput"
	AudioOutput Kind = "audiooutput"
	VideoInput  Kind = "videoinput"
)

// DeviceInfo is MediaDeviceInfo, and for input devices InputDeviceInfo.
type DeviceInfo struct {
	DeviceID string
	Kind     Kind
	Label    string
	// GroupID is the same for devices that belong together, such as a camera
	// with its microphone.
	GroupID string

	capabilities media.TrackCapabilities
}

// GetCapabilities returns what an input device can do.
func (i DeviceInfo) GetCapabilities() media.TrackCapabilities { return i.capabilities }

// Mode is one way in which a device can capture by itself. Whatever else is
// asked for is made from a mode by scaling, cropping, dropping frames and
// resampling.
type Mode struct {
	// Width, Height and FrameRate are of video.
	Width, Height int
	FrameRate     float64
	// SampleRate and Channels are of audio.
	SampleRate, Channels int
}

// Device is something to capture from. Set its fields, then Add it.
type Device struct {
	// Kind says what it captures: AudioInput or VideoInput.
	Kind Kind
	// Label names it.
	Label string
	// DeviceID identifies it; empty means an id made of kind and label, which
	// stays the same from run to run.
	DeviceID string
	// GroupID is the same for devices that belong together.
	GroupID string
	// FacingMode is "user", "environment", "left", "right", or "" if it has none.
	FacingMode string
	// DisplaySurface makes it a screen, for GetDisplayMedia: "monitor",
	// "window" or "browser"; audio devices with one are captured along with it.
	DisplaySurface string
	// Modes are what the device offers, the default first. There is at least one.
	Modes []Mode
	// Latency is the delay of the capture in seconds.
	Latency float64
	// Open takes hold of the device. It returns the function that captures:
	// that writes into the source until its context ends, and returns nil
	// then, and otherwise when the device has no more to give. Open is called
	// again to change the mode, after the capture has returned.
	Open func(ctx context.Context, m Mode) (capture func(ctx context.Context, out *media.Source) error, err error)
}

func (d *Device) id() string {
	if d.DeviceID != "" {
		return d.DeviceID
	}
	return hash(string(d.Kind) + "\x00" + d.DisplaySurface + "\x00" + d.Label)
}

// ID makes a DeviceID of the name that a system has for a device: the same from
// run to run, and opaque.
func ID(system, name string) string { return hash(system + "\x00" + name) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (d *Device) mediaKind() media.Kind {
	if d.Kind == AudioInput {
		return media.Audio
	}
	return media.Video
}

func (d *Device) info() DeviceInfo {
	return DeviceInfo{DeviceID: d.id(), Kind: d.Kind, Label: d.Label, GroupID: d.GroupID, capabilities: d.capabilities()}
}

// The bounds of what audio is converted to.
const (
	minSampleRate = 8000
	maxSampleRate = 96000
	maxChannels   = 2
)

func (d *Device) capabilities() media.TrackCapabilities {
	id, group := d.id(), d.GroupID
	c := media.TrackCapabilities{DeviceID: &id, GroupID: &group}
	if d.Kind == AudioInput {
		c.SampleRate = ulongRange(minSampleRate, maxSampleRate)
		c.ChannelCount = ulongRange(1, maxChannels)
		c.SampleSize = ulongRange(sampleSize, sampleSize)
		c.Latency = &media.DoubleRange{Min: &d.Latency, Max: &d.Latency}
		no := []bool{false}
		c.EchoCancellation, c.AutoGainControl, c.NoiseSuppression = no, no, no
		return c
	}
	var w, h uint32
	var rate float64
	for _, m := range d.Modes {
		w, h, rate = max(w, uint32(m.Width)), max(h, uint32(m.Height)), max(rate, m.FrameRate)
	}
	c.Width, c.Height = ulongRange(1, w), ulongRange(1, h)
	low, flat, tall := 0.0, float64(w), 1/float64(h)
	c.FrameRate = &media.DoubleRange{Min: &low, Max: &rate}
	c.AspectRatio = &media.DoubleRange{Min: &tall, Max: &flat}
	c.ResizeMode = []string{resizeNone, resizeCrop}
	c.BackgroundBlur = []bool{false}
	if d.FacingMode != "" {
		c.FacingMode = []string{d.FacingMode}
	}
	if d.DisplaySurface != "" {
		c.DisplaySurface = &d.DisplaySurface
	}
	return c
}

func ulongRange(low, high uint32) *media.ULongRange {
	return &media.ULongRange{Min: &low, Max: &high}
}
