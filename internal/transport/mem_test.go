package transport

import (
	"crypto/tls"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

// memory is the live heap and the stacks.
func memory() (heap, stacks uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.StackInuse
}

// A connected, idle Transport is small. The figure includes half of its peer's
// socket.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("counts bytes")
	}
	synctest.Test(t, func(t *testing.T) {
		sim := udp.NewSim(1, udp.Link{Latency: time.Millisecond})
		server := simNetwork(t, sim, addrB)
		cert := newCert(t)
		const pairs = 100
		h0, s0 := memory()
		for i := range pairs {
			client := simNetwork(t, sim, netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 1)}))
			a, b := newPair(t, client, server, func(_ string, c *Config) { c.Certificates = []tls.Certificate{cert} })
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		h1, s1 := memory()
		heap, stacks := float64(h1-h0)/(2*pairs)/1024, float64(s1-s0)/(2*pairs)/1024
		t.Logf("%.1f KiB of heap and %.1f KiB of stacks for each Transport", heap, stacks)
		if heap > 60 {
			t.Errorf("%.1f KiB of heap for each Transport, want at most 60", heap)
		}
	})
}
