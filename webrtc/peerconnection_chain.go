package webrtc

import (
	"context"
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
	"trackway/internal/jsep"
)

// operation is one link of the operations chain (webrtc-pc 4.4.1.2).
type operation struct {
	// name is the method, for errors.
	name string
	// check has the synchronous steps, with the lock held; an error rejects.
	check func() error
	// description says that the operation sets a description, which waits for
	// promises of setParameters.
	description bool
	// before, where it is set, has the steps of a task of its own before run's;
	// it reports whether there were any.
	before func() (bool, events, error)
	// run has the steps of the task that settles the promise, with the lock
	// held. Its events fire before the promise is settled.
	run func() (events, error)
	// broken, where it is set, has the error of an operation that cannot succeed
	// in any state: its promise is rejected even if the connection is closed.
	broken func() error
	// settle settles the promise. It is called on the loop, unless anywhere
	// is set.
	settle   func(error)
	anywhere bool
	started  bool
}

// wait chains op and waits until it is settled; see "Order of events" in the
// package's documentation.
func (pc *PeerConnection) wait(ctx context.Context, op *operation) error {
	if eventloop.OnLoop(pc.loop) {
		return domerr.New(domerr.InvalidState,
			"%s was called inside a handler and would wait for itself: use %sAsync or start a goroutine", op.name, op.name)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	settled := make(chan error, 1)
	op.settle, op.anywhere = func(err error) { settled <- err }, true
	if err := pc.chain(op); err != nil {
		return err
	}
	select {
	case err := <-settled:
		return err
	case <-ctx.Done():
		pc.unchain(op)
		return ctx.Err()
	case <-pc.closed:
		// Both may be ready; an operation that was settled has its result.
		select {
		case err := <-settled:
			return err
		default:
			return closedError(op.name)
		}
	}
}

// start chains op for an Async method: done is called in the task that settles
// the promise, and never when the connection is closed before.
func (pc *PeerConnection) start(op *operation, done func(error)) {
	op.settle = func(err error) {
		if done != nil {
			done(err)
		}
	}
	if err := pc.chain(op); err != nil {
		pc.settle(op, err)
	}
}

// chain is "chain an operation"; the error is that of a closed connection.
func (pc *PeerConnection) chain(op *operation) error {
	pc.mu.Lock()
	if pc.isClosed {
		pc.mu.Unlock()
		return closedError(op.name)
	}
	pc.operations = append(pc.operations, op)
	if len(pc.operations) > 1 {
		pc.mu.Unlock()
		return nil
	}
	rejected := pc.executeLocked()
	pc.mu.Unlock()
	pc.settleAll(rejected)
	return nil
}

// unchain removes an operation that has not started.
func (pc *PeerConnection) unchain(op *operation) {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if !op.started {
		pc.operations = slices.DeleteFunc(pc.operations, func(o *operation) bool { return o == op })
	}
}

// settled is an operation with its result.
type settled struct {
	op  *operation
	err error
}

func (pc *PeerConnection) settleAll(list []settled) {
	for _, s := range list {
		pc.settle(s.op, s.err)
	}
}

// settle calls op.settle on the loop.
func (pc *PeerConnection) settle(op *operation, err error) {
	if op.anywhere || eventloop.OnLoop(pc.loop) {
		op.settle(err)
		return
	}
	pc.queueTask(func() { op.settle(err) })
}

// executeLocked starts the operation at the head of the chain. Operations that
// are rejected by their synchronous steps leave the chain at once and are
// returned to be settled.
func (pc *PeerConnection) executeLocked() (rejected []settled) {
	for len(pc.operations) > 0 {
		op := pc.operations[0]
		op.started = true
		var err error
		if op.check != nil {
			err = op.check()
		}
		if err == nil {
			pc.queueTask(func() { pc.finish(op) })
			return rejected
		}
		pc.operations = pc.operations[1:]
		rejected = append(rejected, settled{op, err})
	}
	pc.operations = nil
	if pc.updateOnEmptyChain {
		pc.updateOnEmptyChain = false
		pc.updateNegotiationNeededLocked()
	}
	return rejected
}

// finish is the task that settles op, and the steps upon its settlement.
func (pc *PeerConnection) finish(op *operation) {
	pc.mu.Lock()
	if pc.isClosed {
		pc.mu.Unlock()
		if op.broken != nil {
			if err := op.broken(); err != nil {
				op.settle(err)
			}
		}
		return
	}
	if op.description && pc.settingParameters > 0 {
		// "If any promises from setParameters methods are not settled, abort these
		// steps and start the process over."
		pc.mu.Unlock()
		pc.queueTask(func() { pc.finish(op) })
		return
	}
	if before := op.before; before != nil {
		op.before = nil
		did, fire, err := before()
		if did && err == nil {
			pc.mu.Unlock()
			fire.run()
			pc.queueTask(func() { pc.finish(op) })
			return
		}
	}
	fire, err := op.run()
	pc.mu.Unlock()

	fire.run()

	pc.mu.Lock()
	if pc.isClosed {
		// A handler closed the connection. The event loop has run the whole
		// task, so whoever waits gets the result.
		pc.mu.Unlock()
		if op.anywhere {
			op.settle(err)
		}
		return
	}
	pc.operations = pc.operations[1:]
	rejected := pc.executeLocked()
	pc.mu.Unlock()
	op.settle(err)
	pc.settleAll(rejected)
}

// updateNegotiationNeededLocked is "update the negotiation-needed flag"
// (webrtc-pc 4.7.3).
func (pc *PeerConnection) updateNegotiationNeededLocked() {
	if len(pc.operations) != 0 {
		pc.updateOnEmptyChain = true
		return
	}
	// One task that has not run yet does for all changes before it.
	if pc.updateQueued {
		return
	}
	pc.updateQueued = true
	pc.queueLocked(func() events {
		pc.updateQueued = false
		if len(pc.operations) != 0 {
			pc.updateOnEmptyChain = true
			return nil
		}
		// "The negotiation-needed flag will be updated once the state
		// transitions to stable."
		if pc.state.SignalingState() != jsep.Stable {
			return nil
		}
		if !pc.state.NegotiationNeeded() {
			pc.negotiationNeeded = false
			return nil
		}
		if pc.negotiationNeeded {
			return nil
		}
		pc.negotiationNeeded = true
		var fire events
		fire.add(pc, &pc.on.negotiationNeeded)
		return fire
	})
}
