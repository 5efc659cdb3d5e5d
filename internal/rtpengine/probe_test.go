package rtpengine

import (
	"testing"
	"time"
)

// probeOut counts what a probe sends.
type probeOut struct {
	t       *testing.T
	sizes   []int
	padding int
}

func (o *probeOut) ReserveRTP(size int) []byte { return make([]byte, 0, size) }
func (o *probeOut) WriteRTCP([]byte)           {}
func (o *probeOut) CommitRTP(b []byte) {
	var p Packet
	if err := ParsePacket(b, &p); err != nil {
		o.t.Fatal(err)
	}
	if p.PayloadType != 97 {
		o.t.Errorf("a probe in payload type %d, want RTX", p.PayloadType)
	}
	if p.PaddingLen > 0 {
		o.padding++
		if len(p.Payload) != 0 || p.Marker {
			o.t.Errorf("padding with %d bytes of payload, marker %v", len(p.Payload), p.Marker)
		}
	}
	o.sizes = append(o.sizes, len(b))
}

// A probe has the packets that its result needs, however large those of the media
// are; media is repeated where it fits, and the receiver delivers nothing twice.
func TestProbesAreOfManyPackets(t *testing.T) {
	w := newWorld(t, 1)
	a, b := pair(t, w, 10*time.Millisecond)
	cam := newCamera(w)
	ss := cam.add(t, a, videoSend("v", 100))
	sc := newScreen(b, videoReceive("v"))
	cam.start(30)
	w.run(2 * time.Second)
	for _, c := range []struct {
		bytes, each int
		padding     bool
	}{{1687, 337, true}, {1000, 200, true}, {10_000, 2000, false}} {
		out := &probeOut{t: t}
		sent := ss.Probe(w.now, 7, c.bytes, c.each, out)
		total := 0
		for _, n := range out.sizes {
			total += n
			if n > c.each+20 {
				t.Errorf("a packet of %d bytes, at most about %d wanted", n, c.each)
			}
		}
		if len(out.sizes) < 5 || sent != total || total < c.bytes || total > c.bytes*5/4+1200 {
			t.Errorf("probe of %d bytes: %d packets, %d bytes, %d said", c.bytes, len(out.sizes), total, sent)
		}
		if c.padding != (out.padding > 0) {
			t.Errorf("probe of %d bytes: %d packets of padding", c.bytes, out.padding)
		}
	}
	before, _ := ss.Stats()
	frames := len(sc.frames)
	ss.Probe(w.now, 8, 1687, 337, a.out)
	w.run(time.Second)
	if len(sc.frames) != frames || frames != 30 {
		t.Errorf("%d frames, %d after a probe of padding, want 30", frames, len(sc.frames))
	}
	after, _ := ss.Stats()
	if n := after.RetransmittedPacketsSent - before.RetransmittedPacketsSent; n != 0 || after.BytesSent != before.BytesSent {
		t.Errorf("padding counts as %d retransmissions, %d bytes of payload", n, after.BytesSent-before.BytesSent)
	}
}
