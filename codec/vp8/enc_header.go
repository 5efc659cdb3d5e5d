package vp8

// encHeader is what the frame header will say.
type encHeader struct {
	key            bool
	quant          quantHeader
	filter         filterHeader
	refs           refUpdate
	refreshEntropy bool
	ent            entropy // in force for this frame
	skipEnabled    bool
	probSkip       uint8
	probIntra      uint8
	probLast       uint8
	probGF         uint8
}

// frameStats counts the outcomes of the bools in the first partition.
type frameStats struct {
	known    bool
	skip     branches
	intra    branches // true: inter
	last     branches // true: golden or altref
	golden   branches // true: altref
	yMode    [4]branches
	uvMode   [3]branches
	mv       [2][numMVProbs]branches
	modeBits int // prediction records, in costBit
}

// countMV counts the coding of one motion vector difference.
func (s *frameStats) countMV(d mv) {
	s.countMVComponent(0, int(d.y))
	s.countMVComponent(1, int(d.x))
}

func (s *frameStats) countMVComponent(c, v int) {
	n := &s.mv[c]
	a := max(v, -v)
	if a < 8 {
		n[mvpIsShort].add(false)
		smallMVCodes[a].count(n[mvpShort:mvpLong])
	} else {
		n[mvpIsShort].add(true)
		for i := range mvLongBits {
			if i != 3 || a > 15 {
				n[mvpLong+i].add(a>>i&1 == 1)
			}
		}
	}
	if a != 0 {
		n[mvpSign].add(v < 0)
	}
}

// The format's limits (RFC 6386 §9.1, §9.5): 19 bits for the size of the first
// partition, 24 for all but the last token partition.
const (
	maxFirstPartition = 1<<19 - 1
	maxTokenPartition = 1<<24 - 1
)

// writeFrame assembles the frame from the decisions of encodeFrame: the first
// partition with header and prediction records, then the token partitions. It
// reports whether they fit the format; if not, nothing has changed.
func (e *Encoder) writeFrame() bool {
	h := &e.header
	saved := h.ent
	sent := e.tok.stats.updates(&h.ent.coeff)
	e.chooseProbs()

	w := &e.first
	w.init(w.buf)
	if h.key {
		w.literal(0, 2) // color space, clamping type
	}
	w.flag(false) // segmentation_enabled
	w.flag(h.filter.simple)
	w.literal(h.filter.level, 6)
	w.literal(h.filter.sharpness, 3)
	e.writeFilterDeltas(w)
	log2 := 0
	for 1<<log2 < e.cfg.TokenPartitions {
		log2++
	}
	w.literal(log2, 2)
	w.literal(h.quant.index, 7)
	for _, delta := range []int{h.quant.y1DC, h.quant.y2DC, h.quant.y2AC, h.quant.uvDC, h.quant.uvAC} {
		w.optionalSigned(delta, 4)
	}
	if !h.key {
		h.refs.write(w)
		w.flag(e.signBias[refGolden])
		w.flag(e.signBias[refAltRef])
	}
	w.flag(h.refreshEntropy)
	if !h.key {
		w.flag(h.refs.last)
	}
	for set := range sent {
		i, j, k := set/24, set/3%8, set%3
		for n, yes := range sent[set] {
			w.bit(yes, coeffUpdateProbs[i][j][k][n])
			if yes {
				w.literal(int(h.ent.coeff[i][j][k][n]), 8)
			}
		}
	}
	w.flag(h.skipEnabled)
	if h.skipEnabled {
		w.literal(int(h.probSkip), 8)
	}
	if !h.key {
		w.literal(int(h.probIntra), 8)
		w.literal(int(h.probLast), 8)
		w.literal(int(h.probGF), 8)
		e.writeModeProbs(w, &saved)
	}
	e.writeModes(w)
	if !e.assemble(w.finish()) {
		return false
	}
	if h.refreshEntropy {
		e.ent = h.ent
	} else if h.key {
		e.ent.reset()
	}
	return true
}

func (r *refUpdate) write(w *boolWriter) {
	w.flag(r.golden)
	w.flag(r.altRef)
	if !r.golden {
		w.literal(r.copyGolden, 2)
	}
	if !r.altRef {
		w.literal(r.copyAltRef, 2)
	}
}

