package webrtc

import (
	"container/heap"
	"sync"
	"time"
)

// timerGrain is what deadlines are rounded up to at least, so that connections
// whose reports and repairs are due at about the same time wake the process once.
const timerGrain = 5 * time.Millisecond

// timerSlack rounds a deadline up to a grain of at most a tenth of the time
// that is left, so that what can wait does so for company.
func timerSlack(now, at time.Time) time.Time {
	grain := timerGrain
	switch left := at.Sub(now); {
	case left >= time.Second:
		grain = 100 * time.Millisecond
	case left >= 500*time.Millisecond:
		grain = 50 * time.Millisecond
	case left >= 200*time.Millisecond:
		grain = 20 * time.Millisecond
	case left >= 100*time.Millisecond:
		grain = 10 * time.Millisecond
	}
	// Truncate would strip the monotonic clock, and a step of the other one would
	// stop the wheel.
	if over := time.Duration(at.UnixNano() % int64(grain)); over > 0 {
		return at.Add(grain - over)
	}
	return at
}

// timerWheel runs what is due of many connections. It has no goroutine: the
// runtime's timer starts one when something is due. The zero value is ready.
type timerWheel struct {
	mu    sync.Mutex
	queue timerQueue
	armed time.Time // when timer fires; zero if it is not set
	timer *time.Timer
	users int
}

// timerEntry is one user of a wheel.
type timerEntry struct {
	// run is called when the time has come, without locks; it returns when it
	// wants to be called again, zero for never.
	run   func(now time.Time) time.Time
	at    time.Time
	index int // in the queue, −1 if not queued
	ended bool
}

// wheels are those of the engines that have connections: one for the whole
// process unless a program makes engines of its own.
var wheels = struct {
	sync.Mutex
	of map[*Engine]*timerWheel
}{of: map[*Engine]*timerWheel{}}

// acquireWheel returns the engine's wheel until releaseWheel.
func acquireWheel(e *Engine) *timerWheel {
	wheels.Lock()
	defer wheels.Unlock()
	w := wheels.of[e]
	if w == nil {
		w = &timerWheel{}
		wheels.of[e] = w
	}
	w.users++
	return w
}

func releaseWheel(e *Engine) {
	wheels.Lock()
	defer wheels.Unlock()
	if w := wheels.of[e]; w != nil {
		if w.users--; w.users == 0 {
			delete(wheels.of, e)
		}
	}
}

func newTimerEntry(run func(time.Time) time.Time) *timerEntry {
	return &timerEntry{run: run, index: -1}
}

// schedule has the entry run at the given time or soon after, now being the time.
func (w *timerWheel) schedule(e *timerEntry, now, at time.Time) {
	at = timerSlack(now, at)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case e.ended || e.index >= 0 && !at.Before(e.at):
		return
	case e.index >= 0:
		e.at = at
		heap.Fix(&w.queue, e.index)
	default:
		e.at = at
		heap.Push(&w.queue, e)
	}
	w.armLocked()
}

// end takes the entry out for good. A run that has begun may still be under way.
func (w *timerWheel) end(e *timerEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.ended = true
	if e.index >= 0 {
		heap.Remove(&w.queue, e.index)
	}
	if len(w.queue) == 0 && w.timer != nil {
		w.timer.Stop()
		w.armed = time.Time{}
	}
}

func (w *timerWheel) armLocked() {
	if len(w.queue) == 0 {
		return
	}
	first := w.queue[0].at
	if !w.armed.IsZero() && !first.Before(w.armed) {
		return
	}
	w.armed = first
	if w.timer == nil {
		w.timer = time.AfterFunc(time.Until(first), w.fire)
	} else {
		w.timer.Reset(time.Until(first))
	}
}

func (w *timerWheel) fire() {
	now := time.Now()
	w.mu.Lock()
	w.armed = time.Time{}
	for len(w.queue) > 0 && !w.queue[0].at.After(now) {
		e := heap.Pop(&w.queue).(*timerEntry)
		w.mu.Unlock()
		if next := e.run(now); !next.IsZero() {
			w.schedule(e, now, next)
		}
		w.mu.Lock()
	}
	w.armLocked()
	w.mu.Unlock()
}

type timerQueue []*timerEntry

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *timerQueue) Push(x any) {
	e := x.(*timerEntry)
	e.index = len(*q)
	*q = append(*q, e)
}
func (q *timerQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	e.index = -1
	return e
}
