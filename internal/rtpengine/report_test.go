package rtpengine

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

func TestReportsMeasureThePath(t *testing.T) {
	w := newWorld(t, 11)
	a, b := pair(t, w, 40*time.Millisecond)
	a.out.loss, a.out.jitter = 0.1, 6*time.Millisecond
	sc := newScreen(b, audioReceive("0"))
	ring := NewRing(RingConfig{Codec: opusCodec})
	ss, err := a.s.AddSender(audioSend("0", 5), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	const frames = 2000
	for i := range frames {
		w.after(time.Duration(i)*20*time.Millisecond, func() {
			span, err := ring.WriteFrame(&Frame{Data: make([]byte, 80), Timestamp: uint32(i * 960), CaptureTime: w.now})
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(w.now, ring, span, a.out)
		})
	}
	w.run(40*time.Second + 500*time.Millisecond)
	in, rem := sc.stats(t)
	out, m := ss.Stats()
	if out.PacketsSent != frames || out.BytesSent != frames*80 {
		t.Errorf("sent %d packets, %d bytes", out.PacketsSent, out.BytesSent)
	}
	if lost := float64(in.PacketsLost) / frames; lost < 0.07 || lost > 0.13 {
		t.Errorf("%d of %d packets lost at 10%%", in.PacketsLost, frames)
	}
	if m.PacketsLost == 0 || m.FractionLost > 0.3 || m.PacketsLost > in.PacketsLost {
		t.Errorf("the report says %d lost (fraction %v), the receiver knows of %d", m.PacketsLost, m.FractionLost, in.PacketsLost)
	}
	if m.PacketsReceived+uint64(m.PacketsLost) < frames*9/10 || m.PacketsReceived > frames {
		t.Errorf("the report says %d received", m.PacketsReceived)
	}
	// jitter is evenly spread over 6 ms: the mean difference is 2 ms
	for _, j := range []time.Duration{in.Jitter, m.Jitter} {
		if j < time.Millisecond || j > 3*time.Millisecond {
			t.Errorf("jitter is %v, want about 2 ms", j)
		}
	}
	// RTP delay is 40 to 46 ms one way, RTCP's too on that side
	if m.RoundTripTime < 79*time.Millisecond || m.RoundTripTime > 90*time.Millisecond || m.RoundTripTimeMeasurements == 0 {
		t.Errorf("round-trip time is %v on a path of 80 to 86 ms", m.RoundTripTime)
	}
	if rem.ReportsSent < 20 || rem.CNAME != "alice" || rem.PacketsSent == 0 || rem.RemoteTimestamp.IsZero() {
		t.Errorf("remote-outbound: %+v", rem)
	}
	if n := b.out.rtcp; n > 40*14 {
		t.Errorf("%d RTCP packets in 40 s", n)
	}
}

// TestCaptureTimesAlign checks the input of lip sync: frames of audio and video
// captured at one instant have one capture time at the receiver, although their
// RTP clocks have different origins and the clocks of the machines differ.
func TestCaptureTimesAlign(t *testing.T) {
	w := newWorld(t, 12)
	a, b := pair(t, w, 30*time.Millisecond)
	type seen struct{ sender, local time.Time }
	got := map[string][]seen{}
	for mid, cfg := range map[string]ReceiverConfig{"v": videoReceive("v"), "a": audioReceive("a")} {
		cfg.Extensions = testExtensions[:6] // without abs-capture-time
		r := b.s.AddReceiver(cfg, ReceiverEvents{Frame: func(_ *ReceiveStream, f *Frame) {
			if !f.CaptureTime.IsZero() {
				got[mid] = append(got[mid], seen{f.CaptureTime, f.LocalTime})
			}
		}})
		r.SetAssemble(true)
	}
	skew := 1234 * time.Second // the sender's clock is ahead
	video, audio := NewRing(RingConfig{Codec: vp8Codec}), NewRing(RingConfig{Codec: opusCodec})
	vc, ac := videoSend("v", 1), audioSend("a", 9)
	vc.Extensions, ac.Extensions = testExtensions[:6], testExtensions[:6]
	vs, err := a.s.AddSender(vc, SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	as, err := a.s.AddSender(ac, SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	polls := a.out
	tick := func(i int) {
		now := w.now.Add(skew)
		v := Frame{Data: vp8Frame(w.rng, 1000, i == 0, 64, 64), KeyFrame: i == 0, Timestamp: uint32(i) * 9000, CaptureTime: now.Add(-150 * time.Millisecond)}
		span, err := video.WriteFrame(&v)
		if err != nil {
			t.Fatal(err)
		}
		vs.Send(now, video, span, polls)
		u := Frame{Data: []byte{1}, Timestamp: 777 + uint32(i)*4800, CaptureTime: now.Add(-20 * time.Millisecond)}
		if span, err = audio.WriteFrame(&u); err != nil {
			t.Fatal(err)
		}
		as.Send(now, audio, span, polls)
		a.s.Poll(now, polls)
	}
	for i := range 100 {
		w.after(time.Duration(i)*100*time.Millisecond, func() { tick(i) })
	}
	a.world = &world{t: t, now: w.now} // only tick polls the sender, by its own clock
	w.run(11 * time.Second)
	if len(got["v"]) < 50 || len(got["a"]) < 50 {
		t.Fatalf("%d video and %d audio frames had a capture time", len(got["v"]), len(got["a"]))
	}
	v, u := got["v"][len(got["v"])-1], got["a"][len(got["a"])-1]
	if d := u.sender.Sub(v.sender); d < 129*time.Millisecond || d > 131*time.Millisecond {
		t.Errorf("audio and video of one tick are %v apart by the sender's clock, want 130 ms", d)
	}
	if d := u.local.Sub(v.local); d < 129*time.Millisecond || d > 131*time.Millisecond {
		t.Errorf("they are %v apart by the local clock, want 130 ms", d)
	}
	if d := u.sender.Sub(u.local); d < skew-50*time.Millisecond || d > skew+50*time.Millisecond {
		t.Errorf("the clocks are taken to differ by %v, want about %v", d, skew)
	}
}

func TestExtensionsArrive(t *testing.T) {
	for _, name := range []string{"one-byte", "two-byte"} {
		t.Run(name, func(t *testing.T) {
			exts := append([]Extension(nil), testExtensions...)
			if name == "two-byte" {
				exts[5].ID = 20
			}
			w := newWorld(t, 13)
			a, b := pair(t, w, 10*time.Millisecond)
			cfg := audioReceive("0")
			cfg.Extensions = exts
			var last Extensions
			var elements []byte
			b.s.AddReceiver(cfg, ReceiverEvents{Packet: func(_ *ReceiveStream, p *Packet) { last, elements = p.Ext, bytes.Clone(p.Extension) }})
			sc := audioSend("0", 1)
			sc.Extensions = exts
			ss, err := a.s.AddSender(sc, SendEvents{})
			if err != nil {
				t.Fatal(err)
			}
			ring := NewRing(RingConfig{Codec: opusCodec})
			sendTime := binary.BigEndian.AppendUint32(nil, absSendTime(w.now))[1:]
			captured := w.now.Add(-time.Second)
			span, err := ring.WriteFrame(&Frame{Data: []byte{1}, HasAudioLevel: true, VoiceActivity: true, AudioLevel: 42, CaptureTime: captured, Rotation: 270, HasRotation: true})
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(w.now, ring, span, a.out)
			w.run(50 * time.Millisecond)
			if !last.HasAudioLevel || !last.VoiceActivity || last.AudioLevel != 42 {
				t.Errorf("audio level: %+v", last)
			}
			if !last.HasTransportCC || !bytes.Contains(elements, sendTime) {
				t.Errorf("transport-wide-cc and abs-send-time: %+v", last)
			}
			if d := last.CaptureTime.Sub(captured); d < -time.Microsecond || d > time.Microsecond {
				t.Errorf("capture time is off by %v", d)
			}
		})
	}
}

func TestKeyFrameRequestsBackOff(t *testing.T) {
	w := newWorld(t, 15)
	a, b := pair(t, w, 10*time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	ss := cam.add(t, a, videoSend("0", 1))
	cam.start(30)
	w.run(2 * time.Second)
	asked := 0
	ss.events.KeyFrame = func() { asked++ }
	for range 100 { // an impatient program
		sc.r.RequestKeyFrame("")
		w.run(10 * time.Millisecond)
	}
	if asked == 0 || asked > 4 {
		t.Errorf("%d requests within a second, want a few", asked)
	}
	ss.events.KeyFrame = func() { cam.wantKey = true; asked++ }
	cam.frame()
	w.run(5 * time.Second)
	cam.frame()
	w.run(5 * time.Second)
	asked = 0
	w.run(10 * time.Second)
	if asked != 0 {
		t.Errorf("%d requests after the key frame came", asked)
	}
}

func TestFIRIsUsedAndCountedOnce(t *testing.T) {
	w := newWorld(t, 16)
	a, b := pair(t, w, 10*time.Millisecond)
	cfg := videoReceive("0")
	cfg.Codecs[0].PLI, cfg.Codecs[0].FIR = false, true
	cam, sc := newCamera(w), newScreen(b, cfg)
	ss := cam.add(t, a, videoSend("0", 1))
	cam.start(10)
	w.run(time.Second)
	sc.r.RequestKeyFrame("")
	w.run(100 * time.Millisecond)
	if out, _ := ss.Stats(); out.FIRCount != 1 || out.PLICount != 0 || !cam.wantKey {
		t.Fatalf("FIR %d, PLI %d: where PLI was not negotiated FIR asks", out.FIRCount, out.PLICount)
	}
	a.s.HandleRTCP(w.now, appendFIR(nil, 7, 1, 0), nil) // the same sequence number: a repetition
	if out, _ := ss.Stats(); out.FIRCount != 1 {
		t.Error("a repeated FIR asks once")
	}
}

// appendREMB appends a receiver estimated maximum bitrate
// (draft-alvestrand-rmcat-remb-03).
func appendREMB(dst []byte, sender uint32, bitrate uint64, ssrcs []uint32) []byte {
	start := len(dst)
	dst = beginFeedback(dst, rtcpPSFB, fmtALFB, sender, 0)
	exp := 0
	for bitrate>>exp > 0x3FFFF {
		exp++
	}
	m := bitrate >> exp
	dst = append(dst, 'R', 'E', 'M', 'B', byte(len(ssrcs)), byte(exp)<<2|byte(m>>16), byte(m>>8), byte(m))
	for _, s := range ssrcs {
		dst = binary.BigEndian.AppendUint32(dst, s)
	}
	return endRTCP(dst, start)
}

func TestREMBReachesTheProgram(t *testing.T) {
	for _, want := range []uint64{0, 1, 262143, 300000, 2500000, 1 << 40} {
		s, now := loneSession(t)
		got := uint64(99)
		s.cfg.REMB = func(_ time.Time, r uint64) { got = r }
		s.HandleRTCP(now, appendREMB(nil, 1, want, []uint32{5, 6}), nil)
		if got > want || float64(want-got) > float64(want)/100000 {
			t.Errorf("REMB of %d arrived as %d", want, got)
		}
	}
}

func TestNTPTimesSurvive(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 11, 23, 12, 0, 0, 999999999, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 15, 5, time.UTC), // the last second of era 0
		time.Date(2036, 2, 7, 6, 28, 17, 0, time.UTC),
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if d := ntpTime(ntpOf(at)).Sub(at); d < -time.Nanosecond || d > time.Nanosecond {
			t.Errorf("%v comes back %v off", at, d)
		}
	}
	if d := ntpDuration(-1 << 31); d != -500*time.Millisecond {
		t.Errorf("minus half a second is %v", d)
	}
}

func TestReportsFitTheirPackets(t *testing.T) {
	w := newWorld(t, 17)
	a, b := pair(t, w, 10*time.Millisecond)
	const streams = 80
	ring := NewRing(RingConfig{Codec: opusCodec})
	for i := range uint32(streams) {
		mid := string(rune('A'+i/10)) + string(rune('0'+i%10))
		b.s.AddReceiver(audioReceive(mid), ReceiverEvents{})
		ss, err := a.s.AddSender(audioSend(mid, 100+i), SendEvents{})
		if err != nil {
			t.Fatal(err)
		}
		span, err := ring.WriteFrame(&Frame{Data: []byte{1}, Timestamp: i})
		if err != nil {
			t.Fatal(err)
		}
		ss.Send(w.now, ring, span, a.out)
	}
	reports := 0
	for _, p := range []*peer{a, b} {
		to := p.out.to
		p.out.to = func(now time.Time, packet []byte, rtcp bool) {
			if rtcp {
				if len(packet) > 1200 {
					t.Errorf("a compound packet of %d bytes", len(packet))
				}
				if first, _, ok := nextRTCP(packet); !ok || first.kind != rtcpSR && first.kind != rtcpRR {
					t.Error("a compound packet must begin with a report (RFC 3550 section 6.1)")
				}
				reports++
			}
			to(now, packet, rtcp)
		}
	}
	w.run(3 * time.Second)
	acked := 0
	for _, ss := range a.s.senders {
		if _, m := ss.Stats(); m.ReportsReceived > 0 {
			acked++
		}
	}
	if acked != streams || reports == 0 {
		t.Errorf("%d of %d streams were reported on", acked, streams)
	}
}
