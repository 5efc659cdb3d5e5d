package rtpengine

import (
	"encoding/binary"
	"time"
)

// Extended reports (RFC 3611) measure the round trip of those who only receive:
// a receiver tells its time (receiver reference time, RRTR), and senders answer
// with how long ago they have heard it (DLRR), as report blocks do for sender
// reports.
const (
	rtcpXR = 207

	xrReferenceTime = 4 // RFC 3611 section 4.4
	xrDLRR          = 5 // section 4.5
)

// reference is a receiver's time and when it arrived.
type reference struct {
	middle uint32
	at     time.Time
}

// referencesMost bounds the receivers whose time is remembered: peers of WebRTC
// have one SSRC for all their reports.
const referencesMost = 8

// xrLen is the length of an extended report with one DLRR sub-block for each of
// n receivers.
func xrLen(n int) int { return 8 + 4 + 12*n }

// appendReferenceTime appends a receiver's time.
func appendReferenceTime(dst []byte, ssrc uint32, now time.Time) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpXR, 0)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	dst = append(dst, xrReferenceTime, 0, 0, 2)
	dst = binary.BigEndian.AppendUint64(dst, ntpOf(now))
	return endRTCP(dst, start)
}

// appendDLRR answers the receivers whose time has been heard.
func appendDLRR(dst []byte, ssrc uint32, now time.Time, heard map[uint32]reference) []byte {
	start := len(dst)
	dst = beginRTCP(dst, rtcpXR, 0)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	dst = append(dst, xrDLRR, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(3*len(heard)))
	for from, r := range heard {
		dst = binary.BigEndian.AppendUint32(dst, from)
		dst = binary.BigEndian.AppendUint32(dst, r.middle)
		dst = binary.BigEndian.AppendUint32(dst, compactOf(now.Sub(r.at)))
	}
	return endRTCP(dst, start)
}

// extendedReport takes the blocks of an extended report; those of other types
// are passed over.
func (s *Session) extendedReport(now time.Time, b []byte) bool {
	if len(b) < 4 {
		return false
	}
	from := binary.BigEndian.Uint32(b)
	for b = b[4:]; len(b) >= 4; {
		n := 4 * int(binary.BigEndian.Uint16(b[2:]))
		if 4+n > len(b) {
			return false
		}
		kind, body := b[0], b[4:4+n]
		b = b[4+n:]
		switch {
		case kind == xrReferenceTime && n == 8:
			s.hearReference(from, reference{middle32(binary.BigEndian.Uint64(body)), now})
		case kind == xrDLRR:
			for ; len(body) >= 12; body = body[12:] {
				if binary.BigEndian.Uint32(body) == s.reference.Load() {
					s.answered(now, from, binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:]))
				}
			}
		}
	}
	return len(b) == 0
}

func (s *Session) hearReference(from uint32, r reference) {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if _, known := s.heard[from]; !known && len(s.heard) >= referencesMost {
		clear(s.heard)
	}
	s.heard[from] = r
}

// answered takes a sender's answer to our time.
func (s *Session) answered(now time.Time, from, last, delay uint32) {
	rtt, ok := tripTime(now, last, delay)
	if !ok {
		return
	}
	s.recvMu.Lock()
	if rt := s.routes[from]; rt != nil && rt.stream != nil && !rt.rtx {
		m := &rt.stream.remote
		m.RoundTripTime = rtt
		m.TotalRoundTripTime += rtt
		m.RoundTripTimeMeasurements++
	}
	s.recvMu.Unlock()
	s.noteRTT(rtt)
}

// tripTime is RFC 3550's A − LSR − DLSR; ok is false for a report that was
// never sent.
func tripTime(now time.Time, last, delay uint32) (rtt time.Duration, ok bool) {
	if last == 0 {
		return 0, false
	}
	switch d := int32(middle32(ntpOf(now)) - last - delay); {
	case d >= 0:
		rtt = max(compactDuration(uint32(d)), time.Microsecond)
	case d > -1<<10: // clocks round; a negative trip is a short one
		rtt = time.Microsecond
	}
	return rtt, rtt > 0 && rtt <= time.Minute
}
