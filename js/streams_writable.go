package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

// writableStream is a WritableStream.
type writableStream struct {
	binding.Object
	rt            *Runtime
	state         streamState
	writer        *streamWriter
	controller    *writableController
	err           goja.Value // [[storedError]]
	backpressure  bool
	writes        []*binding.Promise // requests that wait
	inFlightWrite *binding.Promise
	closeRequest  *binding.Promise
	inFlightClose *binding.Promise
	abortRequest  *pendingAbort
}

type pendingAbort struct {
	promise     *binding.Promise
	reason      goja.Value
	wasErroring bool
}

// InterfaceName implements binding.Platform.
func (*writableStream) InterfaceName() string { return "WritableStream" }

// writableController is a WritableStreamDefaultController.
type writableController struct {
	binding.Object
	stream              *writableStream
	queue               chunkQueue
	closing             bool // the close sentinel is behind the queue
	strategy            strategy
	started             bool
	signal              *abortSignal
	write, close, abort algorithm
}

// InterfaceName implements binding.Platform.
func (*writableController) InterfaceName() string { return "WritableStreamDefaultController" }

// newWritable is CreateWritableStream. Any algorithm may be nil.
func newWritable(rt *Runtime, start, write, close, abort algorithm, st strategy) (*writableStream, error) {
	s := &writableStream{rt: rt}
	c := &writableController{stream: s, strategy: st, write: write, close: close, abort: abort, signal: newSignal()}
	s.controller = c
	s.updateBackpressure(c.desiredSize() <= 0)
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
		c.advance()
	}, func(r goja.Value) {
		c.started = true
		s.dealWithRejection(r)
	})
	return s, nil
}

func (s *writableStream) locked() bool { return s.writer != nil }

func (s *writableStream) closeQueuedOrInFlight() bool {
	return s.closeRequest != nil || s.inFlightClose != nil
}

// requestAbort is WritableStreamAbort.
func (s *writableStream) requestAbort(reason goja.Value) *binding.Promise {
	if s.state == streamClosed || s.state == streamErrored {
		return s.rt.resolved(goja.Undefined())
	}
	s.controller.signal.abort(s.rt, reason)
	if s.state == streamClosed || s.state == streamErrored { // a handler did that
		return s.rt.resolved(goja.Undefined())
	}
	if s.abortRequest != nil {
		return s.abortRequest.promise
	}
	erroring := s.state == streamErroring
	if erroring {
		reason = goja.Undefined()
	}
	s.abortRequest = &pendingAbort{promise: s.rt.promise(), reason: reason, wasErroring: erroring}
	p := s.abortRequest.promise
	if !erroring {
		s.startErroring(reason)
	}
	return p
}

// requestClose is WritableStreamClose.
func (s *writableStream) requestClose() *binding.Promise {
	if s.state == streamClosed || s.state == streamErrored {
		return s.rt.rejectedWith(s.rt.typeErrorValue("the stream is closed or has failed"))
	}
	p := s.rt.promise()
	s.closeRequest = p
	if w := s.writer; w != nil && s.backpressure && s.state == streamOpen {
		w.ready.Resolve(goja.Undefined())
	}
	s.controller.closing = true
	s.controller.advance()
	return p
}

func (s *writableStream) dealWithRejection(reason goja.Value) {
	if s.state == streamOpen {
		s.startErroring(reason)
		return
	}
	s.finishErroring()
}

func (s *writableStream) startErroring(reason goja.Value) {
	s.state, s.err = streamErroring, reason
	if s.writer != nil {
		s.writer.ensureReadyRejected(reason)
	}
	if s.inFlightWrite == nil && s.inFlightClose == nil && s.controller.started {
		s.finishErroring()
	}
}

func (s *writableStream) finishErroring() {
	s.state = streamErrored
	s.controller.queue.reset()
	for _, p := range s.writes {
		reject(p, s.err)
	}
	s.writes = nil
	a := s.abortRequest
	if a == nil {
		s.rejectCloseAndClosed()
		return
	}
	s.abortRequest = nil
	if a.wasErroring {
		reject(a.promise, s.err)
		s.rejectCloseAndClosed()
		return
	}
	p := s.rt.perform(s.controller.abort, a.reason)
	s.controller.clear()
	s.rt.upon(p, func(goja.Value) {
		a.promise.Resolve(goja.Undefined())
		s.rejectCloseAndClosed()
	}, func(r goja.Value) {
		reject(a.promise, r)
		s.rejectCloseAndClosed()
	})
}

func (s *writableStream) rejectCloseAndClosed() {
	if s.closeRequest != nil {
		reject(s.closeRequest, s.err)
		s.closeRequest = nil
	}
	if s.writer != nil {
		reject(s.writer.closed, s.err)
		s.rt.handled(s.writer.closed)
	}
}

