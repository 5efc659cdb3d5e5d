package rtpengine

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Redundant audio (RFC 2198), as browsers use it for Opus: each packet carries
// the frames of the packets before it once more.
const (
	redLengthMost = 1<<10 - 1 // of a redundant block: ten bits
	redOffsetMost = 1<<14 - 1 // of its timestamp: fourteen bits
	redBlocksMost = 32        // of one packet; no sender comes near to it
	redDepthMost  = 3         // that we send
)

// errRED says that a payload is not one of RFC 2198.
var errRED = errors.New("rtpengine: malformed redundant payload")

// redBlock is one block of a payload.
type redBlock struct {
	pt     uint8
	offset uint32 // how much earlier its timestamp is than the packet's
	size   int    // of a redundant one, as its header says
	data   []byte
}

// parseRED appends the blocks of a payload to dst: the redundant ones, oldest
// first, and then the primary one (RFC 2198 section 3).
func parseRED(dst []redBlock, payload []byte) ([]redBlock, error) {
	at := 0
	for {
		if at >= len(payload) || len(dst) > redBlocksMost {
			return nil, errRED
		}
		pt := payload[at] & 0x7F
		if payload[at]&0x80 == 0 {
			dst = append(dst, redBlock{pt: pt})
			at++
			break
		}
		if at+4 > len(payload) {
			return nil, errRED
		}
		// "timestamp offset: 14 bits", "block length: 10 bits"
		head := binary.BigEndian.Uint32(payload[at:])
		dst = append(dst, redBlock{pt: pt, offset: head >> 10 & redOffsetMost, size: int(head & redLengthMost)})
		at += 4
	}
	last := len(dst) - 1
	for i := range dst[:last] {
		b := &dst[i]
		if b.size > len(payload)-at {
			return nil, errRED
		}
		b.data = payload[at : at+b.size]
		at += b.size
	}
	dst[last].data = payload[at:]
	return dst, nil
}

// redPrimary is the payload type that a=fmtp of audio/red names, once for each
// block ("111/111"); ok is false for RED of several formats, which nobody sends,
// and for what is no audio/red.
func (c Codec) redPrimary() (pt uint8, ok bool) {
	if !strings.EqualFold(c.MimeType, "audio/red") {
		return 0, false
	}
	first, rest, _ := strings.Cut(c.Fmtp, "/")
	n, err := strconv.ParseUint(strings.TrimSpace(first), 10, 7)
	if err != nil {
		return 0, false
	}
	for rest != "" {
		var next string
		if next, rest, _ = strings.Cut(rest, "/"); strings.TrimSpace(next) != strings.TrimSpace(first) {
			return 0, false
		}
	}
	return uint8(n), true
}

// Repeats says that the codec is audio/red whose blocks are of a payload type.
func (c Codec) Repeats(pt uint8) bool {
	primary, ok := c.redPrimary()
	return ok && primary == pt
}

// redHistory remembers which timestamps the latest packets of a stream had.
type redHistory struct {
	seq [32]uint64
	ts  [32]uint32
}

func (h *redHistory) note(seq uint64, ts uint32) {
	h.seq[seq%uint64(len(h.seq))], h.ts[seq%uint64(len(h.ts))] = seq, ts
}

// fits says whether a packet with the timestamp may lie at seq, by the packets
// around it up to the one that carried it. Blocks have no sequence numbers: the
// last of them is the packet just before, unless something on the way left
// packets out and closed the gap.
func (h *redHistory) fits(seq uint64, ts uint32, carrier uint64) bool {
	n := uint64(len(h.seq))
	for s := seq + 1; s < carrier; s++ {
		if h.seq[s%n] == s && int32(h.ts[s%n]-ts) <= 0 {
			return false
		}
	}
	for s := seq - 1; s > seq-n/2; s-- {
		if h.seq[s%n] == s {
			return int32(ts-h.ts[s%n]) > 0
		}
	}
	return true
}

// handleRED takes a packet of audio/red whose blocks are of the payload type
// primary. What was lost and is in it comes first, so that all is in order.
func (st *ReceiveStream) handleRED(now time.Time, p *Packet, primary uint8) {
	var room [redBlocksMost + 1]redBlock
	blocks, err := parseRED(room[:0], p.Payload)
	whole := len(p.Payload)
	p.PayloadType, p.Payload = primary, p.Payload[:0]
	switch last := len(blocks) - 1; {
	case err == nil && blocks[last].pt == primary:
		p.Payload = blocks[last].data
		st.redundant(now, p, blocks[:last])
	case whole > 0:
		st.stats.Malformed++ // it arrived all the same: there is nothing to ask for again
	}
	p.around = whole - len(p.Payload)
	st.handle(now, p, false)
}

