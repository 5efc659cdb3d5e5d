package vp8

import "fmt"

// coeffProbs are the token probabilities by plane type, band, context and node.
type coeffProbs [4][8][3][11]uint8

// entropy is what "refresh_entropy_probs" saves and restores (RFC 6386 §9.8).
type entropy struct {
	coeff  coeffProbs
	mv     [2][numMVProbs]uint8
	yMode  [4]uint8
	uvMode [3]uint8
}

func (e *entropy) reset() {
	e.coeff = defaultCoeffProbs
	e.mv = defaultMVProbs
	e.yMode = defaultYModeProbs
	e.uvMode = defaultUVProbs
}

// segmentation is the state of §9.3; it lasts until the next key frame.
type segmentation struct {
	enabled, updateMap bool
	absolute           bool
	quant, filter      [4]int8
	treeProbs          [3]uint8
}

// filterHeader is the state of §9.4; the deltas last until the next key frame.
type filterHeader struct {
	simple            bool
	level, sharpness  int
	deltaEnabled      bool
	refDelta, mdDelta [4]int8
}

// quantHeader holds the indices of §9.6.
type quantHeader struct {
	index                        int
	y1DC, y2DC, y2AC, uvDC, uvAC int
}

// frameHeader is the frame tag and, for key frames, the picture's size (§9.1).
type frameHeader struct {
	key, show      bool
	version        int
	firstPartSize  int
	width, height  int
	hScale, vScale uint8
}

// Sizes of the uncompressed data chunk.
const (
	tagSize    = 3
	keyTagSize = 10
)

// parseFrameTag reads the uncompressed chunk and returns what follows it.
func parseFrameTag(data []byte) (h frameHeader, rest []byte, err error) {
	if len(data) < tagSize {
		return h, nil, fmt.Errorf("%w: %d bytes, the frame tag has 3", ErrBitstream, len(data))
	}
	raw := int(data[0]) | int(data[1])<<8 | int(data[2])<<16
	h.key = raw&1 == 0
	h.version = raw >> 1 & 7
	h.show = raw>>4&1 == 1
	h.firstPartSize = raw >> 5
	rest = data[tagSize:]
	if h.version > 3 {
		return h, nil, fmt.Errorf("%w: version %d is reserved", ErrBitstream, h.version)
	}
	if h.key {
		if len(data) < keyTagSize {
			return h, nil, fmt.Errorf("%w: key frame of %d bytes", ErrBitstream, len(data))
		}
		if data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
			return h, nil, fmt.Errorf("%w: start code % x", ErrBitstream, data[3:6])
		}
		w := int(data[6]) | int(data[7])<<8
		v := int(data[8]) | int(data[9])<<8
		h.width, h.hScale = w&0x3fff, uint8(w>>14)
		h.height, h.vScale = v&0x3fff, uint8(v>>14)
		if h.width == 0 || h.height == 0 {
			return h, nil, fmt.Errorf("%w: picture of %dx%d", ErrBitstream, h.width, h.height)
		}
		rest = data[keyTagSize:]
	}
	if h.firstPartSize > len(rest) {
		return h, nil, fmt.Errorf("%w: first partition of %d bytes, %d are there", ErrBitstream, h.firstPartSize, len(rest))
	}
	return h, rest, nil
}

func (s *segmentation) parse(b *boolReader) {
	s.updateMap = false
	s.enabled = b.flag()
	if !s.enabled {
		return
	}
	s.updateMap = b.flag()
	if b.flag() {
		s.absolute = b.flag()
		for i := range s.quant {
			s.quant[i] = int8(b.optionalSigned(7))
		}
		for i := range s.filter {
			s.filter[i] = int8(b.optionalSigned(6))
		}
	}
	if s.updateMap {
		for i := range s.treeProbs {
			s.treeProbs[i] = 255
			if b.flag() {
				s.treeProbs[i] = uint8(b.literal(8))
			}
		}
	}
}

func (f *filterHeader) parse(b *boolReader) {
	f.simple = b.flag()
	f.level = b.literal(6)
	f.sharpness = b.literal(3)
	f.deltaEnabled = b.flag()
	if !f.deltaEnabled || !b.flag() {
		return
	}
	for _, deltas := range []*[4]int8{&f.refDelta, &f.mdDelta} {
		for i := range deltas {
			if b.flag() {
				deltas[i] = int8(b.signed(6))
			}
		}
	}
}

func (q *quantHeader) parse(b *boolReader) {
	q.index = b.literal(7)
	for _, delta := range []*int{&q.y1DC, &q.y2DC, &q.y2AC, &q.uvDC, &q.uvAC} {
		*delta = b.optionalSigned(4)
	}
}

// partitions splits data, which follows the first partition, into n token
// partitions (§9.5).
func partitions(data []byte, n int, out *[8]boolReader) error {
	sizes := data
	if len(data) < 3*(n-1) {
		return fmt.Errorf("%w: no room for the sizes of %d token partitions", ErrBitstream, n)
	}
	data = data[3*(n-1):]
	for i := range n {
		size := len(data)
		if i < n-1 {
			s := sizes[3*i:]
			size = int(s[0]) | int(s[1])<<8 | int(s[2])<<16
		}
		if size > len(data) {
			return fmt.Errorf("%w: token partition %d of %d bytes, %d are there", ErrBitstream, i, size, len(data))
		}
		out[i].init(data[:size])
		data = data[size:]
	}
	return nil
}

func (r *refUpdate) parse(b *boolReader) {
	*r = refUpdate{}
	r.golden = b.flag()
	r.altRef = b.flag()
	if !r.golden {
		r.copyGolden = b.literal(2)
	}
	if !r.altRef {
		r.copyAltRef = b.literal(2)
	}
}

// parseCoeffProbs reads the token probability updates (§13.4).
func (e *entropy) parseCoeffProbs(b *boolReader) {
	for i := range e.coeff {
		for j := range e.coeff[i] {
			for k := range e.coeff[i][j] {
				for t := range e.coeff[i][j][k] {
					if b.bit(coeffUpdateProbs[i][j][k][t]) {
						e.coeff[i][j][k][t] = uint8(b.literal(8))
					}
				}
			}
		}
	}
}

// parseModeProbs reads the mode and motion vector probability updates of an
// interframe (§9.10, §17.2).
func (e *entropy) parseModeProbs(b *boolReader) {
	if b.flag() {
		for i := range e.yMode {
			e.yMode[i] = uint8(b.literal(8))
		}
	}
	if b.flag() {
		for i := range e.uvMode {
			e.uvMode[i] = uint8(b.literal(8))
		}
	}
	for i := range e.mv {
		for j := range e.mv[i] {
			if b.bit(mvUpdateProbs[i][j]) {
				e.mv[i][j] = max(1, uint8(b.literal(7)<<1))
			}
		}
	}
}

// dequant holds the six factors of a quantiser index, by DC and AC (§14.1).
type dequant struct {
	y1, y2, uv [2]int32
}

func (q *quantHeader) factors(index int) (d dequant) {
	at := func(delta int) int { return min(max(index+delta, 0), 127) }
	d.y1 = [2]int32{int32(dcTable[at(q.y1DC)]), int32(acTable[at(0)])}
	// The scaling and clamping that §14.1 leaves to the reference decoder.
	d.y2 = [2]int32{int32(dcTable[at(q.y2DC)]) * 2, max(8, int32(acTable[at(q.y2AC)])*155/100)}
	d.uv = [2]int32{min(132, int32(dcTable[at(q.uvDC)])), int32(acTable[at(q.uvAC)])}
	return d
}
