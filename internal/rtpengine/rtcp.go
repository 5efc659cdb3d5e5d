package rtpengine

import "encoding/binary"

// RTCP packet types and feedback formats.
const (
	rtcpSR    = 200
	rtcpRR    = 201
	rtcpSDES  = 202
	rtcpBYE   = 203
	rtcpRTPFB = 205
	rtcpPSFB  = 206

	fmtNACK = 1  // RTPFB, RFC 4585
	fmtCCFB = 11 // RTPFB, RFC 8888
	fmtTWCC = 15 // RTPFB, draft-holmer-rmcat-transport-wide-cc-extensions-01
	fmtPLI  = 1  // PSFB, RFC 4585
	fmtFIR  = 4  // PSFB, RFC 5104
	fmtALFB = 15 // PSFB, application layer feedback: REMB
)

// rtcpBlock is one packet of a compound packet.
type rtcpBlock struct {
	kind  uint8
	count uint8  // RC, SC or FMT
	body  []byte // after the four-byte header, without padding
}

// nextRTCP cuts the first packet off a compound packet (RFC 3550 appendix A.2;
// RFC 5506 permits any type to come first).
func nextRTCP(b []byte) (p rtcpBlock, rest []byte, ok bool) {
	if len(b) < 4 || b[0]>>6 != 2 {
		return p, nil, false
	}
	size := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
	if size > len(b) {
		return p, nil, false
	}
	p = rtcpBlock{kind: b[1], count: b[0] & 31, body: b[4:size]}
	if b[0]&0x20 != 0 {
		if len(p.body) == 0 {
			return p, nil, false
		}
		n := int(p.body[len(p.body)-1])
		if n == 0 || n > len(p.body) {
			return p, nil, false
		}
		p.body = p.body[:len(p.body)-n]
	}
	return p, b[size:], true
}

type senderReport struct {
	ssrc, rtp       uint32
	ntp             uint64
	packets, octets uint32
}

type reportBlock struct {
	ssrc     uint32
	fraction uint8
	lost     int32 // 24 bits, signed
	highest  uint32
	jitter   uint32
	lsr      uint32
	dlsr     uint32
}

const reportBlockLen = 24

func parseSenderInfo(b []byte) (r senderReport, ok bool) {
	if len(b) < 24 {
		return r, false
	}
	r.ssrc = binary.BigEndian.Uint32(b)
	r.ntp = binary.BigEndian.Uint64(b[4:])
	r.rtp = binary.BigEndian.Uint32(b[12:])
	r.packets = binary.BigEndian.Uint32(b[16:])
	r.octets = binary.BigEndian.Uint32(b[20:])
	return r, true
}

func parseReportBlock(b []byte) (r reportBlock) {
	r.ssrc = binary.BigEndian.Uint32(b)
	lost := binary.BigEndian.Uint32(b[4:])
	r.fraction = uint8(lost >> 24)
	r.lost = int32(lost<<8) >> 8
	r.highest = binary.BigEndian.Uint32(b[8:])
	r.jitter = binary.BigEndian.Uint32(b[12:])
	r.lsr = binary.BigEndian.Uint32(b[16:])
	r.dlsr = binary.BigEndian.Uint32(b[20:])
	return r
}

func appendReportBlock(dst []byte, r *reportBlock) []byte {
	dst = binary.BigEndian.AppendUint32(dst, r.ssrc)
	dst = binary.BigEndian.AppendUint32(dst, uint32(r.fraction)<<24|uint32(r.lost)&0xFFFFFF)
	dst = binary.BigEndian.AppendUint32(dst, r.highest)
	dst = binary.BigEndian.AppendUint32(dst, r.jitter)
	dst = binary.BigEndian.AppendUint32(dst, r.lsr)
	return binary.BigEndian.AppendUint32(dst, r.dlsr)
}

