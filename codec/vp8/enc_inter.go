package vp8

// interChoice is a way to predict a macroblock from another frame.
type interChoice struct {
	ref, mode uint8
	mv        mv
	error     int  // of the prediction
	cost      int  // with the bits it takes
	still     bool // known to have no residue
}

// decideInter chooses the prediction of a macroblock of an interframe, leaves it
// in cur and reports whether the residue is known to vanish.
func (e *Encoder) decideInter(x, y, i int) (still bool) {
	m := &e.grid.mbs[i]
	best := interChoice{cost: 1 << 30}
	for ref := uint8(refLast); ref <= refAltRef; ref++ {
		if !e.plan.uses[ref] || ref != refLast && e.refs[ref] == e.refs[refLast] {
			continue
		}
		e.near[ref] = e.grid.findNear(i, ref, &e.signBias)
		if e.tryReference(x, y, ref, &best) {
			break
		}
	}
	if !best.still && !e.plain && best.error > splitWorth*int(e.params.y1.step[1]) {
		e.trySplit(x, y, i, &best)
	}
	e.take(m, &best)
	e.pred.macroblock(e.cur, e.refs[m.ref], x, y, m)
	if best.still || e.vanishes(x, y) {
		return true
	}
	// Intra prediction overwrites cur, so an inter prediction that wins is
	// made again.
	if e.decideIntra(x, y, i, e.modeCost.yMode[:], best.cost) >= best.cost {
		e.take(m, &best)
		e.pred.macroblock(e.cur, e.refs[m.ref], x, y, m)
	}
	return false
}

// take makes a choice the macroblock's prediction record.
func (e *Encoder) take(m *mbInfo, c *interChoice) {
	m.ref, m.mode, m.mv = c.ref, c.mode, c.mv
	if c.mode == mvSplit {
		m.mvs = e.splitMVs
		m.split = splitKind(&m.mvs)
	}
}

// tryReference looks for a better choice in one reference frame. It reports
// whether the search may end: the macroblock has not changed.
func (e *Encoder) tryReference(x, y int, ref uint8, best *interChoice) (done bool) {
	near := &e.near[ref]
	bounds := e.grid.bounds(x, y)
	probs := near.probs()
	base := bounds.clamp(near.best)
	refCost := e.modeCost.ref[ref]
	consider := func(mode uint8, v mv, error, bits int) {
		cost := error + e.params.price(bits+refCost+mvRefCodes[mode].cost(probs[:]))
		if cost < best.cost {
			*best = interChoice{ref: ref, mode: mode, mv: v, error: error, cost: cost}
		}
	}
	search := motionSearch{e: e, ref: &e.refs[ref].y, x: x * 16, y: y * 16, base: base}
	search.init()

	if ref == refLast {
		e.zeroSAD = search.sad(0, 0)
		if e.unchanged(x, y, e.zeroSAD) {
			*best = interChoice{ref: ref, mode: mvZero, still: true}
			return true
		}
	}
	consider(mvZero, mv{}, search.error(mv{}), 0)
	nearest, other := bounds.clamp(near.nearest), bounds.clamp(near.near)
	if nearest != (mv{}) {
		consider(mvNearest, nearest, search.error(nearest), 0)
	}
	if other != (mv{}) && other != nearest {
		consider(mvNear, other, search.error(other), 0)
	}
	if ref != refLast && best.ref != ref && e.goldenUse*goldenWorth <= len(e.lastMVs) {
		// The older frames are for what last does not show: only when they are
		// better without a search, or serve elsewhere, do they get one.
		return false
	}
	v, err := search.run(best.mv, e.lastMVs[y*e.grid.mbw+x])
	switch v {
	case mv{}, nearest, other:
	default:
		consider(mvNew, v, err, e.mvCost.cost(v, base))
	}
	return false
}

// quietState remembers a macroblock's error against the same place in the last
// frame while its source does not change.
type quietState struct {
	known bool   // coding it with quantiser q or a coarser one is no use
	q     uint8  // finest quantiser it was coded with
	seen  uint8  // how often it was coded with that
	sad   uint16 // its error then
}

// quietAfter is how often a macroblock is coded with the same quantiser before
// what is left of its error counts as final. The loop filter stirs the samples
// in every frame, so that some blocks would be mended for ever.
const quietAfter = 2

