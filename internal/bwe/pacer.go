package bwe

import "time"

const (
	// PacingFactor is how much faster than the target packets may leave, so
	// that a large frame does not wait longer than its own duration.
	PacingFactor = 2.5

	// What leaves in one burst, as the time that it takes at the pacing rate.
	// A path that is tight gets bursts that hardly show in its queue. Where
	// there is room a burst holds 40 ms of media at the target, that is any
	// frame but a key frame, since every further burst costs a system call, and
	// ten packets whatever the target is: so many any path takes at once (RFC 6928,
	// the initial window of TCP).
	tightBurst = 5 * time.Millisecond
	wideBurst  = 16 * time.Millisecond
	leastWide  = 10 * 1200 // bytes

	// pacerPatience bounds how long packets wait: with more of them waiting
	// the rate is raised. An estimate that is far too low must not keep media
	// of a source that does not follow it.
	pacerPatience = 80 * time.Millisecond
)

// Pacer spreads packets over time. It counts a debt that is paid off at the
// pacing rate; while the debt exceeds a burst nothing leaves. Bursts leave at
// once, so that they can share a system call.
type Pacer struct {
	rate    float64 // bytes per second
	span    time.Duration
	least   float64 // bytes of a burst, whatever the rate
	debt    float64 // bytes
	last    time.Time
	waiting int
}

// SetTarget sets the pacing rate to PacingFactor times a target in bits per
// second. tight says that what is sent comes near to what the path carries.
func (p *Pacer) SetTarget(bitrate int, tight bool) {
	p.rate, p.span, p.least = float64(bitrate)*PacingFactor/8, wideBurst, leastWide
	if tight {
		p.span, p.least = tightBurst, 0
	}
}

// SetRate sets the pacing rate itself, in bits per second; for probes.
func (p *Pacer) SetRate(bitrate int) {
	p.rate, p.span, p.least = float64(bitrate)/8, tightBurst, 0
}

// SetWaiting says how many bytes wait to leave.
func (p *Pacer) SetWaiting(bytes int) { p.waiting = bytes }

func (p *Pacer) speed() float64 {
	return max(p.rate, float64(p.waiting)/pacerPatience.Seconds())
}

// burst is how many bytes may leave at once.
func (p *Pacer) burst() float64 { return max(p.speed()*p.span.Seconds(), p.least) }

func (p *Pacer) pay(now time.Time) {
	if !p.last.IsZero() {
		p.debt = max(p.debt-p.speed()*now.Sub(p.last).Seconds(), 0)
	}
	p.last = now
}

// Budget is how many bytes may leave now: the rest of a burst. The packet that
// exceeds it may still leave with it.
func (p *Pacer) Budget(now time.Time) int {
	p.pay(now)
	return max(int(p.burst()-p.debt), 0)
}

// Sent accounts for size bytes that left.
func (p *Pacer) Sent(now time.Time, size int) {
	p.pay(now)
	p.debt += float64(size)
}

// Next is when half a burst may leave again: now, if it may leave now.
func (p *Pacer) Next(now time.Time) time.Time {
	p.pay(now)
	if over := p.debt - p.burst()/2; over > 0 && p.speed() > 0 {
		return now.Add(time.Duration(over / p.speed() * float64(time.Second)))
	}
	return now
}
