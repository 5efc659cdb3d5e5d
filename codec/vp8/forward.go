package vp8

// forwardDCTGo transforms the difference between a 4x4 block of the source and
// its prediction. It is the transpose of §14.4's inverse up to rounding: both
// passes together double the size of the unitary transform's coefficients.
func forwardDCTGo(src, pred []byte, stride int, out *[16]int16) {
	// sqrt(2)·sin(pi/8) and sqrt(2)·cos(pi/8) times 4096.
	const sn, cs = 2217, 5352
	var t [16]int32
	for r := range 4 {
		s, p := src[r*stride:][:4:4], pred[r*stride:][:4:4]
		for i := range 4 {
			t[4*r+i] = int32(s[i]) - int32(p[i])
		}
	}
	for i := range 4 {
		a, b := t[i]+t[12+i], t[4+i]+t[8+i]
		c, d := t[4+i]-t[8+i], t[i]-t[12+i]
		t[i] = (a + b) << 3
		t[8+i] = (a - b) << 3
		t[4+i] = (c*sn + d*cs + 1<<8) >> 9
		t[12+i] = (d*sn - c*cs + 1<<8) >> 9
	}
	for i := 0; i < 16; i += 4 {
		a, b := t[i]+t[i+3], t[i+1]+t[i+2]
		c, d := t[i+1]-t[i+2], t[i]-t[i+3]
		out[i] = int16((a + b + 8) >> 4)
		out[i+2] = int16((a - b + 8) >> 4)
		out[i+1] = int16((c*sn + d*cs + 1<<15) >> 16)
		out[i+3] = int16((d*sn - c*cs + 1<<15) >> 16)
	}
}

// forwardDCT2Go transforms two blocks side by side.
func forwardDCT2Go(src, pred []byte, stride int, out *[2][16]int16) {
	forwardDCTGo(src, pred, stride, &out[0])
	forwardDCTGo(src[4:], pred[4:], stride, &out[1])
}

// forwardWHT transforms the DCs of the Y blocks into the Y2 block. The matrix of
// §14.3 is its own inverse but for the scale.
func forwardWHT(blocks *[25][16]int16) {
	var t [16]int32
	for i := 0; i < 16; i += 4 {
		x0, x1, x2, x3 := int32(blocks[i][0]), int32(blocks[i+1][0]), int32(blocks[i+2][0]), int32(blocks[i+3][0])
		a, b, c, d := x0+x3, x1+x2, x1-x2, x0-x3
		t[i], t[i+1], t[i+2], t[i+3] = a+b, c+d, a-b, d-c
	}
	out := &blocks[24]
	for i := range 4 {
		a, b := t[i]+t[12+i], t[4+i]+t[8+i]
		c, d := t[4+i]-t[8+i], t[i]-t[12+i]
		for k, v := range [4]int32{a + b, c + d, a - b, d - c} {
			// Halve, rounding halves away from zero as the quantiser is
			// symmetric.
			if v > 0 {
				v++
			}
			out[4*k+i] = int16(v >> 1)
		}
	}
}

// quantizer divides the coefficients of one kind of block. Entry 0 of each array
// is for the DC, the others for the AC; sixteen of each, so that vector code can
// load them.
type quantizer struct {
	step    [16]int16
	inverse [16]uint16 // 65536/step, rounded up
	bias    [16]uint16 // added to the magnitude before dividing
}

// init sets the quantiser up. round is the fraction, in 1/128, of a step from
// which magnitudes are rounded up.
func (q *quantizer) init(factors [2]int32, roundDC, roundAC int32) {
	for i := range q.step {
		f, r := factors[1], roundAC
		if i == 0 {
			f, r = factors[0], roundDC
		}
		q.step[i] = int16(f)
		q.inverse[i] = uint16((65536 + f - 1) / f)
		q.bias[i] = uint16(f * r / 128)
	}
}

// quantizeGo replaces the coefficients by their dequantised values, writes the
// levels, and returns a mask of the places, in raster order, where the level is
// not zero.
func quantizeGo(c, levels *[16]int16, q *quantizer) uint32 {
	mask := uint32(0)
	for i, v := range c {
		a := uint32(max(v, -v))
		l := int16((a + uint32(q.bias[i])) * uint32(q.inverse[i]) >> 16)
		if v < 0 {
			l = -l
		}
		levels[i] = l
		c[i] = l * q.step[i]
		if l != 0 {
			mask |= 1 << i
		}
	}
	return mask
}

// endOfBlock turns a quantize mask into the place after the last level in
// zigzag order.
func endOfBlock(mask uint32) uint8 {
	return max(lastPlace[0][mask&0xff], lastPlace[1][mask>>8&0xff])
}

var lastPlace = func() (t [2][256]uint8) {
	var place [16]uint8
	for n, i := range zigzag {
		place[i] = uint8(n) + 1
	}
	for half := range t {
		for m := range t[half] {
			for i := range 8 {
				if m>>i&1 == 1 {
					t[half][m] = max(t[half][m], place[half*8+i])
				}
			}
		}
	}
	return t
}()
