package js

import (
	"sync"
	"time"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
)

// canvas is the bitmap of a canvas element, RGBA with straight alpha.
type canvas struct {
	n             *node
	width, height int
	pix           []byte
	context       *context2D
	captures      []*canvasCapture
}

// canvasCapture is one captureStream of a canvas.
type canvasCapture struct {
	c        *canvas
	source   *media.Source
	interval time.Duration // least time between frames; negative: only requestFrame
	last     time.Time
	pending  bool
	began    time.Time
}

func newCanvas(n *node) *canvas {
	c := &canvas{n: n}
	c.reset()
	return c
}

// size is the attribute's value, or def when it is missing or no number.
func (c *canvas) size(attr string, def int) int {
	v, n := c.n.value(attr), 0
	if v == "" {
		return def
	}
	for _, r := range v {
		if r < '0' || r > '9' || n > 1<<15 {
			return def
		}
		n = n*10 + int(r-'0')
	}
	return n
}

// reset clears the bitmap, as setting the width or height does.
func (c *canvas) reset() {
	c.width, c.height = c.size("width", 300), c.size("height", 150)
	c.pix = nil
	if c.context != nil {
		c.context.state = defaultState
	}
	c.changed()
}

// bits is the bitmap, allocated when it is first drawn on.
func (c *canvas) bits() []byte {
	if c.pix == nil {
		c.pix = make([]byte, 4*c.width*c.height)
	}
	return c.pix
}

// changed tells the captures that the canvas was drawn on.
func (c *canvas) changed() {
	for _, k := range c.captures {
		k.request(false)
	}
}

// request has a frame captured at the end of the task, or later when the frame
// rate says so.
func (k *canvasCapture) request(explicit bool) {
	if k.pending || k.interval < 0 && !explicit {
		return
	}
	k.pending = true
	wait := time.Duration(0)
	if !explicit {
		wait = time.Until(k.last.Add(max(k.interval, time.Second/60)))
	}
	k.c.n.rt.loop.setTimer(wait, false, k.capture)
}

var framePool sync.Pool

func (k *canvasCapture) capture() {
	k.pending, k.last = false, time.Now()
	if !k.source.Demand().Raw || k.c.pix == nil || k.c.width == 0 || k.c.height == 0 {
		return
	}
	f, _ := framePool.Get().(*media.VideoFrame)
	if f == nil {
		f = &media.VideoFrame{}
	}
	toI420(f, k.c.bits(), k.c.width, k.c.height)
	f.Timestamp, f.CaptureTime = uint32(time.Since(k.began)*90/time.Millisecond), k.last
	_ = k.source.WriteVideo(f) // an ended source takes no more frames
	framePool.Put(f)
}

// toI420 converts RGBA to limited-range BT.601, over black.
func toI420(f *media.VideoFrame, pix []byte, w, h int) {
	cw, ch := (w+1)/2, (h+1)/2
	grow := func(b []byte, n int) []byte {
		if cap(b) < n {
			return make([]byte, n)
		}
		return b[:n]
	}
	f.Width, f.Height, f.StrideY, f.StrideUV = w, h, w, cw
	f.Y, f.U, f.V = grow(f.Y, w*h), grow(f.U, cw*ch), grow(f.V, cw*ch)
	for y := range h {
		row := pix[4*y*w : 4*(y+1)*w]
		for x := range w {
			r, g, b, a := int(row[4*x]), int(row[4*x+1]), int(row[4*x+2]), int(row[4*x+3])
			if a != 255 {
				r, g, b = r*a/255, g*a/255, b*a/255
			}
			f.Y[y*w+x] = byte((66*r+129*g+25*b+128)>>8 + 16)
			if x&1 == 0 && y&1 == 0 {
				f.U[y/2*cw+x/2] = byte((-38*r-74*g+112*b+128)>>8 + 128)
				f.V[y/2*cw+x/2] = byte((112*r-94*g-18*b+128)>>8 + 128)
			}
		}
	}
}

