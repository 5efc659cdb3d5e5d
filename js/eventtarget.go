package js

import (
	"strings"

	"github.com/dop251/goja"

	"trackway/js/binding"
)

// eventTarget is embedded in everything that is an EventTarget. self is the
// platform object it is part of.
type eventTarget struct {
	binding.Object
	self      binding.Platform
	parent    func() *eventTarget
	listeners []*listener
	handlers  map[string]*listener
	// changed, if set, is called when a listener or handler of a type is added.
	changed func(typ string)
}

type listener struct {
	typ                    string
	callback               *goja.Object
	capture, once, passive bool
	removed                bool
	signal                 *abortSignal
	// handler marks an event handler attribute's listener.
	handler bool
}

func (t *eventTarget) init(self binding.Platform) { t.self = self }

func (t *eventTarget) target() *eventTarget { return t }

// hasTarget is any platform object that is an EventTarget.
type hasTarget interface{ target() *eventTarget }

// plainTarget is what new EventTarget() makes.
type plainTarget struct{ eventTarget }

// InterfaceName implements binding.Platform.
func (*plainTarget) InterfaceName() string { return "EventTarget" }

func init() {
	registry.Implement("EventTarget", binding.Members{
		"constructor": func(*binding.Call) (any, error) {
			t := &plainTarget{}
			t.init(t)
			return t, nil
		},
		"addEventListener": func(c *binding.Call) (any, error) {
			cb, _ := c.Arg(1).(*goja.Object)
			l := &listener{typ: c.String(0), callback: cb}
			switch o := c.Arg(2).(type) {
			case bool:
				l.capture = o
			case *binding.Dict:
				l.capture, l.once, l.passive = o.Bool("capture"), o.Bool("once"), o.Bool("passive")
				l.signal, _ = o.Get("signal").(*abortSignal)
			}
			c.This.(hasTarget).target().add(l)
			return nil, nil
		},
		"removeEventListener": func(c *binding.Call) (any, error) {
			cb, _ := c.Arg(1).(*goja.Object)
			capture := c.Bool(2)
			if d, ok := c.Arg(2).(*binding.Dict); ok {
				capture = d.Bool("capture")
			}
			c.This.(hasTarget).target().remove(c.String(0), cb, capture)
			return nil, nil
		},
		"dispatchEvent": func(c *binding.Call) (any, error) {
			e := c.Arg(0).(*event)
			if e.dispatching || !e.initialized {
				return nil, errInvalidEvent
			}
			e.trusted = false
			return c.This.(hasTarget).target().dispatch(host(c), e), nil
		},
	})
}

func (t *eventTarget) add(l *listener) {
	if l.signal != nil && l.signal.aborted || l.callback == nil {
		return
	}
	for _, have := range t.listeners {
		if !have.handler && have.typ == l.typ && have.callback == l.callback && have.capture == l.capture {
			return
		}
	}
	t.listeners = append(t.listeners, l)
	if l.signal != nil {
		l.signal.onAbort(func() { t.drop(l) })
	}
	if t.changed != nil {
		t.changed(l.typ)
	}
}

func (t *eventTarget) remove(typ string, cb *goja.Object, capture bool) {
	for _, l := range t.listeners {
		if !l.handler && l.typ == typ && l.callback == cb && l.capture == capture {
			t.drop(l)
			return
		}
	}
}

func (t *eventTarget) drop(l *listener) {
	l.removed = true
	for i, have := range t.listeners {
		if have == l {
			t.listeners = append(t.listeners[:i:i], t.listeners[i+1:]...)
			return
		}
	}
}

// listens reports whether anything waits for events of the type.
func (t *eventTarget) listens(typ string) bool {
	for _, l := range t.listeners {
		if l.typ == typ {
			return true
		}
	}
	return false
}

// EventHandler implements binding.EventHandlers.
func (t *eventTarget) EventHandler(attribute string) goja.Value {
	if l := t.handlers[strings.TrimPrefix(attribute, "on")]; l != nil {
		return l.callback
	}
	return goja.Null()
}

// SetEventHandler implements binding.EventHandlers: the listener keeps its place
// while the handler changes, and loses it when the handler becomes null.
func (t *eventTarget) SetEventHandler(attribute string, v goja.Value) {
	typ := strings.TrimPrefix(attribute, "on")
	cb, _ := v.(*goja.Object)
	l := t.handlers[typ]
	switch {
	case l == nil && cb == nil:
		return
	case cb == nil:
		delete(t.handlers, typ)
		t.drop(l)
		return
	case l != nil:
		l.callback = cb
		return
	}
	l = &listener{typ: typ, callback: cb, handler: true}
	if t.handlers == nil {
		t.handlers = map[string]*listener{}
	}
	t.handlers[typ] = l
	t.listeners = append(t.listeners, l)
	if t.changed != nil {
		t.changed(typ)
	}
}

