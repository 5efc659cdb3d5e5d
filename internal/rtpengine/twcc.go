package rtpengine

import (
	"encoding/binary"
	"time"
)

const (
	twccDelta  = 250 * time.Microsecond
	twccRef    = 64 * time.Millisecond
	twccWindow = 1024 // packets that one feedback may span
)

// transportWide reads a transport-wide feedback message's body (from the sender
// SSRC on) and returns the packets that it settles, valid until the next call. A
// packet reported lost may be reported as received later.
func (h *sentLog) transportWide(b []byte, next uint64) (res []PacketResult, ok bool) {
	if len(b) < 16 || h.slots == nil {
		return nil, len(b) >= 16
	}
	base := extend(next, binary.BigEndian.Uint16(b[8:]))
	count := int(binary.BigEndian.Uint16(b[10:]))
	ref := int64(b[12])<<16 | int64(b[13])<<8 | int64(b[14])
	if h.hasRef {
		ref = h.refs + int64(int32(uint32(ref-h.refs)<<8)>>8) // 24 bits, signed
	}
	h.refs, h.hasRef = ref, true
	if count > twccWindow*4 {
		return nil, false
	}
	chunks, deltas := b[16:], twccDeltas(b[16:], count)
	at := time.Duration(ref) * twccRef
	res = h.results[:0]
	it := twccChunks{b: chunks}
	for i := range count {
		symbol, good := it.next()
		if !good {
			return nil, false
		}
		r := PacketResult{Sequence: base + uint64(i), Received: symbol == 1 || symbol == 2}
		switch symbol {
		case 1:
			if len(deltas) < 1 {
				return nil, false
			}
			at += time.Duration(deltas[0]) * twccDelta
			deltas = deltas[1:]
		case 2:
			if len(deltas) < 2 {
				return nil, false
			}
			at += time.Duration(int16(binary.BigEndian.Uint16(deltas))) * twccDelta
			deltas = deltas[2:]
		}
		rec := h.at(r.Sequence)
		if rec.seq != r.Sequence || !rec.settle(r.Received) {
			continue
		}
		r.Size, r.Sent, r.Arrival, r.Probe = int(rec.size), h.start.Add(rec.at), at, int(rec.probe)
		res = append(res, r)
	}
	h.results = res
	return res, true
}

// twccDeltas returns what follows the chunks of count packets.
func twccDeltas(b []byte, count int) []byte {
	it := twccChunks{b: b}
	for range count {
		if _, ok := it.next(); !ok {
			return nil
		}
	}
	return it.b
}

// twccChunks iterates over packet status symbols.
type twccChunks struct {
	b     []byte
	word  uint16
	left  int
	shift int
	kind  uint8 // 0 run, 1 one-bit vector, 2 two-bit vector
}

func (c *twccChunks) next() (symbol uint8, ok bool) {
	for c.left == 0 {
		if len(c.b) < 2 {
			return 0, false
		}
		c.word, c.b = binary.BigEndian.Uint16(c.b), c.b[2:]
		switch {
		case c.word&0x8000 == 0:
			c.kind, c.left = 0, int(c.word&0x1FFF)
		case c.word&0x4000 == 0:
			c.kind, c.left, c.shift = 1, 14, 14
		default:
			c.kind, c.left, c.shift = 2, 7, 14
		}
	}
	c.left--
	switch c.kind {
	case 0:
		return uint8(c.word >> 13 & 3), true
	case 1:
		c.shift--
		return uint8(c.word >> c.shift & 1), true
	}
	c.shift -= 2
	return uint8(c.word >> c.shift & 3), true
}

// twccReceived collects arrivals for the feedback that we send.
type twccReceived struct {
	arrivals []int32 // by sequence % twccWindow: units of 250 µs since start, −1 none
	start    time.Time
	since    uint32 // what start is on the wire: units of 64 ms, of which 24 bits are sent
	begin    uint64 // first packet of the next feedback
	end      uint64 // one after the last packet seen
	count    uint8
	due      time.Time // when the next feedback is sent; zero if nothing arrived
	media    uint32
}

const twccInterval = 100 * time.Millisecond

