// Package scenario plays congestion controllers over simulated paths, for tests
// and for the comparison in bench.
package scenario

import (
	"slices"
	"time"

	"trackway/internal/bwe"
	"trackway/internal/netsim"
)

// Scenario is a path's script and what must come of it.
type Scenario struct {
	Name     string
	script   []netsim.Change
	seconds  int
	capacity func(at time.Duration) float64 // bit/s that we may use
	cross    func(at time.Duration) int     // bit/s of a competing flow
	most     int                            // what the encoder can use, 0 unlimited
	fps      int                            // frames a second, 0 for 30
	// the part of the run in which the shares are measured
	from, to time.Duration
	// Usage is the least share of the capacity to be used, Queue the most
	// 95th-percentile queue delay, Loss the most loss; 0 judges nothing.
	Usage float64
	Queue time.Duration
	Loss  float64
}

// Outcome is how a controller fared.
type Outcome struct {
	// Usage is the share of the capacity that arrived, Loss the share of the
	// packets that did not.
	Usage, Loss float64
	// Queue95 is the 95th percentile of the bottleneck's queue delay.
	Queue95 time.Duration
	// Reach is when half a second with 85 % of the capacity was complete, from
	// the start of the judged part; negative for never.
	Reach time.Duration
}

// Controller is a congestion controller that is tried.
type Controller interface {
	// Begin is called before each step of a millisecond.
	Begin(now time.Time)
	// Target is the bit rate at which the encoder is to make media.
	Target() int
	// Sent tells of a packet that leaves; index counts them.
	Sent(now time.Time, index, size int)
	// Feedback tells of the packets from index first on, every 50 ms.
	Feedback(now time.Time, first int, results []bwe.Result)
	// Probe asks for a probe; Pace sets the pacer for media.
	Probe(now time.Time) (bwe.Probe, bool)
	Pace(p *bwe.Pacer)
}

// Ours is a controller with an Estimator of package bwe.
type Ours struct {
	est       *bwe.Estimator
	now, tick time.Time
}

// NewOurs returns a controller that starts at 300 kbit/s.
func NewOurs(s Scenario) *Ours {
	o := &Ours{est: bwe.New(bwe.Config{Start: Start})}
	o.est.SetDemand(s.most)
	return o
}

// Start is the bit rate at which controllers start.
const Start = 300_000

// Begin implements Controller.
func (o *Ours) Begin(now time.Time) {
	o.now = now
	if now.Sub(o.tick) >= 100*time.Millisecond {
		o.tick = now
		o.est.OnTick(now)
	}
}

// Target implements Controller.
func (o *Ours) Target() int { return o.est.Target() }

// Sent implements Controller.
func (o *Ours) Sent(now time.Time, _, size int) { o.est.OnSent(now, size) }

// Feedback implements Controller.
func (o *Ours) Feedback(now time.Time, _ int, results []bwe.Result) {
	o.est.OnFeedback(now, results, now.Sub(results[len(results)-1].Sent))
}

// Probe implements Controller.
func (o *Ours) Probe(now time.Time) (bwe.Probe, bool) { return o.est.Probe(now) }

// Pace implements Controller.
func (o *Ours) Pace(p *bwe.Pacer) { p.SetTarget(o.est.Pace(o.now, true)) }

const overhead = 28 + 12 + 8 + 10 // IP and UDP, RTP, extensions, SRTP tag

