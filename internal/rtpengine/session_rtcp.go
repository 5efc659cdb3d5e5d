package rtpengine

import (
	"encoding/binary"
	"time"
)

// HandleRTCP takes a decrypted compound or reduced-size RTCP packet. What it
// asks for, such as retransmissions, goes to out. Everything up to the first
// malformed packet is obeyed.
func (s *Session) HandleRTCP(now time.Time, packet []byte, out Output) {
	s.names(packet)
	for b := packet; len(b) > 0; {
		p, rest, ok := nextRTCP(b)
		if !ok || !s.handleBlock(now, p, out) {
			s.recvMu.Lock()
			s.stats.Malformed++
			s.recvMu.Unlock()
			return
		}
		b = rest
	}
}

func (s *Session) handleBlock(now time.Time, p rtcpBlock, out Output) bool {
	b := p.body
	switch p.kind {
	case rtcpSR:
		r, ok := parseSenderInfo(b)
		if !ok {
			return false
		}
		s.senderReport(now, &r)
		return s.reports(now, b[24:], int(p.count))
	case rtcpRR:
		if len(b) < 4 {
			return false
		}
		return s.reports(now, b[4:], int(p.count))
	case rtcpBYE:
		return s.bye(b, int(p.count))
	case rtcpXR:
		return s.extendedReport(now, b)
	case rtcpRTPFB:
		if len(b) < 8 {
			return false
		}
		switch p.count {
		case fmtNACK:
			ss := s.senderOf(binary.BigEndian.Uint32(b[4:]))
			if ss == nil {
				return true
			}
			ss.mu.Lock()
			ss.stats.NACKCount++
			ss.mu.Unlock()
			rtt := s.rtt()
			for b = b[8:]; len(b) >= 4; b = b[4:] {
				ss.nack(now, binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), rtt, out)
			}
		case fmtTWCC, fmtCCFB:
			return s.packetFeedback(now, p.count, b)
		}
	case rtcpPSFB:
		if len(b) < 8 {
			return false
		}
		s.payloadFeedback(now, p.count, b)
	}
	return true
}

func (s *Session) payloadFeedback(now time.Time, format uint8, b []byte) {
	switch format {
	case fmtPLI:
		if ss := s.senderOf(binary.BigEndian.Uint32(b[4:])); ss != nil {
			ss.pictureLoss(false, 0)
		}
	case fmtFIR:
		for b = b[8:]; len(b) >= 8; b = b[8:] {
			if ss := s.senderOf(binary.BigEndian.Uint32(b)); ss != nil {
				ss.pictureLoss(true, b[4])
			}
		}
	case fmtALFB:
		rate, ok := parseREMB(b)
		if !ok {
			return
		}
		s.sendMu.Lock()
		s.remb = rate
		s.sendMu.Unlock()
		if s.cfg.REMB != nil {
			s.cfg.REMB(now, rate)
		}
	}
}

// names reads the CNAMEs first: SDES follows the sender report that needs them.
func (s *Session) names(packet []byte) {
	for b := packet; len(b) > 0; {
		p, rest, ok := nextRTCP(b)
		if !ok {
			return
		}
		b = rest
		if p.kind != rtcpSDES {
			continue
		}
		s.recvMu.Lock()
		for c := p.body; len(c) >= 4; {
			ssrc := binary.BigEndian.Uint32(c)
			items := c[4:]
			at := 0
			for at+1 < len(items) && items[at] != 0 {
				n := int(items[at+1])
				if at+2+n > len(items) {
					break
				}
				if rt := s.routes[ssrc]; items[at] == 1 && rt != nil && rt.stream != nil && rt.stream.cname != string(items[at+2:at+2+n]) {
					rt.stream.cname = string(items[at+2 : at+2+n])
				}
				at += 2 + n
			}
			if at >= len(items) || items[at] != 0 {
				break
			}
			c = c[min(len(c), 4+(at/4+1)*4):] // to the next 32-bit boundary after the end item
		}
		s.recvMu.Unlock()
	}
}

