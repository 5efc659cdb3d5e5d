package rtpengine

import (
	"testing"
	"time"
)

// watch checks that the packets that a stream sends follow one another.
type watch struct {
	t       *testing.T
	seqs    []uint16
	ts      []uint32
	pics    []uint16
	tl0     []uint8
	packets []Packet
}

func (o *watch) ReserveRTP(size int) []byte { return make([]byte, 0, size) }
func (o *watch) WriteRTCP([]byte)           {}
func (o *watch) CommitRTP(b []byte) {
	var p Packet
	if err := ParsePacket(b, &p); err != nil {
		o.t.Fatal(err)
	}
	o.packets = append(o.packets, p)
	if n := len(o.seqs); n > 0 && p.SequenceNumber != o.seqs[n-1]+1 {
		o.t.Fatalf("sequence number %d follows %d: there must be no gap", p.SequenceNumber, o.seqs[n-1])
	}
	if d, ok := parseVP8Descriptor(p.Payload); ok {
		if n := len(o.pics); n > 0 && d.pictureID != o.pics[n-1] && d.pictureID != (o.pics[n-1]+1)&0x7FFF {
			o.t.Fatalf("picture id %d follows %d", d.pictureID, o.pics[n-1])
		}
		if n := len(o.tl0); n > 0 && d.tl0 != o.tl0[n-1] && d.tl0 != o.tl0[n-1]+1 {
			o.t.Fatalf("TL0PICIDX %d follows %d", d.tl0, o.tl0[n-1])
		}
		o.pics, o.tl0 = append(o.pics, d.pictureID), append(o.tl0, d.tl0)
	}
	o.seqs, o.ts = append(o.seqs, p.SequenceNumber), append(o.ts, p.Timestamp)
}

