package media

import (
	"sync"
	"time"

	"trackway/internal/bitstream"
)

// Limitation is what keeps an encoder below the quality that was asked of it
// (webrtc-stats, RTCQualityLimitationReason).
type Limitation string

// The limitations.
const (
	LimitationNone      Limitation = "none"
	LimitationCPU       Limitation = "cpu"
	LimitationBandwidth Limitation = "bandwidth"
)

// EncodingStats counts what the encoder behind a track of Encode did, for
// RTCOutboundRtpStreamStats. Counters begin with the encoder; a sender that
// joins later subtracts what they were then.
type EncodingStats struct {
	// Frames counts what left the encoder, KeyFrames those where decoding can
	// start, Huge those at least two and a half times as big as the bit rate
	// allows a frame on average.
	Frames, KeyFrames, Huge uint64
	// EncodeTime is what encoding took.
	EncodeTime time.Duration
	// TargetBitrate is what the encoder aims at now, in bits per second, and
	// BytesTarget the sum of what it was to spend on each frame.
	TargetBitrate int
	BytesTarget   float64
	// QPSum is the sum of the frames' quantiser indices; HasQP says whether they
	// can be told.
	QPSum uint64
	HasQP bool
	// Width and Height are those of the last frame, FrameRate how many frames
	// left within the last second.
	Width, Height int
	FrameRate     float64
	// ScalabilityMode is the mode that video is encoded with.
	ScalabilityMode string
	// Limitation is what limits the quality now, Limited for how long each
	// reason did so, and Resolutions how often the size changed for that.
	Limitation  Limitation
	Limited     map[Limitation]time.Duration
	Resolutions uint32
}

// EncoderStats returns the counters of the encoder that makes a track's frames;
// ok is false if the track is not from Encode.
func EncoderStats(coded *Track) (s EncodingStats, ok bool) {
	e, ok := coded.source.encoding.Load().(*encoding)
	if !ok {
		return s, false
	}
	return e.meter.snapshot(time.Now()), true
}

// hugeFactor is webrtc-stats' definition of a huge frame.
const hugeFactor = 2.5

// encodeMeter is where an encoder counts.
type encodeMeter struct {
	began time.Time // used by the encoder's goroutine only

	mu     sync.Mutex
	now    EncodingStats
	recent frameRate
	// perFrame is what the encoder is to spend on a frame, in bytes.
	perFrame float64
	since    time.Time // since when Limitation has been what it is
	limited  map[Limitation]time.Duration
}

// target notes what the encoder aims at; rate is in frames per second.
func (m *encodeMeter) target(bitrate int, rate float64) {
	m.mu.Lock()
	m.now.TargetBitrate, m.perFrame = bitrate, float64(bitrate)/8/max(rate, 1)
	m.mu.Unlock()
}

// encoded counts a frame.
func (m *encodeMeter) encoded(f *EncodedFrame, at time.Time) {
	qp, hasQP := bitstream.QP(f.MimeType, f.Data)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.now
	s.Frames++
	if f.KeyFrame {
		s.KeyFrames++
	}
	s.BytesTarget += m.perFrame
	if m.perFrame > 0 && float64(len(f.Data)) >= hugeFactor*m.perFrame {
		s.Huge++
	}
	if hasQP {
		s.QPSum, s.HasQP = s.QPSum+uint64(qp), true
	}
	m.recent.note(at)
}

// begin starts the clock of EncodeTime, and end stops it.
func (m *encodeMeter) begin(at time.Time) { m.began = at }

func (m *encodeMeter) end(at time.Time) {
	m.mu.Lock()
	m.now.EncodeTime += at.Sub(m.began)
	m.mu.Unlock()
}

// picture notes the size that is encoded, and what it and the frame rate are
// limited by.
func (m *encodeMeter) picture(width, height int, limit Limitation, adapted bool, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.now
	if adapted && s.Width != 0 {
		s.Resolutions++
	}
	s.Width, s.Height = width, height
	if limit != s.Limitation {
		m.pass(at)
		s.Limitation = limit
	}
}

// pass charges the time since the last change to the limitation of that time.
func (m *encodeMeter) pass(at time.Time) {
	if m.limited == nil {
		m.limited = map[Limitation]time.Duration{}
	}
	if m.now.Limitation != "" {
		m.limited[m.now.Limitation] += at.Sub(m.since)
	}
	m.since = at
}

func (m *encodeMeter) snapshot(at time.Time) EncodingStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.now
	s.FrameRate = m.recent.rate(at)
	if s.Limitation != "" {
		m.pass(at)
		s.Limited = make(map[Limitation]time.Duration, len(m.limited))
		for k, v := range m.limited {
			s.Limited[k] = v
		}
	}
	return s
}

// frameRate counts the frames of the last second.
type frameRate struct {
	at    [128]time.Time // a ring
	count uint64
}

func (r *frameRate) note(t time.Time) {
	r.at[r.count%uint64(len(r.at))] = t
	r.count++
}

// rate is the number of frames in the second before now.
func (r *frameRate) rate(now time.Time) float64 {
	n := uint64(0)
	for n < r.count && n < uint64(len(r.at)) && now.Sub(r.at[(r.count-1-n)%uint64(len(r.at))]) < time.Second {
		n++
	}
	return float64(n)
}

// Since returns what was counted after the counters were b; what is no counter
// stays.
func (s EncodingStats) Since(b EncodingStats) EncodingStats {
	s.Frames -= b.Frames
	s.KeyFrames -= b.KeyFrames
	s.Huge -= b.Huge
	s.EncodeTime -= b.EncodeTime
	s.BytesTarget -= b.BytesTarget
	s.QPSum -= b.QPSum
	s.Resolutions -= b.Resolutions
	for why, d := range b.Limited {
		s.Limited[why] -= d
	}
	return s
}

// After adds what was counted before s began; what is no counter stays.
func (s EncodingStats) After(b EncodingStats) EncodingStats {
	s.Frames += b.Frames
	s.KeyFrames += b.KeyFrames
	s.Huge += b.Huge
	s.EncodeTime += b.EncodeTime
	s.BytesTarget += b.BytesTarget
	s.QPSum += b.QPSum
	s.HasQP = s.HasQP || b.HasQP
	s.Resolutions += b.Resolutions
	if s.Limited == nil && b.Limited != nil {
		s.Limited = map[Limitation]time.Duration{}
	}
	for why, d := range b.Limited {
		s.Limited[why] += d
	}
	return s
}
