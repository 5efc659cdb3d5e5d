package vp8

// mv is a motion vector in quarter pixels of luma.
type mv struct{ x, y int16 }

func (m mv) add(d mv) mv { return mv{m.x + d.x, m.y + d.y} }

// mbInfo is the prediction record of a macroblock (RFC 6386 §11, §16).
type mbInfo struct {
	mode, uvMode uint8
	ref          uint8
	segment      uint8
	split        uint8 // kind of split, for mvSplit
	skip         bool  // mb_skip_coeff
	coded        bool  // has a block with tokens other than end-of-block
	mv           mv    // for mvSplit that of the last subblock
	bModes       [16]uint8
	mvs          [16]mv // for mvSplit
}

// mbGrid is a frame's records with a border of one column on the left and one
// row above, whose zero records stand for what lies outside the frame.
type mbGrid struct {
	mbw, mbh, stride int
	mbs              []mbInfo
}

func (g *mbGrid) resize(mbw, mbh int) {
	*g = mbGrid{mbw: mbw, mbh: mbh, stride: mbw + 1, mbs: make([]mbInfo, (mbw+1)*(mbh+1))}
}

// index returns the place of macroblock (x, y) in mbs. Its left neighbour is at
// -1, the one above at -stride.
func (g *mbGrid) index(x, y int) int { return (y+1)*g.stride + x + 1 }

// subMV returns the vector of subblock b, of any mode.
func (m *mbInfo) subMV(b int) mv {
	if m.mode == mvSplit {
		return m.mvs[b]
	}
	return m.mv
}

// impliedBMode is the subblock mode that a 16x16 mode stands for as a context
// (§11.3).
var impliedBMode = [4]uint8{dcPred: bDCPred, vPred: bVEPred, hPred: bHEPred, tmPred: bTMPred}

func (m *mbInfo) fillBModes() {
	b := impliedBMode[m.mode]
	for i := range m.bModes {
		m.bModes[i] = b
	}
}

// mvBounds limits the reference vectors so that they point at most one
// macroblock outside the frame (§16.3, vp8_clamp_mv).
type mvBounds struct{ left, right, top, bottom int }

func (g *mbGrid) bounds(x, y int) mvBounds {
	return mvBounds{
		left: -(x + 1) * 64, right: (g.mbw - x) * 64,
		top: -(y + 1) * 64, bottom: (g.mbh - y) * 64,
	}
}

func (b *mvBounds) clamp(m mv) mv {
	return mv{
		int16(min(max(int(m.x), b.left), b.right)),
		int16(min(max(int(m.y), b.top), b.bottom)),
	}
}

// nearMVs is the survey of §16.3: the reference vectors, not yet clamped, and
// the census that selects the mode probabilities.
type nearMVs struct {
	best, nearest, near mv
	count               [4]int
}

func (n *nearMVs) probs() [4]uint8 {
	return [4]uint8{
		mvRefProbs[n.count[0]][0], mvRefProbs[n.count[1]][1],
		mvRefProbs[n.count[2]][2], mvRefProbs[n.count[3]][3],
	}
}

// findNear is vp8_find_near_mvs of §16.3 for the macroblock at index i of g.
func (g *mbGrid) findNear(i int, ref uint8, signBias *[numRefs]bool) (n nearMVs) {
	above, left, aboveLeft := &g.mbs[i-g.stride], &g.mbs[i-1], &g.mbs[i-g.stride-1]
	var found [4]mv // found[0] stays the zero vector
	last := 0       // index of the vector found last
	biased := func(m *mbInfo) mv {
		if signBias[m.ref] != signBias[ref] {
			return mv{-m.mv.x, -m.mv.y}
		}
		return m.mv
	}
	survey := func(m *mbInfo, weight int) {
		if m.ref == refIntra {
			return
		}
		if m.mv == (mv{}) {
			n.count[0] += weight
			return
		}
		if v := biased(m); last == 0 || v != found[last] {
			last++
			found[last] = v
		}
		n.count[last] += weight
	}
	survey(above, 2)
	survey(left, 2)
	survey(aboveLeft, 1)

	// Three distinct vectors: the one above left may equal the first.
	if n.count[3] > 0 && found[3] == found[1] {
		n.count[1]++
	}
	n.count[3] = 0
	if above.mode == mvSplit {
		n.count[3] += 2
	}
	if left.mode == mvSplit {
		n.count[3] += 2
	}
	if aboveLeft.mode == mvSplit {
		n.count[3]++
	}
	if n.count[2] > n.count[1] {
		n.count[1], n.count[2] = n.count[2], n.count[1]
		found[1], found[2] = found[2], found[1]
	}
	if n.count[1] >= n.count[0] {
		found[0] = found[1]
	}
	n.best, n.nearest, n.near = found[0], found[1], found[2]
	return n
}

// subMVContext is vp8_mvCont of §16.4.
func subMVContext(left, above mv) int {
	switch zero := (mv{}); {
	case left == above && left == zero:
		return 4
	case left == above:
		return 3
	case above == zero:
		return 2
	case left == zero:
		return 1
	}
	return 0
}

// neighbourMVs returns the vectors to the left of and above subblock b.
func (g *mbGrid) neighbourMVs(i, b int) (left, above mv) {
	m := &g.mbs[i]
	if b&3 == 0 {
		left = g.mbs[i-1].subMV(b + 3)
	} else {
		left = m.mvs[b-1]
	}
	if b < 4 {
		above = g.mbs[i-g.stride].subMV(b + 12)
	} else {
		above = m.mvs[b-4]
	}
	return left, above
}

