package vp8

// filterParams are the thresholds of RFC 6386 §15.4 for one filter level.
type filterParams struct {
	mbLimit, subLimit, interior, hev uint8
}

// loopFilter applies §15 to a frame.
type loopFilter struct {
	simple bool
	// params is indexed by the level; level 0 means no filtering.
	params [64]filterParams
	// levels is indexed by segment, reference frame and class of mode.
	levels [4][numRefs][4]uint8
}

// Classes of modes for the filter level deltas, in the order of mode_lf_delta;
// 16x16 intra modes have no delta and share the place of mvZero, which intra
// references do not use.
const (
	classBPred = iota
	classZero
	classMV
	classSplit
)

var modeClass = [10]uint8{
	dcPred: classZero, vPred: classZero, hPred: classZero, tmPred: classZero,
	bPred: classBPred, mvZero: classZero,
	mvNearest: classMV, mvNear: classMV, mvNew: classMV, mvSplit: classSplit,
}

func clampLevel(v int) int { return min(max(v, 0), 63) }

func (f *loopFilter) init(h *filterHeader, seg *segmentation, key bool) {
	f.simple = h.simple
	for level := range f.params {
		interior := level
		if h.sharpness > 0 {
			interior >>= 1
			if h.sharpness > 4 {
				interior >>= 1
			}
			interior = min(interior, 9-h.sharpness)
		}
		interior = max(interior, 1)
		hev := 0
		switch {
		case level >= 40:
			hev = 2
		case level >= 15:
			hev = 1
		}
		if !key && level >= 20 {
			hev++
		}
		f.params[level] = filterParams{
			mbLimit: uint8((level+2)*2 + interior), subLimit: uint8(level*2 + interior),
			interior: uint8(interior), hev: uint8(hev),
		}
	}
	for s := range f.levels {
		base := h.level
		if seg.enabled {
			if seg.absolute {
				base = int(seg.filter[s])
			} else {
				base += int(seg.filter[s])
			}
			base = clampLevel(base)
		}
		for ref := range f.levels[s] {
			for class := range f.levels[s][ref] {
				level := base
				if h.deltaEnabled {
					level += int(h.refDelta[ref])
					if ref != refIntra || class == classBPred {
						level += int(h.mdDelta[class])
					}
					level = clampLevel(level)
				}
				f.levels[s][ref][class] = uint8(level)
			}
		}
	}
}

// row filters the macroblocks of one row. The row below may be reconstructed
// already, but must not be filtered yet.
func (f *loopFilter) row(pic *picture, grid *mbGrid, mby int) {
	ys, us := pic.y.stride, pic.u.stride
	for mbx := range grid.mbw {
		m := &grid.mbs[grid.index(mbx, mby)]
		level := f.levels[m.segment&3][m.ref&3][modeClass[m.mode]]
		if level == 0 {
			continue
		}
		p := &f.params[level&63]
		// §15.1: inner edges are left alone where nothing was coded.
		inner := m.coded || !hasY2(m.mode)
		yi, ui := pic.y.at(mbx*16, mby*16), pic.u.at(mbx*8, mby*8)
		if f.simple {
			if mbx > 0 {
				simpleV(pic.y.buf, yi, ys, p.mbLimit)
			}
			if inner {
				for e := 4; e < 16; e += 4 {
					simpleV(pic.y.buf, yi+e, ys, p.subLimit)
				}
			}
			if mby > 0 {
				simpleH(pic.y.buf, yi, ys, p.mbLimit)
			}
			if inner {
				for e := 4; e < 16; e += 4 {
					simpleH(pic.y.buf, yi+e*ys, ys, p.subLimit)
				}
			}
			continue
		}
		if mbx > 0 {
			mbEdgeV(pic.y.buf, yi, ys, p)
			mbEdgeV8(pic.u.buf, pic.v.buf, ui, us, p)
		}
		if inner {
			subEdgesV(pic.y.buf, yi, ys, p)
			subEdgeV8(pic.u.buf, pic.v.buf, ui+4, us, p)
		}
		if mby > 0 {
			mbEdgeH(pic.y.buf, yi, ys, p)
			mbEdgeH8(pic.u.buf, pic.v.buf, ui, us, p)
		}
		if inner {
			subEdgesH(pic.y.buf, yi, ys, p)
			subEdgeH8(pic.u.buf, pic.v.buf, ui+4*us, us, p)
		}
	}
}
