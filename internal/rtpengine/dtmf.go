package rtpengine

import (
	"encoding/binary"
	"strings"
	"time"
)

// Event is a telephone event, such as a DTMF tone (RFC 4733).
type Event struct {
	// Code is 0 to 9 for the digits, 10 for *, 11 for #, 12 to 15 for A to D
	// (RFC 4733 section 3.2).
	Code uint8
	// Volume is the level of the tone in -dBm0, 0 to 63.
	Volume uint8
	// Duration is how long the event lasts; in a packet, how long it has lasted.
	Duration time.Duration
	// End says that a packet is one of an event's last.
	End bool
}

// EventCode returns the code of a character of the telephone's keys.
func EventCode(key byte) (code uint8, ok bool) {
	i := strings.IndexByte("0123456789*#ABCD", key)
	return uint8(i), i >= 0
}

// ParseEvent reads the payload of a telephone-event packet (RFC 4733 section
// 2.3); clock is the rate of the format's RTP clock.
func ParseEvent(payload []byte, clock uint32) (e Event, ok bool) {
	if len(payload) < 4 || clock == 0 {
		return e, false
	}
	return Event{
		Code: payload[0], Volume: payload[1] & 63, End: payload[1]&0x80 != 0,
		Duration: ticksDuration(int64(binary.BigEndian.Uint16(payload[2:])), clock),
	}, true
}

func appendEvent(dst []byte, e *Event, lasted uint32) []byte {
	flags := e.Volume & 63
	if e.End {
		flags |= 0x80
	}
	dst = append(dst, e.Code, flags)
	return binary.BigEndian.AppendUint16(dst, uint16(lasted))
}

const (
	// eventUpdate is how often an event that lasts is told: "an update interval
	// of 50 ms is RECOMMENDED" (RFC 4733 section 2.5.1.2).
	eventUpdate = 50 * time.Millisecond
	// eventRepeat is the time between its last packets, of which there are three
	// (section 2.5.1.4). They are over before the shortest gap between tones is.
	eventRepeat = 10 * time.Millisecond
	eventEnds   = 3
	// segmentMost is how long a segment of an event can be told to last, in units
	// of the clock (section 2.5.1.3).
	segmentMost = 0xFFFF
)

// eventSending is the event that a stream sends. While there is one, the
// stream's sound is left out.
type eventSending struct {
	Event
	on    bool
	first bool      // no packet of it has been sent
	start time.Time // of the segment, as are the next two
	// what is sampled at start is captured then, by the sound's clock
	capture time.Time
	ts      uint32
	ends    int // last packets that have been sent
	until   time.Time
	due     time.Time
}

// StartEvent sends a telephone event in place of the stream's sound, from now
// on for e.Duration. One that has not ended yet ends here. It reports false if
// telephone events were not negotiated for the clock rate of the codec that is
// sent, or nothing may be sent.
func (ss *SendStream) StartEvent(now time.Time, e Event) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed || !ss.active || ss.cfg.EventPayloadType == 0 {
		return false
	}
	e.End = false
	ss.event = eventSending{
		Event: e, on: true, first: true, start: now, until: now.Add(e.Duration), due: now,
		capture: now, ts: ss.lastTS, // which is random at first
	}
	if ss.started {
		since := now.Sub(ss.lastTime)
		ss.event.capture = ss.capture.Add(since)
		ss.event.ts += max(uint32(ticks(since, ss.clock)), 1)
	}
	// What the ring gets meanwhile is not sent, and nobody can ask for it.
	seg := segment{ts: ss.lastTS}
	if cur := ss.current(); cur != nil {
		seg = *cur
	}
	seg.out, seg.event = ss.highest+1, true
	ss.push(seg)
	ss.session.eventsOn.Store(true)
	ss.session.wake(now)
	return true
}

