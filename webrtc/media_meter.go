package webrtc

import (
	"math"
	"sync"
	"time"

	"trackway/media"
)

// trackMeter measures what a raw track gives to the encoders, for the
// statistics of its media-source. All senders of a track share one.
type trackMeter struct {
	mu     sync.Mutex
	users  int
	remove func()
	now    sourceStats
	window time.Time // when counting for FramesPerSecond began
	count  int
}

// sourceStats is the part of RTCAudioSourceStats and RTCVideoSourceStats that
// has to be measured.
type sourceStats struct {
	// Level is linear, 0 to 1; Energy the sum of its squares times seconds.
	Level, Energy float64
	Samples       time.Duration
	Frames        uint32
	Width, Height int
	FrameRate     float64 // over the last second or so
}

type meterKey struct{}

func meterOf(track *media.Track) *trackMeter {
	return track.Shared(meterKey{}, func() any { return &trackMeter{} }).(*trackMeter)
}

// use has the track measured until release is called, which may be once only.
func (m *trackMeter) use(track *media.Track) (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users++; m.users == 1 {
		sink := &media.Sink{Video: m.picture}
		if track.Kind() == media.Audio {
			sink = &media.Sink{Audio: m.sound}
		}
		m.window, m.count = time.Time{}, 0
		m.remove = track.AddSink(sink)
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.users--; m.users == 0 {
			m.remove()
		}
	}
}

func (m *trackMeter) stats() sourceStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *trackMeter) picture(f *media.VideoFrame) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Frames++
	m.now.Width, m.now.Height = f.Width, f.Height
	switch d := now.Sub(m.window); {
	case m.window.IsZero():
		m.window, m.count = now, 0
	default:
		m.count++
		if d >= time.Second {
			m.now.FrameRate = float64(m.count) / d.Seconds()
			m.window, m.count = now, 0
		}
	}
}

func (m *trackMeter) sound(f *media.AudioFrame) {
	sum := 0.0
	for _, v := range f.Samples {
		sum += float64(v) * float64(v)
	}
	mean := sum / float64(max(1, len(f.Samples))) / (32767 * 32767)
	m.mu.Lock()
	defer m.mu.Unlock()
	d := f.Duration()
	m.now.Level = math.Sqrt(mean)
	m.now.Energy += mean * d.Seconds()
	m.now.Samples += d
}
