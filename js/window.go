package js

import (
	"encoding/base64"
	"runtime"
	"strings"
	"time"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// window is the global object of a page or of a dedicated worker.
type window struct {
	eventTarget
	rt     *Runtime
	iface  string
	name   string
	closed bool
	// parentWindow is a frame's view of the window that contains it.
	parentWindow *windowProxy
	// port is a worker's end of the channel to its owner.
	port *portEnd

	navigator   *navigator
	location    *location
	performance *performance
	crypto      *crypto
	document    *node
}

// InterfaceName implements binding.Platform.
func (w *window) InterfaceName() string { return w.iface }

func newWindow(rt *Runtime, iface string) *window {
	w := &window{rt: rt, iface: iface, navigator: newNavigator(), location: &location{rt: rt}, performance: newPerformance(), crypto: &crypto{}}
	w.init(w)
	if iface == "Window" {
		w.document = newDocument(rt)
		w.document.parent = func() *eventTarget { return &w.eventTarget }
	}
	return w
}

// install defines what the language environment has beside interfaces.
func (w *window) install() {
	vm := w.rt.vm
	if len(w.rt.opts.Args) > 0 {
		args := make([]any, len(w.rt.opts.Args))
		for i, a := range w.rt.opts.Args {
			args[i] = a
		}
		_ = vm.Set("arguments", vm.NewArray(args...))
	}
}

// globalScope is WindowOrWorkerGlobalScope (HTML §8.2).
var globalScope = binding.Members{
	"origin":              getter(func(w *window) any { return originOf(w.rt.base) }),
	"isSecureContext":     getter(func(w *window) any { return w.rt.realm.Secure }),
	"crossOriginIsolated": getter(func(*window) any { return false }),
	"performance":         getter(func(w *window) any { return w.performance }),
	"crypto":              getter(func(w *window) any { return w.crypto }),
	"reportError": func(c *binding.Call) (any, error) {
		host(c).reportException(c.Value(0), nil)
		return nil, nil
	},
	"queueMicrotask": func(c *binding.Call) (any, error) {
		host(c).queueMicrotask(c.Callback(0))
		return nil, nil
	},
	"setTimeout":  func(c *binding.Call) (any, error) { return setTimer(c, false), nil },
	"setInterval": func(c *binding.Call) (any, error) { return setTimer(c, true), nil },
	"clearTimeout": func(c *binding.Call) (any, error) {
		host(c).loop.clearTimer(c.Int(0))
		return nil, nil
	},
	"clearInterval": func(c *binding.Call) (any, error) {
		host(c).loop.clearTimer(c.Int(0))
		return nil, nil
	},
	"structuredClone": func(c *binding.Call) (any, error) {
		rt := host(c)
		msg, err := rt.serialize(c.Value(0), c.Dict(1).Seq("transfer"))
		if err != nil {
			return nil, err
		}
		v, _, err := rt.deserialize(msg)
		return v, err
	},
	"btoa": func(c *binding.Call) (any, error) {
		raw := make([]byte, 0, len(c.String(0)))
		for _, r := range c.String(0) {
			if r > 255 {
				return nil, domerr.New(domerr.InvalidCharacter, "btoa: the string has characters beyond Latin-1")
			}
			raw = append(raw, byte(r))
		}
		return base64.StdEncoding.EncodeToString(raw), nil
	},
	"atob": func(c *binding.Call) (any, error) {
		text := strings.TrimRight(strings.Join(strings.Fields(c.String(0)), ""), "=")
		raw, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			return nil, domerr.Wrap(err, domerr.InvalidCharacter, "atob: not base64")
		}
		out := make([]rune, len(raw))
		for i, b := range raw {
			out[i] = rune(b)
		}
		return string(out), nil
	},
	"fetch": fetch,
}

func setTimer(c *binding.Call, repeat bool) int64 {
	rt := host(c)
	var args []goja.Value
	for _, a := range c.Args[min(2, len(c.Args)):] {
		args = append(args, a.(goja.Value))
	}
	this := rt.vm.GlobalObject()
	fire := func() {
		if f, ok := c.Arg(0).(*binding.Callback); ok {
			if call, ok := goja.AssertFunction(f.Func); ok {
				_, err := call(this, args...)
				rt.fail(err)
			}
			return
		}
		rt.fail(rt.runSource("timer handler", c.String(0)))
	}
	return rt.loop.setTimer(time.Duration(c.Int(1))*time.Millisecond, repeat, fire)
}