// neighbourBModes returns the subblock modes above and to the left of subblock b
// in a key frame (§11.3).
func (g *mbGrid) neighbourBModes(i, b int) (above, left uint8) {
	m := &g.mbs[i]
	if b < 4 {
		above = g.mbs[i-g.stride].bModes[b+12]
	} else {
		above = m.bModes[b-4]
	}
	if b&3 == 0 {
		left = g.mbs[i-1].bModes[b+3]
	} else {
		left = m.bModes[b-1]
	}
	return above, left
}

// modeReader parses the prediction records of a frame's first partition.
type modeReader struct {
	br                          boolReader
	grid                        *mbGrid
	key                         bool
	seg                         *segmentation
	ent                         *entropy
	signBias                    *[numRefs]bool
	skipEnabled                 bool
	probSkip                    uint8
	probIntra, probLast, probGF uint8
}

// read parses the record of macroblock (x, y).
func (r *modeReader) read(x, y int) {
	i := r.grid.index(x, y)
	m := &r.grid.mbs[i]
	switch {
	case r.seg.updateMap:
		m.segment = uint8(r.br.tree(segmentTree, r.seg.treeProbs[:]))
	case r.key:
		// The map persists between key frames only (§9.3).
		m.segment = 0
	}
	m.skip = r.skipEnabled && r.br.bit(r.probSkip)
	switch {
	case r.key:
		r.readKey(i)
	case r.br.bit(r.probIntra):
		r.readInter(i, r.grid.bounds(x, y))
	default:
		m.ref, m.mv = refIntra, mv{}
		m.mode = uint8(r.br.tree(yModeTree, r.ent.yMode[:]))
		if m.mode == bPred {
			for b := range m.bModes {
				m.bModes[b] = uint8(r.br.tree(bModeTree, defaultBModeProbs[:]))
			}
		}
		m.uvMode = uint8(r.br.tree(uvModeTree, r.ent.uvMode[:]))
	}
}

func (r *modeReader) readKey(i int) {
	m := &r.grid.mbs[i]
	m.ref, m.mv = refIntra, mv{}
	m.mode = uint8(r.br.tree(keyYModeTree, keyYModeProbs[:]))
	if m.mode == bPred {
		for b := range 16 {
			a, l := r.grid.neighbourBModes(i, b)
			m.bModes[b] = uint8(r.br.tree(bModeTree, keyBModeProbs[a][l][:]))
		}
	} else {
		m.fillBModes()
	}
	m.uvMode = uint8(r.br.tree(uvModeTree, keyUVProbs[:]))
}

func (r *modeReader) readInter(i int, bounds mvBounds) {
	m := &r.grid.mbs[i]
	m.ref = refLast
	if r.br.bit(r.probLast) {
		m.ref = refGolden
		if r.br.bit(r.probGF) {
			m.ref = refAltRef
		}
	}
	near := r.grid.findNear(i, m.ref, r.signBias)
	probs := near.probs()
	// The tree's leaves are negated modes, none of them 0.
	m.mode = uint8(r.br.tree(mvRefTree, probs[:]))
	switch m.mode {
	case mvNearest:
		m.mv = bounds.clamp(near.nearest)
	case mvNear:
		m.mv = bounds.clamp(near.near)
	case mvZero:
		m.mv = mv{}
	case mvNew:
		m.mv = bounds.clamp(near.best).add(r.readMV())
	case mvSplit:
		r.readSplit(i, bounds.clamp(near.best))
	}
}

func (r *modeReader) readSplit(i int, best mv) {
	m := &r.grid.mbs[i]
	m.split = uint8(r.br.tree(splitTree, splitProbs[:]))
	parts := &splitMap[m.split]
	for part := range splitCount[m.split] {
		first := int(splitFirst[m.split][part])
		left, above := r.grid.neighbourMVs(i, first)
		var v mv
		switch r.br.tree(subMVRefTree, subMVRefProbs[subMVContext(left, above)][:]) {
		case left4x4:
			v = left
		case above4x4:
			v = above
		case new4x4:
			v = best.add(r.readMV())
		}
		for b := first; b < 16; b++ {
			if int(parts[b]) == part {
				m.mvs[b] = v
			}
		}
	}
	m.mv = m.mvs[15]
}

func (r *modeReader) readMV() (m mv) {
	m.y = r.readMVComponent(&r.ent.mv[0])
	m.x = r.readMVComponent(&r.ent.mv[1])
	return m
}

// readMVComponent is read_mvcomponent of §17.1.
func (r *modeReader) readMVComponent(p *[numMVProbs]uint8) int16 {
	a := int16(0)
	if r.br.bit(p[mvpIsShort]) {
		bit := func(i int) {
			if r.br.bit(p[mvpLong+i]) {
				a += 1 << i
			}
		}
		for i := range 3 {
			bit(i)
		}
		for i := mvLongBits - 1; i > 3; i-- {
			bit(i)
		}
		// A long value is at least 8, so bit 3 is implied unless a higher one
		// is set.
		if a < 16 || r.br.bit(p[mvpLong+3]) {
			a += 8
		}
	} else {
		a = int16(r.br.tree(smallMVTree, p[mvpShort:mvpLong]))
	}
	if a != 0 && r.br.bit(p[mvpSign]) {
		return -a
	}
	return a
}
