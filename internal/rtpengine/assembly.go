package rtpengine

import "time"

const (
	assemblyStart = 64   // slots at first
	assemblyMost  = 4096 // packets that may wait for a missing one
	startPackets  = 4    // of a stream that begins in the middle, before a key frame is asked for
	startPatience = 100 * time.Millisecond
)

// assembly orders packets and puts frames together.
//
// It waits for missing packets as long as they may still come (patience); then
// audio goes on without them, and video goes on with the next key frame.
type assembly struct {
	stream  *ReceiveStream
	enabled bool
	parts   frameAssembler
	slots   []asmSlot
	count   int
	next    uint64 // the first packet that is not consumed
	floor   uint64 // before it nothing is taken any more: it came before a restart
	scan    uint64 // packets from next to before scan are one frame's, complete so far
	begun   bool   // next is set
	startAt time.Time
	holding bool // waiting for what came before the first packet
	moved   bool // something was consumed
	aligned bool // a frame begins at next
	waitKey bool
	// the packet before next, where it is known
	prevKnown, prevMarker bool
	prevTS                uint32
	gapAt                 time.Time // since when gapSeq has been missing
	gapSeq                uint64
	width, height         int
}

type asmSlot struct {
	seq         uint64
	set         bool
	marker      bool
	info        payloadInfo
	ts          uint32
	buf         []byte // nil for padding
	arrival     time.Time
	csrcs       []uint32
	hasLevel    bool
	voice       bool
	level       uint8
	hasRotation bool
	rotation    int
	capture     time.Time
}

func (a *assembly) setCodec(c Codec) {
	a.parts = newFrameAssembler(c)
	a.restart()
}

// restart forgets what is buffered. A repair of what lies behind must not begin
// the stream anew.
func (a *assembly) restart() {
	if a.begun && a.moved {
		a.floor = a.next
	}
	for i := range a.slots {
		a.release(&a.slots[i])
	}
	a.count, a.begun, a.moved, a.prevKnown, a.holding = 0, false, false, false, false
	a.gapAt = time.Time{}
	a.waitKey = a.stream.video
	a.aligned = false
}

func (a *assembly) setEnabled(on bool) {
	if a.enabled == on {
		return
	}
	a.enabled = on
	a.restart()
}

func (a *assembly) slot(seq uint64) *asmSlot { return &a.slots[seq&uint64(len(a.slots)-1)] }

func (a *assembly) at(seq uint64) *asmSlot {
	if len(a.slots) == 0 {
		return nil
	}
	if s := a.slot(seq); s.set && s.seq == seq {
		return s
	}
	return nil
}

func (a *assembly) release(s *asmSlot) {
	if s.set {
		a.count--
		if s.buf != nil {
			putBuffer(s.buf)
		}
	}
	*s = asmSlot{csrcs: s.csrcs[:0]}
}

func (a *assembly) insert(now time.Time, p *Packet) {
	st := a.stream
	padding := len(p.Payload) == 0 || st.pt != p.PayloadType
	var info payloadInfo
	if a.parts != nil && !padding {
		info = a.parts.inspect(p.Payload)
		if info.key && info.start && st.video {
			st.key.arriving()
		}
		if info.malformed {
			st.stats.Malformed++
			padding = true
		}
	}
	a.setEnabled(st.receiver.frames.Load())
	if !a.enabled || a.parts == nil {
		return
	}
	seq := p.Extended
	switch {
	case seq < a.floor:
		st.stats.PacketsDiscarded++
		return
	case !a.begun:
		a.next, a.scan, a.begun, a.startAt = seq, seq, true, now
	case seq < a.next && !a.moved && a.next-seq < assemblyStart:
		a.next, a.scan = seq, seq // the stream began before the packet that came first
		a.aligned = false
	case seq < a.next:
		st.stats.PacketsDiscarded++
		return
	}
	if seq-a.next >= assemblyMost {
		a.giveUp(now)
		if seq-a.next >= assemblyMost {
			a.restart()
			a.next, a.scan, a.begun = seq, seq, true
		}
	}
	a.grow(seq)
	s := a.slot(seq)
	a.release(s)
	a.count++
	*s = asmSlot{seq: seq, set: true, marker: p.Marker, info: info, ts: p.Timestamp, arrival: now, csrcs: append(s.csrcs, p.CSRC[:p.NumCSRC]...)}
	if !padding {
		s.buf = append(getBuffer(), p.Payload...)
	}
	s.hasLevel, s.voice, s.level = p.Ext.HasAudioLevel, p.Ext.VoiceActivity, p.Ext.AudioLevel
	s.hasRotation, s.rotation = p.Ext.HasRotation, p.Ext.Rotation
	if p.Ext.HasCaptureTime {
		s.capture = p.Ext.CaptureTime
	}
	if a.waitKey && a.moved && info.key && info.start {
		a.skipTo(seq)
	}
	a.advance(now)
}