func TestReplacingTheTrackContinuesTheStream(t *testing.T) {
	w := newWorld(t, 1)
	s, _ := loneSession(t)
	ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	out := &watch{t: t}
	write := func(r *Ring, ts uint32, key bool) SendResult {
		t.Helper()
		span, err := r.WriteFrame(&Frame{Data: vp8Frame(w.rng, 3000, key, 320, 240), KeyFrame: key, Timestamp: ts})
		if err != nil {
			t.Fatal(err)
		}
		return ss.Send(w.now, r, span, out)
	}
	first, second := NewRing(RingConfig{Codec: vp8Codec}), NewRing(RingConfig{Codec: vp8Codec})
	for i := range 40 { // so that the second ring's counters are elsewhere
		if _, err := second.WriteFrame(&Frame{Data: []byte{1, 2, 3}, Timestamp: uint32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		write(first, uint32(1000+3000*i), i == 0)
		w.now = w.now.Add(time.Second / 30)
	}
	last := out.ts[len(out.ts)-1]
	if res := write(second, 4e9, false); res.Packets != 0 || !res.NeedKeyFrame {
		t.Fatal("a new track must begin with a key frame")
	}
	w.now = w.now.Add(200 * time.Millisecond)
	write(second, 4e9+18000, true)
	// 1/30 s since the last packet, and 200 ms
	if d := out.ts[len(out.ts)-1] - last; d < 20900 || d > 21100 {
		t.Errorf("the timestamp went on by %d after 233 ms, want 21000", d)
	}
	write(second, 4e9+21000, false)
	if d := out.ts[len(out.ts)-1] - out.ts[len(out.ts)-4]; d != 3000 {
		t.Errorf("the new track's timestamps must keep their distance: %d, want 3000", d)
	}
	// and back, with the old ring as if nothing had happened
	w.now = w.now.Add(time.Second)
	write(first, 31000+90000, true)
}

func TestPauseContinuesTheStream(t *testing.T) {
	for _, standsStill := range []bool{false, true} {
		w := newWorld(t, 1)
		s, _ := loneSession(t)
		ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
		if err != nil {
			t.Fatal(err)
		}
		out := &watch{t: t}
		ring := NewRing(RingConfig{Codec: vp8Codec})
		ts := uint32(0xFFFFF000) // wraps
		write := func(key bool) SendResult {
			span, err := ring.WriteFrame(&Frame{Data: vp8Frame(w.rng, 500, key, 320, 240), KeyFrame: key, Timestamp: ts})
			if err != nil {
				t.Fatal(err)
			}
			ts += 3000
			w.now = w.now.Add(time.Second / 30)
			return ss.Send(w.now, ring, span, out)
		}
		write(true)
		write(false)
		ss.SetActive(false)
		if write(true).Packets != 0 {
			t.Fatal("an encoding that is not active must not be sent")
		}
		w.now = w.now.Add(5 * time.Second)
		if !standsStill {
			ts += 450000
		}
		ss.SetActive(true)
		if res := write(false); res.Packets != 0 || !res.NeedKeyFrame {
			t.Fatal("an encoding that is switched on must begin with a key frame")
		}
		before := out.ts[len(out.ts)-1]
		write(true)
		want := uint32(450000 + 3*3000)
		if d := out.ts[len(out.ts)-1] - before; d < want-200 || d > want+200 {
			t.Errorf("source's clock stands still: %v: the timestamp went on by %d, want about %d", standsStill, d, want)
		}
	}
}

func TestTemporalLayersAreLeftOutWithoutAGap(t *testing.T) {
	w := newWorld(t, 6)
	a, b := pair(t, w, 20*time.Millisecond)
	a.out.loss = 0.05
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	cam.tids = []int{0, 2, 1, 2}
	ss := cam.add(t, a, videoSend("0", 9))
	ss.SetMaxTemporal(1)
	cam.start(200)
	w.run(8 * time.Second)
	var want [][]byte
	for i, f := range cam.sent {
		if cam.tids[i%4] <= 1 {
			want = append(want, f)
		}
	}
	wantFrames(t, sc.frames[:min(len(sc.frames), len(want))], want)
	in, _ := sc.stats(t)
	if in.PLICount != 0 {
		t.Errorf("%d key frame requests: layers that are left out are no loss", in.PLICount)
	}
	for i, f := range sc.infos {
		if f.TemporalIndex > 1 {
			t.Fatalf("frame %d is of temporal layer %d", i, f.TemporalIndex)
		}
	}
}

func TestSequenceNumbersAndTimestampsWrap(t *testing.T) {
	w := newWorld(t, 8)
	a, b := pair(t, w, 5*time.Millisecond)
	a.out.loss, a.out.jitter = 0.02, 2*time.Millisecond
	b.s.SetPathRTT(10 * time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	cam.ts, cam.size = 0xFFFF0000, 30000
	ss := cam.add(t, a, videoSend("0", 9))
	const frames = 3000 // of about 28 packets: more than one wrap
	cam.start(frames)
	w.run(110 * time.Second)
	if out, _ := ss.Stats(); out.PacketsSent < 1<<16 {
		t.Fatalf("only %d packets: nothing wrapped", out.PacketsSent)
	}
	if n := len(sc.frames); n < frames-2 {
		in, _ := sc.stats(t)
		t.Fatalf("%d of %d frames: %+v", n, frames, in)
	}
	wantFrames(t, sc.frames, cam.sent[frames-len(sc.frames):])
	for i := 1; i < len(sc.infos); i++ {
		if d := sc.infos[i].Timestamp - sc.infos[i-1].Timestamp; d != 3000 {
			t.Fatalf("timestamps %d apart at frame %d, want 3000", d, i)
		}
	}
	in, _ := sc.stats(t)
	if in.PacketsLost < 0 || float64(in.PacketsLost) > 0.03*float64(in.PacketsReceived) {
		t.Errorf("%d packets lost of %d at 2%% loss", in.PacketsLost, in.PacketsReceived)
	}
}

func TestARestartedSequenceIsBelieved(t *testing.T) {
	s, now := loneSession(t)
	r, n := counting(s, audioReceive("a"))
	send := func(seq uint16) {
		s.HandleRTP(now, raw(111, 1, seq, 0, false, []byte{1}, rawExt{1, "a"}), nil)
	}
	for seq := range uint16(10) {
		send(100 + seq)
	}
	send(30000) // astray
	send(110)
	if n[1] != 11 {
		t.Fatalf("%d packets, want 11: one stray packet is dropped", n[1])
	}
	for seq := range uint16(10) {
		send(40000 + seq)
	}
	if n[1] != 20 {
		t.Fatalf("%d packets, want 20: a leap is believed with the second packet", n[1])
	}
	r.Stats(func(in InboundStats, _ RemoteOutboundStats) {
		if in.PacketsLost < -1 || in.PacketsLost > 1 {
			t.Errorf("%d packets lost: a restart is no loss", in.PacketsLost)
		}
	})
}

func TestPassThroughKeepsGapsAndRepairsThem(t *testing.T) {
	w := newWorld(t, 3)
	a, b := pair(t, w, 20*time.Millisecond)
	sc := newScreen(b, videoReceive("0"))
	ring := NewRing(RingConfig{Codec: vp8Codec})
	ss, err := a.s.AddSender(videoSend("0", 1), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	pack := vp8Packetizer{pictureID: 0x7FF0}
	var want [][]byte
	seq := uint16(65400)
	for i := range 100 {
		f := Frame{Data: vp8Frame(w.rng, 3000, i == 0, 320, 240), KeyFrame: i == 0, Timestamp: uint32(i * 3000)}
		want = append(want, f.Data)
		var payloads payloads
		if err := pack.packetize(&f, 1000, &payloads); err != nil {
			t.Fatal(err)
		}
		for j, pl := range payloads {
			p := Packet{SSRC: 42, SequenceNumber: seq, Timestamp: f.Timestamp, Payload: pl, Marker: j == len(payloads)-1}
			seq++
			at := w.now.Add(time.Duration(i) * time.Second / 30)
			if i > 5 && w.rng.IntN(10) == 0 { // late: repaired upstream
				at = at.Add(100 * time.Millisecond)
			}
			w.at(at, func() {
				ss.Send(w.now, ring, ring.WriteRTP(&p), a.out)
				ss.Send(w.now, ring, ring.WriteRTP(&p), a.out) // twice: sent once
			})
		}
	}
	w.run(6 * time.Second)
	wantFrames(t, sc.frames, want)
	if in, _ := sc.stats(t); in.PacketsDuplicated != 0 && in.NACKCount == 0 {
		t.Errorf("%d duplicates", in.PacketsDuplicated)
	}
}

// The ring has forgotten it: SRTP would use its nonce for another text.
func TestAPacketThatComesTwiceLongAfterIsNotSentTwice(t *testing.T) {
	s, now := loneSession(t)
	ss, err := s.AddSender(videoSend("0", 1), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	ring, out := NewRing(RingConfig{Codec: vp8Codec}), &watch{t: t}
	write := func(seq uint16) {
		p := Packet{SSRC: 42, SequenceNumber: seq, Timestamp: uint32(seq) * 90000, Payload: []byte{0x10, 0, 0, 0, 0x9D, 1, 0x2A, 64, 0, 64, 0}}
		ss.Send(now, ring, ring.WriteRTP(&p), out)
	}
	for i := range uint16(3 * ringStart) { // so sparse that the ring need not grow
		write(1000 + i)
	}
	for _, seq := range []uint16{1000, 1001, 1000 + ringStart} {
		write(seq)
	}
	if n := len(out.packets); n != 3*ringStart {
		t.Errorf("%d packets were sent of %d", n, 3*ringStart)
	}
}
