package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

type streamState int

const (
	streamOpen streamState = iota // "readable" or "writable"
	streamErroring
	streamClosed
	streamErrored
)

// readableStream is a ReadableStream.
type readableStream struct {
	binding.Object
	rt         *Runtime
	state      streamState
	reader     *streamReader
	controller *readableController
	err        goja.Value // [[storedError]]
}

// InterfaceName implements binding.Platform.
func (*readableStream) InterfaceName() string { return "ReadableStream" }

// readableController is a ReadableStreamDefaultController.
type readableController struct {
	binding.Object
	stream         *readableStream
	queue          chunkQueue
	strategy       strategy
	started        bool
	closeRequested bool
	pulling        bool
	pullAgain      bool
	pull, cancel   algorithm
}

// InterfaceName implements binding.Platform.
func (*readableController) InterfaceName() string { return "ReadableStreamDefaultController" }

// readRequest is what happens with the answer to a read.
type readRequest struct {
	chunk func(goja.Value)
	close func()
	err   func(goja.Value)
}

// newReadable is CreateReadableStream. start may be nil.
func newReadable(rt *Runtime, start, pull, cancel algorithm, s strategy) (*readableStream, error) {
	stream := &readableStream{rt: rt}
	c := &readableController{stream: stream, strategy: s, pull: pull, cancel: cancel}
	stream.controller = c
	begun := goja.Undefined()
	if start != nil {
		v, err := start(rt.realm.Wrap(c))
		if err != nil {
			return nil, err
		}
		begun = v
	}
	rt.upon(begun, func(goja.Value) {
		c.started = true
		c.pullIfNeeded()
	}, func(r goja.Value) { c.error(r) })
	return stream, nil
}

func (s *readableStream) locked() bool { return s.reader != nil }

// close is ReadableStreamClose.
func (s *readableStream) close() {
	s.state = streamClosed
	if r := s.reader; r != nil {
		r.closed.Resolve(goja.Undefined())
		requests := r.requests
		r.requests = nil
		for _, q := range requests {
			q.close()
		}
	}
}

// fail is ReadableStreamError.
func (s *readableStream) fail(reason goja.Value) {
	s.state, s.err = streamErrored, reason
	if r := s.reader; r != nil {
		reject(r.closed, reason)
		s.rt.handled(r.closed)
		r.failRequests(reason)
	}
}

// cancel is ReadableStreamCancel.
func (s *readableStream) cancel(reason goja.Value) *binding.Promise {
	switch s.state {
	case streamClosed:
		return s.rt.resolved(goja.Undefined())
	case streamErrored:
		return s.rt.rejectedWith(s.err)
	}
	s.close()
	c := s.controller
	c.queue.reset()
	p := s.rt.perform(c.cancel, reason)
	c.pull, c.cancel = nil, nil
	done := s.rt.promise()
	s.rt.upon(p, func(goja.Value) { done.Resolve(goja.Undefined()) }, func(r goja.Value) { reject(done, r) })
	return done
}

// desiredSize is ReadableStreamDefaultControllerGetDesiredSize; ok is false for null.
func (c *readableController) desiredSize() (n float64, ok bool) {
	switch c.stream.state {
	case streamErrored:
		return 0, false
	case streamClosed:
		return 0, true
	}
	return c.strategy.highWaterMark - c.queue.total, true
}

func (c *readableController) canCloseOrEnqueue() bool {
	return !c.closeRequested && c.stream.state == streamOpen
}

func (c *readableController) pullIfNeeded() {
	if !c.shouldPull() {
		return
	}
	if c.pulling {
		c.pullAgain = true
		return
	}
	c.pulling = true
	rt := c.stream.rt
	rt.upon(rt.perform(c.pull, rt.realm.Wrap(c)), func(goja.Value) {
		c.pulling = false
		if c.pullAgain {
			c.pullAgain = false
			c.pullIfNeeded()
		}
	}, func(r goja.Value) { c.error(r) })
}

func (c *readableController) shouldPull() bool {
	if !c.canCloseOrEnqueue() || !c.started || c.pull == nil {
		return false
	}
	if r := c.stream.reader; r != nil && len(r.requests) > 0 {
		return true
	}
	n, _ := c.desiredSize()
	return n > 0
}

// close is ReadableStreamDefaultControllerClose.
func (c *readableController) close() {
	if !c.canCloseOrEnqueue() {
		return
	}
	c.closeRequested = true
	if c.queue.empty() {
		c.pull, c.cancel = nil, nil
		c.stream.close()
	}
}

