package udp

import "time"

const (
	// restTime is how long a socket is left alone while it is busy.
	restTime = 200 * time.Microsecond
	// paceWindow is what the rate is measured over, and paceBusy how many
	// datagrams within it make a socket busy: about 8000 a second.
	paceWindow = 2 * time.Millisecond
	paceBusy   = 16
)

// pace measures how fast datagrams come.
type pace struct {
	start time.Time
	count int
	on    bool
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
