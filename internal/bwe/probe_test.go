package bwe

import (
	"testing"
	"time"

	"trackway/internal/netsim"
)

// open starts a call over a link whose receiver gets the processor every wake
// only, so that what has come meanwhile arrives at once: media that follows the
// target in 30 frames a second, probes in steps of a timer of 5 ms, feedback
// every 50 ms. It returns the target after a time, in the mean of its last half
// second.
func open(link netsim.Conditions, wake, phase, after time.Duration) int {
	return begun(New(Config{Overhead: 44}), link, wake, phase, after)
}

// begun does the same with an estimator that is under way.
func begun(e *Estimator, link netsim.Conditions, wake, phase, after time.Duration) int {
	l := netsim.New(epoch, 1, netsim.Change{Conditions: link})
	e.SetDemand(3_000_000)
	var results []Result
	var probe Probe
	var probeAt time.Time
	probed, wasProbe := 0, 0
	sum, n := 0, 0
	send := func(now time.Time, size int) {
		e.OnSent(now, size)
		r := Result{Sent: now, Size: size, Probe: wasProbe}
		if d := l.Send(now, size+e.prober.overhead); d.N > 0 {
			r.Arrived = epoch.Add((d.Arrivals[0].Sub(epoch)+wake-1-phase)/wake*wake + phase)
		}
		results = append(results, r)
	}
	for at := time.Duration(0); at < after; at += time.Millisecond {
		now := epoch.Add(at)
		if after-at <= 500*time.Millisecond {
			sum, n = sum+e.Target(), n+1
		}
		if at%(33*time.Millisecond) == 0 {
			for bytes := e.Target() / 8 / 30; bytes > 0; bytes -= 1100 {
				send(now, min(bytes, 1100)+60)
			}
		}
		if at%(5*time.Millisecond) == 0 {
			if p, ok := e.Probe(now); ok {
				probe, probeAt, probed = p, now, 0
			}
			for wasProbe = probe.ID; wasProbe != 0 && probed < probe.Due(now.Sub(probeAt)); probed += probe.Each {
				send(now, probe.Each)
			}
			if wasProbe = 0; probed >= probe.Bytes {
				probe = Probe{}
			}
		}
		if at%(50*time.Millisecond) == 0 && at > 0 {
			n := 0
			for n < len(results) && !results[n].Arrived.After(now) {
				n++
			}
			if n > 0 {
				e.OnFeedback(now, results[:n], link.Delay)
				results = results[n:]
			}
		}
	}
	return sum / n
}

// A call over a path without a limit worth mentioning has the rate for 720 lines
// within a second, however late the receiver's processor comes to the packets.
func TestTheFirstProbesFindAWidePath(t *testing.T) {
	for _, wake := range []time.Duration{time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond, 20 * time.Millisecond} {
		for phase := time.Duration(0); phase < wake; phase += max(wake/7, time.Microsecond) {
			got := open(netsim.Conditions{Rate: 100_000_000, Delay: 100 * time.Microsecond}, wake, phase, time.Second)
			if got < 2_000_000 {
				t.Errorf("receiver awake every %v, phase %v: %d bit/s after a second", wake, phase, got)
			}
		}
	}
}

// And they do not take a narrow path for a wide one.
func TestTheFirstProbesFindANarrowPath(t *testing.T) {
	for _, rate := range []int{500_000, 1_000_000, 1_500_000} {
		for _, wake := range []time.Duration{time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
			link := netsim.Conditions{Rate: rate, Delay: 20 * time.Millisecond, Queue: 300 * time.Millisecond}
			if got := open(link, wake, 0, 2*time.Second); got > rate*13/10 || got < rate*6/10 {
				t.Errorf("%d bit/s, receiver awake every %v: target %d", rate, wake, got)
			}
		}
	}
}

// Later probes find what is left of a path as well: a target that has fallen to six
// tenths of it is near to it again after the next two.
func TestLaterProbesFindTheRestOfAPath(t *testing.T) {
	for _, rate := range []int{500_000, 1_000_000, 2_000_000} {
		for _, share := range []int{50, 60, 70} {
			e := New(Config{Start: rate * share / 100, Overhead: 44})
			e.prober.waiting = nil
			link := netsim.Conditions{Rate: rate, Delay: 20 * time.Millisecond, Queue: 300 * time.Millisecond}
			got := begun(e, link, time.Microsecond, 0, 3*time.Second)
			if got < rate*75/100 || got > rate*11/10 {
				t.Errorf("from %d %% of %d bit/s: target %d after two probes", share, rate, got)
			}
		}
	}
}
