package rtpengine

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// ccfbConfigs are a picture's and a sound's m-sections that have negotiated RFC 8888 feedback, or
// transport-wide feedback.
func ccfbConfigs(rfc8888 bool) (vs, as SendConfig, vr, ar ReceiverConfig) {
	vs, as, vr, ar = videoSend("v", 100), audioSend("a", 200), videoReceive("v"), audioReceive("a")
	vs.CongestionFeedback, as.CongestionFeedback = rfc8888, rfc8888
	vr.CongestionFeedback, ar.CongestionFeedback = rfc8888, rfc8888
	return vs, as, vr, ar
}

// TestFeedbackTellsTheFateOfEachPacket: over a path that loses, reorders and
// duplicates, what the sender hears of each packet is what became of it, with
// either kind of feedback.
func TestFeedbackTellsTheFateOfEachPacket(t *testing.T) {
	for _, c := range []struct {
		name     string
		rfc8888  bool
		rounding time.Duration
	}{{"transport-wide", false, 250 * time.Microsecond}, {"RFC 8888", true, time.Second / 1024}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 5)
			a, b := pair(t, w, 20*time.Millisecond)
			a.out.jitter, a.out.dup = 15*time.Millisecond, 0.02
			type fate struct {
				sent, arrived time.Time
				heard, lost   bool
			}
			var fates []*fate
			byKey := map[uint64]*fate{}
			var ids idTable
			ids.add(testExtensions)
			a.out.drop = func(p *Packet) bool {
				ids.parseExtensions(p)
				if p.Ext.HasTransportCC == c.rfc8888 {
					t.Fatalf("transport-wide sequence number written: %v", p.Ext.HasTransportCC)
				}
				f := &fate{sent: w.now}
				fates = append(fates, f)
				byKey[uint64(p.SSRC)<<16|uint64(p.SequenceNumber)] = f
				return w.rng.IntN(20) == 0
			}
			deliver := a.out.to
			a.out.to = func(now time.Time, packet []byte, rtcp bool) {
				if !rtcp {
					if f := byKey[packetKey(packet)]; f.arrived.IsZero() {
						f.arrived = now
					}
				}
				deliver(now, packet, rtcp)
			}
			var offset time.Duration
			reports, last := 0, uint64(0)
			a.s.cfg.Feedback = func(_ time.Time, results []PacketResult) {
				reports++
				for i, r := range results {
					if i > 0 && r.Sequence <= last {
						t.Fatal("not in the order of sending")
					}
					last = r.Sequence
					f := fates[r.Sequence-1<<16]
					if !r.Sent.Equal(f.sent) || r.Marked {
						t.Fatalf("packet %d: %+v, sent at %v", r.Sequence, r, f.sent)
					}
					if !r.Received {
						if f.heard || f.lost {
							t.Fatalf("packet %d is lost again", r.Sequence)
						}
						f.lost = true
						continue
					}
					if f.heard || f.arrived.IsZero() {
						t.Fatalf("packet %d: arrived for the second time, or never", r.Sequence)
					}
					f.heard = true
					at := f.arrived.Sub(fates[0].sent) - r.Arrival
					if offset == 0 {
						offset = at
					}
					if d := at - offset; d < -2*c.rounding || d > 2*c.rounding {
						t.Fatalf("packet %d is said to have arrived %v off", r.Sequence, d)
					}
				}
			}
			vs, as, vr, ar := ccfbConfigs(c.rfc8888)
			cam := newCamera(w)
			cam.add(t, a, vs)
			newScreen(b, vr)
			newScreen(b, ar)
			sound, err := a.s.AddSender(as, SendEvents{})
			if err != nil {
				t.Fatal(err)
			}
			ring := NewRing(RingConfig{Codec: opusCodec})
			cam.start(150)
			for i := range 250 {
				w.after(time.Duration(i)*20*time.Millisecond, func() {
					span, err := ring.WriteFrame(&Frame{Data: []byte("opus"), Timestamp: uint32(i) * 960})
					if err != nil {
						t.Fatal(err)
					}
					sound.Send(w.now, ring, span, a.out)
				})
			}
			w.run(6 * time.Second)
			if len(fates) < 700 || reports < 45 || reports > 110 {
				t.Errorf("%d packets, %d reports in 5 s", len(fates), reports)
			}
			// Nothing comes behind the last packets that would tell that they are lost.
			for i, f := range fates[:len(fates)-20] {
				if f.heard == f.arrived.IsZero() || !f.heard && !f.lost {
					t.Errorf("packet %d: arrived at %v, heard of %v, lost %v", i, f.arrived, f.heard, f.lost)
				}
			}
		})
	}
}

