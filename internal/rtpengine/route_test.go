package rtpengine

import (
	"testing"
	"time"
)

// raw builds a packet by hand; exts are written as one-byte extensions.
func raw(pt uint8, ssrc uint32, seq uint16, ts uint32, marker bool, payload []byte, exts ...rawExt) []byte {
	p := Packet{PayloadType: pt, SSRC: ssrc, SequenceNumber: seq, Timestamp: ts, Marker: marker, Payload: payload}
	for _, e := range exts {
		p.ExtensionProfile = 0xBEDE
		p.Extension = append(append(p.Extension, e.id<<4|byte(len(e.v)-1)), e.v...)
	}
	return AppendPacket(nil, &p)
}

type rawExt struct {
	id uint8
	v  string
}

type nullOut struct{ rtcp [][]byte }

func (*nullOut) ReserveRTP(int) []byte { return nil }
func (*nullOut) CommitRTP([]byte)      {}
func (o *nullOut) WriteRTCP(p []byte)  { o.rtcp = append(o.rtcp, append([]byte(nil), p...)) }

func loneSession(t testing.TB) (*Session, time.Time) {
	w := newWorld(t, 1)
	return NewSession(SessionConfig{CNAME: "x", Rand: w.rng.Uint32}), w.now
}

// counting adds an audio receiver and returns where its packets are counted.
func counting(s *Session, cfg ReceiverConfig) (*Receiver, map[uint32]int) {
	n := map[uint32]int{}
	return s.AddReceiver(cfg, ReceiverEvents{Packet: func(_ *ReceiveStream, p *Packet) { n[p.SSRC]++ }}), n
}

func TestRoutingFollowsRFC8843(t *testing.T) {
	s, now := loneSession(t)
	_, a := counting(s, audioReceive("a"))
	cfg := audioReceive("b")
	cfg.Streams = []StreamConfig{{SSRC: 77}}
	_, b := counting(s, cfg)
	only := audioReceive("c")
	only.Codecs[0].PayloadType = 9
	_, c := counting(s, only)
	seq := uint16(0)
	send := func(pt uint8, ssrc uint32, exts ...rawExt) {
		seq++
		s.HandleRTP(now, raw(pt, ssrc, seq, 0, false, []byte{1}, exts...), nil)
	}
	send(111, 1)
	if a[1]+b[1] != 0 {
		t.Fatal("a payload type that two m-sections have must not decide")
	}
	send(111, 1, rawExt{1, "a"})
	send(111, 1)
	if a[1] != 2 {
		t.Fatalf("a MID binds its SSRC: %d packets, want 2", a[1])
	}
	send(111, 77)
	if b[77] != 1 {
		t.Fatal("a signalled SSRC needs no MID")
	}
	send(111, 1, rawExt{1, "b"})
	send(111, 1)
	if a[1] != 2 || b[1] != 2 {
		t.Fatal("a later MID moves the SSRC to another m-section")
	}
	send(9, 5)
	if c[5] != 1 {
		t.Fatal("a payload type of one m-section only decides for an unknown SSRC")
	}
	send(111, 6, rawExt{1, "unknown"})
	send(111, 1, rawExt{1, "unknown"})
	if a[6]+b[6] != 0 || b[1] != 2 {
		t.Fatal("a packet with an unknown MID must be dropped")
	}
	send(50, 8, rawExt{1, "a"})
	if a[8] != 0 {
		t.Fatal("a payload type that was not negotiated must be dropped")
	}
	if got := s.Stats().Unrouted; got != 4 {
		t.Errorf("%d packets unrouted, want 4", got)
	}
}

// What comes late for an m-section that was stopped belongs to no other one.
func TestLatePacketsOfARemovedReceiver(t *testing.T) {
	s, now := loneSession(t)
	signalled := audioReceive("a")
	signalled.Streams = []StreamConfig{{SSRC: 77}}
	gone, a := counting(s, signalled)
	_, b := counting(s, audioReceive("b"))
	seq := uint16(0)
	send := func(ssrc uint32, exts ...rawExt) {
		seq++
		s.HandleRTP(now, raw(111, ssrc, seq, 0, false, []byte{1}, exts...), nil)
	}
	send(77)
	send(1, rawExt{1, "a"})
	s.RemoveReceiver(gone)
	send(77)
	send(1)
	if a[77] != 1 || a[1] != 1 || len(b) > 0 {
		t.Fatalf("%v were received before, %v after the m-section had gone", a, b)
	}
	send(2)
	if b[2] != 1 {
		t.Fatal("the payload type is of one m-section now and decides for an unknown SSRC")
	}
	send(77, rawExt{1, "b"})
	send(77)
	if b[77] != 2 {
		t.Fatal("a MID may bind the SSRC again")
	}
}

