package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

type pipeConfig struct {
	preventClose, preventAbort, preventCancel bool
	signal                                    *abortSignal
}

func pipeOptions(d *binding.Dict) pipeConfig {
	signal, _ := d.Get("signal").(*abortSignal)
	return pipeConfig{d.Bool("preventClose"), d.Bool("preventAbort"), d.Bool("preventCancel"), signal}
}

// pipeline is a pipeTo at work.
type pipeline struct {
	rt      *Runtime
	from    *readableStream
	to      *writableStream
	reader  *streamReader
	writer  *streamWriter
	done    *binding.Promise
	ending  bool
	reading bool
	last    *binding.Promise // of the latest write
	conf    pipeConfig
}

// pipe is ReadableStreamPipeTo. Neither stream may be locked.
func pipe(from *readableStream, to *writableStream, conf pipeConfig) *binding.Promise {
	rt := from.rt
	p := &pipeline{rt: rt, from: from, to: to, conf: conf, done: rt.promise()}
	p.reader, _ = acquireReader(from)
	p.writer, _ = acquireWriter(to)
	p.last = rt.resolved(goja.Undefined())
	if s := conf.signal; s != nil {
		if s.aborted {
			p.aborted()
			return p.done
		}
		s.onAbort(func() { rt.atOnce(p.aborted) })
	}
	// "Errors must be propagated forward": then backward, then closing forward.
	rt.upon(p.reader.closed, func(goja.Value) { p.sourceClosed() }, p.sourceFailed)
	rt.upon(p.writer.closed, func(goja.Value) { p.destinationClosed() }, p.destinationFailed)
	switch {
	case from.state == streamErrored:
		p.sourceFailed(from.err)
	case to.state == streamErroring || to.state == streamErrored:
		p.destinationFailed(to.err)
	case from.state == streamClosed:
		p.sourceClosed()
	case to.closeQueuedOrInFlight() || to.state == streamClosed:
		p.destinationClosed()
	}
	p.step()
	return p.done
}

// step reads a chunk when the destination has room for it.
func (p *pipeline) step() {
	if p.ending || p.reading {
		return
	}
	p.reading = true
	p.rt.upon(p.writer.ready, func(goja.Value) {
		if p.ending {
			p.reading = false
			return
		}
		p.reader.read(readRequest{
			chunk: func(v goja.Value) {
				p.reading = false
				p.last = p.rt.handled(p.writer.write(v))
				p.step()
			},
			close: func() { p.reading = false },
			err:   func(goja.Value) { p.reading = false },
		})
	}, func(r goja.Value) {
		p.reading = false
		p.destinationFailed(r)
	})
}

func (p *pipeline) sourceFailed(reason goja.Value) {
	p.end(reason, func() *binding.Promise {
		if p.conf.preventAbort {
			return nil
		}
		return p.to.requestAbort(reason)
	})
}

func (p *pipeline) destinationFailed(reason goja.Value) {
	p.end(reason, func() *binding.Promise {
		if p.conf.preventCancel {
			return nil
		}
		return p.from.cancel(reason)
	})
}

func (p *pipeline) sourceClosed() {
	p.end(nil, func() *binding.Promise {
		switch {
		case p.conf.preventClose || p.to.closeQueuedOrInFlight() || p.to.state == streamClosed:
			return nil
		case p.to.state == streamErrored:
			return p.rt.rejectedWith(p.to.err)
		}
		return p.to.requestClose()
	})
}

func (p *pipeline) destinationClosed() {
	reason := p.rt.typeErrorValue("the destination is closed")
	p.destinationFailed(reason)
}

func (p *pipeline) aborted() {
	reason := p.conf.signal.reason
	p.end(reason, func() *binding.Promise {
		var all []*binding.Promise
		if !p.conf.preventAbort && p.to.state == streamOpen {
			all = append(all, p.to.requestAbort(reason))
		}
		if !p.conf.preventCancel && p.from.state == streamOpen {
			all = append(all, p.from.cancel(reason))
		}
		if len(all) == 0 {
			return nil
		}
		both := p.rt.promise()
		left := len(all)
		for _, q := range all {
			p.rt.upon(q, func(goja.Value) {
				if left--; left == 0 {
					both.Resolve(goja.Undefined())
				}
			}, func(r goja.Value) { reject(both, r) })
		}
		return both
	})
}

// end is "shutdown with an action": what was read is written first.
func (p *pipeline) end(reason goja.Value, action func() *binding.Promise) {
	if p.ending {
		return
	}
	p.ending = true
	act := func(goja.Value) {
		q := action()
		if q == nil {
			p.finish(reason)
			return
		}
		p.rt.upon(q, func(goja.Value) { p.finish(reason) }, func(r goja.Value) { p.finish(r) })
	}
	if p.to.state == streamOpen && !p.to.closeQueuedOrInFlight() {
		p.rt.upon(p.last, act, act)
		return
	}
	act(nil)
}

func (p *pipeline) finish(reason goja.Value) {
	p.writer.release()
	p.reader.release()
	if reason != nil {
		reject(p.done, reason)
		return
	}
	p.done.Resolve(goja.Undefined())
}
