package js

import (
	"context"

	"trackway/js/binding"
)

// frame is what an iframe element shows: a page in a runtime of its own, on a
// goroutine of its own, to which only messages pass.
type frame struct {
	window *windowProxy
	cancel context.CancelFunc
	// release ends the hold on the containing runtime, which lives as long as
	// its frames, since these may send messages.
	release func()
}

// windowProxy is a window of another runtime.
type windowProxy struct {
	binding.Object
	end    *portEnd
	origin string // of the window that uses the proxy
	closed bool
}

// InterfaceName implements binding.Platform.
func (*windowProxy) InterfaceName() string { return "WindowProxy" }

// listen delivers the messages of the window behind p to this runtime's.
func (rt *Runtime) listen(p *windowProxy, from string) {
	p.end.mu.Lock()
	defer p.end.mu.Unlock()
	p.end.notify = func() {
		rt.Post(func() {
			if m := p.end.take(); m != nil {
				rt.deliver(&rt.window.eventTarget, m, from, p)
			}
		})
	}
	for range p.end.queue {
		p.end.notify()
	}
}

// openFrame loads the page of an iframe that was put into the document.
func (n *node) openFrame() {
	rt := n.rt
	source, inline := n.attr("srcdoc")
	address := rt.base.String()
	if !inline {
		source = ""
		if src := n.value("src"); src != "" {
			u, err := rt.resolve(src)
			if err != nil {
				return
			}
			address = u.String()
		}
	}
	ours, theirs := entangle()
	ctx, cancel := context.WithCancel(context.Background())
	n.frame = &frame{window: &windowProxy{end: ours, origin: originOf(rt.base)}, cancel: cancel}
	n.frame.release = rt.hold()
	rt.closers[n.frame] = cancel
	opts := rt.opts
	opts.URL, opts.Globals, opts.Args = address, nil, nil
	opts.OnError = func(text string) { rt.Post(func() { rt.uncaught("in a frame: "+text, nil, nil) }) }
	fetched := !inline && address != rt.base.String()
	go runFrame(ctx, frameStart{
		parent: rt, opts: opts, source: source, fetched: fetched, end: theirs, name: n.value("name"), window: n.frame.window,
		loaded: func() { rt.Post(func() { n.fire(rt, "load") }) },
	})
}

// frameStart is what the goroutine of a frame begins with.
type frameStart struct {
	parent  *Runtime
	opts    Options
	source  string
	fetched bool
	end     *portEnd
	name    string
	window  *windowProxy
	loaded  func()
}

func runFrame(ctx context.Context, s frameStart) {
	child, err := newRuntime(s.opts, "Window", "Window")
	if err != nil {
		s.opts.OnError(err.Error())
		s.loaded()
		return
	}
	child.hold() // a frame lives until its element is removed
	child.loaded, child.window.name = s.loaded, s.name
	child.window.parentWindow = &windowProxy{end: s.end, origin: originOf(child.base)}
	if s.fetched {
		if s.source, err = child.readText(s.opts.URL); err != nil {
			s.source = "<!doctype html>" // browsers show an error page, and fire load
		}
	}
	if err := child.LoadPage(s.source); err != nil {
		s.opts.OnError(err.Error())
	}
	child.listen(child.window.parentWindow, s.window.origin)
	s.parent.Post(func() { s.parent.listen(s.window, originOf(child.base)) })
	_ = child.Run(ctx) // ends by ctx
}

// closeFrames ends the frames in a part of the tree that is taken out.
func (n *node) closeFrames() {
	if n.frame != nil {
		n.frame.window.closed = true
		// What the frame has sent arrives; what it goes on to send until its
		// goroutine has noticed does not: its document is gone.
		n.frame.window.end.silence()
		n.frame.cancel()
		n.frame.release()
		delete(n.rt.closers, n.frame)
		n.frame = nil
	}
	for _, c := range n.children {
		c.closeFrames()
	}
}

func init() {
	registry.Implement("WindowProxy", binding.Members{
		"closed": getter(func(w *windowProxy) any { return w.closed }),
		"postMessage": func(c *binding.Call) (any, error) {
			transfer, _ := c.Arg(2).([]any)
			if d, ok := c.Arg(1).(*binding.Dict); ok {
				transfer = d.Seq("transfer")
			}
			m, err := host(c).serialize(c.Value(0), transfer)
			if err == nil {
				c.This.(*windowProxy).end.send(m)
			}
			return nil, err
		},
	})
	src, setSrc := reflected("src")
	name, setName := reflected("name")
	srcdoc, setSrcdoc := reflected("srcdoc")
	registry.Implement("HTMLIFrameElement", binding.Members{
		"src": src, "set src": setSrc, "name": name, "set name": setName, "srcdoc": srcdoc, "set srcdoc": setSrcdoc,
		"contentWindow": getter(func(n *node) any {
			if n.frame == nil {
				return nil
			}
			return n.frame.window
		}),
	})
}
