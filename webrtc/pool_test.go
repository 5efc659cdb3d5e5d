package webrtc

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"trackway/internal/udp"
)

// serveSTUN answers binding requests and counts them.
func (w *world) serveSTUN(at string) *atomic.Int64 {
	w.t.Helper()
	c, err := w.sim.Listen(netip.MustParseAddrPort(at), udp.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	var asked atomic.Int64
	go func() {
		_ = c.Serve(func(_ time.Time, packet []byte, from netip.AddrPort) {
			asked.Add(1)
			m := &stun.Message{Raw: slices.Clone(packet)}
			if m.Decode() != nil {
				return
			}
			answer, err := stun.Build(m, stun.BindingSuccess,
				&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())}, stun.Fingerprint)
			if err == nil {
				_, _ = c.WriteTo(answer.Raw, from)
			}
		}, nil)
	}()
	w.t.Cleanup(func() { _ = c.Close() })
	return &asked
}

// RFC 9429 3.5.4 and 4.1.1: a pool gathers from construction and from
// setConfiguration, setLocalDescription has the candidates at once and asks
// nobody, and an answer gives up what is left.
func TestICECandidatePool(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		asked, other := w.serveSTUN("198.51.100.1:3478"), w.serveSTUN("198.51.100.2:3478")
		config := Configuration{
			BundlePolicy: BundlePolicyMaxBundle, ICECandidatePoolSize: 1,
			ICEServers: []ICEServer{{URLs: []string{"stun:198.51.100.1:3478"}}},
		}
		a, b := w.peer("a", config), w.peer("b")
		a.trickleTo(b)
		b.trickleTo(a)
		a.addTrack(videoTrack())
		want := func(rule string, first, second int64) {
			t.Helper()
			synctest.Wait()
			if n, o := asked.Load(), other.Load(); n != first || o != second {
				t.Errorf("%s: the servers were asked %d and %d times, want %d and %d", rule, n, o, first, second)
			}
		}
		time.Sleep(time.Second)
		want("a pool of one gathers from construction", 1, 0)
		config.ICECandidatePoolSize = 2
		a.must(a.SetConfiguration(config), "a larger pool")
		time.Sleep(time.Second)
		want("one more for a larger pool", 2, 0)
		config.ICEServers[0].URLs = []string{"stun:198.51.100.2:3478"}
		a.must(a.SetConfiguration(config), "another server")
		time.Sleep(time.Second)
		want("the pool gathers again from other servers", 2, 2)
		if s := a.ICEGatheringState(); s != ICEGatheringStateNew {
			t.Errorf("the pool is not gathering as the application sees it: %s", s)
		}

		start := time.Now()
		a.offer()
		a.wait(func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete }, "gathered")
		if d := time.Since(start); d >= 20*time.Millisecond {
			t.Errorf("gathered after %v: that is a round trip", d)
		}
		want("setLocalDescription asks nobody", 2, 2)
		b.remote(*a.LocalDescription())
		a.remote(b.offer())
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		time.Sleep(time.Minute)
		want("the answer has given up the rest, which is not kept alive", 2, 2)
	})
}

// A connection that never negotiates leaves nothing of its pool.
func TestPoolOfAClosedConnection(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		asked := w.serveSTUN("198.51.100.1:3478")
		a := w.peer("a", Configuration{
			ICECandidatePoolSize: 3, ICEServers: []ICEServer{{URLs: []string{"stun:198.51.100.1:3478"}}},
		})
		time.Sleep(time.Second)
		a.must(a.Close(), "Close")
		time.Sleep(time.Minute)
		if n := asked.Load(); n != 3 {
			t.Errorf("the server was asked %d times, want once for each of the pool", n)
		}
	})
}