// beginRTCP appends a header whose length endRTCP writes.
func beginRTCP(dst []byte, kind, count uint8) []byte {
	return append(dst, 2<<6|count&31, kind, 0, 0)
}

func endRTCP(dst []byte, start int) []byte {
	for len(dst)&3 != start&3 {
		dst = append(dst, 0)
	}
	binary.BigEndian.PutUint16(dst[start+2:], uint16((len(dst)-start)/4-1))
	return dst
}

func appendSenderReport(dst []byte, r *senderReport, blocks []reportBlock) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpSR, uint8(len(blocks)))
	dst = binary.BigEndian.AppendUint32(dst, r.ssrc)
	dst = binary.BigEndian.AppendUint64(dst, r.ntp)
	dst = binary.BigEndian.AppendUint32(dst, r.rtp)
	dst = binary.BigEndian.AppendUint32(dst, r.packets)
	dst = binary.BigEndian.AppendUint32(dst, r.octets)
	for i := range blocks {
		dst = appendReportBlock(dst, &blocks[i])
	}
	return endRTCP(dst, start)
}

func appendReceiverReport(dst []byte, ssrc uint32, blocks []reportBlock) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpRR, uint8(len(blocks)))
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	for i := range blocks {
		dst = appendReportBlock(dst, &blocks[i])
	}
	return endRTCP(dst, start)
}

// appendSDES appends a source description with a CNAME (RFC 3550 section 6.5).
func appendSDES(dst []byte, ssrc uint32, cname string) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpSDES, 1)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	cname = cname[:min(len(cname), 255)]
	dst = append(dst, 1, byte(len(cname)))
	dst = append(dst, cname...)
	return endRTCP(append(dst, 0), start)
}

func appendBye(dst []byte, ssrcs []uint32) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpBYE, uint8(len(ssrcs)))
	for _, s := range ssrcs {
		dst = binary.BigEndian.AppendUint32(dst, s)
	}
	return endRTCP(dst, start)
}

func beginFeedback(dst []byte, kind, format uint8, sender, media uint32) []byte {
	dst = beginRTCP(dst, kind, format)
	dst = binary.BigEndian.AppendUint32(dst, sender)
	return binary.BigEndian.AppendUint32(dst, media)
}

// appendNACK appends a generic NACK for ascending sequence numbers.
func appendNACK(dst []byte, sender, media uint32, seqs []uint16) []byte {
	start := len(dst)
	dst = beginFeedback(dst, rtcpRTPFB, fmtNACK, sender, media)
	for i := 0; i < len(seqs); {
		pid, blp := seqs[i], uint16(0)
		for i++; i < len(seqs); i++ {
			d := seqs[i] - pid
			if d == 0 || d > 16 {
				break
			}
			blp |= 1 << (d - 1)
		}
		dst = binary.BigEndian.AppendUint16(dst, pid)
		dst = binary.BigEndian.AppendUint16(dst, blp)
	}
	return endRTCP(dst, start)
}

func appendPLI(dst []byte, sender, media uint32) []byte {
	start := len(dst)
	return endRTCP(beginFeedback(dst, rtcpPSFB, fmtPLI, sender, media), start)
}

func appendFIR(dst []byte, sender, media uint32, seq uint8) []byte {
	start := len(dst)
	dst = beginFeedback(dst, rtcpPSFB, fmtFIR, sender, 0)
	dst = binary.BigEndian.AppendUint32(dst, media)
	return endRTCP(append(dst, seq, 0, 0, 0), start)
}

// parseREMB reads the body of application layer feedback.
func parseREMB(b []byte) (bitrate uint64, ok bool) {
	if len(b) < 16 || string(b[8:12]) != "REMB" || len(b) < 16+4*int(b[12]) {
		return 0, false
	}
	exp := b[13] >> 2
	m := uint64(b[13]&3)<<16 | uint64(b[14])<<8 | uint64(b[15])
	if exp > 64-18 {
		return 1<<64 - 1, m != 0
	}
	return m << exp, true
}