// TestRFC8888MessagesToTheLetter compares our messages with another reader of
// them, and what is in them with what arrived.
func TestRFC8888MessagesToTheLetter(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	var c ccfbReceived
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	type packet struct {
		ssrc uint32
		seq  uint16
	}
	type arrival struct {
		at  time.Time
		ecn ECN
	}
	arrived := map[packet]arrival{}
	streams := [5]ccfbStream{}
	next := [5]uint16{65500, 0, 40000, 65535, 7}
	told := map[packet]bool{}
	for range 60 {
		start := now
		for range rng.IntN(400) {
			i := rng.IntN(len(streams))
			p := packet{uint32(1000 - i), next[i]}
			next[i]++
			now = now.Add(time.Duration(rng.IntN(300)) * time.Microsecond)
			if rng.IntN(10) == 0 {
				continue // lost
			}
			a := arrival{now, ECN(rng.IntN(4))}
			c.add(a.at, &streams[i], p.ssrc, p.seq, 1200, a.ecn)
			if rng.IntN(10) == 0 { // duplicated, and marked on the second way
				c.add(a.at.Add(time.Millisecond), &streams[i], p.ssrc, p.seq, 1200, ecnCE)
				a.ecn = ecnCE
			}
			arrived[p] = a
		}
		now = start.Add(100 * time.Millisecond)
		if c.due.IsZero() {
			continue
		}
		for more := true; more; {
			var b []byte
			b, more = c.append(nil, now, 42)
			if len(b) > ccfbRoom || len(b)%4 != 0 {
				t.Fatalf("a message of %d bytes", len(b))
			}
			var r rtcp.CCFeedbackReport
			if err := r.Unmarshal(b); err != nil || r.SenderSSRC != 42 {
				t.Fatalf("message from %d: %v", r.SenderSSRC, err)
			}
			if d := ntpTime(uint64(r.ReportTimestamp) << 16).Sub(ntpTime(ntpOf(now) & 0xFFFF_FFFF_FFFF)); d > 0 || d < -2*time.Second/1024 {
				t.Fatalf("the report timestamp is %v off", d)
			}
			for _, k := range r.ReportBlocks {
				for i, m := range k.MetricBlocks {
					p := packet{k.MediaSSRC, k.BeginSequence + uint16(i)}
					a, ok := arrived[p]
					if told[p] {
						t.Fatalf("%v was reported before", p)
					}
					told[p] = true
					if m.Received != ok || ok && uint8(m.ECN) != uint8(a.ecn) {
						t.Fatalf("%v: %+v, arrived %v with %d", p, m, ok, a.ecn)
					}
					if want := now.Sub(a.at); ok && (time.Duration(m.ArrivalTimeOffset)*time.Second/1024-want).Abs() > time.Millisecond {
						t.Fatalf("%v: offset %d, arrived %v ago", p, m.ArrivalTimeOffset, want)
					}
				}
			}
		}
	}
	for p := range arrived {
		if !told[p] {
			t.Fatalf("%v was never reported", p)
		}
	}
}

func TestRFC8888LateAndUnknownArrivals(t *testing.T) {
	var c ccfbReceived
	var st ccfbStream
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, seq := range []uint16{1, 2, 4} {
		c.add(now, &st, 9, seq, 100, 0)
	}
	parse := func(b []byte) []uint16 {
		blocks, _, ok := parseCCFB(b[4:], nil)
		if !ok || len(blocks) != 1 || blocks[0].ssrc != 9 {
			t.Fatalf("%x", b)
		}
		out := []uint16{blocks[0].begin}
		for m := blocks[0].metrics; len(m) > 0; m = m[2:] {
			out = append(out, binary.BigEndian.Uint16(m))
		}
		return out
	}
	b, _ := c.append(nil, now.Add(time.Second), 1)
	want := []uint16{1, 0x8400, 0x8400, 0, 0x8400}
	if got := parse(b); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	// Packet 3 comes after all: the next report overlaps, and 4 came 10 s ago.
	c.add(now.Add(10*time.Second), &st, 9, 3, 100, 0)
	b, more := c.append(nil, now.Add(10*time.Second), 1)
	if got, want := parse(b), []uint16{3, 0x8000, 0x8000 | ccfbEarlier}; !slices.Equal(got, want) || more || !c.due.IsZero() {
		t.Errorf("got %x, want %x", got, want)
	}
	// The sender: 2 is told once, 4 without a time, and never lost.
	var h sentLog
	for i := range uint64(5) {
		h.add(10+i, 9<<16|i, now, 100, 0)
	}
	message := func(metrics ...uint16) []byte {
		b := binary.BigEndian.AppendUint32(nil, 1)
		b = binary.BigEndian.AppendUint32(b, 9)
		b = binary.BigEndian.AppendUint32(b, 1<<16|uint32(len(metrics)))
		for _, m := range metrics {
			b = binary.BigEndian.AppendUint16(b, m)
		}
		return append(b, make([]byte, 4+2*(len(metrics)%2))...)
	}
	res, ok := h.ofPackets(message(0, 0xE001, 0, 0x8000|ccfbUnknown), 15)
	if !ok || len(res) != 3 || res[0].Received || !res[1].Received || !res[1].Marked || res[1].Sequence != 12 || res[2].Received {
		t.Errorf("%v %+v", ok, res)
	}
	res, ok = h.ofPackets(message(0, 0x8000, 0x8000, 0), 15)
	if !ok || len(res) != 1 || res[0].Sequence != 13 || !res[0].Received || res[0].Marked {
		t.Errorf("%v %+v", ok, res)
	}
	if _, ok := h.ofPackets(append(message(0, 0)[:16], message(0, 0)[4:]...), 15); ok {
		t.Error("two blocks of one stream in a message were taken")
	}
}

