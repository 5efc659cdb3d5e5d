package rtpengine

import "time"

const (
	// Repairs get the bit rate that the path carries, for want of an estimate
	// repairUnknown, and that of a second in advance, but repairLeast bytes. A peer
	// behind a policer, which drops all that exceeds its rate, would otherwise be
	// sent more repairs than media, and lose them too.
	repairUnknown = 10_000_000
	repairAhead   = time.Second
	repairLeast   = 10 * 1200

	// repairsMost bounds what repairs take from media, for each packet of it.
	repairsMost = 1.0
)

// repairBudget is what may be sent again now, over all streams of a session.
type repairBudget struct {
	bytes float64
	at    time.Time // as of when
}

// mayRepair takes a packet of size bytes off the budget, if it is in it.
func (s *Session) mayRepair(now time.Time, size int) bool {
	rate := 0
	if s.cfg.RepairRate != nil {
		rate = s.cfg.RepairRate()
	}
	if rate <= 0 {
		rate = repairUnknown
	}
	bytes := float64(rate) / 8
	most := max(bytes*repairAhead.Seconds(), repairLeast)
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	b := &s.repairs
	if b.at.IsZero() {
		b.bytes = most
	}
	b.bytes = min(b.bytes+bytes*now.Sub(b.at).Seconds(), most)
	b.at = now
	if b.bytes < float64(size) {
		return false
	}
	b.bytes -= float64(size)
	return true
}

// adaptShare follows what share of the bit rate repairs took while the peer
// received so many packets of media.
func (ss *SendStream) adaptShare(packets int) {
	share := min(float64(ss.repaired)/float64(packets), repairsMost)
	ss.repaired = 0
	ss.repairs += (share - ss.repairs) / 4
	ss.noteOverhead()
}

func (ss *SendStream) noteOverhead() {
	rate := ss.repairs
	if ss.fec != nil {
		rate += ss.fec.rate
	}
	ss.overhead.Store(int64(rate * 1000))
}

// MediaShare is what of a bit rate is for media where the rest is for the packets
// that protect and repair it. It takes no lock.
func (ss *SendStream) MediaShare(bitrate int) int {
	return int(int64(bitrate) * 1000 / (1000 + ss.overhead.Load()))
}
