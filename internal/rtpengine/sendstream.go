package rtpengine

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
)

// SendConfig says how one encoding is sent to one peer.
type SendConfig struct {
	// MID and RID identify the stream in header extensions; RID is "" without
	// simulcast.
	MID, RID string
	// SSRC and RTXSSRC are ours; RTXSSRC is 0 without RTX.
	SSRC, RTXSSRC uint32
	// PayloadType and RTXPayloadType were negotiated; the latter is 0 without RTX.
	PayloadType, RTXPayloadType uint8
	// EventPayloadType is that of telephone events at the codec's clock rate, or 0.
	EventPayloadType uint8
	// FECSSRC and FECPayloadType are those of repair packets (FlexFEC), or 0.
	FECSSRC        uint32
	FECPayloadType uint8
	// REDPayloadType is that of audio/red with blocks of PayloadType, or 0 for no
	// redundancy.
	REDPayloadType uint8
	Codec          Codec
	// Extensions are those negotiated for the m-section.
	Extensions []Extension
	// NACK says whether retransmission was negotiated.
	NACK bool
	// CongestionFeedback says that RFC 8888 feedback was: no transport-wide
	// sequence numbers are written then.
	CongestionFeedback bool
}

// SendEvents are the callbacks of a SendStream; any may be nil. They run on
// the goroutine that called Session.HandleRTCP, with no lock held.
type SendEvents struct {
	// KeyFrame: the peer cannot decode and asks for a key frame.
	KeyFrame func()
}

// segment maps ring indices to what the peer sees, from one packet on.
type segment struct {
	out   uint64 // the first extended sequence number for which it holds
	delta uint64 // out = index + delta, modulo 2^64
	ts    uint32 // added to the ring's timestamps
	pic   uint16 // added to VP8 picture ids
	tl0   uint8  // added to TL0PICIDX
	ring  *Ring
	epoch uint32
	event bool // of a telephone event: the numbers are of no packets of the ring
}

// segments that are remembered for NACKs.
const segmentsKept = 64

// joinTimeout is how long a stream waits for a key frame to begin with.
const joinTimeout = 2 * time.Second

// SendStream sends one encoding to one peer. Its methods may be called from
// any goroutine.
type SendStream struct {
	session *Session
	events  SendEvents

	mu  sync.Mutex
	cfg SendConfig
	ids extIDs
	// counted: the peer gives feedback about single packets
	counted bool
	two     bool
	video   bool
	clock   uint32
	closed  bool

	active    bool
	started   bool      // something was sent
	waitKey   bool      // hold until a key frame begins
	waitSince time.Time // when waitKey began to hold packets back
	paused    bool      // the next packet continues after a break
	keepTS    bool      // see KeepTimestamps
	segs      []segment // the last segmentsKept of nsegs
	nsegs     uint64    // segs[(nsegs-1)%segmentsKept] is current
	highest   uint64    // the last extended sequence number given
	origin    uint64    // the first one
	reported  uint64    // the last one that the peer has reported on
	probe     int       // the probe that is being sent, or 0
	padding   byte      // how much padding to send instead of the payload, or 0
	lastTS    uint32    // of the last packet, as sent
	lastTime  time.Time
	lastWire  uint16 // transport-wide sequence number of the packet highest
	tail      uint64 // the last packet that probeTail has looked after
	lastFrame uint64 // the ring's frame counter
	lastPic   uint16 // as sent
	lastTL0   uint8
	picSeen   bool
	maxTID    uint8 // the layers sent now
	wantTID   uint8
	dropFrame uint64 // frame that is being dropped for its layer

	acked        bool // the peer has reported on the SSRC
	rtxAcked     bool // and on the RTX SSRC
	rtxSeq       uint16
	rotationSent uint8
	captureAt    time.Time // when abs-capture-time was last written
	capture      time.Time // capture time that belongs to lastTS
	resent       []resend
	firSeq       uint8
	firSeen      bool

	loss     float64     // of late, by the peer's reports: rises at once and falls slowly
	red      *redSending // nil without RED
	fec      *fecSending // nil without FlexFEC
	fecSeq   uint16      // once begun it goes on, for SRTP's sake
	fecBegun bool
	repaired int          // packets sent again since the peer's last report
	repairs  float64      // for each packet of media, of late
	overhead atomic.Int64 // packets of protection and repair for a thousand of media
	formed   uint64       // packets before it were sent in another form
	forms    []sendForm   // see remembersForms; by number, modulo formsKept

	event eventSending

	ownPackets, ownOctets uint32 // under the SSRC itself, for sender reports

	stats  OutboundStats
	remote RemoteInboundStats
}