// Play runs a sender over the scenario's path in virtual time, a millisecond a
// step: an encoder, of 30 frames a second unless said, that follows the target at once, the
// pacer, and a receiver that sends feedback every 50 ms.
func Play(s Scenario, epoch time.Time, c Controller) Outcome {
	const back = 25 * time.Millisecond
	link := netsim.New(epoch, 42, s.script...)
	var pacer bwe.Pacer
	var log []bwe.Result
	type due struct {
		at    time.Time
		index int
		marks bool
	}
	var flying []due
	var queue []int // sizes
	var reports [][2]int
	var reportAt []time.Time
	reported, highest := 0, -1
	probe, probeLeft := 0, 0
	var delays []time.Duration
	var arrivedBytes, capacityBytes, lost, total float64
	out := Outcome{Reach: -1}
	var second [][2]float64 // arrived and capacity bytes per 100 ms

	send := func(now time.Time, size int) {
		d := link.Send(now, size)
		c.Sent(now, len(log), size)
		pacer.Sent(now, size)
		r := bwe.Result{Sent: now, Size: size}
		if probeLeft > 0 {
			r.Probe = probe
			probeLeft -= size
		}
		log = append(log, r)
		at := now.Sub(epoch)
		if at >= s.from && at < s.to {
			total++
			if d.N == 0 {
				lost++
			}
		}
		if d.N > 0 {
			flying = append(flying, due{d.Arrivals[0], len(log) - 1, d.Marked})
		}
	}
	crossDebt := 0.0
	fps := s.fps
	if fps == 0 {
		fps = 30
	}
	for step := range s.seconds * 1000 {
		at := time.Duration(step) * time.Millisecond
		now := epoch.Add(at)
		c.Begin(now)
		judged := at >= s.from && at < s.to
		if s.cross != nil {
			crossDebt += float64(s.cross(at)) / 8 / 1000
			for crossDebt >= 1200 {
				link.Send(now, 1200)
				crossDebt -= 1200
			}
		}
		if step%(1000/fps) == 0 { // a frame
			rate := c.Target()
			if s.most > 0 {
				rate = min(rate, s.most)
			}
			for bytes := rate / 8 / fps; bytes > 0; bytes -= 1200 - overhead {
				queue = append(queue, max(min(bytes+overhead, 1200), 100))
			}
		}
		if p, ok := c.Probe(now); ok {
			probe, probeLeft = p.ID, p.Bytes
			size := min(p.Each, 1200)
			for bytes := p.Bytes; bytes > 0; bytes -= size {
				queue = append(queue, size)
			}
			pacer.SetRate(p.Bitrate)
		} else if probeLeft <= 0 {
			c.Pace(&pacer)
		}
		for len(queue) > 0 && pacer.Budget(now) > 0 {
			send(now, queue[0])
			queue = queue[1:]
		}
		flying = slices.DeleteFunc(flying, func(d due) bool {
			if d.at.After(now) {
				return false
			}
			log[d.index].Arrived, log[d.index].Marked = d.at.Add(-time.Hour), d.marks // another clock
			highest = max(highest, d.index)
			if judged {
				arrivedBytes += float64(log[d.index].Size)
			}
			return true
		})
		if step%50 == 0 && highest >= reported {
			reports = append(reports, [2]int{reported, highest + 1})
			reportAt = append(reportAt, now.Add(back))
			reported = highest + 1
		}
		for len(reports) > 0 && !reportAt[0].After(now) {
			var results []bwe.Result
			for i := reports[0][0]; i < reports[0][1]; i++ {
				results = append(results, log[i])
			}
			c.Feedback(now, reports[0][0], results)
			reports, reportAt = reports[1:], reportAt[1:]
		}
		if judged {
			delays = append(delays, link.QueueDelay(now))
			most := s.capacity(at) / 8 / 1000
			if s.most > 0 {
				most = min(most, float64(s.most)/8/1000)
			}
			capacityBytes += most
			if step%100 == 0 {
				second = append(second, [2]float64{arrivedBytes, capacityBytes})
			}
			if n := len(second); out.Reach < 0 && n > 5 && step%100 == 0 {
				if second[n-1][0]-second[n-6][0] >= 0.85*(second[n-1][1]-second[n-6][1]) {
					out.Reach = at - s.from
				}
			}
		}
	}
	slices.Sort(delays)
	out.Queue95 = delays[len(delays)*95/100]
	out.Usage = arrivedBytes / capacityBytes
	out.Loss = lost / max(total, 1)
	return out
}