// writeFilterDeltas sends the deltas with every key frame; they last from there.
func (e *Encoder) writeFilterDeltas(w *boolWriter) {
	h := &e.header
	w.flag(h.filter.deltaEnabled)
	if !h.filter.deltaEnabled {
		return
	}
	w.flag(h.key)
	if !h.key {
		return
	}
	for _, deltas := range [][4]int8{h.filter.refDelta, h.filter.mdDelta} {
		for _, d := range deltas {
			w.optionalSigned(int(d), 6)
		}
	}
}

// chooseProbs sets the probabilities of the first partition from the counts.
func (e *Encoder) chooseProbs() {
	h, s := &e.header, &e.stats
	h.skipEnabled = s.skip[1] > 0
	h.probSkip = s.skip.prob(128)
	h.probIntra = s.intra.prob(128)
	h.probLast = s.last.prob(128)
	h.probGF = s.golden.prob(128)
	if h.key {
		return
	}
	worth := func(b []branches, probs []uint8) bool {
		saving := 0
		for i := range b {
			saving += b[i].cost(probs[i]) - b[i].cost(b[i].prob(probs[i]))
		}
		return saving > len(b)*8*costBit
	}
	if worth(s.yMode[:], h.ent.yMode[:]) {
		for i := range s.yMode {
			h.ent.yMode[i] = s.yMode[i].prob(h.ent.yMode[i])
		}
	}
	if worth(s.uvMode[:], h.ent.uvMode[:]) {
		for i := range s.uvMode {
			h.ent.uvMode[i] = s.uvMode[i].prob(h.ent.uvMode[i])
		}
	}
	for c := range s.mv {
		for i := range s.mv[c] {
			b, old := &s.mv[c][i], h.ent.mv[c][i]
			// These probabilities have seven bits (§17.2).
			p := max(1, b.prob(old)&^1)
			up := mvUpdateProbs[c][i]
			price := 7*costBit + boolCost(true, up) - boolCost(false, up)
			if b.cost(old)-b.cost(p) > price {
				h.ent.mv[c][i] = p
			}
		}
	}
}

// writeModeProbs sends the mode and motion vector probabilities that differ from
// those before the frame.
func (e *Encoder) writeModeProbs(w *boolWriter, before *entropy) {
	now := &e.header.ent
	w.flag(now.yMode != before.yMode)
	if now.yMode != before.yMode {
		for _, p := range now.yMode {
			w.literal(int(p), 8)
		}
	}
	w.flag(now.uvMode != before.uvMode)
	if now.uvMode != before.uvMode {
		for _, p := range now.uvMode {
			w.literal(int(p), 8)
		}
	}
	for c := range now.mv {
		for i, p := range now.mv[c] {
			changed := p != before.mv[c][i]
			w.bit(changed, mvUpdateProbs[c][i])
			if changed {
				w.literal(int(p>>1), 7)
			}
		}
	}
}

// assemble puts tag, first partition and token partitions together. It reports
// whether all have sizes that can be told.
func (e *Encoder) assemble(first []byte) bool {
	if len(first) > e.firstLimit {
		return false
	}
	h := &e.header
	tag := len(first)<<5 | 1<<4 // shown, version 0
	if !h.key {
		tag |= 1
	}
	out := append(e.out[:0], byte(tag), byte(tag>>8), byte(tag>>16))
	if h.key {
		out = append(out, 0x9d, 0x01, 0x2a,
			byte(e.cfg.Width), byte(e.cfg.Width>>8), byte(e.cfg.Height), byte(e.cfg.Height>>8))
	}
	out = append(out, first...)

	n := e.cfg.TokenPartitions
	for i := range n {
		w := &e.parts[i]
		w.init(w.buf)
		for y := i; y < e.grid.mbh; y += n {
			writeTokens(w, e.tok.tokens[e.rowTokens[y]:e.rowTokens[y+1]], &h.ent.coeff)
		}
		size := len(w.finish())
		if i < n-1 {
			if size > maxTokenPartition {
				return false
			}
			out = append(out, byte(size), byte(size>>8), byte(size>>16))
		}
	}
	for i := range n {
		out = append(out, e.parts[i].buf...)
	}
	e.out = out
	return true
}

