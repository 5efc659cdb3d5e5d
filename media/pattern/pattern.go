// Package pattern draws Trackway's moving test picture and makes the sound
// that belongs to it. Both are made to be measured: the picture has blocks of
// known colour in known places, a number that a program can read, and a field
// that flashes at the start of each second, when the sound beeps.
package pattern

import (
	"fmt"
	"image"
	"math"
	"math/bits"
	"time"

	"trackway/codec"
)

// Period is after how long the picture's motion, and the sound, begin anew.
const Period = 10 * time.Second

// FlashTime is how long the flash and the beep last at the start of each second.
const FlashTime = 100 * time.Millisecond

// Area is a rectangle as fractions of the picture's width and height.
type Area struct{ X, Y, W, H float64 }

// In returns the area in a picture of the given size, without a margin of a
// tenth on each side, where coding and scaling smear the edge.
func (a Area) In(width, height int) image.Rectangle {
	w, h := float64(width), float64(height)
	return image.Rect(
		int(math.Ceil((a.X+a.W/10)*w)), int(math.Ceil((a.Y+a.H/10)*h)),
		int((a.X+a.W*9/10)*w), int((a.Y+a.H*9/10)*h))
}

// Block is an area of one colour.
type Block struct {
	Name string
	Area
	// R, G and B are the colour in 8 bits.
	R, G, B uint8
}

// Blocks are the solid blocks of the picture, which never change.
var Blocks = [4]Block{
	{"red", Area{0.0375, 0.10, 0.1875, 0.3333}, 220, 40, 50},
	{"green", Area{0.775, 0.10, 0.1875, 0.3333}, 40, 180, 80},
	{"blue", Area{0.0375, 0.5667, 0.1875, 0.3333}, 40, 80, 220},
	{"yellow", Area{0.775, 0.5667, 0.1875, 0.3333}, 240, 200, 40},
}

// Flash is white during FlashTime at the start of each second, and dark otherwise.
var Flash = Area{0.44, 0.27, 0.12, 0.14}

// number is where the frame number stands in bits.
var number = Area{0.30, 0.925, 0.40, 0.045}

const (
	numberBits = 16 // and a parity bit on each side, so that noise is told from a number
	cells      = numberBits + 2
)

// Look is what tells pictures apart at a glance. What is measured (Blocks,
// Flash, the number) is in every look the same.
type Look struct {
	// Title stands at the top: capital letters and digits of TRACKWAY 0–9.
	Title string
	// Top, Bottom and Accent are 8-bit RGB: the background's shades, and the
	// colour of what moves.
	Top, Bottom, Accent [3]uint8
	// Orbits shows the time by dots on orbits instead of a clock's hand.
	Orbits bool
}

// The looks there are. Slate is what New draws.
var (
	Slate = Look{Title: "TRACKWAY", Top: [3]uint8{26, 38, 52}, Bottom: [3]uint8{18, 26, 36}, Accent: [3]uint8{255, 138, 61}}
	Dusk  = Look{Title: "TRACKWAY 2", Top: [3]uint8{58, 28, 70}, Bottom: [3]uint8{28, 18, 46}, Accent: [3]uint8{64, 214, 226}, Orbits: true}
)

// Picture draws frames of one size. It is used by one goroutine at a time.
type Picture struct {
	width, height int
	background    *codec.VideoFrame
	accent        colour
	orbits        bool
}

var (
	white = rgb(255, 255, 255)
	light = rgb(214, 226, 238)
	dim   = rgb(92, 112, 132)
	dark  = rgb(14, 20, 28)
)

// New prepares pictures of a size, which must be positive.
func New(width, height int) *Picture { return Slate.New(width, height) }

// New prepares pictures of the look and of a size, which must be positive.
func (l Look) New(width, height int) *Picture {
	p := &Picture{width: width, height: height, background: codec.NewVideoFrame(width, height), orbits: l.Orbits}
	p.accent = rgb(float64(l.Accent[0]), float64(l.Accent[1]), float64(l.Accent[2]))
	f := p.background
	w, h := float64(width), float64(height)
	for y := range height {
		shade := func(i int) float64 {
			return float64(l.Top[i]) + (float64(l.Bottom[i])-float64(l.Top[i]))*float64(y)/h
		}
		c := rgb(shade(0), shade(1), shade(2))
		fillRow(f.Y[y*f.StrideY:][:width], c.y)
		fillRow(f.U[y/2*f.StrideUV:][:(width+1)/2], c.u)
		fillRow(f.V[y/2*f.StrideUV:][:(width+1)/2], c.v)
	}
	for i := 1; i < 16; i++ {
		x := w * float64(i) / 16
		line(f, x, 0, x, h, h/360, dim, 0.25)
	}
	for i := 1; i < 9; i++ {
		y := h * float64(i) / 9
		line(f, 0, y, w, y, h/360, dim, 0.25)
	}
	for _, b := range Blocks {
		box(f, b.X*w, b.Y*h, (b.X+b.W)*w, (b.Y+b.H)*h, h/90, rgb(float64(b.R), float64(b.G), float64(b.B)), 1)
	}
	text(f, l.Title, w/2, h*0.055, h/120, light)
	cx, cy, r := w/2, h/2, h*0.37
	disc(f, cx, cy, r, dark, 1)
	ring(f, cx, cy, r, h/100, dim, 1)
	if l.Orbits {
		for _, at := range orbits {
			ring(f, cx, cy, r*at, h/360, dim, 0.7)
		}
		return p
	}
	for i := range 50 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 50)
		from, c := 0.93, dim
		if i%5 == 0 {
			from, c = 0.86, light
		}
		line(f, cx+from*r*sin, cy-from*r*cos, cx+0.95*r*sin, cy-0.95*r*cos, h/180, c, 1)
	}
	return p
}

