package rtpengine

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"trackway/internal/netsim"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Headers worked by hand from section 4.2.2.1: the bits of a mask stand in the
// order of the packets, behind k, which is 1 in the last part.
func TestFECHeader(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		named      []int
	}{
		{"15 packets", "00 7b abcd 01234567 01000000 11223344 aabb 8881", []int{3, 7, 14}},
		{"46 packets", "00 7b abcd 01234567 01000000 11223344 aabb 4881 82110021", []int{0, 3, 7, 14, 15 + 5, 15 + 10, 15 + 14, 15 + 25, 15 + 30}},
		{"109 packets", "00 7b abcd 01234567 01000000 11223344 aabb 0001 00000001 c000000000000001", []int{14, 15 + 30, 46, 46 + 62}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := unhex(t, tc.text)
			h, ok := parseFEC(append(b[:len(b):len(b)], 1, 2, 3))
			if !ok || h.ssrc != 0x11223344 || h.base != 0xaabb || h.size != len(b) {
				t.Fatalf("got %+v, %v", h, ok)
			}
			var want fecMask
			for _, i := range tc.named {
				want.set(i)
			}
			if h.mask != want {
				t.Errorf("the mask is %x, want %x", h.mask, want)
			}
			if got := h.mask.headerSize(); got != len(b) {
				t.Errorf("a header for the mask has %d bytes, want %d", got, len(b))
			}
			again := append([]byte{0xC0, 0x7B, 0xAB, 0xCD, 1, 0x23, 0x45, 0x67}, make([]byte, h.size-8)...)
			if putFEC(again, &h); !bytes.Equal(again, b) {
				t.Errorf("written again it is %x, want %x", again, b)
			}
			for n := range b {
				if _, ok := parseFEC(b[:n]); ok {
					t.Errorf("%d bytes are taken for a header", n)
				}
			}
		})
	}
	good := unhex(t, "00 7b abcd 01234567 01000000 11223344 aabb 8881")
	for at, v := range map[int]byte{0: 0x80, 8: 2, 18: 0x08} { // R, two streams, a mask without end
		b := bytes.Clone(good)
		if b[at] = v; at == 0 {
			if _, ok := parseFEC(b); ok {
				t.Error("a retransmission is taken for a repair packet")
			}
			b[at] = 0x40
		}
		if _, ok := parseFEC(b); ok {
			t.Errorf("byte %d as %#x is taken", at, v)
		}
	}
	if _, ok := parseFEC(unhex(t, "00 7b abcd 01234567 01000000 11223344 aabb 8000")); ok {
		t.Error("a repair packet of nothing is taken")
	}
}

// The exclusive-or of section 6.2, worked by hand for two packets.
func TestFECParity(t *testing.T) {
	p := unhex(t, "80 e0 0001 00000bb8 00000009 010203")
	q := unhex(t, "90 60 0002 00000fa0 00000009 bede0001 10300000 ff")
	want := unhex(t, "10 80 000a 00000418 01000000 00000009 0001 e000  bfdc0301 10300000 ff")
	b := make([]byte, 20+9)
	addFEC(b, 20, p)
	addFEC(b, 20, q)
	h := fecHeader{ssrc: 9, base: 1, size: 20}
	h.mask.set(0)
	h.mask.set(1)
	if putFEC(b, &h); !bytes.Equal(b, want) {
		t.Fatalf("got  %x\nwant %x", b, want)
	}
	for i, lost := range [][]byte{p, q} {
		s, now := loneSession(t)
		var got []Packet
		cfg := fecReceive("0")
		cfg.Extensions = []Extension{{1, URIMID}}
		cfg.Codecs[0].NACK = false
		r := s.AddReceiver(cfg, ReceiverEvents{Packet: func(_ *ReceiveStream, p *Packet) {
			c := *p
			c.Payload = bytes.Clone(p.Payload)
			got = append(got, c)
		}})
		s.HandleRTP(now, raw(96, 9, 0, 0, false, []byte{1}), nil)
		repair := raw(49, 77, 5, 0, false, want)
		// The first repair packet finds nothing kept; it begins the keeping.
		s.HandleRTP(now, raw(49, 77, 4, 0, false, unhex(t, "00 60 0001 00000000 01000000 00000009 fffe c000 00")), nil)
		s.HandleRTP(now, [][]byte{q, p}[i], nil)
		s.HandleRTP(now, repair, nil)
		last := got[len(got)-1]
		var want Packet
		if err := ParsePacket(lost, &want); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || !last.Recovered || last.SequenceNumber != want.SequenceNumber || last.Timestamp != want.Timestamp ||
			last.Marker != want.Marker || last.PayloadType != want.PayloadType || !bytes.Equal(last.Payload, want.Payload) ||
			string(last.Ext.MID) != map[int]string{0: "", 1: "0"}[i] {
			t.Errorf("the loss of packet %d gave %+v", i+1, got)
		}
		r.Stats(func(in InboundStats, _ RemoteOutboundStats) {
			if in.FECSSRC != 77 || in.FECPacketsReceived != 2 || in.FECPacketsDiscarded != 1 || in.FECBytesReceived != uint64(len(b)+21) {
				t.Errorf("got %+v", in)
			}
		})
	}
}