// skipTo goes on at a key frame that has begun behind missing packets, if it
// is certain that it begins there.
func (a *assembly) skipTo(seq uint64) {
	s, before := a.at(seq), a.at(seq-1)
	if s.info.weakStart && (before == nil || before.buf == nil || before.ts == s.ts) {
		return
	}
	if cur := a.at(a.next); seq <= a.next || cur != nil && cur.ts == s.ts {
		return
	}
	for a.next < seq {
		if s := a.at(a.next); s != nil {
			a.release(s)
		}
		a.next++
	}
	a.scan, a.aligned, a.gapAt = a.next, true, time.Time{}
	a.stream.nack.before(a.next)
}

// grow makes room for seq.
func (a *assembly) grow(seq uint64) {
	n := max(len(a.slots), assemblyStart)
	for uint64(n) <= seq-a.next {
		n *= 2
	}
	if n == len(a.slots) {
		return
	}
	old := a.slots
	a.slots = make([]asmSlot, n)
	for i := range old {
		if old[i].set {
			*a.slot(old[i].seq) = old[i]
		}
	}
}

// advance consumes what is complete.
func (a *assembly) advance(now time.Time) {
	for {
		if !a.align(now) {
			break
		}
		end, ok := a.complete()
		if !ok {
			break
		}
		a.deliver(now, end)
	}
	// a packet is missing when a later one is there
	switch {
	case a.count == 0 || a.at(a.scan) != nil || a.scan > a.stream.highest:
		a.gapAt = time.Time{}
	case a.gapAt.IsZero() || a.gapSeq != a.scan: // each missing packet has its own time
		a.gapAt, a.gapSeq = now, a.scan
	}
}

// align drops packets until a frame begins at next.
func (a *assembly) align(now time.Time) bool {
	for {
		s := a.at(a.next)
		if s == nil {
			return false
		}
		if s.buf == nil { // padding lies between frames
			a.consume(s)
			continue
		}
		if a.aligned || !a.stream.video {
			a.aligned, a.holding = true, false
			return true
		}
		if a.prevKnown && (a.prevMarker || a.prevTS != s.ts) || s.info.start && (!s.info.weakStart || s.info.key) {
			a.aligned, a.holding = true, false
			return true
		}
		if !a.moved && now.Before(a.startAt.Add(startPatience)) {
			if a.count >= startPackets {
				a.stream.key.need = true
			}
			a.holding = true
			return false // the packet before it may still come
		}
		a.holding = false
		a.prevTS, a.prevMarker, a.prevKnown = s.ts, s.marker, true
		a.consume(s)
		a.waitKey = true
		a.stream.key.need = true
	}
}

// consume passes over the packet at next.
func (a *assembly) consume(s *asmSlot) {
	if s.buf != nil {
		a.prevTS, a.prevMarker, a.prevKnown = s.ts, s.marker, true
	}
	a.release(s)
	a.next++
	a.moved = true
	a.scan = max(a.scan, a.next)
}

// complete looks for the end of the frame that begins at next: a marker, or a
// packet with another timestamp. It returns the first packet after the frame.
func (a *assembly) complete() (end uint64, ok bool) {
	first := a.at(a.next)
	if !a.stream.video {
		a.scan = a.next + 1
		return a.next + 1, true
	}
	for {
		s := a.at(a.scan)
		if s == nil {
			return 0, false
		}
		if s.buf != nil {
			if s.ts != first.ts {
				return a.scan, true
			}
			if s.marker {
				return a.scan + 1, true
			}
		}
		a.scan++
	}
}

