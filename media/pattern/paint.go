package pattern

import (
	"math"

	"trackway/codec"
)

// colour is in BT.601 limited range.
type colour struct{ y, u, v float64 }

// rgb converts from 8-bit RGB.
func rgb(r, g, b float64) colour {
	return colour{
		y: 16 + (65.738*r+129.057*g+25.064*b)/256,
		u: 128 + (-37.945*r-74.494*g+112.439*b)/256,
		v: 128 + (112.439*r-94.154*g-18.285*b)/256,
	}
}

// shape is a signed distance to an edge in luma pixels: negative inside.
// Coverage follows from it, and so smooth edges at any size.
type shape func(x, y float64) float64

// paint blends a colour into the part of f that the shape covers. The bounds
// are those of the shape, in pixels.
func paint(f *codec.VideoFrame, x0, y0, x1, y1 float64, s shape, c colour, alpha float64) {
	paintRows(f, y0, y1, func(float64) (float64, float64) { return x0, x1 }, s, c, alpha)
}

// paintRows is paint with bounds for each row of pixels: to what lies aslant,
// a box would be mostly air. span gets the middle of a row, and its answer has
// to hold for two pixels above and below.
func paintRows(f *codec.VideoFrame, y0, y1 float64, span func(y float64) (x0, x1 float64), s shape, c colour, alpha float64) {
	top, bottom := max(0, int(y0)-1), min(f.Height, int(y1)+2)
	for y := top; y < bottom; y++ {
		row := f.Y[y*f.StrideY:]
		x0, x1 := span(float64(y) + 0.5)
		for x := max(0, int(x0)-1); x < min(f.Width, int(x1)+2); x++ {
			if cover := 0.5 - s(float64(x)+0.5, float64(y)+0.5); cover > 0 {
				blend(&row[x], c.y, min(1, cover)*alpha)
			}
		}
	}
	for y := top / 2; y < (bottom+1)/2; y++ {
		u, v := f.U[y*f.StrideUV:], f.V[y*f.StrideUV:]
		x0, x1 := span(float64(2*y + 1))
		for x := max(0, int(x0)-1) / 2; x < (min(f.Width, int(x1)+2)+1)/2; x++ {
			if cover := 0.5 - s(float64(2*x+1), float64(2*y+1))/2; cover > 0 {
				blend(&u[x], c.u, min(1, cover)*alpha)
				blend(&v[x], c.v, min(1, cover)*alpha)
			}
		}
	}
}

func blend(p *byte, to, alpha float64) {
	*p = byte(float64(*p) + (to-float64(*p))*alpha + 0.5)
}

func disc(f *codec.VideoFrame, cx, cy, r float64, c colour, alpha float64) {
	paint(f, cx-r, cy-r, cx+r, cy+r, func(x, y float64) float64 {
		return math.Hypot(x-cx, y-cy) - r
	}, c, alpha)
}

func ring(f *codec.VideoFrame, cx, cy, r, width float64, c colour, alpha float64) {
	out := r + width
	paint(f, cx-out, cy-out, cx+out, cy+out, func(x, y float64) float64 {
		return math.Abs(math.Hypot(x-cx, y-cy)-r) - width/2
	}, c, alpha)
}

// line is a stroke with round ends.
func line(f *codec.VideoFrame, ax, ay, bx, by, width float64, c colour, alpha float64) {
	r := width / 2
	dx, dy := bx-ax, by-ay
	length2 := max(dx*dx+dy*dy, 1e-9)
	span := func(y float64) (float64, float64) {
		const margin = 3
		t0, t1 := 0.0, 1.0
		if math.Abs(dy) > 1e-9 {
			t0, t1 = (y-ay-r-margin)/dy, (y-ay+r+margin)/dy
			t0, t1 = max(0, min(t0, t1)), min(1, max(t0, t1))
		}
		if t0 > t1 {
			return 0, -2
		}
		return ax + min(t0*dx, t1*dx) - r - margin, ax + max(t0*dx, t1*dx) + r + margin
	}
	paintRows(f, min(ay, by)-r, max(ay, by)+r, span, func(x, y float64) float64 {
		t := max(0, min(1, ((x-ax)*dx+(y-ay)*dy)/length2))
		return math.Hypot(x-ax-t*dx, y-ay-t*dy) - r
	}, c, alpha)
}

func box(f *codec.VideoFrame, x0, y0, x1, y1, radius float64, c colour, alpha float64) {
	cx, cy := (x0+x1)/2, (y0+y1)/2
	hw, hh := (x1-x0)/2-radius, (y1-y0)/2-radius
	paint(f, x0, y0, x1, y1, func(x, y float64) float64 {
		dx, dy := math.Abs(x-cx)-hw, math.Abs(y-cy)-hh
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
	}, c, alpha)
}

// glyphs are 5 by 7 dots, a row a byte, the leftmost dot the highest of five bits.
var glyphs = map[rune][7]byte{
	'0': {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e},
	'1': {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
	'2': {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f},
	'3': {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e},
	'4': {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02},
	'5': {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
	'6': {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e},
	'7': {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
	'8': {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e},
	'9': {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
	'A': {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11},
	'C': {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e},
	'K': {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11},
	'R': {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11},
	'T': {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04},
	'W': {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11},
	'Y': {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04},
}

// text writes dots of the given pitch, centred.
func text(f *codec.VideoFrame, s string, cx, cy, pitch float64, c colour) {
	x := cx - (float64(len(s))*6-1)/2*pitch
	y := cy - 3.5*pitch
	for _, r := range s {
		for row, bits := range glyphs[r] {
			for col := range 5 {
				if bits>>(4-col)&1 == 1 {
					disc(f, x+(float64(col)+0.5)*pitch, y+(float64(row)+0.5)*pitch, pitch*0.52, c, 1)
				}
			}
		}
		x += 6 * pitch
	}
}
