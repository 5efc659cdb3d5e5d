package rtpengine

import (
	"testing"
	"time"
)

// heardEvent is a packet of a telephone event as it arrived.
type heardEvent struct {
	Event
	at     time.Time
	packet Packet
}

// phone is a sender of sound at 50 packets a second and of events, and what the
// other side gets.
type phone struct {
	w      *world
	ss     *SendStream
	clock  uint32
	events []heardEvent
	sound  []Packet
	at     []time.Time
	a, b   *peer
}

const eventPT = 101

func newPhone(t *testing.T, codec Codec, length time.Duration) *phone {
	p := &phone{w: newWorld(t, 21), clock: codec.ClockRate}
	p.a, p.b = pair(t, p.w, 20*time.Millisecond)
	cfg := audioReceive("0")
	cfg.Codecs = []PayloadCodec{
		{PayloadType: 111, Codec: codec},
		{PayloadType: eventPT, Codec: Codec{MimeType: "audio/telephone-event", ClockRate: codec.ClockRate}},
	}
	r := p.b.s.AddReceiver(cfg, ReceiverEvents{
		Packet: func(_ *ReceiveStream, q *Packet) {
			if q.PayloadType != eventPT {
				p.sound, p.at = append(p.sound, *q), append(p.at, p.w.now)
				return
			}
			e, ok := ParseEvent(q.Payload, q.Codec.Codec.ClockRate)
			if !ok {
				t.Errorf("the payload %x is no event", q.Payload)
			}
			p.events = append(p.events, heardEvent{e, p.w.now, *q})
		},
		Frame: func(_ *ReceiveStream, f *Frame) {
			if f.PayloadType != 111 {
				t.Error("an event is no frame of sound")
			}
		},
	})
	r.SetAssemble(true)
	send := audioSend("0", 5)
	send.Codec, send.EventPayloadType = codec, eventPT
	var err error
	if p.ss, err = p.a.s.AddSender(send, SendEvents{}); err != nil {
		t.Fatal(err)
	}
	ring := NewRing(RingConfig{Codec: codec})
	for i := range int(length / (20 * time.Millisecond)) {
		p.w.after(time.Duration(i)*20*time.Millisecond, func() {
			span, err := ring.WriteFrame(&Frame{Data: make([]byte, 40), Timestamp: uint32(i) * codec.ClockRate / 50, CaptureTime: p.w.now})
			if err != nil {
				t.Fatal(err)
			}
			p.ss.Send(p.w.now, ring, span, p.a.out)
		})
	}
	return p
}

func (p *phone) press(at time.Duration, code uint8, length time.Duration) {
	p.w.after(at, func() {
		if !p.ss.StartEvent(p.w.now, Event{Code: code, Volume: 10, Duration: length}) {
			p.w.t.Error("the event cannot be sent")
		}
	})
}

var pcmuCodec = Codec{MimeType: "audio/PCMU", ClockRate: 8000, Channels: 1}