// deliver puts the packets from next to before end together.
func (a *assembly) deliver(now time.Time, end uint64) {
	st := a.stream
	first := a.at(a.next)
	f := st.session.getFrame()
	*f = Frame{
		Timestamp: first.ts, SSRC: st.ssrc, PayloadType: st.pt, RID: st.rid,
		FirstSequence: a.next, CSRCs: append(f.CSRCs[:0], first.csrcs...),
		AudioLevel: first.level, VoiceActivity: first.voice, HasAudioLevel: first.hasLevel,
		CaptureTime: first.capture, Codec: st.codec, Data: f.Data[:0],
	}
	began, last := first.arrival, first.arrival
	a.parts.begin()
	data := f.Data
	var err error
	for a.next < end {
		s := a.at(a.next)
		if s.arrival.Before(began) {
			began = s.arrival
		}
		if s.arrival.After(last) {
			last = s.arrival
		}
		if s.hasRotation {
			st.rotation = s.rotation
		}
		if s.buf != nil && err == nil {
			data, err = a.parts.add(data, s.buf, f)
			f.Packets++
		}
		a.consume(s)
	}
	if err == nil {
		data, err = a.parts.finish(data, f)
	}
	f.Data = data
	if err != nil {
		st.session.putFrame(f)
		st.stats.Malformed++
		st.stats.FramesDropped++
		a.waitKey = st.video
		st.key.need = st.key.need || st.video
		return
	}
	f.ReceiveTime = last
	st.stats.FramesReceived++
	if f.Packets > 1 {
		st.stats.FramesAssembledFromMultiple++
		st.stats.AssemblyTime += last.Sub(began)
	}
	if f.KeyFrame && st.video {
		st.stats.KeyFramesReceived++
		a.waitKey = false
		st.key.arriving()
		if f.Width != 0 {
			a.width, a.height = f.Width, f.Height
		}
	}
	if a.waitKey {
		st.stats.FramesDropped++
		st.key.need = true
		st.session.putFrame(f)
		return
	}
	f.Width, f.Height = a.width, a.height
	f.Rotation, f.HasRotation = st.rotation, st.rotation != 0
	st.stats.FrameWidth, st.stats.FrameHeight = a.width, a.height
	st.stats.BufferEmitted++
	st.stats.BufferDelay += now.Sub(began)
	if f.CaptureTime.IsZero() {
		f.CaptureTime, _ = st.senderTime(f.Timestamp)
	}
	f.LocalTime, _ = st.localTime(f.Timestamp)
	st.session.deliver(delivery{stream: st, frame: f})
}

// patience is how long a missing packet is waited for.
func (a *assembly) patience() time.Duration {
	if a.stream.codec == nil || !a.stream.codec.NACK {
		if a.stream.fec != nil {
			return 60*time.Millisecond + fecPatience
		}
		return 60 * time.Millisecond // reordering only
	}
	return min(max(10*a.stream.session.rtt()+100*time.Millisecond, 500*time.Millisecond), 2*time.Second)
}

// deadline is when the missing packet is given up; zero if none is missing.
func (a *assembly) deadline() time.Time {
	switch {
	case a.holding:
		return a.startAt.Add(startPatience)
	case a.gapAt.IsZero():
		return time.Time{}
	}
	return a.gapAt.Add(a.patience())
}

func (a *assembly) poll(now time.Time) {
	for d := a.deadline(); !d.IsZero() && !now.Before(d); d = a.deadline() {
		if a.holding {
			a.advance(now)
			continue
		}
		a.giveUp(now)
	}
}

// giveUp goes on behind the missing packets.
func (a *assembly) giveUp(now time.Time) {
	st := a.stream
	if a.count == 0 {
		a.gapAt = time.Time{}
		return
	}
	for s := a.at(a.next); s != nil; s = a.at(a.next) {
		a.consume(s)
	}
	for a.at(a.next) == nil && a.next <= st.highest {
		a.next++
	}
	a.moved = true
	a.scan = max(a.scan, a.next)
	st.nack.before(a.next)
	a.prevKnown, a.gapAt = false, time.Time{}
	if st.video {
		st.stats.FramesDropped++
		a.aligned, a.waitKey = false, true
		st.key.need = true
	}
	a.advance(now)
}
