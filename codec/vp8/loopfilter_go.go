package vp8

// The filters below work on n segments that straddle an edge. i is the index of
// the first sample after the edge, step leads across the edge and along to the
// next segment: (1, stride) for a vertical edge, (stride, 1) for a horizontal.

// clampS8 is c() of RFC 6386 §15.2.
func clampS8(v int32) int32 { return min(max(v, -128), 127) }

func absDiff(a, b uint8) int32 {
	d := int32(a) - int32(b)
	if d < 0 {
		return -d
	}
	return d
}

// signed and unsigned are u2s and s2u.
func signed(v uint8) int32   { return int32(v) - 128 }
func unsigned(v int32) uint8 { return uint8(clampS8(v) + 128) }

// commonAdjust is common_adjust with the outer taps added by the caller.
func commonAdjust(outer int32, b []byte, i, step int) int32 {
	p0, q0 := signed(b[i-step]), signed(b[i])
	a := clampS8(outer + 3*(q0-p0))
	down := clampS8(a+3) >> 3
	a = clampS8(a+4) >> 3
	b[i] = unsigned(q0 - a)
	b[i-step] = unsigned(p0 + down)
	return a
}

func simpleEdge(b []byte, i, step, along, n int, limit uint8) {
	for range n {
		p1, p0, q0, q1 := b[i-2*step], b[i-step], b[i], b[i+step]
		if absDiff(p0, q0)*2+absDiff(p1, q1)>>1 <= int32(limit) {
			commonAdjust(clampS8(signed(p1)-signed(q1)), b, i, step)
		}
		i += along
	}
}

// filterYes is filter_yes of §15.3 and tells the high edge variance as well.
func filterYes(b []byte, i, step int, limit, interior, hevLimit uint8) (yes, hev bool) {
	p3, p2, p1, p0 := b[i-4*step], b[i-3*step], b[i-2*step], b[i-step]
	q0, q1, q2, q3 := b[i], b[i+step], b[i+2*step], b[i+3*step]
	in := int32(interior)
	if absDiff(p0, q0)*2+absDiff(p1, q1)>>1 > int32(limit) ||
		absDiff(p3, p2) > in || absDiff(p2, p1) > in || absDiff(p1, p0) > in ||
		absDiff(q3, q2) > in || absDiff(q2, q1) > in || absDiff(q1, q0) > in {
		return false, false
	}
	h := int32(hevLimit)
	return true, absDiff(p1, p0) > h || absDiff(q1, q0) > h
}

// subEdge is subblock_filter.
func subEdge(b []byte, i, step, along, n int, p *filterParams) {
	for range n {
		if yes, hev := filterYes(b, i, step, p.subLimit, p.interior, p.hev); yes {
			p1, q1 := signed(b[i-2*step]), signed(b[i+step])
			if hev {
				commonAdjust(clampS8(p1-q1), b, i, step)
			} else {
				a := (commonAdjust(0, b, i, step) + 1) >> 1
				b[i+step] = unsigned(q1 - a)
				b[i-2*step] = unsigned(p1 + a)
			}
		}
		i += along
	}
}

// mbEdge is MBfilter.
func mbEdge(b []byte, i, step, along, n int, p *filterParams) {
	for range n {
		if yes, hev := filterYes(b, i, step, p.mbLimit, p.interior, p.hev); yes {
			p2, p1, p0 := signed(b[i-3*step]), signed(b[i-2*step]), signed(b[i-step])
			q0, q1, q2 := signed(b[i]), signed(b[i+step]), signed(b[i+2*step])
			if hev {
				commonAdjust(clampS8(p1-q1), b, i, step)
			} else {
				w := clampS8(clampS8(p1-q1) + 3*(q0-p0))
				a := (27*w + 63) >> 7
				b[i], b[i-step] = unsigned(q0-a), unsigned(p0+a)
				a = (18*w + 63) >> 7
				b[i+step], b[i-2*step] = unsigned(q1-a), unsigned(p1+a)
				a = (9*w + 63) >> 7
				b[i+2*step], b[i-3*step] = unsigned(q2-a), unsigned(p2+a)
			}
		}
		i += along
	}
}

func simpleVGo(b []byte, i, stride int, limit uint8) { simpleEdge(b, i, 1, stride, 16, limit) }
func simpleHGo(b []byte, i, stride int, limit uint8) { simpleEdge(b, i, stride, 1, 16, limit) }

func mbEdgeVGo(b []byte, i, stride int, p *filterParams) { mbEdge(b, i, 1, stride, 16, p) }
func mbEdgeHGo(b []byte, i, stride int, p *filterParams) { mbEdge(b, i, stride, 1, 16, p) }

// subEdgesVGo and subEdgesHGo filter the three inner edges of a luma block.
func subEdgesVGo(b []byte, i, stride int, p *filterParams) {
	for e := 4; e < 16; e += 4 {
		subEdge(b, i+e, 1, stride, 16, p)
	}
}

func subEdgesHGo(b []byte, i, stride int, p *filterParams) {
	for e := 4; e < 16; e += 4 {
		subEdge(b, i+e*stride, stride, 1, 16, p)
	}
}

// The functions ending in 8 filter the same edge of both chroma planes.
func mbEdgeV8Go(u, v []byte, i, stride int, p *filterParams) {
	mbEdge(u, i, 1, stride, 8, p)
	mbEdge(v, i, 1, stride, 8, p)
}

func mbEdgeH8Go(u, v []byte, i, stride int, p *filterParams) {
	mbEdge(u, i, stride, 1, 8, p)
	mbEdge(v, i, stride, 1, 8, p)
}

func subEdgeV8Go(u, v []byte, i, stride int, p *filterParams) {
	subEdge(u, i, 1, stride, 8, p)
	subEdge(v, i, 1, stride, 8, p)
}

func subEdgeH8Go(u, v []byte, i, stride int, p *filterParams) {
	subEdge(u, i, stride, 1, 8, p)
	subEdge(v, i, stride, 1, 8, p)
}
