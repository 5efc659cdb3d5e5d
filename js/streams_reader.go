package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

// streamReader is a ReadableStreamDefaultReader.
type streamReader struct {
	binding.Object
	rt       *Runtime
	stream   *readableStream // nil when released
	closed   *binding.Promise
	requests []readRequest
}

// InterfaceName implements binding.Platform.
func (*streamReader) InterfaceName() string { return "ReadableStreamDefaultReader" }

// acquireReader is AcquireReadableStreamDefaultReader.
func acquireReader(s *readableStream) (*streamReader, error) {
	if s.locked() {
		return nil, typeError("the stream is locked to a reader already")
	}
	r := &streamReader{rt: s.rt, stream: s, closed: s.rt.promise()}
	s.reader = r
	switch s.state {
	case streamClosed:
		r.closed.Resolve(goja.Undefined())
	case streamErrored:
		reject(r.closed, s.err)
		s.rt.handled(r.closed)
	}
	return r, nil
}

// read is ReadableStreamDefaultReaderRead.
func (r *streamReader) read(q readRequest) {
	switch s := r.stream; s.state {
	case streamClosed:
		q.close()
	case streamErrored:
		q.err(s.err)
	default:
		s.controller.read(q)
	}
}

func (r *streamReader) failRequests(reason goja.Value) {
	requests := r.requests
	r.requests = nil
	for _, q := range requests {
		q.err(reason)
	}
}

// release is ReadableStreamDefaultReaderRelease.
func (r *streamReader) release() {
	s := r.stream
	if s == nil {
		return
	}
	reason := r.rt.typeErrorValue("the reader was released")
	if s.state == streamOpen {
		reject(r.closed, reason)
	} else {
		r.closed = r.rt.rejectedWith(reason)
	}
	r.rt.handled(r.closed)
	s.reader, r.stream = nil, nil
	r.failRequests(reason)
}

func readResult(value any, done bool) *binding.Dict {
	return binding.NewDict(map[string]any{"value": value, "done": done})
}

func init() {
	registry.Implement("ReadableStreamDefaultReader", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return acquireReader(c.Arg(0).(*readableStream)) },
		"read": func(c *binding.Call) (any, error) {
			r := c.This.(*streamReader)
			if r.stream == nil {
				return nil, typeError("the reader was released")
			}
			p := c.NewPromise()
			r.read(readRequest{
				chunk: func(v goja.Value) { p.Resolve(readResult(v, false)) },
				close: func() { p.Resolve(readResult(goja.Undefined(), true)) },
				err:   func(e goja.Value) { reject(p, e) },
			})
			return p, nil
		},
		"releaseLock": setter(func(r *streamReader, _ *binding.Call) { r.release() }),
		"closed":      getter(func(r *streamReader) any { return r.closed }),
		"cancel": func(c *binding.Call) (any, error) {
			r := c.This.(*streamReader)
			if r.stream == nil {
				return nil, typeError("the reader was released")
			}
			return r.stream.cancel(c.Value(0)), nil
		},
	})
}
