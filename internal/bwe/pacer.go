package bwe

import "time"

const (
	// PacingFactor is how much faster than the target packets may leave, so
	// that a large frame does not wait longer than its own duration.
	PacingFactor = 2.5
	burstSpan    = 5 * time.Millisecond // what leaves in one burst
)

// Pacer spreads packets over time. It counts a debt that is paid off at the
// pacing rate; while there is a debt nothing leaves. Bursts of five
// milliseconds' worth leave at once, so that they can share a system call.
type Pacer struct {
	rate float64 // bytes per second
	debt float64 // bytes
	last time.Time
}

// SetTarget sets the pacing rate to PacingFactor times a target in bits per
// second.
func (p *Pacer) SetTarget(bitrate int) { p.rate = float64(bitrate) * PacingFactor / 8 }

// SetRate sets the pacing rate itself, in bits per second; for probes.
func (p *Pacer) SetRate(bitrate int) { p.rate = float64(bitrate) / 8 }

func (p *Pacer) pay(now time.Time) {
	if !p.last.IsZero() {
		p.debt = max(p.debt-p.rate*now.Sub(p.last).Seconds(), 0)
	}
	p.last = now
}

// Budget is how many bytes may leave now: the rest of a burst if none is
// owing, else 0.
func (p *Pacer) Budget(now time.Time) int {
	p.pay(now)
	return max(int(p.rate*burstSpan.Seconds()-p.debt), 0)
}

// Sent accounts for size bytes that left.
func (p *Pacer) Sent(now time.Time, size int) {
	p.pay(now)
	p.debt += float64(size)
}

// Next is when a burst may leave again: now, if one may leave now.
func (p *Pacer) Next(now time.Time) time.Time {
	p.pay(now)
	if over := p.debt - p.rate*burstSpan.Seconds()/2; over > 0 && p.rate > 0 {
		return now.Add(time.Duration(over / p.rate * float64(time.Second)))
	}
	return now
}
