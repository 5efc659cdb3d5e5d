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
