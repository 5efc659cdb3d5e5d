package js

import (
	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// streamWriter is a WritableStreamDefaultWriter.
type streamWriter struct {
	binding.Object
	rt            *Runtime
	stream        *writableStream // nil when released
	closed, ready *binding.Promise
}

// InterfaceName implements binding.Platform.
func (*streamWriter) InterfaceName() string { return "WritableStreamDefaultWriter" }

func rangeError(format string, args ...any) error { return domerr.New(domerr.Range, format, args...) }

// acquireWriter is AcquireWritableStreamDefaultWriter.
func acquireWriter(s *writableStream) (*streamWriter, error) {
	if s.locked() {
		return nil, typeError("the stream is locked to a writer already")
	}
	rt := s.rt
	w := &streamWriter{rt: rt, stream: s, closed: rt.promise(), ready: rt.promise()}
	s.writer = w
	switch s.state {
	case streamOpen:
		if s.closeQueuedOrInFlight() || !s.backpressure {
			w.ready.Resolve(goja.Undefined())
		}
	case streamErroring:
		reject(w.ready, s.err)
		rt.handled(w.ready)
	case streamClosed:
		w.ready.Resolve(goja.Undefined())
		w.closed.Resolve(goja.Undefined())
	default:
		reject(w.ready, s.err)
		reject(w.closed, s.err)
		rt.handled(w.ready)
		rt.handled(w.closed)
	}
	return w, nil
}

// write is WritableStreamDefaultWriterWrite.
func (w *streamWriter) write(chunk goja.Value) *binding.Promise {
	s, rt := w.stream, w.rt
	c := s.controller
	size, err := 1.0, error(nil)
	if s.state == streamOpen {
		if size, err = c.strategy.sizeOf(chunk); err != nil {
			c.errorIfNeeded(rt.realm.ErrorToValue(err))
		}
	}
	switch {
	case w.stream != s:
		return rt.rejectedWith(rt.typeErrorValue("the writer was released"))
	case s.state == streamErrored || s.state == streamErroring && !s.closeQueuedOrInFlight():
		return rt.rejectedWith(s.err)
	case s.closeQueuedOrInFlight() || s.state == streamClosed:
		return rt.rejectedWith(rt.typeErrorValue("the stream is closed or closing"))
	case s.state == streamErroring:
		return rt.rejectedWith(s.err)
	}
	p := rt.promise()
	s.writes = append(s.writes, p)
	if err := c.queue.push(chunk, size); err != nil {
		c.errorIfNeeded(rt.realm.ErrorToValue(err))
		return p
	}
	if !s.closeQueuedOrInFlight() && s.state == streamOpen {
		s.updateBackpressure(c.desiredSize() <= 0)
	}
	c.advance()
	return p
}

func (w *streamWriter) ensureReadyRejected(reason goja.Value) {
	if w.stream.backpressure {
		reject(w.ready, reason)
	} else {
		w.ready = w.rt.rejectedWith(reason)
	}
	w.rt.handled(w.ready)
}

// release is WritableStreamDefaultWriterRelease.
func (w *streamWriter) release() {
	s := w.stream
	if s == nil {
		return
	}
	reason := w.rt.typeErrorValue("the writer was released")
	w.ensureReadyRejected(reason)
	if s.state == streamOpen || s.state == streamErroring {
		reject(w.closed, reason)
	} else {
		w.closed = w.rt.rejectedWith(reason)
	}
	w.rt.handled(w.closed)
	s.writer, w.stream = nil, nil
}

// held returns the stream, or why there is none.
func (w *streamWriter) held() (*writableStream, error) {
	if w.stream == nil {
		return nil, typeError("the writer was released")
	}
	return w.stream, nil
}

func init() {
	registry.Implement("WritableStreamDefaultWriter", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return acquireWriter(c.Arg(0).(*writableStream)) },
		"closed":      getter(func(w *streamWriter) any { return w.closed }),
		"ready":       getter(func(w *streamWriter) any { return w.ready }),
		"desiredSize": func(c *binding.Call) (any, error) {
			s, err := c.This.(*streamWriter).held()
			switch {
			case err != nil:
				return nil, err
			case s.state == streamErrored || s.state == streamErroring:
				return nil, nil
			case s.state == streamClosed:
				return 0.0, nil
			}
			return s.controller.desiredSize(), nil
		},
		"abort": func(c *binding.Call) (any, error) {
			s, err := c.This.(*streamWriter).held()
			if err != nil {
				return nil, err
			}
			return s.requestAbort(c.Value(0)), nil
		},
		"close": func(c *binding.Call) (any, error) {
			s, err := c.This.(*streamWriter).held()
			if err != nil {
				return nil, err
			}
			if s.closeQueuedOrInFlight() {
				return nil, typeError("the stream is closing already")
			}
			return s.requestClose(), nil
		},
		"releaseLock": setter(func(w *streamWriter, _ *binding.Call) { w.release() }),
		"write": func(c *binding.Call) (any, error) {
			w := c.This.(*streamWriter)
			if _, err := w.held(); err != nil {
				return nil, err
			}
			return w.write(c.Value(0)), nil
		},
	})
}
