// Package eventloop is "queue a task": a first-in, first-out list of functions
// that run one after the other, never two at once.
//
// Every PeerConnection owns one Loop. What the specifications do in "queue a
// task that runs the following steps" is a Post, and so every handler of a
// connection runs in the specified order and never beside another one.
package eventloop

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// Loop accepts tasks. An environment with a loop of its own, such as a
// JavaScript runtime, supplies its own implementation.
type Loop interface {
	// Post queues a task and reports whether it was accepted; a closed loop
	// accepts nothing. Tasks run in the order of their Post calls, one at a
	// time. Post never blocks and never runs the task before it returns.
	Post(task func()) bool
}

// Locator is a Loop that knows whether the calling goroutine is running one of
// its tasks. A Loop that is not a Locator is never waited for from a handler,
// because whoever supplies one calls the asynchronous methods only.
type Locator interface {
	Loop
	// OnLoop reports whether the caller runs inside a task of this loop.
	OnLoop() bool
}

// OnLoop reports whether the caller is known to run inside a task of loop.
func OnLoop(loop Loop) bool {
	l, ok := loop.(Locator)
	return ok && l.OnLoop()
}

// Queue is the default Loop. Its goroutine starts with the first task and ends
// with the last one, so that an idle Queue costs no stack and needs no Close to
// be collected. The zero value is ready for use.
type Queue struct {
	mu      sync.Mutex
	tasks   []func()
	spare   []func()
	running bool
	closed  bool

	// runner is the id of the goroutine that runs tasks now, 0 when none does.
	runner atomic.Uint64
}

// New returns an idle Queue.
func New() *Queue { return new(Queue) }

// Post implements Loop.
func (q *Queue) Post(task func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.tasks = append(q.tasks, task)
	if !q.running {
		q.running = true
		go q.run()
	}
	return true
}

// OnLoop implements Locator. It costs about a microsecond while a task runs and
// one atomic load otherwise.
func (q *Queue) OnLoop() bool {
	runner := q.runner.Load()
	return runner != 0 && runner == goroutineID()
}

// Close makes the queue refuse further tasks. Tasks that were accepted still
// run. Close does not wait for them, so it may be called inside one.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

func (q *Queue) run() {
	q.runner.Store(goroutineID())
	// A task that panics takes the program down, as a panic in any goroutine
	// does; a task that calls runtime.Goexit (t.FailNow in a test) must not
	// take the queue with it.
	finished := false
	defer func() {
		if !finished {
			q.resume()
		}
	}()
	for {
		q.mu.Lock()
		batch := q.tasks
		if len(batch) == 0 {
			q.running = false
			q.runner.Store(0)
			finished = true
			q.mu.Unlock()
			return
		}
		q.tasks, q.spare = q.spare[:0], nil
		q.mu.Unlock()

		for i, task := range batch {
			batch[i] = nil
			q.runOne(task, batch[i+1:])
		}

		q.mu.Lock()
		if q.spare == nil && cap(batch) <= maxSpare {
			q.spare = batch[:0]
		}
		q.mu.Unlock()
	}
}

// maxSpare bounds the memory that an idle queue keeps after a burst, in tasks.
const maxSpare = 64

// runOne runs a task and, should the task end the goroutine, puts the rest of
// its batch back in front.
func (q *Queue) runOne(task func(), rest []func()) {
	returned := false
	defer func() {
		if !returned {
			q.mu.Lock()
			q.tasks = append(append([]func(){}, rest...), q.tasks...)
			q.mu.Unlock()
		}
	}()
	task()
	returned = true
}

// resume continues in a new goroutine after a task ended the old one.
func (q *Queue) resume() {
	q.runner.Store(0)
	go q.run()
}

// goroutineID reads the number that the runtime prints in stack traces. Nothing
// but the comparison of two of them is done with it: it turns a certain
// deadlock, waiting on the loop for the loop, into an error.
func goroutineID() uint64 {
	var buf [64]byte
	b := buf[:runtime.Stack(buf[:], false)]
	b = bytes.TrimPrefix(b, []byte("goroutine "))
	if i := bytes.IndexByte(b, ' '); i > 0 {
		b = b[:i]
	}
	id, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
