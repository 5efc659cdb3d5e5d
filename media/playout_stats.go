package media

import (
	"time"
)

// PlayoutDetails are the counters of a Playout that only statistics ask for
// (webrtc-stats, RTCInboundRtpStreamStats and RTCAudioPlayoutStats).
type PlayoutDetails struct {
	// Processing is the sum of the times from the arrival of each frame until
	// it was decoded.
	Processing time.Duration
	// TargetHeld and MinimumHeld are what Held would be if every picture or
	// sample had waited for as long as was aimed at, and for as long as the
	// network alone called for, without SetTarget. In seconds.
	TargetHeld, MinimumHeld float64
	// QPSum is the sum of the quantiser indices of the decoded frames; HasQP says
	// whether they can be told.
	QPSum uint64
	HasQP bool

	// Rendered counts the pictures that were passed on, InterFrame is the sum of
	// the seconds between them and InterFrameSquared that of their squares.
	Rendered                      int
	InterFrame, InterFrameSquared float64
	// Freezes are the pictures that stood much longer than those before,
	// Pauses those that stood for more than five seconds.
	Freezes, Pauses        int
	FreezeTime, PausedTime time.Duration

	// ConcealmentEvents counts the gaps in the sound, SilentConcealed is the
	// part of Concealed in which nothing can be heard.
	ConcealmentEvents int
	SilentConcealed   time.Duration
	// FECReceived counts the frames that repeat the sound before them, and
	// FECDiscarded those whose repetition was not needed.
	FECReceived, FECDiscarded int
	// Samples counts the sampling instants that were passed on, and PlayoutDelay
	// is the sum of the seconds by which each was late.
	Samples      uint64
	PlayoutDelay float64
}

// Add returns the sum of two counts.
func (d PlayoutDetails) Add(o PlayoutDetails) PlayoutDetails {
	return PlayoutDetails{
		Processing: d.Processing + o.Processing, TargetHeld: d.TargetHeld + o.TargetHeld, MinimumHeld: d.MinimumHeld + o.MinimumHeld,
		QPSum: d.QPSum + o.QPSum, HasQP: d.HasQP || o.HasQP,
		Rendered: d.Rendered + o.Rendered, InterFrame: d.InterFrame + o.InterFrame, InterFrameSquared: d.InterFrameSquared + o.InterFrameSquared,
		Freezes: d.Freezes + o.Freezes, Pauses: d.Pauses + o.Pauses, FreezeTime: d.FreezeTime + o.FreezeTime, PausedTime: d.PausedTime + o.PausedTime,
		ConcealmentEvents: d.ConcealmentEvents + o.ConcealmentEvents, SilentConcealed: d.SilentConcealed + o.SilentConcealed,
		FECReceived: d.FECReceived + o.FECReceived, FECDiscarded: d.FECDiscarded + o.FECDiscarded,
		Samples: d.Samples + o.Samples, PlayoutDelay: d.PlayoutDelay + o.PlayoutDelay,
	}
}

// inaudible is the mean square of sound that counts as silence: -72 dB.
const inaudible = 6e-8

// emitted counts pictures or samples that left after having been held; mu is
// held.
func (p *Playout) emitted(n int, held time.Duration) {
	s := &p.stats
	s.Emitted += n
	s.Held += held.Seconds() * float64(n)
	// The buffer holds back what came by the fastest way; what was slower has
	// spent part of the delay on the network.
	target, minimum := p.group.delays()
	s.TargetHeld += max(0, target-p.lag.leastEver).Seconds() * float64(n)
	s.MinimumHeld += max(0, minimum-p.lag.leastEver).Seconds() * float64(n)
}

// rendering looks at the times when pictures were passed on.
type rendering struct {
	last    time.Time
	recent  [30]time.Duration // a ring of how long pictures stood
	count   int
	average time.Duration // of recent
}

const (
	// webrtc-stats, freezeCount: "equal to or exceeds
	// Max(3 × avg_frame_duration_ms, avg_frame_duration_ms + 150)".
	freezeFactor = 3
	freezeMargin = 150 * time.Millisecond
	// webrtc-stats, pauseCount: "if time passed since last rendered frame exceeds
	// 5 seconds". A picture that stood so long is a pause and no freeze.
	pauseAfter = 5 * time.Second
)

func (r *rendering) note(s *PlayoutDetails, now time.Time) {
	s.Rendered++
	stood := now.Sub(r.last)
	first := r.last.IsZero()
	r.last = now
	if first {
		return
	}
	s.InterFrame += stood.Seconds()
	s.InterFrameSquared += stood.Seconds() * stood.Seconds()
	switch {
	case stood > pauseAfter:
		s.Pauses++
		s.PausedTime += stood
	case r.count > 0 && stood >= max(freezeFactor*r.average, r.average+freezeMargin):
		s.Freezes++
		s.FreezeTime += stood
	}
	r.recent[r.count%len(r.recent)] = stood
	r.count++
	var sum time.Duration
	n := min(r.count, len(r.recent))
	for _, d := range r.recent[:n] {
		sum += d
	}
	r.average = sum / time.Duration(n)
}
