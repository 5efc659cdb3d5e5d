package vp8

// frameQuant is what a frame's quantiser index determines.
type frameQuant struct {
	y1, y2, uv quantizer
	dq         dequant
	// lambda is the price of a bit in units of absolute difference, times 256.
	lambda int
	// A block whose prediction error stays below these limits quantises to
	// nothing: the sum of squares of a macroblock's luma and of one chroma
	// block, and the magnitude of the sum of the luma errors.
	zeroSSE, zeroSSEUV, zeroSum int
}

func (p *frameQuant) init(h *quantHeader, key bool) {
	p.dq = h.factors(h.index)
	roundDC, roundAC := int32(34), int32(42)
	if key {
		roundDC, roundAC = 48, 48
	}
	p.y1.init(p.dq.y1, roundDC, roundAC)
	p.y2.init(p.dq.y2, roundDC, roundAC)
	p.uv.init(p.dq.uv, roundDC, roundAC)
	ac := int(p.dq.y1[1])
	p.lambda = ac * 256 / 5
	// Magnitudes below 0.62 of a step are rounded down. A 4x4 block's error of
	// norm n makes coefficients of at most 2n, a macroblock's a coefficient of
	// at most 4n in the Y2 block, whose AC steps are 1.55 times as large.
	dc := int(p.dq.y1[0])
	p.zeroSSE = min(ac*ac*6, dc*dc*9) / 100
	uv := int(min(p.dq.uv[0], p.dq.uv[1]))
	p.zeroSSEUV = uv * uv * 9 / 100
	p.zeroSum = int(p.dq.y2[0]) * 2
}

// price converts a cost in 1/256 bit.
func (p *frameQuant) price(cost int) int { return cost * p.lambda >> 16 }

// modeCosts are the costs of mode bools that do not depend on the neighbours.
type modeCosts struct {
	intra, inter int
	ref          [numRefs]int
	yMode        [5]int
	uvMode       [4]int
	bMode        [numBModes]int // interframes
}

func (c *modeCosts) init(key bool, ent *entropy, known bool, s *frameStats) {
	for m := range c.uvMode {
		if key {
			c.uvMode[m] = uvModeCodes[m].cost(keyUVProbs[:])
		} else {
			c.uvMode[m] = uvModeCodes[m].cost(ent.uvMode[:])
		}
	}
	for m := range c.yMode {
		if key {
			c.yMode[m] = keyYModeCodes[m].cost(keyYModeProbs[:])
		} else {
			c.yMode[m] = yModeCodes[m].cost(ent.yMode[:])
		}
	}
	if key {
		return
	}
	for m := range c.bMode {
		c.bMode[m] = bModeCodes[m].cost(defaultBModeProbs[:])
	}
	intra, last, golden := uint8(40), uint8(200), uint8(128)
	if known {
		// Not too sure of the last frame's statistics.
		bound := func(p uint8) uint8 { return min(max(p, 12), 244) }
		intra, last, golden = bound(s.intra.prob(intra)), bound(s.last.prob(last)), bound(s.golden.prob(golden))
	}
	c.intra = boolCost(false, intra)
	c.inter = boolCost(true, intra)
	c.ref[refLast] = c.inter + boolCost(false, last)
	c.ref[refGolden] = c.inter + boolCost(true, last) + boolCost(false, golden)
	c.ref[refAltRef] = c.inter + boolCost(true, last) + boolCost(true, golden)
}

// encCoefficients adds the quantised levels to what reconstruction needs.
type encCoefficients struct {
	coefficients
	levels [25][16]int16
}

// encodeRow encodes one row of macroblocks.
func (e *Encoder) encodeRow(y int) {
	var left blockContext
	for x := range e.grid.mbw {
		e.encodeMacroblock(x, y, &left)
	}
	p := &e.cur.y
	end := p.at(p.w, y*16+15)
	fill(p.buf[end:][:4], p.buf[end-1])
}

func (e *Encoder) encodeMacroblock(x, y int, left *blockContext) {
	i := e.grid.index(x, y)
	m := &e.grid.mbs[i]
	*m = mbInfo{}
	still := false
	if e.header.key {
		e.decideIntra(x, y, i, e.modeCost.yMode[:], 1<<30)
	} else {
		still = e.decideInter(x, y, i)
	}
	c := &e.coeffs
	if still {
		c.ends = [25]uint8{}
	} else {
		if m.mode != bPred {
			e.transformLuma(x, y, hasY2(m.mode))
		}
		e.transformChroma(x, y)
	}
	m.coded = false
	for _, end := range c.ends[:24] {
		m.coded = m.coded || end != 0
	}
	m.coded = m.coded || hasY2(m.mode) && c.ends[24] != 0
	m.skip = !m.coded
	e.noteQuiet(x, y, m)
	e.stats.skip.add(m.skip)
	if m.skip {
		e.above[x].clear(hasY2(m.mode))
		left.clear(hasY2(m.mode))
	} else {
		e.tokenize(&e.above[x], left, hasY2(m.mode))
		if hasY2(m.mode) {
			c.spreadY2()
		}
		addResidue(e.cur, x, y, &c.coefficients, m.mode == bPred)
	}
	e.countModes(x, y, i)
}

