package js

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
)

// errorValue is the JavaScript exception for an error of a Go method: a native
// TypeError or RangeError, a more specific platform object where the error has
// one, or a DOMException of the error's name.
func (rt *Runtime) errorValue(err error) goja.Value {
	for _, special := range errorObjects {
		if v := special(rt, err); v != nil {
			return v
		}
	}
	var de *domerr.Error
	if errors.As(err, &de) {
		switch de.Name {
		case domerr.Type, domerr.Range:
			return rt.newError(string(de.Name), de.Message)
		}
		msg := de.Message
		if de.Cause != nil {
			msg = strings.TrimPrefix(err.Error(), string(de.Name)+": ")
		}
		return rt.realm.Wrap(&domException{name: string(de.Name), message: msg})
	}
	var name domerr.Name
	if errors.As(err, &name) {
		return rt.realm.Wrap(&domException{name: string(name)})
	}
	return rt.realm.Wrap(&domException{name: string(domerr.Operation), message: err.Error()})
}

// errorObjects make the exceptions that are more than a name and a message,
// such as RTCError.
var errorObjects []func(*Runtime, error) goja.Value

// newError makes a native error, "TypeError" or "RangeError".
func (rt *Runtime) newError(name, message string) *goja.Object {
	o, err := rt.vm.New(rt.vm.Get(name), rt.vm.ToValue(message))
	if err != nil {
		return rt.vm.NewTypeError("%s", message)
	}
	return o
}

// reportException is "report an exception" (HTML §8.1.4.7): an error event at
// the global object and, unless that was cancelled, a line for the developer.
func (rt *Runtime) reportException(v goja.Value, ex *goja.Exception) {
	if rt.stopped.Load() != nil {
		return
	}
	text := rt.describe(v)
	file, line, col := position(ex)
	if !rt.reporting {
		rt.reporting = true
		e := newEvent("ErrorEvent", "error", eventInit{cancelable: true})
		e.attrs = map[string]any{"message": "Uncaught " + text, "filename": file, "lineno": line, "colno": col, "error": v}
		handled := !rt.window.dispatch(rt, e)
		rt.reporting = false
		if handled {
			return
		}
	}
	rt.uncaught("Uncaught "+text, v, ex)
}

func position(ex *goja.Exception) (file string, line, col int) {
	if ex == nil || len(ex.Stack()) == 0 {
		return "", 0, 0
	}
	p := ex.Stack()[0].Position()
	return p.Filename, p.Line, p.Column
}

func (rt *Runtime) uncaught(text string, v goja.Value, ex *goja.Exception) {
	if rt.stopped.Load() != nil {
		return
	}
	rt.errs++
	if o, ok := v.(*goja.Object); ok {
		if stack := rt.read(o, "stack"); stack != "" {
			if _, rest, ok := strings.Cut(stack, "\n"); ok {
				text += "\n" + rest
			}
		}
	} else if ex != nil && len(ex.Stack()) > 0 {
		text += "\n\tat " + ex.Stack()[0].Position().String()
	}
	if rt.opts.OnError != nil {
		rt.opts.OnError(text)
		return
	}
	fmt.Fprintln(rt.opts.Stderr, text)
}

// describe is a short description of any value that never throws.
func (rt *Runtime) describe(v goja.Value) string {
	if v == nil {
		return "undefined"
	}
	if o, ok := v.(*goja.Object); ok {
		name, msg := rt.read(o, "name"), rt.read(o, "message")
		switch {
		case name != "" && msg != "":
			return name + ": " + msg
		case name != "":
			return name
		}
	}
	out := "?"
	if ex := rt.vm.Try(func() { out = v.ToString().String() }); ex != nil {
		return "[object]"
	}
	return out
}

// read gets a property as a string, "" when it is absent or throws.
func (rt *Runtime) read(o *goja.Object, name string) (s string) {
	_ = rt.vm.Try(func() {
		if v := o.Get(name); v != nil && !goja.IsUndefined(v) {
			s = v.String()
		}
	})
	return s
}

// rejections are the promises rejected without a handler that scripts have not
// heard of yet, and those they have.
type rejections struct {
	about     []*goja.Promise
	announced map[*goja.Promise]bool
	late      []*goja.Promise
}

// trackRejection is HostPromiseRejectionTracker (HTML §8.1.6.5).
func (rt *Runtime) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	r := &rt.rejected
	if op == goja.PromiseRejectionReject {
		r.about = append(r.about, p)
		return
	}
	for i, q := range r.about {
		if q == p {
			r.about = append(r.about[:i], r.about[i+1:]...)
			return
		}
	}
	if r.announced[p] {
		delete(r.announced, p)
		r.late = append(r.late, p)
	}
}

// notifyRejections is "notify about rejected promises".
func (rt *Runtime) notifyRejections() {
	for rt.stopped.Load() == nil && (len(rt.rejected.about) > 0 || len(rt.rejected.late) > 0) {
		about, late := rt.rejected.about, rt.rejected.late
		rt.rejected.about, rt.rejected.late = nil, nil
		for _, p := range late {
			rt.window.dispatch(rt, rejectionEvent(rt, "rejectionhandled", p, false))
		}
		for _, p := range about {
			if !rt.window.dispatch(rt, rejectionEvent(rt, "unhandledrejection", p, true)) {
				continue
			}
			rt.uncaught("Uncaught (in promise) "+rt.describe(p.Result()), p.Result(), nil)
			if rt.rejected.announced == nil {
				rt.rejected.announced = map[*goja.Promise]bool{}
			}
			rt.rejected.announced[p] = true
		}
	}
}

func rejectionEvent(rt *Runtime, typ string, p *goja.Promise, cancelable bool) *event {
	e := newEvent("PromiseRejectionEvent", typ, eventInit{cancelable: cancelable})
	e.attrs = map[string]any{"promise": rt.vm.ToValue(p), "reason": p.Result()}
	return e
}
