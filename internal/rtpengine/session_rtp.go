package rtpengine

import (
	"encoding/binary"
	"slices"
	"time"
)

// HandleRTP takes a decrypted RTP packet. The packet is read in place and not
// kept. RTCP that is due goes to out.
func (s *Session) HandleRTP(now time.Time, packet []byte, out Output) {
	s.deliverMu.Lock()
	defer s.deliverMu.Unlock()
	s.recvMu.Lock()
	s.takeRTP(now, packet, out)
	s.recvMu.Unlock()
	s.hand()
}

// takeRTP is HandleRTP under the receive lock.
func (s *Session) takeRTP(now time.Time, packet []byte, out Output) {
	if s.incoming == nil {
		s.incoming, s.stale = &incoming{}, true
	}
	if s.stale {
		s.rebuild()
	}
	p := &s.incoming.packet
	if ParsePacket(packet, p) != nil {
		s.stats.Malformed++
		return
	}
	s.incoming.ids.parseExtensions(p)
	if p.Ext.HasTransportCC && s.twccOn {
		s.twccIn.add(now, p.Ext.TransportCC, p.SSRC)
	}
	rt := s.route(now, p)
	if rt == nil {
		return
	}
	rt.last = now
	if rt.receiver.cfg.CongestionFeedback {
		s.ccfbIn.add(now, &rt.arrivals, p.SSRC, p.SequenceNumber, len(packet), 0)
	}
	if !rt.receiver.cfg.Receiving {
		return
	}
	st := rt.stream
	switch {
	case rt.fec:
		st = s.takeFEC(now, rt.receiver, p)
	case rt.rtx:
		s.repair(now, rt, p)
		st = rt.stream
	default:
		if !st.announced {
			st.announced = true
			if s.nextReport.IsZero() || s.nextReport.Sub(now) > reportSoon {
				s.nextReport = now.Add(reportSoon)
				s.pollBy(s.nextReport)
			}
			s.deliver(delivery{stream: st})
		}
		if primary := rt.receiver.red[p.PayloadType]; primary != 0 {
			st.handleRED(now, p, primary)
		} else {
			st.handle(now, p, false)
		}
		if st.fec != nil {
			st.protected(now, p, packet)
		}
	}
	if st != nil {
		s.urge(now, st, out)
		s.pollBy(st.asm.deadline())
		if st.codec != nil && st.codec.NACK {
			s.pollBy(st.nack.due)
		}
		if st.key.need {
			s.pollBy(st.key.next)
		}
	}
	if at := s.feedbackDue(); !at.IsZero() {
		s.pollBy(at)
		if !now.Before(at) {
			s.sendTransportFeedback(now, out)
		}
	}
}

// incoming is what a session needs once packets come; many only send.
type incoming struct {
	ids       idTable
	byPT      [128]*Receiver // nil where ambiguous
	ambiguous [128]bool
	packet    Packet
	inner     Packet // restored from packet
}

// rebuild makes the tables anew.
func (in *incoming) rebuild(receivers []*Receiver) {
	in.ids, in.byPT, in.ambiguous = idTable{}, [128]*Receiver{}, [128]bool{}
	for _, r := range receivers {
		in.ids.add(r.cfg.Extensions)
		for pt := range in.byPT {
			if !r.expects(uint8(pt)) {
				continue
			}
			if in.byPT[pt] != nil || in.ambiguous[pt] {
				in.byPT[pt], in.ambiguous[pt] = nil, true
				continue
			}
			in.byPT[pt] = r
		}
	}
}

