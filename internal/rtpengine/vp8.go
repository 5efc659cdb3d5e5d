package rtpengine

import "encoding/binary"

// vp8Packetizer writes the payload descriptor of RFC 7741 section 4.2 with a
// 15-bit picture id, TL0PICIDX and the temporal layer, in six bytes.
type vp8Packetizer struct {
	pictureID uint16
	tl0       uint8
}

const vp8DescriptorLen = 6

func (p *vp8Packetizer) packetize(f *Frame, max int, w payloadWriter) error {
	if len(f.Data) == 0 {
		return ErrMalformedFrame
	}
	max -= vp8DescriptorLen
	if max <= 0 {
		return ErrFrameTooLarge
	}
	p.pictureID = (p.pictureID + 1) & 0x7FFF
	if f.TemporalIndex == 0 {
		p.tl0++
	}
	first := byte(0x80) // X
	if f.NonReference {
		first |= 0x20 // N
	}
	layer := byte(f.TemporalIndex&3) << 6
	if f.LayerSync {
		layer |= 0x20 // Y
	}
	rest, start := f.Data, byte(0x10) // S
	size := chunk(len(rest), max)
	for len(rest) > 0 {
		n := min(size, len(rest))
		b := append(w.next(), first|start, 0xE0) // I, L, T
		b = binary.BigEndian.AppendUint16(b, 0x8000|p.pictureID)
		b = append(b, p.tl0, layer)
		w.put(append(b, rest[:n]...), 0)
		rest, start = rest[n:], 0
	}
	return nil
}

// vp8Descriptor is a payload descriptor, read.
type vp8Descriptor struct {
	start        bool // S and partition 0: the first packet of a frame
	nonReference bool
	pictureID    uint16
	picAt        int // offset of the picture id, 0 if absent
	pic15        bool
	tl0At        int // offset of TL0PICIDX, 0 if absent
	tl0          uint8
	tid          uint8
	sync         bool // Y
	hasTID       bool
	size         int
}

func parseVP8Descriptor(b []byte) (d vp8Descriptor, ok bool) {
	if len(b) < 1 {
		return d, false
	}
	d.start = b[0]&0x10 != 0 && b[0]&7 == 0
	d.nonReference = b[0]&0x20 != 0
	at := 1
	if b[0]&0x80 == 0 {
		d.size = 1
		return d, len(b) > 1
	}
	if len(b) < 2 {
		return d, false
	}
	flags := b[1]
	at++
	if flags&0x80 != 0 {
		if len(b) <= at {
			return d, false
		}
		d.picAt = at
		d.pictureID = uint16(b[at])
		if b[at]&0x80 != 0 {
			if len(b) <= at+1 {
				return d, false
			}
			d.pic15 = true
			d.pictureID = binary.BigEndian.Uint16(b[at:]) & 0x7FFF
			at++
		}
		at++
	}
	if flags&0x40 != 0 {
		if len(b) <= at {
			return d, false
		}
		d.tl0At, d.tl0 = at, b[at]
		at++
	}
	if flags&0x30 != 0 {
		if len(b) <= at {
			return d, false
		}
		if flags&0x20 != 0 {
			d.hasTID, d.tid, d.sync = true, b[at]>>6, b[at]&0x20 != 0
		}
		at++
	}
	d.size = at
	return d, len(b) > at
}

// vp8Size reads the size from a key frame (RFC 6386 section 9.1).
func vp8Size(b []byte) (width, height int, key bool) {
	if len(b) < 3 || b[0]&1 != 0 {
		return 0, 0, false
	}
	if len(b) < 10 || b[3] != 0x9D || b[4] != 0x01 || b[5] != 0x2A {
		return 0, 0, false
	}
	return int(binary.LittleEndian.Uint16(b[6:]) & 0x3FFF), int(binary.LittleEndian.Uint16(b[8:]) & 0x3FFF), true
}

// vp8Assembler puts VP8 frames together.
type vp8Assembler struct{ packets int }

func (*vp8Assembler) inspect(payload []byte) (info payloadInfo) {
	d, ok := parseVP8Descriptor(payload)
	if !ok {
		info.malformed = true
		return info
	}
	info.start = d.start
	info.tid = int(d.tid)
	info.nonReference = d.nonReference
	info.sync = d.sync
	if d.start {
		info.key = payload[d.size]&1 == 0
	}
	return info
}

func (a *vp8Assembler) begin() { a.packets = 0 }

func (a *vp8Assembler) add(dst, payload []byte, f *Frame) ([]byte, error) {
	d, ok := parseVP8Descriptor(payload)
	if !ok || a.packets == 0 && !d.start {
		return dst, ErrMalformedFrame
	}
	if a.packets == 0 {
		f.TemporalIndex, f.NonReference, f.LayerSync = int(d.tid), d.nonReference, d.sync
	}
	a.packets++
	return append(dst, payload[d.size:]...), nil
}

func (*vp8Assembler) finish(dst []byte, f *Frame) ([]byte, error) {
	if w, h, key := vp8Size(dst); key {
		f.KeyFrame, f.Width, f.Height = true, w, h
	}
	return dst, nil
}
