package vp8

import "fmt"

// defaultMaxPixels is DecoderConfig.MaxPixels when that is 0.
const defaultMaxPixels = 4096 * 2304

// Decoder decodes a VP8 stream. It is not safe for concurrent use.
type Decoder struct {
	maxPixels int

	// What lasts from frame to frame.
	started  bool
	width    int
	height   int
	hScale   uint8
	vScale   uint8
	ent      entropy
	seg      segmentation
	filter   filterHeader
	signBias [numRefs]bool
	refs     references
	grid     mbGrid
	pool     pool
	display  *picture // what out shows; kept from being written to
	out      Frame

	// Work space of one frame.
	cur    *picture
	modes  modeReader
	tokens [8]boolReader
	above  []blockContext
	dq     [4]dequant
	coeffs coefficients
	pred   predictor
	lf     loopFilter
}

// NewDecoder returns a decoder that waits for a key frame.
func NewDecoder(cfg DecoderConfig) *Decoder {
	d := &Decoder{maxPixels: cfg.MaxPixels}
	if d.maxPixels <= 0 {
		d.maxPixels = defaultMaxPixels
	}
	return d
}

// frameParams is what the header says about one frame only.
type frameParams struct {
	tag            frameHeader
	quant          quantHeader
	refs           refUpdate
	refreshEntropy bool
	partitions     int
}

// Decode decodes one frame. The picture that it returns belongs to the decoder
// and is overwritten by the next call. It is nil if the frame is not for
// display. Empty data stands for a frame that the encoder dropped: the picture
// shown last is returned again.
//
// After an error the decoder is in the state before the call.
func (d *Decoder) Decode(data []byte) (*Frame, error) {
	if len(data) == 0 {
		if !d.started {
			return nil, ErrNeedKeyFrame
		}
		if d.out.Width == 0 {
			return nil, nil // no frame has been for display yet
		}
		d.out.KeyFrame = false
		return &d.out, nil
	}
	tag, rest, err := parseFrameTag(data)
	if err != nil {
		return nil, err
	}
	if !tag.key && !d.started {
		return nil, ErrNeedKeyFrame
	}
	if tag.key && tag.width*tag.height > d.maxPixels {
		return nil, fmt.Errorf("%w: %dx%d, at most %d pixels", ErrTooLarge, tag.width, tag.height, d.maxPixels)
	}

	// The header changes lasting state as it is read; the only error past the
	// frame tag, broken partitions, takes that back.
	ent, seg, filter, signBias := d.ent, d.seg, d.filter, d.signBias
	fp := frameParams{tag: tag}
	saved, err := d.parseHeader(&fp, rest)
	if err != nil {
		d.ent, d.seg, d.filter, d.signBias = ent, seg, filter, signBias
		return nil, err
	}
	if tag.key {
		d.resize(&tag)
	}
	d.decodeFrame(&fp)
	if !fp.refreshEntropy {
		d.ent = saved
	}
	defer assign(&d.cur, nil)
	if !tag.show {
		return nil, nil
	}
	assign(&d.display, d.cur)
	d.out = viewOf(d.cur, d.width, d.height)
	d.out.HScale, d.out.VScale, d.out.KeyFrame = d.hScale, d.vScale, tag.key
	return &d.out, nil
}

// parseHeader reads the frame header (RFC 6386 §9.2–9.11) and returns the
// probabilities to restore afterwards if refresh_entropy_probs is 0.
func (d *Decoder) parseHeader(fp *frameParams, rest []byte) (saved entropy, err error) {
	d.modes = modeReader{grid: &d.grid, key: fp.tag.key, seg: &d.seg, ent: &d.ent, signBias: &d.signBias}
	b := &d.modes.br
	b.init(rest[:fp.tag.firstPartSize])
	if fp.tag.key {
		// Color space and clamping type. Saturating where the stream promises
		// that it is not needed changes nothing.
		b.literal(2)
		d.ent.reset()
		d.seg = segmentation{}
		d.filter = filterHeader{}
		d.signBias = [numRefs]bool{}
	}
	d.seg.parse(b)
	d.filter.parse(b)
	fp.partitions = 1 << b.literal(2)
	if err := partitions(rest[fp.tag.firstPartSize:], fp.partitions, &d.tokens); err != nil {
		return saved, err
	}
	fp.quant.parse(b)
	if fp.tag.key {
		fp.refs = refUpdate{golden: true, altRef: true, last: true}
		fp.refreshEntropy = b.flag()
	} else {
		fp.refs.parse(b)
		d.signBias[refGolden] = b.flag()
		d.signBias[refAltRef] = b.flag()
		fp.refreshEntropy = b.flag()
		fp.refs.last = b.flag()
	}
	saved = d.ent
	d.ent.parseCoeffProbs(b)
	if d.modes.skipEnabled = b.flag(); d.modes.skipEnabled {
		d.modes.probSkip = uint8(b.literal(8))
	}
	if !fp.tag.key {
		d.modes.probIntra = uint8(b.literal(8))
		d.modes.probLast = uint8(b.literal(8))
		d.modes.probGF = uint8(b.literal(8))
		d.ent.parseModeProbs(b)
	}
	return saved, nil
}