func TestTelephoneEvents(t *testing.T) {
	for _, codec := range []Codec{opusCodec, pcmuCodec} {
		p := newPhone(t, codec, 3*time.Second)
		begin := p.w.now
		p.press(time.Second, 5, 200*time.Millisecond)
		p.press(1300*time.Millisecond, 11, 40*time.Millisecond)
		p.w.run(4 * time.Second)

		var tones [][]heardEvent
		for _, e := range p.events {
			if e.packet.Marker {
				tones = append(tones, nil)
			}
			if len(tones) == 0 {
				t.Fatal("the first packet of an event has the marker bit")
			}
			tones[len(tones)-1] = append(tones[len(tones)-1], e)
		}
		if len(tones) != 2 {
			t.Fatalf("%d tones of 2", len(tones))
		}
		for i, want := range []struct {
			code   uint8
			start  time.Duration
			length time.Duration
			count  int
		}{{5, time.Second, 200 * time.Millisecond, 4 + 3}, {11, 1300 * time.Millisecond, 40 * time.Millisecond, 1 + 3}} {
			tone := tones[i]
			if len(tone) != want.count {
				t.Errorf("tone %d: %d packets, want one every 50 ms and three at the end, %d", i, len(tone), want.count)
			}
			if d := tone[0].at.Sub(begin.Add(want.start + 20*time.Millisecond)); d.Abs() > time.Millisecond {
				t.Errorf("tone %d begins %v off", i, d)
			}
			ends, last := 0, time.Duration(0)
			for j, e := range tone {
				if e.Code != want.code || e.Volume != 10 || e.packet.Timestamp != tone[0].packet.Timestamp {
					t.Errorf("tone %d: packet %d has code %d, volume %d, timestamp %d; of one event all are the same", i, j, e.Code, e.Volume, e.packet.Timestamp)
				}
				if e.Duration <= 0 || e.Duration < last {
					t.Errorf("tone %d: packet %d says %v after %v; the duration grows and is never zero", i, j, e.Duration, last)
				}
				last = e.Duration
				if e.End {
					if ends++; e.Duration != want.length {
						t.Errorf("tone %d: the end says %v, want %v", i, e.Duration, want.length)
					}
				} else if ends > 0 {
					t.Errorf("tone %d goes on after its end", i)
				}
			}
			if ends != 3 {
				t.Errorf("tone %d ends %d times; the last packet is sent three times", i, ends)
			}
		}

		// Sequence numbers and timestamps of sound and events are of one stream.
		all := append([]Packet(nil), p.sound...)
		for _, e := range p.events {
			all = append(all, e.packet)
		}
		seen := map[uint64]bool{}
		low, high := all[0].Extended, all[0].Extended
		for _, q := range all {
			seen[q.Extended] = true
			low, high = min(low, q.Extended), max(high, q.Extended)
		}
		if len(seen) != len(all) || int(high-low)+1 != len(all) {
			t.Errorf("%d packets have the numbers %d to %d", len(all), low, high)
		}
		for i := 1; i < len(p.sound); i++ {
			gap := p.at[i].Sub(p.at[i-1])
			ticks := time.Duration(p.sound[i].Timestamp-p.sound[i-1].Timestamp) * time.Second / time.Duration(codec.ClockRate)
			if (ticks - gap).Abs() > 2*time.Millisecond {
				t.Errorf("packets of sound are %v apart and their timestamps %v: the source's timeline goes on", gap, ticks)
			}
			if gap > 30*time.Millisecond && !p.sound[i].Marker {
				t.Error("sound that comes after an event begins with a marker bit")
			}
		}
		for _, e := range p.events {
			want := p.sound[0].Timestamp + uint32(e.at.Sub(p.at[0])/time.Millisecond)*(codec.ClockRate/1000)
			// The packets tell of a time that is at most their event's length ago.
			if ago := int32(want - e.packet.Timestamp); ago < -int32(codec.ClockRate/50) || ago > int32(codec.ClockRate/3) {
				t.Errorf("an event's timestamp is %d ticks off the sound's", ago)
			}
		}
		for i, at := range p.at {
			since := at.Sub(begin) - 20*time.Millisecond
			if since > time.Second+time.Millisecond && since < 1200*time.Millisecond || since > 1301*time.Millisecond && since < 1340*time.Millisecond {
				t.Errorf("packet %d of sound is sent during a tone", i)
			}
		}
		if n := len(p.sound); n < 130 || n > 137 {
			t.Errorf("%d packets of sound, of 150 less those of the tones", n)
		}
	}
}

func TestLongEventsAreSegmented(t *testing.T) {
	p := newPhone(t, opusCodec, 4*time.Second)
	p.press(500*time.Millisecond, 1, 3*time.Second)
	p.w.run(5 * time.Second)
	var starts []uint32
	total := time.Duration(0)
	for i, e := range p.events {
		if n := len(starts); n == 0 || starts[n-1] != e.packet.Timestamp {
			if n > 0 {
				if before := p.events[i-1]; before.End || before.Duration != ticksDuration(segmentMost, 48000) || e.packet.Marker {
					t.Errorf("a segment ends at its most, without an end, and the next has no marker: %+v, %+v", before.Event, e.Event)
				}
				if e.packet.Timestamp-starts[n-1] != segmentMost {
					t.Errorf("the next segment begins %d later", e.packet.Timestamp-starts[n-1])
				}
				total += ticksDuration(segmentMost, 48000)
			}
			starts = append(starts, e.packet.Timestamp)
		}
	}
	last := p.events[len(p.events)-1]
	if total += last.Duration; len(starts) != 3 || !last.End || (total-3*time.Second).Abs() > time.Millisecond {
		t.Errorf("%d segments of %v in all, the last %+v; want 3 of 3s", len(starts), total, last.Event)
	}
}

