package rtpengine

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
