// Package i420 changes pictures: it scales and crops them, and converts
// between I420 and the formats that devices and screens have.
package i420

import (
	"image"
	"math"

	"trackway/codec"
)

// Scaler scales pictures. It keeps tables and buffers between pictures of the
// same sizes, and is used by one goroutine at a time. The zero Scaler is ready.
type Scaler struct {
	luma, chroma planeScaler
}

// Scale draws the part of src within crop into dst, which has its size set
// already, and copies the times. The crop is moved to even coordinates, where
// chroma samples are, and must lie within src.
func (s *Scaler) Scale(dst, src *codec.VideoFrame, crop image.Rectangle) {
	x, y := crop.Min.X&^1, crop.Min.Y&^1
	w, h := min(crop.Dx(), src.Width-x), min(crop.Dy(), src.Height-y)
	if w <= 0 || h <= 0 || dst.Width <= 0 || dst.Height <= 0 {
		return
	}
	s.luma.scale(dst.Y, dst.StrideY, dst.Width, dst.Height, src.Y[y*src.StrideY+x:], src.StrideY, w, h)
	cw, ch := (w+1)/2, (h+1)/2
	at := y/2*src.StrideUV + x/2
	s.chroma.scale(dst.U, dst.StrideUV, (dst.Width+1)/2, (dst.Height+1)/2, src.U[at:], src.StrideUV, cw, ch)
	s.chroma.scale(dst.V, dst.StrideUV, (dst.Width+1)/2, (dst.Height+1)/2, src.V[at:], src.StrideUV, cw, ch)
	dst.Timestamp, dst.CaptureTime, dst.Duration = src.Timestamp, src.CaptureTime, src.Duration
}

// CropTo returns the largest centred part of a picture with another's aspect ratio.
func CropTo(width, height, forWidth, forHeight int) image.Rectangle {
	w, h := width, height
	if width*forHeight > height*forWidth {
		w = max(1, (height*forWidth+forHeight/2)/forHeight)
	} else {
		h = max(1, (width*forHeight+forWidth/2)/forWidth)
	}
	x, y := (width-w)/2&^1, (height-h)/2&^1
	return image.Rect(x, y, x+w, y+h)
}

// weightBits is the precision of filter weights.
const weightBits = 14

// taps is a one-dimensional filter for each sample of the output.
type taps struct {
	from, to int
	start    []int
	count    int
	weights  []int32 // count for each sample
}

// newTaps makes a triangle filter: linear interpolation when it enlarges, and
// as wide as the step when it reduces, so that nothing is left out.
func newTaps(from, to int) *taps {
	t := &taps{from: from, to: to}
	step := float64(from) / float64(to)
	radius := max(1, step)
	t.count = min(from, int(math.Ceil(2*radius))+1) // one more than is needed where both ends fall on samples
	for i := range to {
		centre := (float64(i)+0.5)*step - 0.5
		start := max(0, min(from-t.count, int(math.Ceil(centre-radius))))
		t.start = append(t.start, start)
		row := make([]float64, t.count)
		sum := 0.0
		for k := range row {
			row[k] = max(0, 1-math.Abs(float64(start+k)-centre)/radius)
			sum += row[k]
		}
		if sum == 0 { // beyond the edge: the edge itself
			row[max(0, min(t.count-1, int(math.Round(centre))-start))], sum = 1, 1
		}
		left := int32(1 << weightBits)
		most := 0
		for k, v := range row {
			w := int32(math.Round(v / sum * (1 << weightBits)))
			t.weights = append(t.weights, w)
			left -= w
			if v > row[most] {
				most = k
			}
		}
		t.weights[i*t.count+most] += left // so that flat stays flat
	}
	return t
}

type planeScaler struct {
	x, y *taps
	rows [][]uint8 // horizontally scaled, by source row modulo len(rows)
	have []int     // which source row each holds
	sum  []int32
}

func (p *planeScaler) scale(dst []byte, dstStride, dw, dh int, src []byte, srcStride, sw, sh int) {
	if dw == sw && dh == sh {
		for r := range dh {
			copy(dst[r*dstStride:r*dstStride+dw], src[r*srcStride:])
		}
		return
	}
	if 2*dw == sw && 2*dh == sh {
		halve(dst, dstStride, dw, dh, src, srcStride)
		return
	}
	if p.x == nil || p.x.from != sw || p.x.to != dw {
		p.x = newTaps(sw, dw)
		p.rows = nil
	}
	if p.y == nil || p.y.from != sh || p.y.to != dh {
		p.y = newTaps(sh, dh)
		p.rows = nil
	}
	if p.rows == nil {
		p.rows, p.have, p.sum = make([][]uint8, p.y.count), make([]int, p.y.count), make([]int32, dw)
		for i := range p.rows {
			p.rows[i] = make([]uint8, dw)
		}
	}
	for i := range p.have {
		p.have[i] = -1
	}
	n := p.y.count
	for r := range dh {
		first := p.y.start[r]
		for k := range n {
			if row := first + k; p.have[row%n] != row {
				p.horizontal(p.rows[row%n], src[row*srcStride:row*srcStride+sw])
				p.have[row%n] = row
			}
		}
		out := dst[r*dstStride : r*dstStride+dw]
		weights := p.y.weights[r*n : (r+1)*n]
		p.vertical(out, first, weights)
	}
}

func (p *planeScaler) horizontal(out []uint8, in []byte) {
	n := p.x.count
	weights := p.x.weights
	if n == 3 { // enlarging
		for i := range out {
			v, w := in[p.x.start[i]:][:3], weights[3*i:][:3]
			out[i] = uint8((w[0]*int32(v[0]) + w[1]*int32(v[1]) + w[2]*int32(v[2]) + 1<<(weightBits-1)) >> weightBits)
		}
		return
	}
	for i := range out {
		start := p.x.start[i]
		sum := int32(1 << (weightBits - 1))
		for k, v := range in[start : start+n] {
			sum += weights[k] * int32(v)
		}
		weights = weights[n:]
		out[i] = uint8(sum >> weightBits)
	}
}

// vertical sums the rows one after the other: each pass is one multiplication
// a sample and runs through memory in order.
func (p *planeScaler) vertical(out []uint8, first int, weights []int32) {
	n := len(weights)
	sum := p.sum[:len(out)]
	for i := range sum {
		sum[i] = 1 << (weightBits - 1)
	}
	for k, w := range weights {
		if w == 0 {
			continue
		}
		row := p.rows[(first+k)%n][:len(out)]
		for i, v := range row {
			sum[i] += w * int32(v)
		}
	}
	for i, v := range sum {
		out[i] = uint8(v >> weightBits)
	}
}

// halve is the exact reduction to half, which simulcast makes of every frame.
func halve(dst []byte, dstStride, dw, dh int, src []byte, srcStride int) {
	for r := range dh {
		a := src[2*r*srcStride:][:2*dw]
		b := src[(2*r+1)*srcStride:][:2*dw]
		out := dst[r*dstStride:][:dw]
		for i := range out {
			out[i] = byte((uint(a[2*i]) + uint(a[2*i+1]) + uint(b[2*i]) + uint(b[2*i+1]) + 2) >> 2)
		}
	}
}
