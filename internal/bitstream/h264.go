package bitstream

// NAL unit types of H.264, table 7-1.
const (
	nalIDR = 5
	nalSPS = 7
)

// NALUnits yields the NAL units of an Annex B byte stream, without start
// codes and trailing zeros.
func NALUnits(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		start := -1
		for i := 0; i+2 < len(b); i++ {
			if b[i+2] > 1 {
				i += 2
				continue
			}
			if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
				continue
			}
			if start >= 0 {
				if n := trimZeros(b[start:i]); len(n) > 0 && !yield(n) {
					return
				}
			}
			start = i + 3
			i += 2
		}
		if start >= 0 {
			if n := trimZeros(b[start:]); len(n) > 0 {
				yield(n)
			}
		}
	}
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

func h264(b []byte) (in Info) {
	for n := range NALUnits(b) {
		switch n[0] & 0x1f {
		case nalIDR:
			in.KeyFrame = true
			return in
		case 1:
			return in
		case nalSPS:
			in.Width, in.Height = H264Size(n)
		}
	}
	return in
}

// H264Size reads the cropped picture size from a sequence parameter set
// (H.264 §7.3.2.1.1), or zeros if it is malformed.
func H264Size(sps []byte) (width, height int) {
	if len(sps) < 4 {
		return 0, 0
	}
	var buf [128]byte // no SPS with sane lists is longer before the size
	r := bits{b: unescape(buf[:0], sps[1:])}
	profile := r.u(8)
	r.u(16) // constraint flags, level
	r.ue()  // seq_parameter_set_id
	chroma, separate := uint32(1), uint32(0)
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if chroma = r.ue(); chroma == 3 {
			separate = r.u(1)
		}
		r.ue() // bit depths
		r.ue()
		r.u(1)
		if r.u(1) == 1 {
			lists := 8
			if chroma == 3 {
				lists = 12
			}
			for i := range lists {
				if r.u(1) == 1 {
					skipScalingList(&r, i)
				}
			}
		}
	}
	r.ue() // log2_max_frame_num_minus4
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.u(1)
		r.se()
		r.se()
		for range min(r.ue(), 255) {
			r.se()
		}
	}
	r.ue()
	r.u(1)
	mbWidth, mapUnits := r.ue()+1, r.ue()+1
	frameOnly := r.u(1)
	if frameOnly == 0 {
		r.u(1)
	}
	r.u(1)
	var left, right, top, bottom uint32
	if r.u(1) == 1 {
		left, right, top, bottom = r.ue(), r.ue(), r.ue(), r.ue()
	}
	if r.short || mbWidth > 1<<12 || mapUnits > 1<<12 {
		return 0, 0
	}
	// Cropping units: equations 7-19 to 7-22.
	unitX, unitY := uint32(1), 2-frameOnly
	if chroma != 0 && separate == 0 {
		if chroma < 3 {
			unitX = 2
		}
		if chroma == 1 {
			unitY *= 2
		}
	}
	width = int(mbWidth)*16 - int(unitX)*(int(left)+int(right))
	height = int(2-frameOnly)*int(mapUnits)*16 - int(unitY)*(int(top)+int(bottom))
	if width <= 0 || height <= 0 {
		return 0, 0
	}
	return width, height
}

func skipScalingList(r *bits, i int) {
	size := 16
	if i >= 6 {
		size = 64
	}
	last, next := int32(8), int32(8)
	for range size {
		if next != 0 {
			next = (last + r.se() + 256) & 0xff
		}
		if next != 0 {
			last = next
		}
	}
}

// unescape removes emulation prevention bytes (H.264 §7.3.1), as far as dst has
// room.
func unescape(dst, b []byte) []byte {
	zeros := 0
	for _, c := range b {
		if len(dst) == cap(dst) {
			break
		}
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}
