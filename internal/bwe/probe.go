package bwe

import "time"

// Probe is a short burst above the target rate that shows whether the path
// carries more.
type Probe struct {
	// ID marks the packets of the burst: Result.Probe.
	ID int
	// Bitrate is the rate of the burst in bits per second.
	Bitrate int
	// Bytes is how much to send at that rate, in at least five packets: smaller
	// ones than usual where the rate is low.
	Bytes int
}

const (
	probeSpan    = 15 * time.Millisecond
	probePackets = 5
	probePause   = 1200 * time.Millisecond // between probes while nothing is learnt
	probeWait    = time.Second             // for the result of a probe
)

// prober plans probes and reads their results.
type prober struct {
	id      int
	waiting []int // bit rates to probe for, next first
	active  Probe
	at      time.Time // when active was sent
	lastAt  time.Time

	firstSent, lastSent       time.Time
	firstArrived, lastArrived time.Time
	firstSize, lastSize       int
	bytes, packets            int
	done                      bool
}

// start plans the probes of a new connection: three and six times the start
// rate (draft-ietf-rmcat-gcc-02 leaves them open; so does libwebrtc).
func (p *prober) start(rate int) { p.waiting = []int{3 * rate, 6 * rate} }

// request plans a probe for a certain rate as the next one.
func (p *prober) request(rate int) { p.waiting = []int{rate} }

// plan adds a probe when nothing else has tested the path for a while.
func (p *prober) plan(now time.Time, target int, calm, limited bool, most int) {
	if len(p.waiting) > 0 || !calm || target >= most {
		return
	}
	pause := probePause
	if limited {
		pause = 5 * time.Second
	}
	if now.Sub(p.lastAt) >= pause {
		p.waiting = append(p.waiting, min(target*3/2, most))
	}
}

func (p *prober) next(now time.Time) (Probe, bool) {
	if p.active.ID != 0 && !p.done && now.Sub(p.at) > probeWait {
		p.active = Probe{} // lost altogether
	}
	if p.active.ID != 0 || len(p.waiting) == 0 {
		return Probe{}, false
	}
	rate := p.waiting[0]
	p.waiting = append(p.waiting[:0], p.waiting[1:]...)
	id := p.id + 1
	bytes := max(int(float64(rate)/8*probeSpan.Seconds()), probePackets*200)
	*p = prober{id: id, waiting: p.waiting, at: now, lastAt: now, active: Probe{ID: id, Bitrate: rate, Bytes: bytes}}
	return p.active, true
}

func (p *prober) packet(r Result) {
	if r.Probe == 0 || r.Probe != p.active.ID {
		return
	}
	if p.packets == 0 || r.Sent.Before(p.firstSent) {
		p.firstSent, p.firstSize = r.Sent, r.Size
	}
	if p.packets == 0 || r.Arrived.Before(p.firstArrived) {
		p.firstArrived = r.Arrived
	}
	if !r.Sent.Before(p.lastSent) {
		p.lastSent, p.lastSize = r.Sent, r.Size
	}
	if r.Arrived.After(p.lastArrived) {
		p.lastArrived = r.Arrived
	}
	p.bytes += r.Size
	p.packets++
	p.done = p.packets >= probePackets && p.bytes*10 >= p.active.Bytes*8
}

// result returns the rate that a finished probe has shown, once.
func (p *prober) result() (int, bool) {
	if !p.done {
		return 0, false
	}
	active := p.active
	p.active, p.done = Probe{}, false
	sentFor, arrivedFor := p.lastSent.Sub(p.firstSent), p.lastArrived.Sub(p.firstArrived)
	if sentFor <= 0 || sentFor > probeWait || arrivedFor > probeWait {
		return 0, false
	}
	sent := float64((p.bytes-p.lastSize)*8) / sentFor.Seconds()
	arrived := 2 * sent
	if arrivedFor > 0 {
		arrived = float64((p.bytes-p.firstSize)*8) / arrivedFor.Seconds()
	}
	if arrived > 2*sent {
		arrived = sent // clumped on the way: the receiver's clock says nothing
	}
	rate := min(sent, arrived)
	if arrived < 0.9*sent {
		return int(0.95 * arrived), true // the path's own rate: stay below it
	}
	if len(p.waiting) == 0 && rate > 0.7*float64(active.Bitrate) {
		p.waiting = append(p.waiting, 2*int(rate)) // it carried all: try more
	}
	return int(rate), true
}
