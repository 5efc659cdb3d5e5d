package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// A shared socket that hears feedback all the time is read by a thread, which
// gives it back to the poller when it has become quiet. No datagram is lost or
// comes twice meanwhile, and closing ends Serve either way.
func TestASharedSocketChangesHowItWaits(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("a thread of its own needs a second processor")
	}
	loopback := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	for _, end := range []string{"polled", "thread", "polled again"} {
		t.Run(end, func(t *testing.T) {
			c, err := Listen(loopback, Options{Shared: true})
			if err != nil {
				t.Fatal(err)
			}
			if !FeaturesOf(c).Batch {
				t.Skip("no recvmmsg here")
			}
			heard, done := make(chan uint64, 1), make(chan error, 1)
			go func() {
				done <- c.Serve(func(_ time.Time, p []byte, _ netip.AddrPort) {
					heard <- binary.BigEndian.Uint64(p)
				}, func() bool { return false })
			}()
			from, err := Listen(loopback, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = from.Close() }()
			var sent uint64
			send := func(count int) {
				for i := range count {
					if _, err := from.WriteTo(binary.BigEndian.AppendUint64(nil, sent+uint64(i)), c.LocalAddr()); err != nil {
						t.Fatal(err)
					}
				}
				for range count {
					select {
					case got := <-heard:
						if got != sent {
							t.Fatalf("datagram %d arrived, want %d", got, sent)
						}
						sent++
					case <-time.After(10 * time.Second):
						t.Fatalf("datagram %d has not arrived", sent)
					}
				}
			}
			until := func(want int32, count int, every time.Duration) {
				tick := time.NewTicker(every)
				defer tick.Stop()
				for deadline := time.Now().Add(20 * time.Second); threads.Load() != want; <-tick.C {
					if send(count); time.Now().After(deadline) {
						t.Fatalf("%d threads read, want %d", threads.Load(), want)
					}
				}
				send(count)
			}
			send(1)
			if end != "polled" {
				until(1, 10, 100*time.Microsecond)
			}
			if end == "polled again" {
				until(0, 1, 20*time.Millisecond)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Serve ended with %v, want net.ErrClosed", err)
			}
			if n := threads.Load(); n != 0 {
				t.Errorf("%d threads after the end", n)
			}
		})
	}
}
