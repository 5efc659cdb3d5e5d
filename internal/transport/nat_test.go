package transport

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"trackway/internal/udp"
)

// natConn is a socket behind an address translator: it believes to be bound to
// the inner address, and the world sees the other.
type natConn struct {
	udp.Conn
	inner netip.AddrPort
}

func (c natConn) LocalAddr() netip.AddrPort { return c.inner }

// behindNAT is a Network whose machine has the inner address, and is seen at the
// outer one, at other ports.
func behindNAT(t *testing.T, sim *udp.Sim, inner, outer netip.Addr) *Network {
	var mu sync.Mutex
	port := uint16(5000)
	return newNetwork(t, NetworkConfig{
		Interfaces: func() ([]Interface, error) {
			return []Interface{{Name: "sim0", Addrs: []netip.Addr{inner}}}, nil
		},
		Listen: func(a netip.AddrPort, o udp.Options) (udp.Conn, error) {
			c, err := sim.Listen(netip.AddrPortFrom(outer, 0), o)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			if a.Port() == 0 {
				port++
				a = netip.AddrPortFrom(a.Addr(), port)
			}
			return natConn{c, a}, nil
		},
	})
}

// serveSTUN answers binding requests (RFC 8489) on the simulated network, and
// counts them.
func serveSTUN(t *testing.T, sim *udp.Sim, at netip.AddrPort) *atomic.Int64 {
	t.Helper()
	c, err := sim.Listen(at, udp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Serve(func(_ time.Time, packet []byte, from netip.AddrPort) {
			asked.Add(1)
			m := &stun.Message{Raw: slices.Clone(packet)}
			if m.Decode() != nil || m.Type != stun.BindingRequest {
				return
			}
			answer, err := stun.Build(m, stun.BindingSuccess,
				&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())}, stun.Fingerprint)
			if err == nil {
				_, _ = c.WriteTo(answer.Raw, from)
			}
		}, nil)
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return &asked
}

// Two peers behind translators learn from a STUN server how the world sees them,
// and meet by their server-reflexive candidates: the host candidates lead nowhere.
func TestServerReflexive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := udp.NewSim(1, udp.Link{Latency: 5 * time.Millisecond})
		serveSTUN(t, sim, netip.MustParseAddrPort("198.51.100.1:3478"))
		innerA, outerA := netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("203.0.113.1")
		innerB, outerB := netip.MustParseAddr("192.168.1.7"), netip.MustParseAddr("203.0.113.2")
		const url = "stun:198.51.100.1:3478"
		a, b := newPair(t, behindNAT(t, sim, innerA, outerA), behindNAT(t, sim, innerB, outerB), func(_ string, c *Config) {
			c.Servers = []Server{{URL: url}}
		})
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		exchange(t, a, b)
		exchange(t, b, a)
		for _, p := range []struct {
			*peer
			inner, outer netip.Addr
		}{{a, innerA, outerA}, {b, innerB, outerB}} {
			p.wait("gathering must end", func() bool { return len(p.gathering) > 0 && p.gathering[len(p.gathering)-1] == GatheringComplete })
			p.note(func() {
				i := slices.IndexFunc(p.candidates, func(c Candidate) bool { return c.Type == "srflx" })
				if i < 0 {
					t.Fatalf("%s: the STUN server's view must be a candidate: %v", p.name, p.candidates)
				}
				c := p.candidates[i]
				if c.Address != p.outer.String() || c.RelatedAddress != p.inner.String() || c.RelatedPort == c.Port || c.URL != url {
					t.Errorf("%s: a server-reflexive candidate tells the outer address, the inner as the related one, and the server: %+v", p.name, c)
				}
				for _, e := range p.errors {
					t.Errorf("%s: %+v", p.name, e)
				}
			})
			p.wait("a pair must be selected", func() bool { return len(p.pairs) > 0 })
			pair, ok := p.tr.SelectedPair()
			if remote := pair.Remote; !ok || remote.Address != outerA.String() && remote.Address != outerB.String() || remote.Type == "host" {
				t.Errorf("%s: the pair in use must lead through the translators: %+v", p.name, pair)
			}
		}
	})
}