// error is ReadableStreamDefaultControllerError.
func (c *readableController) error(reason goja.Value) {
	if c.stream.state != streamOpen {
		return
	}
	c.queue.reset()
	c.pull, c.cancel = nil, nil
	c.stream.fail(reason)
}

// enqueue is ReadableStreamDefaultControllerEnqueue.
func (c *readableController) enqueue(chunk goja.Value) error {
	if !c.canCloseOrEnqueue() {
		return nil
	}
	if r := c.stream.reader; r != nil && len(r.requests) > 0 {
		q := r.requests[0]
		r.requests = r.requests[1:]
		q.chunk(chunk)
	} else {
		size, err := c.strategy.sizeOf(chunk)
		if err == nil {
			err = c.queue.push(chunk, size)
		}
		if err != nil {
			c.error(c.stream.rt.realm.ErrorToValue(err))
			return err
		}
	}
	c.pullIfNeeded()
	return nil
}

// read is [[PullSteps]].
func (c *readableController) read(q readRequest) {
	if c.queue.empty() {
		c.stream.reader.requests = append(c.stream.reader.requests, q)
		c.pullIfNeeded()
		return
	}
	chunk := c.queue.pop()
	if c.closeRequested && c.queue.empty() {
		c.pull, c.cancel = nil, nil
		c.stream.close()
	} else {
		c.pullIfNeeded()
	}
	q.chunk(chunk)
}

func init() {
	registry.Implement("ReadableStream", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return constructReadable(c) },
		"locked":      getter(func(s *readableStream) any { return s.locked() }),
		"cancel": func(c *binding.Call) (any, error) {
			s := c.This.(*readableStream)
			if s.locked() {
				return nil, typeError("the stream is locked to a reader")
			}
			return s.cancel(c.Value(0)), nil
		},
		"getReader": func(c *binding.Call) (any, error) {
			if c.Dict(0).String("mode") == "byob" {
				return nil, typeError("this is no byte stream")
			}
			return acquireReader(c.This.(*readableStream))
		},
		"pipeTo": func(c *binding.Call) (any, error) {
			from, to := c.This.(*readableStream), c.Arg(0).(*writableStream)
			if from.locked() || to.locked() {
				return nil, typeError("a stream that is locked cannot be piped")
			}
			return pipe(from, to, pipeOptions(c.Dict(1))), nil
		},
		"pipeThrough": func(c *binding.Call) (any, error) {
			from, pair := c.This.(*readableStream), c.Dict(0)
			to := pair.Get("writable").(*writableStream)
			if from.locked() || to.locked() {
				return nil, typeError("a stream that is locked cannot be piped")
			}
			from.rt.handled(pipe(from, to, pipeOptions(c.Dict(1))))
			return pair.Get("readable"), nil
		},
	})
	registry.Implement("ReadableStreamDefaultController", binding.Members{
		"desiredSize": getter(func(c *readableController) any {
			if n, ok := c.desiredSize(); ok {
				return n
			}
			return nil
		}),
		"close": func(call *binding.Call) (any, error) {
			c := call.This.(*readableController)
			if !c.canCloseOrEnqueue() {
				return nil, typeError("the stream is not readable, or is closing")
			}
			c.close()
			return nil, nil
		},
		"enqueue": func(call *binding.Call) (any, error) {
			c := call.This.(*readableController)
			if !c.canCloseOrEnqueue() {
				return nil, typeError("the stream is not readable, or is closing")
			}
			return nil, c.enqueue(call.Value(0))
		},
		"error": setter(func(c *readableController, call *binding.Call) { c.error(call.Value(0)) }),
	})
}

func constructReadable(c *binding.Call) (any, error) {
	rt := host(c)
	source, _ := c.Arg(0).(*goja.Object)
	if source != nil {
		if t := source.Get("type"); t != nil && !goja.IsUndefined(t) {
			return nil, typeError("streams of type %q are not supported", t.String())
		}
	}
	s, err := strategyOf(c.Dict(1), 1)
	if err != nil {
		return nil, err
	}
	var start, pull, cancel algorithm
	if err := rt.methods(source, map[string]*algorithm{"start": &start, "pull": &pull, "cancel": &cancel}); err != nil {
		return nil, err
	}
	return newReadable(rt, start, pull, cancel, s)
}
