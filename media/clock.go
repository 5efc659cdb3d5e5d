package media

import (
	"context"
	"time"
)

// Clock is what players and devices live by. The default is the machine's,
// which within a testing/synctest bubble is the bubble's.
type Clock interface {
	// Now returns the time.
	Now() time.Time
	// SleepUntil returns nil at the given time, or at once if it has passed;
	// if ctx ends earlier, it returns the context's error.
	SleepUntil(ctx context.Context, t time.Time) error
}

// SystemClock is the machine's clock.
var SystemClock Clock = systemClock{}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) SleepUntil(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := time.Until(t)
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
