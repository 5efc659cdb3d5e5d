package vp8

import "encoding/binary"

// predictIntra predicts a size×size block (16 for luma, 8 for chroma) whose
// top left sample is at index i of p, in one of the modes that take the whole
// block (RFC 6386 §12.2). Outside the frame p holds the values that
// prepareIntra wrote.
func predictIntra(p *plane, i, size int, mode uint8, hasAbove, hasLeft bool) {
	buf, stride := p.buf, p.stride
	above := buf[i-stride:][:size:size]
	switch mode {
	case dcPred:
		predictDC(p, i, size, hasAbove, hasLeft)
	case vPred:
		for r := range size {
			copy(buf[i+r*stride:][:size], above)
		}
	case hPred:
		for r := range size {
			fill(buf[i+r*stride:][:size], buf[i+r*stride-1])
		}
	case tmPred:
		predictTM(buf, i, stride, size)
	}
}

func fill(b []byte, v byte) {
	wide := uint64(v) * 0x0101010101010101
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, wide)
		b = b[8:]
	}
	for i := range b {
		b[i] = v
	}
}

func predictDC(p *plane, i, size int, hasAbove, hasLeft bool) {
	buf, stride := p.buf, p.stride
	sum, n := 0, 0
	if hasAbove {
		for _, v := range buf[i-stride:][:size] {
			sum += int(v)
		}
		n += size
	}
	if hasLeft {
		for r := range size {
			sum += int(buf[i+r*stride-1])
		}
		n += size
	}
	v := byte(128)
	if n > 0 {
		v = byte((sum + n/2) / n)
	}
	for r := range size {
		fill(buf[i+r*stride:][:size], v)
	}
}

// predictTM is TM_PRED for blocks of any size: L + A - P, saturated.
func predictTM(buf []byte, i, stride, size int) {
	above := buf[i-stride:][:size:size]
	corner := int32(buf[i-stride-1])
	for r := range size {
		d := int32(buf[i+r*stride-1]) - corner
		row := buf[i+r*stride:][:size:size]
		for c, a := range above {
			row[c] = clamp255(int32(a) + d)
		}
	}
}

func avg2(x, y uint8) uint8 { return uint8((uint32(x) + uint32(y) + 1) >> 1) }

func avg3(x, y, z uint8) uint8 {
	return uint8((uint32(x) + 2*uint32(y) + uint32(z) + 2) >> 2)
}

// edge4 are the 13 samples around a 4x4 block in the order of §12.3's array E,
// carried on above and to the right: from the bottom of the left column up to
// the corner, edge4[4], and on to the eighth sample above.
type edge4 [13]uint8

// loadEdge gathers the edge of the block at index i. aboveRight are the four
// samples above and to the right, which are not always the ones at that place
// in the frame.
func loadEdge(buf []byte, i, stride int, aboveRight []uint8) (e edge4) {
	e[0] = buf[i+3*stride-1]
	e[1] = buf[i+2*stride-1]
	e[2] = buf[i+stride-1]
	e[3] = buf[i-1]
	copy(e[4:9], buf[i-stride-1:][:5])
	copy(e[9:], aboveRight[:4])
	return e
}

// predict4x4 writes the prediction of a subblock (§12.3) to dst.
func predict4x4(dst []byte, stride int, e *edge4, mode uint8) {
	r0 := dst[0:4:4]
	r1 := dst[stride:][:4:4]
	r2 := dst[2*stride:][:4:4]
	r3 := dst[3*stride:][:4:4]
	// s(i) is the smoothed sample and h(i) the one half-way to the next.
	s := func(i int) uint8 { return avg3(e[i-1], e[i], e[i+1]) }
	h := func(i int) uint8 { return avg2(e[i], e[i+1]) }
	switch mode {
	case bDCPred:
		sum := uint32(4)
		for i := range 4 {
			sum += uint32(e[i]) + uint32(e[5+i])
		}
		v := uint8(sum >> 3)
		fill(r0, v)
		fill(r1, v)
		fill(r2, v)
		fill(r3, v)
	case bTMPred:
		for c := range 4 {
			d := int32(e[5+c]) - int32(e[4])
			r0[c] = clamp255(int32(e[3]) + d)
			r1[c] = clamp255(int32(e[2]) + d)
			r2[c] = clamp255(int32(e[1]) + d)
			r3[c] = clamp255(int32(e[0]) + d)
		}
	case bVEPred:
		for c := range 4 {
			v := s(5 + c)
			r0[c], r1[c], r2[c], r3[c] = v, v, v, v
		}
	case bHEPred:
		fill(r0, s(3))
		fill(r1, s(2))
		fill(r2, s(1))
		// There is no sample below the left column's last.
		fill(r3, avg3(e[1], e[0], e[0]))
	case bLDPred:
		v := [7]uint8{s(6), s(7), s(8), s(9), s(10), s(11), avg3(e[11], e[12], e[12])}
		copy(r0, v[0:4])
		copy(r1, v[1:5])
		copy(r2, v[2:6])
		copy(r3, v[3:7])
	case bRDPred:
		v := [7]uint8{s(1), s(2), s(3), s(4), s(5), s(6), s(7)}
		copy(r0, v[3:7])
		copy(r1, v[2:6])
		copy(r2, v[1:5])
		copy(r3, v[0:4])
	case bVRPred:
		r3[0] = s(2)
		r2[0] = s(3)
		r3[1] = s(4)
		r1[0] = r3[1]
		r2[1] = h(4)
		r0[0] = r2[1]
		r3[2] = s(5)
		r1[1] = r3[2]
		r2[2] = h(5)
		r0[1] = r2[2]
		r3[3] = s(6)
		r1[2] = r3[3]
		r2[3] = h(6)
		r0[2] = r2[3]
		r1[3] = s(7)
		r0[3] = h(7)
	case bVLPred:
		r0[0] = h(5)
		r1[0] = s(6)
		r2[0] = h(6)
		r0[1] = r2[0]
		r1[1] = s(7)
		r3[0] = r1[1]
		r2[1] = h(7)
		r0[2] = r2[1]
		r3[1] = s(8)
		r1[2] = r3[1]
		r2[2] = h(8)
		r0[3] = r2[2]
		r3[2] = s(9)
		r1[3] = r3[2]
		// The last two do not follow the pattern.
		r2[3] = s(10)
		r3[3] = s(11)
	case bHDPred:
		r3[0] = h(0)
		r3[1] = s(1)
		r2[0] = h(1)
		r3[2] = r2[0]
		r2[1] = s(2)
		r3[3] = r2[1]
		r2[2] = h(2)
		r1[0] = r2[2]
		r2[3] = s(3)
		r1[1] = r2[3]
		r1[2] = h(3)
		r0[0] = r1[2]
		r1[3] = s(4)
		r0[1] = r1[3]
		r0[2] = s(5)
		r0[3] = s(6)
	case bHUPred:
		r0[0] = h(2)
		r0[1] = s(2)
		r0[2] = h(1)
		r1[0] = r0[2]
		r0[3] = s(1)
		r1[1] = r0[3]
		r1[2] = h(0)
		r2[0] = r1[2]
		r1[3] = avg3(e[1], e[0], e[0])
		r2[1] = r1[3]
		r2[2], r2[3] = e[0], e[0]
		fill(r3, e[0])
	}
}
