package rtpengine

import "time"

const (
	reportInterval = time.Second            // for few streams
	reportSoon     = 100 * time.Millisecond // the first report about a stream
	reportRoom     = 1100                   // bytes of a compound packet
	blocksMost     = 31                     // RFC 3550: RC has five bits
)

// Poll does what is due: reports, NACKs, key frame requests, transport-wide
// feedback, and giving up packets that are missing too long. It returns when
// it wants to be called next, if nothing else happens.
func (s *Session) Poll(now time.Time, out Output) (next time.Time) {
	s.pollMu.Lock()
	defer s.pollMu.Unlock()
	s.deliverMu.Lock()
	s.recvMu.Lock()
	next, due := s.pollReceivers(now, out)
	s.recvMu.Unlock()
	s.hand()
	s.deliverMu.Unlock()
	if due && out != nil {
		s.report(now, out)
	}
	if at := s.pollEvents(now, out); !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next
}

// pollReceivers is Poll under the receive lock; due says that reports are.
func (s *Session) pollReceivers(now time.Time, out Output) (next time.Time, due bool) {
	if s.stale {
		s.rebuild()
	}
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, r := range s.receivers {
		for _, st := range r.streams {
			if !r.cfg.Receiving || st.ended {
				continue
			}
			st.asm.poll(now)
			s.urge(now, st, out)
			sooner(st.asm.deadline())
			if st.codec == nil {
				continue
			}
			if st.codec.NACK { // else nothing is asked for, however long it is due
				sooner(st.nack.due)
			}
			_, at := st.key.due(now, s.rtt())
			sooner(at)
		}
	}
	s.sendTransportFeedback(now, out)
	sooner(s.feedbackDue())
	if s.hurry.Swap(false) {
		s.quiet.Store(false)
		if s.nextReport.IsZero() || s.nextReport.Sub(now) > reportSoon {
			s.nextReport = now.Add(reportSoon)
		}
	}
	due = s.nextReport.IsZero() || !now.Before(s.nextReport)
	if due {
		s.collectBlocks(now)
		s.nextReport = now.Add(s.interval())
	}
	if s.quiet.Load() && len(s.blocks) == 0 {
		s.nextReport = time.Time{} // nothing to report on: be called when there is
	}
	sooner(s.nextReport)
	s.pollAt = next
	return next, due
}

// interval is the time to the next report: about a second, more with many
// streams, and randomised by half as RFC 3550 section 6.2 asks, so that peers
// do not fall into step.
func (s *Session) interval() time.Duration {
	n := len(s.blocks)
	s.sendMu.Lock()
	n += len(s.senders)
	s.sendMu.Unlock()
	d := reportInterval + time.Duration(n)*5*time.Millisecond
	return d/2 + time.Duration(uint64(s.rand()>>8)*uint64(d)>>24)
}

// collectBlocks makes the report blocks about what was received since the last
// report.
func (s *Session) collectBlocks(now time.Time) {
	s.blocks = s.blocks[:0]
	for _, r := range s.receivers {
		for _, st := range r.streams {
			// RFC 3550 section 6.4: only of sources heard since the last two reports
			if st.started && !st.ended && r.cfg.Receiving && now.Sub(st.stats.LastPacketReceived) < 5*time.Second {
				s.blocks = append(s.blocks, st.reportBlock(now))
			}
		}
	}
	s.timed = s.xrOn && len(s.blocks) > 0
}

// report sends SR or RR with SDES, in as many compound packets as it takes.
func (s *Session) report(now time.Time, out Output) {
	s.sendMu.Lock()
	senders := append([]*SendStream(nil), s.senders...)
	var heard map[uint32]reference // ours alone: an empty one stays the session's
	if len(s.heard) > 0 {
		heard, s.heard = s.heard, map[uint32]reference{}
	}
	s.sendMu.Unlock()
	blocks, b := s.blocks, s.out[:0]
	flush := func() {
		if len(b) > 0 {
			out.WriteRTCP(b)
		}
		b = b[:0]
	}
	quiet := true
	for _, ss := range senders {
		r, ok := ss.senderInfo(now)
		if !ok {
			continue
		}
		quiet = false
		extended := 0
		if len(heard) > 0 {
			extended = xrLen(len(heard))
		}
		if len(b)+28+8+len(s.name())+8+extended > reportRoom {
			flush()
		}
		room := (reportRoom - len(b) - 28 - 16 - len(s.name()) - extended) / reportBlockLen
		n := max(0, min(len(blocks), room, blocksMost))
		b = appendSenderReport(b, &r, blocks[:n])
		b = appendSDES(b, r.ssrc, s.name())
		if extended > 0 {
			b = appendDLRR(b, r.ssrc, now, heard)
		}
		blocks = blocks[n:]
	}
	for len(blocks) > 0 {
		flush()
		n := min(len(blocks), blocksMost)
		local := s.local.Load()
		b = appendReceiverReport(b, local, blocks[:n])
		b = appendSDES(b, local, s.name())
		blocks = blocks[n:]
	}
	if s.timed {
		local := s.local.Load()
		s.reference.Store(local)
		if len(b) == 0 { // a compound packet begins with a report
			b = appendReceiverReport(b, local, nil)
			b = appendSDES(b, local, s.name())
		}
		b = appendReferenceTime(b, local, now)
	}
	flush()
	s.out = b
	s.quiet.Store(quiet)
}

// Close says BYE for everything that was sent.
func (s *Session) Close(out Output) {
	s.sendMu.Lock()
	senders := append([]*SendStream(nil), s.senders...)
	s.sendMu.Unlock()
	for _, ss := range senders {
		s.RemoveSender(ss, out)
	}
	s.recvMu.Lock()
	receivers := append([]*Receiver(nil), s.receivers...)
	s.recvMu.Unlock()
	for _, r := range receivers {
		s.RemoveReceiver(r)
	}
}
