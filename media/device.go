package media

import "context"

// What package mediadevices calls, and nobody else has reason to: sources
// that are constrainable devices.

// Device is the constrainable side of a source.
type Device interface {
	// ApplyConstraints finds new settings for the track, installs the
	// processor they call for, and records them with SetConstraintState.
	ApplyConstraints(ctx context.Context, t *Track, c TrackConstraints) error
	// Cloned is called when a track of the device was cloned, with the
	// original and the clone.
	Cloned(from, to *Track)
	// Ended is called when a track of the device has ended.
	Ended(t *Track)
}

// Processor changes raw media on its way through one track: it scales, crops,
// drops frames, resamples. It is called on the goroutine that writes; what it
// returns need be valid only until its next call, and nil drops the frame.
type Processor interface {
	Video(*VideoFrame) *VideoFrame
	Audio(*AudioFrame) *AudioFrame
}

// SetDevice makes the source a device.
func SetDevice(s *Source, d Device) {
	s.mu.Lock()
	s.device = d
	s.mu.Unlock()
}

func (s *Source) getDevice() Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device
}

// SetProcessor has a track's media pass through p; nil means unchanged.
func SetProcessor(t *Track, p Processor) {
	if p == nil {
		t.processor.Store(nil)
		return
	}
	t.processor.Store(&p)
}

// SetConstraintState records what a track of a device can do, was asked for,
// and does.
func SetConstraintState(t *Track, caps TrackCapabilities, c TrackConstraints, s TrackSettings) {
	t.mu.Lock()
	t.dictionaries = &dictionaries{caps, c, s, true}
	t.mu.Unlock()
}
