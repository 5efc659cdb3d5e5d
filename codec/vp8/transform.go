package vp8

// inverseWHT inverts the Y2 block (RFC 6386 §14.3) and stores its values as the
// DCs of the Y blocks.
func inverseWHT(in *[16]int16, blocks *[25][16]int16) {
	var t [16]int32
	for i := range 4 {
		a1 := int32(in[i]) + int32(in[12+i])
		b1 := int32(in[4+i]) + int32(in[8+i])
		c1 := int32(in[4+i]) - int32(in[8+i])
		d1 := int32(in[i]) - int32(in[12+i])
		t[i], t[4+i], t[8+i], t[12+i] = a1+b1, c1+d1, a1-b1, d1-c1
	}
	for i := 0; i < 16; i += 4 {
		a1, b1 := t[i]+t[i+3], t[i+1]+t[i+2]
		c1, d1 := t[i+1]-t[i+2], t[i]-t[i+3]
		blocks[i][0] = int16((a1 + b1 + 3) >> 3)
		blocks[i+1][0] = int16((c1 + d1 + 3) >> 3)
		blocks[i+2][0] = int16((a1 - b1 + 3) >> 3)
		blocks[i+3][0] = int16((d1 - c1 + 3) >> 3)
	}
}

// Constants of the DCT in 16-bit fixed point (§14.4).
const (
	cosPi8Sqrt2Minus1 = 20091
	sinPi8Sqrt2       = 35468
)

// clamp255 saturates v to 0…255.
func clamp255(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^v >> 31)
	}
	return uint8(v)
}

// inverseDCTGo inverts a 4x4 DCT and adds it to the prediction (§14.4, §14.5).
// All values are 16 bits wide and wrap around, which no sane stream provokes.
func inverseDCTGo(in *[16]int16, dst []byte, stride int) {
	var t [16]int16
	for i := range 4 {
		i0, i4, i8, i12 := int32(in[i]), int32(in[4+i]), int32(in[8+i]), int32(in[12+i])
		a1, b1 := i0+i8, i0-i8
		c1 := i4*sinPi8Sqrt2>>16 - (i12 + i12*cosPi8Sqrt2Minus1>>16)
		d1 := i4 + i4*cosPi8Sqrt2Minus1>>16 + i12*sinPi8Sqrt2>>16
		t[i], t[12+i] = int16(a1+d1), int16(a1-d1)
		t[4+i], t[8+i] = int16(b1+c1), int16(b1-c1)
	}
	for r := range 4 {
		i0, i1, i2, i3 := int32(t[4*r]), int32(t[4*r+1]), int32(t[4*r+2]), int32(t[4*r+3])
		a1, b1 := i0+i2+4, i0-i2+4
		c1 := i1*sinPi8Sqrt2>>16 - (i3 + i3*cosPi8Sqrt2Minus1>>16)
		d1 := i1 + i1*cosPi8Sqrt2Minus1>>16 + i3*sinPi8Sqrt2>>16
		row := dst[r*stride:][:4:4]
		row[0] = clamp255(int32(row[0]) + int32(int16(a1+d1)>>3))
		row[1] = clamp255(int32(row[1]) + int32(int16(b1+c1)>>3))
		row[2] = clamp255(int32(row[2]) + int32(int16(b1-c1)>>3))
		row[3] = clamp255(int32(row[3]) + int32(int16(a1-d1)>>3))
	}
}

// addDCGo is inverseDCT for a block with nothing but a DC.
func addDCGo(dc int16, dst []byte, stride int) {
	v := (int32(dc) + 4) >> 3
	for r := range 4 {
		row := dst[r*stride:][:4:4]
		row[0] = clamp255(int32(row[0]) + v)
		row[1] = clamp255(int32(row[1]) + v)
		row[2] = clamp255(int32(row[2]) + v)
		row[3] = clamp255(int32(row[3]) + v)
	}
}
