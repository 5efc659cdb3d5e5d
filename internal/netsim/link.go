// Package netsim is a link of a network as arithmetic: given when a packet
// enters, it says when the packet leaves, or that it is lost. It has no clock
// and no goroutine, so that an hour of bad network takes as long as its packets
// take to count. The same Link with the same seed and input gives the same
// output.
package netsim

import (
	"math/rand/v2"
	"time"
)

// Conditions describe a link during some stretch of time. The zero value is a
// perfect link: no delay, no limit.
type Conditions struct {
	// Rate is the capacity in bits per second; 0 is unlimited.
	Rate int
	// Queue is the length of the drop-tail queue in front of the bottleneck,
	// as the time that it takes to drain when full. 0 means one second.
	Queue time.Duration
	// MarkAt is the queue delay from which on packets are marked with ECN CE;
	// 0 marks none.
	MarkAt time.Duration
	// Delay is the propagation delay, Jitter the most that is added to it at
	// random. Jitter alone does not reorder.
	Delay, Jitter time.Duration
	// Loss is the probability that a packet is lost at random.
	Loss float64
	// BurstLoss is the share of packets lost in bursts whose mean length is
	// BurstLength packets (a two-state Gilbert model).
	BurstLoss   float64
	BurstLength float64
	// Reorder is the probability that a packet overtakes its predecessors by
	// skipping the jitter and up to ReorderBy of the delay.
	Reorder   float64
	ReorderBy time.Duration
	// Duplicate is the probability that a packet arrives twice.
	Duplicate float64
	// Outage loses everything.
	Outage bool
}

// Change is a step of a link's script: from At on (counted from the first
// packet's epoch) the link has the Conditions.
type Change struct {
	At time.Duration
	Conditions
}

// Link carries packets one way. It is not safe for concurrent use.
type Link struct {
	epoch    time.Time
	script   []Change
	rng      *rand.Rand
	busy     time.Time // when the bottleneck has sent all that it holds
	last     time.Time // latest ordinary arrival; jitter does not go below it
	bursting bool
}

// New makes a link whose conditions follow the script, which is in order of
// At; before its first step the link is perfect.
func New(epoch time.Time, seed uint64, script ...Change) *Link {
	return &Link{epoch: epoch, script: script, rng: rand.New(rand.NewPCG(seed, 0x7472616b)), busy: epoch}
}

// Set replaces the script: the link has the conditions from now on.
func (l *Link) Set(c Conditions) { l.script = []Change{{Conditions: c}} }

// At returns the conditions in force at a time.
func (l *Link) At(now time.Time) Conditions {
	var c Conditions
	for _, s := range l.script {
		if now.Sub(l.epoch) < s.At {
			break
		}
		c = s.Conditions
	}
	return c
}

// QueueDelay is how long a packet that entered now would wait.
func (l *Link) QueueDelay(now time.Time) time.Duration { return max(l.busy.Sub(now), 0) }

// Delivery says what becomes of a packet.
type Delivery struct {
	// Arrivals holds when the packet arrives: never, once or twice.
	Arrivals [2]time.Time
	N        int
	// Marked says that the packet carries ECN CE.
	Marked bool
}

// Send passes a packet of size bytes (with all headers) into the link. Calls
// are in order of now.
func (l *Link) Send(now time.Time, size int) Delivery {
	c := l.At(now)
	var d Delivery
	if c.Outage || l.lost(c) {
		return d
	}
	sent := now
	if c.Rate > 0 {
		limit := c.Queue
		if limit == 0 {
			limit = time.Second
		}
		wait := l.QueueDelay(now)
		if wait > limit {
			return d
		}
		d.Marked = c.MarkAt > 0 && wait >= c.MarkAt
		sent = now.Add(wait + time.Duration(float64(size*8)/float64(c.Rate)*float64(time.Second)))
		l.busy = sent
	}
	if c.Reorder > 0 && l.rng.Float64() < c.Reorder {
		d.Arrivals[0] = sent.Add(c.Delay - time.Duration(l.rng.Float64()*float64(min(c.ReorderBy, c.Delay))))
	} else {
		at := sent.Add(c.Delay + time.Duration(l.rng.Float64()*float64(c.Jitter)))
		if at.Before(l.last) {
			at = l.last
		}
		l.last = at
		d.Arrivals[0] = at
	}
	d.N = 1
	if c.Duplicate > 0 && l.rng.Float64() < c.Duplicate {
		d.Arrivals[1] = d.Arrivals[0]
		d.N = 2
	}
	return d
}

func (l *Link) lost(c Conditions) bool {
	if c.BurstLoss > 0 {
		length := max(c.BurstLength, 1)
		leave := 1 / length
		enter := leave * c.BurstLoss / (1 - min(c.BurstLoss, 0.99))
		if l.bursting {
			l.bursting = l.rng.Float64() >= leave
		} else {
			l.bursting = l.rng.Float64() < enter
		}
		if l.bursting {
			return true
		}
	}
	return c.Loss > 0 && l.rng.Float64() < c.Loss
}
