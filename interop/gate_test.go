package interop

import (
	"bytes"
	"context"
	"sync"

	"trackway/signaling"
)

// gate is a pipe that can be made to have offers cross: while it waits for a
// collision, it holds messages back until an offer came from each end.
type gate struct {
	signaling.Pipe

	// alter, if not nil, rewrites messages of ours (0) and theirs (1); nil drops
	// one. It is set before anything is negotiated.
	alter func(from int, message []byte) []byte

	mu      sync.Mutex
	cond    *sync.Cond
	waiting bool
	offered [2]bool // ours, theirs
}

func newGate(p signaling.Pipe) *gate {
	g := &gate{Pipe: p}
	g.cond = sync.NewCond(&g.mu)
	return g
}

// collide has the next offers of both ends cross. Both ends must make one.
func (g *gate) collide() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting, g.offered = true, [2]bool{}
}

// theirs reports whether the other end's offer is waiting.
func (g *gate) theirs() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.offered[1]
}

func (g *gate) pass(ctx context.Context, from int, message []byte) {
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.waiting = false
		g.cond.Broadcast()
	})
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting && bytes.Contains(message, []byte(`"type":"offer"`)) {
		g.offered[from] = true
		if g.offered == [2]bool{true, true} {
			g.waiting = false
			g.cond.Broadcast()
		}
	}
	// Our own messages leave from the goroutine that handles theirs, so only
	// what comes in can be held: our offer must be out before theirs comes in.
	for from == 1 && g.waiting {
		g.cond.Wait()
	}
}

func (g *gate) Send(ctx context.Context, message []byte) error {
	g.pass(ctx, 0, message)
	if g.alter != nil {
		if message = g.alter(0, message); message == nil {
			return nil
		}
	}
	return g.Pipe.Send(ctx, message)
}

func (g *gate) Receive(ctx context.Context) ([]byte, error) {
	for {
		message, err := g.Pipe.Receive(ctx)
		if err != nil {
			return nil, err
		}
		g.pass(ctx, 1, message)
		if g.alter != nil {
			if message = g.alter(1, message); message == nil {
				continue
			}
		}
		return message, nil
	}
}
