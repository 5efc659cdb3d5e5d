package rtpengine

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// chop cuts fuzz input into pieces by two-byte lengths, so that one input is
// several packets.
func chop(b []byte) (out [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)&0x7FF), len(b)-2)
		out = append(out, b[2:2+n])
		b = b[2+n:]
	}
	return out
}

func join(pieces ...[]byte) (b []byte) {
	for _, p := range pieces {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(p))), p...)
	}
	return b
}

func seedVideo(codec Codec, frame func(*rand.Rand, int) []byte) (out [][]byte) {
	rng := rand.New(rand.NewPCG(1, 1))
	pack := newPacketizer(codec)
	seq := uint16(65534)
	for i := range 2 {
		var p payloads
		_ = pack.packetize(&Frame{Data: frame(rng, 300), KeyFrame: i == 0}, 200, &p)
		for j, pl := range p {
			out = append(out, raw(96, 1, seq, uint32(i*3000), j == len(p)-1, pl, rawExt{1, "0"}, rawExt{4, string([]byte{byte(seq >> 8), byte(seq)})}))
			seq++
		}
	}
	return out
}

// FuzzIncomingRTP feeds packets to a session with a receiver for every codec.
// Whatever comes, it must not panic, nor remember without bound.
func FuzzIncomingRTP(f *testing.F) {
	for _, tc := range roundTrips {
		f.Add(join(seedVideo(tc.codec, tc.frame)...))
	}
	rtx := raw(97, 2, 1, 0, true, append([]byte{0xFF, 0xFE}, 0x90, 0x80, 1), rawExt{1, "0"}, rawExt{3, "h"})
	f.Add(join(raw(96, 1, 0xFFFD, 0, false, []byte{0x10, 0}, rawExt{1, "0"}), raw(96, 1, 3, 0, true, []byte{0, 0}), rtx))
	f.Fuzz(func(t *testing.T, in []byte) {
		rng := rand.New(rand.NewPCG(1, 1))
		s := NewSession(SessionConfig{CNAME: "c", Rand: rng.Uint32})
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, c := range []Codec{vp8Codec, {MimeType: "video/VP9", ClockRate: 90000}, {MimeType: "video/H264", ClockRate: 90000}, {MimeType: "video/AV1", ClockRate: 90000}, opusCodec} {
			pt := uint8(96 + 2*i)
			cfg := ReceiverConfig{MID: string(rune('0' + i)), Receiving: true, Extensions: testExtensions,
				Codecs: []PayloadCodec{{PayloadType: pt, RTXPayloadType: pt + 1, Codec: c, NACK: true, PLI: true, TransportCC: true}}}
			r := s.AddReceiver(cfg, ReceiverEvents{
				Packet: func(_ *ReceiveStream, p *Packet) { _ = AppendPacket(nil, p) },
				Frame: func(_ *ReceiveStream, f *Frame) {
					if len(f.Data) == 0 {
						t.Error("an empty frame was delivered")
					}
				},
			})
			r.SetAssemble(true)
		}
		out := &nullOut{}
		for _, p := range chop(in) {
			s.HandleRTP(now, p, out)
			now = now.Add(7 * time.Millisecond)
			s.Poll(now, out)
		}
		now = now.Add(5 * time.Second)
		s.Poll(now, out)
		if len(s.routes) > s.routesMost() {
			t.Errorf("%d routes are remembered", len(s.routes))
		}
		for _, p := range out.rtcp {
			for len(p) > 0 {
				_, rest, ok := nextRTCP(p)
				if !ok {
					t.Fatalf("the session made RTCP that does not parse: %x", p)
				}
				p = rest
			}
		}
	})
}