// unchanged is the fast path for what does not move, such as a screen or a test
// picture: the error against the same place in the last frame quantises to
// nothing because it did so before and the source is the same, or is no more
// than noise. That it quantises to nothing is not enough by itself: a coarse
// quantiser would make smooth surfaces stay behind when they move.
func (e *Encoder) unchanged(x, y, sad int) bool {
	quiet := &e.quiet[y*e.grid.mbw+x]
	// The loop filter still works on quiet macroblocks, so their error may
	// have grown.
	if quiet.known && e.header.quant.index >= int(quiet.q) && sad <= int(quiet.sad)+int(quiet.sad)/8+8 && e.sameSource(x, y) {
		return true
	}
	// The sum of squares is at least sad²/256.
	if sad > noiseSAD || sad*sad > e.params.zeroSSE*256 {
		return false
	}
	p, s := &e.refs[refLast].y, &e.src.y
	at := s.at(x*16, y*16)
	return e.vanishesLuma(s.buf[at:], p.buf[at:], p.stride) && e.vanishesChroma(e.refs[refLast], x, y)
}

// noiseSAD is the error of a macroblock that differs by camera noise only.
const noiseSAD = 256 * 3 / 2

// noteQuiet updates the macroblock's quietState once it is known whether it has
// a residue.
func (e *Encoder) noteQuiet(x, y int, m *mbInfo) {
	quiet := &e.quiet[y*e.grid.mbw+x]
	if m.mode != mvZero || m.ref != refLast {
		*quiet = quietState{}
		return
	}
	q := uint8(e.header.quant.index)
	switch {
	case !e.sameSource(x, y), quiet.seen == 0, q < quiet.q:
		*quiet = quietState{known: m.skip, q: q, seen: 1}
	case q > quiet.q || quiet.known:
		return
	default:
		quiet.seen++
		quiet.known = m.skip || quiet.seen >= quietAfter
	}
	quiet.sad = uint16(min(e.zeroSAD, 1<<16-1))
}

// sameSource reports whether the macroblock has the samples it had in the
// picture encoded before.
func (e *Encoder) sameSource(x, y int) bool {
	a, b := e.src, e.lastSrc
	yi, ui := a.y.at(x*16, y*16), a.u.at(x*8, y*8)
	return sad16(a.y.buf[yi:], a.y.stride, b.y.buf[yi:], b.y.stride) == 0 &&
		sad8(a.u.buf[ui:], a.u.stride, b.u.buf[ui:], b.u.stride) == 0 &&
		sad8(a.v.buf[ui:], a.v.stride, b.v.buf[ui:], b.v.stride) == 0
}

// vanishes reports whether the difference between source and prediction will
// quantise to nothing.
func (e *Encoder) vanishes(x, y int) bool {
	p, s := &e.cur.y, &e.src.y
	at := s.at(x*16, y*16)
	return e.vanishesLuma(s.buf[at:], p.buf[at:], p.stride) && e.vanishesChroma(e.cur, x, y)
}

func (e *Encoder) vanishesLuma(src, pred []byte, stride int) bool {
	sum, sse := variance16(src, stride, pred, stride)
	return sse <= e.params.zeroSSE && max(sum, -sum) <= e.params.zeroSum
}

func (e *Encoder) vanishesChroma(pred *picture, x, y int) bool {
	at, stride := pred.u.at(x*8, y*8), pred.u.stride
	return sse8(e.src.u.buf[at:], stride, pred.u.buf[at:], stride) <= e.params.zeroSSEUV &&
		sse8(e.src.v.buf[at:], stride, pred.v.buf[at:], stride) <= e.params.zeroSSEUV
}

// motionSearch looks for the motion vector of one macroblock.
type motionSearch struct {
	e    *Encoder
	ref  *plane
	x, y int
	base mv // what the vector is coded against
	// Limits of whole-pixel displacements that stay within the border.
	minX, maxX, minY, maxY int
}

// maxReach bounds the displacements searched, in pixels, well within the format's
// 4096 (RFC 6386 §18.1).
const maxReach = 1024