func constant(v float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return v }
}

const delay = 25 * time.Millisecond

// All are the scenarios of docs/congestion.md.
func All() []Scenario {
	rate := func(r int) netsim.Conditions {
		return netsim.Conditions{Rate: r, Delay: delay, Queue: 300 * time.Millisecond}
	}
	with := func(c netsim.Conditions, f func(*netsim.Conditions)) netsim.Conditions { f(&c); return c }
	one := func(c netsim.Conditions) []netsim.Change { return []netsim.Change{{At: 0, Conditions: c}} }
	s := time.Second
	return []Scenario{
		{Name: "steady 2 Mbit/s", script: one(rate(2e6)), seconds: 30, capacity: constant(2e6), from: 3 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "1 Mbit/s after 4", script: []netsim.Change{{At: 0, Conditions: rate(4e6)}, {At: 15 * s, Conditions: rate(1e6)}}, seconds: 30, capacity: constant(1e6), from: 18 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "4 Mbit/s after 1", script: []netsim.Change{{At: 0, Conditions: rate(1e6)}, {At: 15 * s, Conditions: rate(4e6)}}, seconds: 30, capacity: constant(4e6), from: 18 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "600 kbit/s, 200 ms queue", script: one(with(rate(6e5), func(c *netsim.Conditions) { c.Queue = 200 * time.Millisecond })), seconds: 30, capacity: constant(6e5), from: 3 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "5 % random loss", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.Loss = 0.05 })), seconds: 30, capacity: constant(0.95 * 2e6), from: 3 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "20 % burst loss", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.BurstLoss, c.BurstLength = 0.2, 5 })), seconds: 30, capacity: constant(0.8 * 2e6), from: 3 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "2 s outage", script: []netsim.Change{{At: 0, Conditions: rate(2e6)}, {At: 15 * s, Conditions: netsim.Conditions{Outage: true}}, {At: 17 * s, Conditions: rate(2e6)}}, seconds: 30, capacity: constant(2e6), from: 18 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "competing flow of 1 Mbit/s", script: one(rate(2e6)), seconds: 40, cross: func(at time.Duration) int {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 0
		}, capacity: func(at time.Duration) float64 {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 2e6
		}, from: 13 * s, to: 24 * s, Usage: 0.85, Queue: 80 * time.Millisecond},
		{Name: "after the competing flow", script: one(rate(2e6)), seconds: 40, cross: func(at time.Duration) int {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 0
		}, capacity: constant(2e6), from: 28 * s, to: 40 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "a path 40 ms longer", script: []netsim.Change{{At: 0, Conditions: rate(2e6)}, {At: 15 * s, Conditions: with(rate(2e6), func(c *netsim.Conditions) { c.Delay += 40 * time.Millisecond })}}, seconds: 30, capacity: constant(2e6), from: 18 * s, to: 30 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
		{Name: "jitter of 30 ms", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.Jitter = 30 * time.Millisecond })), seconds: 30, capacity: constant(2e6), from: 5 * s, to: 30 * s, Usage: 0.7, Queue: 120 * time.Millisecond},
		{Name: "shallow queue of 35 ms", script: one(with(rate(1e6), func(c *netsim.Conditions) { c.Queue = 35 * time.Millisecond })), seconds: 30, capacity: constant(1e6), from: 5 * s, to: 30 * s, Usage: 0.7, Loss: 0.1},
		{Name: "5 frames a second", script: one(rate(2e6)), seconds: 30, capacity: constant(2e6), fps: 5, from: 5 * s, to: 30 * s, Usage: 0.8},
		{Name: "application-limited at 500 kbit/s", script: one(rate(4e6)), seconds: 20, capacity: constant(4e6), most: 5e5, from: 3 * s, to: 20 * s, Usage: 0.85, Queue: 60 * time.Millisecond},
	}
}