// resend remembers when a packet was last sent again.
type resend struct {
	seq uint16
	at  time.Time
}

const resendsKept = 256

func newSendStream(s *Session, cfg SendConfig, ev SendEvents) *SendStream {
	ss := &SendStream{session: s, events: ev, active: true, waitKey: true, maxTID: 7, wantTID: 7, rotationSent: 255}
	// RFC 3711's roll-over counter cannot be guessed by the receiver if the
	// first packets are lost around a wrap, so begin in the lower half.
	ss.highest = 1<<16 + uint64(s.rand()&0x7FFF)
	ss.origin, ss.reported = ss.highest+1, ss.highest
	ss.lastTS = s.rand()
	ss.rtxSeq = uint16(s.rand() & 0x7FFF)
	ss.setConfig(cfg)
	return ss
}

func (ss *SendStream) setConfig(cfg SendConfig) {
	if cfg.SSRC != ss.cfg.SSRC || cfg.MID != ss.cfg.MID || cfg.RID != ss.cfg.RID {
		ss.acked, ss.rtxAcked = false, false
	}
	old, oldIDs, oldTwo := ss.cfg, ss.ids, ss.two
	if cfg.REDPayloadType != ss.cfg.REDPayloadType {
		if ss.red = nil; cfg.REDPayloadType != 0 {
			ss.red = &redSending{}
		}
	}
	fec := cfg.FECSSRC != 0 && cfg.FECPayloadType != 0
	if ss.fec != nil && (!fec || cfg.SSRC != ss.cfg.SSRC) {
		ss.endFEC()
	}
	ss.cfg = cfg
	if fec && ss.fec == nil {
		ss.fec = &fecSending{}
		if !ss.fecBegun {
			ss.fecSeq, ss.fecBegun = uint16(ss.session.rand()&0x7FFF), true
		}
		ss.adaptFEC()
	}
	ss.ids = extIDsOf(cfg.Extensions)
	if cfg.CongestionFeedback {
		ss.ids[extTransportCC] = 0 // eight bytes that nobody reads
	}
	ss.counted = cfg.CongestionFeedback || ss.ids[extTransportCC] != 0
	ss.two = ss.ids.twoByte(cfg.MID, cfg.RID)
	if old.PayloadType != cfg.PayloadType || old.REDPayloadType != cfg.REDPayloadType || old.EventPayloadType != cfg.EventPayloadType ||
		old.MID != cfg.MID || old.RID != cfg.RID || oldIDs != ss.ids || oldTwo != ss.two || old.remembersForms() != cfg.remembersForms() {
		ss.formed = ss.highest + 1
	}
	switch {
	case !cfg.remembersForms():
		ss.forms = nil
	case ss.forms == nil:
		ss.forms = make([]sendForm, formsKept)
	}
	ss.video = cfg.Codec.Video()
	ss.clock = cfg.Codec.clock()
}

// SSRC returns the SSRC in use.
func (ss *SendStream) SSRC() uint32 {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.cfg.SSRC
}

// Update changes the parameters, for instance after a renegotiation. Sequence
// numbers and timestamps go on. Another SSRC is registered with the session.
func (ss *SendStream) Update(cfg SendConfig) error {
	return ss.session.updateSender(ss, cfg)
}

// SetActive stops or resumes sending (RTCRtpEncodingParameters.active). After
// a pause video resumes with a key frame.
func (ss *SendStream) SetActive(on bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.active && !on {
		ss.pause()
	}
	ss.active = on
}

