package bwe

import (
	"math"
	"slices"
	"time"
)

const (
	lossSpan    = 250 * time.Millisecond // sending time of one observation
	lossPackets = 15                     // and the least packets in it
	lossHistory = 24
	lossMemory  = 5 * time.Second
	lossDecay   = 0.95 // weight of an observation against the next one's
)

// inherent are the rates of loss that the model tries for the path itself.
var inherent = [...]float64{0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5}

// lossModel explains the losses of the last seconds by a path that carries a
// bandwidth B and loses a share p of everything whatever the rate: at rate R
// the loss is p + (1-p)·max(0, 1-B/R). It takes the most likely B among a few
// candidates, the highest where several explain the losses alike, so loss that
// does not depend on the rate is not mistaken for congestion.
type lossModel struct {
	seen   []lossObservation // the last lossHistory of them
	open   lossObservation
	first  time.Time
	last   time.Time
	target float64   // bits per second; 0: loss sets no bound
	lossy  bool      // losses are being explained
	bound  time.Time // when loss last set one
}

type lossObservation struct {
	rate           float64 // bits per second sent
	bytes          int
	packets, loses float64
}

func (m *lossModel) packet(r Result) {
	if m.first.IsZero() {
		m.first = r.Sent
	}
	m.open.packets++
	m.open.bytes += r.Size
	if r.lost() {
		m.open.loses++
	}
	m.last = r.Sent
	span := m.last.Sub(m.first)
	if span < lossSpan || m.open.packets < lossPackets {
		return
	}
	// An observation without any arrival is an outage and says nothing about
	// the rate; one that spans a pause has no rate.
	if m.open.loses < 0.95*m.open.packets && span < 4*lossSpan {
		m.open.rate = float64(m.open.bytes*8) / span.Seconds()
		if len(m.seen) == lossHistory {
			m.seen = slices.Delete(m.seen, 0, 1)
		}
		m.seen = append(m.seen, m.open)
	}
	m.open, m.first = lossObservation{}, r.Sent
}

// update chooses the bound, given the delay-based target and the arriving rate.
func (m *lossModel) update(now time.Time, delay, acked float64) {
	if len(m.seen) < 4 {
		return
	}
	var lost, packets float64
	for _, o := range m.seen[len(m.seen)-4:] {
		lost += o.loses
		packets += o.packets
	}
	m.lossy = lost >= 0.02*packets
	if !m.lossy {
		m.target = 0
		return
	}
	best, bestScore := 0.0, math.Inf(-1)
	for _, c := range [...]float64{2 * delay, delay, 0.95 * delay, 0.9 * delay, 0.8 * delay, acked, 0.95 * acked, 0.85 * acked, m.target, 1.03 * m.target, 0.95 * m.target} {
		if c <= 0 {
			continue
		}
		score := math.Inf(-1)
		for _, p := range inherent {
			score = max(score, m.likelihood(c, p))
		}
		// Equal explanations differ by rounding only: two units of
		// log-likelihood are what the higher bandwidth is given for free.
		if score > bestScore+2 || score > bestScore-2 && c > best {
			best, bestScore = c, max(score, bestScore)
		}
	}
	m.target, m.bound = best, now
	if best >= delay {
		m.target, m.bound = 0, time.Time{}
	}
}

// recent reports whether loss bounded the rate a moment ago. Probes would tell
// little then: a policer lets a burst pass that it would not let last.
func (m *lossModel) recent(now time.Time) bool {
	return !m.bound.IsZero() && now.Sub(m.bound) < lossMemory
}

func (m *lossModel) likelihood(bandwidth, p float64) float64 {
	sum, weight := 0.0, 1.0
	for _, o := range slices.Backward(m.seen) {
		q := p
		if o.rate > bandwidth {
			q += (1 - p) * (1 - bandwidth/o.rate)
		}
		q = min(max(q, 1e-3), 0.999)
		sum += weight * (o.loses*math.Log(q) + (o.packets-o.loses)*math.Log(1-q))
		weight *= lossDecay
	}
	return sum
}

// dither is the factor by which the target is lowered for a moment every other
// second while packets are lost: without a change of rate nothing would tell
// loss by congestion, which falls with the rate, from loss of the path's own.
func (m *lossModel) dither(now time.Time) float64 {
	if m.lossy && now.UnixNano()%int64(2*time.Second) < int64(300*time.Millisecond) {
		return 0.8
	}
	return 1
}

// forget drops what is known: a probe has shown that the path changed.
func (m *lossModel) forget() { m.seen, m.target = m.seen[:0], 0 }
