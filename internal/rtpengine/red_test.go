package rtpengine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"trackway/internal/netsim"
)

var redCodec = Codec{MimeType: "audio/red", ClockRate: 48000, Channels: 2, Fmtp: "111/111"}

func redSend(mid string, ssrc uint32) SendConfig {
	c := audioSend(mid, ssrc)
	c.REDPayloadType = 63
	return c
}

func redReceive(mid string) ReceiverConfig {
	c := audioReceive(mid)
	c.Codecs = append(c.Codecs, PayloadCodec{PayloadType: 63, Codec: redCodec})
	return c
}

// The payload that RFC 2198 section 3 describes, worked by hand: two redundant
// blocks of 960 and 480 ticks before, with 3 and 2 bytes, and the primary one.
func TestREDPayload(t *testing.T) {
	payload := []byte{
		0x80 | 111, 960 >> 6, 960 << 2 & 0xFF, 3, // F PT | timestamp offset | block length
		0x80 | 111, 480 >> 6, 480 << 2 & 0xFF, 2,
		111,
		1, 2, 3, 4, 5, 6, 7, 8, 9,
	}
	want := []redBlock{{111, 960, 3, []byte{1, 2, 3}}, {111, 480, 2, []byte{4, 5}}, {111, 0, 0, []byte{6, 7, 8, 9}}}
	got, err := parseRED(nil, payload)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i := range want {
		if got[i].pt != want[i].pt || got[i].offset != want[i].offset || !bytes.Equal(got[i].data, want[i].data) {
			t.Errorf("block %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	for n := range 14 { // the blocks end at 14, and the primary one may be empty
		if _, err := parseRED(nil, payload[:n]); err == nil {
			t.Errorf("%d bytes of the payload are taken for one", n)
		}
	}
	if _, err := parseRED(nil, bytes.Repeat([]byte{0x80 | 111, 0, 4, 0}, 40)); err == nil {
		t.Error("headers without end are taken for a payload")
	}
}

func TestREDPrimary(t *testing.T) {
	for fmtp, want := range map[string]int{"111/111": 111, "111": 111, "111/111/111": 111, "111/112": -1, "": -1, "x/x": -1, "200/200": -1, "111/": 111} {
		pt, ok := Codec{MimeType: "audio/RED", Fmtp: fmtp}.redPrimary()
		if ok != (want >= 0) || ok && int(pt) != want {
			t.Errorf("%q: %d, %v", fmtp, pt, ok)
		}
	}
	if _, ok := (Codec{MimeType: "video/red", Fmtp: "111/111"}).redPrimary(); ok {
		t.Error("RED of video is not that of audio")
	}
}

// collect keeps what is sent.
type collect struct {
	nullOut
	packets []Packet
}

func (c *collect) ReserveRTP(n int) []byte { return make([]byte, 0, n) }
func (c *collect) CommitRTP(b []byte) {
	var p Packet
	if err := ParsePacket(b, &p); err != nil {
		panic(err)
	}
	c.packets = append(c.packets, p)
}

func TestREDIsPacked(t *testing.T) {
	s, now := loneSession(t)
	ss, err := s.AddSender(redSend("0", 5), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	ring, out := NewRing(RingConfig{Codec: opusCodec}), &collect{}
	send := func(data string, ts uint32) *Packet {
		t.Helper()
		span, err := ring.WriteFrame(&Frame{Data: []byte(data), Timestamp: ts})
		if err != nil {
			t.Fatal(err)
		}
		ss.Send(now, ring, span, out)
		return &out.packets[len(out.packets)-1]
	}
	wantPayload := func(p *Packet, want string) {
		t.Helper()
		if p.PayloadType != 63 || string(p.Payload) != want {
			t.Fatalf("payload type %d, payload %q, want 63 and %q", p.PayloadType, p.Payload, want)
		}
	}
	head := func(offset, size int) string {
		return string(binary.BigEndian.AppendUint32(nil, 0xEF<<24|uint32(offset)<<10|uint32(size)))
	}
	wantPayload(send("one", 0), "oone") // 'o' is 111: the primary block's header
	wantPayload(send("four", 960), head(960, 3)+"oonefour")
	ss.loss = 0.05
	wantPayload(send("6", 1920), head(1920, 3)+head(960, 4)+"oonefour6")
	wantPayload(send("8", 1920+redOffsetMost+1), "o8") // fourteen bits are too few
	big := string(bytes.Repeat([]byte{'x'}, redLengthMost+1))
	wantPayload(send(big, 20000), head(20000-1920-redOffsetMost-1, 1)+"o8"+big)
	wantPayload(send("9", 21000), "o9") // ten bits are too few
	ss.Pause()
	wantPayload(send("after a break", 22000), "oafter a break")
	// What is sent again is what was sent, whatever the loss is by now.
	ss.cfg.NACK = true
	seq := out.packets[1].SequenceNumber
	ss.nack(now, seq, 0, 0, out)
	if p := out.packets[len(out.packets)-1]; p.SequenceNumber != seq {
		t.Fatal("nothing was sent again")
	} else {
		wantPayload(&p, head(960, 3)+"oonefour")
	}
	// Without RED the payload would be another one: SRTP forbids that.
	n := len(out.packets)
	if err := ss.Update(audioSend("0", 5)); err != nil {
		t.Fatal(err)
	}
	ss.cfg.NACK = true
	if ss.nack(now.Add(time.Second), seq, 0, 0, out); len(out.packets) != n {
		t.Fatal("a packet was sent again with another payload")
	}
	if p := send("plain", 23000); p.PayloadType != 111 || string(p.Payload) != "plain" {
		t.Fatalf("RED goes on after it was negotiated away: %q", p.Payload)
	}
}

// speech sends numbered frames of 20 ms and returns them.
func speech(t *testing.T, w *world, ss *SendStream, out Output, frames int) (sent [][]byte) {
	t.Helper()
	ring := NewRing(RingConfig{Codec: opusCodec})
	for i := range frames {
		data := []byte(fmt.Sprintf("%05d", i))
		sent = append(sent, data)
		w.after(time.Duration(i)*20*time.Millisecond, func() {
			span, err := ring.WriteFrame(&Frame{Data: data, Timestamp: uint32(i * 960)})
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(w.now, ring, span, out)
		})
	}
	return sent
}

// over has a link's RTP packets pass through a simulated one.
func over(l *link, sim *netsim.Link) {
	l.drop = func(p *Packet) bool { return sim.Send(l.world.now, 12+len(p.Payload)).N == 0 }
}

func TestREDRepairsAudio(t *testing.T) {
	for _, tc := range []struct {
		name   string
		net    netsim.Conditions
		jitter time.Duration
		dup    float64
	}{
		{name: "5 % loss", net: netsim.Conditions{Loss: 0.05}},
		{name: "5 % loss, reordering, duplicates", net: netsim.Conditions{Loss: 0.05}, jitter: 50 * time.Millisecond, dup: 0.05},
		{name: "clean", net: netsim.Conditions{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, 11)
			a, b := pair(t, w, 40*time.Millisecond)
			a.out.jitter, a.out.dup = tc.jitter, tc.dup
			sc := newScreen(b, redReceive("0"))
			ss, err := a.s.AddSender(redSend("0", 5), SendEvents{})
			if err != nil {
				t.Fatal(err)
			}
			const frames = 3000
			sent := speech(t, w, ss, a.out, frames)
			w.run(2 * time.Second) // the reports tell of loss before it matters
			over(a.out, netsim.New(w.now, 3, netsim.Change{Conditions: tc.net}))
			ss.loss = tc.net.Loss
			w.run(frames*20*time.Millisecond - 2*time.Second - 500*time.Millisecond)
			a.out.drop = nil // nothing follows the last packet
			w.run(3 * time.Second)
			wantFrames(t, sc.frames, sent)
			if sc.packets != frames {
				t.Errorf("%d packets were delivered of %d: each once", sc.packets, frames)
			}
			in, _ := sc.stats(t)
			lost := in.PacketsLost
			if tc.dup == 0 && tc.net.Loss > 0 && (lost < frames*3/100 || lost > frames*7/100) {
				t.Errorf("%d packets lost of %d at %v: redundancy does not make a loss undone", lost, frames, tc.net.Loss)
			}
			repaired := in.FECPacketsReceived - in.FECPacketsDiscarded
			if tc.net.Loss > 0 && (repaired < frames*3/100 || tc.jitter == 0 && int64(repaired) != lost) {
				t.Errorf("%d of %d blocks were of use for %d losses", repaired, in.FECPacketsReceived, lost)
			}
			if tc.net.Loss == 0 && (repaired != 0 || in.FECPacketsReceived < frames-1) {
				t.Errorf("%d of %d blocks were of use where nothing is lost", repaired, in.FECPacketsReceived)
			}
			if in.PayloadType != 111 || in.Codec.Format() != FormatOpus || in.Malformed != 0 || in.NACKCount != 0 {
				t.Errorf("the stream is not Opus: %+v", in)
			}
			out, _ := ss.Stats()
			if tc.dup == 0 && tc.net.Loss == 0 && in.BytesReceived != out.BytesSent {
				t.Errorf("%d payload bytes received, %d sent: RED is payload", in.BytesReceived, out.BytesSent)
			}
		})
	}
}

// A block repairs what it is a copy of and nothing else.
func TestREDBlocksAreChecked(t *testing.T) {
	s, now := loneSession(t)
	var got []string
	r := s.AddReceiver(redReceive("0"), ReceiverEvents{Packet: func(_ *ReceiveStream, p *Packet) {
		got = append(got, fmt.Sprintf("%d %d %s", p.SequenceNumber, p.Timestamp, p.Payload))
	}})
	red := func(seq uint16, ts uint32, blocks ...string) {
		var head, body []byte
		for i := 0; i < len(blocks)-1; i++ {
			head = binary.BigEndian.AppendUint32(head, 0xEF<<24|uint32(960*(len(blocks)-1-i))<<10|uint32(len(blocks[i])))
			body = append(body, blocks[i]...)
		}
		head = append(head, 111)
		s.HandleRTP(now, raw(63, 9, seq, ts, false, append(append(head, body...), blocks[len(blocks)-1]...)), nil)
	}
	want := func(list ...string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(list) {
			t.Fatalf("got %q, want %q", got, list)
		}
		got = nil
	}
	red(10, 9600, "h", "i", "j") // what was before the first packet is not ours
	want("10 9600 j")
	red(12, 11520, "k", "l")
	want("11 10560 k", "12 11520 l")
	red(11, 10560, "j", "k") // late: the program has it
	red(12, 11520, "k", "l") // twice
	want()
	red(15, 14400, "l", "m", "n", "o")
	want("13 12480 m", "14 13440 n", "15 14400 o")
	// Something on the way left 16 out and closed the gap behind it: the block is
	// 15, not what is missing before 17.
	red(17, 15360, "o", "q")
	want("17 15360 q")
	// A payload of another type, or none: a packet, but none for the program.
	s.HandleRTP(now, raw(63, 9, 18, 0, false, []byte{112, 1, 2}), nil)
	s.HandleRTP(now, raw(63, 9, 19, 0, false, []byte{0xEF, 1, 2}), nil)
	s.HandleRTP(now, raw(63, 9, 20, 0, false, nil), nil)
	want()
	var in InboundStats
	r.Stats(func(i InboundStats, _ RemoteOutboundStats) { in = i })
	if in.PacketsReceived != 8 || in.Malformed != 2 || in.PacketsLost != 3 || in.PacketsDuplicated != 1 {
		t.Errorf("got %+v", in)
	}
	if in.FECPacketsReceived != 8 || in.FECPacketsDiscarded != 5 {
		t.Errorf("%d blocks, %d of no use", in.FECPacketsReceived, in.FECPacketsDiscarded)
	}
}

func TestREDTakesNoMemoryPerPacket(t *testing.T) {
	s, now := loneSession(t)
	_, _ = counting(s, redReceive("0"))
	rs, _ := loneSession(t)
	ss, err := rs.AddSender(redSend("0", 5), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	ring := NewRing(RingConfig{Codec: opusCodec})
	out := &feedTo{s: s, now: now}
	f := &Frame{Data: make([]byte, 80)}
	n := 0
	step := func() {
		f.Timestamp += 960
		n++
		out.lose = n%3 == 0
		span, err := ring.WriteFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		ss.Send(now, ring, span, out)
	}
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(300, step); n > 0 {
		t.Errorf("%v allocations for each packet of RED", n)
	}
}

// feedTo hands packets to a session at once.
type feedTo struct {
	nullOut
	s    *Session
	now  time.Time
	buf  [2048]byte
	lose bool
}

func (o *feedTo) ReserveRTP(int) []byte { return o.buf[:0] }
func (o *feedTo) CommitRTP(p []byte) {
	if !o.lose {
		o.s.HandleRTP(o.now, p, nil)
	}
}

// FuzzRED parses payloads and gives them to a stream.
func FuzzRED(f *testing.F) {
	f.Add(join([]byte{0x6F, 1}, []byte{0xEF, 0x0F, 0x00, 0x01, 0x6F, 1, 2}))
	f.Add(join([]byte{0x6F, 1}, []byte{0xEF, 0x1E, 0x00, 0x01, 0xEF, 0x0F, 0x00, 0x02, 0x6F, 1, 2, 3, 4}))
	f.Add(join([]byte{0x6F}, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0x6F}, nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, now := loneSession(t)
		sc := &screen{}
		delivered := map[uint16]bool{}
		sc.r = s.AddReceiver(redReceive("0"), ReceiverEvents{
			Packet: func(_ *ReceiveStream, p *Packet) {
				if delivered[p.SequenceNumber] {
					t.Errorf("packet %d is delivered twice", p.SequenceNumber)
				}
				delivered[p.SequenceNumber] = true
			},
			Frame: func(_ *ReceiveStream, f *Frame) {
				if len(f.Data) == 0 {
					t.Error("an empty frame was delivered")
				}
			},
		})
		sc.r.SetAssemble(true)
		seq, out := uint16(65530), &nullOut{}
		for i, payload := range chop(in) {
			blocks, err := parseRED(nil, payload)
			size := 0
			for _, b := range blocks {
				size += len(b.data)
			}
			if err == nil && size+4*(len(blocks)-1)+1 != len(payload) {
				t.Fatalf("%x has blocks of %d bytes", payload, size)
			}
			seq += uint16(1 + i%3)
			s.HandleRTP(now, raw(63, 9, seq, uint32(seq)*960, false, payload), out)
			now = now.Add(20 * time.Millisecond)
			s.Poll(now, out)
		}
	})
}
