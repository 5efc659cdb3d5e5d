package vp8

// blockContext says for the blocks along one side of a macroblock whether they
// have tokens: four of Y, two of U, two of V and the Y2 block (RFC 6386 §13.3).
type blockContext [9]uint8

// Places in a blockContext.
const (
	ctxY  = 0
	ctxU  = 4
	ctxV  = 6
	ctxY2 = 8
)

// clear forgets the blocks of a macroblock without coefficients. One without a
// Y2 block leaves the Y2 context alone.
func (c *blockContext) clear(hasY2 bool) {
	y2 := c[ctxY2]
	*c = blockContext{}
	if !hasY2 {
		c[ctxY2] = y2
	}
}

// coefficients are a macroblock's 16 Y, 4 U, 4 V and one Y2 block, dequantised,
// in raster order. All are zero between macroblocks.
type coefficients struct {
	blocks [25][16]int16
	// ends is the place after the last token of each block; 0 means an empty
	// block, 1 one with a DC coefficient only.
	ends [25]uint8
}

// hasY2 reports whether the mode codes the luma DCs in a block of their own.
func hasY2(mode uint8) bool { return mode != bPred && mode != mvSplit }

// readBlock parses the tokens of one block from place first on and returns the
// place after the last token, or 0 for an empty block (§13.2).
func readBlock(br *boolReader, probs *[8][3][11]uint8, ctx uint8, first int, factor *[2]int32, out *[16]int16) int {
	p := &probs[coeffBands[first]][ctx]
	if !br.bit(p[0]) {
		return 0
	}
	for n := first; ; {
		// After a zero there can be no end of block.
		for !br.bit(p[1]) {
			n++
			if n == 16 {
				return 16
			}
			p = &probs[coeffBands[n]][0]
		}
		var v int32
		next := &probs[coeffBands[n+1]]
		if !br.bit(p[2]) {
			v = 1
			p = &next[1]
		} else {
			v = readLarge(br, p)
			p = &next[2]
		}
		if br.bit(128) {
			v = -v
		}
		f := factor[1]
		if n == 0 {
			f = factor[0]
		}
		out[zigzag[n]&15] = int16(v * f)
		n++
		if n == 16 || !br.bit(p[0]) {
			return n
		}
	}
}

// readLarge parses what follows in the token tree when the value is 2 or more.
func readLarge(br *boolReader, p *[11]uint8) int32 {
	if !br.bit(p[3]) {
		if !br.bit(p[4]) {
			return 2
		}
		if !br.bit(p[5]) {
			return 3
		}
		return 4
	}
	extra := func(base int32, probs []uint8) int32 {
		v := int32(0)
		for _, q := range probs {
			v <<= 1
			if br.bit(q) {
				v++
			}
		}
		return base + v
	}
	if !br.bit(p[6]) {
		if !br.bit(p[7]) {
			return extra(5, []uint8{159})
		}
		return extra(7, []uint8{165, 145})
	}
	if !br.bit(p[8]) {
		if !br.bit(p[9]) {
			return extra(11, pCat3[:])
		}
		return extra(19, pCat4[:])
	}
	if !br.bit(p[10]) {
		return extra(35, pCat5[:])
	}
	return extra(67, pCat6[:])
}

// read parses a macroblock's residue and reports whether any block has tokens.
func (c *coefficients) read(br *boolReader, probs *coeffProbs, above, left *blockContext, dq *dequant, y2 bool) bool {
	coded := 0
	plane, first := planeYWithDC, 0
	if y2 {
		end := readBlock(br, &probs[planeY2], above[ctxY2]+left[ctxY2], 0, &dq.y2, &c.blocks[24])
		nz := nonZero(end)
		above[ctxY2], left[ctxY2] = nz, nz
		c.ends[24] = uint8(end)
		coded |= end
		plane, first = planeYAfterY2, 1
	}
	for b := range 16 {
		a, l := &above[b&3], &left[b>>2]
		end := readBlock(br, &probs[plane], *a+*l, first, &dq.y1, &c.blocks[b])
		nz := nonZero(end)
		*a, *l = nz, nz
		c.ends[b] = uint8(end)
		coded |= end
	}
	for b := 16; b < 24; b++ {
		base := ctxU + (b-16)>>2*2
		a, l := &above[base+b&1], &left[base+b>>1&1]
		end := readBlock(br, &probs[planeUV], *a+*l, 0, &dq.uv, &c.blocks[b])
		nz := nonZero(end)
		*a, *l = nz, nz
		c.ends[b] = uint8(end)
		coded |= end
	}
	return coded != 0
}

func nonZero(end int) uint8 {
	if end != 0 {
		return 1
	}
	return 0
}

// spreadY2 inverts the Y2 block and makes its values the DCs of the Y blocks.
func (c *coefficients) spreadY2() {
	if c.ends[24] == 0 {
		return
	}
	inverseWHT(&c.blocks[24], &c.blocks)
	c.blocks[24] = [16]int16{}
	for b := range 16 {
		if c.ends[b] == 0 && c.blocks[b][0] != 0 {
			c.ends[b] = 1
		}
	}
}

// addTo adds the inverse transform of block b to the prediction at dst and
// clears the block.
func (c *coefficients) addTo(b int, dst []byte, stride int) {
	switch end := c.ends[b]; {
	case end == 0:
		return
	case end == 1:
		addDC(c.blocks[b][0], dst, stride)
		c.blocks[b][0] = 0
	default:
		inverseDCT(&c.blocks[b], dst, stride)
		c.blocks[b] = [16]int16{}
	}
}
