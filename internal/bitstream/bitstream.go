// Package bitstream reads from coded video frames the little that passing
// them on requires: whether decoding can start there, and how big the picture
// is. It never decodes, and is safe on garbage.
package bitstream

import "strings"

// Info is what the start of a frame says.
type Info struct {
	// KeyFrame says that decoding can start here.
	KeyFrame bool
	// Width and Height are in pixels; zero when the frame does not say, as
	// frames that are no key frames do not.
	Width, Height int
}

// Inspect reads the frame of a codec named by MIME type, in the form that
// package codec describes. Of an unknown video codec it knows nothing; every
// audio frame is a key frame.
func Inspect(mimeType string, data []byte) Info {
	switch strings.ToLower(mimeType) {
	case "video/vp8":
		return vp8(data)
	case "video/vp9":
		in, _ := VP9(data)
		return in
	case "video/h264":
		return h264(data)
	case "video/av1":
		return av1(data)
	}
	return Info{KeyFrame: strings.HasPrefix(strings.ToLower(mimeType), "audio/")}
}

// vp8 reads the frame tag and key frame header of RFC 6386 §9.1.
func vp8(b []byte) Info {
	if len(b) < 10 || b[0]&1 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return Info{}
	}
	return Info{
		KeyFrame: true,
		Width:    int(b[6]) | int(b[7]&0x3f)<<8,
		Height:   int(b[8]) | int(b[9]&0x3f)<<8,
	}
}

// VP9 reads the start of the uncompressed header, VP9 specification §6.2. ok is
// false for what is no VP9 frame.
func VP9(b []byte) (in Info, ok bool) {
	r := bits{b: b}
	if r.u(2) != 2 { // frame_marker
		return in, false
	}
	profile := r.u(1) | r.u(1)<<1
	if profile == 3 {
		r.u(1)
	}
	if r.u(1) == 1 { // show_existing_frame
		return in, !r.short
	}
	nonKey := r.u(1)
	r.u(2) // show_frame, error_resilient_mode
	if nonKey == 1 {
		return in, !r.short
	}
	if r.u(24) != 0x498342 {
		return in, false
	}
	if profile >= 2 {
		r.u(1) // ten_or_twelve_bit
	}
	if r.u(3) != 7 { // color_space other than RGB
		r.u(1) // color_range
		if profile == 1 || profile == 3 {
			r.u(3)
		}
	} else if profile == 1 || profile == 3 {
		r.u(1)
	}
	w, h := int(r.u(16))+1, int(r.u(16))+1
	if r.short {
		return in, false
	}
	return Info{KeyFrame: true, Width: w, Height: h}, true
}

// bits reads big-endian bits; after the end it yields zeros and sets short.
type bits struct {
	b     []byte
	pos   int
	short bool
}

func (r *bits) u(n int) uint32 {
	var v uint32
	for range n {
		v <<= 1
		if r.pos>>3 >= len(r.b) {
			r.short = true
			continue
		}
		v |= uint32(r.b[r.pos>>3]>>(7-r.pos&7)) & 1
		r.pos++
	}
	return v
}

// ue reads an unsigned Exp-Golomb code (H.264 §9.1); values beyond 32 bits
// count as the end of the data.
func (r *bits) ue() uint32 {
	zeros := 0
	for r.u(1) == 0 {
		zeros++
		if r.short || zeros > 31 {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.u(zeros)
}

func (r *bits) se() int32 {
	v := r.ue()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}
