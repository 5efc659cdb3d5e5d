package media

import "time"

// timeline maps the RTP timestamps of one track to this machine's clock: by
// counting them from the first frame, which is smooth, and corrected when the
// frames' capture times (or without them, their arrival) say that the count
// has gone astray.
type timeline struct {
	rate    uint32
	started bool
	last    uint32
	elapsed int64     // ticks since base, unwrapped
	base    time.Time // when elapsed was zero
	exact   bool      // base is by capture times
}

// How far the count may be from what it is measured against. Arrival times
// carry the network's jitter.
const (
	captureTolerance = 40 * time.Millisecond
	arrivalTolerance = 500 * time.Millisecond
)

func (t *timeline) at(timestamp uint32, capture, arrival time.Time) time.Time {
	measured, tolerance := capture, captureTolerance
	if capture.IsZero() {
		measured, tolerance = arrival, arrivalTolerance
	}
	if !t.started {
		t.started, t.last, t.base, t.exact = true, timestamp, measured, !capture.IsZero()
		return measured
	}
	t.elapsed += int64(int32(timestamp - t.last))
	t.last = timestamp
	rate := int64(max(t.rate, 1))
	counted := t.base.Add(time.Duration(t.elapsed/rate)*time.Second + time.Duration(t.elapsed%rate)*time.Second/time.Duration(rate))
	// Capture times become known with the first sender report.
	better := !t.exact && !capture.IsZero()
	t.exact = t.exact || better
	if drift := measured.Sub(counted); better || drift.Abs() > tolerance {
		t.base = t.base.Add(drift)
		return measured
	}
	return counted
}
