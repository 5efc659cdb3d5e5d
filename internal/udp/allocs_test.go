//go:build !race

package udp

import (
	"net/netip"
	"testing"
)

// Sending a batch and one packet allocates nothing. With the race detector pools
// forget at random, and there is nothing to count.
func TestSendingAllocatesNothing(t *testing.T) {
	c, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), Options{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	b := NewBatch(0)
	p := make([]byte, 1200)
	to := c.LocalAddr()
	send := func() {
		for range 16 {
			_ = b.Commit(append(b.Slot(c, to, 1500), p...))
		}
		_ = b.Flush()
	}
	send()
	if n := testing.AllocsPerRun(100, send); n > 0.1 {
		t.Errorf("a batch allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = c.WriteTo(p, to) }); n > 0.1 {
		t.Errorf("WriteTo allocates %v times", n)
	}
}
