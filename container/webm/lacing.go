package webm

// unlace splits a block into its frames (RFC 9559 §10.3): 0 no lacing,
// 1 Xiph, 2 fixed size, 3 EBML.
func unlace(b []byte, lacing byte) (frames [][]byte, ok bool) {
	if lacing == 0 {
		return [][]byte{b}, true
	}
	if len(b) == 0 {
		return nil, false
	}
	count := int(b[0]) + 1
	b = b[1:]
	sizes := make([]int, count)
	switch lacing {
	case 1:
		for i := range count - 1 {
			for {
				if len(b) == 0 {
					return nil, false
				}
				c := b[0]
				b = b[1:]
				sizes[i] += int(c)
				if c != 255 {
					break
				}
			}
		}
	case 2:
		if len(b)%count != 0 {
			return nil, false
		}
		for i := range sizes {
			sizes[i] = len(b) / count
		}
	case 3:
		for i := range count - 1 {
			v, n := vint(b, false)
			if n == 0 || v == unknownSize {
				return nil, false
			}
			b = b[n:]
			if i == 0 {
				sizes[0] = int(min(v, maxBlock))
				continue
			}
			// "the difference with the previous size", as a signed integer
			// whose zero is in the middle of the range.
			diff := int64(v) - (1<<(7*n-1) - 1)
			size := int64(sizes[i-1]) + diff
			if size < 0 || size > maxBlock {
				return nil, false
			}
			sizes[i] = int(size)
		}
	}
	if lacing != 2 {
		rest := len(b)
		for _, s := range sizes[:count-1] {
			rest -= s
		}
		if rest < 0 {
			return nil, false
		}
		sizes[count-1] = rest
	}
	for _, s := range sizes {
		if s > len(b) {
			return nil, false
		}
		frames = append(frames, b[:s:s])
		b = b[s:]
	}
	return frames, true
}
