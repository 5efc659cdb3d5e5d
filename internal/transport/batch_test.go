package transport

import (
	"crypto/tls"
	"encoding/binary"
	"testing"

	"trackway/internal/udp"
)

// One batch carries packets of many Transports, whatever their paths: direct,
// over a relay, over TCP. Each gets its own, in order.
func TestOneBatchManyPaths(t *testing.T) {
	srv := newTURN(t)
	plain := NetworkConfig{Loopback: LoopbackOnly}
	withTCP := NetworkConfig{Loopback: LoopbackOnly, ICETCP: true}
	cert := newCert(t)
	var as, bs []*peer
	for _, path := range []string{"direct", "relay", "tcp", "direct"} {
		cfg := plain
		if path == "tcp" {
			cfg = withTCP
		}
		a, b := newPair(t, newNetwork(t, cfg), newNetwork(t, cfg), func(_ string, c *Config) {
			c.Certificates = []tls.Certificate{cert}
			if path == "relay" {
				c.Policy = PolicyRelay
				c.Servers = []Server{{URL: srv.udp, Username: "u", Credential: "p"}}
			}
		})
		if path == "tcp" {
			a.trickle = func(Candidate) bool { return false }
			b.trickle = func(c Candidate) bool { return c.Protocol == "tcp" }
		}
		connect(t, a, b)
		as, bs = append(as, a), append(bs, b)
	}
	for i := range as {
		as[i].waitDTLS(DTLSConnected)
		bs[i].waitDTLS(DTLSConnected)
	}
	b := udp.NewBatch(0)
	const bursts, burst = 6, 5
	for n := range bursts {
		for i, a := range as {
			for k := range burst {
				slot, err := a.tr.Slot(b, 1200)
				must(t, err)
				p := append(slot, packet(uint16(n*burst+k), 300+i)...)
				binary.BigEndian.PutUint32(p[4:], uint32(i)) // the timestamp tells whose it is
				must(t, a.tr.SealRTP(b, p))
			}
		}
		must(t, b.Flush())
	}
	for i, p := range bs {
		p.wait("the whole of the batch must arrive", func() bool { return len(p.rtp) == bursts*burst })
		for seq, got := range p.rtp {
			if binary.BigEndian.Uint32(got[4:]) != uint32(i) || int(binary.BigEndian.Uint16(got[2:])) != seq || len(got) != 300+i {
				t.Fatalf("peer %d: packet %d is number %d of peer %d with %d bytes", i, seq,
					binary.BigEndian.Uint16(got[2:]), binary.BigEndian.Uint32(got[4:]), len(got))
			}
		}
	}
}

// Two connections that chose one username fragment still both come up.
func TestUfragCollision(t *testing.T) {
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, b := newPair(t, n, n, nil)
	c, d := newPair(t, n, n, nil)
	c.creds.Ufrag, d.creds.Ufrag = a.creds.Ufrag, a.creds.Ufrag
	connect(t, a, b)
	connect(t, c, d)
	for _, p := range []*peer{a, b, c, d} {
		p.waitDTLS(DTLSConnected)
	}
	exchange(t, a, b)
	exchange(t, c, d)
	exchange(t, d, c)
}
