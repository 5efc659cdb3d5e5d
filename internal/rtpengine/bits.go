package rtpengine

// bitReader reads big-endian bits. Reading past the end gives zeros and sets
// over.
type bitReader struct {
	b    []byte
	at   int
	over bool
}

func (r *bitReader) bits(n int) uint32 {
	var v uint32
	for range n {
		v <<= 1
		i := r.at >> 3
		if i >= len(r.b) {
			r.over = true
			continue
		}
		v |= uint32(r.b[i]>>(7-r.at&7)) & 1
		r.at++
	}
	return v
}

func (r *bitReader) flag() bool { return r.bits(1) == 1 }

// ue reads an Exp-Golomb code (H.264 section 9.1).
func (r *bitReader) ue() uint32 {
	zeros := 0
	for !r.over && r.bits(1) == 0 {
		zeros++
		if zeros > 31 {
			r.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

func (r *bitReader) se() int32 {
	k := r.ue()
	if k&1 == 1 {
		return int32(k/2) + 1
	}
	return -int32(k / 2)
}

// leb128 reads an AV1 leb128() value; n is its length, 0 if it is malformed.
func leb128(b []byte) (v uint64, n int) {
	for i := 0; i < 8 && i < len(b); i++ {
		v |= uint64(b[i]&0x7F) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

func appendLeb128(dst []byte, v int) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func leb128Len(v int) int {
	n := 1
	for v >= 0x80 {
		n++
		v >>= 7
	}
	return n
}
