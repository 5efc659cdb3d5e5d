package bitstream

import "strings"

// QP reads the quantiser index of a coded frame, for the statistics qpSum: of
// VP8 the base index (y_ac_qi, 0 to 127). ok is false for other codecs and for
// what is no frame.
func QP(mimeType string, data []byte) (qp int, ok bool) {
	if strings.EqualFold(mimeType, "video/vp8") {
		return vp8QP(data)
	}
	return 0, false
}

// vp8QP reads the frame header of RFC 6386 §9.2 to §9.6, in the order of §19.2.
func vp8QP(b []byte) (qp int, ok bool) {
	if len(b) < 3 {
		return 0, false
	}
	key := b[0]&1 == 0
	b = b[3:]
	if key {
		if len(b) < 7 {
			return 0, false
		}
		b = b[7:]
	}
	r := newBools(b)
	if key {
		r.u(2) // color_space, clamping_type
	}
	if r.flag() { // segmentation_enabled
		updateMap, updateData := r.flag(), r.flag()
		if updateData {
			r.u(1)           // segment_feature_mode
			r.optional(4, 8) // quantizer_update_value and its sign
			r.optional(4, 7) // lf_update_value and its sign
		}
		if updateMap {
			r.optional(3, 8) // segment_prob
		}
	}
	r.u(1 + 6 + 3) // filter_type, loop_filter_level, sharpness_level
	if r.flag() {  // loop_filter_adj_enable
		if r.flag() { // mode_ref_lf_delta_update
			r.optional(8, 7) // delta_magnitude and its sign
		}
	}
	r.u(2) // log2_nbr_of_dct_partitions
	qp = int(r.u(7))
	return qp, !r.short
}

// bools is the boolean decoder of RFC 6386 §7 for bits that are as likely one
// as zero, which is all that a frame header has. After the end of the data it
// reads zeros and sets short.
type bools struct {
	b           []byte
	value, span uint32 // two bytes of the stream, and the range
	shifts      int
	short       bool
}

func newBools(b []byte) bools {
	r := bools{b: b, span: 255}
	r.value = r.next()<<8 | r.next()
	return r
}

func (r *bools) next() uint32 {
	if len(r.b) == 0 {
		r.short = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return uint32(v)
}

func (r *bools) flag() bool {
	split := 1 + (r.span-1)*128>>8
	one := r.value >= split<<8
	if one {
		r.span -= split
		r.value -= split << 8
	} else {
		r.span = split
	}
	for r.span < 128 {
		r.value <<= 1
		r.span <<= 1
		if r.shifts++; r.shifts == 8 {
			r.shifts = 0
			r.value |= r.next()
		}
	}
	return one
}

func (r *bools) u(n int) uint32 {
	var v uint32
	for range n {
		v <<= 1
		if r.flag() {
			v |= 1
		}
	}
	return v
}

// optional passes over n values of some bits, each behind a flag.
func (r *bools) optional(n, bits int) {
	for range n {
		if r.flag() {
			r.u(bits)
		}
	}
}
