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