// captureStream is Media Capture from DOM Elements §4.1.
func captureStream(c *binding.Call) (any, error) {
	cv, rt := c.This.(*node).canvas, host(c)
	k := &canvasCapture{c: cv, began: time.Now()}
	if fps, ok := c.Arg(0).(float64); ok {
		switch {
		case fps < 0:
			return nil, domerr.New(domerr.NotSupported, "captureStream: the frame rate is negative")
		case fps == 0:
			k.interval = -1
		default:
			k.interval = time.Duration(float64(time.Second) / fps)
		}
	}
	k.source = media.NewVideoSource(media.WithLoop(rt))
	k.source.OnKeyFrameRequest(func(string) { rt.Post(func() { k.request(true) }) })
	k.source.OnDemand(func(media.Demand) { rt.Post(func() { k.request(true) }) })
	k.source.OnStopped(func() { rt.Post(func() { cv.uncapture(k) }) })
	cv.captures = append(cv.captures, k)
	rt.captures[k.source] = k
	return rt.stream(media.NewStream(k.source.NewTrack())), nil
}

func (c *canvas) uncapture(k *canvasCapture) {
	for i, have := range c.captures {
		if have == k {
			c.captures = append(c.captures[:i], c.captures[i+1:]...)
			delete(c.n.rt.captures, k.source)
			return
		}
	}
}

// dimension returns the getter and setter of width or height.
func dimension(attr string, def int) (get, set binding.Method) {
	return getter(func(n *node) any { return n.canvas.size(attr, def) }), setter(func(n *node, c *binding.Call) { n.setAttr(attr, c.ToJS(nil, c.Int(0)).String()) })
}

func init() {
	width, setWidth := dimension("width", 300)
	height, setHeight := dimension("height", 150)
	registry.Implement("HTMLCanvasElement", binding.Members{
		"width": width, "set width": setWidth, "height": height, "set height": setHeight,
		"getContext": func(c *binding.Call) (any, error) {
			if c.String(0) != "2d" {
				return nil, nil
			}
			cv := c.This.(*node).canvas
			if cv.context == nil {
				cv.context = &context2D{c: cv, state: defaultState}
			}
			return cv.context, nil
		},
		"captureStream": captureStream,
	})
	registry.Implement("CanvasCaptureMediaStreamTrack", binding.Members{
		"canvas":       getter(func(m *mediaTrack) any { return m.capture.c.n }),
		"requestFrame": setter(func(m *mediaTrack, _ *binding.Call) { m.capture.request(true) }),
	})
	registry.Implement("ImageData", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			if c.Overload == 0 {
				w, h := int(c.Int(0)), int(c.Int(1))
				if w <= 0 || h <= 0 || w > 1<<15 || h > 1<<15 {
					return nil, domerr.New("IndexSizeError", "ImageData: bad size")
				}
				return newImageData(host(c), w, h, make([]byte, 4*w*h)), nil
			}
			b, w := c.Arg(0).(*binding.Buffer), int(c.Int(1))
			if w <= 0 || len(b.Bytes())%(4*w) != 0 || len(b.Bytes()) == 0 {
				return nil, domerr.New(domerr.InvalidState, "ImageData: the data is not a whole number of rows")
			}
			return &imageData{width: w, height: len(b.Bytes()) / (4 * w), data: b.Object}, nil
		},
		"width": getter(func(d *imageData) any { return d.width }), "height": getter(func(d *imageData) any { return d.height }),
		"data": getter(func(d *imageData) any { return d.data }), "colorSpace": getter(func(*imageData) any { return "srgb" }),
	})
}

// imageData is an ImageData.
type imageData struct {
	binding.Object
	width, height int
	data          *goja.Object
}

// InterfaceName implements binding.Platform.
func (*imageData) InterfaceName() string { return "ImageData" }

func newImageData(rt *Runtime, w, h int, pix []byte) *imageData {
	v, err := rt.fn.view(goja.Undefined(), rt.vm.ToValue("Uint8ClampedArray"), rt.vm.ToValue(rt.vm.NewArrayBuffer(pix)), rt.vm.ToValue(0), rt.vm.ToValue(len(pix)))
	if err != nil {
		panic(err) // a view of the whole of a fresh buffer
	}
	return &imageData{width: w, height: h, data: v.ToObject(rt.vm)}
}