// finishClose is WritableStreamFinishInFlightClose and its WithError.
func (s *writableStream) finishClose(err goja.Value) {
	p := s.inFlightClose
	s.inFlightClose = nil
	if err != nil {
		reject(p, err)
		if s.abortRequest != nil {
			reject(s.abortRequest.promise, err)
			s.abortRequest = nil
		}
		s.dealWithRejection(err)
		return
	}
	p.Resolve(goja.Undefined())
	if s.state == streamErroring {
		s.err = nil
		if s.abortRequest != nil {
			s.abortRequest.promise.Resolve(goja.Undefined())
			s.abortRequest = nil
		}
	}
	s.state = streamClosed
	if s.writer != nil {
		s.writer.closed.Resolve(goja.Undefined())
	}
}

func (s *writableStream) updateBackpressure(on bool) {
	if w := s.writer; w != nil && on != s.backpressure {
		if on {
			w.ready = s.rt.promise()
		} else {
			w.ready.Resolve(goja.Undefined())
		}
	}
	s.backpressure = on
}

func (c *writableController) desiredSize() float64 {
	return c.strategy.highWaterMark - c.queue.total
}

func (c *writableController) clear() { c.write, c.close, c.abort = nil, nil, nil }

// advance is WritableStreamDefaultControllerAdvanceQueueIfNeeded.
func (c *writableController) advance() {
	s := c.stream
	switch {
	case !c.started || s.inFlightWrite != nil:
		return
	case s.state == streamErroring:
		s.finishErroring()
		return
	case !c.queue.empty():
		c.processWrite()
	case c.closing && s.state == streamOpen && s.inFlightClose == nil:
		c.closing = false
		s.inFlightClose, s.closeRequest = s.closeRequest, nil
		p := s.rt.perform(c.close)
		c.clear()
		s.rt.upon(p, func(goja.Value) { s.finishClose(nil) }, func(r goja.Value) { s.finishClose(r) })
	}
}

func (c *writableController) processWrite() {
	s := c.stream
	s.inFlightWrite, s.writes = s.writes[0], s.writes[1:]
	s.rt.upon(s.rt.perform(c.write, c.queue.chunks[0].value, s.rt.realm.Wrap(c)), func(goja.Value) {
		s.inFlightWrite.Resolve(goja.Undefined())
		s.inFlightWrite = nil
		if !c.queue.empty() {
			c.queue.pop()
		}
		if !s.closeQueuedOrInFlight() && s.state == streamOpen {
			s.updateBackpressure(c.desiredSize() <= 0)
		}
		c.advance()
	}, func(r goja.Value) {
		if s.state == streamOpen {
			c.clear()
		}
		reject(s.inFlightWrite, r)
		s.inFlightWrite = nil
		s.dealWithRejection(r)
	})
}

// errorIfNeeded is WritableStreamDefaultControllerErrorIfNeeded.
func (c *writableController) errorIfNeeded(reason goja.Value) {
	if c.stream.state == streamOpen {
		c.clear()
		c.stream.startErroring(reason)
	}
}

func init() {
	registry.Implement("WritableStream", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return constructWritable(c) },
		"locked":      getter(func(s *writableStream) any { return s.locked() }),
		"abort": func(c *binding.Call) (any, error) {
			s := c.This.(*writableStream)
			if s.locked() {
				return nil, typeError("the stream is locked to a writer")
			}
			return s.requestAbort(c.Value(0)), nil
		},
		"close": func(c *binding.Call) (any, error) {
			s := c.This.(*writableStream)
			if s.locked() || s.closeQueuedOrInFlight() {
				return nil, typeError("the stream is locked to a writer, or is closing")
			}
			return s.requestClose(), nil
		},
		"getWriter": func(c *binding.Call) (any, error) { return acquireWriter(c.This.(*writableStream)) },
	})
	registry.Implement("WritableStreamDefaultController", binding.Members{
		"signal": getter(func(c *writableController) any { return c.signal }),
		"error":  setter(func(c *writableController, call *binding.Call) { c.errorIfNeeded(call.Value(0)) }),
	})
}

func constructWritable(c *binding.Call) (any, error) {
	rt := host(c)
	sink, _ := c.Arg(0).(*goja.Object)
	if sink != nil {
		if t := sink.Get("type"); t != nil && !goja.IsUndefined(t) {
			// "If underlyingSinkDict["type"] exists, throw a RangeError."
			return nil, rangeError("streams of type %q do not exist", t.String())
		}
	}
	s, err := strategyOf(c.Dict(1), 1)
	if err != nil {
		return nil, err
	}
	var start, write, close, abort algorithm
	if err := rt.methods(sink, map[string]*algorithm{"start": &start, "write": &write, "close": &close, "abort": &abort}); err != nil {
		return nil, err
	}
	return newWritable(rt, start, write, close, abort, s)
}