func TestUnknownSSRCsAreBounded(t *testing.T) {
	s, now := loneSession(t)
	_, n := counting(s, audioReceive("a"))
	for i := range uint32(100000) {
		s.HandleRTP(now, raw(111, i+1, 1, 0, false, []byte{1}, rawExt{1, "a"}), nil)
	}
	if len(s.routes) > s.routesMost() {
		t.Fatalf("%d routes after a flood of SSRCs, want at most %d", len(s.routes), s.routesMost())
	}
	if len(s.receivers[0].streams) > streamsPerReceiver {
		t.Fatalf("%d streams after a flood", len(s.receivers[0].streams))
	}
	before := n[1<<31]
	s.HandleRTP(now.Add(10*time.Second), raw(111, 1<<31, 1, 0, false, []byte{1}, rawExt{1, "a"}), nil)
	if n[1<<31] != before+1 {
		t.Error("once the flood is over a new SSRC must be taken")
	}
}

func TestSSRCMayChange(t *testing.T) {
	w := newWorld(t, 2)
	a, b := pair(t, w, 10*time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	ss := cam.add(t, a, videoSend("0", 1000))
	cam.start(60)
	w.run(time.Second)
	if err := ss.Update(videoSend("0", 5000)); err != nil {
		t.Fatal(err)
	}
	cam.wantKey = true
	w.run(3 * time.Second)
	wantFrames(t, sc.frames, cam.sent)
	if len(sc.streams) != 2 || sc.ended != 1 {
		t.Errorf("%d streams began and %d ended, want 2 and 1", len(sc.streams), sc.ended)
	}
	if in, _ := sc.stats(t); in.SSRC != 5000 {
		t.Errorf("the receiver's SSRC is %d, want the new one", in.SSRC)
	}
}

func TestByeEndsAStream(t *testing.T) {
	w := newWorld(t, 2)
	a, b := pair(t, w, 10*time.Millisecond)
	cam := newCamera(w)
	byes := 0
	r := b.s.AddReceiver(videoReceive("0"), ReceiverEvents{Ended: func(_ *ReceiveStream, bye bool) {
		if bye {
			byes++
		}
	}})
	ss := cam.add(t, a, videoSend("0", 1000))
	cam.start(30)
	w.run(2 * time.Second)
	a.s.RemoveSender(ss, a.out)
	w.run(time.Second)
	if byes != 1 {
		t.Fatalf("%d BYEs were told, want 1", byes)
	}
	r.Stats(func(in InboundStats, _ RemoteOutboundStats) { t.Errorf("stream %d is left after BYE", in.SSRC) })
	if _, err := a.s.AddSender(videoSend("0", 1000), SendEvents{}); err != nil {
		t.Errorf("a removed stream's SSRC is free again: %v", err)
	}
	if _, err := a.s.AddSender(videoSend("1", 1000), SendEvents{}); err == nil {
		t.Error("an SSRC cannot be used twice in a session")
	}
}

func TestSimulcastLayersArriveApart(t *testing.T) {
	w := newWorld(t, 4)
	a, b := pair(t, w, 20*time.Millisecond)
	a.out.loss = 0.03
	cfg := videoReceive("0")
	cfg.RIDs = []string{"h", "m", "l"}
	frames := map[string][][]byte{}
	r := b.s.AddReceiver(cfg, ReceiverEvents{Frame: func(st *ReceiveStream, f *Frame) {
		if f.RID != st.RID() {
			t.Errorf("frame of rid %q in the stream of %q", f.RID, st.RID())
		}
		frames[f.RID] = append(frames[f.RID], append([]byte(nil), f.Data...))
	}})
	r.SetAssemble(true)
	cams := map[string]*camera{}
	for i, rid := range cfg.RIDs {
		cam := newCamera(w)
		c := videoSend("0", uint32(1000+10*i))
		c.RID = rid
		cam.size = 6000 >> i
		cam.add(t, a, c)
		cam.start(120)
		cams[rid] = cam
	}
	// an encoding that was not negotiated
	other := newCamera(w)
	c := videoSend("0", 4000)
	c.RID = "x"
	other.add(t, a, c)
	other.start(120)
	w.run(8 * time.Second)
	for rid, cam := range cams {
		// the stream begins with the first packet that arrives
		if n := len(frames[rid]); n < 115 {
			t.Errorf("rid %s: %d of 120 frames", rid, n)
			continue
		}
		wantFrames(t, frames[rid], cam.sent[len(cam.sent)-len(frames[rid]):])
	}
	if len(frames["x"]) != 0 {
		t.Error("an encoding that was refused must be dropped")
	}
	repaired := uint64(0)
	r.Stats(func(in InboundStats, _ RemoteOutboundStats) { repaired += in.RetransmittedPacketsReceived })
	if repaired == 0 {
		t.Error("no layer was repaired over RTX: repaired-rid must bind RTX streams")
	}
	cams["m"].wantKey = false
	keys := cams["m"].keys
	r.RequestKeyFrame("m")
	w.run(time.Second)
	cams["m"].frame()
	if cams["m"].keys != keys+1 {
		t.Error("a key frame request for one rid must reach its encoding")
	}
}
