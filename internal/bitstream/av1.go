package bitstream

const (
	obuSequenceHeader = 1
	obuFrameHeader    = 3
	obuFrame          = 6
)

// av1 looks for a sequence header and a key frame in a temporal unit of OBUs
// with size fields (AV1 specification §5.3). Decoding can start at a shown
// key frame that comes with a sequence header.
func av1(b []byte) (in Info) {
	var reduced, sequence, key bool
	for len(b) > 0 {
		typ := b[0] >> 3 & 15
		extension, sized := b[0]&4 != 0, b[0]&2 != 0
		b = b[1:]
		if extension {
			if len(b) == 0 {
				break
			}
			b = b[1:]
		}
		size := len(b)
		if sized {
			n, used := LEB128(b)
			if used == 0 || n > uint64(len(b)-used) {
				break
			}
			b, size = b[used:], int(n)
		}
		payload := b[:size]
		b = b[size:]
		switch typ {
		case obuSequenceHeader:
			sequence = true
			h := av1Sequence(payload)
			in.Width, in.Height, reduced = h.Width, h.Height, h.reduced
		case obuFrame, obuFrameHeader:
			if len(payload) > 0 && !key {
				// show_existing_frame(1) frame_type(2) show_frame(1)
				key = reduced || payload[0]&0xe0 == 0 && payload[0]&0x10 != 0
			}
		}
	}
	in.KeyFrame = sequence && key
	return in
}

// AV1SequenceHeader returns the sequence header OBU of a temporal unit, whole
// with its header, or nil.
func AV1SequenceHeader(b []byte) []byte {
	for len(b) > 1 {
		head := 1
		if b[0]&4 != 0 {
			head = 2
		}
		if b[0]&2 == 0 || len(b) < head {
			return nil
		}
		n, used := LEB128(b[head:])
		if used == 0 || n > uint64(len(b)-head-used) {
			return nil
		}
		end := head + used + int(n)
		if b[0]>>3&15 == obuSequenceHeader {
			return b[:end]
		}
		b = b[end:]
	}
	return nil
}

// LEB128 reads a leb128() value (AV1 specification §4.10.5) and how many bytes it
// takes, 0 if it is malformed.
func LEB128(b []byte) (v uint64, used int) {
	for i := range min(8, len(b)) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

// AV1Sequence is what the start of a sequence header says.
type AV1Sequence struct {
	// Profile, Level and Tier are seq_profile, and seq_level_idx and seq_tier
	// of the first operating point.
	Profile, Level, Tier byte
	// Width and Height are the largest size of a frame, zero if the header is
	// cut short.
	Width, Height int
	reduced       bool
}

// ParseAV1Sequence reads a sequence header OBU that AV1SequenceHeader returned.
func ParseAV1Sequence(obu []byte) AV1Sequence {
	head := 1
	if len(obu) > 0 && obu[0]&4 != 0 {
		head = 2
	}
	if len(obu) < head {
		return AV1Sequence{}
	}
	_, used := LEB128(obu[head:])
	return av1Sequence(obu[head+used:])
}

// AV1Size is the largest size of a frame that the payload of a sequence header
// OBU allows, zeros if it is cut short.
func AV1Size(payload []byte) (width, height int) {
	h := av1Sequence(payload)
	return h.Width, h.Height
}

// av1Sequence reads sequence_header_obu (§5.5.1) up to the frame size.
func av1Sequence(b []byte) (h AV1Sequence) {
	r := bits{b: b}
	h.Profile = byte(r.u(3))
	r.u(1) // still_picture
	h.reduced = r.u(1) == 1
	if h.reduced {
		h.Level = byte(r.u(5))
	} else {
		av1OperatingPoints(&r, &h)
	}
	wBits, hBits := int(r.u(4))+1, int(r.u(4))+1
	width, height := int(r.u(wBits))+1, int(r.u(hBits))+1
	if !r.short {
		h.Width, h.Height = width, height
	}
	return h
}

func av1OperatingPoints(r *bits, h *AV1Sequence) {
	decoderModel, delayBits := false, 0
	if r.u(1) == 1 { // timing_info_present_flag
		r.u(32)
		r.u(32)
		if r.u(1) == 1 {
			uvlc(r)
		}
		if decoderModel = r.u(1) == 1; decoderModel {
			delayBits = int(r.u(5)) + 1
			r.u(32)
			r.u(10)
		}
	}
	initialDelay := r.u(1) == 1
	for i := range r.u(5) + 1 {
		r.u(12)
		level, tier := r.u(5), uint32(0)
		if level > 7 {
			tier = r.u(1)
		}
		if i == 0 {
			h.Level, h.Tier = byte(level), byte(tier)
		}
		if decoderModel && r.u(1) == 1 {
			r.u(delayBits)
			r.u(delayBits)
			r.u(1)
		}
		if initialDelay && r.u(1) == 1 {
			r.u(4)
		}
	}
}

func uvlc(r *bits) {
	zeros := 0
	for r.u(1) == 0 && !r.short {
		zeros++
	}
	if zeros < 32 {
		r.u(zeros)
	}
}
