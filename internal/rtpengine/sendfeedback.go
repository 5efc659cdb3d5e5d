package rtpengine

import "time"

// nack answers one generic NACK item: pid and the 16 packets after it that
// blp names (RFC 4585 section 6.2.1).
func (ss *SendStream) nack(now time.Time, pid, blp uint16, rtt time.Duration, out Output) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed || !ss.started || !ss.cfg.NACK {
		return
	}
	ss.resend(now, pid, rtt, out)
	for i := range uint16(16) {
		if blp>>i&1 == 1 {
			ss.resend(now, pid+i+1, rtt, out)
		}
	}
}

func (ss *SendStream) resend(now time.Time, wire uint16, rtt time.Duration, out Output) {
	seq := extend(ss.highest, wire)
	if seq > ss.highest {
		return
	}
	seg := ss.segmentOf(seq)
	if seg == nil || seg.event || seq < ss.formed || ss.formLost(seq) {
		ss.stats.Missed++
		return
	}
	again := ss.resendOf(wire)
	if again.seq == wire && !again.at.IsZero() && now.Sub(again.at) < rtt*3/4 {
		return // probably still on its way
	}
	seg.ring.mu.RLock()
	defer seg.ring.mu.RUnlock()
	s := seg.ring.at(seq - seg.delta)
	if s == nil || s.epoch != seg.epoch {
		ss.stats.Missed++
		return
	}
	redundancy, ok := ss.repacked(seg, s, seq)
	if !ok {
		ss.stats.Missed++
		return
	}
	if !ss.session.mayRepair(now, probeHeader+len(s.buf)+redundancy) {
		return // it will be asked for again
	}
	*again = resend{seq: wire, at: now}
	buf := out.ReserveRTP(14 + 4*len(s.csrcs) + 4 + 64 + len(s.buf) + redundancy)
	if buf == nil {
		return
	}
	size, header := ss.transmit(now, s, seg, seq, buf, out, ss.cfg.rtx())
	ss.stats.RetransmittedPacketsSent++
	ss.stats.RetransmittedBytesSent += uint64(size - header)
	ss.repaired++
}

// Probe sends about so many bytes over RTX to show whether the path carries
// them, in packets of each bytes at most: packets that were sent before, or
// padding where they are larger. PacketResult.Probe tells them by id. It returns
// the bytes sent, 0 without RTX, feedback about single packets or packets to
// repeat.
func (ss *SendStream) Probe(now time.Time, id, bytes, each int, out Output) (sent int) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	seg := ss.current()
	if ss.closed || !ss.active || seg == nil || seg.event || !ss.cfg.rtx() || !ss.counted {
		return 0
	}
	seg.ring.mu.RLock()
	defer seg.ring.mu.RUnlock()
	ss.probe = id
	defer func() { ss.probe, ss.padding = 0, 0 }()
	for seq := ss.highest; sent < bytes; seq-- {
		if seq < seg.out || ss.highest-seq >= probeDepth {
			if sent == 0 {
				return 0
			}
			seq = ss.highest
		}
		s := seg.ring.at(seq - seg.delta)
		if s == nil {
			continue
		}
		buf := out.ReserveRTP(14 + 4*len(s.csrcs) + 4 + 64 + max(len(s.buf), 255))
		if buf == nil {
			return sent
		}
		if ss.padding = 0; len(s.buf)+probeHeader > each {
			ss.padding = byte(min(max(each-probeHeader, 1), 255))
		}
		size, header := ss.transmit(now, s, seg, seq, buf, out, true)
		if ss.padding == 0 {
			ss.stats.RetransmittedPacketsSent++
			ss.stats.RetransmittedBytesSent += uint64(size - header)
		}
		sent += size
	}
	return sent
}

// probeHeader is about what a packet has before its payload.
const probeHeader = 40

// probeDepth is how far back probes reach for packets to repeat.
const probeDepth = 32

// segmentOf finds the segment in which an extended sequence number was sent.
func (ss *SendStream) segmentOf(seq uint64) *segment {
	for i := range min(ss.nsegs, segmentsKept) {
		if seg := &ss.segs[(ss.nsegs-1-i)%segmentsKept]; seq >= seg.out {
			return seg
		}
	}
	return nil
}

