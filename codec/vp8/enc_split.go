package vp8

import "slices"

// splitWorth is the error of a 16x16 prediction, in units of the AC step, below
// which four vectors are not worth the search.
const splitWorth = 24

// trySplit looks for four vectors, one for each quarter of the macroblock, that
// predict it better than the best choice so far (RFC 6386 §16.4).
func (e *Encoder) trySplit(x, y, i int, best *interChoice) {
	ref := best.ref
	near := &e.near[ref]
	bounds := e.grid.bounds(x, y)
	probs := near.probs()
	s := motionSearch{e: e, ref: &e.refs[ref].y, x: x * 16, y: y * 16, base: bounds.clamp(near.best)}
	s.init()
	total := e.params.price(e.modeCost.ref[ref] + mvRefCodes[mvSplit].cost(probs[:]) +
		splitCodes[splitQuarters].cost(splitProbs[:]))
	m := &e.grid.mbs[i]
	for part := range 4 {
		b := int(splitFirst[splitQuarters][part])
		left, above := e.grid.neighbourMVs(i, b)
		q := quarterSearch{motionSearch: &s, bx: part & 1 * 8, by: part >> 1 * 8, left: left, above: above}
		v, cost := q.run([4]mv{best.mv, bounds.clamp(near.nearest), left, above})
		if total += cost; total >= best.cost {
			return
		}
		if part == 0 && v == best.mv && total*4 > best.cost {
			return // most likely noise, which no vector predicts
		}
		m.mvs[b], m.mvs[b+1], m.mvs[b+4], m.mvs[b+5] = v, v, v, v
	}
	*best = interChoice{ref: ref, mode: mvSplit, mv: m.mvs[15], cost: total}
	e.splitMVs = m.mvs
}

// splitKind is the simplest partition that tells four quarters' vectors.
func splitKind(mvs *[16]mv) uint8 {
	switch a, b, c, d := mvs[0], mvs[2], mvs[8], mvs[10]; {
	case a == b && c == d:
		return splitTopBottom
	case a == c && b == d:
		return splitLeftRight
	}
	return splitQuarters
}

// quarterSearch looks for the vector of an 8x8 quarter.
type quarterSearch struct {
	*motionSearch
	bx, by      int
	left, above mv
}

func (q *quarterSearch) cost(v mv) int {
	e := q.e
	x, y := q.x+q.bx, q.y+q.by
	e.pred.block(e.trial[:], 16, q.ref, x, y, int(v.x)*2, int(v.y)*2, 8, 8)
	err := satd8(e.src.y.buf[e.src.y.at(x, y):], e.src.y.stride, e.trial[:], 16)
	mode := subMVMode(v, q.left, q.above)
	bits := subMVRefCodes[mode].cost(subMVRefProbs[subMVContext(q.left, q.above)][:])
	if mode == new4x4 {
		bits += e.mvCost.cost(v, q.base)
	}
	return err + e.params.price(bits)
}

// run starts from the vectors around and walks down to quarter pixels.
func (q *quarterSearch) run(starts [4]mv) (best mv, cost int) {
	cost = 1 << 30
	try := func(v mv) {
		if dx, dy := int(v.x)>>2, int(v.y)>>2; !q.inside(dx, dy) || !q.inside(dx+1, dy+1) {
			return
		}
		if c := q.cost(v); c < cost {
			best, cost = v, c
		}
	}
	try(mv{})
	for i, v := range starts {
		if v != (mv{}) && !slices.Contains(starts[:i], v) {
			try(v)
		}
	}
	for _, step := range [...]int16{4, 4, 2, 1} {
		centre := best
		for _, c := range cross {
			try(mv{centre.x + int16(c[0])*step, centre.y + int16(c[1])*step})
		}
	}
	return best, cost
}