// route finds where a packet goes: RFC 8843 section 9.2, in its order.
func (s *Session) route(now time.Time, p *Packet) *route {
	rt := s.routes[p.SSRC]
	if len(p.Ext.MID) > 0 {
		// "If the packet has a MID, and the packet's extended sequence number is
		// greater than that of the last MID update … update the MID"; "If the
		// MID is unknown … drop the packet."
		r := s.mids[string(p.Ext.MID)]
		if r == nil {
			if rt != nil && rt.receiver.cfg.MID == "" {
				return s.rid(now, rt, p)
			}
			s.stats.Unrouted++
			return nil
		}
		if rt == nil || rt.receiver != r {
			return s.learn(now, r, p)
		}
		return s.rid(now, rt, p)
	}
	if rt != nil {
		return s.rid(now, rt, p)
	}
	// A packet that comes after its m-section has gone tells no MID either: its
	// payload type must not give it to one that is left.
	if r := s.incoming.byPT[p.PayloadType]; r != nil && !s.wasReceived(p.SSRC) {
		return s.learn(now, r, p)
	}
	s.stats.Unrouted++
	return nil
}

// wasReceived reports whether an SSRC was one of a receiver that was removed.
func (s *Session) wasReceived(ssrc uint32) bool {
	return slices.Contains(s.former, ssrc)
}

// rid follows a change of the RtpStreamId of a known SSRC (RFC 8852).
func (s *Session) rid(now time.Time, rt *route, p *Packet) *route {
	switch {
	case rt.fec:
	case rt.rtx:
		if len(p.Ext.RepairedRID) > 0 && (rt.stream == nil || rt.stream.rid != string(p.Ext.RepairedRID)) {
			rt.stream = s.repaired(rt.receiver, p)
		}
	case len(p.Ext.RID) > 0 && len(rt.receiver.cfg.RIDs) > 0 && rt.stream.rid != string(p.Ext.RID):
		return s.learn(now, rt.receiver, p)
	}
	return rt
}

// Unsignalled SSRCs that a session remembers: a few for each receiver.
func (s *Session) routesMost() int { return 16 + 2*streamsPerReceiver*len(s.receivers) }

// learn binds a new SSRC to a receiver.
func (s *Session) learn(now time.Time, r *Receiver, p *Packet) *route {
	rtx, fec := r.rtxPT[p.PayloadType] != 0, r.fec[p.PayloadType]
	if !r.expects(p.PayloadType) {
		s.stats.Unrouted++ // a payload type that was not negotiated
		return nil
	}
	if s.unsignaled >= s.routesMost() && !s.evict(now) {
		s.stats.Refused++
		return nil
	}
	rt := &route{receiver: r, rtx: rtx, fec: fec}
	if fec { // which stream it repairs is in every packet
		s.bind(p.SSRC, rt)
		return rt
	}
	if rtx {
		rt.stream = s.repaired(r, p)
		if rt.stream != nil {
			rt.stream.rtxSSRC = p.SSRC
		}
		s.bind(p.SSRC, rt)
		return rt
	}
	rid := ""
	if len(r.cfg.RIDs) > 0 {
		if len(p.Ext.RID) > 0 && !r.knowsRID(p.Ext.RID) {
			s.stats.Unrouted++ // RFC 8853 section 5.4: an encoding that was refused
			return nil
		}
		rid = r.ridString(p.Ext.RID)
		if rid == "" {
			s.stats.Unrouted++ // which encoding is not known until a RID comes
			return nil
		}
	}
	rt.stream = r.streamFor(p.SSRC, rid)
	s.bind(p.SSRC, rt)
	return rt
}

// repaired finds the stream that an RTX stream repairs: by repaired-rid, or
// the only one there is.
func (s *Session) repaired(r *Receiver, p *Packet) *ReceiveStream {
	if len(p.Ext.RepairedRID) > 0 {
		for _, st := range r.streams {
			if st.rid == string(p.Ext.RepairedRID) {
				return st
			}
		}
		return nil
	}
	if len(r.streams) == 1 {
		return r.streams[0]
	}
	return nil
}

// evict forgets the unsignalled SSRC that has been silent longest, if that is
// long enough for it to be gone.
func (s *Session) evict(now time.Time) bool {
	var oldest uint32
	var ort *route
	for ssrc, rt := range s.routes {
		if !rt.known && (ort == nil || rt.last.Before(ort.last)) {
			oldest, ort = ssrc, rt
		}
	}
	if ort == nil || now.Sub(ort.last) < 5*time.Second {
		return false
	}
	if ort.stream != nil && !ort.rtx {
		ort.receiver.forget(ort.stream)
		s.dropStream(ort.stream)
	}
	s.dropRoute(oldest)
	return true
}

