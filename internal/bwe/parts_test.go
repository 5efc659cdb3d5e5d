package bwe

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var epoch = time.Unix(1_000_000, 0)

func TestThePacerSpreadsWhatIsSent(t *testing.T) {
	var p Pacer
	p.SetTarget(800_000, true) // paced at 2 Mbit/s: 250 bytes a millisecond
	sent := 0
	now := epoch
	for range 1000 {
		for p.Budget(now) > 0 {
			p.Sent(now, 1000)
			sent += 1000
		}
		now = now.Add(time.Millisecond)
	}
	if sent < 245_000 || sent > 255_000 {
		t.Errorf("a second at 2 Mbit/s let %d bytes leave", sent)
	}
	p.Sent(now, 25_000)
	if wait := p.Next(now).Sub(now); wait < 90*time.Millisecond || wait > 105*time.Millisecond {
		t.Errorf("a debt of 100 ms is paid in %v", wait)
	}
}

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		name    string
		total   int
		demands []Demand
		want    []int
	}{
		{"all fit", 1000, []Demand{{100, 300, 1}, {100, 400, 1}}, []int{300, 400}},
		{"the rest is shared by priority", 1000, []Demand{{0, 2000, 1}, {0, 2000, 4}}, []int{200, 800}},
		{"what one cannot use goes to the others", 1000, []Demand{{0, 100, 4}, {0, 2000, 1}}, []int{100, 900}},
		{"minima first, by priority", 250, []Demand{{200, 400, 1}, {200, 400, 2}}, []int{0, 250}},
		{"a minimum that does not fit gets nothing", 100, []Demand{{200, 400, 1}, {50, 400, 1}}, []int{0, 100}},
		{"nothing to share", 0, []Demand{{10, 20, 1}, {0, 20, 1}}, []int{0, 0}},
		{"nobody asks", 100, nil, nil},
	} {
		if got := Allocate(nil, c.total, c.demands); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v of %d, want %v", c.name, got, c.total, c.want)
		}
	}
}

func TestAllocateNeverOverdraws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		demands := make([]Demand, rng.IntN(6))
		for i := range demands {
			least := rng.IntN(500)
			demands[i] = Demand{least, least + rng.IntN(1000), float64(rng.IntN(5))}
		}
		total := rng.IntN(4000)
		sum := 0
		for i, got := range Allocate(nil, total, demands) {
			sum += got
			if got > demands[i].Max || got != 0 && got < demands[i].Min {
				t.Fatalf("%d lies outside of %+v", got, demands[i])
			}
		}
		if sum > total {
			t.Fatalf("%d handed out of %d to %+v", sum, total, demands)
		}
	}
}

func TestREMBBoundsTheTarget(t *testing.T) {
	e := New(Config{Start: 500_000})
	e.OnREMB(epoch, 200_000)
	if e.Target() != 200_000 {
		t.Errorf("target %d above the receiver's 200000", e.Target())
	}
	e.OnREMB(epoch, 0)
	if e.Target() != 30_000 {
		t.Errorf("target %d, want the configured minimum", e.Target())
	}
}

func TestReportsOfLossMoveTheTarget(t *testing.T) {
	e := New(Config{Start: 500_000})
	now := epoch
	for range 10 {
		now = now.Add(time.Second)
		e.OnSent(now, 200_000)
		e.OnReport(now, 0, 50, 50*time.Millisecond)
	}
	high := e.Target()
	if high < 900_000 {
		t.Errorf("ten seconds without loss: %d, want 8 %% a second", high)
	}
	e.OnReport(now.Add(time.Second), 0.3, 50, 0)
	if got := e.Target(); got > high*86/100 || got < high*84/100 {
		t.Errorf("30 %% loss: from %d to %d, want 15 %% less", high, got)
	}
}

// TestHostileFeedback: whatever a peer reports, the target stays within its
// bounds and nothing panics.
func TestHostileFeedback(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		e := New(Config{Min: 50_000, Max: 5_000_000})
		now := epoch
		for range 400 {
			now = now.Add(time.Duration(rng.IntN(200)) * time.Millisecond)
			results := make([]Result, rng.IntN(60))
			for i := range results {
				results[i] = Result{
					Sent:   now.Add(-time.Duration(rng.Int64N(int64(10 * time.Second)))),
					Size:   rng.IntN(2000),
					Marked: rng.IntN(3) == 0,
					Probe:  rng.IntN(4),
				}
				if rng.IntN(4) > 0 {
					results[i].Arrived = epoch.Add(time.Duration(rng.Int64N(int64(time.Hour)) - int64(30*time.Minute)))
				}
				e.OnSent(now, rng.IntN(2000))
			}
			e.OnFeedback(now, results, time.Duration(rng.IntN(300))*time.Millisecond)
			e.OnTick(now)
			e.Probe(now)
			if got := e.Target(); got < 50_000 || got > 5_000_000 {
				t.Fatalf("target %d outside of its bounds", got)
			}
		}
	}
}

func BenchmarkFeedback(b *testing.B) {
	e := New(Config{})
	results := make([]Result, 50)
	now := epoch
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(50 * time.Millisecond)
		for i := range results {
			sent := now.Add(time.Duration(i)*time.Millisecond - 100*time.Millisecond)
			results[i] = Result{Sent: sent, Arrived: sent.Add(20 * time.Millisecond), Size: 1200}
		}
		e.OnFeedback(now, results, 50*time.Millisecond)
	}
}
