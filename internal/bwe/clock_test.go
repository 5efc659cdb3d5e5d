package bwe

import (
	"testing"
	"time"
)

// steady sends 100 packets a second, which is 800 kbit/s, and has feedback on each
// ten of them; arrived gives the receiver's time.
func steady(e *Estimator, from, to time.Duration, arrived func(at time.Duration) time.Time) {
	var results []Result
	for at := from; at < to; at += 10 * time.Millisecond {
		now := epoch.Add(at)
		e.OnSent(now, 1000)
		if results = append(results, Result{Sent: now, Arrived: arrived(at), Size: 1000}); len(results) == 10 {
			e.OnFeedback(now.Add(50*time.Millisecond), results, 50*time.Millisecond)
			results = results[:0]
		}
	}
}

// A receiver's clock that is set, or a receiver that takes another's place, costs no
// more than a new beginning: what arrives is measured, and a queue is seen.
func TestAClockThatIsSet(t *testing.T) {
	for _, step := range []time.Duration{-time.Hour, time.Hour, -5 * 24 * time.Hour} {
		e := New(Config{Start: 800_000})
		e.SetDemand(800_000)
		at := func(ahead time.Duration) func(time.Duration) time.Time {
			return func(at time.Duration) time.Time { return epoch.Add(at + ahead) }
		}
		steady(e, 0, 10*time.Second, at(0))
		steady(e, 10*time.Second, 20*time.Second, at(step))
		if r := e.acked.rate(); r < 700_000 || r > 900_000 {
			t.Errorf("clock set by %v: %.0f bit/s arrive by it, 800000 do", step, r)
		}
		if n := len(e.acked.arrivals) - e.acked.head; n > 60 {
			t.Errorf("clock set by %v: %d packets in half a second, 50 arrive", step, n)
		}
		before := e.Target()
		if before < 700_000 {
			t.Errorf("clock set by %v: the target fell to %d", step, before)
		}
		// A queue grows by 100 ms a second.
		steady(e, 20*time.Second, 24*time.Second, func(at time.Duration) time.Time {
			return epoch.Add(at + step + (at-20*time.Second)/10)
		})
		if e.Target() > before*9/10 {
			t.Errorf("clock set by %v: a queue of 400 ms left the target at %d of %d", step, e.Target(), before)
		}
	}
}

// A receiver that reports one time for ever is not remembered for ever.
func TestAClockThatStandsStill(t *testing.T) {
	e := New(Config{})
	steady(e, 0, 5*time.Minute, func(time.Duration) time.Time { return epoch })
	if n := len(e.acked.arrivals); n > 2500 {
		t.Errorf("%d arrivals are kept", n)
	}
}

// Where the delay of a new way is longer, it does not count as a queue.
func TestAnotherRoute(t *testing.T) {
	e := New(Config{Start: 800_000})
	e.SetDemand(800_000)
	steady(e, 0, 5*time.Second, func(at time.Duration) time.Time { return epoch.Add(at) })
	e.OnRoute()
	steady(e, 5*time.Second, 7*time.Second, func(at time.Duration) time.Time { return epoch.Add(at + 80*time.Millisecond) })
	if e.Target() < 780_000 {
		t.Errorf("80 ms more of delay left a target of %d", e.Target())
	}
}

// The numbers of probes fit the sixteen bits that senders keep of them.
func TestProbesAreNumberedInSixteenBits(t *testing.T) {
	var p prober
	now := epoch
	for range 70_000 {
		p.request(1_000_000)
		now = now.Add(2 * time.Second)
		got, ok := p.next(now, 2_000_000)
		if !ok || got.ID < 1 || got.ID > 1<<16-1 {
			t.Fatalf("probe %+v, %v", got, ok)
		}
	}
}

// What an application cannot use is not probed for.
func TestProbesEndAtTheDemand(t *testing.T) {
	e := New(Config{})
	e.SetDemand(400_000)
	most := 0
	for at := time.Duration(0); at < 10*time.Second; at += 10 * time.Millisecond {
		now := epoch.Add(at)
		if p, ok := e.Probe(now); ok {
			most = max(most, p.Bitrate)
			step := ProbeStep
			for sent := 0; sent < p.Bytes; sent, step = sent+p.Each, step+time.Millisecond {
				r := Result{Sent: now.Add(step), Arrived: now.Add(step), Size: p.Each, Probe: p.ID}
				e.OnFeedback(now.Add(step), []Result{r}, 0)
			}
		}
	}
	if most == 0 || most > 500_000 {
		t.Errorf("probed for %d bit/s where 400000 can be used", most)
	}
}
