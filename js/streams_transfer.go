package js

import (
	"github.com/dop251/goja"

	"trackway/js/binding"
)

// Streams are transferred as a pipe through a pair of ports
// (https://streams.spec.whatwg.org/#transferrable-streams): the writable end
// sends "chunk", "close" and "error", the readable end "pull" and "error".

// crossRealm is one end.
type crossRealm struct {
	rt  *Runtime
	end *portEnd
	// room is resolved when the other end takes another chunk, or when one came.
	room *binding.Promise
}

func (x *crossRealm) send(typ string, value goja.Value) error {
	o := x.rt.vm.NewObject()
	_ = o.Set("type", typ)
	_ = o.Set("value", value)
	m, err := x.rt.serialize(o, nil)
	if err == nil {
		x.end.send(m)
	}
	return err
}

// fail tells the other end of an error; one that cannot be cloned goes as undefined.
func (x *crossRealm) fail(reason goja.Value) {
	if x.send("error", reason) != nil {
		_ = x.send("error", goja.Undefined())
	}
}

// listen has f called for each message, in a task.
func (x *crossRealm) listen(f func(typ string, value goja.Value)) {
	take := func() {
		m := x.end.take()
		if m == nil {
			return
		}
		v, _, err := x.rt.deserialize(m)
		if err != nil {
			reason := x.rt.realm.ErrorToValue(cloneError("A chunk"))
			x.fail(reason)
			f("error", reason)
			return
		}
		o := v.ToObject(x.rt.vm)
		f(o.Get("type").String(), o.Get("value"))
	}
	x.end.mu.Lock()
	defer x.end.mu.Unlock()
	x.end.notify = func() { x.rt.postAtOnce(take) }
	for range x.end.queue {
		x.end.notify()
	}
}

// crossRealmWritable is SetUpCrossRealmTransformWritable.
func crossRealmWritable(rt *Runtime, end *portEnd) *writableStream {
	x := &crossRealm{rt: rt, end: end, room: rt.promise()}
	write := func(args ...goja.Value) (goja.Value, error) {
		done := rt.promise()
		rt.upon(x.room, func(goja.Value) {
			x.room = rt.promise()
			if err := x.send("chunk", args[0]); err != nil {
				reason := rt.realm.ErrorToValue(err)
				x.fail(reason)
				reject(done, reason)
				return
			}
			done.Resolve(goja.Undefined())
		}, nil)
		return done.Value(), nil
	}
	closed := func(...goja.Value) (goja.Value, error) { return goja.Undefined(), x.send("close", goja.Undefined()) }
	abort := func(args ...goja.Value) (goja.Value, error) {
		x.fail(args[0])
		return goja.Undefined(), nil
	}
	// without a start algorithm nothing can go wrong
	s, _ := newWritable(rt, nil, write, closed, abort, strategy{highWaterMark: 1})
	x.listen(func(typ string, value goja.Value) {
		if typ == "error" {
			s.controller.errorIfNeeded(value)
		}
		x.room.Resolve(goja.Undefined())
	})
	return s
}

// crossRealmReadable is SetUpCrossRealmTransformReadable.
func crossRealmReadable(rt *Runtime, end *portEnd) *readableStream {
	x := &crossRealm{rt: rt, end: end}
	pull := func(...goja.Value) (goja.Value, error) {
		x.room = rt.promise()
		return x.room.Value(), x.send("pull", goja.Undefined())
	}
	cancel := func(args ...goja.Value) (goja.Value, error) {
		x.fail(args[0])
		return goja.Undefined(), nil
	}
	s, _ := newReadable(rt, nil, pull, cancel, strategy{})
	x.listen(func(typ string, value goja.Value) {
		switch typ {
		case "chunk":
			_ = s.controller.enqueue(value) // of size 1
		case "close":
			s.controller.close()
		case "error":
			s.controller.error(value)
		}
		if x.room != nil {
			x.room.Resolve(goja.Undefined())
		}
	})
	return s
}

func (s *readableStream) transfer() (transferred, error) {
	if s.locked() {
		return nil, cloneError("A locked ReadableStream")
	}
	ours, theirs := entangle()
	s.rt.handled(pipe(s, crossRealmWritable(s.rt, ours), pipeConfig{}))
	return movedReadable{theirs}, nil
}

func (s *writableStream) transfer() (transferred, error) {
	if s.locked() {
		return nil, cloneError("A locked WritableStream")
	}
	ours, theirs := entangle()
	s.rt.handled(pipe(crossRealmReadable(s.rt, ours), s, pipeConfig{}))
	return movedWritable{theirs}, nil
}

func (t *transformStream) transfer() (transferred, error) {
	r, err := t.readable.transfer()
	if err != nil {
		return nil, err
	}
	w, err := t.writable.transfer()
	if err != nil {
		return nil, err
	}
	return movedTransform{r.(movedReadable), w.(movedWritable)}, nil
}

type (
	movedReadable  struct{ end *portEnd }
	movedWritable  struct{ end *portEnd }
	movedTransform struct {
		r movedReadable
		w movedWritable
	}
)

func (m movedReadable) receive(rt *Runtime) binding.Platform { return crossRealmReadable(rt, m.end) }
func (m movedWritable) receive(rt *Runtime) binding.Platform { return crossRealmWritable(rt, m.end) }
func (m movedTransform) receive(rt *Runtime) binding.Platform {
	return &transformStream{rt: rt, readable: crossRealmReadable(rt, m.r.end), writable: crossRealmWritable(rt, m.w.end)}
}