// transformLuma transforms and quantises the difference between the source and
// the prediction in cur.
func (e *Encoder) transformLuma(x, y int, y2 bool) {
	c, p := &e.coeffs, &e.cur.y
	base := p.at(x*16, y*16)
	for b := 0; b < 16; b += 2 {
		i := base + b>>2*4*p.stride + b&3*4
		forwardDCT2(e.src.y.buf[i:], p.buf[i:], p.stride, (*[2][16]int16)(c.blocks[b:]))
	}
	if y2 {
		forwardWHT(&c.blocks)
		c.ends[24] = endOfBlock(quantize(&c.blocks[24], &c.levels[24], &e.params.y2))
		for b := range 16 {
			c.blocks[b][0] = 0
		}
	} else {
		c.ends[24] = 0
	}
	for b := range 16 {
		c.ends[b] = endOfBlock(quantize(&c.blocks[b], &c.levels[b], &e.params.y1))
	}
}

func (e *Encoder) transformChroma(x, y int) {
	c := &e.coeffs
	base, stride := e.cur.u.at(x*8, y*8), e.cur.u.stride
	for b := 0; b < 4; b += 2 {
		i := base + b>>1*4*stride
		forwardDCT2(e.src.u.buf[i:], e.cur.u.buf[i:], stride, (*[2][16]int16)(c.blocks[16+b:]))
		forwardDCT2(e.src.v.buf[i:], e.cur.v.buf[i:], stride, (*[2][16]int16)(c.blocks[20+b:]))
	}
	for b := 16; b < 24; b++ {
		c.ends[b] = endOfBlock(quantize(&c.blocks[b], &c.levels[b], &e.params.uv))
	}
}

// tokenize appends the macroblock's tokens in the order of §13.
func (e *Encoder) tokenize(above, left *blockContext, y2 bool) {
	c, t := &e.coeffs, &e.tok
	plane, first := planeYWithDC, 0
	if y2 {
		t.block(&c.levels[24], planeY2, 0, c.ends[24], above[ctxY2]+left[ctxY2])
		nz := nonZero(int(c.ends[24]))
		above[ctxY2], left[ctxY2] = nz, nz
		plane, first = planeYAfterY2, 1
	}
	for b := range 16 {
		a, l := &above[b&3], &left[b>>2]
		t.block(&c.levels[b], plane, first, c.ends[b], *a+*l)
		nz := nonZero(int(c.ends[b]))
		*a, *l = nz, nz
	}
	for b := 16; b < 24; b++ {
		base := ctxU + (b-16)>>2*2
		a, l := &above[base+b&1], &left[base+b>>1&1]
		t.block(&c.levels[b], planeUV, 0, c.ends[b], *a+*l)
		nz := nonZero(int(c.ends[b]))
		*a, *l = nz, nz
	}
}

// countModes adds the macroblock's prediction record to the frame's statistics.
func (e *Encoder) countModes(x, y, i int) {
	m := &e.grid.mbs[i]
	s := &e.stats
	if e.header.key {
		s.modeBits += e.modeCost.yMode[m.mode] + e.modeCost.uvMode[m.uvMode]
		if m.mode == bPred {
			s.modeBits += 16 * 2 * costBit
		} else {
			m.fillBModes()
		}
		return
	}
	s.intra.add(m.ref != refIntra)
	if m.ref == refIntra {
		yModeCodes[m.mode].count(s.yMode[:])
		uvModeCodes[m.uvMode].count(s.uvMode[:])
		s.modeBits += e.modeCost.intra + e.modeCost.yMode[m.mode] + e.modeCost.uvMode[m.uvMode]
		if m.mode == bPred {
			for _, b := range m.bModes {
				s.modeBits += e.modeCost.bMode[b]
			}
		}
		return
	}
	s.last.add(m.ref != refLast)
	if m.ref != refLast {
		s.golden.add(m.ref == refAltRef)
	}
	near := &e.near[m.ref]
	probs := near.probs()
	s.modeBits += e.modeCost.ref[m.ref] + mvRefCodes[m.mode].cost(probs[:])
	bounds := e.grid.bounds(x, y)
	best := bounds.clamp(near.best)
	countMV := func(v mv) {
		s.countMV(mv{v.x - best.x, v.y - best.y})
		s.modeBits += e.mvCost.cost(v, best)
	}
	switch m.mode {
	case mvNew:
		countMV(m.mv)
	case mvSplit:
		s.modeBits += splitCodes[m.split].cost(splitProbs[:])
		for part := range splitCount[m.split] {
			b := int(splitFirst[m.split][part])
			left, above := e.grid.neighbourMVs(i, b)
			mode := subMVMode(m.mvs[b], left, above)
			s.modeBits += subMVRefCodes[mode].cost(subMVRefProbs[subMVContext(left, above)][:])
			if mode == new4x4 {
				countMV(m.mvs[b])
			}
		}
	}
}
