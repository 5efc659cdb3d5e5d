package bwe

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trackway/internal/netsim"
)

// A scenario is a path's script and what must come of it.
type scenario struct {
	name     string
	script   []netsim.Change
	seconds  int
	capacity func(at time.Duration) float64 // bit/s that we may use
	cross    func(at time.Duration) int     // bit/s of a competing flow
	most     int                            // what the encoder can use, 0 unlimited
	// judged is the part of the run in which the shares are measured.
	from, to time.Duration
	// usage is the least share of the capacity used, queue the most
	// 95th-percentile queue delay; 0 judges neither.
	usage float64
	queue time.Duration
	loss  float64
}

type outcome struct {
	usage, loss float64
	queue95     time.Duration
	reach       time.Duration // when 85 % of the capacity was first reached after from
}

const overhead = 28 + 12 + 8 + 10 // IP and UDP, RTP, extensions, SRTP tag

var epoch = time.Unix(1_000_000, 0)

// play runs a sender over the scenario's path in virtual time, a millisecond a
// step: an encoder of 30 frames a second that follows the target at once, the
// pacer, and a receiver that sends feedback every 50 ms.
func play(s scenario) outcome {
	const back = 25 * time.Millisecond
	link := netsim.New(epoch, 42, s.script...)
	e := New(Config{Start: 300_000})
	e.SetDemand(s.most)
	var pacer Pacer
	var log []Result
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
	out := outcome{reach: -1}
	var second [][2]float64 // arrived and capacity bytes per 100 ms

	send := func(now time.Time, size int) {
		d := link.Send(now, size)
		e.OnSent(now, size)
		pacer.Sent(now, size)
		r := Result{Sent: now, Size: size}
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
	for step := range s.seconds * 1000 {
		at := time.Duration(step) * time.Millisecond
		now := epoch.Add(at)
		judged := at >= s.from && at < s.to
		if s.cross != nil {
			crossDebt += float64(s.cross(at)) / 8 / 1000
			for crossDebt >= 1200 {
				link.Send(now, 1200)
				crossDebt -= 1200
			}
		}
		if step%33 == 0 { // a frame
			rate := e.Target()
			if s.most > 0 {
				rate = min(rate, s.most)
			}
			for bytes := rate / 8 / 30; bytes > 0; bytes -= 1200 - overhead {
				queue = append(queue, max(min(bytes+overhead, 1200), 100))
			}
		}
		if p, ok := e.Probe(now); ok {
			probe, probeLeft = p.ID, p.Bytes
			size := min(max(p.Bytes/5, 200), 1200)
			for bytes := p.Bytes; bytes > 0; bytes -= size {
				queue = append(queue, size)
			}
			pacer.SetRate(p.Bitrate)
		} else if probeLeft <= 0 {
			pacer.SetTarget(e.Target(), !e.Limited())
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
			var results []Result
			for i := reports[0][0]; i < reports[0][1]; i++ {
				results = append(results, log[i])
			}
			newest := results[len(results)-1]
			e.OnFeedback(now, results, now.Sub(newest.Sent))
			reports, reportAt = reports[1:], reportAt[1:]
		}
		if step%100 == 0 {
			e.OnTick(now)
		}
		if judged {
			delays = append(delays, link.QueueDelay(now))
			c := s.capacity(at) / 8 / 1000
			if s.most > 0 {
				c = min(c, float64(s.most)/8/1000)
			}
			capacityBytes += c
			if step%100 == 0 {
				second = append(second, [2]float64{arrivedBytes, capacityBytes})
			}
			if n := len(second); out.reach < 0 && n > 5 && step%100 == 0 {
				if second[n-1][0]-second[n-6][0] >= 0.85*(second[n-1][1]-second[n-6][1]) {
					out.reach = at - s.from
				}
			}
		}
	}
	slices.Sort(delays)
	out.queue95 = delays[len(delays)*95/100]
	out.usage = arrivedBytes / capacityBytes
	out.loss = lost / max(total, 1)
	return out
}

func constant(v float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return v }
}

const delay = 25 * time.Millisecond

