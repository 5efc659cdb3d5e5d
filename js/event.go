package js

import (
	"math"
	"time"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/js/idl"
	"trackway/js/webidl"
)

// event is an Event, or any interface that derives from it: the attributes of
// the derived interface are in attrs.
type event struct {
	binding.Object
	iface string
	attrs map[string]any

	typ                           string
	target, current               *eventTarget
	phase                         int
	bubbles, cancelable, composed bool
	canceled, stop, stopNow       bool
	dispatching, initialized      bool
	trusted, passive              bool
	timeStamp                     float64
	path                          []*eventTarget
}

type eventInit struct{ bubbles, cancelable bool }

// InterfaceName implements binding.Platform.
func (e *event) InterfaceName() string { return e.iface }

// newEvent makes an event that the runtime itself fires.
func newEvent(iface, typ string, init eventInit) *event {
	return &event{iface: iface, typ: typ, bubbles: init.bubbles, cancelable: init.cancelable, initialized: true, trusted: true}
}

// getter returns a method that shows a value of T.
func getter[T any](f func(T) any) binding.Method {
	return func(c *binding.Call) (any, error) { return f(c.This.(T)), nil }
}

// setter returns a method that stores the new value of an attribute.
func setter[T any](f func(T, *binding.Call)) binding.Method {
	return func(c *binding.Call) (any, error) { f(c.This.(T), c); return nil, nil }
}

func targetValue(t *eventTarget) any {
	if t == nil {
		return nil
	}
	return t.self
}

func init() {
	registry.Implement("Event", binding.Members{
		"constructor":      func(c *binding.Call) (any, error) { return constructEvent(c, "Event", nil), nil },
		"type":             getter(func(e *event) any { return e.typ }),
		"target":           getter(func(e *event) any { return targetValue(e.target) }),
		"srcElement":       getter(func(e *event) any { return targetValue(e.target) }),
		"currentTarget":    getter(func(e *event) any { return targetValue(e.current) }),
		"eventPhase":       getter(func(e *event) any { return e.phase }),
		"bubbles":          getter(func(e *event) any { return e.bubbles }),
		"cancelable":       getter(func(e *event) any { return e.cancelable }),
		"composed":         getter(func(e *event) any { return e.composed }),
		"isTrusted":        getter(func(e *event) any { return e.trusted }),
		"timeStamp":        getter(func(e *event) any { return e.timeStamp }),
		"cancelBubble":     getter(func(e *event) any { return e.stop }),
		"set cancelBubble": setter(func(e *event, c *binding.Call) { e.stop = e.stop || c.Bool(0) }),
		"returnValue":      getter(func(e *event) any { return !e.canceled }),
		"set returnValue": setter(func(e *event, c *binding.Call) {
			if !c.Bool(0) {
				e.preventDefault()
			}
		}),
		"defaultPrevented": getter(func(e *event) any { return e.canceled }),
		"composedPath": getter(func(e *event) any {
			out := []any{}
			for _, t := range e.path {
				out = append(out, t.self)
			}
			return out
		}),
		"stopPropagation":          setter(func(e *event, _ *binding.Call) { e.stop = true }),
		"stopImmediatePropagation": setter(func(e *event, _ *binding.Call) { e.stop, e.stopNow = true, true }),
		"preventDefault":           setter(func(e *event, _ *binding.Call) { e.preventDefault() }),
		"initEvent": setter(func(e *event, c *binding.Call) {
			if !e.dispatching {
				e.typ, e.bubbles, e.cancelable = c.String(0), c.Bool(1), c.Bool(2)
				e.initialized, e.stop, e.stopNow, e.canceled, e.trusted, e.target = true, false, false, false, false, nil
			}
		}),
	})
	implementEvent("CustomEvent", "detail")
	registry.Implement("CustomEvent", binding.Members{"initCustomEvent": setter(func(e *event, c *binding.Call) {
		if !e.dispatching {
			e.typ, e.bubbles, e.cancelable, e.initialized = c.String(0), c.Bool(1), c.Bool(2), true
			e.attrs["detail"] = c.Value(3)
		}
	})})
	implementEvent("ErrorEvent", "message", "filename", "lineno", "colno", "error")
	implementEvent("PromiseRejectionEvent", "promise", "reason")
	implementEvent("MessageEvent", "data", "origin", "lastEventId", "source", "ports")
	implementEvent("CloseEvent", "wasClean", "code", "reason")
}

// implementEvent implements an interface that derives from Event and whose
// attributes are the members of its init dictionary.
func implementEvent(iface string, attributes ...string) {
	m := binding.Members{}
	for _, name := range attributes {
		m[name] = getter(func(e *event) any { return e.attrs[name] })
	}
	for _, member := range idl.Interfaces[iface].Members {
		if member.Kind == webidl.Constructor {
			m["constructor"] = func(c *binding.Call) (any, error) { return constructEvent(c, iface, attributes), nil }
		}
	}
	registry.Implement(iface, m)
}

// constructEvent is the event constructor steps (DOM §2.5): every attribute is
// set to the member of the init dictionary that has its name.
func constructEvent(c *binding.Call, iface string, attributes []string) *event {
	init := c.Dict(1)
	e := &event{iface: iface, typ: c.String(0), bubbles: init.Bool("bubbles"), cancelable: init.Bool("cancelable"),
		composed: init.Bool("composed"), initialized: true, attrs: map[string]any{}}
	e.timeStamp = host(c).now()
	for _, name := range attributes {
		if init.Has(name) {
			e.attrs[name] = init.Get(name)
		} else {
			e.attrs[name] = zeroAttribute(iface, name)
		}
	}
	return e
}

// zeroAttribute is the value of an attribute whose member was left out and has
// no default: undefined for any, null where the type admits it, else the zero
// of the type.
func zeroAttribute(iface, name string) any {
	for _, m := range idl.Interfaces[iface].Members {
		if m.Name != name {
			continue
		}
		switch t := m.Type; {
		case t.Kind == webidl.Any:
			return goja.Undefined()
		case t.Nullable:
			return nil
		case t.Kind == webidl.DOMString || t.Kind == webidl.USVString:
			return ""
		case t.Kind <= webidl.UnrestrictedDouble:
			return 0
		}
	}
	return nil
}

func (e *event) preventDefault() {
	if e.cancelable && !e.passive {
		e.canceled = true
	}
}

// now is performance.now(): milliseconds since the time origin, to 5 µs.
func (rt *Runtime) now() float64 {
	return math.Floor(float64(time.Since(rt.start).Microseconds())/5) * 5 / 1000
}

var errInvalidEvent = domerr.New(domerr.InvalidState, "the event is already being dispatched, or was never initialised")
