package signaling

import (
	"context"
	"io"
	"sync"
)

// Pipe carries messages to the other end, whole, in order and without loss.
// Send and Receive may be called at the same time, Send from several
// goroutines.
type Pipe interface {
	// Send sends one message. It may return before the other end has it.
	Send(ctx context.Context, message []byte) error
	// Receive waits for the next message. The error is io.EOF when the other
	// end closed the pipe in order.
	Receive(ctx context.Context) ([]byte, error)
	// Close ends the pipe for both ends; the reason is for the other end, and
	// empty when all is well.
	Close(reason string) error
}

// NewPipe returns the two ends of a pipe within the process. What one end has
// sent before it closes can still be received.
func NewPipe() (Pipe, Pipe) {
	a, b := newQueue(), newQueue()
	return &memoryPipe{in: a, out: b}, &memoryPipe{in: b, out: a}
}

type memoryPipe struct{ in, out *queue }

func (p *memoryPipe) Send(ctx context.Context, message []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.out.put(append([]byte(nil), message...))
}

func (p *memoryPipe) Receive(ctx context.Context) ([]byte, error) { return p.in.take(ctx) }

func (p *memoryPipe) Close(reason string) error {
	var err error = io.EOF
	if reason != "" {
		err = &ClosedError{Reason: reason}
	}
	p.in.close(err)
	p.out.close(err)
	return nil
}

// ClosedError is the error of Receive when the other end closed the pipe and
// gave a reason.
type ClosedError struct {
	// Reason is what the other end said.
	Reason string
}

// Error gives the reason.
func (e *ClosedError) Error() string {
	return "signaling: the other end closed the session: " + e.Reason
}

// queue is an unbounded channel of messages with a closing error.
type queue struct {
	mu       sync.Mutex
	messages [][]byte
	closed   error
	ready    chan struct{} // holds a token while there may be something to take
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

func (q *queue) put(message []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return io.ErrClosedPipe
	}
	q.messages = append(q.messages, message)
	q.wake()
	return nil
}

func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed == nil {
		q.closed = err
	}
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) take(ctx context.Context) ([]byte, error) {
	for {
		q.mu.Lock()
		if len(q.messages) > 0 {
			message := q.messages[0]
			q.messages = q.messages[1:]
			if len(q.messages) > 0 || q.closed != nil {
				q.wake()
			}
			q.mu.Unlock()
			return message, nil
		}
		if err := q.closed; err != nil {
			q.wake() // for whoever else waits
			q.mu.Unlock()
			return nil, err
		}
		q.mu.Unlock()
		select {
		case <-q.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
