package webrtc

import (
	"math"
	"time"

	"trackway/internal/rtpengine"
)

// RTPContributingSource is RTCRtpContributingSource, and
// RTCRtpSynchronizationSource, which adds nothing (webrtc-pc 5.3).
type RTPContributingSource struct {
	// Timestamp is when the last packet of the source arrived. The
	// specification asks for the time of playout, which whoever plays the
	// frames knows.
	Timestamp time.Time
	// Source is the CSRC or SSRC.
	Source uint32
	// AudioLevel is linear from 0 to 1, nil when the packet had none.
	AudioLevel *float64
	// RTPTimestamp is that of the last packet.
	RTPTimestamp uint32
	// CaptureTimestamp is when the last packet's media were captured, by the NTP
	// clock of the capturing machine (webrtc-extensions 5.2). It is zero unless
	// the header extension abs-capture-time was negotiated, which
	// SetHeaderExtensionsToNegotiate is for.
	CaptureTimestamp time.Time
	// SenderCaptureTimeOffset is the capturer's clock minus the sender's, nil when
	// the sender does not say.
	SenderCaptureTimeOffset *time.Duration
}

// GetContributingSources is getContributingSources: the CSRCs of the last ten
// seconds, the latest first.
func (r *RTPReceiver) GetContributingSources() []RTPContributingSource { return r.media.sources(true) }

// GetSynchronizationSources is getSynchronizationSources: the SSRCs of the last
// ten seconds, the latest first.
func (r *RTPReceiver) GetSynchronizationSources() []RTPContributingSource {
	return r.media.sources(false)
}

func (m *receiverMedia) sources(contributing bool) []RTPContributingSource {
	out := []RTPContributingSource{}
	live := m.live.Load()
	if live == nil {
		return out
	}
	for _, s := range live.Sources(time.Now()) {
		if s.Contributing == contributing {
			out = append(out, RTPContributingSource{
				Timestamp: s.Timestamp, Source: s.Source, AudioLevel: linearLevel(s), RTPTimestamp: s.RTPTimestamp,
				CaptureTimestamp: s.CaptureTime,
			})
			if s.HasCaptureOffset {
				out[len(out)-1].SenderCaptureTimeOffset = new(s.CaptureOffset)
			}
		}
	}
	return out
}

// linearLevel converts RFC 6464's -dBov as webrtc-pc 5.3 says: 127 is silence,
// and 20 dB are a factor of ten.
func linearLevel(s rtpengine.Source) *float64 {
	if !s.HasLevel {
		return nil
	}
	level := 0.0
	if s.AudioLevel < 127 {
		level = math.Pow(10, -float64(s.AudioLevel)/20)
	}
	return &level
}