// FuzzIncomingRTCP feeds compound packets to a session that sends and receives.
func FuzzIncomingRTCP(f *testing.F) {
	sr := appendSenderReport(nil, &senderReport{ssrc: 5, ntp: 1 << 40, rtp: 7, packets: 1, octets: 2}, []reportBlock{{ssrc: 1, lsr: 1, dlsr: 2, highest: 70000}})
	f.Add(append(sr, appendSDES(nil, 5, "name")...))
	f.Add(append(appendReceiverReport(nil, 1, nil), appendNACK(nil, 1, 1, []uint16{1, 2, 17, 19, 65535})...))
	f.Add(append(appendPLI(nil, 1, 1), appendFIR(nil, 1, 1, 9)...))
	f.Add(appendREMB(nil, 1, 1000000, []uint32{1}))
	f.Add(appendBye(nil, []uint32{5, 6}))
	tw := twccReceived{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 40 {
		if i%7 != 3 {
			tw.add(now.Add(time.Duration(i*i)*time.Millisecond), uint16(i), 1)
		}
	}
	f.Add(tw.append(nil, 3))
	f.Fuzz(func(t *testing.T, in []byte) {
		rng := rand.New(rand.NewPCG(1, 1))
		s := NewSession(SessionConfig{CNAME: "c", Rand: rng.Uint32, Feedback: func(time.Time, []PacketResult) {}})
		s.AddReceiver(audioReceive("a"), ReceiverEvents{})
		s.HandleRTP(now, raw(111, 5, 1, 0, false, []byte{1}, rawExt{1, "a"}), nil)
		ss, err := s.AddSender(videoSend("v", 1), SendEvents{})
		if err != nil {
			t.Fatal(err)
		}
		out := &link{world: newWorld(t, 1), to: func(time.Time, []byte, bool) {}}
		r := NewRing(RingConfig{Codec: vp8Codec, Slots: 64})
		for i := range 3 {
			span, err := r.WriteFrame(&Frame{Data: make([]byte, 5000), KeyFrame: true, Timestamp: uint32(i)})
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(now, r, span, out)
		}
		sent := out.rtp
		s.HandleRTCP(now, in, out)
		s.HandleRTCP(now.Add(time.Second), in, out)
		s.Poll(now.Add(2*time.Second), out)
		if most := 2 * int(repairAhead.Seconds()) * repairUnknown / 8 / 1000; out.rtp-sent > most {
			t.Errorf("%d packets were sent again for one packet of feedback", out.rtp-sent)
		}
	})
}

func fuzzAssembler(f *testing.F, codec Codec) {
	for _, tc := range roundTrips {
		if tc.codec.MimeType == codec.MimeType {
			var p payloads
			_ = newPacketizer(codec).packetize(&Frame{Data: tc.frame(rand.New(rand.NewPCG(1, 1)), 200)}, 100, &p)
			f.Add(join(p...))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		a := newFrameAssembler(codec)
		a.begin()
		var frame Frame
		var data []byte
		var err error
		for _, p := range chop(in) {
			a.inspect(p)
			if data, err = a.add(data, p, &frame); err != nil {
				return
			}
		}
		if data, err = a.finish(data, &frame); err != nil || len(data) == 0 {
			return
		}
		// What is a frame must be one for the packetiser too, and come out the
		// same, as far as the packetiser knows the bitstream.
		var p payloads
		if newPacketizer(codec).packetize(&Frame{Data: data, KeyFrame: frame.KeyFrame}, 120, &p) != nil {
			return
		}
		a.begin()
		var again []byte
		for _, pl := range p {
			if again, err = a.add(again, pl, &frame); err != nil {
				t.Fatalf("our own payload: %v", err)
			}
		}
		if again, err = a.finish(again, &frame); err != nil {
			t.Fatalf("our own payloads: %v", err)
		}
		if f := codec.Format(); (f == FormatVP8 || f == FormatVP9) && !bytes.Equal(again, data) {
			t.Fatalf("%x became %x", data, again)
		}
	})
}

func FuzzVP8(f *testing.F) { fuzzAssembler(f, vp8Codec) }
func FuzzVP9(f *testing.F) { fuzzAssembler(f, Codec{MimeType: "video/VP9", ClockRate: 90000}) }
func FuzzAV1(f *testing.F) { fuzzAssembler(f, Codec{MimeType: "video/AV1", ClockRate: 90000}) }
func FuzzH264(f *testing.F) {
	fuzzAssembler(f, Codec{MimeType: "video/H264", ClockRate: 90000, Fmtp: "packetization-mode=1"})
}

// FuzzPacketize gives frames that are no frames to the packetisers.
func FuzzPacketize(f *testing.F) {
	for i, tc := range roundTrips {
		f.Add(uint8(i), tc.frame(rand.New(rand.NewPCG(1, 1)), 100))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		codec := roundTrips[int(which)%len(roundTrips)].codec
		r := NewRing(RingConfig{Codec: codec, Slots: 64, MaxPayload: 100})
		span, err := r.WriteFrame(&Frame{Data: data})
		if err == nil && span.Count == 0 {
			t.Error("a frame became no packets")
		}
		for i := range uint64(span.Count) {
			if s := r.at(span.First + i); s == nil || len(s.buf) == 0 || len(s.buf) > 100 {
				t.Fatalf("packet %d of %d: %+v", i, span.Count, s)
			}
		}
	})
}
