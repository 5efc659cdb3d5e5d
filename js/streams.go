package js

import (
	"math"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// The Streams Standard, https://streams.spec.whatwg.org/, without byte streams.
// Functions are named after the standard's abstract operations.

// promise returns a pending promise of any value.
func (rt *Runtime) promise() *binding.Promise { return rt.realm.NewPromise(nil) }

// resolved returns a promise that is resolved with v; v may be a promise.
func (rt *Runtime) resolved(v any) *binding.Promise {
	p := rt.promise()
	p.Resolve(v)
	return p
}

func (rt *Runtime) rejectedWith(reason goja.Value) *binding.Promise {
	p := rt.promise()
	reject(p, reason)
	return p
}

func reject(p *binding.Promise, reason goja.Value) { p.Reject(&binding.Exception{Value: reason}) }

// upon runs one of two functions when v, a promise or any other value, has been
// settled. Either may be nil; a rejection counts as handled.
func (rt *Runtime) upon(v any, fulfilled, rejected func(goja.Value)) {
	reaction := func(f func(goja.Value)) goja.Value {
		return rt.vm.ToValue(func(c goja.FunctionCall) goja.Value {
			if f != nil {
				f(c.Argument(0))
			}
			return goja.Undefined()
		})
	}
	rt.fail2(rt.fn.upon(goja.Undefined(), rt.realm.ToJS(nil, v), reaction(fulfilled), reaction(rejected)))
}

// atOnce runs steps of a task that settle promises: their reactions wait until f
// has returned. Outside of it each settlement performs a microtask checkpoint,
// and a script may close or release what f is about to use.
func (rt *Runtime) atOnce(f func()) {
	rt.fail2(rt.fn.atOnce(goja.Undefined(), rt.vm.ToValue(func(goja.FunctionCall) goja.Value {
		f()
		return goja.Undefined()
	})))
}

// postAtOnce posts a task of such steps.
func (rt *Runtime) postAtOnce(f func()) { rt.Post(func() { rt.atOnce(f) }) }

// handled keeps the rejection of a promise from being reported.
func (rt *Runtime) handled(p *binding.Promise) *binding.Promise {
	rt.upon(p, nil, nil)
	return p
}

func (rt *Runtime) typeErrorValue(message string) goja.Value {
	return rt.errorValue(domerr.New(domerr.Type, "%s", message))
}

func typeError(format string, args ...any) error { return domerr.New(domerr.Type, format, args...) }

// algorithm is what a stream calls in its source, sink or transformer; nil
// does nothing. What it returns may be a promise.
type algorithm func(args ...goja.Value) (goja.Value, error)

// perform calls an algorithm and returns a promise of its end.
func (rt *Runtime) perform(f algorithm, args ...goja.Value) *binding.Promise {
	if f == nil {
		return rt.resolved(goja.Undefined())
	}
	v, err := f(args...)
	if err != nil {
		return rt.rejectedWith(rt.realm.ErrorToValue(err))
	}
	return rt.resolved(v)
}

// method is the named method of a source, sink or transformer, nil if it has none.
func (rt *Runtime) method(o *goja.Object, name string) (algorithm, error) {
	if o == nil {
		return nil, nil
	}
	v := o.Get(name)
	if v == nil || goja.IsUndefined(v) {
		return nil, nil
	}
	f, ok := goja.AssertFunction(v)
	if !ok {
		return nil, typeError("%s is not a function", name)
	}
	return func(args ...goja.Value) (goja.Value, error) { return f(o, args...) }, nil
}

// methods are several of them.
func (rt *Runtime) methods(o *goja.Object, to map[string]*algorithm) error {
	for name, at := range to {
		f, err := rt.method(o, name)
		if err != nil {
			return err
		}
		*at = f
	}
	return nil
}

// strategy is a queuing strategy.
type strategy struct {
	highWaterMark float64
	size          *binding.Callback // nil counts chunks
}

func strategyOf(d *binding.Dict, highWaterMark float64) (strategy, error) {
	s := strategy{highWaterMark: highWaterMark}
	if d.Has("highWaterMark") {
		if s.highWaterMark = d.Float("highWaterMark"); math.IsNaN(s.highWaterMark) || s.highWaterMark < 0 {
			return s, domerr.New(domerr.Range, "highWaterMark is %v", s.highWaterMark)
		}
	}
	s.size, _ = d.Get("size").(*binding.Callback)
	return s, nil
}

func (s strategy) sizeOf(chunk goja.Value) (float64, error) {
	if s.size == nil {
		return 1, nil
	}
	v, err := s.size.Call(nil, chunk)
	if err != nil {
		return 0, err
	}
	return v.ToFloat(), nil
}

// chunkQueue is a queue-with-sizes.
type chunkQueue struct {
	chunks []sizedChunk
	total  float64
}

type sizedChunk struct {
	value goja.Value
	size  float64
}

func (q *chunkQueue) push(chunk goja.Value, size float64) error {
	if math.IsNaN(size) || size < 0 || math.IsInf(size, 1) {
		return domerr.New(domerr.Range, "the size of a chunk is %v", size)
	}
	q.chunks = append(q.chunks, sizedChunk{chunk, size})
	q.total += size
	return nil
}

func (q *chunkQueue) pop() goja.Value {
	c := q.chunks[0]
	q.chunks[0] = sizedChunk{}
	q.chunks = q.chunks[1:]
	q.total = max(q.total-c.size, 0)
	return c.value
}

func (q *chunkQueue) reset() { *q = chunkQueue{} }

func (q *chunkQueue) empty() bool { return len(q.chunks) == 0 }

func init() {
	for name, size := range map[string]func(c goja.FunctionCall) goja.Value{
		"CountQueuingStrategy": nil,
		"ByteLengthQueuingStrategy": func(c goja.FunctionCall) goja.Value {
			o, ok := c.Argument(0).(*goja.Object)
			if !ok {
				return goja.Undefined()
			}
			return o.Get("byteLength")
		},
	} {
		registry.Implement(name, binding.Members{
			"constructor": func(c *binding.Call) (any, error) {
				return &queuingStrategy{name: name, mark: c.Dict(0).Float("highWaterMark")}, nil
			},
			"highWaterMark": getter(func(s *queuingStrategy) any { return s.mark }),
			"size": func(c *binding.Call) (any, error) {
				if size == nil {
					one := host(c).vm.ToValue(1)
					return host(c).vm.ToValue(func(goja.FunctionCall) goja.Value { return one }), nil
				}
				return host(c).vm.ToValue(size), nil
			},
		})
	}
}

// queuingStrategy is a CountQueuingStrategy or ByteLengthQueuingStrategy.
type queuingStrategy struct {
	binding.Object
	name string
	mark float64
}

// InterfaceName implements binding.Platform.
func (s *queuingStrategy) InterfaceName() string { return s.name }
