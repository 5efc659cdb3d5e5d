package rtpengine

import (
	"testing"
	"time"
)

// Behind a policer each repair costs another packet: they are bounded by what the
// path is thought to carry, over all streams of a session.
func TestRepairsKeepToTheirRate(t *testing.T) {
	const rate, seconds = 200_000, 20
	run := func(bounded bool) (repaired int) {
		w := newWorld(t, 3)
		a, b := pair(t, w, 20*time.Millisecond)
		if bounded {
			a.s.cfg.RepairRate = func() int { return rate }
		}
		cam := newCamera(w)
		cam.add(t, a, videoSend("0", 1000))
		cam.add(t, a, videoSend("1", 2000))
		newScreen(b, videoReceive("0"))
		newScreen(b, videoReceive("1"))
		tokens, at := 0.0, w.now
		a.out.drop = func(p *Packet) bool {
			size := float64(probeHeader + len(p.Payload) - 2) // as it is accounted for
			if p.PayloadType == 97 {
				repaired += int(size)
			}
			tokens = min(tokens+w.now.Sub(at).Seconds()*600_000/8, 20_000)
			at = w.now
			if tokens < size {
				return true
			}
			tokens -= size
			return false
		}
		cam.start(seconds * 30)
		w.run(seconds * time.Second)
		return repaired
	}
	if n, most := run(true), rate/8*(seconds+1); n > most {
		t.Errorf("%d bytes of repairs in %d s, at most %d wanted", n, seconds, most)
	}
	if n := run(false); n < 2*rate/8*seconds {
		t.Errorf("%d bytes of repairs without a bound: the policer tells nothing", n)
	}
}

// A repair that was refused for want of budget comes when it is asked for again.
func TestARefusedRepairCanBeAskedForAgain(t *testing.T) {
	w := newWorld(t, 1)
	a, _ := pair(t, w, 0)
	rate := 1_000_000
	a.s.cfg.RepairRate = func() int { return rate }
	cam := newCamera(w)
	ss := cam.add(t, a, videoSend("0", 1000))
	cam.start(5)
	w.run(time.Second)
	for a.s.mayRepair(w.now, 1000) {
		continue
	}
	ask := func() uint64 {
		ss.nack(w.now, uint16(ss.highest), 0, 100*time.Millisecond, a.out)
		st, _ := ss.Stats()
		return st.RetransmittedPacketsSent
	}
	if n := ask(); n != 0 {
		t.Fatalf("%d packets were sent again without budget", n)
	}
	w.run(20 * time.Millisecond)
	if n := ask(); n != 1 {
		t.Errorf("%d packets sent again with budget, want 1", n)
	}
}

// Repairs share the bit rate with the media that they repair.
func TestMediaLeavesRoomForRepairs(t *testing.T) {
	w := newWorld(t, 5)
	a, b := pair(t, w, 20*time.Millisecond)
	cam := newCamera(w)
	ss := cam.add(t, a, videoSend("0", 1000))
	newScreen(b, videoReceive("0"))
	if got := ss.MediaShare(1_000_000); got != 1_000_000 {
		t.Errorf("media gets %d of 1000000 before anything was lost", got)
	}
	cam.start(60 * 30)
	w.run(time.Second)
	a.out.loss = 0.2
	w.run(30 * time.Second)
	if got := ss.MediaShare(1_000_000); got < 700_000 || got > 870_000 {
		t.Errorf("media gets %d of 1000000 at 20 %% loss, want about 800000", got)
	}
	a.out.loss = 0
	w.run(29 * time.Second)
	if got := ss.MediaShare(1_000_000); got < 990_000 {
		t.Errorf("media gets %d of 1000000 long after the loss", got)
	}
}