// queueMicrotask runs f at the next microtask checkpoint. goja has no queue of
// its own to offer, but a settled promise's reaction is a microtask.
func (rt *Runtime) queueMicrotask(f *binding.Callback) {
	job := func(goja.FunctionCall) goja.Value {
		_, err := f.Call(goja.Undefined())
		if err != nil {
			rt.listenerError(err)
		}
		return goja.Undefined()
	}
	rt.microtask(job)
}

func (rt *Runtime) microtask(job func(goja.FunctionCall) goja.Value) {
	if _, err := rt.fn.then(goja.Undefined(), rt.vm.ToValue(job)); err != nil {
		rt.fail(err)
	}
}

func init() {
	this := func(w *window) any { return w.JS() }
	parent := func(w *window) any {
		if w.parentWindow != nil {
			return w.parentWindow
		}
		return w.JS()
	}
	for _, iface := range []string{"Window", "WorkerGlobalScope"} {
		registry.Implement(iface, globalScope)
	}
	registry.Implement("Window", binding.Members{
		"window": getter(this), "self": getter(this), "parent": getter(parent), "top": getter(parent), "frames": getter(this),
		"document":  getter(func(w *window) any { return w.document }),
		"location":  getter(func(w *window) any { return w.location }),
		"navigator": getter(func(w *window) any { return w.navigator }),
		"opener":    getter(func(*window) any { return goja.Null() }),
		"length":    getter(func(*window) any { return 0 }),
		"name":      getter(func(w *window) any { return w.name }),
		"set name":  setter(func(w *window, c *binding.Call) { w.name = c.String(0) }),
		"closed":    getter(func(w *window) any { return w.closed }),
		"close": func(c *binding.Call) (any, error) {
			w := c.This.(*window)
			w.closed = true
			w.rt.Close()
			return nil, nil
		},
		"postMessage": func(c *binding.Call) (any, error) {
			rt := host(c)
			transfer, _ := c.Arg(2).([]any)
			if d, ok := c.Arg(1).(*binding.Dict); ok {
				transfer = d.Seq("transfer")
			}
			msg, err := rt.serialize(c.Value(0), transfer)
			if err != nil {
				return nil, err
			}
			rt.Post(func() { rt.deliver(&rt.window.eventTarget, msg, originOf(rt.base), rt.window.JS()) })
			return nil, nil
		},
	})
	registry.Implement("Window", binding.Members{
		"requestAnimationFrame": func(c *binding.Call) (any, error) {
			rt, f := host(c), c.Callback(0)
			return rt.loop.setTimer(time.Second/60, false, func() { rt.fail2(f.Call(nil, rt.now())) }), nil
		},
		"cancelAnimationFrame": func(c *binding.Call) (any, error) { host(c).loop.clearTimer(c.Int(0)); return nil, nil },
	})
	registry.Implement("WorkerGlobalScope", binding.Members{"self": getter(this)})
}

// navigator is Navigator.
type navigator struct {
	binding.Object
	devices     *mediaDevices
	permissions *permissions
}

// InterfaceName implements binding.Platform.
func (*navigator) InterfaceName() string { return "Navigator" }

func newNavigator() *navigator { return &navigator{permissions: &permissions{}} }

// productName is what navigator.userAgent says.
const productName = "Trackway"

func init() {
	text := func(s string) binding.Method { return getter(func(*navigator) any { return s }) }
	registry.Implement("Navigator", binding.Members{
		"userAgent": text("Mozilla/5.0 (" + runtime.GOOS + "; " + runtime.GOARCH + ") " + productName), "appCodeName": text("Mozilla"),
		"appName": text("Netscape"), "appVersion": text("5.0"), "platform": text(runtime.GOOS), "product": text("Gecko"), "vendor": text(""),
		"language": text("en"), "languages": getter(func(*navigator) any { return []any{"en"} }),
		"onLine":              getter(func(*navigator) any { return true }),
		"hardwareConcurrency": getter(func(*navigator) any { return runtime.NumCPU() }),
		"permissions":         getter(func(n *navigator) any { return n.permissions }),
	})
}
