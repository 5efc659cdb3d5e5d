package rtpengine

import (
	"encoding/binary"
	"errors"
)

// Errors of parsing; the packet is to be dropped.
var (
	ErrShortPacket = errors.New("rtpengine: packet is too short")
	ErrVersion     = errors.New("rtpengine: RTP version is not 2")
	ErrPadding     = errors.New("rtpengine: padding is longer than the packet")
)

// ParsePacket reads an RTP packet into p without copying (RFC 3550 section
// 5.1). p.Ext stays empty: only a Session knows the ids.
func ParsePacket(b []byte, p *Packet) error {
	if len(b) < 12 {
		return ErrShortPacket
	}
	if b[0]>>6 != 2 {
		return ErrVersion
	}
	p.Version = 2
	p.Padding = b[0]&0x20 != 0
	p.Marker = b[1]&0x80 != 0
	p.PayloadType = b[1] & 0x7F
	p.SequenceNumber = binary.BigEndian.Uint16(b[2:])
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	p.NumCSRC = b[0] & 15
	n := 12 + 4*int(p.NumCSRC)
	if len(b) < n {
		return ErrShortPacket
	}
	for i := range int(p.NumCSRC) {
		p.CSRC[i] = binary.BigEndian.Uint32(b[12+4*i:])
	}
	p.ExtensionProfile, p.Extension = 0, nil
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return ErrShortPacket
		}
		p.ExtensionProfile = binary.BigEndian.Uint16(b[n:])
		size := 4 * int(binary.BigEndian.Uint16(b[n+2:]))
		n += 4
		if len(b) < n+size {
			return ErrShortPacket
		}
		p.Extension = b[n : n+size]
		n += size
	}
	p.HeaderLen = n
	end := len(b)
	p.PaddingLen = 0
	if p.Padding {
		p.PaddingLen = int(b[end-1])
		if p.PaddingLen == 0 || end-p.PaddingLen < n {
			return ErrPadding
		}
		end -= p.PaddingLen
	}
	p.Payload = b[n:end]
	p.Ext = Extensions{}
	p.Recovered, p.around, p.again = false, 0, false
	return nil
}

// AppendPacket appends the packet to dst with its CSRCs, extension block and
// payload, without padding.
func AppendPacket(dst []byte, p *Packet) []byte {
	first := byte(2<<6) | p.NumCSRC&15
	if len(p.Extension) > 0 {
		first |= 0x10
	}
	second := p.PayloadType & 0x7F
	if p.Marker {
		second |= 0x80
	}
	dst = append(dst, first, second)
	dst = binary.BigEndian.AppendUint16(dst, p.SequenceNumber)
	dst = binary.BigEndian.AppendUint32(dst, p.Timestamp)
	dst = binary.BigEndian.AppendUint32(dst, p.SSRC)
	for _, c := range p.CSRC[:p.NumCSRC&15] {
		dst = binary.BigEndian.AppendUint32(dst, c)
	}
	if len(p.Extension) > 0 {
		words := (len(p.Extension) + 3) / 4
		dst = binary.BigEndian.AppendUint16(dst, p.ExtensionProfile)
		dst = binary.BigEndian.AppendUint16(dst, uint16(words))
		dst = append(dst, p.Extension...)
		for range words*4 - len(p.Extension) {
			dst = append(dst, 0)
		}
	}
	return append(dst, p.Payload...)
}

// extend returns the 64-bit sequence number nearest to ref whose low 16 bits
// are seq. It never goes below zero when ref starts at 1<<16 or above.
func extend(ref uint64, seq uint16) uint64 {
	return ref + uint64(int64(int16(seq-uint16(ref))))
}