// pollEvents sends what is due of telephone events and returns when the next
// packet is; the zero time without one.
func (s *Session) pollEvents(now time.Time, out Output) (next time.Time) {
	if !s.eventsOn.Load() || out == nil {
		return next
	}
	s.sendMu.Lock()
	senders := append([]*SendStream(nil), s.senders...)
	s.sendMu.Unlock()
	for _, ss := range senders {
		if due := ss.pollEvent(now, out); !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	if next.IsZero() {
		s.eventsOn.Store(false)
		for _, ss := range senders { // one may have been started since it was asked
			if !ss.eventDue().IsZero() {
				s.eventsOn.Store(true)
				return now
			}
		}
	}
	return next
}

func (ss *SendStream) eventDue() time.Time {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if !ss.event.on {
		return time.Time{}
	}
	return ss.event.due
}

// pollEvent sends the packets of the stream's event that are due.
func (ss *SendStream) pollEvent(now time.Time, out Output) (next time.Time) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	e := &ss.event
	if !e.on {
		return next
	}
	if ss.closed || !ss.active || ss.cfg.EventPayloadType == 0 {
		ss.endEvent()
		return next
	}
	if e.due.After(now) {
		return e.due
	}
	// A packet tells of the interval that begins with it: a duration of zero
	// would mean something else (RFC 4733 section 2.3.5).
	lasted := uint32(ticks(min(now.Sub(e.start)+eventUpdate, e.until.Sub(e.start)), ss.clock))
	for lasted > segmentMost {
		// Section 2.5.1.3: the segment is reported as long as can be, and another
		// one begins where it ends.
		ss.sendEvent(now, segmentMost, out)
		length := ticksDuration(segmentMost, ss.clock)
		e.start, e.capture = e.start.Add(length), e.capture.Add(length)
		e.ts += segmentMost
		lasted -= segmentMost
	}
	e.End = !now.Before(e.until)
	ss.sendEvent(now, lasted, out)
	if !e.End {
		if e.due = now.Add(eventUpdate); e.due.After(e.until) {
			e.due = e.until
		}
		return e.due
	}
	if e.ends++; e.ends == eventEnds {
		ss.endEvent()
		return next
	}
	e.due = now.Add(eventRepeat)
	return e.due
}

// endEvent goes on with the sound: its next packet continues the sequence.
func (ss *SendStream) endEvent() {
	ss.event = eventSending{}
	ss.paused = true
}

// sendEvent sends one packet of the event.
func (ss *SendStream) sendEvent(now time.Time, lasted uint32, out Output) {
	e := &ss.event
	buf := out.ReserveRTP(12 + 4 + 64 + 4)
	ss.highest++
	if !ss.started {
		ss.started = true
		ss.session.wantReport(now)
	}
	ss.lastTS, ss.lastTime, ss.capture = e.ts, e.start, e.capture
	first := e.first
	e.first = false
	if buf == nil {
		return // as good as lost: the next one repeats it
	}
	form := ss.newForm(now, &ringSlot{}, ss.highest, false)
	second := ss.cfg.EventPayloadType & 0x7F
	if first { // "the marker bit … indicates the beginning of a new event"
		second |= 0x80
	}
	dst := append(buf, 0x80, second)
	dst = binary.BigEndian.AppendUint16(dst, uint16(ss.highest))
	dst = binary.BigEndian.AppendUint32(dst, e.ts)
	dst = binary.BigEndian.AppendUint32(dst, ss.cfg.SSRC)
	w := beginExtensions(dst, ss.two)
	ss.extensions(&w, &ringSlot{}, &form, false)
	if ext := w.end(); len(ext) > len(dst) {
		dst = ext
		dst[0] |= 0x10
	}
	header := len(dst)
	dst = appendEvent(dst, &e.Event, lasted)
	key := packetKey(dst)
	out.CommitRTP(dst)
	ss.session.sent(ss.counted, form.twcc, key, now, len(dst), 0)
	ss.ownPackets++
	ss.ownOctets += uint32(len(dst) - header)
	ss.stats.PacketsSent++
	ss.stats.BytesSent += uint64(len(dst) - header)
	ss.stats.HeaderBytesSent += uint64(header)
}
