package rtpengine

import (
	"time"
)

// The bounds of RFC 3550 appendix A.1.
const (
	maxDropout  = 3000
	maxMisorder = 1000
	dupWindow   = 2048
)

// ReceiveStream is one incoming RTP stream: one SSRC, and the RTX stream that
// repairs it. Its methods may be called from anywhere.
type ReceiveStream struct {
	receiver *Receiver
	session  *Session
	ssrc     uint32
	rtxSSRC  uint32
	rid      string
	cname    string
	pt       uint8
	codec    *PayloadCodec
	clock    uint32
	video    bool

	started  bool
	base     uint64
	highest  uint64
	seen     [dupWindow / 64]uint64
	restored *[dupWindow / 64]uint64 // by redundancy; nil before the first
	red      *redHistory
	fec      *fecReceiving
	fecSSRC  uint32
	badSeq   uint32 // sequence number that would confirm a restart, 1<<16 none
	received uint64 // without retransmissions over RTX

	jitterSet bool
	jitter    uint32 // times 16, as in RFC 3550 appendix A.8
	transit   int32
	jitterTS  uint32
	epoch     time.Time // arrival times are measured from here

	expectedPrior, receivedPrior uint64

	srSeen bool
	sr     senderReport
	srAt   time.Time

	nack nackList
	key  keyRequest
	asm  assembly

	stats     InboundStats
	remote    RemoteOutboundStats
	rotation  int
	announced bool
	ended     bool
}

func newReceiveStream(r *Receiver, ssrc uint32, rid string) *ReceiveStream {
	st := &ReceiveStream{receiver: r, session: r.session, ssrc: ssrc, rid: rid, badSeq: 1 << 16}
	st.stats.AudioLevel = 127
	st.asm.stream = st
	return st
}

// SSRC returns the stream's SSRC.
func (st *ReceiveStream) SSRC() uint32 { return st.ssrc }

// RID returns the stream's RtpStreamId, or "".
func (st *ReceiveStream) RID() string { return st.rid }

// RequestKeyFrame asks the sender for a key frame with the next packet that
// arrives or the next Poll. It may be called from any goroutine and callback.
func (st *ReceiveStream) RequestKeyFrame() {
	st.key.asked.Store(true)
	st.session.wake(time.Time{})
}

// senderTime converts an RTP timestamp to the sender's wall clock by its last
// sender report; ok is false before the first one.
func (st *ReceiveStream) senderTime(ts uint32) (t time.Time, ok bool) {
	if !st.srSeen {
		return t, false
	}
	return ntpTime(st.sr.ntp).Add(ticksDuration(int64(int32(ts-st.sr.rtp)), st.clock)), true
}

// setCodec selects the codec by payload type; false if it was not negotiated.
func (st *ReceiveStream) setCodec(pt uint8) bool {
	c := st.receiver.codecOf(pt)
	if c == nil {
		return false
	}
	if st.codec == nil || c.Codec.Format() != FormatUnknown && c != st.codec {
		if st.codec == nil || c.Codec != st.codec.Codec {
			st.clock, st.video = c.Codec.clock(), c.Codec.Video()
			st.asm.setCodec(c.Codec)
			st.jitterSet = false
		}
		st.codec, st.pt = c, pt
	}
	return true
}

// handle takes a packet of the stream. recovered says that it came over RTX.
func (st *ReceiveStream) handle(now time.Time, p *Packet, recovered bool) {
	if !st.setCodec(p.PayloadType) {
		st.stats.PacketsDiscarded++
		return
	}
	ext, ok := st.sequence(p.SequenceNumber, recovered)
	if !ok {
		st.stats.PacketsDiscarded++
		return
	}
	if !st.mark(ext) {
		if recovered { // a probe, or repaired twice: received all the same
			st.count(now, p, true)
			return
		}
		if ext+dupWindow <= st.highest {
			st.stats.PacketsDiscarded++
		} else {
			st.stats.PacketsDuplicated++
		}
		return
	}
	if recovered && ext < st.base {
		return // from before the stream began for us
	}
	p.Extended, p.Recovered, p.Arrival = ext, recovered, now
	st.count(now, p, recovered)
	if st.wasRestored(ext) { // the program has it
		st.nack.reordered = st.nack.reordered || !recovered
		return
	}
	switch {
	case ext > st.highest:
		if ext > st.highest+1 && st.codec.NACK {
			if !st.nack.missing(now, st.highest+1, ext) {
				st.key.need = st.key.need || st.asm.enabled && st.video
			}
		}
		st.highest = ext
	case ext < st.base: // sent before the one that came first
		if st.codec.NACK {
			st.nack.earlier(now, ext+1, st.base)
		}
		st.base = ext
		st.nack.reordered = true
	default:
		unasked, asked := st.nack.arrived(now, ext)
		// What comes by itself was late, not lost.
		st.nack.reordered = st.nack.reordered || !recovered && (unasked || st.codec.RTXPayloadType != 0)
		if p.again = asked > 0 && !recovered; asked > 0 {
			st.session.noteRepair(asked)
		}
	}
	st.receiver.noteSources(now, st.clock, p)
	st.pass(p)
	st.asm.insert(now, p)
}

