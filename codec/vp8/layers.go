package vp8

// layerPattern assigns frames to temporal layers and references to layers.
//
// One layer: every frame refreshes last; golden is renewed now and then, so
// that what was covered for a while can be predicted when it comes back.
//
// L1T2: layers 0 1 0 1 …; layer 1 refreshes nothing.
//
// L1T3: layers 0 2 1 2 …; layer 1 lives in altref, which only the second of the
// layer 2 frames may use. Golden holds base-layer frames only.
type layerPattern struct {
	layers int
	n      int // frames since the key frame
	tl0    uint8
}

// goldenInterval is the distance between renewals of golden, in frames. It is a
// multiple of every pattern's length.
const goldenInterval = 32

// layerFrame is one frame's place in the pattern.
type layerFrame struct {
	id          int
	refs        refUpdate
	uses        [numRefs]bool
	sync        bool
	keepEntropy bool
	tl0         uint8
}

func (p *layerPattern) next(key bool) (f layerFrame) {
	if key {
		p.n = 0
	}
	n := p.n
	p.n++
	f.uses[refLast], f.uses[refGolden] = true, true
	switch {
	case key:
		f.refs = refUpdate{last: true, golden: true, altRef: true}
	case p.layers == 2 && n%2 == 1:
		f.id, f.sync = 1, true
	case p.layers == 3 && n%4 == 2:
		f.id, f.sync = 1, true
		f.refs.altRef = true
	case p.layers == 3 && n%2 == 1:
		f.id, f.sync = 2, n%4 == 1
		f.uses[refAltRef] = n%4 == 3
	default:
		f.refs.last = true
		f.refs.golden = n%goldenInterval == 0
	}
	// Probabilities learnt from a frame that some receivers do not get must
	// not reach the base layer.
	f.keepEntropy = f.id == 0
	if f.id == 0 {
		p.tl0++
	}
	f.tl0 = p.tl0
	return f
}

// layerShare is each layer's share of the bit rate relative to its share of the
// frames: 60/40 for L1T2, 40/20/40 for L1T3.
var layerShare = [4][3]float64{1: {1}, 2: {1.2, 0.8}, 3: {1.6, 0.8, 0.8}}