func fecSend(mid string, ssrc uint32, nack bool) SendConfig {
	c := videoSend(mid, ssrc)
	c.FECSSRC, c.FECPayloadType, c.NACK = ssrc+2, 49, nack
	if !nack {
		c.RTXSSRC, c.RTXPayloadType = 0, 0
	}
	return c
}

func fecReceive(mid string) ReceiverConfig {
	c := videoReceive(mid)
	c.Codecs = append(c.Codecs, PayloadCodec{PayloadType: 49, Codec: Codec{MimeType: "video/flexfec-03", ClockRate: 90000, Fmtp: "repair-window=10000000"}})
	return c
}

// Rows and columns: packets of a square are lost such that no row and no column
// repairs all of them, and both together do.
func TestFECRowsAndColumns(t *testing.T) {
	const side = 4
	rng := rand.New(rand.NewPCG(1, 2))
	var packets [][]byte
	for i := range side * side {
		payload := make([]byte, 50+rng.IntN(200))
		for j := range payload {
			payload[j] = byte(rng.Uint32())
		}
		packets = append(packets, raw(96, 9, uint16(65530+i), uint32(i/5)*3000, i%5 == 4, payload, rawExt{4, string([]byte{0, byte(i)})}))
	}
	parity := func(members ...int) []byte {
		h := fecHeader{ssrc: 9, base: uint16(65530 + members[0])}
		for _, i := range members {
			h.mask.set(i - members[0])
		}
		h.size = h.mask.headerSize()
		b := make([]byte, h.size+300)
		for _, i := range members {
			addFEC(b, h.size, packets[i])
		}
		putFEC(b, &h)
		return b
	}
	var repairs [][]byte
	for i := range side {
		repairs = append(repairs, parity(side*i, side*i+1, side*i+2, side*i+3), parity(i, side+i, 2*side+i, 3*side+i))
	}
	lost := map[int]bool{1: true, 2: true, 5: true, 10: true, 15: true}
	for order := range 20 {
		s, now := loneSession(t)
		got := map[uint16][]byte{}
		cfg := fecReceive("0")
		cfg.Codecs[0].NACK = false
		r := s.AddReceiver(cfg, ReceiverEvents{Packet: func(_ *ReceiveStream, p *Packet) {
			if got[p.SequenceNumber] != nil {
				t.Errorf("packet %d came twice", p.SequenceNumber)
			}
			got[p.SequenceNumber] = bytes.Clone(p.Payload)
		}})
		s.HandleRTP(now, raw(96, 9, 65529, 0, false, []byte{1}), nil)
		s.HandleRTP(now, raw(49, 7, 1, 0, false, unhex(t, "00 60 0001 00000000 01000000 00000009 fff7 c000 00")), nil)
		var all [][]byte
		for i, p := range packets {
			if !lost[i] {
				all = append(all, p)
			}
		}
		for i, b := range repairs {
			all = append(all, raw(49, 7, uint16(2+i), 0, false, b))
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, p := range all {
			s.HandleRTP(now, p, nil)
		}
		for i := range packets {
			var want Packet
			if err := ParsePacket(packets[i], &want); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[want.SequenceNumber], want.Payload) {
				t.Errorf("order %d: packet %d is not restored", order, i)
			}
		}
		r.Stats(func(in InboundStats, _ RemoteOutboundStats) {
			if in.FECPacketsReceived != 9 || in.PacketsLost != int64(len(lost)) || in.PacketsReceived != uint64(len(packets)-len(lost)+1) {
				t.Errorf("order %d: %+v", order, in)
			}
		})
	}
}