// sequence extends a sequence number over wraps. A leap is believed when the
// next packet confirms it (RFC 3550 appendix A.1).
func (st *ReceiveStream) sequence(seq uint16, recovered bool) (ext uint64, ok bool) {
	if !st.started {
		if recovered {
			return 0, false
		}
		ext = 1<<16 + uint64(seq)
		st.begin(ext)
		return ext, true
	}
	ext = extend(st.highest, seq)
	if d := int64(ext - st.highest); d <= maxDropout && d > -maxMisorder-dupWindow {
		if !recovered {
			st.badSeq = 1 << 16
		}
		return ext, true
	}
	if recovered {
		return 0, false
	}
	if uint32(seq) == st.badSeq {
		st.stats.PacketsLost = st.lost() // what the old sequence lost stays lost
		ext = 1<<16 + uint64(seq)
		st.begin(ext)
		st.asm.restart()
		st.asm.floor = 0 // another sequence
		return ext, true
	}
	st.badSeq = uint32(seq + 1)
	return 0, false
}

// begin starts counting at a sequence number.
func (st *ReceiveStream) begin(ext uint64) {
	lost := st.stats.PacketsLost
	st.started, st.base, st.highest, st.badSeq = true, ext, ext-1, 1<<16
	st.received, st.expectedPrior, st.receivedPrior = 0, 0, 0
	st.seen, st.restored, st.red, st.fec = [dupWindow / 64]uint64{}, nil, nil, nil
	st.nack = nackList{items: st.nack.items[:0], reordered: st.nack.reordered}
	st.jitterSet = false
	st.stats.PacketsLost = lost
}

// mark notes an arrival; false if it is a duplicate or too old to tell.
func (st *ReceiveStream) mark(ext uint64) bool {
	if ext+dupWindow <= st.highest {
		return false
	}
	st.open(ext)
	word, bit := &st.seen[ext%dupWindow/64], uint64(1)<<(ext%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// open clears what the windows say of the packets after the highest, up to ext.
func (st *ReceiveStream) open(ext uint64) {
	for s := st.highest + 1; s <= ext; s++ {
		st.seen[s%dupWindow/64] &^= 1 << (s % 64)
		if st.restored != nil {
			st.restored[s%dupWindow/64] &^= 1 << (s % 64)
		}
	}
}

// count keeps the statistics of RFC 3550 and webrtc-stats.
func (st *ReceiveStream) count(now time.Time, p *Packet, recovered bool) {
	s := &st.stats
	s.PacketsReceived++
	s.BytesReceived += uint64(len(p.Payload) + p.around)
	s.HeaderBytesReceived += uint64(p.HeaderLen + p.PaddingLen)
	s.LastPacketReceived = now
	if recovered {
		s.RetransmittedPacketsReceived++
		s.RetransmittedBytesReceived += uint64(len(p.Payload))
		return
	}
	st.received++
	if p.Ext.HasAudioLevel {
		s.AudioLevel = p.Ext.AudioLevel
	}
	// Jitter compares packets of different sampling instants: those of one
	// picture leave in a burst that says nothing about the path.
	if st.jitterSet && p.Timestamp == st.jitterTS {
		return
	}
	if st.epoch.IsZero() {
		st.epoch = now
	}
	transit := int32(uint32(ticks(now.Sub(st.epoch), st.clock)) - p.Timestamp)
	if st.jitterSet {
		d := transit - st.transit
		if d < 0 {
			d = -d
		}
		// appendix A.8; a break of the timeline is not jitter
		if uint32(d) < 5*st.clock {
			st.jitter += uint32(d) - (st.jitter+8)>>4
		}
	}
	st.jitterSet, st.jitterTS, st.transit = true, p.Timestamp, transit
}

func (st *ReceiveStream) expected() uint64 { return st.highest - st.base + 1 }

func (st *ReceiveStream) lost() int64 {
	if !st.started {
		return 0
	}
	return st.stats.PacketsLost + int64(st.expected()) - int64(st.received)
}

// reportBlock makes the stream's report (RFC 3550 section 6.4.1).
func (st *ReceiveStream) reportBlock(now time.Time) reportBlock {
	expected := st.expected()
	b := reportBlock{ssrc: st.ssrc, highest: uint32(st.highest), jitter: st.jitter >> 4}
	b.lost = int32(max(-1<<23, min(st.lost(), 1<<23-1)))
	de, dr := int64(expected-st.expectedPrior), int64(st.received-st.receivedPrior)
	if de > 0 && de > dr {
		b.fraction = uint8(min(255, (de-dr)<<8/de))
	}
	st.expectedPrior, st.receivedPrior = expected, st.received
	if st.srSeen {
		b.lsr = middle32(st.sr.ntp)
		b.dlsr = compactOf(now.Sub(st.srAt))
	}
	return b
}

func (st *ReceiveStream) senderReport(now time.Time, r *senderReport) {
	st.srSeen, st.sr, st.srAt = true, *r, now
	m := &st.remote
	m.SSRC = r.ssrc
	m.PacketsSent, m.BytesSent = uint64(r.packets), uint64(r.octets)
	m.ReportsSent++
	m.RemoteTimestamp, m.Timestamp = ntpTime(r.ntp), now
}

// snapshot returns the counters.
func (st *ReceiveStream) snapshot() (InboundStats, RemoteOutboundStats) {
	s, m := st.stats, st.remote
	s.FECSSRC = st.fecSSRC
	s.SSRC, s.RTXSSRC, s.MID, s.RID = st.ssrc, st.rtxSSRC, st.receiver.cfg.MID, st.rid
	s.PayloadType = st.pt
	if st.codec != nil {
		s.Codec = st.codec.Codec
	}
	s.PacketsLost = st.lost()
	if st.clock != 0 {
		s.Jitter = ticksDuration(int64(st.jitter>>4), st.clock)
	}
	m.CNAME = st.cname
	m.ClockOffset, m.HasClock = st.session.clocks[st.cname]
	return s, m
}
