package webrtc

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"trackway/internal/netsim"
)

// TestPicturesComeBackAfterAnOutage: when a path that was dead for two seconds
// carries packets again, VP8 pictures are decoded within a second, and from then
// on none is missing for long.
func TestPicturesComeBackAfterAnOutage(t *testing.T) {
	for _, c := range []struct {
		name string
		loss float64
		both bool
	}{{"both ways", 0, true}, {"one way, with loss before and after", 0.03, false}} {
		t.Run(c.name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				stream := w.capture()
				a.addTrack(stream.GetVideoTracks()[0], stream)
				a.addTrack(stream.GetAudioTracks()[0], stream)
				connect(a, b)
				pictures := watchScreen(b.GetReceivers()[0].Track())
				start := time.Now()
				good := netsim.Conditions{Rate: 1_500_000, Queue: 200 * time.Millisecond, Loss: c.loss}
				script := []netsim.Change{{Conditions: good}, {At: 2 * time.Second, Conditions: netsim.Conditions{Outage: true}}, {At: 4 * time.Second, Conditions: good}}
				there, back := netsim.New(start, 1, script...), netsim.New(start, 2, script...)
				var mu sync.Mutex
				w.sim.SetFilter(func(from, _ netip.AddrPort, p []byte) bool {
					mu.Lock()
					defer mu.Unlock()
					link := there
					if from.Addr() != a.addr() {
						if link = back; !c.both {
							return true
						}
					}
					return link.Send(time.Now(), len(p)+28).N > 0
				})
				time.Sleep(2 * time.Second)
				if n := len(pictures.take()); n < 40 {
					t.Fatalf("%d pictures in the 2 s before", n)
				}
				time.Sleep(2 * time.Second)
				before, end := pictures.take(), time.Now()
				if len(before) > 15 {
					t.Fatalf("%d pictures during the outage", len(before))
				}
				time.Sleep(2 * time.Second)
				seen := pictures.take()
				if len(seen) == 0 {
					t.Fatal("no picture in the 2 s after")
				}
				first := seen[0].at.Sub(end)
				if first > time.Second {
					t.Errorf("the first picture comes %v after the outage", first)
				}
				var gap time.Duration
				for i := 1; i < len(seen); i++ {
					gap = max(gap, seen[i].at.Sub(seen[i-1].at))
					if n := seen[i].number; n < 0 || n <= seen[i-1].number {
						t.Errorf("picture %d after the outage shows the number %d behind %d: not what was taken", i, n, seen[i-1].number)
					}
				}
				t.Logf("first after %v, %d pictures in 2 s, longest gap %v", first, len(seen), gap)
				if gap > 500*time.Millisecond || len(seen) < 30 {
					t.Errorf("%d pictures in the 2 s after, with a gap of %v", len(seen), gap)
				}
			})
		})
	}
}
