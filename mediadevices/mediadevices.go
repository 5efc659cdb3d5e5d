package mediadevices

import (
	"context"
	"errors"
	"slices"
	"sync"

	"trackway/internal/domerr"
	"trackway/media"
)

// Options say how MediaDevices work.
type Options struct {
	// Loop is where the events of tracks and of devicechange run; nil means
	// the process's own.
	Loop media.Loop
	// Clock drives the test devices; nil means media.SystemClock.
	Clock media.Clock
	// Choose stands for the user: it is given the devices that fit, the best
	// first, and returns the index of the one to use, or an error, which is
	// reported as NotAllowedError. Nil chooses the best.
	Choose func(ctx context.Context, candidates []DeviceInfo) (int, error)
	// Discover lists the devices of the machine, those to prefer first; package
	// system has one. It is called when devices are enumerated or opened. What
	// it lists comes before other devices, and what it does not list any more
	// has been unplugged: its tracks end. Devices are told apart by DeviceID.
	Discover func(ctx context.Context) []*Device
	// NoTestDevices leaves the test camera, tone and screen out.
	NoTestDevices bool
}

// MediaDevices finds and opens devices. Its methods may be called from any
// goroutine.
type MediaDevices struct {
	options Options

	mu       sync.Mutex
	devices  []*Device
	found    []*Device // by Options.Discover
	sessions map[*Device]*session
	onChange func()
}

// New makes an instance of its own.
func New(o Options) *MediaDevices {
	if o.Clock == nil {
		o.Clock = media.SystemClock
	}
	m := &MediaDevices{options: o, sessions: map[*Device]*session{}}
	if !o.NoTestDevices {
		m.devices = []*Device{TestCamera(o.Clock), TestTone(o.Clock), TestScreen(o.Clock)}
	}
	return m
}

// Add makes devices known, in order of preference, after those there are.
// devicechange fires.
func (m *MediaDevices) Add(devices ...*Device) {
	m.change(func() { m.devices = append(m.devices, devices...) })
}

// Prefer is Add before those there are.
func (m *MediaDevices) Prefer(devices ...*Device) {
	m.change(func() { m.devices = append(slices.Clone(devices), m.devices...) })
}

// Remove makes a device unknown, as when it is unplugged: its tracks end.
func (m *MediaDevices) Remove(d *Device) {
	var s *session
	m.change(func() {
		m.devices = slices.DeleteFunc(slices.Clone(m.devices), func(x *Device) bool { return x == d })
		s = m.sessions[d]
	})
	if s != nil {
		s.source.End()
		s.close()
	}
}

func (m *MediaDevices) change(edit func()) {
	m.mu.Lock()
	edit()
	f := m.onChange
	m.mu.Unlock()
	if f == nil {
		return
	}
	if m.options.Loop != nil {
		m.options.Loop.Post(f)
	} else {
		f()
	}
}

// OnDeviceChange sets the handler of the devicechange event; nil removes it.
// Without Options.Loop it is called by whoever changes the devices.
func (m *MediaDevices) OnDeviceChange(f func()) {
	m.mu.Lock()
	m.onChange = f
	m.mu.Unlock()
}

// EnumerateDevices lists the cameras and microphones; screens are not devices.
func (m *MediaDevices) EnumerateDevices(ctx context.Context) ([]DeviceInfo, error) {
	m.discover(ctx)
	var out []DeviceInfo
	for _, kind := range []Kind{AudioInput, VideoInput} { // the order is the specification's
		for _, d := range m.known() {
			if d.Kind == kind && d.DisplaySurface == "" {
				out = append(out, d.info())
			}
		}
	}
	return out, nil
}

func (m *MediaDevices) known() []*Device {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Concat(m.found, m.devices)
}

// StreamConstraints is MediaStreamConstraints. Nil stands for false, and the
// empty TrackConstraints for true.
type StreamConstraints struct {
	Audio, Video *media.TrackConstraints
}

// GetUserMedia opens a device for each kind that is asked for, and returns a
// stream of their tracks, audio first. The error is a TypeError if nothing is
// asked for, NotFoundError, OverconstrainedError, NotAllowedError,
// NotReadableError, or AbortError when ctx ends.
// https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia
func (m *MediaDevices) GetUserMedia(ctx context.Context, c StreamConstraints) (*media.Stream, error) {
	// "If requestedMediaTypes is the empty set, return a promise rejected with
	// a TypeError."
	if c.Audio == nil && c.Video == nil {
		return nil, domerr.New(domerr.Type, "ask for audio, video or both")
	}
	for _, tc := range []*media.TrackConstraints{c.Audio, c.Video} {
		// "If CS contains a member that is a required constraint and whose name
		// is not in the list of allowed required constraints for device
		// selection, then reject p with a TypeError".
		if tc != nil && tc.DisplaySurface != nil && len(tc.DisplaySurface.Exact) > 0 {
			return nil, domerr.New(domerr.Type, "displaySurface cannot be required of a camera")
		}
	}
	return m.open(ctx, c, func(d *Device) bool { return d.DisplaySurface == "" })
}