// Without NACK, frames that lose packets are whole again, and without FEC they
// are not: the same network, the same frames.
func TestFECRepairsFrames(t *testing.T) {
	for _, tc := range []struct {
		name  string
		net   netsim.Conditions
		size  int
		least int // frames of five hundred
	}{
		{"3 % loss", netsim.Conditions{Loss: 0.03}, 4000, 430},
		{"10 % loss", netsim.Conditions{Loss: 0.1}, 4000, 240},
		{"3 % loss in bursts of two", netsim.Conditions{BurstLoss: 0.03, BurstLength: 2}, 12000, 280},
		{"5 % loss, frames of a packet", netsim.Conditions{Loss: 0.05}, 700, 430},
	} {
		t.Run(tc.name, func(t *testing.T) {
			whole := map[bool]int{}
			for _, fec := range []bool{false, true} {
				w := newWorld(t, 21)
				a, b := pair(t, w, 40*time.Millisecond)
				cfg := fecReceive("0")
				cfg.Codecs[0].NACK, cfg.Codecs[0].RTXPayloadType = false, 0
				sc := newScreen(b, cfg)
				cam := newCamera(w)
				cam.size = tc.size
				send := fecSend("0", 1000, false)
				if !fec {
					send.FECSSRC, send.FECPayloadType = 0, 0
				}
				ss := cam.add(t, a, send)
				cam.start(500)
				w.run(2 * time.Second)
				before, _ := ss.Stats()
				if before.FECPacketsSent != 0 {
					t.Fatal("repair packets were sent although nothing is lost")
				}
				over(a.out, netsim.New(w.now, 6, netsim.Change{Conditions: tc.net}))
				w.run(500*time.Second/30 - 3*time.Second)
				a.out.drop = nil
				w.run(5 * time.Second)
				in, _ := sc.stats(t)
				out, _ := ss.Stats()
				whole[fec] = len(sc.frames)
				known := map[string]bool{}
				for _, f := range cam.sent {
					known[string(f)] = true
				}
				for _, f := range sc.frames {
					if !known[string(f)] {
						t.Fatal("a frame was delivered that was never sent")
					}
				}
				if !fec {
					continue
				}
				useful := in.FECPacketsReceived - in.FECPacketsDiscarded
				if useful == 0 || in.PacketsLost < int64(useful) || in.FECSSRC != 1002 || in.NACKCount != 0 {
					t.Errorf("got %+v", in)
				}
				loss := max(tc.net.Loss, tc.net.BurstLoss)
				if share := float64(out.FECPacketsSent) / float64(out.PacketsSent); share > 1.6*(0.1+2*loss) {
					t.Errorf("%.0f %% of the packets are repair at %.0f %% loss", 100*share, 100*loss)
				}
				t.Logf("%d packets, %d repair packets, %d lost, %d of use", out.PacketsSent, out.FECPacketsSent, in.PacketsLost, useful)
			}
			t.Logf("%d frames with FEC, %d without", whole[true], whole[false])
			if whole[true] < tc.least || whole[true] <= whole[false] {
				t.Errorf("%d frames of 500 with FEC, want %d; %d without", whole[true], tc.least, whole[false])
			}
		})
	}
}

func TestFECRate(t *testing.T) {
	for _, tc := range []struct {
		loss float64
		rtt  time.Duration
		nack bool
		want float64
	}{
		{0, time.Second, false, 0}, {0.009, time.Second, true, 0}, {0.05, 0, false, 0.2}, {0.9, 0, false, 0.5},
		{0.05, 20 * time.Millisecond, true, 0}, {0.05, 60 * time.Millisecond, true, 0.1}, {0.05, time.Second, true, 0.2},
	} {
		if got := fecRate(tc.loss, tc.rtt, tc.nack); got < tc.want-1e-9 || got > tc.want+1e-9 {
			t.Errorf("%.3f at %v, NACK %v: %v, want %v", tc.loss, tc.rtt, tc.nack, got, tc.want)
		}
	}
}

