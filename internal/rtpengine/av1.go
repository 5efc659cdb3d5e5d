package rtpengine

import "trackway/internal/bitstream"

// OBU types of the AV1 bitstream specification section 6.2.2.
const (
	obuSequenceHeader    = 1
	obuTemporalDelimiter = 2
	obuTileList          = 8
)

// av1Packetizer writes the aggregation header of section 4.4 of the AV1 RTP
// specification with W = 0: every OBU element has its length.
type av1Packetizer struct{}

// nextOBU cuts the first OBU off a low-overhead stream. body excludes header,
// extension and size field.
func nextOBU(b []byte) (header []byte, body, rest []byte, ok bool) {
	if len(b) < 1 || b[0]&0x80 != 0 {
		return nil, nil, nil, false
	}
	n := 1
	if b[0]&4 != 0 {
		n = 2
	}
	if len(b) < n {
		return nil, nil, nil, false
	}
	header, b2 := b[:n], b[n:]
	if b[0]&2 == 0 {
		return header, b2, nil, true
	}
	size, m := bitstream.LEB128(b2)
	if m == 0 || size > uint64(len(b2)-m) {
		return nil, nil, nil, false
	}
	return header, b2[m : m+int(size)], b2[m+int(size):], true
}

// dropped says that the OBU is not sent: section 5 of the RTP specification
// for temporal delimiters and tile lists.
func av1Dropped(header byte) bool {
	t := header >> 3 & 15
	return t == obuTemporalDelimiter || t == obuTileList
}

func (av1Packetizer) packetize(f *Frame, max int, w payloadWriter) error {
	if max < 16 {
		return ErrFrameTooLarge
	}
	sequence, any := false, false
	for rest := f.Data; len(rest) > 0; {
		h, _, r, ok := nextOBU(rest)
		if !ok {
			return ErrMalformedFrame
		}
		sequence = sequence || h[0]>>3&15 == obuSequenceHeader
		any = any || !av1Dropped(h[0])
		rest = r
	}
	if !any {
		return ErrMalformedFrame
	}
	b := append(w.next(), 0)
	if sequence {
		b[0] = 0x08 // N: a coded video sequence starts here
	}
	for rest := f.Data; len(rest) > 0; {
		var header, body []byte
		header, body, rest, _ = nextOBU(rest)
		if av1Dropped(header[0]) {
			continue
		}
		head := [2]byte{header[0] &^ 2}
		copy(head[1:], header[1:])
		element := head[:len(header)]
		for {
			size := len(element) + len(body)
			room := max - len(b)
			if room < 8 && room < size+leb128Len(size) { // too little to begin an element
				w.put(b, 0)
				b = append(w.next(), 0)
				room = max - 1
			}
			n := size
			if n+leb128Len(n) > room {
				n = room - leb128Len(room)
			}
			b = appendLeb128(b, n)
			b = append(b, element...)
			b = append(b, body[:n-len(element)]...)
			body, element = body[n-len(element):], nil
			if n == size {
				break
			}
			b[0] |= 0x40 // Y: the last element goes on in the next packet
			w.put(b, 0)
			b = append(w.next(), 0x80) // Z
		}
	}
	w.put(b, 0)
	return nil
}

// av1Assembler puts temporal units together in the low-overhead format: each
// OBU with a size field, without temporal delimiters.
type av1Assembler struct {
	sizeAt   int // where the OBU that is being continued begins in dst, −1 if none
	elements int
}

func (*av1Assembler) inspect(payload []byte) (info payloadInfo) {
	if len(payload) < 2 {
		info.malformed = true
		return info
	}
	info.start = payload[0]&0x80 == 0
	info.weakStart = payload[0]&0x08 == 0
	info.key = payload[0]&0x08 != 0
	return info
}

func (a *av1Assembler) begin() { *a = av1Assembler{sizeAt: -1} }

func (a *av1Assembler) add(dst, payload []byte, f *Frame) ([]byte, error) {
	if len(payload) < 2 {
		return dst, ErrMalformedFrame
	}
	head, b := payload[0], payload[1:]
	if head&0x80 != 0 != (a.sizeAt >= 0) {
		return dst, ErrMalformedFrame // Z without a Y before it, or the reverse
	}
	if head&0x08 != 0 && a.elements == 0 {
		f.KeyFrame = true
	}
	w := int(head >> 4 & 3)
	for i := 1; len(b) > 0; i++ {
		n := len(b)
		if w == 0 || i < w {
			v, m := bitstream.LEB128(b)
			if m == 0 || v > uint64(len(b)-m) {
				return dst, ErrMalformedFrame
			}
			b, n = b[m:], int(v)
		}
		element := b[:n]
		b = b[n:]
		last := len(b) == 0
		if w != 0 && last != (i == w) {
			return dst, ErrMalformedFrame
		}
		var err error
		if dst, err = a.element(dst, element, last && head&0x40 != 0, f); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// element takes one OBU element; more says that its OBU goes on in the next
// packet.
func (a *av1Assembler) element(dst, e []byte, more bool, f *Frame) ([]byte, error) {
	a.elements++
	if a.sizeAt < 0 {
		if len(e) == 0 {
			return dst, nil
		}
		a.sizeAt = len(dst)
	}
	dst = append(dst, e...)
	if more {
		return dst, nil
	}
	var err error
	dst, err = sealOBU(dst, a.sizeAt, f)
	a.sizeAt = -1
	return dst, err
}

// sealOBU gives the OBU that fills dst from at on its size field.
func sealOBU(dst []byte, at int, f *Frame) ([]byte, error) {
	obu := dst[at:]
	n := 1
	if obu[0]&0x80 != 0 {
		return dst, ErrMalformedFrame
	}
	if obu[0]&4 != 0 {
		n = 2
	}
	if len(obu) < n {
		return dst, ErrMalformedFrame
	}
	if av1Dropped(obu[0]) {
		return dst[:at], nil // section 5: receivers ignore them
	}
	if obu[0]&2 != 0 { // a sender that kept the size field
		_, body, rest, ok := nextOBU(obu)
		if !ok || len(rest) > 0 {
			return dst, ErrMalformedFrame
		}
		av1Note(obu, body, f)
		return dst, nil
	}
	body := len(obu) - n
	m := leb128Len(body)
	for range m {
		dst = append(dst, 0)
	}
	obu = dst[at:]
	copy(obu[n+m:], obu[n:n+body])
	appendLeb128(obu[n:n:n+m], body)
	obu[0] |= 2
	av1Note(obu, obu[n+m:], f)
	return dst, nil
}

func av1Note(obu, body []byte, f *Frame) {
	if obu[0]&4 != 0 {
		f.TemporalIndex, f.SpatialIndex = int(obu[1]>>5), int(obu[1]>>3&3)
	}
	if obu[0]>>3&15 == obuSequenceHeader {
		f.KeyFrame = true
		if w, h := bitstream.AV1Size(body); w != 0 {
			f.Width, f.Height = w, h
		}
	}
}

func (a *av1Assembler) finish(dst []byte, f *Frame) ([]byte, error) {
	if a.sizeAt >= 0 || len(dst) == 0 {
		return dst, ErrMalformedFrame
	}
	return dst, nil
}
