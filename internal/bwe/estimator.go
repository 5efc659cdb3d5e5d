package bwe

import "time"

// Result is what feedback (transport-wide congestion control, RFC 8888) says
// about one packet that was sent.
type Result struct {
	// Sent is when the packet left, on the clock of the now arguments.
	Sent time.Time
	// Arrived is when it arrived, on the receiver's clock, whose offset does
	// not matter; zero if it was lost.
	Arrived time.Time
	// Size is in bytes, as the rates are meant: with or without the headers of the
	// layers below.
	Size int
	// Marked says that it arrived with ECN CE.
	Marked bool
	// Probe is the ID of the Probe that it was part of, or 0.
	Probe int
}

func (r Result) lost() bool { return r.Arrived.IsZero() }

// Config bounds an Estimator, in bits per second. Zero values give 30 kbit/s,
// 300 kbit/s and 100 Mbit/s.
type Config struct {
	Min, Start, Max int
	// Overhead is what the path carries with each packet beside Result.Size, in
	// bytes. Probes, which have many small packets, would show too little without it.
	Overhead int
}

// Estimator estimates the bit rate that a path carries. It is not safe for
// concurrent use.
type Estimator struct {
	cfg    Config
	acked  ackRate
	trend  trendline
	queue  queueDelay
	aimd   aimd
	loss   lossModel
	alr    alr
	prober prober

	target   int // bits per second, what Target returns
	remb     int // the receiver's own estimate, 0 if none
	rtt      time.Duration
	inFlight time.Time // when the oldest packet since the last feedback left
	silent   time.Time // when the rate was last cut for want of feedback
	before   int       // the target before an outage, to be probed for after it
	demand   int       // the most that the application can use, 0 unknown
	arriving float64   // bits per second that arrive now, 0 unknown
	since    time.Time // when the peer was heard first
	lost     time.Time // when packets were lost last
	// clock is what the peer's clock was ahead of ours when the delay was measured
	// first, one way included.
	clock   time.Duration
	clocked bool
}

// New returns an estimator that starts at cfg.Start.
func New(cfg Config) *Estimator {
	if cfg.Min == 0 {
		cfg.Min = 30_000
	}
	if cfg.Start == 0 {
		cfg.Start = 300_000
	}
	if cfg.Max == 0 {
		cfg.Max = 100_000_000
	}
	e := &Estimator{cfg: cfg, rtt: 200 * time.Millisecond, target: cfg.Start}
	e.aimd.target = float64(cfg.Start)
	e.prober.overhead = cfg.Overhead
	e.prober.start(cfg.Start)
	return e
}

// Target is the bit rate, counted like Result.Size, at which to send.
func (e *Estimator) Target() int { return e.target }

// SetDemand says how much the application can use at most, in bits per second.
// Probes do not go beyond; 0 means no bound.
func (e *Estimator) SetDemand(bitrate int) { e.demand = bitrate }

// tightFor is how long a path counts as tight after loss.
const tightFor = 5 * time.Second

// Pace is the bit rate that a Pacer is to go by, 0 while that is not known, and
// whether the path is tight. A source that follows the target sends as much as
// the path carries, unless it is limited. One that does not (follows is false)
// has not been told the target and tells nothing about the path by exceeding it:
// its rate is the one that arrives. Spreading its frames does not shorten a
// queue that the rate itself builds, but may save packets where a queue is short.
func (e *Estimator) Pace(now time.Time, follows bool) (bitrate int, tight bool) {
	switch {
	case follows:
		return e.target, !e.alr.limited
	case e.arriving == 0 && now.Sub(e.since) < ackWindow:
		return 0, false
	}
	return max(e.target, int(e.arriving)), !e.lost.IsZero() && now.Sub(e.lost) < tightFor
}

// OnSent accounts for a packet of size bytes that leaves now.
func (e *Estimator) OnSent(now time.Time, size int) {
	e.alr.sent(now, size, e.target)
	if e.inFlight.IsZero() {
		e.inFlight = now
	}
}

