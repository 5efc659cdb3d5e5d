package vp8

import "math/bits"

// boolWriter is the boolean entropy encoder of RFC 6386 §7.3. low carries the
// bottom of the interval with frac bits after the 8 that rng spans.
type boolWriter struct {
	buf  []byte
	low  uint64
	rng  uint32
	frac int
}

// flushAt is when whole bytes leave low. One bool adds at most 7 bits, and low
// needs room for the 8 bits of rng and a carry.
const flushAt = 40

func (w *boolWriter) init(buf []byte) {
	*w = boolWriter{buf: buf[:0], rng: 255}
}

// bit writes a bool whose probability of being false is p/256.
func (w *boolWriter) bit(v bool, p uint8) {
	split := 1 + ((w.rng-1)*uint32(p))>>8
	r := split
	if v {
		w.low += uint64(split)
		r = w.rng - split
	}
	shift := uint(bits.LeadingZeros8(uint8(r))) & 7
	w.rng = r << shift
	w.low <<= shift
	if w.frac += int(shift); w.frac >= flushAt {
		w.flush(8)
	}
}

// flush moves whole bytes out of low while at least keep bits follow the top 8.
func (w *boolWriter) flush(keep int) {
	for w.frac >= keep {
		top := w.low >> uint(w.frac)
		if top > 0xff {
			// The value is less than 1, so a carry stops within the output.
			i := len(w.buf) - 1
			for ; w.buf[i] == 0xff; i-- {
				w.buf[i] = 0
			}
			w.buf[i]++
		}
		w.buf = append(w.buf, byte(top))
		w.low &= 1<<uint(w.frac) - 1
		w.frac -= 8
	}
}

// finish writes what is left and returns the partition.
func (w *boolWriter) finish() []byte {
	pad := -w.frac & 7
	w.low <<= uint(pad)
	w.frac += pad
	w.flush(0)
	return w.buf
}

func (w *boolWriter) flag(v bool) { w.bit(v, 128) }

func (w *boolWriter) literal(v, n int) {
	for n--; n >= 0; n-- {
		w.bit(v>>uint(n)&1 == 1, 128)
	}
}

// optionalSigned writes F? L(n) sign : nothing, for a value that may be 0.
func (w *boolWriter) optionalSigned(v, n int) {
	w.flag(v != 0)
	if v != 0 {
		w.literal(max(v, -v), n)
		w.flag(v < 0)
	}
}

// code is one value's way through a tree: the branches, first one in the lowest
// bit, and how many there are.
type code struct {
	path, n uint8
	nodes   [12]uint8 // index of each branch's probability
}

// codes maps the values of a tree to their codes.
func (t tree) codes() []code {
	out := make([]code, len(t)/2+1)
	var walk func(node int, c code)
	walk = func(node int, c code) {
		for b := range 2 {
			d := c
			d.path |= uint8(b) << d.n
			d.nodes[d.n] = uint8(node >> 1)
			d.n++
			if next := t[node+b]; next > 0 {
				walk(int(next), d)
			} else {
				v := int(-next)
				for len(out) <= v {
					out = append(out, code{})
				}
				out[v] = d
			}
		}
	}
	walk(0, code{})
	return out
}

// tree writes a tree-coded value (§8.1).
func (w *boolWriter) tree(c *code, probs []uint8) {
	for i := range c.n {
		w.bit(c.path>>i&1 == 1, probs[c.nodes[i]])
	}
}

var (
	keyYModeCodes = keyYModeTree.codes()
	yModeCodes    = yModeTree.codes()
	uvModeCodes   = uvModeTree.codes()
	bModeCodes    = bModeTree.codes()
	mvRefCodes    = mvRefTree.codes()
	splitCodes    = splitTree.codes()
	subMVRefCodes = subMVRefTree.codes()
	smallMVCodes  = smallMVTree.codes()
)