// resize prepares for the size that a key frame announces.
func (d *Decoder) resize(tag *frameHeader) {
	d.width, d.height = tag.width, tag.height
	d.hScale, d.vScale = tag.hScale, tag.vScale
	mbw, mbh := (tag.width+15)/16, (tag.height+15)/16
	if d.started && d.grid.mbw == mbw && d.grid.mbh == mbh {
		return
	}
	d.started = true
	d.refs = references{}
	d.display = nil
	d.pool.resize(mbw, mbh)
	d.grid.resize(mbw, mbh)
	d.above = make([]blockContext, mbw)
}

func (d *Decoder) decodeFrame(fp *frameParams) {
	d.cur = d.pool.get()
	d.cur.prepareIntra()
	d.pred.setVersion(fp.tag.version)
	for s := range d.dq {
		index := fp.quant.index
		if d.seg.enabled {
			if d.seg.absolute {
				index = int(d.seg.quant[s])
			} else {
				index += int(d.seg.quant[s])
			}
		}
		d.dq[s] = fp.quant.factors(index)
	}
	filtered := d.filter.level != 0
	if filtered {
		d.lf.init(&d.filter, &d.seg, fp.tag.key)
	}
	clear(d.above)
	for y := range d.grid.mbh {
		d.decodeRow(y, &d.tokens[y&(fp.partitions-1)])
		// One row behind, because intra prediction wants unfiltered samples
		// (§15.1).
		if filtered && y > 0 {
			d.lf.row(d.cur, &d.grid, y-1)
		}
	}
	if filtered {
		d.lf.row(d.cur, &d.grid, d.grid.mbh-1)
	}
	d.cur.extend()
	d.refs.update(&fp.refs, d.cur)
}

func (d *Decoder) decodeRow(y int, br *boolReader) {
	var left blockContext
	for x := range d.grid.mbw {
		d.modes.read(x, y)
		m := &d.grid.mbs[d.grid.index(x, y)]
		m.coded = false
		if m.skip {
			d.above[x].clear(hasY2(m.mode))
			left.clear(hasY2(m.mode))
		} else {
			m.coded = d.coeffs.read(br, &d.ent.coeff, &d.above[x], &left, &d.dq[m.segment&3], hasY2(m.mode))
		}
		d.reconstruct(x, y, m)
	}
	// What the rightmost macroblock below takes for samples above and to the
	// right (§12.3).
	p := &d.cur.y
	end := p.at(p.w, y*16+15)
	fill(p.buf[end:][:4], p.buf[end-1])
}

func (d *Decoder) reconstruct(x, y int, m *mbInfo) {
	c := &d.coeffs
	if m.coded && hasY2(m.mode) {
		c.spreadY2()
	}
	switch {
	case m.ref != refIntra:
		d.pred.macroblock(d.cur, d.refs[m.ref&3], x, y, m)
	case m.mode == bPred:
		reconstructBPred(d.cur, x, y, m, c)
	default:
		predictIntra(&d.cur.y, d.cur.y.at(x*16, y*16), 16, m.mode, y > 0, x > 0)
	}
	if m.ref == refIntra {
		i := d.cur.u.at(x*8, y*8)
		predictIntra(&d.cur.u, i, 8, m.uvMode, y > 0, x > 0)
		predictIntra(&d.cur.v, i, 8, m.uvMode, y > 0, x > 0)
	}
	if m.coded {
		addResidue(d.cur, x, y, c, m.ref == refIntra && m.mode == bPred)
	}
}

// reconstructBPred predicts the luma subblocks one by one, each from its
// reconstructed neighbours. Without residue all of c.ends must be 0.
func reconstructBPred(cur *picture, x, y int, m *mbInfo, c *coefficients) {
	p := &cur.y
	base := p.at(x*16, y*16)
	// Subblocks on the right edge use the row above the macroblock (§12.3).
	var aboveRight [4]byte
	copy(aboveRight[:], p.buf[base-p.stride+16:][:4])
	for b := range 16 {
		i := base + b>>2*4*p.stride + b&3*4
		ar := aboveRight[:]
		if b&3 != 3 {
			ar = p.buf[i-p.stride+4:][:4]
		}
		e := loadEdge(p.buf, i, p.stride, ar)
		predict4x4(p.buf[i:], p.stride, &e, m.bModes[b])
		if m.coded {
			c.addTo(b, p.buf[i:], p.stride)
		}
	}
}

// addResidue adds the residue to a prediction; that of luma only if it has not
// been added yet.
func addResidue(cur *picture, x, y int, c *coefficients, chromaOnly bool) {
	if !chromaOnly {
		p := &cur.y
		base := p.at(x*16, y*16)
		for b := range 16 {
			c.addTo(b, p.buf[base+b>>2*4*p.stride+b&3*4:], p.stride)
		}
	}
	base, stride := cur.u.at(x*8, y*8), cur.u.stride
	for b := range 4 {
		i := base + b>>1*4*stride + b&1*4
		c.addTo(16+b, cur.u.buf[i:], stride)
		c.addTo(20+b, cur.v.buf[i:], stride)
	}
}

// viewOf returns the visible part of a picture.
func viewOf(pic *picture, width, height int) Frame {
	cw, ch := (width+1)/2, (height+1)/2
	view := func(p *plane, w, h int) []byte {
		return p.buf[p.origin:][: (h-1)*p.stride+w : (h-1)*p.stride+w]
	}
	return Frame{
		Y: view(&pic.y, width, height), U: view(&pic.u, cw, ch), V: view(&pic.v, cw, ch),
		YStride: pic.y.stride, UVStride: pic.u.stride, Width: width, Height: height,
	}
}
