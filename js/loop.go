package js

import (
	"container/heap"
	"sync"
	"time"
)

// loop is a FIFO of tasks with timers. post and hold may be called from any
// goroutine; everything else belongs to the runtime's.
type loop struct {
	mu     sync.Mutex
	tasks  []func()
	wake   chan struct{}
	holds  int
	closed bool

	timers  timerHeap
	byID    map[int64]*timer
	lastID  int64
	nesting int
	seq     uint64
}

type timer struct {
	id      int64
	at      time.Time
	seq     uint64
	every   time.Duration
	nesting int
	repeat  bool
	index   int
	fire    func()
}

func newLoop() *loop { return &loop{wake: make(chan struct{}, 1), byID: map[int64]*timer{}} }

func (l *loop) post(task func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.tasks = append(l.tasks, task)
	l.signal()
	return true
}

// unshift queues a task before all others.
func (l *loop) unshift(task func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append([]func(){task}, l.tasks...)
	l.signal()
}

func (l *loop) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *loop) hold(n int) {
	l.mu.Lock()
	l.holds += n
	l.mu.Unlock()
	l.signal()
}

func (l *loop) close() {
	l.mu.Lock()
	l.closed, l.tasks = true, nil
	l.mu.Unlock()
	l.signal()
}

// next waits for a task. It reports false when the loop was closed, or when
// nothing is left that could bring one.
func (l *loop) next() (func(), bool) {
	for {
		now := time.Now()
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return nil, false
		}
		// Timers that are due take turns with tasks: without that, a loop of
		// immediate tasks would starve them, and the other way round.
		if t := l.due(now); t != nil && (len(l.tasks) == 0 || t.at.Add(4*time.Millisecond).Before(now)) {
			l.mu.Unlock()
			return func() { l.run(t) }, true
		}
		if len(l.tasks) > 0 {
			task := l.tasks[0]
			l.tasks[0] = nil
			if l.tasks = l.tasks[1:]; len(l.tasks) == 0 {
				l.tasks = nil
			}
			l.mu.Unlock()
			return task, true
		}
		idle := l.holds == 0 && len(l.timers) == 0
		l.mu.Unlock()
		if idle {
			return nil, false
		}
		l.wait(now)
	}
}

func (l *loop) wait(now time.Time) {
	if len(l.timers) == 0 {
		<-l.wake
		return
	}
	t := time.NewTimer(l.timers[0].at.Sub(now))
	defer t.Stop()
	select {
	case <-l.wake:
	case <-t.C:
	}
}

func (l *loop) due(now time.Time) *timer {
	if len(l.timers) == 0 || l.timers[0].at.After(now) {
		return nil
	}
	return l.timers[0]
}

// setTimer is the timer initialization steps (HTML §8.7): nested timers of the
// sixth level on wait at least 4 ms.
func (l *loop) setTimer(d time.Duration, repeat bool, fire func()) int64 {
	l.lastID++
	t := &timer{id: l.lastID, repeat: repeat, fire: fire, nesting: l.nesting + 1, every: max(d, 0)}
	l.byID[t.id] = t
	l.schedule(t)
	return t.id
}

func (l *loop) schedule(t *timer) {
	d := t.every
	if t.nesting > 5 {
		d = max(d, 4*time.Millisecond)
	}
	l.seq++
	t.at, t.seq = time.Now().Add(d), l.seq
	heap.Push(&l.timers, t)
}

func (l *loop) clearTimer(id int64) {
	t := l.byID[id]
	if t == nil {
		return
	}
	delete(l.byID, id)
	if t.index >= 0 {
		heap.Remove(&l.timers, t.index)
	}
}

func (l *loop) run(t *timer) {
	if l.byID[t.id] != t || t.index < 0 {
		return
	}
	heap.Remove(&l.timers, t.index)
	outer := l.nesting
	l.nesting = t.nesting
	defer func() { l.nesting = outer }()
	if !t.repeat {
		delete(l.byID, t.id)
	}
	t.fire()
	if t.repeat && l.byID[t.id] == t {
		t.nesting++
		l.schedule(t)
	}
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	t.index = -1
	*h = old[:len(old)-1]
	return t
}
