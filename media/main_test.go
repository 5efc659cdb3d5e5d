package media

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manualLoop keeps tasks until the test runs them, so that a test can look at
// the time between an occurrence and its event.
type manualLoop struct{ tasks []func() }

func (l *manualLoop) Post(task func()) bool {
	l.tasks = append(l.tasks, task)
	return true
}

func (l *manualLoop) run() {
	for len(l.tasks) > 0 {
		task := l.tasks[0]
		l.tasks = l.tasks[1:]
		task()
	}
}