// writeModes codes the prediction record of every macroblock.
func (e *Encoder) writeModes(w *boolWriter) {
	h := &e.header
	for y := range e.grid.mbh {
		for x := range e.grid.mbw {
			i := e.grid.index(x, y)
			m := &e.grid.mbs[i]
			if h.skipEnabled {
				w.bit(m.skip, h.probSkip)
			}
			switch {
			case h.key:
				e.writeKeyMode(w, i)
			case m.ref == refIntra:
				w.bit(false, h.probIntra)
				w.tree(&yModeCodes[m.mode], h.ent.yMode[:])
				if m.mode == bPred {
					for _, b := range m.bModes {
						w.tree(&bModeCodes[b], defaultBModeProbs[:])
					}
				}
				w.tree(&uvModeCodes[m.uvMode], h.ent.uvMode[:])
			default:
				w.bit(true, h.probIntra)
				e.writeInterMode(w, x, y, i)
			}
		}
	}
}

func (e *Encoder) writeKeyMode(w *boolWriter, i int) {
	m := &e.grid.mbs[i]
	w.tree(&keyYModeCodes[m.mode], keyYModeProbs[:])
	if m.mode == bPred {
		for b, mode := range m.bModes {
			above, left := e.grid.neighbourBModes(i, b)
			w.tree(&bModeCodes[mode], keyBModeProbs[above][left][:])
		}
	}
	w.tree(&uvModeCodes[m.uvMode], keyUVProbs[:])
}

func (e *Encoder) writeInterMode(w *boolWriter, x, y, i int) {
	h := &e.header
	m := &e.grid.mbs[i]
	w.bit(m.ref != refLast, h.probLast)
	if m.ref != refLast {
		w.bit(m.ref == refAltRef, h.probGF)
	}
	near := e.grid.findNear(i, m.ref, &e.signBias)
	probs := near.probs()
	w.tree(&mvRefCodes[m.mode], probs[:])
	bounds := e.grid.bounds(x, y)
	best := bounds.clamp(near.best)
	switch m.mode {
	case mvNew:
		e.writeMV(w, m.mv, best)
	case mvSplit:
		w.tree(&splitCodes[m.split], splitProbs[:])
		for part := range splitCount[m.split] {
			b := int(splitFirst[m.split][part])
			left, above := e.grid.neighbourMVs(i, b)
			mode := subMVMode(m.mvs[b], left, above)
			w.tree(&subMVRefCodes[mode], subMVRefProbs[subMVContext(left, above)][:])
			if mode == new4x4 {
				e.writeMV(w, m.mvs[b], best)
			}
		}
	}
}

// subMVMode is the cheapest way to say v where its neighbours are left and above.
func subMVMode(v, left, above mv) int {
	switch v {
	case left:
		return left4x4
	case above:
		return above4x4
	case mv{}:
		return zero4x4
	}
	return new4x4
}

func (e *Encoder) writeMV(w *boolWriter, v, base mv) {
	e.writeMVComponent(w, int(v.y)-int(base.y), &e.header.ent.mv[0])
	e.writeMVComponent(w, int(v.x)-int(base.x), &e.header.ent.mv[1])
}

func (e *Encoder) writeMVComponent(w *boolWriter, v int, p *[numMVProbs]uint8) {
	a := max(v, -v)
	if a < 8 {
		w.bit(false, p[mvpIsShort])
		w.tree(&smallMVCodes[a], p[mvpShort:mvpLong])
	} else {
		w.bit(true, p[mvpIsShort])
		for i := range 3 {
			w.bit(a>>i&1 == 1, p[mvpLong+i])
		}
		for i := mvLongBits - 1; i > 3; i-- {
			w.bit(a>>i&1 == 1, p[mvpLong+i])
		}
		if a > 15 {
			w.bit(a>>3&1 == 1, p[mvpLong+3])
		}
	}
	if a != 0 {
		w.bit(v < 0, p[mvpSign])
	}
}
