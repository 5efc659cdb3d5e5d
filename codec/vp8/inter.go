package vp8

// mcScratchStride is the row length of predictor.edge, which holds the source of
// a block that leaves the border: up to 16+5 rows of up to 16+5 samples.
const mcScratchStride = 32

// predictor builds inter predictions (RFC 6386 §18).
type predictor struct {
	bilinear  bool // profiles 1–3
	fullPixel bool // profile 3: chroma vectors are whole pixels
	edge      [21*mcScratchStride + slack]byte
	pass      [21*16 + slack]byte
}

func (p *predictor) setVersion(v int) {
	p.bilinear = v != 0
	p.fullPixel = v == 3
}

// block predicts the w×h block at (x, y) of a plane, displaced by (dx, dy)
// eighths of a sample of that plane.
func (p *predictor) block(dst []byte, stride int, ref *plane, x, y, dx, dy, w, h int) {
	x += dx >> 3
	y += dy >> 3
	fx, fy := dx&7, dy&7
	src, i, srcStride := ref.buf, ref.at(x, y), ref.stride
	if x-2 < -border || y-2 < -border || x+w+3 > ref.w+border || y+h+3 > ref.h+border {
		p.emulateEdge(ref, x-2, y-2, w+5, h+5)
		src, i, srcStride = p.edge[:], 2*mcScratchStride+2, mcScratchStride
	}
	switch {
	case fx|fy == 0:
		copyBlock(dst, stride, src[i:], srcStride, w, h)
	case p.bilinear:
		bilinear(dst, stride, src[i:], srcStride, w, h, fx, fy, p.pass[:])
	case fy == 0:
		sixtapH(dst, stride, src[i-2:], srcStride, w, h, fx)
	case fx == 0:
		sixtapV(dst, stride, src[i-2*srcStride:], srcStride, w, h, fy)
	default:
		sixtapH(p.pass[:], 16, src[i-2*srcStride-2:], srcStride, w, h+5, fx)
		sixtapV(dst, stride, p.pass[:], 16, w, h, fy)
	}
}

// emulateEdge copies a w×h region that may lie anywhere relative to the plane,
// as if the border had no end.
func (p *predictor) emulateEdge(ref *plane, x, y, w, h int) {
	for r := range h {
		row := ref.buf[ref.at(0, min(max(y+r, 0), ref.h-1)):][:ref.w]
		out := p.edge[r*mcScratchStride:][:w]
		for c := range out {
			out[c] = row[min(max(x+c, 0), ref.w-1)]
		}
	}
}

func copyBlock(dst []byte, dstStride int, src []byte, srcStride, w, h int) {
	if w == 16 {
		for r := range h {
			*(*[16]byte)(dst[r*dstStride:]) = *(*[16]byte)(src[r*srcStride:])
		}
		return
	}
	for r := range h {
		copy(dst[r*dstStride:][:w], src[r*srcStride:][:w])
	}
}

// sixtapHGo filters rows. src begins two samples to the left of the block.
func sixtapHGo(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	f := &sixtapFilters[frac&7]
	t0, t1, t2, t3, t4, t5 := int32(f[0]), int32(f[1]), int32(f[2]), int32(f[3]), int32(f[4]), int32(f[5])
	for r := range h {
		in := src[r*srcStride:][: w+5 : w+5]
		out := dst[r*dstStride:][:w:w]
		for c := range out {
			s := in[c:][:6:6]
			v := int32(s[0])*t0 + int32(s[1])*t1 + int32(s[2])*t2 + int32(s[3])*t3 + int32(s[4])*t4 + int32(s[5])*t5
			out[c] = clamp255((v + 64) >> 7)
		}
	}
}

// sixtapVGo filters columns. src begins two rows above the block.
func sixtapVGo(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	f := &sixtapFilters[frac&7]
	t0, t1, t2, t3, t4, t5 := int32(f[0]), int32(f[1]), int32(f[2]), int32(f[3]), int32(f[4]), int32(f[5])
	for r := range h {
		s0 := src[r*srcStride:][:w:w]
		s1 := src[(r+1)*srcStride:][:w:w]
		s2 := src[(r+2)*srcStride:][:w:w]
		s3 := src[(r+3)*srcStride:][:w:w]
		s4 := src[(r+4)*srcStride:][:w:w]
		s5 := src[(r+5)*srcStride:][:w:w]
		out := dst[r*dstStride:][:w:w]
		for c := range out {
			v := int32(s0[c])*t0 + int32(s1[c])*t1 + int32(s2[c])*t2 + int32(s3[c])*t3 + int32(s4[c])*t4 + int32(s5[c])*t5
			out[c] = clamp255((v + 64) >> 7)
		}
	}
}

