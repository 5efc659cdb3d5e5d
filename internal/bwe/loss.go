package bwe

import (
	"math"
	"time"
)

const (
	lossSpan    = 250 * time.Millisecond // sending time of one observation
	lossPackets = 15                     // and the least packets in it
	lossTrial   = 2 * time.Second        // how long a probe's result is on trial
	lossYield   = 0.95                   // of what arrived, once the rate has been found to be the cause
	lossSome    = 0.02                   // share of the packets from which on losses are explained
	lossSudden  = 0.1                    // and from which on that does not wait for more of them
	lossHistory = 24
	lossMemory  = 5 * time.Second
	lossDecay   = 0.95 // weight of an observation against the next one's

	// dipSpan is how long the rate is lowered while packets are lost, and dipEvery
	// how often.
	dipSpan  = 300 * time.Millisecond
	dipEvery = 2 * time.Second
)

// inherent are the rates of loss that the model tries for the path itself.
var inherent = [...]float64{0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5}

// lossModel explains the losses of the last seconds by a path that carries a
// bandwidth B and loses a share p of everything whatever the rate: at rate R
// the loss is p + (1-p)·max(0, 1-B/R). It takes the most likely B among a few
// candidates, the highest where several explain the losses alike, so loss that
// does not depend on the rate is not mistaken for congestion.
type lossModel struct {
	seen   [lossHistory]lossObservation
	n      int // observations ever
	from   int // those before this one do not count: the path has changed since
	open   lossObservation
	first  time.Time
	target float64   // bits per second; 0: loss sets no bound
	lossy  bool      // losses are being explained
	bound  time.Time // when loss last set one
	passed float64   // what arrived, in bits per second, when packets were lost last
	losing bool      // the last packet was lost
	share  float64   // of the last packets that were lost

	jumped  time.Time // when a probe last raised the rate
	before  float64   // share of the packets lost before it did
	restore int       // where that began which was known before it did
	trial   bool      // it has not been found to be wrong
	// distrust counts the probes in a row whose result was wrong.
	distrust int
	sudden   bool // losses began at once, after which nothing older is known

	// dip is when the rate was last lowered, rise when it was raised again.
	dip, rise time.Time
	depth     float64
}

type lossObservation struct {
	rate           float64 // bits per second sent
	bytes, arrived int
	packets, loses float64
	runs           float64 // of losses one after the other
}

func (m *lossModel) packet(r Result) {
	if m.first.IsZero() {
		m.first = r.Sent
	}
	if m.between(m.dip, r) || m.between(m.rise, r) {
		// Two rates in one observation would tell about neither.
		m.observe(r.Sent.Sub(m.first), lossSpan*4/5)
		m.open, m.first = lossObservation{}, r.Sent
	}
	m.open.packets++
	m.open.bytes += r.Size
	if r.lost() {
		m.open.loses++
		if !m.losing {
			m.open.runs++
		}
	} else {
		m.open.arrived += r.Size
	}
	m.losing = r.lost()
	if span := r.Sent.Sub(m.first); span >= lossSpan && m.open.packets >= lossPackets {
		m.observe(span, lossSpan)
		m.open, m.first = lossObservation{}, r.Sent
	}
}

// between reports whether a time lies between the open observation's first packet
// and r.
func (m *lossModel) between(t time.Time, r Result) bool {
	return t.After(m.first) && !t.After(r.Sent)
}

// observe keeps the open observation, which took span, unless that is too short.
func (m *lossModel) observe(span, least time.Duration) {
	// An observation without any arrival is an outage and says nothing about
	// the rate; one that spans a pause has no rate.
	o := &m.open
	if span < least || o.packets < lossPackets || o.loses >= 0.95*o.packets || span >= 4*lossSpan {
		return
	}
	o.rate = float64(o.bytes*8) / span.Seconds()
	if o.loses >= lossSudden*o.packets && o.runs >= 3 && m.lossless() {
		// The path has changed: what it did before explains nothing.
		m.from, m.sudden, m.trial = m.n, true, false
	}
	if o.loses >= lossSome*o.packets {
		m.passed = float64(o.arrived*8) / span.Seconds()
	}
	m.seen[m.n%lossHistory] = *o
	m.n++
}

// lossless reports whether nothing that is known has lost packets.
func (m *lossModel) lossless() bool {
	lost, packets, _ := m.recently(lossHistory)
	return lost < lossSome*packets
}

// known is how many observations count.
func (m *lossModel) known() int { return min(m.n-m.from, lossHistory) }

// recently sums the last observations, most at most.
func (m *lossModel) recently(most int) (lost, packets, runs float64) {
	for i := range min(m.known(), most) {
		o := m.seen[(m.n-1-i)%lossHistory]
		lost += o.loses
		packets += o.packets
		runs += o.runs
	}
	return lost, packets, runs
}