// Pause says that the source stops for a while, such as a disabled track; the
// next packet continues the sequence and begins a key frame or talk spurt.
func (ss *SendStream) Pause() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.pause()
}

func (ss *SendStream) pause() {
	ss.paused = true
	if ss.fec != nil {
		ss.fec.drop()
	}
	ss.waitKey, ss.waitSince = true, time.Time{}
}

// SetMaxTemporal limits the temporal layers that are sent: 0 sends the base
// layer only. Going up takes effect where the codec permits.
func (ss *SendStream) SetMaxTemporal(tid int) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.wantTID = uint8(max(0, min(tid, 7)))
	ss.maxTID = min(ss.maxTID, ss.wantTID)
}

// SendResult is what Send did.
type SendResult struct {
	// Packets is the number of packets given to the Output.
	Packets int
	// Bytes is their size with all headers.
	Bytes int
	// NeedKeyFrame says that the stream waits for a key frame: ask the source.
	NeedKeyFrame bool
}

// Send copies the packets of span from the ring into out, as this peer is to
// see them. A ring other than the last time's continues sequence numbers and
// timestamps without a break (replaceTrack).
func (ss *SendStream) Send(now time.Time, r *Ring, span Span, out Output) (res SendResult) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed || !ss.active || span.Count == 0 || ss.event.on {
		return res
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if seg := ss.current(); seg != nil && seg.ring != r {
		ss.waitKey = true
	}
	if ss.waitKey && ss.video {
		if ss.waitSince.IsZero() {
			ss.waitSince = now
		}
		if !span.Key && r.look != nil && now.Sub(ss.waitSince) < joinTimeout {
			res.NeedKeyFrame = true
			return res
		}
		if s := r.at(span.First); s != nil && !s.start && r.look != nil && now.Sub(ss.waitSince) < joinTimeout {
			res.NeedKeyFrame = true
			return res
		}
	}
	ss.waitKey, ss.waitSince = false, time.Time{}
	for i := range uint64(span.Count) {
		if s := r.at(span.First + i); s != nil {
			if n := ss.sendSlot(now, r, s, out); n > 0 {
				res.Packets++
				res.Bytes += n
			}
			if ss.fec != nil {
				ss.protect(now, s.marker, out, &res)
			}
		}
	}
	return res
}

func (ss *SendStream) current() *segment {
	if ss.nsegs == 0 {
		return nil
	}
	return &ss.segs[(ss.nsegs-1)%segmentsKept]
}

// sendSlot sends one packet and returns its size, 0 if it was not sent. The
// locks of stream and ring are held.
func (ss *SendStream) sendSlot(now time.Time, r *Ring, s *ringSlot, out Output) (size int) {
	seg := ss.current()
	fresh := seg == nil || seg.ring != r || seg.epoch != s.epoch
	if fresh || ss.paused {
		seg = ss.rebase(now, r, s, fresh)
	}
	if s.tid > ss.maxTID && ss.wantTID >= s.tid && (s.sync || s.key) || s.key && s.start {
		ss.maxTID = ss.wantTID
	}
	if s.tid > ss.maxTID || s.event && ss.cfg.EventPayloadType == 0 {
		ss.skip(seg, s)
		return 0
	}
	seq := s.index + seg.delta
	if seq <= 1<<15 || seq < seg.out || ss.formKnown(seq) || ss.formLost(seq) {
		return 0 // late: from before this segment, or it may have been sent
	}
	buf := out.ReserveRTP(12 + 4*len(s.csrcs) + 4 + 64 + len(s.buf) + ss.packRED(seg, s, seq))
	if seq > ss.highest {
		ss.advance(now, s, seg, seq)
	}
	if buf == nil {
		return 0 // the output is full: as good as lost, and repaired by NACK
	}
	size, _ = ss.transmit(now, s, seg, seq, buf, out, false)
	return size
}

