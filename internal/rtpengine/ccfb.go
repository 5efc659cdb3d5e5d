package rtpengine

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// RFC 8888: the receiver tells of every packet, by its SSRC and sequence number,
// whether and when it arrived. No header extension is needed for it.
const (
	// Section 3.1: arrival times are in 1/1024 s, the report timestamp in 1/65536 s.
	ccfbUnits = 1024
	ccfbTicks = 65536
	// An arrival time offset has 13 bits. The two highest mean "earlier than can
	// be told" and "after the report timestamp, or not known".
	ccfbEarlier = 0x1FFE
	ccfbUnknown = 0x1FFF

	ccfbFirst = 64   // packets of a stream that are remembered at first
	ccfbMost  = 2048 // and at most
	ccfbRoom  = 1100 // bytes of a feedback message

	// ccfbInterval is the time from a packet to the report about it, more where
	// reports would take more than a twentieth of what is received, as RFC 3550
	// section 6.2 has it for RTCP, but ccfbSlowest at most.
	ccfbInterval = 50 * time.Millisecond
	ccfbSlowest  = 250 * time.Millisecond
	ccfbShare    = 20
	// ccfbPacket is about what a packet costs besides its RTCP: IP, UDP, SRTCP.
	ccfbPacket = 28 + 14
)

// ECN is the field of that name in the IP header (RFC 3168): 0 is not ECN-capable.
type ECN uint8

// ecnCE is "congestion experienced".
const ecnCE ECN = 3

// ccfbReceived collects arrivals for the feedback that we send.
type ccfbReceived struct {
	epoch   time.Time
	base    int64 // NTP time of epoch, in ccfbUnits
	pending []*ccfbStream
	due     time.Time // when the next report is sent; zero if nothing arrived
	next    time.Time // not before: the share of the bandwidth is used up
	since   time.Time // when bytes were counted from
	bytes   int
	rate    float64 // bytes per second that came before; 0 unknown
}

// ccfbStream is one SSRC's part. Its zero value is a stream of which nothing has
// arrived.
type ccfbStream struct {
	ssrc    uint32
	pending bool
	// begin is the first packet of the next report, end one after the last that
	// has arrived.
	begin, end uint64
	// arrivals holds, by sequence number modulo its length, a power of two, when
	// packets arrived, in ccfbUnits, over two bits of ECN; 0 is not at all.
	arrivals []int64
}

// add takes note of a packet of size bytes.
func (c *ccfbReceived) add(now time.Time, st *ccfbStream, ssrc uint32, wire uint16, size int, ecn ECN) {
	if c.epoch.IsZero() {
		// Counted from here by the monotonic clock: the wall clock may be set.
		c.epoch, c.base, c.since = now, int64(ntpOf(now)>>22), now
	}
	c.bytes += size
	if st.arrivals == nil {
		st.ssrc, st.arrivals = ssrc, make([]int64, ccfbFirst)
		st.begin = 1<<16 + uint64(wire)
		st.end = st.begin
	}
	seq := extend(st.end, wire)
	n := uint64(len(st.arrivals))
	switch {
	case seq >= st.end+ccfbMost: // a leap: begin anew
		clear(st.arrivals)
		st.begin, st.end = seq, seq
	case seq < st.begin:
		// It was reported as lost. Report from there on again, as far as is
		// remembered.
		if seq+n <= st.end {
			return
		}
		st.begin = seq
	case seq >= st.begin+n && n < ccfbMost:
		st.grow(seq)
	}
	n = uint64(len(st.arrivals))
	for ; st.end <= seq; st.end++ {
		st.arrivals[st.end%n] = 0
	}
	if st.end-st.begin > n {
		st.begin = st.end - n
	}
	if a := &st.arrivals[seq%n]; *a == 0 {
		*a = c.units(now)<<2 | int64(ecn&3)
	} else if ecn == ecnCE {
		*a |= int64(ecnCE) // "if any copy of a duplicated packet is marked, so is the report"
	}
	if !st.pending {
		st.pending = true
		c.pending = append(c.pending, st)
	}
	if c.due.IsZero() {
		if c.due = now.Add(ccfbInterval); c.due.Before(c.next) {
			c.due = c.next
		}
	}
}

// grow makes room for the packets up to seq.
func (st *ccfbStream) grow(seq uint64) {
	old := st.arrivals
	n := uint64(len(old))
	for n < ccfbMost && seq >= st.begin+n {
		n *= 2
	}
	st.arrivals = make([]int64, n)
	for s := st.end - min(st.end, uint64(len(old))); s < st.end; s++ {
		st.arrivals[s%n] = old[s%uint64(len(old))]
	}
}

// units is a time as the reports have it.
func (c *ccfbReceived) units(t time.Time) int64 {
	d := t.Sub(c.epoch)
	return c.base + int64(d/time.Second)*ccfbUnits + int64(d%time.Second)*ccfbUnits/int64(time.Second)
}

// append appends a message about what has arrived; more tells that something is
// left for another one.
func (c *ccfbReceived) append(dst []byte, now time.Time, sender uint32) (b []byte, more bool) {
	start := len(dst)
	dst = beginRTCP(dst, rtcpRTPFB, fmtCCFB)
	dst = binary.BigEndian.AppendUint32(dst, sender)
	// The report timestamp is rounded down to a unit of the arrival times, so that
	// all reports round those in the same way.
	at := c.units(now)
	done := 0
	for _, st := range c.pending {
		room := (ccfbRoom - (len(dst) - start) - 8 - 4) / 4 * 2
		if room < 2 {
			more = true
			break
		}
		dst = st.append(dst, at, uint64(room))
		if st.begin < st.end {
			more = true
			break
		}
		st.pending = false
		done++
	}
	c.pending = slices.Delete(c.pending, 0, done)
	dst = binary.BigEndian.AppendUint32(dst, uint32(at*(ccfbTicks/ccfbUnits)))
	dst = endRTCP(dst, start)
	if !more {
		c.due = time.Time{}
	}
	c.charge(now, len(dst)-start+ccfbPacket)
	return dst, more
}

