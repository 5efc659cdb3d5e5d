package transport

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

// pooled is a machine behind a translator, a STUN server that counts, and a pool.
type pooled struct {
	sim   *udp.Sim
	n     *Network
	pool  *Pool
	stun  []Server
	asked *atomic.Int64
	open  atomic.Int64 // sockets
}

// counted is a socket that counts itself.
type counted struct {
	udp.Conn
	open *atomic.Int64
}

func (c counted) Close() error {
	c.open.Add(-1)
	return c.Conn.Close()
}

func newPooled(t *testing.T, own bool) *pooled {
	p := &pooled{sim: udp.NewSim(1, udp.Link{Latency: 50 * time.Millisecond})}
	p.asked = serveSTUN(t, p.sim, netip.MustParseAddrPort("198.51.100.1:3478"))
	p.stun = []Server{{URL: "stun:198.51.100.1:3478"}}
	p.n = behindNAT(t, p.sim, netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("203.0.113.1"))
	p.n.cfg.OwnPorts = own
	listen := p.n.cfg.Listen
	p.n.cfg.Listen = func(a netip.AddrPort, o udp.Options) (udp.Conn, error) {
		c, err := listen(a, o)
		if err != nil {
			return nil, err
		}
		p.open.Add(1)
		return counted{c, &p.open}, nil
	}
	p.pool = NewPool(p.n)
	t.Cleanup(p.pool.Close)
	return p
}

// peer is a Transport that has the pool and speaks to nobody.
func (p *pooled) peer(t *testing.T, edit func(*Config)) *peer {
	a, _ := newPair(t, p.n, p.n, func(name string, c *Config) {
		c.Servers = p.stun
		if name == "a" {
			c.Pool = p.pool
			if edit != nil {
				edit(c)
			}
		}
	})
	a.trickle, a.endless = func(Candidate) bool { return false }, true
	return a
}

func (p *peer) types() (out []string) {
	p.note(func() {
		for _, c := range p.candidates {
			out = append(out, c.Type)
		}
	})
	return out
}

// RFC 9429 3.5.4: what the pool has gathered is there at once, and nobody is
// asked any more.
func TestPoolIsReadyAtOnce(t *testing.T) {
	for _, own := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newPooled(t, own)
			p.pool.Configure(1, p.stun, PolicyAll)
			a := p.peer(t, nil)
			time.Sleep(time.Second)
			synctest.Wait()
			if n := p.asked.Load(); n != 1 {
				t.Fatalf("a pool of one asks the server once, not %d times", n)
			}
			if len(a.types()) > 0 {
				t.Error("pooled candidates are told before gathering")
			}
			must(t, a.tr.Gather(a.creds))
			synctest.Wait() // no time passes
			if got := a.types(); !slices.Equal(got, []string{"host", "srflx"}) {
				t.Errorf("own ports %v: the pool's candidates must be there at once: %v", own, got)
			}
			a.note(func() {
				if !slices.Equal(a.gathering, []GatheringState{GatheringGathering, GatheringComplete}) {
					t.Errorf("gathering %v", a.gathering)
				}
				for _, c := range a.candidates {
					if c.Ufrag != a.creds.Ufrag || c.Type == "srflx" && c.RelatedPort != a.candidates[0].Port {
						t.Errorf("a candidate of this generation and its socket, got %+v", c)
					}
				}
			})
			time.Sleep(time.Minute)
			if n := p.asked.Load(); n != 1 {
				t.Errorf("the server is asked after gathering: %d times in all", n)
			}
			a.creds = newCreds()
			must(t, a.tr.Gather(a.creds))
			time.Sleep(time.Second)
			if n := p.asked.Load(); n != 2 {
				t.Errorf("the pool is empty: gathering again must ask, %d times in all", n)
			}
		})
	}
}

// An entry that is taken before the server has answered is not asked twice.
func TestPoolTakenEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, true)
		p.pool.Configure(1, p.stun, PolicyAll)
		a := p.peer(t, nil)
		start := time.Now()
		must(t, a.tr.Gather(a.creds))
		a.wait("gathering must end", func() bool { return len(a.gathering) == 2 })
		if d, n := time.Since(start), p.asked.Load(); d != 100*time.Millisecond || n != 1 {
			t.Errorf("gathered after %v with %d requests, want one round trip and one request", d, n)
		}
	})
}

