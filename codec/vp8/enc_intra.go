package vp8

// decideIntra chooses an intra mode for the macroblock unless all cost at least
// limit, and returns the best cost. It leaves the prediction in cur, for bPred
// with residue, and the chroma prediction as well. When nothing was below limit
// the record is unchanged, and cur holds nothing of use.
func (e *Encoder) decideIntra(x, y, i int, modeCost []int, limit int) int {
	m := &e.grid.mbs[i]
	p, s := &e.cur.y, &e.src.y
	at := p.at(x*16, y*16)
	best, bestMode := 1<<30, uint8(dcPred)
	for mode := uint8(dcPred); mode <= tmPred; mode++ {
		predictIntra(p, at, 16, mode, y > 0, x > 0)
		cost := e.params.price(modeCost[mode]) + satd16(s.buf[at:], s.stride, p.buf[at:], p.stride)
		if cost < best {
			best, bestMode = cost, mode
		}
	}
	extra := 0
	if !e.header.key {
		extra = e.params.price(e.modeCost.intra)
	}
	// In an interframe a macroblock that 16x16 prediction does not bring near
	// the inter prediction is not worth the search for subblock modes.
	if best+extra >= limit+limit/4 {
		return best + extra
	}
	saved := *m
	m.ref, m.mv = refIntra, mv{}
	m.mode = bPred
	sub := 1 << 30
	if !e.plain {
		sub = e.decideBPred(x, y, i, min(best, limit-extra), e.params.price(modeCost[bPred]))
	}
	if sub >= best {
		if best+extra >= limit {
			*m = saved
			return best + extra
		}
		m.mode = bestMode
		predictIntra(p, at, 16, bestMode, y > 0, x > 0)
	} else {
		best = sub
	}
	e.decideChroma(x, y, m)
	return best + extra
}

// decideBPred chooses subblock modes one after the other, reconstructing each
// subblock for the sake of the next ones. It gives up when the cost, beginning
// at start, reaches limit.
func (e *Encoder) decideBPred(x, y, i, limit, start int) int {
	m := &e.grid.mbs[i]
	p, s, c := &e.cur.y, &e.src.y, &e.coeffs
	base := p.at(x*16, y*16)
	var aboveRight [4]byte
	copy(aboveRight[:], p.buf[base-p.stride+16:][:4])
	total := start
	var pred [16]byte
	c.ends[24] = 0
	for b := range 16 {
		at := base + b>>2*4*p.stride + b&3*4
		ar := aboveRight[:]
		if b&3 != 3 {
			ar = p.buf[at-p.stride+4:][:4]
		}
		edge := loadEdge(p.buf, at, p.stride, ar)
		var above, left uint8
		if e.header.key {
			above, left = e.grid.neighbourBModes(i, b)
		}
		best, bestMode := 1<<30, uint8(0)
		for mode := range uint8(numBModes) {
			bits := e.modeCost.bMode[mode]
			if e.header.key {
				bits = int(keyBModeCosts[above][left][mode])
			}
			predict4x4(pred[:], 4, &edge, mode)
			cost := e.params.price(bits) + satd4(s.buf[at:], s.stride, pred[:], 4)
			if cost < best {
				best, bestMode = cost, mode
			}
		}
		total += best
		if total >= limit {
			return 1 << 30
		}
		m.bModes[b] = bestMode
		predict4x4(p.buf[at:], p.stride, &edge, bestMode)
		forwardDCTGo(s.buf[at:], p.buf[at:], p.stride, &c.blocks[b])
		c.ends[b] = endOfBlock(quantize(&c.blocks[b], &c.levels[b], &e.params.y1))
		c.addTo(b, p.buf[at:], p.stride)
	}
	return total
}

// keyBModeCosts are the costs of subblock modes in key frames by context.
var keyBModeCosts = func() (t [numBModes][numBModes][numBModes]uint16) {
	for a := range t {
		for l := range t[a] {
			for m := range t[a][l] {
				t[a][l][m] = uint16(bModeCodes[m].cost(keyBModeProbs[a][l][:]))
			}
		}
	}
	return t
}()

// decideChroma chooses the chroma mode of an intra macroblock and leaves its
// prediction in cur.
func (e *Encoder) decideChroma(x, y int, m *mbInfo) {
	u, v := &e.cur.u, &e.cur.v
	at := u.at(x*8, y*8)
	best := 1 << 30
	for mode := uint8(dcPred); mode <= tmPred; mode++ {
		predictIntra(u, at, 8, mode, y > 0, x > 0)
		predictIntra(v, at, 8, mode, y > 0, x > 0)
		cost := e.params.price(e.modeCost.uvMode[mode]) +
			satd8(e.src.u.buf[at:], u.stride, u.buf[at:], u.stride) +
			satd8(e.src.v.buf[at:], v.stride, v.buf[at:], v.stride)
		if cost < best {
			best, m.uvMode = cost, mode
		}
	}
	if m.uvMode != tmPred {
		predictIntra(u, at, 8, m.uvMode, y > 0, x > 0)
		predictIntra(v, at, 8, m.uvMode, y > 0, x > 0)
	}
}
