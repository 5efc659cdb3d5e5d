package rtpengine

import "time"

// restoredPacket gives a Packet that stays until the callbacks have run.
func (s *Session) restoredPacket() *Packet {
	if s.restoredUsed == len(s.restored) {
		s.restored = append(s.restored, new(Packet))
	}
	s.restoredUsed++
	return s.restored[s.restoredUsed-1]
}

// arrived reports whether a packet has arrived, or is too old to tell.
func (st *ReceiveStream) arrived(ext uint64) bool {
	return ext+dupWindow <= st.highest || ext <= st.highest && st.seen[ext%dupWindow/64]>>(ext%64)&1 != 0
}

func (st *ReceiveStream) wasRestored(ext uint64) bool {
	return st.restored != nil && st.restored[ext%dupWindow/64]>>(ext%64)&1 != 0
}

// restore takes a packet that redundancy brought back. The reports and counters
// go on calling it lost (RFC 3550 section 6.4.1 counts what the network
// delivered); it is not asked for any more, and the program gets it. It reports
// false for a packet that is of no use.
func (st *ReceiveStream) restore(now time.Time, p *Packet, ext uint64) bool {
	if !st.started || ext < st.base || st.arrived(ext) || ext <= st.highest && st.wasRestored(ext) || !st.setCodec(p.PayloadType) {
		return false
	}
	if ext > st.highest+maxDropout {
		return false
	}
	if st.restored == nil {
		st.restored = new([dupWindow / 64]uint64)
	}
	st.open(ext)
	st.restored[ext%dupWindow/64] |= 1 << (ext % 64)
	if ext > st.highest {
		if ext > st.highest+1 && st.codec.NACK && !st.nack.missing(now, st.highest+1, ext) {
			st.key.need = st.key.need || st.asm.enabled && st.video
		}
		st.highest = ext
	} else {
		st.nack.arrived(now, ext)
	}
	p.Extended, p.Recovered, p.Arrival = ext, true, now
	st.pass(p)
	st.asm.insert(now, p)
	return true
}

// pass hands a packet to the program, if it wants packets.
func (st *ReceiveStream) pass(p *Packet) {
	if st.receiver.events.Packet == nil || len(p.Payload) == 0 {
		return
	}
	p.Codec = st.codec
	if p.PayloadType != st.pt { // a codec without frames, between those of another
		p.Codec = st.receiver.codecOf(p.PayloadType)
	}
	p.LocalTime, _ = st.localTime(p.Timestamp)
	st.session.deliver(delivery{stream: st, packet: p})
}
