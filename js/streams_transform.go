package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

// transformStream is a TransformStream.
type transformStream struct {
	binding.Object
	rt           *Runtime
	readable     *readableStream
	writable     *writableStream
	controller   *transformController
	backpressure bool
	change       *binding.Promise // [[backpressureChangePromise]]
}

// InterfaceName implements binding.Platform.
func (*transformStream) InterfaceName() string { return "TransformStream" }

// transformController is a TransformStreamDefaultController.
type transformController struct {
	binding.Object
	stream                   *transformStream
	transform, flush, cancel algorithm
	finish                   *binding.Promise
}

// InterfaceName implements binding.Platform.
func (*transformController) InterfaceName() string { return "TransformStreamDefaultController" }

// newTransform makes a TransformStream. Any algorithm may be nil; without
// transform chunks are passed on.
func newTransform(rt *Runtime, start, transform, flush, cancel algorithm, in, out strategy) (*transformStream, error) {
	t := &transformStream{rt: rt}
	t.controller = &transformController{stream: t, transform: transform, flush: flush, cancel: cancel}
	begin := rt.promise()
	wait := func(...goja.Value) (goja.Value, error) { return begin.Value(), nil }
	var err error
	if t.writable, err = newWritable(rt, wait, t.write, t.close, t.abort, in); err != nil {
		return nil, err
	}
	pull := func(...goja.Value) (goja.Value, error) {
		t.setBackpressure(false)
		return t.change.Value(), nil
	}
	if t.readable, err = newReadable(rt, wait, pull, t.cancelled, out); err != nil {
		return nil, err
	}
	t.setBackpressure(true)
	begun := goja.Undefined()
	if start != nil {
		if begun, err = start(rt.realm.Wrap(t.controller)); err != nil {
			return nil, err
		}
	}
	begin.Resolve(begun)
	return t, nil
}

func (t *transformStream) setBackpressure(on bool) {
	if t.change != nil {
		t.change.Resolve(goja.Undefined())
	}
	t.change, t.backpressure = t.rt.promise(), on
}

func (t *transformStream) unblock() {
	if t.backpressure {
		t.setBackpressure(false)
	}
}

// fail is TransformStreamError.
func (t *transformStream) fail(reason goja.Value) {
	t.readable.controller.error(reason)
	t.failWritable(reason)
}

// failWritable is TransformStreamErrorWritableAndUnblockWrite.
func (t *transformStream) failWritable(reason goja.Value) {
	t.controller.clear()
	t.writable.controller.errorIfNeeded(reason)
	t.unblock()
}

// write is TransformStreamDefaultSinkWriteAlgorithm.
func (t *transformStream) write(args ...goja.Value) (goja.Value, error) {
	chunk := args[0]
	if !t.backpressure {
		return t.controller.perform(chunk).Value(), nil
	}
	out := t.rt.promise()
	t.rt.upon(t.change, func(goja.Value) {
		if t.writable.state == streamErroring {
			reject(out, t.writable.err)
			return
		}
		out.Resolve(t.controller.perform(chunk))
	}, func(r goja.Value) { reject(out, r) })
	return out.Value(), nil
}

// perform is TransformStreamDefaultControllerPerformTransform.
func (c *transformController) perform(chunk goja.Value) *binding.Promise {
	t, rt := c.stream, c.stream.rt
	if c.transform == nil {
		if err := c.enqueue(chunk); err != nil {
			return rt.rejectedWith(rt.realm.ErrorToValue(err))
		}
		return rt.resolved(goja.Undefined())
	}
	out := rt.promise()
	rt.upon(rt.perform(c.transform, chunk, rt.realm.Wrap(c)), func(goja.Value) { out.Resolve(goja.Undefined()) }, func(r goja.Value) {
		t.fail(r)
		reject(out, r)
	})
	return out
}

// ended runs an algorithm that ends the stream, once.
func (c *transformController) ended(run algorithm, args []goja.Value, then, failed func(goja.Value)) (goja.Value, error) {
	rt := c.stream.rt
	if c.finish != nil {
		return c.finish.Value(), nil
	}
	c.finish = rt.promise()
	p := rt.perform(run, args...)
	c.clear()
	rt.upon(p, then, failed)
	return c.finish.Value(), nil
}