// With NACK and RTX both repair, and what one has brought the other does not
// bring again.
func TestFECBesideRTX(t *testing.T) {
	w := newWorld(t, 9)
	a, b := pair(t, w, 60*time.Millisecond)
	sc := newScreen(b, fecReceive("0"))
	cam := newCamera(w)
	cam.size = 12000
	ss := cam.add(t, a, fecSend("0", 1000, true))
	cam.start(600)
	w.run(2 * time.Second)
	over(a.out, netsim.New(w.now, 6, netsim.Change{Conditions: netsim.Conditions{Loss: 0.05}}))
	w.run(17 * time.Second)
	a.out.drop = nil
	w.run(4 * time.Second)
	wantFrames(t, sc.frames, cam.sent)
	in, _ := sc.stats(t)
	out, _ := ss.Stats()
	if useful := in.FECPacketsReceived - in.FECPacketsDiscarded; useful < 50 || in.RetransmittedPacketsReceived < 10 || out.Missed != 0 {
		t.Errorf("%d packets came of FEC and %d of RTX", useful, in.RetransmittedPacketsReceived)
	}
	if asked := out.RetransmittedPacketsSent; int64(asked) > in.PacketsLost {
		t.Errorf("%d packets were sent again of %d lost: what FEC restores is not asked for", asked, in.PacketsLost)
	}
}

func TestFECTakesNoMemoryPerPacket(t *testing.T) {
	for name, loss := range map[string]float64{"off": 0, "on": 0.1} {
		s, now := loneSession(t)
		cfg := fecReceive("0")
		cfg.Codecs[0].NACK = false
		r := s.AddReceiver(cfg, ReceiverEvents{Packet: func(*ReceiveStream, *Packet) {}})
		rs, _ := loneSession(t)
		ss, err := rs.AddSender(fecSend("0", 5, false), SendEvents{})
		if err != nil {
			t.Fatal(err)
		}
		ss.loss = loss
		ss.adaptFEC()
		ring, out := NewRing(RingConfig{Codec: vp8Codec}), &feedTo{s: s, now: now}
		f := &Frame{Data: vp8Frame(rand.New(rand.NewPCG(1, 1)), 8000, true, 640, 360), KeyFrame: true}
		n := 0
		step := func() {
			f.Timestamp += 3000
			n++
			span, err := ring.WriteFrame(f)
			if err != nil {
				t.Fatal(err)
			}
			for i := range span.Count {
				out.lose = i == n%span.Count && loss > 0
				ss.Send(now, ring, Span{First: span.First + uint64(i), Count: 1, Key: true}, out)
			}
		}
		for range 200 {
			step()
		}
		// Each of about eight packets is kept at both ends. The race detector has
		// pools forget a quarter of what they are given.
		most := 0.0
		if loss > 0 {
			most = 8
		}
		if n := testing.AllocsPerRun(200, step); n > most {
			t.Errorf("%s: %v allocations for each frame", name, n)
		}
		r.Stats(func(in InboundStats, _ RemoteOutboundStats) {
			if on := in.FECPacketsReceived > 0; on != (loss > 0) {
				t.Errorf("%s: %+v", name, in)
			}
		})
	}
}

// FuzzFEC gives repair packets to a stream that has packets and lacks some.
func FuzzFEC(f *testing.F) {
	f.Add(unhex(f, "0030 00 60 0020 00000000 01000000 00000009 0002 c001 0000000000000000000000000000000000000000000000000000"))
	f.Add(unhex(f, "0018 00 7b abcd 01234567 01000000 00000009 0001 7fff ffffffff 0018 0060 ffff 01234567 01000000 00000009 0003 9000 ffffffff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, now := loneSession(t)
		cfg := fecReceive("0")
		delivered := map[uint64]bool{}
		r := s.AddReceiver(cfg, ReceiverEvents{
			Packet: func(_ *ReceiveStream, p *Packet) {
				if delivered[p.Extended] {
					t.Errorf("packet %d is delivered twice", p.Extended)
				}
				delivered[p.Extended] = true
				_ = AppendPacket(nil, p)
			},
			Frame: func(*ReceiveStream, *Frame) {},
		})
		r.SetAssemble(true)
		out, seq := &nullOut{}, uint16(1)
		s.HandleRTP(now, raw(96, 9, seq, 0, false, []byte{0x10, 0, 1}), out)
		for i, b := range chop(in) {
			if h, ok := parseFEC(b); ok {
				again := make([]byte, h.size)
				copy(again, b[:8])
				putFEC(again, &h)
				if g, ok := parseFEC(again); !ok || g != h && g.mask.headerSize() == h.size {
					t.Fatalf("%+v became %+v", h, g)
				}
			}
			s.HandleRTP(now, raw(49, 7, uint16(i), 0, false, b), out)
			seq += uint16(1 + i%2)
			s.HandleRTP(now, raw(96, 9, seq, uint32(seq)*3000, i%3 == 0, binary.BigEndian.AppendUint32([]byte{0x10}, uint32(i))), out)
			now = now.Add(15 * time.Millisecond)
			s.Poll(now, out)
		}
	})
}