// bilinearGo interpolates rows, then columns (§18.3, BilinearFilters). pass has
// room for 17 rows of 16.
func bilinearGo(dst []byte, dstStride int, src []byte, srcStride, w, h, fx, fy int, pass []byte) {
	a, b := uint32(128-16*fx), uint32(16*fx)
	for r := range h + 1 {
		in := src[r*srcStride:][: w+1 : w+1]
		out := pass[r*16:][:w:w]
		for c := range out {
			out[c] = uint8((uint32(in[c])*a + uint32(in[c+1])*b + 64) >> 7)
		}
	}
	a, b = uint32(128-16*fy), uint32(16*fy)
	for r := range h {
		s0, s1 := pass[r*16:][:w:w], pass[(r+1)*16:][:w:w]
		out := dst[r*dstStride:][:w:w]
		for c := range out {
			out[c] = uint8((uint32(s0[c])*a + uint32(s1[c])*b + 64) >> 7)
		}
	}
}

// chromaMV averages the vectors of four luma subblocks (§18.1). In units of an
// eighth of a chroma sample the average of quarter luma pixels needs no further
// scaling.
func (p *predictor) chromaMV(m *mbInfo, b int) (x, y int) {
	v := [4]mv{m.mvs[b], m.mvs[b+1], m.mvs[b+4], m.mvs[b+5]}
	for _, q := range v {
		x += int(q.x)
		y += int(q.y)
	}
	return p.wholePixel(roundQuarter(x)), p.wholePixel(roundQuarter(y))
}

// roundQuarter divides by 4, rounding halves away from zero.
func roundQuarter(v int) int {
	if v < 0 {
		return -((-v + 2) >> 2)
	}
	return (v + 2) >> 2
}

func (p *predictor) wholePixel(v int) int {
	if p.fullPixel {
		return v &^ 7
	}
	return v
}

// macroblock predicts macroblock (mbx, mby) of cur from ref.
func (p *predictor) macroblock(cur, ref *picture, mbx, mby int, m *mbInfo) {
	x, y := mbx*16, mby*16
	yi, ui := cur.y.at(x, y), cur.u.at(x/2, y/2)
	ys, us := cur.y.stride, cur.u.stride
	if m.mode != mvSplit {
		dx, dy := int(m.mv.x), int(m.mv.y)
		p.block(cur.y.buf[yi:], ys, &ref.y, x, y, dx*2, dy*2, 16, 16)
		dx, dy = p.wholePixel(dx), p.wholePixel(dy)
		p.block(cur.u.buf[ui:], us, &ref.u, x/2, y/2, dx, dy, 8, 8)
		p.block(cur.v.buf[ui:], us, &ref.v, x/2, y/2, dx, dy, 8, 8)
		return
	}
	if m.split != split16 {
		for b := range 4 {
			bx, by := b&1*8, b>>1*8
			v := m.mvs[by+bx/4]
			p.block(cur.y.buf[yi+by*ys+bx:], ys, &ref.y, x+bx, y+by, int(v.x)*2, int(v.y)*2, 8, 8)
		}
	} else {
		for b, v := range m.mvs {
			bx, by := b&3*4, b>>2*4
			p.block(cur.y.buf[yi+by*ys+bx:], ys, &ref.y, x+bx, y+by, int(v.x)*2, int(v.y)*2, 4, 4)
		}
	}
	for b := range 4 {
		bx, by := b&1*4, b>>1*4
		dx, dy := p.chromaMV(m, by*2+bx/2)
		i := ui + by*us + bx
		p.block(cur.u.buf[i:], us, &ref.u, x/2+bx, y/2+by, dx, dy, 4, 4)
		p.block(cur.v.buf[i:], us, &ref.v, x/2+bx, y/2+by, dx, dy, 4, 4)
	}
}