func (s *Session) senderReport(now time.Time, r *senderReport) {
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	rt := s.routes[r.ssrc]
	if rt == nil || rt.stream == nil || rt.rtx {
		return
	}
	rt.stream.senderReport(now, r)
	if r.ntp == 0 { // a sender without a wall clock (RFC 3550 section 6.4.1)
		rt.stream.srSeen = false
		return
	}
	s.tellClock(now, rt.stream.cname, r.ntp)
}

// clocksMost bounds the CNAMEs that a peer may make us remember.
const clocksMost = 64

// tellClock follows the offset between our clock and a sender's: the smallest
// seen, which had the least delay, rising slowly to follow drift.
func (s *Session) tellClock(now time.Time, cname string, ntp uint64) {
	d := now.Sub(ntpTime(ntp))
	old, ok := s.clocks[cname]
	switch {
	case !ok && len(s.clocks) >= clocksMost:
		return
	case !ok || d < old || d > old+time.Second:
		s.clocks[cname] = d
	default:
		s.clocks[cname] = old + (d-old)/64
	}
}

// localTime converts an RTP timestamp of the stream to this machine's clock:
// when a packet captured then would have arrived on the fastest path. Streams
// of one CNAME share the estimate, so differences between them are those at
// the sender.
func (st *ReceiveStream) localTime(ts uint32) (time.Time, bool) {
	t, ok := st.senderTime(ts)
	if !ok {
		return t, false
	}
	d, ok := st.session.clocks[st.cname]
	return t.Add(d), ok
}

func (s *Session) reports(now time.Time, b []byte, n int) bool {
	if len(b) < n*reportBlockLen {
		return false
	}
	for ; n > 0; n, b = n-1, b[reportBlockLen:] {
		r := parseReportBlock(b)
		if ss := s.senderOf(r.ssrc); ss != nil {
			rtt, packets := ss.report(now, &r)
			if rtt > 0 {
				s.noteRTT(rtt)
			}
			if s.cfg.Report != nil && packets > 0 {
				s.cfg.Report(now, float64(r.fraction)/256, packets)
			}
		}
	}
	return true
}

// noteRTT smooths as RFC 6298 does.
func (s *Session) noteRTT(rtt time.Duration) {
	if old := s.rttNow.Load(); old > 0 {
		rtt = time.Duration(old) + (rtt-time.Duration(old))/8
	}
	s.rttNow.Store(int64(rtt))
}

func (s *Session) bye(b []byte, n int) bool {
	if len(b) < 4*n {
		return false
	}
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	for ; n > 0; n, b = n-1, b[4:] {
		rt := s.routes[binary.BigEndian.Uint32(b)]
		if rt == nil || rt.stream == nil || rt.rtx {
			continue
		}
		st := rt.stream
		rt.receiver.forget(st)
		st.end(true)
		s.dropStream(st)
	}
	return true
}

// packetFeedback takes feedback about single packets.
func (s *Session) packetFeedback(now time.Time, format uint8, b []byte) bool {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	var res []PacketResult
	var ok bool
	if next := s.twccNext.Load(); format == fmtCCFB {
		res, ok = s.sentLog.ofPackets(b, next)
	} else {
		res, ok = s.sentLog.transportWide(b, next)
	}
	if ok && len(res) > 0 && s.cfg.Feedback != nil {
		s.cfg.Feedback(now, res)
	}
	return ok
}

// nextTransportSequence counts the packets that the peer gives feedback about.
// Their number is also what the transport-wide extension carries.
func (s *Session) nextTransportSequence(counted bool) uint16 {
	if !counted {
		return 0
	}
	return uint16(s.twccNext.Add(1) - 1)
}

// sent remembers a packet for the peer's feedback; key is its packetKey.
func (s *Session) sent(counted bool, wire uint16, key uint64, now time.Time, size, probe int) {
	if !counted {
		return
	}
	s.sendMu.Lock()
	s.sentLog.add(extend(s.twccNext.Load(), wire), key, now, size, probe)
	s.sendMu.Unlock()
}

// wantReport hastens the first sender report of a stream, which receivers need
// for synchronisation.
func (s *Session) wantReport(time.Time) {
	if !s.hurry.Swap(true) {
		s.wake(time.Time{})
	}
}
