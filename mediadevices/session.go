package mediadevices

import (
	"context"
	"errors"
	"sync"

	"trackway/media"
)

// errSessionClosed says that the last track of a session has just ended.
var errSessionClosed = errors.New("mediadevices: the session is closed")

// session is an open device: one capture, and the tracks that share it. It is
// the constrainable side (media.Device) of their source.
type session struct {
	owner  *MediaDevices
	device *Device
	source *media.Source

	mu      sync.Mutex
	tracks  map[*media.Track]settings
	mode    int
	running bool
	closed  bool
	cancel  context.CancelFunc // of the capture
	done    chan struct{}      // closed when the capture has returned
}

func newSession(m *MediaDevices, d *Device) *session {
	opts := []media.SourceOption{media.WithLabel(d.Label)}
	if m.options.Loop != nil {
		opts = append(opts, media.WithLoop(m.options.Loop))
	}
	s := &session{owner: m, device: d, tracks: map[*media.Track]settings{}}
	if d.Kind == AudioInput {
		s.source = media.NewAudioSource(opts...)
	} else {
		s.source = media.NewVideoSource(opts...)
	}
	media.SetDevice(s.source, s)
	s.source.OnStopped(s.close)
	return s
}

// newTrack makes a track with settings, and starts or changes the capture for it.
func (s *session) newTrack(ctx context.Context, set settings, c *media.TrackConstraints) (*media.Track, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errSessionClosed
	}
	if err := s.capture(ctx, set); err != nil {
		if len(s.tracks) == 0 {
			s.closed = true
			s.owner.forget(s)
		}
		return nil, err
	}
	t := s.source.NewTrack()
	s.tracks[t] = set
	s.settle(t, *c)
	return t, nil
}

// settle has a track give what its settings say. It is called with mu held.
func (s *session) settle(t *media.Track, c media.TrackConstraints) {
	set := s.tracks[t]
	media.SetProcessor(t, newProcessor(set))
	media.SetConstraintState(t, s.device.capabilities(), c, set.dictionary())
}

// capture starts the capture, or starts it again in another mode if the
// settings need more than the present one gives. It is called with mu held.
func (s *session) capture(ctx context.Context, set settings) error {
	if s.running && !s.exceeds(set.mode, s.mode) {
		return nil
	}
	old, was := s.mode, s.running
	s.halt()
	if err := s.run(ctx, set.mode); err != nil {
		if was { // go on as before
			return errors.Join(err, s.run(ctx, old))
		}
		return err
	}
	return nil
}

// exceeds reports whether mode a gives more than b in any respect.
func (s *session) exceeds(a, b int) bool {
	x, y := s.device.Modes[a], s.device.Modes[b]
	return x.Width > y.Width || x.Height > y.Height || x.FrameRate > y.FrameRate || x.SampleRate > y.SampleRate || x.Channels > y.Channels
}

func (s *session) run(ctx context.Context, mode int) error {
	work, err := s.device.Open(ctx, s.device.Modes[mode])
	if err != nil {
		return err
	}
	capturing, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.mode, s.running, s.cancel, s.done = mode, true, cancel, done
	go func() {
		defer close(done)
		err := work(capturing, s.source)
		if capturing.Err() == nil || err != nil && !errors.Is(err, context.Canceled) {
			s.source.End() // the device was unplugged, or the file has ended
		}
	}()
	return nil
}

// halt stops the capture and waits for it. It is called with mu held; the
// capture's goroutine never takes mu except by ending tracks, which happens
// in tasks.
func (s *session) halt() {
	if s.running {
		s.cancel()
		<-s.done
		s.running = false
	}
}

// close is called when the last track has ended.
func (s *session) close() {
	// Not on this goroutine: it may be the capture's own, when a sink stops
	// the track, and halt waits for that.
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.source.Tracks()) > 0 && !s.source.Ended() {
			return // another track was made meanwhile
		}
		s.closed = true
		s.halt()
		s.owner.forget(s)
	}()
}

// ApplyConstraints is media.Device's.
// https://w3c.github.io/mediacapture-main/#dfn-applyconstraints-algorithm
func (s *session) ApplyConstraints(ctx context.Context, t *media.Track, c media.TrackConstraints) error {
	list := preferNative(candidates(s.device, &c))
	set, failed, ok := selectSettings(list, &c)
	if !ok {
		return overconstrained(failed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.tracks[t]; !known || s.closed {
		return nil // it ended meanwhile
	}
	if err := s.capture(ctx, set); err != nil {
		return &OverconstrainedError{"", "the device cannot change its mode: " + err.Error()}
	}
	s.tracks[t] = set
	s.settle(t, c)
	return nil
}

// Cloned is media.Device's: the clone gets a processor of its own.
func (s *session) Cloned(from, to *media.Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set, ok := s.tracks[from]; ok {
		s.tracks[to] = set
		media.SetProcessor(to, newProcessor(set))
	}
}

// Ended is media.Device's.
func (s *session) Ended(t *media.Track) {
	go func() { // see close
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.tracks, t)
	}()
}

// dictionary is the settings as MediaTrackSettings.
func (s settings) dictionary() media.TrackSettings {
	id, group := s.device.id(), s.device.GroupID
	d := media.TrackSettings{DeviceID: &id, GroupID: &group}
	no := false
	if s.device.Kind == AudioInput {
		rate, channels, size, latency := uint32(s.sampleRate), uint32(s.channels), uint32(sampleSize), s.device.Latency
		d.SampleRate, d.ChannelCount, d.SampleSize, d.Latency = &rate, &channels, &size, &latency
		d.EchoCancellation, d.AutoGainControl, d.NoiseSuppression = &no, &no, &no
		return d
	}
	w, h, ratio, rate, resize := uint32(s.width), uint32(s.height), float64(s.width)/float64(s.height), s.rate, s.resize
	d.Width, d.Height, d.AspectRatio, d.FrameRate, d.ResizeMode, d.BackgroundBlur = &w, &h, &ratio, &rate, &resize, &no
	if f := s.device.FacingMode; f != "" {
		d.FacingMode = &f
	}
	if f := s.device.DisplaySurface; f != "" {
		d.DisplaySurface = &f
	}
	return d
}
