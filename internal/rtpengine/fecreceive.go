package rtpengine

import (
	"encoding/binary"
	"time"
)

const (
	fecPackets = 256 // of a stream that are kept to repair others with
	fecRepairs = 32  // repair packets that wait for what they protect
	fecBehind  = 192 // how far behind the latest packet a repair packet may begin
	fecAhead   = 64  // and how far before it
	// fecPatience is how much longer a stream without NACK waits for a packet while
	// it has repair packets.
	fecPatience = 100 * time.Millisecond
)

// fecReceiving keeps what a stream can be repaired with. There is one from the
// first repair packet on; nobody pays for FEC that is only negotiated.
type fecReceiving struct {
	packets [fecPackets]fecPacket
	repairs [fecRepairs]fecRepair
	next    int // the repair packet to give up when another comes
}

// fecPacket is a packet as it was sent, in the open.
type fecPacket struct {
	seq uint64
	buf []byte
}

// fecRepair is a repair packet; buf is nil in a place that is free.
type fecRepair struct {
	base    uint64
	mask    fecMask
	missing fecMask // those of mask that have not come
	header  int
	buf     []byte // payload
}

// takeFEC takes a repair packet and returns the stream that it is for, or nil.
func (s *Session) takeFEC(now time.Time, r *Receiver, p *Packet) *ReceiveStream {
	h, ok := parseFEC(p.Payload)
	if !ok {
		if len(p.Payload) > 0 { // else it probes the path
			s.stats.Malformed++
		}
		return nil
	}
	rt := s.routes[h.ssrc]
	if rt == nil || rt.receiver != r || rt.rtx || rt.stream == nil || !rt.stream.started {
		return nil // repair of what has not begun
	}
	st := rt.stream
	st.fecSSRC = p.SSRC
	st.stats.FECPacketsReceived++
	st.stats.FECBytesReceived += uint64(len(p.Payload))
	// webrtc-stats: fecBytesReceived "is a subset of bytesReceived".
	st.stats.BytesReceived += uint64(len(p.Payload))
	st.stats.HeaderBytesReceived += uint64(p.HeaderLen + p.PaddingLen)
	if st.fec == nil {
		st.fec = &fecReceiving{}
		// What is missing may be in the repair packet behind it: do not ask at once.
		st.nack.reordered = true
	}
	if !st.fec.add(st, &h, p.Payload) {
		st.stats.FECPacketsDiscarded++
		return st
	}
	st.repairFEC(now)
	return st
}

// add keeps a repair packet; false if it is of no use.
func (f *fecReceiving) add(st *ReceiveStream, h *fecHeader, payload []byte) bool {
	base := extend(st.highest, h.base)
	if d := int64(base - st.highest); d < -fecBehind || d > fecAhead || len(payload) > bufferSize {
		return false
	}
	missing := h.mask
	for rest := h.mask; rest != (fecMask{}); {
		i := rest.first()
		rest.clear(i)
		switch seq := base + uint64(i); {
		case f.packet(seq) != nil:
			missing.clear(i)
		case st.arrived(seq):
			// It came before we kept packets, or over RTX: with other header extensions
			// than those that the repair packet was made of.
			return false
		}
	}
	if missing == (fecMask{}) {
		return false
	}
	r := &f.repairs[f.next]
	if f.next = (f.next + 1) % fecRepairs; r.buf != nil {
		st.stats.FECPacketsDiscarded++
		r.release()
	}
	*r = fecRepair{base: base, mask: h.mask, missing: missing, header: h.size, buf: append(getBuffer(), payload...)}
	return true
}

func (r *fecRepair) release() {
	putBuffer(r.buf)
	*r = fecRepair{}
}

// packet is what was sent with a sequence number, or nil.
func (f *fecReceiving) packet(seq uint64) []byte {
	if k := &f.packets[seq%fecPackets]; k.seq == seq {
		return k.buf
	}
	return nil
}

// keep remembers a packet. queued says that packets of the present call are still
// to be delivered, whose memory must not be given to others.
func (f *fecReceiving) keep(seq uint64, buf []byte, queued bool) {
	k := &f.packets[seq%fecPackets]
	if k.buf != nil && !queued {
		putBuffer(k.buf)
	}
	*k = fecPacket{seq, buf}
	for i := range f.repairs {
		if r := &f.repairs[i]; r.buf != nil && seq >= r.base && seq-r.base < fecReach {
			r.missing.clear(int(seq - r.base))
		}
	}
}

// protected notes a packet that has arrived and may have been missing.
func (st *ReceiveStream) protected(now time.Time, p *Packet, packet []byte) {
	seq := extend(st.highest, p.SequenceNumber)
	if p.again || seq > st.highest || seq+fecPackets <= st.highest || len(packet) > bufferSize || st.fec.packet(seq) != nil {
		return // not taken, or known
	}
	st.fec.keep(seq, append(getBuffer(), packet...), st.session.restoredUsed > 0)
	st.repairFEC(now)
}

// repairFEC restores what repair packets have one packet missing for. Each one
// that is restored may leave one missing for another: so rows and columns help
// each other.
func (st *ReceiveStream) repairFEC(now time.Time) {
	f := st.fec
	for more := true; more; {
		more = false
		for i := range f.repairs {
			r := &f.repairs[i]
			if r.buf == nil {
				continue
			}
			switch n := r.missing.count(); {
			case n == 0 || r.base+fecBehind < st.highest:
				st.stats.FECPacketsDiscarded++ // all has come, or its time is over
				r.release()
			case n == 1:
				more = true
				if !st.restoreFEC(now, r) {
					st.stats.FECPacketsDiscarded++
				}
				r.release()
			}
		}
	}
}

// restoreFEC makes the one packet that is missing (section 6.3).
func (st *ReceiveStream) restoreFEC(now time.Time, r *fecRepair) bool {
	f, s := st.fec, st.session
	seq := r.base + uint64(r.missing.first())
	for rest := r.mask; rest != (fecMask{}); {
		i := rest.first()
		rest.clear(i)
		if r.base+uint64(i) == seq {
			continue
		}
		packet := f.packet(r.base + uint64(i))
		if packet == nil {
			return false // another has taken its place since
		}
		addFEC(r.buf, r.header, packet)
	}
	size := int(binary.BigEndian.Uint16(r.buf[2:]))
	if size > len(r.buf)-r.header || 12+size > bufferSize {
		return false
	}
	buf := append(getBuffer(), 0x80|r.buf[0]&0x3F, r.buf[1])
	buf = binary.BigEndian.AppendUint16(buf, uint16(seq))
	buf = append(buf, r.buf[4:8]...)
	buf = binary.BigEndian.AppendUint32(buf, st.ssrc)
	buf = append(buf, r.buf[r.header:r.header+size]...)
	q := s.restoredPacket()
	if ParsePacket(buf, q) != nil || len(q.Payload) == 0 {
		return false
	}
	s.incoming.ids.parseExtensions(q)
	f.keep(seq, buf, true)
	return st.restore(now, q, seq)
}
