package js

import (
	"math"
	"strconv"
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
)

// context2D is a CanvasRenderingContext2D: rectangles, images and pixels.
type context2D struct {
	binding.Object
	c     *canvas
	state drawState
}

type drawState struct {
	fill, stroke, font string
	rgba               [4]byte
	alpha              float64
}

var defaultState = drawState{fill: "#000000", stroke: "#000000", font: "10px sans-serif", rgba: [4]byte{0, 0, 0, 255}, alpha: 1}

// InterfaceName implements binding.Platform.
func (*context2D) InterfaceName() string { return "CanvasRenderingContext2D" }

var colorNames = map[string][4]byte{
	"black": {0, 0, 0, 255}, "white": {255, 255, 255, 255}, "red": {255, 0, 0, 255}, "lime": {0, 255, 0, 255}, "green": {0, 128, 0, 255},
	"blue": {0, 0, 255, 255}, "yellow": {255, 255, 0, 255}, "cyan": {0, 255, 255, 255}, "magenta": {255, 0, 255, 255}, "gray": {128, 128, 128, 255},
	"grey": {128, 128, 128, 255}, "orange": {255, 165, 0, 255}, "purple": {128, 0, 128, 255}, "transparent": {0, 0, 0, 0},
}

// parseColor reads the CSS colours that call code uses: names, #rgb, #rrggbb
// and rgb() with numbers.
func parseColor(s string) (c [4]byte, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if c, ok = colorNames[s]; ok {
		return c, true
	}
	if hex, isHex := strings.CutPrefix(s, "#"); isHex {
		if len(hex) == 3 || len(hex) == 4 {
			wide := ""
			for _, r := range hex {
				wide += string(r) + string(r)
			}
			hex = wide
		}
		if len(hex) == 6 {
			hex += "ff"
		}
		n, err := strconv.ParseUint(hex, 16, 32)
		return [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, err == nil && len(hex) == 8
	}
	open := strings.IndexByte(s, '(')
	if open < 0 || !strings.HasPrefix(s, "rgb") || !strings.HasSuffix(s, ")") {
		return c, false
	}
	parts := strings.FieldsFunc(s[open+1:len(s)-1], func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) != 3 && len(parts) != 4 {
		return c, false
	}
	c[3] = 255
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil {
			return c, false
		}
		if i == 3 {
			v *= 255
		}
		c[i] = byte(math.Round(min(max(v, 0), 255)))
	}
	return c, true
}

// area clips a rectangle to the bitmap.
func (x *context2D) area(c *binding.Call) (x0, y0, x1, y1 int) {
	round := func(v float64, limit int) int {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		return int(min(max(math.Round(v), 0), float64(limit)))
	}
	l, t, w, h := c.Float(0), c.Float(1), c.Float(2), c.Float(3)
	return round(min(l, l+w), x.c.width), round(min(t, t+h), x.c.height), round(max(l, l+w), x.c.width), round(max(t, t+h), x.c.height)
}

func (x *context2D) fillRect(x0, y0, x1, y1 int, color [4]byte, alpha float64) {
	pix, a := x.c.bits(), int(float64(color[3])*alpha)
	for y := y0; y < y1; y++ {
		row := pix[4*(y*x.c.width+x0) : 4*(y*x.c.width+x1)]
		for i := 0; i < len(row); i += 4 {
			blend(row[i:i+4], color, a)
		}
	}
	x.c.changed()
}

// blend is source-over.
func blend(dst []byte, src [4]byte, a int) {
	if a == 255 {
		copy(dst, src[:3])
		dst[3] = 255
		return
	}
	under := int(dst[3]) * (255 - a) / 255
	if out := a + under; out > 0 {
		for k := range 3 {
			dst[k] = byte((int(src[k])*a + int(dst[k])*under) / out)
		}
		dst[3] = byte(out)
	}
}

// picture is what drawImage draws: RGBA.
type picture struct {
	w, h int
	pix  []byte
}

func pictureOf(n *node) (picture, error) {
	switch {
	case n.canvas != nil && (n.canvas.width == 0 || n.canvas.height == 0):
		return picture{}, domerr.New(domerr.InvalidState, "drawImage: the canvas has no pixels")
	case n.canvas != nil:
		return picture{n.canvas.width, n.canvas.height, append([]byte{}, n.canvas.bits()...)}, nil
	case n.media != nil:
		return n.media.picture(), nil
	}
	return picture{}, domerr.New(domerr.Type, "drawImage: not an image source")
}

// fromI420 is the inverse of toI420.
func fromI420(f *media.VideoFrame) picture {
	p := picture{f.Width, f.Height, make([]byte, 4*f.Width*f.Height)}
	clip := func(v int) byte { return byte(min(max(v>>8, 0), 255)) }
	for y := range f.Height {
		for x := range f.Width {
			c := 298 * (int(f.Y[y*f.StrideY+x]) - 16)
			u, v := int(f.U[y/2*f.StrideUV+x/2])-128, int(f.V[y/2*f.StrideUV+x/2])-128
			o := p.pix[4*(y*f.Width+x):]
			o[0], o[1], o[2], o[3] = clip(c+409*v+128), clip(c-100*u-208*v+128), clip(c+516*u+128), 255
		}
	}
	return p
}

