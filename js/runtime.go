package js

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	_ "trackway/codec/all" // what raw tracks are encoded with
	"trackway/js/binding"
	"trackway/js/idl"
	"trackway/media"
	"trackway/mediadevices"
	"trackway/webrtc"
)

// registry holds the implementation of every interface; the init functions of
// this package's files fill it.
var registry = binding.NewRegistry(idl.Interfaces, idl.InterfaceOrder, idl.Dictionaries, idl.Enums, idl.Callbacks)

var linkOnce sync.Once

// Options configure a Runtime. The zero value is a page at http://localhost/
// that prints to the process's standard output.
type Options struct {
	// URL is the address of the page or script. Relative addresses are
	// resolved against it.
	URL string
	// Files serves every address of URL's origin; nil means none.
	Files fs.FS
	// Args are the arguments of the program, as globalThis.arguments.
	Args []string
	// Stdout and Stderr take what console methods print.
	Stdout, Stderr io.Writer
	// Console, if set, is called for every console message instead.
	Console func(level, message string)
	// OnError is called for every exception and rejection that no script
	// handled, with its description. The default prints it to Stderr.
	OnError func(description string)
	// MaxCallDepth bounds recursion; 0 means 2000 frames.
	MaxCallDepth int
	// MemoryLimit ends the script when the process's heap grows by more than
	// this many bytes while it runs; 0 means no limit.
	MemoryLimit uint64
	// Engine is what the runtime's connections share; nil means the process's
	// own.
	Engine *webrtc.Engine
	// Devices are what getUserMedia captures from; nil means the test picture
	// and tone.
	Devices []*mediadevices.Device
	// Globals are defined on the global object before any script runs.
	Globals map[string]any
}

// Runtime is one JavaScript realm and its event loop.
type Runtime struct {
	opts  Options
	base  *url.URL
	vm    *goja.Runtime
	realm *binding.Realm
	loop  *loop
	start time.Time
	// taskTime is when the current task began.
	taskTime time.Time

	window    *window
	rejected  rejections
	reporting bool
	errs      int
	blobURLs  map[string]*blob
	empty     *goja.Program
	closers   map[any]func()
	fn        helpers
	// objects are the platform objects of media tracks, streams and certificates.
	objects map[any]binding.Platform
	// captures are the canvases behind video sources.
	captures map[*media.Source]*canvasCapture
	// loaded, if set, is called after the load event.
	loaded func()
	// stopped is why the scripts were interrupted, once they were.
	stopped atomic.Pointer[error]
	inTask  atomic.Bool
	media   *mediadevices.MediaDevices // made when first asked for
}

// ErrInterrupted is returned by Run when the script was stopped: its context
// ended while it computed, or it exceeded the memory limit.
var ErrInterrupted = errors.New("js: the script was interrupted")

// New returns a runtime with every interface installed and no script run.
func New(opts Options) (*Runtime, error) { return newRuntime(opts, "Window", "Window") }

func newRuntime(opts Options, scope, global string) (*Runtime, error) {
	if opts.URL == "" {
		opts.URL = "http://localhost/"
	}
	if opts.Stdout == nil {
		opts.Stdout = os.Stdout
	}
	if opts.Stderr == nil {
		opts.Stderr = os.Stderr
	}
	base, err := url.Parse(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("js: address of the page: %w", err)
	}
	linkOnce.Do(func() { registry.Link() })
	rt := &Runtime{opts: opts, base: base, vm: goja.New(), loop: newLoop(), start: time.Now(), blobURLs: map[string]*blob{}, closers: map[any]func(){}, objects: map[any]binding.Platform{}, captures: map[*media.Source]*canvasCapture{}}
	depth := opts.MaxCallDepth
	if depth == 0 {
		depth = 2000
	}
	rt.vm.SetMaxCallStackSize(depth)
	rt.empty = goja.MustCompile("checkpoint", "", false)
	if err := rt.prelude(); err != nil {
		return nil, err
	}
	rt.realm = binding.NewRealm(rt.vm, registry)
	rt.realm.Host = rt
	rt.realm.Secure = secureContext(base)
	rt.realm.ErrorValue = rt.errorValue
	rt.vm.SetPromiseRejectionTracker(rt.trackRejection)
	rt.window = newWindow(rt, global)
	rt.realm.Install(scope, global, rt.window)
	rt.window.install()
	if _, err := rt.fn.iterateStream(goja.Undefined(), rt.realm.Prototype("ReadableStream")); err != nil {
		return nil, err
	}
	for name, v := range opts.Globals {
		if err := rt.vm.Set(name, v); err != nil {
			return nil, fmt.Errorf("js: global %s: %w", name, err)
		}
	}
	return rt, nil
}