// resendOf is the memory of when a packet was last sent again.
func (ss *SendStream) resendOf(wire uint16) *resend {
	if ss.resent == nil {
		ss.resent = make([]resend, resendsKept)
	}
	return &ss.resent[wire%resendsKept]
}

// pictureLoss handles PLI and FIR. FIR repeats with the same sequence number
// ask once (RFC 5104 section 4.3.1.2).
func (ss *SendStream) pictureLoss(fir bool, seq uint8) {
	ss.mu.Lock()
	if fir {
		repeat := ss.firSeen && ss.firSeq == seq
		ss.firSeen, ss.firSeq = true, seq
		if repeat {
			ss.mu.Unlock()
			return
		}
		ss.stats.FIRCount++
	} else {
		ss.stats.PLICount++
	}
	ask := ss.active && !ss.closed
	ss.mu.Unlock()
	if ask && ss.events.KeyFrame != nil {
		ss.events.KeyFrame()
	}
}

// report takes the peer's report on the stream (RFC 3550 section 6.4.1) and
// returns the round-trip time, 0 if it cannot be told, and how many packets the
// peer expected since its last report.
func (ss *SendStream) report(now time.Time, b *reportBlock) (rtt time.Duration, packets int) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if !ss.started {
		return 0, 0
	}
	rtx := b.ssrc != ss.cfg.SSRC
	if rtx {
		ss.rtxAcked = true
	} else {
		ss.acked = true
	}
	if d, ok := tripTime(now, b.lsr, b.dlsr); ok {
		rtt = d
	}
	if rtx {
		return rtt, 0
	}
	m := &ss.remote
	m.SSRC = b.ssrc
	m.ReportsReceived++
	m.Timestamp = now
	m.FractionLost = float64(b.fraction) / 256
	ss.loss = max(m.FractionLost, ss.loss+(m.FractionLost-ss.loss)/4)
	ss.adaptFEC()
	m.PacketsLost = int64(b.lost)
	m.Jitter = ticksDuration(int64(b.jitter), ss.clock)
	if first := ss.origin; b.highest != 0 {
		highest := extend(ss.highest, uint16(b.highest))
		if highest > ss.reported && highest <= ss.highest {
			packets = int(highest - ss.reported)
			ss.reported = highest
			ss.adaptShare(packets)
		}
		if expected := int64(highest-first) + 1; highest >= first && expected >= m.PacketsLost {
			m.PacketsReceived = uint64(expected - m.PacketsLost)
		}
	}
	if rtt > 0 {
		m.RoundTripTime = rtt
		m.TotalRoundTripTime += rtt
		m.RoundTripTimeMeasurements++
	}
	return rtt, packets
}

// senderInfo fills in the sender part of an SR; ok is false while there is
// nothing to report.
func (ss *SendStream) senderInfo(now time.Time) (r senderReport, ok bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if !ss.started || ss.closed {
		return r, false
	}
	r.ssrc = ss.cfg.SSRC
	r.ntp = ntpOf(now)
	// The pair of NTP and RTP time is what receivers synchronise by: the RTP
	// timestamp that a frame captured now would have (RFC 3550 section 6.4.1).
	capture := ss.capture
	if age := now.Sub(capture); age < -time.Second || age > 10*time.Second+now.Sub(ss.lastTime) {
		capture = ss.lastTime // by another machine's clock
	}
	r.rtp = ss.lastTS + uint32(ticks(now.Sub(capture), ss.clock))
	r.packets, r.octets = ss.ownPackets, ss.ownOctets
	return r, true
}

// Stats returns the counters of the stream.
func (ss *SendStream) Stats() (OutboundStats, RemoteInboundStats) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s := ss.stats
	s.SSRC, s.RTXSSRC, s.MID, s.RID = ss.cfg.SSRC, ss.cfg.RTXSSRC, ss.cfg.MID, ss.cfg.RID
	s.PayloadType, s.Active = ss.cfg.PayloadType, ss.active
	return s, ss.remote
}