// orbits are the radii of a look with Orbits; the dot on the n-th goes round n
// times in a period.
var orbits = [3]float64{0.86, 0.72, 0.16}

func fillRow(row []byte, v float64) {
	for i := range row {
		row[i] = byte(v + 0.5)
	}
}

// Draw draws the picture of the given number at the given time into f, whose
// planes it reuses if they have the size.
func (p *Picture) Draw(f *codec.VideoFrame, n int, at time.Duration) {
	timestamp, capture, duration := f.Timestamp, f.CaptureTime, f.Duration
	f.CopyFrom(p.background)
	f.Timestamp, f.CaptureTime, f.Duration = timestamp, capture, duration
	w, h := float64(p.width), float64(p.height)
	cx, cy, r := w/2, h/2, h*0.37
	turn := float64(at%Period) / float64(Period)

	if Flashing(at) {
		box(f, Flash.X*w, Flash.Y*h, (Flash.X+Flash.W)*w, (Flash.Y+Flash.H)*h, h/60, white, 1)
	}
	text(f, fmt.Sprintf("%05d", n%100000), cx, cy+0.5*r, h/72, light)
	if p.orbits {
		for i, at := range orbits {
			sin, cos := math.Sincos(2 * math.Pi * turn * float64(i+1))
			disc(f, cx+r*at*sin, cy-r*at*cos, h/float64(34+8*i), p.accent, 1)
		}
		disc(f, cx, cy, h/60, p.accent, 1)
	} else { // one turn of the hand in a period
		sin, cos := math.Sincos(2 * math.Pi * turn)
		line(f, cx-0.12*r*sin, cy+0.12*r*cos, cx+0.8*r*sin, cy-0.8*r*cos, h/50, p.accent, 1)
		disc(f, cx, cy, h/40, p.accent, 1)
	}
	// A dot that takes a second.
	sin, cos := math.Sincos(2 * math.Pi * float64(at%time.Second) / float64(time.Second))
	disc(f, cx+r*sin, cy-r*cos, h/45, white, 1)
	// A ball that swings between the sides.
	x := w/2 - w*0.46*math.Cos(2*math.Pi*2*turn)
	disc(f, x, h*0.5, h/30, white, 1)
	disc(f, x, h*0.5, h/42, p.accent, 1)

	p.drawNumber(f, uint16(n))
}

func (p *Picture) drawNumber(f *codec.VideoFrame, n uint16) {
	w, h := float64(p.width), float64(p.height)
	code := codeOf(n)
	for i := range cells {
		x := (number.X + number.W*float64(i)/cells) * w
		c := dark
		if code>>(cells-1-i)&1 == 1 {
			c = white
		}
		box(f, x, number.Y*h, x+number.W/cells*w, (number.Y+number.H)*h, 0, c, 1)
	}
}

// codeOf frames the bits of n: the first cell is their parity, the last its
// opposite, so that neither all dark nor all light is a number.
func codeOf(n uint16) uint32 {
	parity := uint32(bits.OnesCount16(n) & 1)
	return parity<<(cells-1) | uint32(n)<<1 | (1 - parity)
}

// Number reads the frame number, modulo 65536, from a picture that Draw made,
// of any size and after coding; false if there is none.
func Number(f *codec.VideoFrame) (n int, ok bool) {
	w, h := float64(f.Width), float64(f.Height)
	var code uint32
	for i := range cells {
		a := Area{number.X + number.W*float64(i)/cells, number.Y, number.W / cells, number.H}
		y := int((a.Y + a.H/2) * h)
		x := int((a.X + a.W/2) * w)
		if x >= f.Width || y >= f.Height {
			return 0, false
		}
		code = code<<1 | uint32(f.Y[y*f.StrideY+x]>>7)
	}
	v := uint16(code >> 1)
	return int(v), codeOf(v) == code
}

// Flashing reports whether the flash is on, and the beep heard, at a time.
func Flashing(at time.Duration) bool { return at%time.Second < FlashTime }

// FlashLevel is the mean luma of the Flash area: beyond 128 it flashes.
func FlashLevel(f *codec.VideoFrame) int {
	r := Flash.In(f.Width, f.Height)
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range f.Y[y*f.StrideY+r.Min.X : y*f.StrideY+r.Max.X] {
			sum += int(v)
		}
	}
	return sum / max(1, r.Dx()*r.Dy())
}
