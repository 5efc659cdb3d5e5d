package bwe

import (
	"math"
	"time"
)

const (
	backOff      = 0.85 // of what arrives, on overuse
	resumeAt     = 0.9  // of what arrived at overuse, once the queue is gone
	drainSpan    = 300 * time.Millisecond
	growth       = 1.08 // a second, far from the known capacity
	ackedHeadway = 1.5  // the target outruns what arrives by no more than this
)

// aimd is the delay-based rate controller (draft-ietf-rmcat-gcc-02 §5.5).
type aimd struct {
	target   float64 // bits per second
	capacity float64 // the rate that arrived at the last overuses, averaged; 0 unknown
	variance float64 // of capacity, relative to it
	last     time.Time
	cut      time.Time // of the last decrease
	resume   float64   // where to go on once the queue has drained, 0 nowhere
}

// update moves the target, and reports whether it cut it. acked is the arriving rate
// in bits per second, 0 while unknown; queue is the measured queue delay.
func (a *aimd) update(now time.Time, u usage, acked float64, queue, rtt time.Duration, limited bool) (cut bool) {
	since := min(now.Sub(a.last), time.Second)
	if a.last.IsZero() {
		since = 0
	}
	a.last = now
	switch u {
	case overuse:
		// One decrease for one congestion: its effect takes a round trip and
		// the time of the detector's window to show.
		if acked > 0 && now.Sub(a.cut) > rtt+100*time.Millisecond {
			// A measured queue is let drain within drainSpan; then the rate
			// goes back to just below what the path has shown to carry.
			a.observe(acked)
			keep := min(backOff, max(1-queue.Seconds()/drainSpan.Seconds(), 0.5))
			a.target = min(a.target, keep*acked)
			a.resume = resumeAt * acked
			a.cut = now
			return true
		}
	case underuse:
		// The queue drains: hold.
	case normal:
		if a.resume > 0 {
			a.target, a.resume = max(a.target, a.resume), 0
			return false
		}
		if limited {
			return false // what is not being sent proves nothing
		}
		if a.capacity > 0 && acked > a.capacity*(1+3*math.Sqrt(a.variance)) {
			a.capacity = 0 // the path has become wider
		}
		before := a.target
		if a.capacity > 0 && a.target > 0.8*a.capacity {
			response := rtt + 100*time.Millisecond
			perSecond := max(1200*8/response.Seconds(), 4000)
			a.target += perSecond * since.Seconds()
		} else {
			a.target *= math.Pow(growth, since.Seconds())
		}
		if acked > 0 {
			a.target = min(a.target, max(before, ackedHeadway*acked+10_000))
		}
	}
	return false
}

// observe averages the capacity over overuses.
func (a *aimd) observe(acked float64) {
	if a.capacity == 0 {
		a.capacity, a.variance = acked, 0.01
		return
	}
	d := acked - a.capacity
	if math.Abs(d) > 3*a.capacity*math.Sqrt(a.variance) {
		a.capacity, a.variance = acked, 0.01 // another path altogether
		return
	}
	a.capacity += 0.05 * d
	a.variance = min(max(0.95*a.variance+0.05*(d/a.capacity)*(d/a.capacity), 0.001), 0.06)
}

// jump sets the target to what was learnt by other means.
func (a *aimd) jump(to float64) {
	if to > a.target {
		a.capacity = 0
	}
	a.target, a.resume = to, 0
}

// grow multiplies the target by factor for each second since the last change.
func (a *aimd) grow(now time.Time, factor float64) {
	if !a.last.IsZero() {
		a.target *= math.Pow(factor, min(now.Sub(a.last).Seconds(), 1))
	}
	a.last = now
}

const ackWindow = 500 * time.Millisecond

// ackRate is the arriving bit rate over the last half second of the receiver's
// clock.
type ackRate struct {
	arrivals []arrival // a queue; head is the first that counts
	head     int
	bytes    int
	newest   time.Time
	oldest   time.Time
}

type arrival struct {
	at   time.Time
	size int
}

func (a *ackRate) add(at time.Time, size int) {
	if at.Before(a.newest) {
		at = a.newest
	}
	if at.Sub(a.newest) > ackWindow { // after silence the window starts anew
		a.arrivals, a.head, a.bytes, a.oldest = a.arrivals[:0], 0, 0, at
	}
	a.newest = at
	if a.head > 0 && len(a.arrivals) == cap(a.arrivals) {
		n := copy(a.arrivals, a.arrivals[a.head:])
		a.arrivals, a.head = a.arrivals[:n], 0
	}
	a.arrivals = append(a.arrivals, arrival{at, size})
	a.bytes += size
	for at.Sub(a.arrivals[a.head].at) > ackWindow {
		a.bytes -= a.arrivals[a.head].size
		a.oldest = a.arrivals[a.head].at
		a.head++
	}
}

// rate is in bits per second, 0 until 150 ms have been seen.
func (a *ackRate) rate() float64 {
	span := a.newest.Sub(a.oldest)
	if span < 150*time.Millisecond {
		return 0
	}
	return float64(a.bytes*8) / span.Seconds()
}

// alr tells whether the application is the limit: it sent less than 65 % of
// the target in the last half second.
type alr struct {
	start   time.Time
	bytes   int
	rate    float64 // bits per second, over the last half second that is complete
	limited bool
}

func (a *alr) sent(now time.Time, size, target int) {
	if a.start.IsZero() {
		a.start = now
	}
	a.bytes += size
	if span := now.Sub(a.start); span >= ackWindow {
		a.rate = float64(a.bytes*8) / span.Seconds()
		a.limited = a.rate < 0.65*float64(target)
		a.start, a.bytes = now, 0
	}
}
