package rtpengine

import "time"

// tailPause is how long a stream must have been quiet before its last packet is
// looked after: longer than feedback takes to be due at the receiver.
const tailPause = 150 * time.Millisecond

// ProbeTails sends the last packet of each video stream once more, over RTX,
// where the stream has fallen silent and no feedback says that the packet has
// arrived. A receiver learns of a loss from what comes behind it; behind the
// last packet nothing does. It is to be called every 100 ms or so while media
// is sent.
func (s *Session) ProbeTails(now time.Time, out Output) {
	s.pollMu.Lock()
	defer s.pollMu.Unlock()
	s.sendMu.Lock()
	s.tails = append(s.tails[:0], s.senders...)
	s.sendMu.Unlock()
	for _, ss := range s.tails {
		ss.probeTail(now, out)
	}
	clear(s.tails)
}

func (ss *SendStream) probeTail(now time.Time, out Output) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	quiet := now.Sub(ss.lastTime)
	if ss.fec != nil && !ss.closed && quiet >= fecGroupAge {
		ss.protect(now, true, out, &SendResult{}) // nothing came that they could share repair packets with
	}
	switch {
	case !ss.started || ss.closed || !ss.active || !ss.video || ss.tail == ss.highest,
		!ss.cfg.rtx(),
		quiet < tailPause+ss.session.rtt():
		return
	}
	ss.tail = ss.highest // once, whatever becomes of it
	if ss.counted && ss.session.arrived(ss.lastWire) {
		return
	}
	seg := ss.segmentOf(ss.highest)
	if seg == nil {
		return
	}
	seg.ring.mu.RLock()
	defer seg.ring.mu.RUnlock()
	s := seg.ring.at(ss.highest - seg.delta)
	if s == nil || s.epoch != seg.epoch {
		return
	}
	buf := out.ReserveRTP(14 + 4*len(s.csrcs) + 4 + 64 + len(s.buf))
	if buf == nil {
		return
	}
	size, header := ss.transmit(now, s, seg, ss.highest, buf, out, true)
	ss.stats.RetransmittedPacketsSent++
	ss.stats.RetransmittedBytesSent += uint64(size - header)
}

// arrived reports whether feedback says that the packet with a number of
// nextTransportSequence has arrived.
func (s *Session) arrived(wire uint16) bool {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if s.sentLog.slots == nil {
		return false
	}
	seq := extend(s.twccNext.Load(), wire)
	r := s.sentLog.at(seq)
	return r.set && r.seq == seq && r.settled
}