// fire dispatches a plain event of the type. It belongs to the runtime's
// goroutine, inside a task.
func (t *eventTarget) fire(rt *Runtime, typ string) {
	t.dispatch(rt, newEvent("Event", typ, eventInit{}))
}

// dispatch is "dispatch" (DOM §2.9). It reports whether the event was not
// cancelled.
func (t *eventTarget) dispatch(rt *Runtime, e *event) bool {
	e.dispatching, e.target = true, t
	if e.timeStamp == 0 {
		e.timeStamp = rt.now()
	}
	e.path = []*eventTarget{t}
	for p := t; p.parent != nil; {
		if p = p.parent(); p == nil {
			break
		}
		e.path = append(e.path, p)
	}
	for i := len(e.path) - 1; i > 0 && !e.stop; i-- {
		e.phase = 1
		e.path[i].invoke(rt, e, func(l *listener) bool { return l.capture })
	}
	if !e.stop {
		e.phase = 2
		t.invoke(rt, e, func(l *listener) bool { return l.capture })
		if !e.stop {
			t.invoke(rt, e, func(l *listener) bool { return !l.capture })
		}
	}
	for i := 1; i < len(e.path) && e.bubbles && !e.stop; i++ {
		e.phase = 3
		e.path[i].invoke(rt, e, func(l *listener) bool { return !l.capture })
	}
	e.dispatching, e.phase, e.current, e.path = false, 0, nil, nil
	e.stop, e.stopNow = false, false
	return !e.canceled
}

func (t *eventTarget) invoke(rt *Runtime, e *event, want func(*listener) bool) {
	e.current = t
	for _, l := range append([]*listener{}, t.listeners...) {
		if l.removed || l.typ != e.typ || !want(l) {
			continue
		}
		if l.once {
			t.drop(l)
		}
		e.passive = l.passive
		if l.handler {
			t.callHandler(rt, e, l)
		} else {
			t.callListener(rt, e, l)
		}
		e.passive = false
		if e.stopNow {
			return
		}
	}
}

func (t *eventTarget) callListener(rt *Runtime, e *event, l *listener) {
	this := rt.realm.Wrap(t.self)
	f, ok := goja.AssertFunction(l.callback)
	if !ok {
		// call a user object's operation (Web IDL §3.12): "handleEvent" is looked up each time
		var method goja.Value
		if ex := rt.vm.Try(func() { method = l.callback.Get("handleEvent") }); ex != nil {
			rt.fail(ex)
			return
		}
		if f, ok = goja.AssertFunction(method); !ok {
			rt.reportException(rt.newError("TypeError", "The event listener has no handleEvent method."), nil)
			return
		}
		this = l.callback
	}
	if _, err := f(this, rt.realm.Wrap(e)); err != nil {
		rt.listenerError(err)
	}
}

// callHandler is "the event handler processing algorithm" (HTML §8.1.8.1).
func (t *eventTarget) callHandler(rt *Runtime, e *event, l *listener) {
	f, ok := goja.AssertFunction(l.callback)
	if !ok {
		return
	}
	args := []goja.Value{rt.realm.Wrap(e)}
	windowError := e.iface == "ErrorEvent" && e.typ == "error" && t == &rt.window.eventTarget
	if windowError {
		args = nil
		for _, name := range []string{"message", "filename", "lineno", "colno", "error"} {
			args = append(args, rt.realm.ToJS(nil, e.attrs[name]))
		}
	}
	v, err := f(rt.realm.Wrap(t.self), args...)
	if err != nil {
		rt.listenerError(err)
		return
	}
	if _, isObject := v.(*goja.Object); isObject {
		return
	}
	if b, isBool := v.Export().(bool); isBool && b == windowError {
		e.preventDefault()
	}
}

// listenerError reports what a listener threw. An interruption passes on: it
// has to end every script on the stack.
func (rt *Runtime) listenerError(err error) {
	if isUncatchable(err) {
		if _, ok := err.(*goja.InterruptedError); ok {
			panic(err)
		}
	}
	rt.fail(err)
}