// The binding at the NAT is kept while a candidate waits.
func TestPoolKeepsBindings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, false)
		p.pool.Configure(1, p.stun, PolicyAll)
		time.Sleep(4*pooledKeepalive + time.Second)
		if n := p.asked.Load(); n != 5 {
			t.Errorf("%d requests in a minute, want the first and one every %v", n, pooledKeepalive)
		}
	})
}

// What the configuration does not want any more is given up; sockets tell.
func TestPoolGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPooled(t, true)
		other := []Server{{URL: "stun:198.51.100.2:3478"}}
		fresh := serveSTUN(t, p.sim, netip.MustParseAddrPort("198.51.100.2:3478"))
		for _, step := range []struct {
			rule               string
			size               int
			servers            []Server
			policy             Policy
			open, asked, other int64
		}{
			{"three entries", 3, p.stun, PolicyAll, 3, 3, 0},
			{"the same again", 3, p.stun, PolicyAll, 3, 3, 0},
			{"a smaller pool", 1, p.stun, PolicyAll, 1, 3, 0},
			{"a larger one", 2, p.stun, PolicyAll, 2, 4, 0},
			{"another policy has no effect on the pool", 2, p.stun, PolicyRelay, 2, 4, 0},
			{"other servers", 2, other, PolicyAll, 2, 4, 2},
			{"policy relay asks no STUN server", 2, p.stun, PolicyRelay, 0, 4, 2},
			{"none", 0, nil, PolicyAll, 0, 4, 2},
		} {
			p.pool.Configure(step.size, step.servers, step.policy)
			time.Sleep(time.Second)
			synctest.Wait()
			if o, n, f := p.open.Load(), p.asked.Load(), fresh.Load(); o != step.open || n != step.asked || f != step.other {
				t.Errorf("%s: %d sockets, %d and %d requests, want %d, %d and %d", step.rule, o, n, f, step.open, step.asked, step.other)
			}
		}
	})
}

// A Transport does not take what other servers have said, nor tells what its
// policy forbids; and what a policy has left out is asked for.
func TestPoolOfAnotherConfiguration(t *testing.T) {
	for _, m := range []struct {
		name          string
		pool, then    Policy
		servers       bool // others
		asked, socket int64
		want          []string
	}{
		{"all, then relay", PolicyAll, PolicyRelay, false, 1, 1, nil},
		{"relay, then all", PolicyRelay, PolicyAll, false, 1, 1, []string{"host", "srflx"}},
		{"other servers", PolicyAll, PolicyAll, true, 1, 2, []string{"host"}},
	} {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPooled(t, true)
				p.pool.Configure(1, p.stun, m.pool)
				time.Sleep(time.Second)
				a := p.peer(t, func(c *Config) {
					if c.Policy = m.then; m.servers {
						c.Servers = nil
					}
				})
				must(t, a.tr.Gather(a.creds))
				time.Sleep(time.Second)
				synctest.Wait()
				if got := a.types(); !slices.Equal(got, m.want) {
					t.Errorf("candidates %v, want %v", got, m.want)
				}
				if n, o := p.asked.Load(), p.open.Load(); n != m.asked || o != m.socket {
					t.Errorf("%d requests and %d sockets, want %d and %d", n, o, m.asked, m.socket)
				}
			})
		})
	}
}

// An allocation of the pool carries a connection; one that nobody takes is given
// back (goleak tells).
func TestPoolRelay(t *testing.T) {
	srv := newTURN(t)
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	servers := []Server{{URL: srv.udp, Username: "u", Credential: "p"}}
	pool := NewPool(n)
	t.Cleanup(pool.Close)
	pool.Configure(3, servers, PolicyRelay)
	var addrs []string
	for _, e := range pool.entries {
		r := e.relays[0]
		<-r.done
		if r.a.err != nil {
			t.Fatal(r.a.err)
		}
		addrs = append(addrs, r.a.relay.LocalAddr().String())
	}
	a, b := newPair(t, n, n, func(_ string, c *Config) {
		c.Policy, c.Servers, c.Pool = PolicyRelay, servers, pool
	})
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	exchange(t, a, b)
	exchange(t, b, a)
	for i, p := range []*peer{a, b} {
		p.note(func() {
			c := p.candidates[0]
			if got := netip.AddrPortFrom(netip.MustParseAddr(c.Address), c.Port).String(); len(p.candidates) != 1 || got != addrs[i] {
				t.Errorf("%s has %v, want the pool's %s", p.name, p.candidates, addrs[i])
			}
		})
	}
}