// GetDisplayMedia opens a screen and returns a stream of its track, and of a
// track of its sound if that is asked for and there is one. Constraints shape
// what is captured and do not choose the screen.
// https://w3c.github.io/mediacapture-screen-share/#dom-mediadevices-getdisplaymedia
func (m *MediaDevices) GetDisplayMedia(ctx context.Context, c StreamConstraints) (*media.Stream, error) {
	if c.Video == nil {
		return nil, domerr.New(domerr.Type, "a screen without video cannot be captured")
	}
	for _, tc := range []*media.TrackConstraints{c.Audio, c.Video} {
		if tc == nil {
			continue
		}
		// "If CS contains a member named advanced, return a promise rejected
		// with a newly created TypeError", and so for "a member which in turn
		// is a dictionary containing a member named either min or exact".
		if len(tc.Advanced) > 0 || hasMinOrExact(&tc.TrackConstraintSet) {
			return nil, domerr.New(domerr.Type, "min, exact and advanced do not apply to screens")
		}
	}
	sound := slices.ContainsFunc(m.known(), func(d *Device) bool { return d.DisplaySurface != "" && d.Kind == AudioInput })
	if !sound {
		c.Audio = nil // a screen without sound is captured without it
	}
	return m.open(ctx, c, func(d *Device) bool { return d.DisplaySurface != "" })
}

func hasMinOrExact(cs *media.TrackConstraintSet) bool {
	for _, c := range []*media.ConstrainULong{cs.Width, cs.Height, cs.SampleRate, cs.SampleSize, cs.ChannelCount} {
		if c != nil && (c.Min != nil || c.Exact != nil) {
			return true
		}
	}
	for _, c := range []*media.ConstrainDouble{cs.AspectRatio, cs.FrameRate, cs.Latency} {
		if c != nil && (c.Min != nil || c.Exact != nil) {
			return true
		}
	}
	for _, c := range []*media.ConstrainDOMString{cs.FacingMode, cs.ResizeMode, cs.DeviceID, cs.GroupID, cs.DisplaySurface} {
		if c != nil && len(c.Exact) > 0 {
			return true
		}
	}
	for _, c := range []*media.ConstrainBoolean{cs.EchoCancellation, cs.AutoGainControl, cs.NoiseSuppression, cs.BackgroundBlur} {
		if c != nil && c.Exact != nil {
			return true
		}
	}
	return false
}

// open selects a device of each kind and makes the stream.
func (m *MediaDevices) open(ctx context.Context, c StreamConstraints, want func(*Device) bool) (*media.Stream, error) {
	m.discover(ctx)
	var chosen [][]choice
	for _, r := range []struct {
		kind Kind
		c    *media.TrackConstraints
	}{{AudioInput, c.Audio}, {VideoInput, c.Video}} {
		if r.c == nil {
			continue
		}
		list, err := m.choices(r.kind, r.c, want)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, list)
	}
	stream := media.NewStream()
	fail := func(err error) (*media.Stream, error) {
		for _, t := range stream.GetTracks() {
			t.Stop()
		}
		return nil, err
	}
	for i, list := range chosen {
		tc := c.Video
		if i == 0 && c.Audio != nil {
			tc = c.Audio
		}
		t, err := m.openOne(ctx, list, tc)
		if err != nil {
			return fail(err)
		}
		stream.AddTrack(t)
	}
	return stream, nil
}

// choice is a device that fits, with its best settings.
type choice struct {
	settings
	distance float64
}

// choices returns the devices that fit, the best first.
func (m *MediaDevices) choices(kind Kind, c *media.TrackConstraints, want func(*Device) bool) ([]choice, error) {
	var out []choice
	var all []settings
	for _, d := range m.known() {
		if d.Kind != kind || !want(d) {
			continue
		}
		list := preferNative(candidates(d, c))
		all = append(all, list...)
		if s, _, ok := selectSettings(list, c); ok {
			out = append(out, choice{s, fitness(&c.TrackConstraintSet, &s)})
		}
	}
	if len(all) == 0 {
		return nil, domerr.New(domerr.NotFound, "there is no %s", kind)
	}
	if len(out) == 0 {
		return nil, overconstrained(failedConstraint(all, &c.TrackConstraintSet))
	}
	slices.SortStableFunc(out, func(a, b choice) int {
		switch {
		case a.distance < b.distance-1e-9:
			return -1
		case b.distance < a.distance-1e-9:
			return 1
		}
		return 0
	})
	return out, nil
}

// openOne opens the device that is chosen, or if it cannot be read, the next.
func (m *MediaDevices) openOne(ctx context.Context, list []choice, c *media.TrackConstraints) (*media.Track, error) {
	var last error
	for len(list) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, domerr.Wrap(err, domerr.Abort, "opening a device")
		}
		at := 0
		if m.options.Choose != nil {
			infos := make([]DeviceInfo, len(list))
			for i := range list {
				infos[i] = list[i].device.info()
			}
			var err error
			if at, err = m.options.Choose(ctx, infos); err != nil || at < 0 || at >= len(list) {
				return nil, domerr.Wrap(err, domerr.NotAllowed, "the use of a device was not allowed")
			}
		}
		t, err := m.attach(ctx, list[at].settings, c)
		if err == nil {
			return t, nil
		}
		last = errors.Join(last, err)
		list = slices.Delete(list, at, at+1)
	}
	return nil, domerr.Wrap(last, domerr.NotReadable, "the device cannot be read")
}

// attach makes a track of the device's session, and the session if need be.
func (m *MediaDevices) attach(ctx context.Context, s settings, c *media.TrackConstraints) (*media.Track, error) {
	for {
		m.mu.Lock()
		ses := m.sessions[s.device]
		if ses == nil {
			ses = newSession(m, s.device)
			m.sessions[s.device] = ses
		}
		m.mu.Unlock()
		t, err := ses.newTrack(ctx, s, c)
		if !errors.Is(err, errSessionClosed) {
			return t, err
		}
	}
}

func (m *MediaDevices) forget(s *session) {
	m.mu.Lock()
	if m.sessions[s.device] == s {
		delete(m.sessions, s.device)
	}
	m.mu.Unlock()
}