func scenarios() []scenario {
	rate := func(r int) netsim.Conditions {
		return netsim.Conditions{Rate: r, Delay: delay, Queue: 300 * time.Millisecond}
	}
	with := func(c netsim.Conditions, f func(*netsim.Conditions)) netsim.Conditions { f(&c); return c }
	one := func(c netsim.Conditions) []netsim.Change { return []netsim.Change{{At: 0, Conditions: c}} }
	s := time.Second
	return []scenario{
		{name: "steady 2 Mbit/s", script: one(rate(2e6)), seconds: 30, capacity: constant(2e6), from: 3 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "1 Mbit/s after 4", script: []netsim.Change{{At: 0, Conditions: rate(4e6)}, {At: 15 * s, Conditions: rate(1e6)}}, seconds: 30, capacity: constant(1e6), from: 18 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "4 Mbit/s after 1", script: []netsim.Change{{At: 0, Conditions: rate(1e6)}, {At: 15 * s, Conditions: rate(4e6)}}, seconds: 30, capacity: constant(4e6), from: 18 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "600 kbit/s, 200 ms queue", script: one(with(rate(6e5), func(c *netsim.Conditions) { c.Queue = 200 * time.Millisecond })), seconds: 30, capacity: constant(6e5), from: 3 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "5 % random loss", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.Loss = 0.05 })), seconds: 30, capacity: constant(0.95 * 2e6), from: 3 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "20 % burst loss", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.BurstLoss, c.BurstLength = 0.2, 5 })), seconds: 30, capacity: constant(0.8 * 2e6), from: 3 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "2 s outage", script: []netsim.Change{{At: 0, Conditions: rate(2e6)}, {At: 15 * s, Conditions: netsim.Conditions{Outage: true}}, {At: 17 * s, Conditions: rate(2e6)}}, seconds: 30, capacity: constant(2e6), from: 18 * s, to: 30 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "competing flow of 1 Mbit/s", script: one(rate(2e6)), seconds: 40, cross: func(at time.Duration) int {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 0
		}, capacity: func(at time.Duration) float64 {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 2e6
		}, from: 13 * s, to: 24 * s, usage: 0.85, queue: 80 * time.Millisecond},
		{name: "after the competing flow", script: one(rate(2e6)), seconds: 40, cross: func(at time.Duration) int {
			if at > 10*s && at < 25*s {
				return 1e6
			}
			return 0
		}, capacity: constant(2e6), from: 28 * s, to: 40 * s, usage: 0.85, queue: 60 * time.Millisecond},
		{name: "jitter of 30 ms", script: one(with(rate(2e6), func(c *netsim.Conditions) { c.Jitter = 30 * time.Millisecond })), seconds: 30, capacity: constant(2e6), from: 5 * s, to: 30 * s, usage: 0.7, queue: 120 * time.Millisecond},
		{name: "shallow queue of 35 ms", script: one(with(rate(1e6), func(c *netsim.Conditions) { c.Queue = 35 * time.Millisecond })), seconds: 30, capacity: constant(1e6), from: 5 * s, to: 30 * s, usage: 0.7, loss: 0.1},
		{name: "application-limited at 500 kbit/s", script: one(rate(4e6)), seconds: 20, capacity: constant(4e6), most: 5e5, from: 3 * s, to: 20 * s, usage: 0.85, queue: 60 * time.Millisecond},
	}
}

// TestScenarios prints a table with -v; docs/congestion.md has it.
func TestScenarios(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-36s %8s %8s %6s %8s\n", "scenario", "used", "queue95", "loss", "85 % at")
	for _, s := range scenarios() {
		o := play(s)
		fmt.Fprintf(&table, "%-36s %7.0f%% %8v %5.1f%% %8v\n", s.name, 100*o.usage, o.queue95.Round(time.Millisecond), 100*o.loss, o.reach)
		if o.usage < s.usage {
			t.Errorf("%s: %.0f %% of the capacity used, at least %.0f %% wanted", s.name, 100*o.usage, 100*s.usage)
		}
		if s.loss > 0 && o.loss > s.loss {
			t.Errorf("%s: %.1f %% lost, at most %.1f %% wanted", s.name, 100*o.loss, 100*s.loss)
		}
		if s.queue > 0 && o.queue95 > s.queue {
			t.Errorf("%s: queue delay %v at the 95th percentile, at most %v wanted", s.name, o.queue95, s.queue)
		}
	}
	t.Log(table.String())
}