func drawImage(c *binding.Call) (any, error) {
	x := c.This.(*context2D)
	src, err := pictureOf(c.Arg(0).(*node))
	if err != nil || src.w == 0 || src.h == 0 {
		return nil, err // a video without a frame draws nothing
	}
	sx, sy, sw, sh := 0.0, 0.0, float64(src.w), float64(src.h)
	dx, dy, dw, dh := c.Float(1), c.Float(2), sw, sh
	switch c.Overload {
	case 1:
		dw, dh = c.Float(3), c.Float(4)
	case 2:
		sx, sy, sw, sh = c.Float(1), c.Float(2), c.Float(3), c.Float(4)
		dx, dy, dw, dh = c.Float(5), c.Float(6), c.Float(7), c.Float(8)
	}
	if dw <= 0 || dh <= 0 || sw <= 0 || sh <= 0 {
		return nil, nil
	}
	pix := x.c.bits()
	for y := max(int(math.Round(dy)), 0); y < min(int(math.Round(dy+dh)), x.c.height); y++ {
		v := int(sy + (float64(y)+0.5-dy)*sh/dh)
		if v < 0 || v >= src.h {
			continue
		}
		for col := max(int(math.Round(dx)), 0); col < min(int(math.Round(dx+dw)), x.c.width); col++ {
			u := int(sx + (float64(col)+0.5-dx)*sw/dw)
			if u < 0 || u >= src.w {
				continue
			}
			s := src.pix[4*(v*src.w+u):]
			blend(pix[4*(y*x.c.width+col):][:4], [4]byte(s[:4]), int(float64(s[3])*x.state.alpha))
		}
	}
	x.c.changed()
	return nil, nil
}

func init() {
	registry.Implement("CanvasRenderingContext2D", binding.Members{
		"canvas":    getter(func(x *context2D) any { return x.c.n }),
		"fillStyle": getter(func(x *context2D) any { return x.state.fill }),
		"set fillStyle": setter(func(x *context2D, c *binding.Call) {
			if rgba, ok := parseColor(c.String(0)); ok {
				x.state.fill, x.state.rgba = c.String(0), rgba
			}
		}),
		"strokeStyle":     getter(func(x *context2D) any { return x.state.stroke }),
		"set strokeStyle": setter(func(x *context2D, c *binding.Call) { x.state.stroke = c.String(0) }),
		"font":            getter(func(x *context2D) any { return x.state.font }),
		"set font":        setter(func(x *context2D, c *binding.Call) { x.state.font = c.String(0) }),
		"globalAlpha":     getter(func(x *context2D) any { return x.state.alpha }),
		"set globalAlpha": setter(func(x *context2D, c *binding.Call) {
			if a := c.Float(0); a >= 0 && a <= 1 {
				x.state.alpha = a
			}
		}),
		"fillRect": func(c *binding.Call) (any, error) {
			x := c.This.(*context2D)
			x0, y0, x1, y1 := x.area(c)
			x.fillRect(x0, y0, x1, y1, x.state.rgba, x.state.alpha)
			return nil, nil
		},
		"clearRect": func(c *binding.Call) (any, error) {
			x := c.This.(*context2D)
			x0, y0, x1, y1 := x.area(c)
			for y := y0; y < y1; y++ {
				clear(x.c.bits()[4*(y*x.c.width+x0) : 4*(y*x.c.width+x1)])
			}
			x.c.changed()
			return nil, nil
		},
		"drawImage": drawImage,
		"getImageData": func(c *binding.Call) (any, error) {
			cv, l, t, w, h := c.This.(*context2D).c, int(c.Int(0)), int(c.Int(1)), int(c.Int(2)), int(c.Int(3))
			if w == 0 || h == 0 || max(w, -w) > 1<<14 || max(h, -h) > 1<<14 {
				return nil, domerr.New("IndexSizeError", "getImageData: bad size")
			}
			l, t, w, h = min(l, l+w), min(t, t+h), max(w, -w), max(h, -h)
			out := make([]byte, 4*w*h)
			for y := range h {
				for x := range w {
					if sx, sy := l+x, t+y; sx >= 0 && sy >= 0 && sx < cv.width && sy < cv.height {
						copy(out[4*(y*w+x):][:4], cv.bits()[4*(sy*cv.width+sx):])
					}
				}
			}
			return newImageData(host(c), w, h, out), nil
		},
		"putImageData": func(c *binding.Call) (any, error) {
			cv, d := c.This.(*context2D).c, c.Arg(0).(*imageData)
			src := c.BufferOf(d.data).Bytes()
			for y := range d.height {
				for x := range d.width {
					if dx, dy := int(c.Int(1))+x, int(c.Int(2))+y; dx >= 0 && dy >= 0 && dx < cv.width && dy < cv.height {
						copy(cv.bits()[4*(dy*cv.width+dx):][:4], src[4*(y*d.width+x):])
					}
				}
			}
			cv.changed()
			return nil, nil
		},
	})
}
