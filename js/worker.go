package js

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// worker is a Worker: a runtime of its own on a goroutine of its own. What
// passes between the two is serialized.
type worker struct {
	eventTarget
	rt      *Runtime
	end     *portEnd
	cancel  context.CancelFunc
	release func()

	mu      sync.Mutex
	child   *Runtime         // nil until its script is about to run
	waiting []func(*Runtime) // for child
}

// InterfaceName implements binding.Platform.
func (*worker) InterfaceName() string { return "Worker" }

func newWorker(c *binding.Call) (any, error) {
	rt := host(c)
	u, err := rt.resolve(c.String(0))
	if err != nil {
		return nil, domerr.New(domerr.Syntax, "Worker: bad address %q", c.String(0))
	}
	if u.Scheme != "blob" && u.Scheme != "data" && originOf(u) != originOf(rt.base) {
		return nil, domerr.New("SecurityError", "Worker: %s is of another origin", u)
	}
	ours, theirs := entangle()
	ctx, cancel := context.WithCancel(context.Background())
	w := &worker{rt: rt, end: ours, cancel: cancel, release: rt.hold()}
	w.init(w)
	rt.closers[w] = cancel
	rt.receive(ours, &w.eventTarget)
	src, err := rt.readText(u.String())
	if err != nil {
		rt.Post(func() { w.fire(rt, "error") })
		return w, nil
	}
	opts := Options{
		URL: u.String(), Files: rt.opts.Files, Stdout: rt.opts.Stdout, Stderr: rt.opts.Stderr, Console: rt.opts.Console,
		MaxCallDepth: rt.opts.MaxCallDepth, Engine: rt.opts.Engine, Devices: rt.opts.Devices,
	}
	if u.Scheme == "blob" || u.Scheme == "data" {
		opts.URL = rt.base.String()
	}
	opts.OnError = func(text string) { rt.Post(func() { w.failed(text) }) }
	name, module := c.Dict(1).String("name"), c.Dict(1).String("type") == "module"
	go func() {
		defer rt.Post(w.ended)
		child, err := newRuntime(opts, "DedicatedWorker", "DedicatedWorkerGlobalScope")
		if err != nil {
			opts.OnError(err.Error())
			return
		}
		child.window.name, child.window.port = name, theirs
		if module {
			if src, err = child.bundle(u.String(), src); err != nil {
				opts.OnError(err.Error())
				return
			}
		}
		child.hold() // a worker waits for messages until it is closed or terminated
		child.Post(func() { child.fail(child.runSource(u.String(), src)) })
		child.receive(theirs, &child.window.eventTarget)
		w.began(child)
		if err := child.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			opts.OnError(err.Error())
		}
	}()
	return w, nil
}

// do runs f in a task of the worker, after its script.
func (w *worker) do(f func(child *Runtime)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.child == nil {
		w.waiting = append(w.waiting, f)
		return
	}
	w.child.Post(func() { f(w.child) })
}

func (w *worker) began(child *Runtime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.child = child
	for _, f := range w.waiting {
		child.Post(func() { f(child) })
	}
	w.waiting = nil
}

// receive delivers what arrives at end, or has arrived, to target.
func (rt *Runtime) receive(end *portEnd, target *eventTarget) {
	end.mu.Lock()
	defer end.mu.Unlock()
	end.notify = func() {
		rt.Post(func() {
			if m := end.take(); m != nil {
				rt.deliver(target, m, "", nil)
			}
		})
	}
	for range end.queue {
		end.notify()
	}
}

// failed is an exception that the worker's scripts did not handle.
func (w *worker) failed(text string) {
	e := newEvent("ErrorEvent", "error", eventInit{cancelable: true})
	message, _, _ := strings.Cut(text, "\n")
	e.attrs = map[string]any{"message": message, "filename": "", "lineno": 0, "colno": 0, "error": goja.Null()}
	if w.dispatch(w.rt, e) {
		w.rt.uncaught("in a worker: "+text, nil, nil)
	}
}

func (w *worker) ended() {
	w.release()
	delete(w.rt.closers, w)
}

func transferList(c *binding.Call) []any {
	if d, ok := c.Arg(1).(*binding.Dict); ok {
		return d.Seq("transfer")
	}
	list, _ := c.Arg(1).([]any)
	return list
}

func init() {
	post := func(c *binding.Call, end *portEnd) (any, error) {
		m, err := host(c).serialize(c.Value(0), transferList(c))
		if err == nil {
			end.send(m)
		}
		return nil, err
	}
	registry.Implement("Worker", binding.Members{
		"constructor": newWorker,
		"postMessage": func(c *binding.Call) (any, error) { return post(c, c.This.(*worker).end) },
		"terminate": setter(func(w *worker, _ *binding.Call) {
			w.end.mu.Lock()
			w.end.closed = true // what is still under way is dropped
			w.end.mu.Unlock()
			w.cancel()
		}),
	})
	registry.Implement("WorkerGlobalScope", binding.Members{
		"importScripts": func(c *binding.Call) (any, error) {
			rt := host(c)
			for _, a := range c.Args {
				text, err := rt.readText(a.(string))
				if err != nil {
					return nil, domerr.Wrap(err, domerr.Network, "importScripts")
				}
				if err := rt.runSource(a.(string), text); err != nil {
					return nil, err
				}
			}
			return nil, nil
		},
	})
	registry.Implement("DedicatedWorkerGlobalScope", binding.Members{
		"name":        getter(func(w *window) any { return w.name }),
		"postMessage": func(c *binding.Call) (any, error) { return post(c, c.This.(*window).port) },
		"close":       setter(func(w *window, _ *binding.Call) { w.rt.Close() }),
	})
}