// OnFeedback takes in what the receiver reports, in the order of sending. rtt
// is the current round-trip time, or 0 if it is not known.
func (e *Estimator) OnFeedback(now time.Time, results []Result, rtt time.Duration) {
	if len(results) == 0 {
		return
	}
	e.hear(now)
	if rtt > 0 {
		e.rtt = rtt
	}
	arrived, marked := 0, 0
	for _, r := range results {
		e.loss.packet(r)
		if r.lost() {
			continue
		}
		arrived++
		if r.Marked {
			marked++
		}
		e.follow(r)
		e.acked.add(r.Arrived, r.Size)
		e.trend.packet(r.Sent, r.Arrived)
		e.queue.packet(r.Sent, r.Arrived)
		e.prober.packet(r)
	}
	if arrived == 0 {
		return // an outage: OnTick's business
	}
	e.inFlight, e.silent = time.Time{}, time.Time{}
	if e.before > 0 {
		e.prober.request(e.before)
		e.before = 0
	}

	u := e.trend.usage()
	q := e.queue.current()
	if q < queueHigh {
		e.queue.cuts = 0
	}
	if q > queueHigh || marked*20 > arrived {
		u = overuse
	} else if q > queueLow && u == normal {
		u = underuse // wait for the queue to drain
	}
	rate := e.acked.rate()
	if rate > 0 {
		e.arriving = rate
	}
	target := e.aimd.target
	if e.aimd.update(now, u, rate, q, e.rtt, e.alr.limited) && q > queueHigh && e.queue.stays(q, target) {
		e.aimd.resume = 0
		e.prober.request(int(e.queue.rate))
	}
	if got, ok := e.prober.result(); ok && u != overuse && float64(got) > e.aimd.target {
		e.aimd.jump(float64(got))
		e.loss.forget()
	}
	bound := e.loss.target
	e.loss.update(now, e.aimd.target, rate)
	if bound > 0 && !e.loss.lossy {
		// The delay has not felt what the loss did: go on from where that ended,
		// not from the rate at which it began.
		e.aimd.target = min(e.aimd.target, bound)
	}
	if 50*(len(results)-arrived) >= len(results) {
		e.lost = now
	}
	e.settle(now)
	e.prober.plan(now, e.target, u == normal && !e.loss.recent(now), e.alr.limited, e.most())
}

// clockStep is more than any delay: the peer's clock was set, or another peer
// answers.
const clockStep = 10 * time.Second

// follow begins to measure delays anew where the peer's clock has jumped: they would
// be wrong for ever.
func (e *Estimator) follow(r Result) {
	ahead := r.Arrived.Sub(r.Sent)
	if d := ahead - e.clock; e.clocked && d < clockStep && d > -clockStep {
		return
	}
	if e.clocked {
		e.OnRoute()
	}
	e.clock, e.clocked = ahead, true
}

// OnRoute says that packets take another way from now on, to another delay: what
// was measured of the old one's does not count. The rate stays until the new way
// has shown what it carries.
func (e *Estimator) OnRoute() {
	e.acked, e.trend, e.queue = ackRate{}, trendline{}, queueDelay{}
	e.aimd.capacity, e.aimd.resume = 0, 0
	e.clocked = false
}

// OnREMB takes in a receiver-estimated maximum bit rate (draft-alvestrand-
// rmcat-remb), which old peers send instead of feedback.
func (e *Estimator) OnREMB(now time.Time, bitrate int) {
	e.hear(now)
	e.remb = max(bitrate, 1)
	e.inFlight = time.Time{}
	e.settle(now)
}

// OnReport takes in the loss of an RTCP receiver report, for peers that send
// no feedback about single packets: fraction in [0, 1] of packets packets.
func (e *Estimator) OnReport(now time.Time, fraction float64, packets int, rtt time.Duration) {
	e.hear(now)
	if rtt > 0 {
		e.rtt = rtt
	}
	e.inFlight = time.Time{}
	e.arriving = e.alr.rate * (1 - fraction)
	// draft-ietf-rmcat-gcc-02 §6: up by 8 % a second below 2 % loss, down by
	// half the loss above 10 %.
	switch {
	case fraction < 0.02 && !e.alr.limited:
		e.aimd.grow(now, 1.08)
	case fraction > 0.1:
		e.aimd.jump(e.aimd.target * (1 - 0.5*fraction))
	}
	if fraction >= 0.02 {
		e.lost = now
	}
	e.settle(now)
}

// hear notes that the peer tells what it gets.
func (e *Estimator) hear(now time.Time) {
	if e.since.IsZero() {
		e.since = now
	}
}

// OnTick cuts the rate while feedback stays away although packets are under
// way. It is to be called every 100 ms or so.
func (e *Estimator) OnTick(now time.Time) {
	if e.inFlight.IsZero() || e.remb > 0 {
		return
	}
	patience := 500*time.Millisecond + 2*e.rtt
	if now.Sub(e.inFlight) < patience || now.Sub(e.silent) < patience/2 {
		return
	}
	if e.before == 0 {
		e.before = e.target
	}
	e.silent = now
	e.aimd.jump(e.aimd.target / 2)
	e.settle(now)
}

// Probe returns a burst of padding or early packets to send now, if it is time
// for one.
func (e *Estimator) Probe(now time.Time) (Probe, bool) {
	most := e.most()
	if e.target >= most {
		e.prober.waiting = e.prober.waiting[:0]
	}
	return e.prober.next(now, most)
}

// most is the rate up to which it is worth to know what the path carries: some
// headroom for a key frame above what the application can use.
func (e *Estimator) most() int {
	if e.demand == 0 {
		return e.cfg.Max
	}
	return min(e.cfg.Max, e.demand*5/4)
}

// settle makes the target the least of the estimates.
func (e *Estimator) settle(now time.Time) {
	t := e.aimd.target
	if e.loss.target > 0 {
		t = min(t, e.loss.target)
	}
	if e.remb > 0 {
		t = min(t, float64(e.remb))
	}
	t *= e.loss.dither(now)
	e.target = min(max(int(t), e.cfg.Min), e.cfg.Max)
	e.aimd.target = min(max(e.aimd.target, float64(e.cfg.Min)), float64(e.cfg.Max))
}
