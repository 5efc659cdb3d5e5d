package rtpengine

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// wantFrames checks that got is want, byte for byte and in order.
func wantFrames(t *testing.T, got, want [][]byte) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("frame %d differs: got %d bytes, sent %d", i, len(got[i]), len(want[i]))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d frames, sent %d", len(got), len(want))
	}
}

func TestFramesArriveIntactOnAnyLink(t *testing.T) {
	for _, tc := range []struct {
		name                   string
		delay, jitter          time.Duration
		loss, dup              float64
		rtx, both, reducedSize bool
	}{
		{name: "clean", delay: 20 * time.Millisecond, rtx: true},
		{name: "reordering", delay: 20 * time.Millisecond, jitter: 8 * time.Millisecond, rtx: true},
		{name: "duplicates", delay: 20 * time.Millisecond, dup: 0.2, rtx: true},
		{name: "5% loss", delay: 20 * time.Millisecond, loss: 0.05, rtx: true},
		{name: "5% loss without rtx", delay: 20 * time.Millisecond, loss: 0.05},
		{name: "5% loss both ways, reduced size", delay: 20 * time.Millisecond, loss: 0.05, rtx: true, both: true, reducedSize: true},
		{name: "15% loss, jitter, duplicates", delay: 30 * time.Millisecond, jitter: 10 * time.Millisecond, loss: 0.15, dup: 0.05, rtx: true, both: true},
		{name: "5% loss at RTT 300 ms", delay: 150 * time.Millisecond, loss: 0.05, rtx: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, 7)
			a, b := pair(t, w, tc.delay)
			a.s.SetReducedSize(tc.reducedSize)
			b.s.SetReducedSize(tc.reducedSize)
			a.out.jitter, a.out.loss, a.out.dup, a.out.both = tc.jitter, tc.loss, tc.dup, tc.both
			b.out.loss, b.out.both = tc.loss, tc.both
			b.s.SetPathRTT(2 * tc.delay)
			cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
			cfg := videoSend("0", 1000)
			if !tc.rtx {
				cfg.RTXSSRC, cfg.RTXPayloadType = 0, 0
			}
			ss := cam.add(t, a, cfg)
			// The first packet teaches the receiver the SSRC; a stream that lost
			// it before it began cannot ask for it, so it is spared.
			loss := a.out.loss
			a.out.loss = 0
			cam.start(600)
			w.run(50 * time.Millisecond)
			a.out.loss = loss
			w.run(19 * time.Second) // the last second is clean: nothing follows to show that the very last packet is missing
			a.out.loss, b.out.loss = 0, 0
			w.run(4 * time.Second)
			wantFrames(t, sc.frames, cam.sent)
			in, _ := sc.stats(t)
			out, remote := ss.Stats()
			if tc.loss > 0 && (in.NACKCount == 0 || out.RetransmittedPacketsSent == 0 || in.PacketsLost == 0 && tc.rtx) {
				t.Errorf("no repair was counted: %+v %+v", in, out)
			}
			if tc.rtx && tc.loss > 0 && in.RetransmittedPacketsReceived == 0 {
				t.Errorf("repairs did not come over RTX: %+v", in)
			}
			if tc.dup > 0 && in.PacketsDuplicated == 0 {
				t.Error("duplicates were not counted")
			}
			if tc.loss == 0 && tc.jitter == 0 && (in.NACKCount != 0 || in.PacketsLost != 0 || in.PLICount != 0) {
				t.Errorf("a clean link needs no repair: %+v", in)
			}
			if remote.RoundTripTime < 2*tc.delay-time.Millisecond || remote.RoundTripTime > 2*tc.delay+tc.jitter+5*time.Millisecond {
				t.Errorf("round-trip time is %v on a path of %v", remote.RoundTripTime, 2*tc.delay)
			}
			if in.FrameWidth != 640 || in.FrameHeight != 360 {
				t.Errorf("size is %dx%d, want that of the key frame, 640x360", in.FrameWidth, in.FrameHeight)
			}
		})
	}
}

func TestUnrepairableLossGoesOnWithAKeyFrame(t *testing.T) {
	w := newWorld(t, 3)
	a, b := pair(t, w, 20*time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	cam.add(t, a, videoSend("0", 1000))
	cam.start(450)
	w.run(3 * time.Second)
	before := len(sc.frames)
	a.out.loss = 1
	w.run(5 * time.Second)
	a.out.loss = 0
	w.run(8 * time.Second)
	in, _ := sc.stats(t)
	if in.PLICount == 0 || cam.keys < 2 {
		t.Fatalf("after an outage the receiver must ask for a key frame: %d PLIs, %d key frames sent", in.PLICount, cam.keys)
	}
	if n := len(sc.frames) - before; n < 100 {
		t.Fatalf("only %d frames after the outage", n)
	}
	known := map[string]bool{}
	for _, f := range cam.sent {
		known[string(f)] = true
	}
	for i, f := range sc.frames {
		if !known[string(f)] {
			t.Fatalf("frame %d was never sent: a damaged frame must not be delivered", i)
		}
	}
	if last := cam.sent[len(cam.sent)-1]; !bytes.Equal(sc.frames[len(sc.frames)-1], last) {
		t.Error("the stream does not end with the last frame sent")
	}
	for i := 1; i < len(sc.infos); i++ {
		if sc.infos[i].FirstSequence != sc.infos[i-1].FirstSequence+uint64(sc.infos[i-1].Packets) && !sc.infos[i].KeyFrame {
			t.Fatalf("frame %d follows a gap and is no key frame", i)
		}
	}
}

func TestAudioGoesOnWithoutRepair(t *testing.T) {
	w := newWorld(t, 5)
	a, b := pair(t, w, 20*time.Millisecond)
	sc := newScreen(b, audioReceive("0"))
	ring := NewRing(RingConfig{Codec: opusCodec})
	ss, err := a.s.AddSender(audioSend("0", 5), SendEvents{})
	if err != nil {
		t.Fatal(err)
	}
	a.out.loss = 0.1
	const frames = 500
	for i := range frames {
		w.after(time.Duration(i)*20*time.Millisecond, func() {
			f := Frame{Data: []byte(fmt.Sprintf("%04d", i)), Timestamp: uint32(i * 960), HasAudioLevel: true, AudioLevel: 30}
			span, err := ring.WriteFrame(&f)
			if err != nil {
				t.Fatal(err)
			}
			ss.Send(w.now, ring, span, a.out)
		})
	}
	w.run(12 * time.Second)
	in, _ := sc.stats(t)
	if got := len(sc.frames); got < frames*85/100 || got > frames*95/100 {
		t.Errorf("%d of %d frames at 10%% loss", got, frames)
	}
	for i := 1; i < len(sc.frames); i++ {
		if string(sc.frames[i]) <= string(sc.frames[i-1]) {
			t.Fatalf("frame %s follows %s: audio must stay in order", sc.frames[i], sc.frames[i-1])
		}
	}
	if in.AudioLevel != 30 || in.NACKCount != 0 {
		t.Errorf("audio level %d, %d NACKs that were not negotiated", in.AudioLevel, in.NACKCount)
	}
}
