package eventloop

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTasksRunInTheOrderTheyWerePosted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New()
		var got []int
		q.Post(func() {
			for i := range 200 {
				q.Post(func() {
					got = append(got, i)
					if i == 3 {
						q.Post(func() { got = append(got, 1000) })
					}
				})
			}
		})
		synctest.Wait()
		want := make([]int, 0, 201)
		for i := range 200 {
			want = append(want, i)
		}
		want = append(want, 1000)
		if !slices.Equal(got, want) {
			t.Errorf("tasks must run first in, first out: got %v", got)
		}
	})
}

func TestTasksNeverOverlap(t *testing.T) {
	q := New()
	var wg sync.WaitGroup
	inside := 0
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 100 {
				wg.Add(1)
				q.Post(func() {
					defer wg.Done()
					// The race detector sees two tasks at once here.
					inside++
					if inside != 1 {
						t.Errorf("%d tasks run at once", inside)
					}
					inside--
				})
			}
		}()
	}
	wg.Wait()
}

func TestTheGoroutineEndsWhenTheQueueIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New()
		q.Post(func() {})
		synctest.Wait()
		q.mu.Lock()
		running := q.running
		q.mu.Unlock()
		if running {
			t.Error("an idle queue must have no goroutine")
		}
		ran := false
		q.Post(func() { ran = true })
		synctest.Wait()
		if !ran {
			t.Error("an idle queue must start again with the next task")
		}
	})
}

func TestOnLoopTellsTasksFromOtherGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, other := New(), New()
		if OnLoop(q) {
			t.Error("the test's goroutine is not on the loop")
		}
		var inTask, inGoroutine, onOther bool
		q.Post(func() {
			inTask, onOther = OnLoop(q), OnLoop(other)
			done := make(chan bool)
			go func() { done <- OnLoop(q) }()
			inGoroutine = <-done
		})
		synctest.Wait()
		if !inTask {
			t.Error("a task is on its loop")
		}
		if inGoroutine {
			t.Error("a goroutine that a task started is not on the loop")
		}
		if onOther {
			t.Error("a task of one loop is not on another")
		}
	})
}

func TestACloseInsideATaskStillRunsWhatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New()
		var got []string
		both := make(chan struct{})
		q.Post(func() { <-both; q.Close(); got = append(got, "first") })
		q.Post(func() { got = append(got, "second") })
		close(both)
		synctest.Wait()
		if !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("accepted tasks must run after Close: got %q", got)
		}
		if q.Post(func() { t.Error("a closed queue must not run tasks") }) {
			t.Error("a closed queue must refuse tasks")
		}
		synctest.Wait()
	})
}

func TestATaskThatEndsItsGoroutineDoesNotEndTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New()
		var got []string
		q.Post(func() { runtime.Goexit() })
		q.Post(func() { got = append(got, "next") })
		synctest.Wait()
		q.Post(func() { got = append(got, "later") })
		synctest.Wait()
		if !slices.Equal(got, []string{"next", "later"}) {
			t.Errorf("tasks after one that called Goexit: got %q", got)
		}
	})
}

func BenchmarkPost(b *testing.B) {
	q := New()
	done := make(chan struct{})
	for b.Loop() {
		q.Post(func() { done <- struct{}{} })
		<-done
	}
}
