package transport

import "sync"

// events calls the Handler in order, on one goroutine that ends when there is
// nothing left to tell.
type events struct {
	mu      sync.Mutex
	queue   []func(Handler)
	running bool
	h       Handler
}

func (e *events) post(f func(Handler)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, f)
	if !e.running {
		e.running = true
		go e.run()
	}
}

func (e *events) run() {
	for {
		e.mu.Lock()
		if len(e.queue) == 0 {
			e.running = false
			e.queue = nil
			e.mu.Unlock()
			return
		}
		f := e.queue[0]
		e.queue[0] = nil
		e.queue = e.queue[1:]
		e.mu.Unlock()
		f(e.h)
	}
}
