package rtpengine

import (
	"encoding/binary"
	"time"
)

const (
	fecGroupMost = 48                    // packets that are protected together
	fecGroupAge  = 50 * time.Millisecond // and how long a group waits for more
	// Less loss than fecLossLeast is left to retransmission, and so is all of it
	// where a retransmission takes less than fecRTTLeast; with fecRTTFull and more
	// protection is whole.
	fecLossLeast = 0.01
	fecRTTLeast  = 20 * time.Millisecond
	fecRTTFull   = 100 * time.Millisecond
	fecRateMost  = 0.5
)

// fecSending makes the repair packets of a stream (FlexFEC-03). It exists where
// they were negotiated, and costs something while the peer reports loss.
//
// A group of packets, usually those of a frame, has as many repair packets as
// the rate says. Each protects every n-th packet of the group, so that n losses
// in a row are repaired as well as one.
type fecSending struct {
	rate  float64  // repair packets for each packet of media
	due   float64  // repair packets that are owed
	group [][]byte // packets as they were sent, in the open
	mask  fecMask
	base  uint64 // sequence number of the first one
	last  uint64 // and of the last one that was seen
	since time.Time
	at    time.Time // of the last one
	slow  bool      // the next one may be far: wait for none
	most  int       // length of the longest one
}

// fecRate is how many repair packets a packet gets: twice the loss, and a tenth
// because frames are short, and their losses come at random.
func fecRate(loss float64, rtt time.Duration, nack bool) float64 {
	if loss < fecLossLeast {
		return 0
	}
	rate := min(0.1+2*loss, fecRateMost)
	if nack {
		rate *= min(max(float64(rtt-fecRTTLeast)/float64(fecRTTFull-fecRTTLeast), 0), 1)
	}
	return rate
}

// adaptFEC follows the loss that the peer reports.
func (ss *SendStream) adaptFEC() {
	if ss.fec == nil {
		return
	}
	if ss.fec.rate = fecRate(ss.loss, ss.session.rtt(), ss.cfg.NACK); ss.fec.rate == 0 {
		ss.fec.drop()
	}
	ss.noteOverhead()
}

// endFEC is for a stream whose peer takes no repair packets any more.
func (ss *SendStream) endFEC() {
	ss.fec.drop()
	ss.fec = nil
	ss.noteOverhead()
}

// add keeps a packet that is being sent, before it is sealed.
func (f *fecSending) add(now time.Time, seq uint64, packet []byte) {
	if f.rate == 0 || seq <= f.last {
		return // late: what it was part of is protected already
	}
	f.last = seq
	quiet := now.Sub(f.at) >= fecGroupAge
	f.at = now
	if len(packet) > bufferSize || len(packet) < 12 {
		return
	}
	if len(f.group) == 0 {
		f.base, f.since, f.slow, f.mask = seq, now, quiet, fecMask{}
	}
	if seq-f.base >= fecReach || len(f.group) == fecGroupMost {
		return // flush comes before that, but for gaps
	}
	f.mask.set(int(seq - f.base))
	f.group = append(f.group, append(getBuffer(), packet...))
	f.most = max(f.most, len(packet))
	f.due += f.rate
}

// drop forgets the group.
func (f *fecSending) drop() {
	for i, b := range f.group {
		putBuffer(b)
		f.group[i] = nil
	}
	f.group, f.most = f.group[:0], 0
}

// protect sends the repair packets that are due after a packet; end says that it
// was the last of its frame.
func (ss *SendStream) protect(now time.Time, end bool, out Output, res *SendResult) {
	f := ss.fec
	n := len(f.group)
	full := n == fecGroupMost || n > 0 && f.last-f.base >= fecReach-1
	// A frame of few packets waits for others rather than doubling what is sent.
	if n == 0 || !full && (!end || f.due < 0.5 && !f.slow && now.Sub(f.since) < fecGroupAge) {
		return
	}
	m := min(max(int(f.due+0.5), 1), n)
	f.due = max(f.due-float64(m), -1)
	for j := range m {
		size := ss.sendFEC(now, j, m, out)
		if size == 0 {
			break
		}
		res.Packets++
		res.Bytes += size
	}
	f.drop()
}

// sendFEC sends the repair packet for the j-th packet of the group and every m-th
// after it. It returns its size, 0 if there is no room.
func (ss *SendStream) sendFEC(now time.Time, j, m int, out Output) int {
	f := ss.fec
	h := fecHeader{ssrc: ss.cfg.SSRC}
	var base uint64
	longest, i := 0, 0
	for rest := f.mask; rest != (fecMask{}); i++ {
		k := rest.first()
		rest.clear(k)
		if i%m != j {
			continue
		}
		seq := f.base + uint64(k)
		if longest == 0 {
			base = seq
			h.base = uint16(seq)
		}
		h.mask.set(int(seq - base))
		longest = max(longest, len(f.group[i]))
	}
	h.size = h.mask.headerSize()
	buf := out.ReserveRTP(12 + 4 + 64 + h.size + longest)
	if buf == nil {
		return 0
	}
	twcc := ss.session.nextTransportSequence(ss.counted)
	buf = append(buf, 0x80, ss.cfg.FECPayloadType&0x7F)
	buf = binary.BigEndian.AppendUint16(buf, ss.fecSeq)
	ss.fecSeq++
	buf = binary.BigEndian.AppendUint32(buf, ss.lastTS)
	buf = binary.BigEndian.AppendUint32(buf, ss.cfg.FECSSRC)
	w := beginExtensions(buf, ss.two)
	if !ss.acked {
		w.text(ss.ids[extMID], ss.cfg.MID)
	}
	if id := ss.ids[extTransportCC]; id != 0 {
		w.uint16(id, twcc)
	}
	if id := ss.ids[extAbsSendTime]; id != 0 {
		w.uint24(id, absSendTime(now))
	}
	if ext := w.end(); len(ext) > len(buf) {
		buf = ext
		buf[0] |= 0x10
	}
	header := len(buf)
	buf = buf[:header+h.size+longest-12]
	payload := buf[header:]
	clear(payload)
	for i := j; i < len(f.group); i += m {
		addFEC(payload, h.size, f.group[i])
	}
	putFEC(payload, &h)
	key, size := packetKey(buf), len(buf)
	out.CommitRTP(buf)
	ss.session.sent(ss.counted, twcc, key, now, size, ss.probe)
	ss.stats.FECPacketsSent++
	ss.stats.FECBytesSent += uint64(size - header)
	return size
}
