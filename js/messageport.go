package js

import (
	"sync"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// portEnd is one end of a channel, independent of the runtime that owns it.
type portEnd struct {
	mu    sync.Mutex
	peer  *portEnd
	queue []*message
	// notify, if set, is told that the queue has messages; the port has been started.
	notify func()
	closed bool
}

// send queues m at the other end.
func (p *portEnd) send(m *message) {
	p.mu.Lock()
	peer := p.peer
	p.mu.Unlock()
	if peer == nil {
		return
	}
	peer.mu.Lock()
	peer.queue = append(peer.queue, m)
	notify := peer.notify
	peer.mu.Unlock()
	if notify != nil {
		notify()
	}
}

// silence ends what the other end sends.
func (p *portEnd) silence() {
	p.mu.Lock()
	other := p.peer
	p.mu.Unlock()
	if other != nil {
		other.mu.Lock()
		other.peer = nil
		other.mu.Unlock()
	}
}

func (p *portEnd) take() *message {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 || p.closed {
		return nil
	}
	m := p.queue[0]
	p.queue = p.queue[1:]
	return m
}

// messagePort is a MessagePort.
type messagePort struct {
	eventTarget
	rt       *Runtime
	end      *portEnd
	started  bool
	detached bool
}

// InterfaceName implements binding.Platform.
func (*messagePort) InterfaceName() string { return "MessagePort" }

func newPort(rt *Runtime, end *portEnd) *messagePort {
	p := &messagePort{rt: rt, end: end}
	p.init(p)
	return p
}

func (p *messagePort) start() {
	if p.started || p.detached {
		return
	}
	p.started = true
	deliver := func() {
		if m := p.end.take(); m != nil && !p.detached {
			p.rt.deliver(&p.eventTarget, m, "", nil)
		}
	}
	p.end.mu.Lock()
	waiting := len(p.end.queue)
	p.end.notify = func() { p.rt.Post(deliver) }
	p.end.mu.Unlock()
	for range waiting {
		p.rt.Post(deliver)
	}
}

func (p *messagePort) transfer() (transferred, error) {
	if p.detached {
		return nil, cloneError("A detached MessagePort")
	}
	p.detached = true
	p.end.mu.Lock()
	p.end.notify = nil
	p.end.mu.Unlock()
	return movedPort{p.end}, nil
}

type movedPort struct{ end *portEnd }

func (m movedPort) receive(rt *Runtime) binding.Platform { return newPort(rt, m.end) }

func (p *messagePort) post(c *binding.Call) (any, error) {
	transfer, _ := c.Arg(1).([]any)
	if d, ok := c.Arg(1).(*binding.Dict); ok {
		transfer = d.Seq("transfer")
	}
	for _, t := range transfer {
		if p.rt.realm.Unwrap(p.rt.realm.ToJS(nil, t)) == p {
			return nil, domerr.New("DataCloneError", "a port cannot be transferred through itself")
		}
	}
	m, err := p.rt.serialize(c.Value(0), transfer)
	if err != nil {
		return nil, err
	}
	if !p.detached {
		p.end.send(m)
	}
	return nil, nil
}

// messageChannel is a MessageChannel.
type messageChannel struct {
	binding.Object
	port1, port2 *messagePort
}

// InterfaceName implements binding.Platform.
func (*messageChannel) InterfaceName() string { return "MessageChannel" }

func entangle() (a, b *portEnd) {
	a, b = &portEnd{}, &portEnd{}
	a.peer, b.peer = b, a
	return a, b
}

func init() {
	registry.Implement("MessageChannel", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			a, b := entangle()
			return &messageChannel{port1: newPort(host(c), a), port2: newPort(host(c), b)}, nil
		},
		"port1": getter(func(m *messageChannel) any { return m.port1 }),
		"port2": getter(func(m *messageChannel) any { return m.port2 }),
	})
	registry.Implement("MessagePort", binding.Members{
		"postMessage": func(c *binding.Call) (any, error) { return c.This.(*messagePort).post(c) },
		"start":       setter(func(p *messagePort, _ *binding.Call) { p.start() }),
		"close": setter(func(p *messagePort, _ *binding.Call) {
			p.detached = true
			p.end.mu.Lock()
			p.end.closed, p.end.notify = true, nil
			p.end.mu.Unlock()
		}),
		"onmessage": getter(func(p *messagePort) any { return p.EventHandler("onmessage") }),
		"set onmessage": setter(func(p *messagePort, c *binding.Call) {
			setHandlerArg(&p.eventTarget, "onmessage", c)
			// the first time the handler is set, the port is started (HTML §9.4.4)
			p.start()
		}),
	})
}

func setHandlerArg(t *eventTarget, name string, c *binding.Call) {
	t.SetEventHandler(name, c.ToJS(nil, orNull(c.Callback(0))))
}