// host returns the runtime that a call belongs to.
func host(c *binding.Call) *Runtime { return c.Host.(*Runtime) }

// Post queues a task. It may be called from any goroutine, and reports false
// after Close. Runtime is thereby a webrtc.Loop and a media.Loop.
func (rt *Runtime) Post(task func()) bool { return rt.loop.post(task) }

// OnLoop reports whether a task is running. Connections of this runtime are used
// by its scripts alone, which run in tasks; so whoever asks is in one.
func (rt *Runtime) OnLoop() bool { return rt.inTask.Load() }

// Close ends the runtime: connections, sockets and workers are closed, and
// tasks that are still queued never run. It may be called from any goroutine.
func (rt *Runtime) Close() { rt.loop.close() }

// Errors is the number of exceptions and rejections that no script handled.
func (rt *Runtime) Errors() int { return rt.errs }

// Run runs tasks until none can follow: no timer is set, and no operation,
// connection or socket is open. It returns early, with the context's error,
// when ctx ends, and with ErrInterrupted when the script had to be stopped.
// After Run the runtime is closed.
func (rt *Runtime) Run(ctx context.Context) error {
	orderly := false
	defer func() {
		// After a panic locks may be held that closing needs.
		if orderly {
			rt.shutdown()
		}
	}()
	err := rt.run(ctx)
	orderly = true
	return err
}

func (rt *Runtime) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { rt.interrupt(context.Cause(ctx)) })
	defer stop()
	defer rt.watchMemory()()
	for {
		task, ok := rt.loop.next()
		if !ok {
			break
		}
		rt.runTask(task)
	}
	if cause := rt.stopped.Load(); cause != nil {
		return *cause
	}
	return ctx.Err()
}

// interrupt ends the runtime and whatever script is running. It may be called
// from any goroutine. Nothing is reported from here on: what the script made of
// the interruption, such as a promise that a Go operation rejected with it, is
// no error of the script.
func (rt *Runtime) interrupt(cause error) {
	rt.stopped.CompareAndSwap(nil, &cause)
	rt.vm.Interrupt(cause)
	rt.loop.close()
}

// runTask is one turn of the event loop: a task, then a microtask checkpoint,
// then "notify about rejected promises" (HTML §8.1.7.3).
func (rt *Runtime) runTask(task func()) {
	defer func() {
		if x := recover(); x != nil {
			// Only goja's uncatchable errors may pass; anything else is our bug and must be seen.
			if err, ok := x.(error); ok && isUncatchable(err) {
				rt.fail(err)
				return
			}
			panic(x)
		}
	}()
	rt.inTask.Store(true)
	rt.taskTime = time.Now()
	defer rt.inTask.Store(false)
	task()
	rt.checkpoint()
	rt.notifyRejections()
}

// checkpoint performs a microtask checkpoint. Returning from any outermost call
// into goja does so as well; this one is for tasks that made no such call.
func (rt *Runtime) checkpoint() {
	if _, err := rt.vm.RunProgram(rt.empty); err != nil {
		rt.fail(err)
	}
}

func isUncatchable(err error) bool {
	var ie *goja.InterruptedError
	var so *goja.StackOverflowError
	return errors.As(err, &ie) || errors.As(err, &so)
}

// fail deals with the error of a call into JavaScript: an exception is
// reported, an interruption ends the runtime.
func (rt *Runtime) fail(err error) {
	var ex *goja.Exception
	var ie *goja.InterruptedError
	switch {
	case err == nil:
	case errors.As(err, &ex):
		rt.reportException(ex.Value(), ex)
	case errors.As(err, &ie): // by interrupt
	default:
		rt.reportException(rt.newError("RangeError", "Maximum call stack size exceeded"), nil)
	}
}

// fail2 is fail for calls whose result does not matter.
func (rt *Runtime) fail2(_ any, err error) { rt.fail(err) }

// shutdown closes what scripts left open.
func (rt *Runtime) shutdown() {
	rt.loop.close()
	for _, f := range rt.closers {
		f()
	}
	rt.closers = nil
}

// hold keeps Run from ending until the returned function is called, once. It
// belongs to the runtime's goroutine or any other.
func (rt *Runtime) hold() func() {
	rt.loop.hold(1)
	var once sync.Once
	return func() { once.Do(func() { rt.loop.hold(-1) }) }
}
