package vp8

// border is how many samples a plane carries around the picture, so that most
// motion vectors that leave it need no special care. Chroma has the same.
const border = 32

// plane is one component of a reference picture: whole macroblocks plus border.
type plane struct {
	buf    []byte
	origin int // index in buf of the top left sample
	stride int
	w, h   int // in samples, multiples of 16 (luma) or 8 (chroma)
}

// at returns the index in buf of sample (x, y), which may lie in the border.
func (p *plane) at(x, y int) int { return p.origin + y*p.stride + x }

func planeSize(w, h int) int { return (w + 2*border) * (h + 2*border) }

func (p *plane) init(buf []byte, w, h int) {
	*p = plane{buf: buf, stride: w + 2*border, w: w, h: h}
	p.origin = border*p.stride + border
}

// prepareIntra writes the samples that intra prediction sees outside the
// picture: 127 above, including the top left corner and what lies above and to
// the right, 129 to the left (RFC 6386 §12).
func (p *plane) prepareIntra() {
	top := p.buf[p.at(-1, -1):][:p.w+1+16]
	for i := range top {
		top[i] = 127
	}
	for i, y := p.at(-1, 0), 0; y < p.h; y++ {
		p.buf[i] = 129
		i += p.stride
	}
}

// extend fills the border with copies of the nearest sample (§5).
func (p *plane) extend() {
	for y := range p.h {
		p.extendRow(y)
	}
	first := p.buf[p.at(-border, 0):][:p.stride]
	last := p.buf[p.at(-border, p.h-1):][:p.stride]
	for y := 1; y <= border; y++ {
		copy(p.buf[p.at(-border, -y):][:p.stride], first)
		copy(p.buf[p.at(-border, p.h-1+y):][:p.stride], last)
	}
}

func (p *plane) extendRow(y int) {
	row := p.buf[p.at(-border, y):][:p.stride]
	l, r := row[border], row[border+p.w-1]
	left, right := row[:border], row[border+p.w:]
	for i := range left {
		left[i] = l
	}
	for i := range right {
		right[i] = r
	}
}

// picture is a reconstructed frame that may serve as a reference.
type picture struct {
	y, u, v plane
	refs    int
}

// slack follows the last plane: vector loads may read, and never use, a few
// samples past a block.
const slack = 64

func newPicture(mbw, mbh int) *picture {
	w, h := mbw*16, mbh*16
	ly, lc := planeSize(w, h), planeSize(w/2, h/2)
	buf := make([]byte, ly+2*lc+slack)
	p := new(picture)
	p.y.init(buf[:ly+slack], w, h)
	p.u.init(buf[ly:ly+lc+slack], w/2, h/2)
	p.v.init(buf[ly+lc:], w/2, h/2)
	return p
}

func (p *picture) prepareIntra() {
	p.y.prepareIntra()
	p.u.prepareIntra()
	p.v.prepareIntra()
}

func (p *picture) extend() {
	p.y.extend()
	p.u.extend()
	p.v.extend()
}

// pool hands out pictures of one size. A picture with refs 0 is free.
type pool struct {
	mbw, mbh int
	pics     []*picture
}

func (p *pool) resize(mbw, mbh int) {
	if p.mbw != mbw || p.mbh != mbh {
		*p = pool{mbw: mbw, mbh: mbh}
	}
}

func (p *pool) get() *picture {
	for _, pic := range p.pics {
		if pic.refs == 0 {
			pic.refs = 1
			return pic
		}
	}
	pic := newPicture(p.mbw, p.mbh)
	pic.refs = 1
	p.pics = append(p.pics, pic)
	return pic
}

// assign makes *slot refer to pic and releases what it referred to.
func assign(slot **picture, pic *picture) {
	if pic != nil {
		pic.refs++
	}
	if *slot != nil {
		(*slot).refs--
	}
	*slot = pic
}

// refUpdate says what becomes of the golden and altref buffers after a frame
// (RFC 6386 §9.7).
type refUpdate struct {
	golden, altRef, last   bool
	copyGolden, copyAltRef int
}

// Values of copyGolden and copyAltRef; 2 means the other of the two buffers.
const (
	copyNone = iota
	copyLast
	copyOther
)

// references are the buffers that interframes predict from, by reference frame
// number; entry 0 is unused.
type references [numRefs]*picture

// update applies u after cur has been reconstructed. The reference decoder
// copies into altref before golden, so a swap of the two is not possible.
func (r *references) update(u *refUpdate, cur *picture) {
	switch u.copyAltRef {
	case copyLast:
		assign(&r[refAltRef], r[refLast])
	case copyOther:
		assign(&r[refAltRef], r[refGolden])
	}
	switch u.copyGolden {
	case copyLast:
		assign(&r[refGolden], r[refLast])
	case copyOther:
		assign(&r[refGolden], r[refAltRef])
	}
	if u.golden {
		assign(&r[refGolden], cur)
	}
	if u.altRef {
		assign(&r[refAltRef], cur)
	}
	if u.last {
		assign(&r[refLast], cur)
	}
}
