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

// sad4 is the sum of absolute differences of two 4x4 blocks.
func sad4(a []byte, aStride int, b []byte, bStride int) int {
	sum := int32(0)
	for r := range 4 {
		x, y := a[r*aStride:][:4:4], b[r*bStride:][:4:4]
		sum += absDiff(x[0], y[0]) + absDiff(x[1], y[1]) + absDiff(x[2], y[2]) + absDiff(x[3], y[3])
	}
	return int(sum)
}
