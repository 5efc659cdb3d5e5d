package rtpengine

import (
	"encoding/binary"
	"testing"
	"time"
)

// TestThoseWhoOnlyReceiveMeasureTheRoundTrip sends in one direction only: the
// receiver has no sender reports of its own that could be answered.
func TestThoseWhoOnlyReceiveMeasureTheRoundTrip(t *testing.T) {
	for _, negotiated := range []bool{true, false} {
		w := newWorld(t, 5)
		a, b := pair(t, w, 35*time.Millisecond)
		cfg := audioReceive("0")
		cfg.Codecs[0].ReferenceTime = negotiated
		sc := newScreen(b, cfg)
		ring := NewRing(RingConfig{Codec: opusCodec})
		ss, err := a.s.AddSender(audioSend("0", 5), SendEvents{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			w.after(time.Duration(i)*20*time.Millisecond, func() {
				span, err := ring.WriteFrame(&Frame{Data: make([]byte, 80), Timestamp: uint32(i * 960), CaptureTime: w.now})
				if err != nil {
					t.Fatal(err)
				}
				ss.Send(w.now, ring, span, a.out)
			})
		}
		w.run(10 * time.Second)
		_, m := sc.stats(t)
		if !negotiated {
			if m.RoundTripTimeMeasurements != 0 {
				t.Errorf("%d round trips were measured without being negotiated", m.RoundTripTimeMeasurements)
			}
			continue
		}
		if m.RoundTripTimeMeasurements < 5 || m.RoundTripTime < 69*time.Millisecond || m.RoundTripTime > 72*time.Millisecond {
			t.Errorf("%d round trips, the last of %v; the path takes 70 ms", m.RoundTripTimeMeasurements, m.RoundTripTime)
		}
		if mean := m.TotalRoundTripTime / time.Duration(m.RoundTripTimeMeasurements); mean < 69*time.Millisecond || mean > 72*time.Millisecond {
			t.Errorf("the mean round trip is %v", mean)
		}
		if rtt := b.s.RTT(); rtt < 69*time.Millisecond || rtt > 72*time.Millisecond {
			t.Errorf("the receiver's session has a round trip of %v", rtt)
		}
	}
}

func TestExtendedReportsOfStrangers(t *testing.T) {
	w := newWorld(t, 6)
	a, b := pair(t, w, time.Millisecond)
	block := func(kind byte, words uint16, body ...byte) []byte {
		return append([]byte{kind, 0, byte(words >> 8), byte(words)}, body...)
	}
	packet := func(ssrc uint32, blocks ...[]byte) []byte {
		p := binary.BigEndian.AppendUint32([]byte{0x80, rtcpXR, 0, 0}, ssrc)
		for _, k := range blocks {
			p = append(p, k...)
		}
		binary.BigEndian.PutUint16(p[2:], uint16(len(p)/4-1))
		return p
	}
	// Other blocks are passed over, and the bounds of what is remembered hold.
	for ssrc := range uint32(3 * referencesMost) {
		a.s.HandleRTCP(w.now, packet(ssrc, block(1, 1, 0, 0, 0, 0), block(xrReferenceTime, 2, 1, 2, 3, 4, 5, 6, 7, 8)), a.out)
	}
	if n := len(a.s.heard); n == 0 || n > referencesMost {
		t.Errorf("%d receivers are remembered", n)
	}
	before := a.s.Stats().Malformed
	a.s.HandleRTCP(w.now, packet(1, block(xrReferenceTime, 9, 1, 2, 3, 4)), a.out)
	a.s.HandleRTCP(w.now, packet(1)[:4], a.out)
	if n := a.s.Stats().Malformed - before; n != 2 {
		t.Errorf("%d of 2 broken reports were noticed", n)
	}
	// An answer to a time that was never told measures nothing.
	b.s.HandleRTCP(w.now, packet(7, block(xrDLRR, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), b.out)
	if b.s.RTT() != 0 {
		t.Errorf("a round trip of %v out of nothing", b.s.RTT())
	}
}
