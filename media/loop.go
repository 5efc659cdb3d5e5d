package media

import "sync"

// Loop is where "queue a task" leads: tasks run one after the other, in the
// order in which they were posted. Post reports false, and drops the task,
// when the loop has been closed. trackway/internal/eventloop and a JavaScript
// runtime's loop are Loops.
type Loop interface {
	Post(task func()) bool
}

// processLoop is the Loop of sources that were given none.
var processLoop = new(lazyLoop)

// lazyLoop has a goroutine only while it has tasks.
type lazyLoop struct {
	mu      sync.Mutex
	tasks   []func()
	running bool
}

func (l *lazyLoop) Post(task func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append(l.tasks, task)
	if !l.running {
		l.running = true
		go l.run()
	}
	return true
}

func (l *lazyLoop) run() {
	for {
		l.mu.Lock()
		if len(l.tasks) == 0 {
			l.running, l.tasks = false, nil
			l.mu.Unlock()
			return
		}
		task := l.tasks[0]
		l.tasks[0] = nil
		l.tasks = l.tasks[1:]
		l.mu.Unlock()
		task()
	}
}
