package netsim

import (
	"math"
	"testing"
	"time"
)

var epoch = time.Unix(1000, 0)

func TestALinkSendsAtItsRate(t *testing.T) {
	l := New(epoch, 1, Change{0, Conditions{Rate: 1_000_000, Delay: 10 * time.Millisecond}})
	var last time.Time
	for range 100 { // 100 × 1250 bytes = 1 Mbit
		d := l.Send(epoch, 1250)
		if d.N != 1 {
			t.Fatal("a queue of a second must hold a second's packets")
		}
		last = d.Arrivals[0]
	}
	if got := last.Sub(epoch); (got - 1010*time.Millisecond).Abs() > time.Microsecond {
		t.Errorf("1 Mbit over 1 Mbit/s and 10 ms took %v", got)
	}
}

func TestAFullQueueDropsItsTail(t *testing.T) {
	l := New(epoch, 1, Change{0, Conditions{Rate: 1_000_000, Queue: 100 * time.Millisecond, MarkAt: 50 * time.Millisecond}})
	kept, marked := 0, 0
	for range 100 {
		d := l.Send(epoch, 1250)
		kept += d.N
		if d.Marked {
			marked++
		}
	}
	if kept < 10 || kept > 12 {
		t.Errorf("a queue of 100 ms at 10 ms a packet kept %d packets", kept)
	}
	if marked < 5 || marked > 7 {
		t.Errorf("ECN from 50 ms on marked %d of %d", marked, kept)
	}
}

func TestLossHasItsRateAndItsBursts(t *testing.T) {
	for name, c := range map[string]Conditions{
		"random": {Loss: 0.2},
		"burst":  {BurstLoss: 0.2, BurstLength: 8},
	} {
		l := New(epoch, 7, Change{0, c})
		const n = 200_000
		lost, runs, in := 0, 0, false
		for range n {
			gone := l.Send(epoch, 100).N == 0
			if gone {
				lost++
				if !in {
					runs++
				}
			}
			in = gone
		}
		if got := float64(lost) / n; math.Abs(got-0.2) > 0.01 {
			t.Errorf("%s: lost %.3f, want 0.2", name, got)
		}
		mean, want := float64(lost)/float64(runs), map[string]float64{"random": 1.25, "burst": 8}[name]
		if math.Abs(mean-want) > want/10 {
			t.Errorf("%s: mean burst %.2f packets, want %.2f", name, mean, want)
		}
	}
}

func TestTheScriptChangesTheLink(t *testing.T) {
	l := New(epoch, 1, Change{0, Conditions{Delay: time.Millisecond}}, Change{time.Second, Conditions{Outage: true}}, Change{2 * time.Second, Conditions{}})
	for at, want := range map[time.Duration]int{0: 1, 999 * time.Millisecond: 1, time.Second: 0, 1500 * time.Millisecond: 0, 2 * time.Second: 1} {
		if got := l.Send(epoch.Add(at), 100).N; got != want {
			t.Errorf("at %v: %d arrivals, want %d", at, got, want)
		}
	}
}

func TestOnlyReorderingReorders(t *testing.T) {
	inversions := func(c Conditions) (n int) {
		l := New(epoch, 3, Change{0, c})
		var last time.Time
		for i := range 1000 {
			at := l.Send(epoch.Add(time.Duration(i)*time.Millisecond), 100).Arrivals[0]
			if at.Before(last) {
				n++
			}
			last = at
		}
		return n
	}
	if n := inversions(Conditions{Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond}); n != 0 {
		t.Errorf("jitter reordered %d packets", n)
	}
	if n := inversions(Conditions{Delay: 20 * time.Millisecond, Reorder: 0.1, ReorderBy: 20 * time.Millisecond}); n < 50 {
		t.Errorf("10 %% reordering reordered only %d of 1000", n)
	}
}