// charge puts off the next report until a twentieth of what is received pays for
// the bytes of this one.
func (c *ccfbReceived) charge(now time.Time, bytes int) {
	span := max(now.Sub(c.since), time.Millisecond)
	if c.rate == 0 || span >= time.Second {
		c.rate = float64(c.bytes) / span.Seconds()
	}
	if span >= time.Second {
		c.since, c.bytes = now, 0
	}
	c.next = now.Add(ccfbSlowest)
	if wait := float64(bytes*ccfbShare) / max(c.rate, 1); wait < ccfbSlowest.Seconds() {
		c.next = now.Add(time.Duration(wait * float64(time.Second)))
	}
}

// append appends a report block about most packets of the stream at most.
func (st *ccfbStream) append(dst []byte, at int64, most uint64) []byte {
	count := min(st.end-st.begin, most)
	dst = binary.BigEndian.AppendUint32(dst, st.ssrc)
	dst = binary.BigEndian.AppendUint16(dst, uint16(st.begin))
	dst = binary.BigEndian.AppendUint16(dst, uint16(count))
	for end := st.begin + count; st.begin < end; st.begin++ {
		metric := uint16(0)
		if a := st.arrivals[st.begin%uint64(len(st.arrivals))]; a != 0 {
			metric = 1<<15 | uint16(a&3)<<13 | uint16(min(max(at-a>>2, 0), ccfbEarlier))
		}
		dst = binary.BigEndian.AppendUint16(dst, metric)
	}
	if count&1 == 1 {
		dst = append(dst, 0, 0)
	}
	return dst
}

// ccfbBlock is a report block that was received: metrics holds two bytes for each
// packet from begin on.
type ccfbBlock struct {
	ssrc    uint32
	begin   uint16
	metrics []byte
}

// parseCCFB reads the body of a message (from the sender SSRC on): the report
// blocks by ascending SSRC, and the report timestamp.
func parseCCFB(b []byte, blocks []ccfbBlock) (_ []ccfbBlock, timestamp uint32, ok bool) {
	if len(b) < 8 {
		return blocks, 0, false
	}
	timestamp = binary.BigEndian.Uint32(b[len(b)-4:])
	for b = b[4 : len(b)-4]; len(b) > 0; {
		if len(b) < 8 {
			return blocks, 0, false
		}
		k := ccfbBlock{ssrc: binary.BigEndian.Uint32(b), begin: binary.BigEndian.Uint16(b[4:])}
		n := 2 * int(binary.BigEndian.Uint16(b[6:]))
		if b = b[8:]; len(b) < (n+3)&^3 {
			return blocks, 0, false
		}
		k.metrics, b = b[:n], b[(n+3)&^3:]
		blocks = append(blocks, k)
	}
	slices.SortStableFunc(blocks, func(a, b ccfbBlock) int { return cmp.Compare(a.ssrc, b.ssrc) })
	for i := 1; i < len(blocks); i++ {
		if blocks[i].ssrc == blocks[i-1].ssrc {
			return blocks, 0, false // which one holds?
		}
	}
	return blocks, timestamp, true
}

// ofPackets reads an RFC 8888 message's body and returns the packets that it
// settles, in the order of sending, valid until the next call.
func (h *sentLog) ofPackets(b []byte, next uint64) (res []PacketResult, ok bool) {
	blocks, timestamp, ok := parseCCFB(b, h.blocks[:0])
	h.blocks = blocks[:0]
	if !ok || len(h.slots) == 0 {
		return nil, ok
	}
	if !h.hasReport {
		h.reports, h.hasReport = int64(timestamp), true
	}
	h.reports += int64(int32(timestamp - uint32(h.reports))) // wraps after 18 hours
	res = h.results[:0]
	// Every packet that is waited for, rather than every one that is reported:
	// that is the order that is asked for, and needs no table of the streams.
	for seq := next - min(next, uint64(len(h.slots))); seq < next; seq++ {
		rec := h.at(seq)
		if !rec.set || rec.seq != seq || rec.settled {
			continue
		}
		i, found := slices.BinarySearchFunc(blocks, uint32(rec.key>>16), func(k ccfbBlock, ssrc uint32) int { return cmp.Compare(k.ssrc, ssrc) })
		if !found {
			continue
		}
		at := 2 * int(uint16(rec.key)-blocks[i].begin)
		if at+2 > len(blocks[i].metrics) {
			continue
		}
		metric := binary.BigEndian.Uint16(blocks[i].metrics[at:])
		r := PacketResult{Sequence: seq, Received: metric&(1<<15) != 0}
		offset := int64(metric & ccfbUnknown)
		if !rec.settle(r.Received) || r.Received && offset >= ccfbEarlier {
			continue // nothing new, or it has arrived and nobody knows when
		}
		r.Marked = r.Received && ECN(metric>>13&3) == ecnCE
		r.Size, r.Sent, r.Probe = int(rec.size), h.start.Add(rec.at), int(rec.probe)
		ticks := h.reports - offset*(ccfbTicks/ccfbUnits)
		r.Arrival = time.Duration(ticks/ccfbTicks)*time.Second + time.Duration(ticks%ccfbTicks)*time.Second/ccfbTicks
		res = append(res, r)
	}
	h.results = res
	return res, true
}
