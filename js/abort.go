package js

import (
	"time"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// abortSignal is an AbortSignal (DOM §3.2).
type abortSignal struct {
	eventTarget
	aborted    bool
	reason     goja.Value
	algorithms []func()
}

// InterfaceName implements binding.Platform.
func (*abortSignal) InterfaceName() string { return "AbortSignal" }

func newSignal() *abortSignal {
	s := &abortSignal{reason: goja.Undefined()}
	s.init(s)
	return s
}

// onAbort runs f when the signal is aborted, which must not have happened yet.
func (s *abortSignal) onAbort(f func()) { s.algorithms = append(s.algorithms, f) }

func (s *abortSignal) abort(rt *Runtime, reason goja.Value) {
	if s.aborted {
		return
	}
	if goja.IsUndefined(reason) {
		reason = rt.errorValue(domerr.New(domerr.Abort, "signal is aborted without reason"))
	}
	s.aborted, s.reason = true, reason
	algorithms := s.algorithms
	s.algorithms = nil
	for _, f := range algorithms {
		f()
	}
	s.fire(rt, "abort")
}

type abortController struct {
	binding.Object
	signal *abortSignal
}

// InterfaceName implements binding.Platform.
func (*abortController) InterfaceName() string { return "AbortController" }

func init() {
	registry.Implement("AbortController", binding.Members{
		"constructor": func(*binding.Call) (any, error) { return &abortController{signal: newSignal()}, nil },
		"signal":      getter(func(a *abortController) any { return a.signal }),
		"abort": func(c *binding.Call) (any, error) {
			c.This.(*abortController).signal.abort(host(c), c.Value(0))
			return nil, nil
		},
	})
	registry.Implement("AbortSignal", binding.Members{
		"aborted": getter(func(s *abortSignal) any { return s.aborted }),
		"reason":  getter(func(s *abortSignal) any { return s.reason }),
		"throwIfAborted": func(c *binding.Call) (any, error) {
			if s := c.This.(*abortSignal); s.aborted {
				return nil, &binding.Exception{Value: s.reason}
			}
			return nil, nil
		},
		"static abort": func(c *binding.Call) (any, error) {
			s := newSignal()
			s.abort(host(c), c.Value(0))
			return s, nil
		},
		"static timeout": func(c *binding.Call) (any, error) {
			rt, s := host(c), newSignal()
			rt.loop.setTimer(time.Duration(c.Int(0))*time.Millisecond, false, func() {
				s.abort(rt, rt.errorValue(domerr.New(domerr.Timeout, "signal timed out")))
			})
			return s, nil
		},
		"static any": func(c *binding.Call) (any, error) {
			rt, s := host(c), newSignal()
			sources, _ := c.Arg(0).([]any)
			for _, v := range sources {
				if src := v.(*abortSignal); src.aborted {
					s.aborted, s.reason = true, src.reason
					return s, nil
				}
			}
			for _, v := range sources {
				src := v.(*abortSignal)
				src.onAbort(func() { s.abort(rt, src.reason) })
			}
			return s, nil
		},
	})
}
