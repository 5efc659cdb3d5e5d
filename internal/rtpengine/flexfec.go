package rtpengine

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
	"strings"
)

// Flexible FEC in the form that browsers have: "flexfec-03" of
// draft-ietf-payload-flexible-fec-scheme-03, one protected stream, flexible
// masks. A repair packet is the exclusive-or of the packets that its mask names,
// from which any one of them follows.

// fecReach is how many packets a mask can name.
const fecReach = 109

// fecMask names packets by their distance from the first one.
type fecMask [2]uint64

func (m *fecMask) set(i int)   { m[i/64] |= 1 << (i % 64) }
func (m *fecMask) clear(i int) { m[i/64] &^= 1 << (i % 64) }
func (m *fecMask) count() int  { return bits.OnesCount64(m[0]) + bits.OnesCount64(m[1]) }

// first is the lowest packet named; the mask must not be empty.
func (m *fecMask) first() int {
	if m[0] != 0 {
		return bits.TrailingZeros64(m[0])
	}
	return 64 + bits.TrailingZeros64(m[1])
}

// The parts of a mask in the header: how many packets each names. Before each
// stands the bit k, which is set in the last one that there is.
var fecParts = [3]int{15, 31, 63}

// fecHeader is the header of a repair packet (section 4.2.2.1).
type fecHeader struct {
	ssrc uint32 // of the stream that is protected
	base uint16
	mask fecMask
	size int // of the header
}

const (
	fecMaskAt     = 18
	fecHeaderMost = fecMaskAt + 2 + 4 + 8
)

// parseFEC reads the header at the beginning of a repair packet's payload; ok
// is false for what is malformed or has another form: retransmissions (R), fixed
// masks (F) and several streams, none of which browsers send.
func parseFEC(b []byte) (h fecHeader, ok bool) {
	if len(b) < fecMaskAt+2 || b[0]&0xC0 != 0 || b[8] != 1 {
		return h, false
	}
	h.ssrc, h.base = binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint16(b[16:])
	at, named := fecMaskAt, 0
	for _, n := range fecParts {
		size := (n + 1) / 8
		if len(b) < at+size {
			return h, false
		}
		var part uint64 // bit n−1 is the first packet
		for _, c := range b[at : at+size] {
			part = part<<8 | uint64(c)
		}
		last := part>>n&1 == 1
		for i := range n {
			if part>>(n-1-i)&1 == 1 {
				h.mask.set(named + i)
			}
		}
		at, named = at+size, named+n
		if last {
			h.size = at
			return h, h.mask != fecMask{}
		}
	}
	return h, false
}

// size is the length of a header with the mask.
func (m *fecMask) headerSize() int {
	last := bits.Len64(m[0])
	if m[1] != 0 {
		last = 64 + bits.Len64(m[1])
	}
	switch {
	case last <= 15:
		return fecMaskAt + 2
	case last <= 15+31:
		return fecMaskAt + 6
	}
	return fecHeaderMost
}

// putFEC writes a header over the first bytes of a repair packet's payload, but
// for the eight that addFEC has made.
func putFEC(b []byte, h *fecHeader) {
	b[0] &= 0x3F // neither a retransmission nor a fixed mask
	binary.BigEndian.PutUint32(b[8:], 1<<24)
	binary.BigEndian.PutUint32(b[12:], h.ssrc)
	binary.BigEndian.PutUint16(b[16:], h.base)
	at, named := fecMaskAt, 0
	for _, n := range fecParts {
		size := (n + 1) / 8
		var part uint64
		for i := range n {
			if j := named + i; h.mask[j/64]>>(j%64)&1 == 1 {
				part |= 1 << (n - 1 - i)
			}
		}
		last := at+size == h.size
		if last {
			part |= 1 << n
		}
		for i := range size {
			b[at+i] = byte(part >> (8 * (size - 1 - i)))
		}
		at, named = at+size, named+n
		if last {
			return
		}
	}
}

// addFEC adds a packet to a repair packet's payload whose header has so many
// bytes (section 6.2): the first two bytes, the length of all but the fixed
// header, the timestamp, and all behind the fixed header. The payload is longer
// than any packet.
func addFEC(b []byte, header int, packet []byte) {
	b[0] ^= packet[0]
	b[1] ^= packet[1]
	binary.BigEndian.PutUint16(b[2:], binary.BigEndian.Uint16(b[2:])^uint16(len(packet)-12))
	binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])^binary.BigEndian.Uint32(packet[4:]))
	rest := b[header:]
	subtle.XORBytes(rest, rest, packet[12:min(len(packet), 12+len(rest))])
}

// isFlexFEC reports whether the codec is repair packets of the form above.
func (c Codec) isFlexFEC() bool { return strings.EqualFold(c.MimeType, "video/flexfec-03") }
