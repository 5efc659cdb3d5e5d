package rtpengine

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestEverythingAtOnce runs what a socket reader, a timer, sources and a
// negotiation do to one session at the same time; the race detector judges.
func TestEverythingAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := NewSession(SessionConfig{CNAME: "c", Rand: rand.Uint32, Feedback: func(time.Time, []PacketResult) {}})
	ring := NewRing(RingConfig{Codec: vp8Codec, Slots: 64})
	ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	var r *Receiver
	back := &memOut{buf: make([]byte, 0, 2048)}
	r = s.AddReceiver(videoReceive("1"), ReceiverEvents{
		// a remote track that is looped back into the connection that it came from
		Packet: func(_ *ReceiveStream, p *Packet) { ss.Send(now, ring, ring.WriteRTP(p), back); r.RequestKeyFrame("") },
		Frame:  func(*ReceiveStream, *Frame) { r.SetAssemble(true) },
	})
	r.SetAssemble(true)
	var wg sync.WaitGroup
	loop := func(f func(i int, out Output)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out := &memOut{buf: make([]byte, 0, 2048)}
			for i := range 300 {
				f(i, out)
			}
		}()
	}
	loop(func(i int, out Output) {
		s.HandleRTP(now, raw(96, 7, uint16(i+i/9), uint32(i*3000), true, []byte{0x10, byte(i % 2), 1, 2}, rawExt{1, "1"}, rawExt{4, string([]byte{0, byte(i)})}), out)
		s.HandleRTCP(now, appendNACK(nil, 3, 1, []uint16{uint16(ss.SSRC()), uint16(i)}), out)
	})
	loop(func(i int, out Output) { s.Poll(now.Add(time.Duration(i)*50*time.Millisecond), out) })
	loop(func(i int, out Output) {
		cfg := videoReceive("1")
		cfg.Receiving = i%5 != 0
		r.Update(cfg)
		r.Stats(func(InboundStats, RemoteOutboundStats) {})
		r.Sources(now)
		s.Stats()
		_ = ss.Update(videoSend("0", uint32(1+i%2*100)))
		ss.Stats()
		ss.SetActive(i%7 != 0)
	})
	loop(func(i int, out Output) {
		o, err := s.AddSender(audioSend("2", uint32(5000+i)), SendEvents{})
		if err != nil {
			t.Error(err)
			return
		}
		x := s.AddReceiver(audioReceive("3"), ReceiverEvents{})
		s.RemoveReceiver(x)
		s.RemoveSender(o, out)
	})
	wg.Wait()
	s.Close(back)
}
