package webrtc

import (
	"context"
	"sync"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
	"trackway/internal/jsep"
	"trackway/internal/transport"
)

// PeerConnection is RTCPeerConnection (webrtc-pc 4.4). All methods may be called
// from any goroutine.
type PeerConnection struct {
	engine       *Engine
	loop         Loop
	certificates []*Certificate

	// closed is closed by Close; calls that wait for a promise return then.
	closed chan struct{}

	// mu guards everything below, and the slots of the connection's senders,
	// receivers, transceivers, transports and channels. No handler of a
	// program is ever called with it held.
	mu sync.Mutex
	on handlers

	state    *jsep.State
	config   Configuration
	isClosed bool

	negotiationNeeded bool
	operations        []*operation
	// updateQueued is whether the task of "update the negotiation-needed flag" is
	// on its way.
	updateQueued bool
	// updateOnEmptyChain is [[UpdateNegotiationNeededFlagOnEmptyChain]].
	updateOnEmptyChain bool
	// localDescriptionSet is whether SetLocalDescription has succeeded, after
	// which the candidate pool keeps its size.
	localDescriptionSet bool

	iceGatheringState  ICEGatheringState
	iceConnectionState ICEConnectionState
	connectionState    PeerConnectionState

	transceivers map[jsep.TransceiverID]*RTPTransceiver
	// lastTransaction is the transactionId given last.
	lastTransaction uint64
	// settingParameters counts promises of setParameters that are not settled.
	settingParameters int
	streams           remoteStreams
	transports        transportSet
	// pool has candidates ready for the first transports.
	pool         *transport.Pool
	descriptions descriptionCache
	data         dataSlots
	media        *mediaPlane
}

// NewPeerConnection is the constructor. It opens no socket and starts no
// goroutine, unless there is to be a pool of candidates; SetLocalDescription
// does. It fails with SyntaxError,
// InvalidAccessError, NotSupportedError or TypeError as the configuration
// deserves.
func NewPeerConnection(config Configuration, options ...Option) (*PeerConnection, error) {
	var o connectionOptions
	for _, option := range options {
		option(&o)
	}
	engine := o.engine
	if engine == nil {
		var err error
		if engine, err = defaultEngine(); err != nil {
			return nil, err
		}
	}
	return engine.newPeerConnection(config, o)
}

// Do runs fn as a task of the event loop and returns when it has: no handler and
// no other change of the connection by the loop comes in between. A ctx that
// ends before fn has started drops it. Inside a handler Do runs fn at once.
func (pc *PeerConnection) Do(ctx context.Context, fn func()) error {
	if eventloop.OnLoop(pc.loop) {
		fn()
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	started, done := make(chan struct{}, 1), make(chan struct{})
	started <- struct{}{}
	if !pc.loop.Post(func() {
		// Whoever takes the token decides: fn runs, or the wait is over.
		select {
		case <-started:
			defer close(done)
			fn()
		default:
		}
	}) {
		return domerr.New(domerr.InvalidState, "the event loop of the connection has ended")
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		select {
		case <-started:
			return ctx.Err()
		case <-done:
			return nil
		}
	}
}

// queueTask queues a task; within it the connection may have been closed.
func (pc *PeerConnection) queueTask(task func()) { pc.loop.Post(task) }

// queueLocked queues a task that runs with the lock held, unless the connection
// has been closed by then, and then fires the events that it returns.
func (pc *PeerConnection) queueLocked(task func() events) {
	pc.queueTask(func() {
		pc.mu.Lock()
		if pc.isClosed {
			pc.mu.Unlock()
			return
		}
		fire := task()
		pc.mu.Unlock()
		fire.run()
	})
}

// events are handler calls to be made, in order, after the lock is released.
type events []func()

// add appends a call of a handler attribute that has no argument. slot is read
// when the event fires, since a handler that ran before it may have changed it.
func (e *events) add(pc *PeerConnection, slot *func()) {
	*e = append(*e, func() {
		if f, closed := load(pc, slot); f != nil && !closed {
			f()
		}
	})
}

// addEvent is add for a handler that takes an event.
func addEvent[E any](e *events, pc *PeerConnection, slot *func(E), event E) {
	*e = append(*e, func() {
		if f, closed := load(pc, slot); f != nil && !closed {
			f(event)
		}
	})
}

// load reads a handler, and whether a handler before it has closed the
// connection: what is left of the task's events is then not fired.
func load[F any](pc *PeerConnection, slot *F) (f F, closed bool) {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return *slot, pc.isClosed
}

func (e events) run() {
	for _, f := range e {
		f()
	}
}

// closedError is the error of calls on a closed connection.
func closedError(method string) error {
	return domerr.New(domerr.InvalidState, "%s: the connection is closed", method)
}