// update chooses the bound, given the delay-based target and the arriving rate.
func (m *lossModel) update(now time.Time, delay, acked float64) {
	lost, packets, runs := m.recently(4)
	m.check(now, lost, packets, runs)
	if m.known() < 4 && !m.sudden {
		return
	}
	m.share = lost / packets
	m.lossy = lost >= lossSome*packets
	if !m.lossy {
		m.target = 0
		return
	}
	best, bestScore, own := 0.0, math.Inf(-1), 0.0
	for _, c := range [...]float64{2 * delay, delay, 0.95 * delay, 0.9 * delay, 0.8 * delay, acked, 0.95 * acked, 0.85 * acked, m.target, 1.03 * m.target, 0.95 * m.target} {
		if c <= 0 {
			continue
		}
		score, share := math.Inf(-1), 0.0
		for _, p := range inherent {
			if l := m.likelihood(c, p); l > score {
				score, share = l, p
			}
		}
		// Equal explanations differ by rounding only: two units of
		// log-likelihood are what the higher bandwidth is given for free.
		if score > bestScore+2 || score > bestScore-2 && c > best {
			best, bestScore, own = c, max(score, bestScore), share
		}
	}
	if own < 0.5*m.share && runs >= 3 { // not the end of an outage
		best = min(best, lossYield*m.passed)
		m.distrust = max(m.distrust, 1)
	}
	m.target, m.bound = best, now
	if best >= delay {
		m.target, m.bound = 0, time.Time{}
	}
}

// recent reports whether loss bounded the rate a moment ago. Probes would tell
// little then: a policer lets a burst pass that it would not let last.
func (m *lossModel) recent(now time.Time) bool {
	return !m.bound.IsZero() && now.Sub(m.bound) < lossMemory<<min(max(m.distrust-1, 0), 4)
}

func (m *lossModel) likelihood(bandwidth, p float64) float64 {
	sum, weight, loses, runs := 0.0, 1.0, 0.0, 0.0
	for i := range m.known() {
		o := m.seen[(m.n-1-i)%lossHistory]
		q := p
		if o.rate > bandwidth {
			q += (1 - p) * (1 - bandwidth/o.rate)
		}
		q = min(max(q, 1e-3), 0.999)
		sum += weight * (o.loses*math.Log(q) + (o.packets-o.loses)*math.Log(1-q))
		weight *= lossDecay
		loses += o.loses
		runs += o.runs
	}
	// Packets that are lost together are one witness.
	return sum * max(runs, 1) / max(loses, 1)
}

// dither is the factor by which the target is lowered for a moment as soon as
// packets are lost, and every other second while they are: without a change of
// rate nothing would tell loss by congestion, which falls with the rate, from loss
// of the path's own. Lowered to what arrives, the one ends and the other does not.
func (m *lossModel) dither(now time.Time) float64 {
	switch {
	case !m.dip.IsZero() && now.Sub(m.dip) < dipSpan:
		return m.depth
	case m.rise.Before(m.dip):
		m.rise = now
	case m.lossy && now.Sub(m.dip) >= dipEvery:
		m.dip, m.depth = now, 0.8
		if m.sudden && m.known() < 8 {
			m.depth = min(max(0.95*(1-m.share), 0.5), 0.8)
		}
		return m.depth
	}
	return 1
}

// believe is how far to go from the target to what a probe has shown: not far
// where the path is known to let bursts pass.
func (m *lossModel) believe(shown, target float64) float64 {
	if m.distrust > 0 {
		return min(shown, 1.25*target)
	}
	return shown
}

// forget drops what is known: a probe has shown that the path changed, and the
// rate jumps.
func (m *lossModel) forget(now time.Time) {
	if over := now.Sub(m.jumped) >= lossTrial; over || !m.trial {
		if m.trial {
			m.distrust = 0 // the last one was right
		}
		lost, packets, _ := m.recently(4)
		m.before, m.restore = lost/max(packets, 1), m.n-m.known()
	}
	m.jumped, m.trial = now, true
	m.from, m.target, m.sudden = m.n, 0, false
}

// check takes a jump back whose first packets were lost, far more of them than
// before: the path had let a burst pass that it does not let last. What was
// forgotten explains it.
func (m *lossModel) check(now time.Time, lost, packets, runs float64) {
	if m.trial && now.Sub(m.jumped) < lossTrial && runs >= 5 && lost > (3*m.before+lossSudden)*packets {
		m.from, m.sudden, m.trial = max(m.restore, m.n-lossHistory), true, false
		m.distrust++
	}
}