// abort is TransformStreamDefaultSinkAbortAlgorithm.
func (t *transformStream) abort(args ...goja.Value) (goja.Value, error) {
	c := t.controller
	return c.ended(c.cancel, args, func(goja.Value) {
		if t.readable.state == streamErrored {
			reject(c.finish, t.readable.err)
			return
		}
		t.readable.controller.error(args[0])
		c.finish.Resolve(goja.Undefined())
	}, func(r goja.Value) {
		t.readable.controller.error(r)
		reject(c.finish, r)
	})
}

// close is TransformStreamDefaultSinkCloseAlgorithm.
func (t *transformStream) close(...goja.Value) (goja.Value, error) {
	c := t.controller
	return c.ended(c.flush, []goja.Value{t.rt.realm.Wrap(c)}, func(goja.Value) {
		if t.readable.state == streamErrored {
			reject(c.finish, t.readable.err)
			return
		}
		t.readable.controller.close()
		c.finish.Resolve(goja.Undefined())
	}, func(r goja.Value) {
		t.readable.controller.error(r)
		reject(c.finish, r)
	})
}

// cancelled is TransformStreamDefaultSourceCancelAlgorithm.
func (t *transformStream) cancelled(args ...goja.Value) (goja.Value, error) {
	c := t.controller
	return c.ended(c.cancel, args, func(goja.Value) {
		if t.writable.state == streamErrored {
			reject(c.finish, t.writable.err)
			return
		}
		t.writable.controller.errorIfNeeded(args[0])
		t.unblock()
		c.finish.Resolve(goja.Undefined())
	}, func(r goja.Value) {
		t.writable.controller.errorIfNeeded(r)
		t.unblock()
		reject(c.finish, r)
	})
}

func (c *transformController) clear() { c.transform, c.flush, c.cancel = nil, nil, nil }

// enqueue is TransformStreamDefaultControllerEnqueue.
func (c *transformController) enqueue(chunk goja.Value) error {
	t := c.stream
	r := t.readable.controller
	if !r.canCloseOrEnqueue() {
		return typeError("the readable side is closed or has failed")
	}
	if err := r.enqueue(chunk); err != nil {
		t.failWritable(t.rt.realm.ErrorToValue(err))
		return &binding.Exception{Value: t.readable.err}
	}
	if full := !r.shouldPull(); full != t.backpressure {
		t.setBackpressure(true)
	}
	return nil
}

func init() {
	registry.Implement("TransformStream", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return constructTransform(c) },
		"readable":    getter(func(t *transformStream) any { return t.readable }),
		"writable":    getter(func(t *transformStream) any { return t.writable }),
	})
	registry.Implement("TransformStreamDefaultController", binding.Members{
		"desiredSize": getter(func(c *transformController) any {
			if n, ok := c.stream.readable.controller.desiredSize(); ok {
				return n
			}
			return nil
		}),
		"enqueue": func(call *binding.Call) (any, error) {
			return nil, call.This.(*transformController).enqueue(call.Value(0))
		},
		"error": setter(func(c *transformController, call *binding.Call) { c.stream.fail(call.Value(0)) }),
		"terminate": setter(func(c *transformController, _ *binding.Call) {
			t := c.stream
			t.readable.controller.close()
			t.failWritable(t.rt.typeErrorValue("the stream was terminated"))
		}),
	})
}

func constructTransform(c *binding.Call) (any, error) {
	rt := host(c)
	o, _ := c.Arg(0).(*goja.Object)
	for _, name := range []string{"readableType", "writableType"} {
		if o != nil {
			if v := o.Get(name); v != nil && !goja.IsUndefined(v) {
				return nil, rangeError("%s is reserved", name)
			}
		}
	}
	in, err := strategyOf(c.Dict(1), 1)
	if err != nil {
		return nil, err
	}
	out, err := strategyOf(c.Dict(2), 0)
	if err != nil {
		return nil, err
	}
	var start, transform, flush, cancel algorithm
	err = rt.methods(o, map[string]*algorithm{"start": &start, "transform": &transform, "flush": &flush, "cancel": &cancel})
	if err != nil {
		return nil, err
	}
	return newTransform(rt, start, transform, flush, cancel, in, out)
}