func (t *twccReceived) add(now time.Time, wire uint16, ssrc uint32) {
	if t.arrivals == nil {
		t.arrivals = make([]int32, twccWindow)
		t.start = now.Add(-time.Second)
		t.begin = 1<<16 + uint64(wire)
		t.end = t.begin
	}
	t.media = ssrc
	seq := extend(t.end, wire)
	if d := now.Sub(t.start); t.begin == t.end && d > time.Hour { // before the units overflow
		// By whole units of the wire: for the peer the clock goes on.
		units := (d - time.Second) / twccRef
		t.start = t.start.Add(units * twccRef)
		t.since += uint32(units)
	}
	switch {
	case seq >= t.end+twccWindow: // a leap: begin anew
		t.begin, t.end = seq, seq
	case seq+twccWindow <= t.end:
		return
	case seq < t.begin:
		// A late packet belongs to a feedback already sent; report it again
		// from there on, as long as that is not far.
		if t.begin-seq > 256 {
			return
		}
		for s := seq; s < t.begin; s++ {
			t.arrivals[s%twccWindow] = -1
		}
		t.begin = seq
	}
	for ; t.end <= seq; t.end++ {
		t.arrivals[t.end%twccWindow] = -1
		if t.end-t.begin >= twccWindow {
			t.begin = t.end - twccWindow + 1
		}
	}
	if a := &t.arrivals[seq%twccWindow]; *a < 0 {
		*a = int32(now.Sub(t.start) / twccDelta)
	}
	if t.due.IsZero() {
		t.due = now.Add(twccInterval)
	}
}

// most packets that one feedback message reports on, so that it fits a packet.
const twccMost = 400

// append appends a feedback message over what has arrived. It reports on
// leading losses too, which lie between the last feedback and this one.
func (t *twccReceived) append(dst []byte, sender uint32) []byte {
	first := t.begin
	for first < t.end && t.arrivals[first%twccWindow] < 0 {
		first++
	}
	if first == t.end {
		t.begin, t.due = t.end, time.Time{}
		return dst
	}
	ref := t.arrivals[first%twccWindow] / 256 // 64 ms
	last := ref * 256
	end := min(t.end, t.begin+twccMost)
	if first >= end {
		t.begin, end = first, min(t.end, first+twccMost)
	}
	start := len(dst)
	dst = beginFeedback(dst, rtcpRTPFB, fmtTWCC, sender, t.media)
	dst = binary.BigEndian.AppendUint16(dst, uint16(t.begin))
	countAt := len(dst)
	wire := t.since + uint32(ref)
	dst = append(dst, 0, 0, byte(wire>>16), byte(wire>>8), byte(wire), t.count)
	t.count++

	var symbols [twccMost]uint8
	var deltas [2 * twccMost]byte
	n, nd := 0, 0
	seq := t.begin
	for ; seq < end; seq++ {
		a := t.arrivals[seq%twccWindow]
		if a < 0 {
			symbols[n] = 0
			n++
			continue
		}
		d := a - last
		if d < -1<<15 || d > 1<<15-1 {
			break // too far from the packet before: the next feedback's reference
		}
		last = a
		if d >= 0 && d < 256 {
			symbols[n] = 1
			deltas[nd] = byte(d)
			nd++
		} else {
			symbols[n] = 2
			binary.BigEndian.PutUint16(deltas[nd:], uint16(d))
			nd += 2
		}
		n++
	}
	binary.BigEndian.PutUint16(dst[countAt:], uint16(n))
	dst = appendTWCCChunks(dst, symbols[:n])
	dst = append(dst, deltas[:nd]...)
	t.begin = seq
	if t.begin == t.end {
		t.due = time.Time{}
	}
	return endRTCP(dst, start)
}

func appendTWCCChunks(dst []byte, s []uint8) []byte {
	for len(s) > 0 {
		run := 1
		for run < len(s) && s[run] == s[0] && run < 0x1FFF {
			run++
		}
		if run >= 7 || run == len(s) {
			dst = binary.BigEndian.AppendUint16(dst, uint16(s[0])<<13|uint16(run))
			s = s[run:]
			continue
		}
		small := true
		for _, v := range s[:min(14, len(s))] {
			small = small && v < 2
		}
		word, n := uint16(0xC000), min(7, len(s))
		if small {
			word, n = 0x8000, min(14, len(s))
			for i, v := range s[:n] {
				word |= uint16(v) << (13 - i)
			}
		} else {
			for i, v := range s[:n] {
				word |= uint16(v) << (12 - 2*i)
			}
		}
		dst = binary.BigEndian.AppendUint16(dst, word)
		s = s[n:]
	}
	return dst
}
