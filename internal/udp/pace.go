package udp

import "time"

const (
	// restTime is how long a socket is left alone while it is busy.
	restTime = 200 * time.Microsecond
	// paceWindow is what the rate is measured over, and paceBusy how many
	// datagrams within it make a socket busy: about 8000 a second.
	paceWindow = 2 * time.Millisecond
	paceBusy   = 16
	// restFeedback is how long a socket is left alone that receives nothing but
	// feedback, burst after burst within feedbackGap: a process that sends to a
	// hundred peers would wake a thousand times a second for it.
	restFeedback = 2 * time.Millisecond
	feedbackGap  = 4 * time.Millisecond
)

// pace measures how fast datagrams come.
type pace struct {
	start time.Time
	count int
	on    bool

	last time.Time // the burst before
	woke time.Time // the last burst that goroutines waited for
}

// rest returns how long to leave the socket alone after a burst of count
// datagrams; woke says that goroutines waited for one of them.
func (p *pace) rest(now time.Time, count int, woke bool) time.Duration {
	if woke {
		p.woke = now
	}
	gap := now.Sub(p.last)
	p.last = now
	if gap < feedbackGap && now.Sub(p.woke) > feedbackGap {
		return restFeedback
	}
	if p.busy(now, count) {
		return restTime
	}
	return 0
}

// busy takes note of count datagrams and reports whether they come fast.
func (p *pace) busy(now time.Time, count int) bool {
	p.count += count
	if d := now.Sub(p.start); d >= paceWindow {
		p.on = p.count >= paceBusy && d < 2*paceWindow
		p.start, p.count = now, 0
	}
	return p.on
}

const (
	// A thread of its own reads a socket that for threadAfter has received more than
	// threadRate datagrams a second that nobody waited for, or that came while it
	// was busy, and few others; until there was less than half of that for
	// threadPatience.
	threadAfter    = 100 * time.Millisecond
	threadPatience = time.Second
	threadRate     = 500
)

// habit is what a socket has received of late: it decides who waits for more.
type habit struct {
	start  time.Time
	count  int // datagrams
	inward int // those that a thread does better with
}

// forThread takes note of a burst and reports whether a thread should read the
// socket, which reads it now if threaded.
func (h *habit) forThread(now time.Time, count int, inward, threaded bool) bool {
	h.count += count
	if inward {
		h.inward += count
	}
	window, rate := threadAfter, threadRate
	if threaded {
		window, rate = threadPatience, threadRate/2
	}
	d := now.Sub(h.start)
	if d < window {
		return threaded
	}
	yes := 4*h.inward >= 3*h.count && float64(h.inward) >= float64(rate)*d.Seconds()
	*h = habit{start: now}
	return yes
}