// transmit builds a packet in buf and commits it.
func (ss *SendStream) transmit(now time.Time, s *ringSlot, seg *segment, seq uint64, buf []byte, out Output, rtx bool) (size, header int) {
	form, again := ss.formOf(now, s, seq, rtx)
	packet, header := ss.build(buf, s, seg, seq, &form, rtx)
	key := packetKey(packet)
	if ss.fec != nil && !rtx {
		ss.fec.add(now, seq, packet)
	}
	out.CommitRTP(packet)
	if !rtx {
		ss.ownPackets++
		ss.ownOctets += uint32(len(packet) - header)
	}
	if !again { // otherwise it counts as late
		ss.session.sent(ss.counted, form.twcc, key, now, len(packet), ss.probe)
	}
	if !rtx && seq == ss.highest {
		ss.lastWire = form.twcc
	}
	ss.stats.PacketsSent++
	ss.stats.BytesSent += uint64(len(packet) - header)
	ss.stats.HeaderBytesSent += uint64(header)
	return len(packet), header
}

// advance notes a packet that is newer than all before it.
func (ss *SendStream) advance(now time.Time, s *ringSlot, seg *segment, seq uint64) {
	if s.frame != ss.lastFrame || !ss.started {
		ss.stats.FramesSent++
		if s.key && ss.video {
			ss.stats.KeyFramesSent++
		}
	}
	ss.highest, ss.lastFrame = seq, s.frame
	if !ss.started {
		ss.started = true
		ss.session.wantReport(now)
	}
	ss.lastTS, ss.lastTime = s.ts+seg.ts, now
	ss.capture = s.capture
	if ss.capture.IsZero() {
		ss.capture = now
	}
	if s.picAt > 0 {
		if d, ok := parseVP8Descriptor(s.buf); ok {
			ss.lastPic, ss.lastTL0, ss.picSeen = (d.pictureID+seg.pic)&0x7FFF, d.tl0+seg.tl0, true
		}
	}
}

// skip leaves a packet of an unwanted layer out, without a gap.
func (ss *SendStream) skip(seg *segment, s *ringSlot) {
	if s.index+seg.delta != ss.highest+1 {
		return // late: the gap is there already
	}
	n := *seg
	n.delta--
	n.out = ss.highest + 1
	if s.frame != ss.dropFrame {
		ss.dropFrame = s.frame
		n.pic--
	}
	ss.push(n)
}

func (ss *SendStream) push(n segment) *segment {
	if cur := ss.current(); cur == nil || cur.out != n.out {
		if len(ss.segs) < segmentsKept {
			ss.segs = append(ss.segs, n)
		}
		ss.nsegs++
	}
	cur := ss.current()
	*cur = n
	return cur
}

// rebase makes the slot the next packet of the peer's sequence. With fresh the
// ring's timeline is new and is joined to the old one by the time that passed.
func (ss *SendStream) rebase(now time.Time, r *Ring, s *ringSlot, fresh bool) *segment {
	ss.paused = false
	n := segment{out: ss.highest + 1, ring: r, epoch: s.epoch}
	n.delta = n.out - s.index
	elapsed := uint32(ticks(now.Sub(ss.lastTime), ss.clock))
	switch cur := ss.current(); {
	case cur == nil:
		n.ts = ss.lastTS // random
	case fresh:
		n.ts = ss.lastTS + max(elapsed, 1) - s.ts
	default:
		n.ts, n.pic, n.tl0 = cur.ts, cur.pic, cur.tl0
		// the source's clock may have stood still during the pause
		if ahead := int32(s.ts + n.ts - ss.lastTS); ahead <= 0 || ahead-int32(elapsed) > int32(ss.clock) || int32(elapsed)-ahead > int32(ss.clock) {
			n.ts = ss.lastTS + max(elapsed, 1) - s.ts
		}
	}
	if ss.keepTS {
		n.ts = 0
	}
	if d, ok := parseVP8Descriptor(s.buf); ok && s.picAt > 0 && ss.picSeen {
		n.pic, n.tl0 = ss.lastPic+1-d.pictureID, ss.lastTL0-d.tl0
		if d.tid == 0 {
			n.tl0++
		}
	}
	return ss.push(n)
}

