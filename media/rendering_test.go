package media

import (
	"testing"
	"time"
)

func TestFreezesAndPausesAreTold(t *testing.T) {
	var r rendering
	var s PlayoutDetails
	now := time.Unix(1000, 0)
	show := func(gap time.Duration, n int) {
		for range n {
			now = now.Add(gap)
			r.note(&s, now)
		}
	}
	const frame = 40 * time.Millisecond
	show(frame, 50)
	if s.Freezes != 0 || s.Pauses != 0 || s.Rendered != 50 {
		t.Fatalf("a steady picture: %+v", s)
	}
	show(frame+149*time.Millisecond, 1) // of less than average + 150 ms
	if s.Freezes != 0 {
		t.Error("a picture that stands for 149 ms longer than usual is no freeze")
	}
	show(frame, 40)
	show(frame+150*time.Millisecond, 1)
	if s.Freezes != 1 || s.FreezeTime != frame+150*time.Millisecond {
		t.Errorf("a picture that stands for 150 ms longer than usual is a freeze: %+v", s)
	}
	show(frame, 40)
	show(6*time.Second, 1)
	if s.Freezes != 1 || s.Pauses != 1 || s.PausedTime != 6*time.Second {
		t.Errorf("six seconds are a pause: %+v", s)
	}
	// At two pictures a second three times their length is more than 150 ms.
	r, s = rendering{}, PlayoutDetails{}
	show(500*time.Millisecond, 40)
	show(1400*time.Millisecond, 1)
	if s.Freezes != 0 {
		t.Error("at 2 pictures a second 1.4 s are no freeze")
	}
	show(500*time.Millisecond, 40)
	show(1500*time.Millisecond, 1)
	if s.Freezes != 1 {
		t.Error("at 2 pictures a second 1.5 s are a freeze")
	}
	if want := 79*0.5 + 1.4 + 1.5; s.InterFrame < want-1e-6 || s.InterFrame > want+1e-6 {
		t.Errorf("the pictures stood for %v s in all, want %v", s.InterFrame, want)
	}
	if want := 79*0.25 + 1.4*1.4 + 1.5*1.5; s.InterFrameSquared < want-1e-6 || s.InterFrameSquared > want+1e-6 {
		t.Errorf("the sum of squares is %v, want %v", s.InterFrameSquared, want)
	}
}

func TestFrameRateIsThatOfTheLastSecond(t *testing.T) {
	var r frameRate
	now := time.Unix(1000, 0)
	for range 100 {
		now = now.Add(20 * time.Millisecond)
		r.note(now)
	}
	if got := r.rate(now); got != 50 {
		t.Errorf("%v frames in the last second, want 50", got)
	}
	if got := r.rate(now.Add(500 * time.Millisecond)); got != 25 {
		t.Errorf("%v frames in the second that ends half a second later, want 25", got)
	}
	if got := r.rate(now.Add(time.Minute)); got != 0 {
		t.Errorf("%v frames a minute later", got)
	}
}
