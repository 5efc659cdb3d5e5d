package rtpengine

import (
	"testing"
	"time"
)

// TestCodecThatGoesWhileFramesWait: what a renegotiation leaves no codec for is
// forgotten; the wait for its missing packets must not end with a frame.
func TestCodecThatGoesWhileFramesWait(t *testing.T) {
	w := newWorld(t, 9)
	a, b := pair(t, w, 20*time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	cam.add(t, a, videoSend("0", 1000))
	cam.start(60)
	w.run(500 * time.Millisecond)
	lost := 0
	a.out.drop = func(p *Packet) bool { // one packet, and all of its repairs
		cam.wantKey = true // so that what follows the gap could be shown
		if lost == 0 || p.PayloadType == 97 {
			lost++
			return true
		}
		return false
	}
	w.run(200 * time.Millisecond)
	before := len(sc.frames)
	gone := videoReceive("0")
	gone.Codecs[0].PayloadType, gone.Codecs[0].RTXPayloadType = 100, 101
	gone.Codecs[0].Codec.MimeType = "video/H264"
	sc.r.Update(gone)
	w.run(3 * time.Second)
	if lost == 0 {
		t.Fatal("nothing was lost: the test shows nothing")
	}
	if n := len(sc.frames) - before; n != 0 {
		t.Errorf("%d frames of a codec that was not negotiated any more", n)
	}
}

// TestRepairFromBeforeARestartBeginsNothing: after frames were switched off and
// on, a late repair must not bring a frame from before those that were shown.
func TestRepairFromBeforeARestartBeginsNothing(t *testing.T) {
	w := newWorld(t, 9)
	a, b := pair(t, w, 20*time.Millisecond)
	cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
	cam.add(t, a, videoSend("0", 1000))
	var late []byte
	a.out.drop = func(p *Packet) bool {
		cam.wantKey = true
		if p.PayloadType == 96 && len(sc.frames) == 10 && late == nil && p.Marker {
			late = AppendPacket(nil, p)
			return true
		}
		return late != nil && p.PayloadType == 97 // its repair
	}
	cam.start(45)
	w.run(1200 * time.Millisecond)
	if late == nil {
		t.Fatal("nothing was lost: the test shows nothing")
	}
	shown := sc.infos[len(sc.infos)-1].FirstSequence
	sc.r.SetAssemble(false)
	cam.stopped = false
	cam.start(1)
	w.run(30 * time.Millisecond)
	sc.r.SetAssemble(true)
	n := len(sc.frames)
	b.s.HandleRTP(w.now, late, b.out)
	cam.start(2)
	w.run(300 * time.Millisecond)
	for _, f := range sc.infos[n:] {
		if f.FirstSequence <= shown {
			t.Errorf("frame at %d was delivered after the one at %d", f.FirstSequence, shown)
		}
	}
	if len(sc.infos) == n {
		t.Error("no frame came after the restart")
	}
}
