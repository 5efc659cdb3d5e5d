package rtpengine

import (
	"testing"
	"time"
)

// memOut takes packets in the way of a batch: into memory of its own.
type memOut struct{ buf []byte }

func (o *memOut) ReserveRTP(int) []byte { return o.buf[:0] }
func (o *memOut) CommitRTP([]byte)      {}
func (o *memOut) WriteRTCP([]byte)      {}

// BenchmarkFanOut is one frame of eight packets to 100 peers; the figure is per
// packet and peer, without encryption and socket.
func BenchmarkFanOut(b *testing.B) {
	w := newWorld(b, 1)
	ring := NewRing(RingConfig{Codec: vp8Codec})
	out := &memOut{buf: make([]byte, 0, 2048)}
	var streams []*SendStream
	for range 100 {
		s := NewSession(SessionConfig{CNAME: "c", Rand: w.rng.Uint32})
		ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
		if err != nil {
			b.Fatal(err)
		}
		streams = append(streams, ss)
	}
	f := &Frame{Data: vp8Frame(w.rng, 8*1100, true, 640, 360), KeyFrame: true}
	send := func() {
		f.Timestamp += 3000
		span, err := ring.WriteFrame(f)
		if err != nil || span.Count != 8 {
			b.Fatalf("%+v %v", span, err)
		}
		f.KeyFrame = false
		for _, ss := range streams {
			ss.Send(w.now, ring, span, out)
		}
	}
	for range 200 {
		send()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + 799) / 800 {
		send()
	}
}

// BenchmarkReceive is per packet of a video stream, as packets only or as
// frames.
func BenchmarkReceive(b *testing.B) {
	for _, frames := range []bool{false, true} {
		name := "packets"
		if frames {
			name = "frames"
		}
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, 1)
			s := NewSession(SessionConfig{CNAME: "c", Rand: w.rng.Uint32})
			n := 0
			r := s.AddReceiver(videoReceive("0"), ReceiverEvents{
				Packet: func(*ReceiveStream, *Packet) { n++ },
				Frame:  func(*ReceiveStream, *Frame) {},
			})
			r.SetAssemble(frames)
			from := NewSession(SessionConfig{CNAME: "d", Rand: w.rng.Uint32})
			cfg := videoSend("0", 1)
			ss, err := from.AddSender(cfg, SendEvents{})
			if err != nil {
				b.Fatal(err)
			}
			ss.acked = true
			ring := NewRing(RingConfig{Codec: vp8Codec})
			f := &Frame{Data: vp8Frame(w.rng, 8*1100, true, 640, 360), KeyFrame: true}
			out, null := &copyOut{}, &memOut{}
			now := w.now
			step := func() {
				f.Timestamp += 3000
				span, _ := ring.WriteFrame(f)
				out.n = 0
				ss.Send(now, ring, span, out)
				for _, p := range out.packets[:out.n] {
					s.HandleRTP(now, p, null)
				}
				now = now.Add(time.Millisecond)
				s.Poll(now, null)
			}
			for range 100 {
				step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range (b.N + 7) / 8 {
				step()
			}
			if n < b.N {
				b.Fatalf("%d of %d packets arrived", n, b.N)
			}
		})
	}
}

// copyOut keeps the packets of one frame.
type copyOut struct {
	packets [16][]byte
	n       int
}

func (o *copyOut) ReserveRTP(size int) []byte {
	if cap(o.packets[o.n]) < size {
		o.packets[o.n] = make([]byte, 0, 2048)
	}
	return o.packets[o.n][:0]
}
func (o *copyOut) CommitRTP(p []byte) { o.packets[o.n] = p; o.n++ }
func (o *copyOut) WriteRTCP([]byte)   {}

func TestSendingAllocatesNothing(t *testing.T) {
	w := newWorld(t, 1)
	ring := NewRing(RingConfig{Codec: vp8Codec, Slots: 64})
	out := &memOut{buf: make([]byte, 0, 2048)}
	s := NewSession(SessionConfig{CNAME: "c", Rand: w.rng.Uint32})
	ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	f := &Frame{Data: vp8Frame(w.rng, 8000, true, 640, 360), KeyFrame: true}
	step := func() {
		f.Timestamp += 3000
		span, err := ring.WriteFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		if ss.Send(w.now, ring, span, out).Packets == 0 {
			t.Fatal("nothing was sent")
		}
		ss.nack(w.now, uint16(ss.highest), 0, 0, out)
	}
	for range 20 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("a frame costs %v allocations, want none", n)
	}
}
