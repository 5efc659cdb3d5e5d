package bwe

import "time"

// usage is what the delay says about the path (draft-ietf-rmcat-gcc-02 §5.4).
type usage int

const (
	normal usage = iota
	underuse
	overuse
)

const (
	groupSpan   = 5 * time.Millisecond // packets sent within it are one group
	trendWindow = 20                   // points in the regression
	trendGain   = 4
	smoothing   = 0.9
	overuseFor  = 10 * time.Millisecond
	kUp, kDown  = 0.0087, 0.039 // threshold adaptation, per millisecond
)

// trendline fits a line through the accumulated one-way delay variation. A
// rising line means a growing queue.
type trendline struct {
	group, prev struct {
		first, last, arrived time.Time
		full                 bool
	}
	start       time.Time
	accumulated float64 // ms
	smoothed    float64
	xs, ys      [trendWindow]float64
	n           int // points ever added
	threshold   float64
	overFor     time.Duration
	overCount   int
	last        time.Time
	lastTrend   float64
	state       usage
}

func (t *trendline) packet(sent, arrived time.Time) {
	g := &t.group
	switch {
	case g.first.IsZero():
		g.first, g.last, g.arrived = sent, sent, arrived
	case sent.Before(g.first):
		// Reordered before its group: it says nothing about the queue.
	case sent.Sub(g.first) <= groupSpan || arrived.Sub(g.arrived) <= groupSpan && arrived.Sub(g.arrived) < sent.Sub(g.last):
		// Of the group, or arrived in a clump behind it (§5.2 pre-filtering).
		g.last = sent
		if arrived.After(g.arrived) {
			g.arrived = arrived
		}
	default:
		if t.prev.full {
			t.point(g.arrived, g.arrived.Sub(t.prev.arrived)-g.last.Sub(t.prev.last), g.last.Sub(t.prev.last))
		}
		t.prev = *g
		t.prev.full = true
		g.first, g.last, g.arrived = sent, sent, arrived
	}
}

// point adds one delay variation.
func (t *trendline) point(arrived time.Time, variation, sendDelta time.Duration) {
	if t.start.IsZero() {
		t.start, t.threshold = arrived, 12.5
	}
	t.accumulated += ms(variation)
	t.smoothed = smoothing*t.smoothed + (1-smoothing)*t.accumulated
	t.xs[t.n%trendWindow], t.ys[t.n%trendWindow] = ms(arrived.Sub(t.start)), t.smoothed
	t.n++
	if t.n < trendWindow {
		return
	}
	trend := slope(t.xs[:], t.ys[:]) * trendGain * float64(min(t.n, 60))
	switch {
	case trend > t.threshold:
		t.overFor += sendDelta
		t.overCount++
		if t.overFor > overuseFor && t.overCount > 1 && trend >= t.lastTrend {
			t.overFor, t.overCount, t.state = 0, 0, overuse
		}
	case trend < -t.threshold:
		t.overFor, t.overCount, t.state = 0, 0, underuse
	default:
		t.overFor, t.overCount, t.state = 0, 0, normal
	}
	t.lastTrend = trend
	t.adapt(arrived, trend)
}

// adapt moves the threshold towards the trend so that the estimator neither
// starves beside loss-based flows nor sleeps (§5.4).
func (t *trendline) adapt(now time.Time, trend float64) {
	if t.last.IsZero() {
		t.last = now
	}
	a := max(trend, -trend)
	if a <= t.threshold+15 { // a spike is no reason to adapt
		k := kUp
		if a < t.threshold {
			k = kDown
		}
		t.threshold += k * (a - t.threshold) * min(ms(now.Sub(t.last)), 100)
		t.threshold = min(max(t.threshold, 6), 600)
	}
	t.last = now
}

func (t *trendline) usage() usage { return t.state }

func slope(xs, ys []float64) float64 {
	var mx, my float64
	for i := range xs {
		mx += xs[i]
		my += ys[i]
	}
	mx /= float64(len(xs))
	my /= float64(len(ys))
	var num, den float64
	for i := range xs {
		num += (xs[i] - mx) * (ys[i] - my)
		den += (xs[i] - mx) * (xs[i] - mx)
	}
	if den == 0 {
		return 0
	}
	return num / den
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const (
	queueHigh = 30 * time.Millisecond // a standing queue that must go
	queueLow  = 15 * time.Millisecond // no reason to grow
	baseSpan  = 10 * time.Second      // a base delay older than two spans is forgotten
)

// queueDelay measures the queue as the one-way delay above the lowest seen in
// the last ten to twenty seconds. Clocks need not agree: the offset cancels.
type queueDelay struct {
	base, next time.Duration
	since      time.Time
	recent     [8]time.Duration
	n          int
	// burst is the least since the last pause in sending, which a queue of our own
	// would have used to drain; began is when that was, sent the last packet's time.
	burst       time.Duration
	began, sent time.Time
	// The cuts that have left a queue as it was: how many, how long it was at the first,
	// and the target before that.
	cuts  int
	stood time.Duration
	rate  float64
}

const (
	patientCuts = 3 // without any effect on a queue

	burstGap  = 10 * time.Millisecond
	burstMost = 250 * time.Millisecond
)

func (q *queueDelay) packet(sent, arrived time.Time) {
	d := arrived.Sub(sent)
	if q.since.IsZero() {
		q.base, q.next, q.since = d, d, sent
	}
	if sent.Sub(q.since) > baseSpan {
		q.base, q.next, q.since = q.next, d, sent
	}
	q.base, q.next = min(q.base, d), min(q.next, d)
	if q.recent[q.n%len(q.recent)] = d; sent.Sub(q.sent) > burstGap || sent.Sub(q.began) > burstMost {
		q.burst, q.began = d, sent
	}
	q.burst, q.sent = min(q.burst, d), sent
	q.n++
}

// current is the least of the last few packets' queue delays, and of those of the
// frame that they belong to, so that jitter and the tail of a frame, however long it
// takes the path, do not count as a queue.
func (q *queueDelay) current() time.Duration {
	if q.n < len(q.recent) {
		return 0
	}
	least := q.burst
	for _, d := range q.recent {
		least = min(least, d)
	}
	return least - q.base
}

// stays takes note of a cut of the target because of a queue, and reports whether it
// is none: one of ours drains when less is sent than arrives, or grows on while still
// too much is. What cuts leave as it is, is the path's own delay, which has grown, or
// the queue of somebody who does not yield; delays are measured from there then.
func (q *queueDelay) stays(queue time.Duration, target float64) bool {
	if q.cuts == 0 || queue < q.stood*4/5 || queue > q.stood*6/5 {
		q.cuts, q.stood, q.rate = 1, queue, target
		return false
	}
	if q.cuts++; q.cuts < patientCuts {
		return false
	}
	q.base += queue
	q.next, q.cuts = q.base, 0
	return true
}