// build writes the packet behind dst, which is empty, and returns it with the
// length of its header. For a retransmission the payload begins with the
// original sequence number (RFC 4588 section 4).
func (ss *SendStream) build(dst []byte, s *ringSlot, seg *segment, seq uint64, form *sendForm, rtx bool) (packet []byte, header int) {
	c := &ss.cfg
	pt, ssrc, wire := c.PayloadType, c.SSRC, uint16(seq)
	red := ss.red != nil && !s.event
	switch {
	case s.event:
		pt = c.EventPayloadType
	case red:
		pt = c.REDPayloadType
	}
	if rtx {
		pt, ssrc, wire = c.RTXPayloadType, c.RTXSSRC, ss.rtxSeq
		ss.rtxSeq++
	}
	marker := s.marker
	if !ss.video {
		marker = s.marker || seq == seg.out // begins a talk spurt
	}
	second := pt & 0x7F
	if marker {
		second |= 0x80
	}
	dst = append(dst, 0x80|byte(len(s.csrcs)), second)
	dst = binary.BigEndian.AppendUint16(dst, wire)
	dst = binary.BigEndian.AppendUint32(dst, s.ts+seg.ts)
	dst = binary.BigEndian.AppendUint32(dst, ssrc)
	for _, csrc := range s.csrcs {
		dst = binary.BigEndian.AppendUint32(dst, csrc)
	}
	w := beginExtensions(dst, ss.two)
	ss.extensions(&w, s, form, rtx)
	if ext := w.end(); len(ext) > len(dst) {
		dst = ext
		dst[0] |= 0x10
	}
	if n := int(ss.padding); n > 0 {
		// Nothing but padding, and so no original sequence number either. It counts
		// as header (webrtc-stats, headerBytesSent).
		dst[0] |= 0x20
		dst[1] &= 0x7F
		dst = append(dst, make([]byte, n)...)
		dst[len(dst)-1] = byte(n)
		return dst, len(dst)
	}
	header = len(dst)
	if rtx {
		dst = binary.BigEndian.AppendUint16(dst, uint16(seq))
		header += 2
	}
	if red {
		dst = ss.appendRED(dst, seg, s, seq)
	}
	at := len(dst)
	dst = append(dst, s.buf...)
	if seg.pic != 0 || seg.tl0 != 0 {
		rewriteVP8(dst[at:], s, seg)
	}
	return dst, header
}

func rewriteVP8(payload []byte, s *ringSlot, seg *segment) {
	if i := int(s.picAt); i > 0 {
		if s.pic15 {
			id := (binary.BigEndian.Uint16(payload[i:]) + seg.pic) & 0x7FFF
			binary.BigEndian.PutUint16(payload[i:], 0x8000|id)
		} else {
			payload[i] = (payload[i] + byte(seg.pic)) & 0x7F
		}
	}
	if i := int(s.tl0At); i > 0 {
		payload[i] += seg.tl0
	}
}

func (ss *SendStream) extensions(w *extWriter, s *ringSlot, f *sendForm, rtx bool) {
	ids := &ss.ids
	if f.ident {
		w.text(ids[extMID], ss.cfg.MID)
		if rtx {
			w.text(ids[extRepairedRID], ss.cfg.RID)
		} else {
			w.text(ids[extRID], ss.cfg.RID)
		}
	}
	if id := ids[extTransportCC]; id != 0 {
		w.uint16(id, f.twcc)
	}
	if id := ids[extAbsSendTime]; id != 0 {
		w.uint24(id, f.sendTime)
	}
	if id := ids[extAudioLevel]; id != 0 && s.hasLevel {
		v := s.level & 0x7F
		if s.voice {
			v |= 0x80
		}
		w.byte(id, v)
	}
	if f.rotation {
		w.byte(ids[extRotation], s.rotation)
	}
	if f.capture {
		w.captureTime(ids[extAbsCaptureTime], s.capture)
	}
}
