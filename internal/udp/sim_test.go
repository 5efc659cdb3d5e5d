package udp

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// The simulated network keeps its promises about delay, order, loss and links.
func TestSim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:1")
		run := func(seed uint64, l Link) (got []byte, took time.Duration) {
			s := NewSim(seed, l)
			ca, err := s.Listen(a, Options{})
			if err != nil {
				t.Fatal(err)
			}
			cb, err := s.Listen(b, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Listen(b, Options{}); err == nil {
				t.Error("an address can be bound once")
			}
			start := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = cb.Serve(func(now time.Time, p []byte, from netip.AddrPort) {
					got, took = append(got, p[0]), now.Sub(start)
				}, nil)
			}()
			for i := range byte(100) {
				if _, err := ca.WriteTo([]byte{i}, b); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			_, _ = ca.Close(), cb.Close()
			<-done
			return got, took
		}
		got, took := run(1, Link{Latency: 30 * time.Millisecond})
		if len(got) != 100 || took != 30*time.Millisecond {
			t.Errorf("%d of 100 packets after %v, want all after 30ms", len(got), took)
		}
		for i, v := range got {
			if int(v) != i {
				t.Fatalf("packet %d is %d: without jitter the order stays", i, v)
			}
		}
		got, _ = run(2, Link{Loss: 0.5})
		again, _ := run(2, Link{Loss: 0.5})
		if string(got) != string(again) || len(got) < 20 || len(got) > 80 {
			t.Errorf("%d and %d of 100 packets at a loss of one half: one seed must lose the same", len(got), len(again))
		}
		if got, _ = run(1, Link{Down: true}); len(got) != 0 {
			t.Errorf("%d packets over a link that is down", len(got))
		}
	})
}