// repair undoes RTX (RFC 4588 section 4): the first two bytes of the payload
// are the original sequence number.
func (s *Session) repair(now time.Time, rt *route, p *Packet) {
	if rt.stream == nil {
		rt.stream = s.repaired(rt.receiver, p)
	}
	st := rt.stream
	codec := rt.receiver.repairedBy(p.PayloadType)
	if st == nil || codec == nil || len(p.Payload) < 2 || !st.started {
		return // padding that probes the path, or nothing to repair yet
	}
	q := &s.incoming.inner
	*q = *p
	q.SSRC, q.PayloadType = st.ssrc, codec.PayloadType
	q.SequenceNumber = binary.BigEndian.Uint16(p.Payload)
	q.Payload = p.Payload[2:]
	q.HeaderLen += 2
	st.handle(now, q, true)
}

// urge sends the feedback that a stream needs at once.
func (s *Session) urge(now time.Time, st *ReceiveStream, out Output) {
	if !st.asm.gapAt.IsZero() || st.asm.holding {
		st.asm.poll(now)
	}
	if st.nack.due.IsZero() && !st.key.need && !st.key.asked.Load() {
		return
	}
	b := s.feedbackPrefix()
	n := len(b)
	b = s.appendStreamFeedback(b, now, st)
	s.scratch = b
	if len(b) > n && out != nil {
		out.WriteRTCP(b)
	}
}

// appendStreamFeedback appends the NACK and key frame request that are due.
func (s *Session) appendStreamFeedback(b []byte, now time.Time, st *ReceiveStream) []byte {
	if st.codec == nil || st.ended {
		return b
	}
	local, rtt := s.local.Load(), s.rtt()
	if st.codec.NACK {
		if s.seqs = st.nack.collect(now, rtt, s.seqs[:0]); len(s.seqs) > 0 {
			b = appendNACK(b, local, st.ssrc, s.seqs)
			st.stats.NACKCount++
		}
	}
	if ask, _ := st.key.due(now, rtt); ask {
		switch {
		case st.codec.PLI || !st.codec.FIR:
			b = appendPLI(b, local, st.ssrc)
			st.stats.PLICount++
		default:
			b = appendFIR(b, local, st.ssrc, st.key.fir)
			st.key.fir++
			st.stats.FIRCount++
		}
	}
	return b
}

// feedbackPrefix begins a feedback packet: nothing with reduced size, else the
// empty report and CNAME that a compound packet must have (RFC 3550 section 6.1).
func (s *Session) feedbackPrefix() []byte {
	b := s.scratch[:0]
	if s.reduced.Load() {
		return b
	}
	local := s.local.Load()
	b = appendReceiverReport(b, local, nil)
	return appendSDES(b, local, s.name())
}

// feedbackDue is when feedback about single packets is to be sent next, zero if
// there is none to send.
func (s *Session) feedbackDue() time.Time {
	a, b := s.twccIn.due, s.ccfbIn.due
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// sendTransportFeedback sends the feedback about single packets that is due.
func (s *Session) sendTransportFeedback(now time.Time, out Output) {
	for !s.twccIn.due.IsZero() && !now.Before(s.twccIn.due) {
		b := s.feedbackPrefix()
		n := len(b)
		b = s.twccIn.append(b, s.local.Load())
		s.scratch = b
		if len(b) > n && out != nil {
			out.WriteRTCP(b)
		}
	}
	if s.ccfbIn.due.IsZero() || now.Before(s.ccfbIn.due) {
		return
	}
	for more := true; more; {
		var b []byte
		b, more = s.ccfbIn.append(s.feedbackPrefix(), now, s.local.Load())
		s.scratch = b
		if out != nil {
			out.WriteRTCP(b)
		}
	}
}
