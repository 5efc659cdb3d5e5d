package rtpengine

import (
	"bytes"
	"encoding/binary"

	"trackway/internal/bitstream"
)

// NAL unit types of H.264 and of RFC 6184.
const (
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// h264Packetizer writes single NAL unit packets and, in packetization-mode 1,
// STAP-A and FU-A (RFC 6184 section 5.6).
type h264Packetizer struct{ single bool }

// nextNAL cuts the first NAL unit off an Annex B stream. Data without a start
// code is one NAL unit. Trailing zero bytes belong to the next start code.
func nextNAL(b []byte) (nal, rest []byte) {
	if i := startCode(b); i >= 0 && len(bytes.TrimLeft(b[:i], "\x00")) == 0 {
		b = b[i+3:]
	}
	end := startCode(b)
	if end < 0 {
		return bytes.TrimRight(b, "\x00"), nil
	}
	return bytes.TrimRight(b[:end], "\x00"), b[end:]
}

// nalType says whether a NAL unit header has a type of H.264 itself: 0 and 24
// to 31 are left to others, RTP among them (table 7-1).
func nalType(header byte) bool {
	t := header & 0x1F
	return t >= 1 && t <= 23
}

// startCode returns the offset of 00 00 01, or −1.
func startCode(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], 1)
		if i < 0 {
			return -1
		}
		if at += i; at >= 2 && b[at-1] == 0 && b[at-2] == 0 {
			return at - 2
		}
		at++
	}
}

func (p *h264Packetizer) packetize(f *Frame, max int, w payloadWriter) error {
	for rest := f.Data; len(rest) > 0; {
		var nal []byte
		if nal, rest = nextNAL(rest); len(nal) > 0 && !nalType(nal[0]) {
			return ErrMalformedFrame
		}
	}
	if p.single { // check first, so that nothing is sent of a frame that cannot be sent whole
		for rest := f.Data; len(rest) > 0; {
			var nal []byte
			if nal, rest = nextNAL(rest); len(nal) > max {
				return ErrFrameTooLarge
			}
		}
	}
	if max < 16 {
		return ErrFrameTooLarge
	}
	sent := false
	for rest := f.Data; len(rest) > 0; {
		var nal []byte
		nal, rest = nextNAL(rest)
		switch {
		case len(nal) == 0:
			continue
		case len(nal) > max:
			p.fragment(nal, max, w)
		case p.single:
			w.put(append(w.next(), nal...), 0)
		default:
			rest = p.aggregate(nal, rest, max, w)
		}
		sent = true
	}
	if !sent {
		return ErrMalformedFrame
	}
	return nil
}

// aggregate sends nal with as many of the following ones as fit, as a STAP-A;
// alone it is a single NAL unit packet. It returns what is left.
func (p *h264Packetizer) aggregate(nal, rest []byte, most int, w payloadWriter) []byte {
	b := w.next()
	count, size := 0, 1
	var header byte
	single := nal
	for len(nal) > 0 && size+2+len(nal) <= most {
		if count == 0 {
			b = append(b, nalSTAPA)
		}
		// NRI is the highest of the aggregated units, F the or of all.
		header = header&0x80 | nal[0]&0x80 | max(header&0x60, nal[0]&0x60)
		b = binary.BigEndian.AppendUint16(b, uint16(len(nal)))
		b = append(b, nal...)
		size += 2 + len(nal)
		count++
		if len(rest) == 0 {
			break
		}
		next, after := nextNAL(rest)
		if size+2+len(next) > most {
			break
		}
		nal, rest = next, after
	}
	if count < 2 {
		w.put(append(b[:0], single...), 0)
		return rest
	}
	b[0] = header | nalSTAPA
	w.put(b, 0)
	return rest
}

func (p *h264Packetizer) fragment(nal []byte, max int, w payloadWriter) {
	indicator, typ := nal[0]&0xE0|nalFUA, nal[0]&0x1F
	start := byte(0x80)
	size := chunk(len(nal)-1, max-2)
	for body := nal[1:]; len(body) > 0; start = 0 {
		n := min(size, len(body))
		end := byte(0)
		if n == len(body) {
			end = 0x40
		}
		b := append(w.next(), indicator, start|end|typ)
		w.put(append(b, body[:n]...), 0)
		body = body[n:]
	}
}

var annexB = []byte{0, 0, 0, 1}

// h264Assembler puts access units together in Annex B form, with four-byte
// start codes.
type h264Assembler struct {
	inFU bool
}

func (*h264Assembler) inspect(payload []byte) (info payloadInfo) {
	if len(payload) < 1 {
		info.malformed = true
		return info
	}
	switch typ := payload[0] & 0x1F; typ {
	case nalSTAPA:
		info.start = true
		for b := payload[1:]; len(b) > 2; {
			n := int(binary.BigEndian.Uint16(b))
			if n == 0 || 2+n > len(b) || !nalType(b[2]) {
				info.malformed = true
				return info
			}
			t := b[2] & 0x1F
			info.key = info.key || t == nalIDR || t == nalSPS
			b = b[2+n:]
		}
	case nalFUA:
		if len(payload) < 3 || !nalType(payload[1]) {
			info.malformed = true
			return info
		}
		info.start = payload[1]&0x80 != 0
		info.key = info.start && payload[1]&0x1F == nalIDR
	default:
		info.malformed = !nalType(payload[0])
		info.start = true
		info.key = typ == nalIDR || typ == nalSPS
	}
	// An access unit may begin with any of these; only the packet before tells.
	info.weakStart = true
	return info
}

func (a *h264Assembler) begin() { a.inFU = false }

func (a *h264Assembler) add(dst, payload []byte, f *Frame) ([]byte, error) {
	if len(payload) < 1 {
		return dst, ErrMalformedFrame
	}
	typ := payload[0] & 0x1F
	if a.inFU && typ != nalFUA {
		return dst, ErrMalformedFrame
	}
	switch {
	case typ == nalFUA:
		if len(payload) < 3 || !nalType(payload[1]) {
			return dst, ErrMalformedFrame
		}
		start, end := payload[1]&0x80 != 0, payload[1]&0x40 != 0
		if start == a.inFU {
			return dst, ErrMalformedFrame
		}
		if start {
			header := payload[0]&0xE0 | payload[1]&0x1F
			dst = append(append(dst, annexB...), header)
			f.KeyFrame = f.KeyFrame || header&0x1F == nalIDR
		}
		a.inFU = !end
		return append(dst, payload[2:]...), nil
	case typ == nalSTAPA:
		b := payload[1:]
		for len(b) > 2 {
			n := int(binary.BigEndian.Uint16(b))
			if n == 0 || 2+n > len(b) || !nalType(b[2]) {
				return dst, ErrMalformedFrame
			}
			dst = a.unit(dst, b[2:2+n], f)
			b = b[2+n:]
		}
		return dst, nil
	case !nalType(payload[0]):
		return dst, ErrMalformedFrame
	}
	return a.unit(dst, payload, f), nil
}

func (a *h264Assembler) unit(dst, nal []byte, f *Frame) []byte {
	switch nal[0] & 0x1F {
	case nalIDR:
		f.KeyFrame = true
	case nalSPS:
		if w, h := bitstream.H264Size(nal); w != 0 {
			f.Width, f.Height = w, h
		}
	}
	return append(append(dst, annexB...), nal...)
}

func (a *h264Assembler) finish(dst []byte, f *Frame) ([]byte, error) {
	if a.inFU || len(dst) == 0 {
		return dst, ErrMalformedFrame
	}
	return dst, nil
}
