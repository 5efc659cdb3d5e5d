package rtpengine

import (
	"encoding/binary"

	"trackway/internal/bitstream"
)

// vp9Packetizer writes the payload descriptor of RFC 9628 section 4.2 in the
// non-flexible mode with a 15-bit picture id, for streams of one spatial and
// one temporal layer; key frames carry a scalability structure with the size.
type vp9Packetizer struct{ pictureID uint16 }

func (p *vp9Packetizer) packetize(f *Frame, most int, w payloadWriter) error {
	h, ok := bitstream.VP9(f.Data)
	if !ok {
		return ErrMalformedFrame
	}
	if most <= 3+5 {
		return ErrFrameTooLarge
	}
	p.pictureID = (p.pictureID + 1) & 0x7FFF
	base := byte(0x81) // I, Z: no spatial layer refers to this one
	if !h.KeyFrame {
		base |= 0x40 // P
	}
	rest, begin := f.Data, byte(0x08) // B
	extra := 0
	if h.KeyFrame {
		base, extra = base|0x02, 5 // V
	}
	size := max(chunk(len(rest)+extra, most-3), extra+1)
	for len(rest) > 0 {
		n := min(size-extra, len(rest))
		first := base | begin
		if n == len(rest) {
			first |= 0x04 // E
		}
		b := append(w.next(), first)
		b = binary.BigEndian.AppendUint16(b, 0x8000|p.pictureID)
		if extra > 0 {
			b = append(b, 0x10) // N_S = 0 (one layer), Y
			b = binary.BigEndian.AppendUint16(b, uint16(h.Width))
			b = binary.BigEndian.AppendUint16(b, uint16(h.Height))
		}
		w.put(append(b, rest[:n]...), 0)
		// the scalability structure goes with the first packet only
		rest, begin, extra, base = rest[n:], 0, 0, base&^0x02
	}
	return nil
}

type vp9Descriptor struct {
	begin, end    bool
	inter         bool // P: predicted from an earlier picture
	interLayer    bool // D
	tid, sid      int
	sync          bool // U
	width, height int  // of the highest layer, from the scalability structure
	size          int
}

func parseVP9Descriptor(b []byte) (d vp9Descriptor, ok bool) {
	if len(b) < 1 {
		return d, false
	}
	first, at := b[0], 1
	d.begin, d.end, d.inter = first&0x08 != 0, first&0x04 != 0, first&0x40 != 0
	if first&0x80 != 0 { // I
		if len(b) <= at {
			return d, false
		}
		if b[at]&0x80 != 0 {
			at++
		}
		at++
	}
	flexible := first&0x10 != 0
	if first&0x20 != 0 { // L
		if len(b) <= at {
			return d, false
		}
		d.tid, d.sync, d.sid, d.interLayer = int(b[at]>>5), b[at]&0x10 != 0, int(b[at]>>1&7), b[at]&1 != 0
		at++
		if !flexible {
			at++ // TL0PICIDX
		}
	}
	if flexible && d.inter {
		for i := 0; ; i++ { // up to three P_DIFF, N says that more follow
			if len(b) <= at || i == 3 {
				return d, false
			}
			more := b[at]&1 != 0
			at++
			if !more {
				break
			}
		}
	}
	if first&0x02 != 0 { // V: the scalability structure
		if len(b) <= at {
			return d, false
		}
		layers, hasSize, hasGroup := int(b[at]>>5)+1, b[at]&0x10 != 0, b[at]&0x08 != 0
		at++
		if hasSize {
			if len(b) < at+4*layers {
				return d, false
			}
			last := b[at+4*(layers-1):]
			d.width, d.height = int(binary.BigEndian.Uint16(last)), int(binary.BigEndian.Uint16(last[2:]))
			at += 4 * layers
		}
		if hasGroup {
			if len(b) <= at {
				return d, false
			}
			n := int(b[at])
			at++
			for range n {
				if len(b) <= at {
					return d, false
				}
				at += 1 + int(b[at]>>2&3)
			}
		}
	}
	d.size = at
	return d, len(b) > at
}

// vp9Assembler puts VP9 superframes together: all spatial layers of a picture,
// one after the other, as decoders take them.
type vp9Assembler struct {
	packets       int
	inter         bool
	width, height int
}

func (*vp9Assembler) inspect(payload []byte) (info payloadInfo) {
	d, ok := parseVP9Descriptor(payload)
	if !ok {
		info.malformed = true
		return info
	}
	info.start = d.begin && d.sid == 0 && !d.interLayer
	info.key = info.start && !d.inter
	info.tid, info.sync = d.tid, d.sync
	return info
}

func (a *vp9Assembler) begin() { *a = vp9Assembler{} }

func (a *vp9Assembler) add(dst, payload []byte, f *Frame) ([]byte, error) {
	d, ok := parseVP9Descriptor(payload)
	if !ok || a.packets == 0 && !d.begin {
		return dst, ErrMalformedFrame
	}
	if a.packets == 0 {
		a.inter = d.inter
		f.TemporalIndex = d.tid
	}
	f.SpatialIndex = d.sid
	if d.width != 0 {
		a.width, a.height = d.width, d.height
	}
	a.packets++
	return append(dst, payload[d.size:]...), nil
}

func (a *vp9Assembler) finish(dst []byte, f *Frame) ([]byte, error) {
	h, ok := bitstream.VP9(dst)
	f.KeyFrame = !a.inter && ok && h.KeyFrame
	if f.KeyFrame {
		f.Width, f.Height = h.Width, h.Height
		if a.width != 0 {
			f.Width, f.Height = a.width, a.height
		}
	}
	return dst, nil
}