// TestRFC8888ReportsTakeTheirShare: reports come every 50 ms, unless they would
// take more than a twentieth of what is received, and never later than 250 ms
// after a packet.
func TestRFC8888ReportsTakeTheirShare(t *testing.T) {
	for _, c := range []struct {
		name        string
		every       time.Duration
		size        int
		least, most int // reports in 10 s
	}{
		{"sound", 20 * time.Millisecond, 100, 35, 70},
		{"2 Mbit/s", 4 * time.Millisecond, 1000, 175, 200},
	} {
		var r ccfbReceived
		var st ccfbStream
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		reports, bytes, received := 0, 0, 0
		var waiting time.Time
		for i, end := 0, now.Add(10*time.Second); now.Before(end); i++ {
			r.add(now, &st, 1, uint16(i), c.size, 0)
			received += c.size
			if waiting.IsZero() {
				waiting = now
			}
			now = now.Add(c.every)
			if now.Before(r.due) {
				continue
			}
			if d := now.Sub(waiting); d > ccfbSlowest+c.every {
				t.Errorf("%s: a report %v after its first packet", c.name, d)
			}
			b, _ := r.append(nil, now, 1)
			waiting = time.Time{}
			reports++
			bytes += len(b) + ccfbPacket
		}
		if reports < c.least || reports > c.most {
			t.Errorf("%s: %d reports in 10 s, want %d to %d", c.name, reports, c.least, c.most)
		}
		t.Logf("%s: %d reports, %.1f %% of what is received", c.name, reports, 100*float64(bytes)/float64(received))
	}
}

func TestFeedbackOfPacketsAllocatesNothing(t *testing.T) {
	var c ccfbReceived
	streams := [3]ccfbStream{}
	var h sentLog
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	seq := uint64(1 << 16)
	buf := make([]byte, 0, 2000)
	round := func() {
		for range 100 {
			st := &streams[seq%3]
			h.add(seq, (1+seq%3)<<16|seq&0xFFFF, now, 1000, 0)
			c.add(now, st, uint32(1+seq%3), uint16(seq), 1000, 0)
			seq++
			now = now.Add(time.Millisecond)
		}
		b, _ := c.append(buf[:0], now, 1)
		if res, ok := h.ofPackets(b[4:], seq); !ok || len(res) != 100 {
			t.Fatalf("%d results, %v", len(res), ok)
		}
	}
	for range 20 {
		round()
	}
	if n := testing.AllocsPerRun(50, round); n > 0 {
		t.Errorf("%.1f allocations for the feedback of 100 packets", n)
	}
}

// FuzzCCFB gives messages to a sender: whatever they say, a packet is settled
// once, and results are in order.
func FuzzCCFB(f *testing.F) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var c ccfbReceived
	var a, b ccfbStream
	for i := range 40 {
		if i%7 != 3 {
			c.add(now.Add(time.Duration(i*i)*time.Millisecond), &a, 1, uint16(65530+i), 100, ECN(i))
			c.add(now.Add(time.Duration(i)*time.Millisecond), &b, 2, uint16(i*3), 100, 0)
		}
	}
	m, _ := c.append(nil, now.Add(2*time.Second), 3)
	f.Add(m[4:])
	f.Add(m[4:20])
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		var h sentLog
		for i := range uint64(300) {
			h.add(1000+i, (1+i%3)<<16|(65500+i/3)&0xFFFF, now.Add(time.Duration(i)*time.Millisecond), 100, 0)
		}
		settled := map[uint64]bool{}
		for range 2 {
			res, _ := h.ofPackets(in, 1300)
			last := uint64(0)
			for _, r := range res {
				if r.Sequence <= last || r.Sequence < 1000 || r.Sequence >= 1300 || settled[r.Sequence] {
					t.Fatalf("result %+v after %d", r, last)
				}
				last = r.Sequence
				settled[r.Sequence] = true
			}
		}
	})
}
