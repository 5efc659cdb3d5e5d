package rtpengine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// rawOut keeps packets as they are sent; with full it takes none.
type rawOut struct {
	nullOut
	full    bool
	packets [][]byte
}

func (o *rawOut) ReserveRTP(n int) []byte {
	if o.full {
		return nil
	}
	return make([]byte, 0, n)
}
func (o *rawOut) CommitRTP(b []byte) { o.packets = append(o.packets, b) }

// resending is a video stream with NACK and without RTX.
func resending(t *testing.T) (s *Session, ss *SendStream, now time.Time) {
	t.Helper()
	s, now = loneSession(t)
	cfg := videoSend("0", 1)
	cfg.RID, cfg.RTXSSRC, cfg.RTXPayloadType = "h", 0, 0
	ss, err := s.AddSender(cfg, SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	return s, ss, now
}

func TestWithoutRTXAPacketIsSentAgainAsItWas(t *testing.T) {
	s, ss, now := resending(t)
	ring, out := NewRing(RingConfig{Codec: vp8Codec}), &rawOut{}
	rng := newWorld(t, 1).rng
	for i := range 10 {
		span, err := ring.WriteFrame(&Frame{
			Data: vp8Frame(rng, 3000, i == 0, 320, 240), KeyFrame: i == 0, Timestamp: uint32(i) * 3000,
			CaptureTime: now, HasRotation: true, Rotation: 90 * (i % 2),
		})
		if err != nil {
			t.Fatal(err)
		}
		ss.Send(now, ring, span, out)
		if i == 4 { // the peer knows the SSRC: it is not told the MID any more
			s.HandleRTCP(now, appendReceiverReport(nil, 7, []reportBlock{{ssrc: 1}}), nil)
		}
		now = now.Add(200 * time.Millisecond)
	}
	first, next := out.packets, s.twccNext.Load()
	for i, p := range first {
		now = now.Add(100 * time.Millisecond)
		out.packets = nil
		s.HandleRTCP(now, appendNACK(nil, 7, 1, []uint16{binary.BigEndian.Uint16(p[2:])}), out)
		if len(out.packets) != 1 {
			t.Fatalf("packet %d of %d was not sent again", i, len(first))
		}
		if !bytes.Equal(out.packets[0], p) {
			t.Fatalf("packet %d is sent again with another header or text: SRTP would use a nonce twice\n%x\n%x", i, p[:60], out.packets[0][:60])
		}
	}
	if n := s.twccNext.Load(); n != next {
		t.Errorf("%d transport-wide numbers were given to packets that have one: they would be missed", n-next)
	}
}

func TestAPacketWhoseFormIsForgottenIsNotSentAgain(t *testing.T) {
	for _, how := range []string{"many packets later", "another MID", "another payload type"} {
		t.Run(how, func(t *testing.T) {
			s, ss, now := resending(t)
			ring, out := NewRing(RingConfig{Codec: vp8Codec}), &rawOut{}
			send := func() {
				span, err := ring.WriteFrame(&Frame{Data: []byte{0, 1, 2, 3}, KeyFrame: true})
				if err != nil {
					t.Fatal(err)
				}
				ss.Send(now, ring, span, out)
			}
			send()
			cfg := ss.cfg
			switch how {
			case "another MID":
				cfg.MID = "1"
			case "another payload type":
				cfg.PayloadType = 100
			default:
				for range formsKept {
					send()
				}
			}
			if err := ss.Update(cfg); err != nil {
				t.Fatal(err)
			}
			seq := binary.BigEndian.Uint16(out.packets[0][2:])
			out.packets = nil
			s.HandleRTCP(now, appendNACK(nil, 7, 1, []uint16{seq}), out)
			if len(out.packets) != 0 {
				t.Error("the packet was sent again, and it cannot be the same")
			}
		})
	}
}

func TestAPacketThatFoundNoRoomIsSentWhenItIsAskedFor(t *testing.T) {
	s, ss, now := resending(t)
	ring, out := NewRing(RingConfig{Codec: vp8Codec}), &rawOut{full: true}
	span, err := ring.WriteFrame(&Frame{Data: []byte{0, 1, 2, 3}, KeyFrame: true})
	if err != nil {
		t.Fatal(err)
	}
	ss.Send(now, ring, span, out)
	out.full = false
	for range 2 {
		s.HandleRTCP(now, appendNACK(nil, 7, 1, []uint16{uint16(ss.highest)}), out)
		now = now.Add(time.Second)
	}
	if len(out.packets) != 2 || !bytes.Equal(out.packets[0], out.packets[1]) {
		t.Errorf("%d packets: the first repair is the first sending, and the second the same", len(out.packets))
	}
}

func TestSenderReportsCountWhatIsSentUnderTheirSSRC(t *testing.T) {
	for _, rtx := range []bool{true, false} {
		t.Run(fmt.Sprintf("rtx %v", rtx), func(t *testing.T) {
			s, now := loneSession(t)
			cfg := videoSend("0", 1)
			if !rtx {
				cfg.RTXSSRC, cfg.RTXPayloadType = 0, 0
			}
			ss, err := s.AddSender(cfg, SendEvents{})
			if err != nil {
				t.Fatal(err)
			}
			ring, out := NewRing(RingConfig{Codec: vp8Codec}), &rawOut{}
			span, err := ring.WriteFrame(&Frame{Data: make([]byte, 500), KeyFrame: true})
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(now, ring, span, out)
			s.HandleRTCP(now, appendNACK(nil, 7, 1, []uint16{uint16(ss.highest)}), out)
			ss.Probe(now, 1, 2000, 200, out) // padding
			want := uint32(0)
			for _, p := range out.packets {
				if binary.BigEndian.Uint32(p[8:]) == 1 {
					want++
				}
			}
			if r, _ := ss.senderInfo(now); r.packets != want || want == 0 {
				t.Errorf("the report says %d packets, of %d", r.packets, want)
			}
		})
	}
}