func TestEventsAreNotSentAgain(t *testing.T) {
	p := newPhone(t, pcmuCodec, time.Second)
	cfg := p.ss.cfg
	cfg.NACK = true
	if err := p.ss.Update(cfg); err != nil {
		t.Fatal(err)
	}
	p.press(300*time.Millisecond, 3, 100*time.Millisecond)
	p.w.run(2 * time.Second)
	sent, _ := p.ss.Stats()
	for _, e := range p.events {
		p.ss.nack(p.w.now, e.packet.SequenceNumber, 0, 0, p.a.out)
	}
	if after, _ := p.ss.Stats(); after.PacketsSent != sent.PacketsSent || after.Missed != sent.Missed+uint64(len(p.events)) {
		t.Errorf("%d packets were sent for NACKs of events: the ring has others with these numbers", after.PacketsSent-sent.PacketsSent)
	}
	p.ss.nack(p.w.now, p.sound[len(p.sound)-1].SequenceNumber, 0, 0, p.a.out)
	if after, _ := p.ss.Stats(); after.RetransmittedPacketsSent != 1 {
		t.Error("sound after an event is sent again on demand")
	}
}

func TestEventsNeedToBeNegotiated(t *testing.T) {
	p := newPhone(t, pcmuCodec, 100*time.Millisecond)
	p.ss.SetActive(false)
	if p.ss.StartEvent(p.w.now, Event{Duration: time.Second}) {
		t.Error("an encoding that is switched off sends nothing")
	}
	p.ss.SetActive(true)
	cfg := p.ss.cfg
	cfg.EventPayloadType = 0
	if err := p.ss.Update(cfg); err != nil {
		t.Fatal(err)
	}
	if p.ss.StartEvent(p.w.now, Event{Duration: time.Second}) {
		t.Error("without a payload type there are no events")
	}
}

func TestAnEventMayComeFirst(t *testing.T) {
	p := newPhone(t, opusCodec, 0)
	p.press(0, 9, 100*time.Millisecond)
	p.w.run(time.Second)
	if len(p.events) != 5 || len(p.sound) != 0 {
		t.Errorf("%d packets of an event, %d of sound", len(p.events), len(p.sound))
	}
}

func TestKeysHaveCodes(t *testing.T) {
	for key, want := range map[byte]uint8{'0': 0, '9': 9, '*': 10, '#': 11, 'A': 12, 'D': 15} {
		if code, ok := EventCode(key); !ok || code != want {
			t.Errorf("key %c has code %d, want %d", key, code, want)
		}
	}
	if _, ok := EventCode('E'); ok {
		t.Error("there is no key E")
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte{1, 0x8a, 0, 160}, uint32(8000))
	f.Add([]byte{1, 2, 3}, uint32(8000))
	f.Add([]byte{255, 255, 255, 255, 1}, uint32(0))
	f.Fuzz(func(t *testing.T, payload []byte, clock uint32) {
		e, ok := ParseEvent(payload, clock)
		if ok != (len(payload) >= 4 && clock != 0) {
			t.Fatalf("%x at %d Hz: %v", payload, clock, ok)
		}
		if ok && clock >= 8000 && clock <= 48000 {
			if got := appendEvent(nil, &e, uint32(ticks(e.Duration, clock))); string(got) != string([]byte{payload[0], payload[1] & 0xbf, payload[2], payload[3]}) {
				t.Fatalf("%x became %x", payload, got)
			}
		}
	})
}
