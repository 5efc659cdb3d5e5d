package rtpengine

import (
	"testing"
	"time"
)

// TestTheLastPacketIsRepaired: nothing comes behind the last packet of a source
// that pauses, so nothing shows the receiver that it is missing.
func TestTheLastPacketIsRepaired(t *testing.T) {
	for _, lose := range []bool{true, false} {
		w := newWorld(t, 11)
		a, b := pair(t, w, 20*time.Millisecond)
		cam, sc := newCamera(w), newScreen(b, videoReceive("0"))
		ss := cam.add(t, a, videoSend("0", 1000))
		const frames = 30
		a.out.drop = func(p *Packet) bool {
			return lose && p.PayloadType == 96 && len(cam.sent) == frames
		}
		var look func()
		look = func() {
			a.s.ProbeTails(w.now, a.out)
			w.after(100*time.Millisecond, look)
		}
		w.after(0, look)
		cam.start(frames)
		w.run(3 * time.Second)
		wantFrames(t, sc.frames, cam.sent)
		out, _ := ss.Stats()
		if !lose && out.RetransmittedPacketsSent != 0 {
			t.Errorf("%d packets were sent again although feedback said that all had arrived", out.RetransmittedPacketsSent)
		}
		if lose && out.RetransmittedPacketsSent == 0 {
			t.Error("nothing was sent again")
		}
	}
}
