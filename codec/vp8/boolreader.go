package vp8

import (
	"encoding/binary"
	"math/bits"
)

// boolReader is the boolean entropy decoder of RFC 6386 §7.3. It keeps up to 64
// bits of the stream in value, the next bit on top, so that refills are rare.
// Past the end of the data it reads zeros, as the reference decoder does: a
// damaged stream decodes to a damaged picture, never to a fault.
type boolReader struct {
	data  []byte
	value uint64
	rng   uint32 // 128…255
	count int    // how many bits of value come from the stream
}

// endOfData is how many zero bits follow the data before fill has to be asked
// again.
const endOfData = 1 << 30

func (b *boolReader) init(data []byte) {
	*b = boolReader{data: data, rng: 255}
}

func (b *boolReader) fill() {
	if len(b.data) >= 8 {
		// Bits beyond the last whole byte are the right ones already; the
		// next fill sets them again to the same value.
		b.value |= binary.BigEndian.Uint64(b.data) >> uint(b.count)
		n := (64 - b.count) >> 3
		b.data = b.data[n:]
		b.count += n << 3
		return
	}
	for len(b.data) > 0 && b.count <= 56 {
		b.value |= uint64(b.data[0]) << uint(56-b.count)
		b.data = b.data[1:]
		b.count += 8
	}
	if b.count < 8 {
		b.count += endOfData
	}
}

// bit reads a bool whose probability of being false is p/256.
func (b *boolReader) bit(p uint8) bool {
	if b.count < 8 {
		b.fill()
	}
	split := 1 + ((b.rng-1)*uint32(p))>>8
	wide := uint64(split) << 56
	v, r := b.value, split
	hit := v >= wide
	if hit {
		r = b.rng - split
		v -= wide
	}
	shift := uint(bits.LeadingZeros8(uint8(r))) & 7
	b.rng = r << shift
	b.value = v << shift
	b.count -= int(shift)
	return hit
}

func (b *boolReader) flag() bool { return b.bit(128) }

// literal reads an n-bit unsigned number, high bit first: L(n) of §8.
func (b *boolReader) literal(n int) int {
	v := 0
	for range n {
		v <<= 1
		if b.bit(128) {
			v++
		}
	}
	return v
}

// signed reads an n-bit magnitude followed by its sign.
func (b *boolReader) signed(n int) int {
	v := b.literal(n)
	if b.flag() {
		return -v
	}
	return v
}

// optionalSigned reads F? signed(n) : 0.
func (b *boolReader) optionalSigned(n int) int {
	if !b.flag() {
		return 0
	}
	return b.signed(n)
}

// tree reads a tree-coded value (§8.1).
func (b *boolReader) tree(t tree, probs []uint8) int {
	i := 0
	for {
		if b.bit(probs[i>>1]) {
			i++
		}
		next := t[i]
		if next <= 0 {
			return int(-next)
		}
		i = int(next)
	}
}
