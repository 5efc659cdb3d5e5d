package vp8

// sadGo is the sum of absolute differences of two w×h blocks.
func sadGo(a []byte, aStride int, b []byte, bStride, w, h int) int {
	sum := int32(0)
	for r := range h {
		x, y := a[r*aStride:][:w:w], b[r*bStride:][:w:w]
		for c := range x {
			sum += absDiff(x[c], y[c])
		}
	}
	return int(sum)
}

// variance16Go returns the sum of the differences of two 16x16 blocks and the
// sum of their squares.
func variance16Go(a []byte, aStride int, b []byte, bStride int) (sum, sse int) {
	s, q := int32(0), int32(0)
	for r := range 16 {
		x, y := a[r*aStride:][:16:16], b[r*bStride:][:16:16]
		for c := range x {
			d := int32(x[c]) - int32(y[c])
			s += d
			q += d * d
		}
	}
	return int(s), int(q)
}

// sse8Go is the sum of the squared differences of two 8x8 blocks.
func sse8Go(a []byte, aStride int, b []byte, bStride int) int {
	q := int32(0)
	for r := range 8 {
		x, y := a[r*aStride:][:8:8], b[r*bStride:][:8:8]
		for c := range x {
			d := int32(x[c]) - int32(y[c])
			q += d * d
		}
	}
	return int(q)
}

// satd4Go is half the sum of the magnitudes of the 4x4 Hadamard transform of a
// difference: what it costs to code, better than the difference itself tells.
func satd4Go(a []byte, aStride int, b []byte, bStride int) int {
	var t [16]int32
	for r := range 4 {
		x, y := a[r*aStride:][:4:4], b[r*bStride:][:4:4]
		d0, d1 := int32(x[0])-int32(y[0]), int32(x[1])-int32(y[1])
		d2, d3 := int32(x[2])-int32(y[2]), int32(x[3])-int32(y[3])
		s, u, v, w := d0+d1, d2+d3, d0-d1, d2-d3
		t[4*r], t[4*r+1], t[4*r+2], t[4*r+3] = s+u, s-u, v+w, v-w
	}
	sum := int32(0)
	for i := range 4 {
		s, u, v, w := t[i]+t[8+i], t[4+i]+t[12+i], t[i]-t[8+i], t[4+i]-t[12+i]
		// |s+u| + |s-u| is twice the larger magnitude.
		sum += max(s, -s, u, -u) + max(v, -v, w, -w)
	}
	return int(sum)
}

// satdGo is the sum of satd4 over a w×h block.
func satdGo(a []byte, aStride int, b []byte, bStride, w, h int) int {
	sum := 0
	for y := 0; y < h; y += 4 {
		for x := 0; x < w; x += 4 {
			sum += satd4Go(a[y*aStride+x:], aStride, b[y*bStride+x:], bStride)
		}
	}
	return sum
}