// redundant restores what is missing of the packets before p.
func (st *ReceiveStream) redundant(now time.Time, p *Packet, blocks []redBlock) {
	ext, ok := st.sequence(p.SequenceNumber, false)
	if !ok || st.arrived(ext) {
		return
	}
	if st.red == nil {
		st.red = &redHistory{}
	}
	for i, b := range blocks {
		if len(b.data) == 0 {
			continue
		}
		st.stats.FECPacketsReceived++
		st.stats.FECBytesReceived += uint64(len(b.data))
		seq, ts := ext-uint64(len(blocks)-i), p.Timestamp-b.offset
		q := st.session.restoredPacket()
		*q = Packet{
			Version: 2, PayloadType: b.pt, SequenceNumber: uint16(seq), Timestamp: ts, SSRC: p.SSRC,
			NumCSRC: p.NumCSRC, CSRC: p.CSRC, Payload: b.data,
		}
		if b.pt != p.PayloadType || b.offset == 0 || !st.red.fits(seq, ts, ext) || !st.restore(now, q, seq) {
			st.stats.FECPacketsDiscarded++
			continue
		}
		st.red.note(seq, ts)
	}
	st.red.note(ext, p.Timestamp)
}

// redSending is what a stream needs to send RED.
type redSending struct {
	// packed says for the latest packets how many blocks were before the primary
	// one. A packet that is sent again under its number has to be the same: SRTP
	// would encrypt two texts with one key stream.
	packed [128]struct {
		seq    uint64
		blocks int
	}
}

// redDepth is how many packets before it a packet repeats: as many as are lost
// in a row where losses are independent, but for about one in a thousand.
func redDepth(loss float64) int {
	switch {
	case loss < 0.02:
		return 1
	case loss < 0.1:
		return 2
	}
	return redDepthMost
}

// packRED decides what a packet that is sent for the first time repeats, and
// returns how many bytes that takes.
func (ss *SendStream) packRED(seg *segment, s *ringSlot, seq uint64) (size int) {
	if ss.red == nil || s.event {
		return 0
	}
	n := 0
	size = 1
	for depth := redDepth(ss.loss); n < depth; n++ {
		// RFC 2198 section 4: what does not fit is left out, and what is before it.
		o := ss.redSlot(seg, s, seq, n+1)
		if o == nil || len(o.buf) == 0 || len(o.buf) > redLengthMost || s.ts-o.ts > redOffsetMost || s.ts == o.ts ||
			len(s.buf)+size+4+len(o.buf) > DefaultMaxPayload {
			break
		}
		size += 4 + len(o.buf)
	}
	k := &ss.red.packed[seq%uint64(len(ss.red.packed))]
	k.seq, k.blocks = seq, n
	return size
}

// redSlot is the packet that is back packets before s, if this peer was sent it.
func (ss *SendStream) redSlot(seg *segment, s *ringSlot, seq uint64, back int) *ringSlot {
	if seq-uint64(back) < seg.out {
		return nil
	}
	o := seg.ring.at(s.index - uint64(back))
	if o == nil || o.epoch != seg.epoch || o.event {
		return nil
	}
	return o
}

// repacked is packRED for a packet that is sent again; ok is false where what it
// repeated is gone.
func (ss *SendStream) repacked(seg *segment, s *ringSlot, seq uint64) (size int, ok bool) {
	if ss.red == nil || s.event {
		return 0, true
	}
	k := &ss.red.packed[seq%uint64(len(ss.red.packed))]
	if k.seq != seq {
		return 0, false
	}
	size = 1
	for i := range k.blocks {
		o := ss.redSlot(seg, s, seq, i+1)
		if o == nil {
			return 0, false
		}
		size += 4 + len(o.buf)
	}
	return size, true
}

// appendRED writes what packRED or repacked has settled: the headers, and the
// blocks but for the primary one.
func (ss *SendStream) appendRED(dst []byte, seg *segment, s *ringSlot, seq uint64) []byte {
	n := ss.red.packed[seq%uint64(len(ss.red.packed))].blocks
	for i := n; i > 0; i-- {
		o := ss.redSlot(seg, s, seq, i)
		dst = binary.BigEndian.AppendUint32(dst, uint32(0x80|ss.cfg.PayloadType&0x7F)<<24|(s.ts-o.ts)<<10|uint32(len(o.buf)))
	}
	dst = append(dst, ss.cfg.PayloadType&0x7F)
	for i := n; i > 0; i-- {
		dst = append(dst, ss.redSlot(seg, s, seq, i).buf...)
	}
	return dst
}