func (s *motionSearch) init() {
	const margin = border - 4
	s.minX, s.maxX = max(-s.x-margin, -maxReach), min(s.ref.w-16-s.x+margin, maxReach)
	s.minY, s.maxY = max(-s.y-margin, -maxReach), min(s.ref.h-16-s.y+margin, maxReach)
}

// sad is the sum of absolute differences at a displacement of whole pixels.
func (s *motionSearch) sad(dx, dy int) int {
	src := &s.e.src.y
	return sad16(src.buf[src.at(s.x, s.y):], src.stride, s.ref.buf[s.ref.at(s.x+dx, s.y+dy):], s.ref.stride)
}

// error is the transformed difference for a vector in quarter pixels.
func (s *motionSearch) error(v mv) int {
	e := s.e
	src := e.src.y.buf[e.src.y.at(s.x, s.y):]
	dx, dy := int(v.x), int(v.y)
	if dx&3 == 0 && dy&3 == 0 && s.inside(dx>>2, dy>>2) {
		return satd16(src, e.src.y.stride, s.ref.buf[s.ref.at(s.x+dx>>2, s.y+dy>>2):], s.ref.stride)
	}
	e.pred.block(e.trial[:], 16, s.ref, s.x, s.y, dx*2, dy*2, 16, 16)
	return satd16(src, e.src.y.stride, e.trial[:], 16)
}

func (s *motionSearch) inside(dx, dy int) bool {
	return dx >= s.minX && dx <= s.maxX && dy >= s.minY && dy <= s.maxY
}

// bits is the price of coding a vector.
func (s *motionSearch) bits(v mv) int { return s.e.params.price(s.e.mvCost.cost(v, s.base)) }

// cost is the whole price of a vector: error and bits.
func (s *motionSearch) cost(v mv) int { return s.error(v) + s.bits(v) }

var (
	hexagon = [6][2]int{{-2, 0}, {-1, -2}, {1, -2}, {2, 0}, {1, 2}, {-1, 2}}
	cross   = [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}
)

// maxHexSteps bounds the walk of the hexagon, two pixels a step.
const maxHexSteps = 16

// run searches from the most promising of the starting points, all in quarter
// pixels, and returns the best vector with its error. Whole pixels are judged by
// the plain difference, which is cheap, fractions by the transformed one.
func (s *motionSearch) run(starts ...mv) (mv, int) {
	cx, cy, best := 0, 0, 1<<30
	try := func(dx, dy int) bool {
		if !s.inside(dx, dy) {
			return false
		}
		c := s.sad(dx, dy) + s.bits(mv{int16(dx * 4), int16(dy * 4)})
		if c < best {
			cx, cy, best = dx, dy, c
			return true
		}
		return false
	}
	whole := func(q int16) int { return int(q+2) >> 2 }
	try(0, 0)
	try(whole(s.base.x), whole(s.base.y))
	for _, v := range starts {
		try(whole(v.x), whole(v.y))
	}
	for range maxHexSteps {
		x, y := cx, cy
		for _, h := range hexagon {
			try(x+h[0], y+h[1])
		}
		if x == cx && y == cy {
			break
		}
	}
	for range 2 {
		x, y := cx, cy
		for _, c := range cross {
			try(x+c[0], y+c[1])
		}
		if x == cx && y == cy {
			break
		}
	}
	v := mv{int16(cx * 4), int16(cy * 4)}
	best = s.cost(v)
	v, best = s.refine(v, best, 2)
	v, best = s.refine(v, best, 1)
	return v, best - s.bits(v)
}

// refine tries the four neighbours at a distance of step quarter pixels, and the
// diagonal one between the better two.
func (s *motionSearch) refine(v mv, best int, step int16) (mv, int) {
	var costs [4]int
	centre := v
	for i, c := range cross {
		w := mv{centre.x + int16(c[0])*step, centre.y + int16(c[1])*step}
		costs[i] = s.cost(w)
		if costs[i] < best {
			v, best = w, costs[i]
		}
	}
	dx, dy := -step, -step
	if costs[1] < costs[0] {
		dx = step
	}
	if costs[3] < costs[2] {
		dy = step
	}
	w := mv{centre.x + dx, centre.y + dy}
	if c := s.cost(w); c < best {
		v, best = w, c
	}
	return v, best
}
