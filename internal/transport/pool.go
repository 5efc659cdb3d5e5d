package transport

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// pooledKeepalive is how often a pooled server-reflexive candidate is asked for
// again, so that the binding at the NAT stays: "the agent SHOULD use a Tr value
// of 15 seconds" (RFC 8445 11).
const pooledKeepalive = 15 * time.Second

// Pool is the ICE candidate pool of a connection (RFC 9429 3.5.4): what gathering
// can do before there are credentials. A Transport that gathers takes one entry
// of it, and has its candidates at once.
type Pool struct {
	n  *Network
	wg sync.WaitGroup // entries that are being given up

	mu      sync.Mutex
	servers []Server
	entries []*prepared
}

// NewPool makes an empty pool. It must be closed before the Network.
func NewPool(n *Network) *Pool { return &Pool{n: n} }

// Configure sets how many entries there are and whom they ask. Those that asked
// other servers are given up. A change of the policy alone has no effect on the
// entries (RFC 9429 4.1.18): the generation that takes one leaves out what it must
// not tell, and asks for what is missing.
func (p *Pool) Configure(size int, servers []Server, policy Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := size
	if !slices.Equal(servers, p.servers) {
		keep = 0
	}
	p.servers = slices.Clone(servers)
	for len(p.entries) > keep {
		e := p.entries[len(p.entries)-1]
		p.entries = p.entries[:len(p.entries)-1]
		p.wg.Go(e.close)
	}
	for len(p.entries) < size {
		p.entries = append(p.entries, prepare(p.n, p.servers, policy))
	}
}

// Close gives all entries up and waits until nothing of them runs any more.
func (p *Pool) Close() {
	p.Configure(0, nil, PolicyAll)
	p.wg.Wait()
}

// take gives the oldest entry away, or nil where there is none for the servers.
func (p *Pool) take(servers []Server) *prepared {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entries) == 0 || !slices.Equal(servers, p.servers) {
		return nil
	}
	e := p.entries[0]
	p.entries = slices.Delete(p.entries, 0, 1)
	e.rest()
	return e
}

// prepared is one entry: sockets, and what the servers say of them.
type prepared struct {
	ctx    context.Context // ends with the entry, or the generation that took it
	cancel context.CancelFunc
	// pooled ends when the entry is taken, and rest ends it.
	pooled context.Context
	rest   context.CancelFunc
	wg     sync.WaitGroup
	own    map[netip.Addr]*socket // for one Transport, where it has its own
	srflx  map[pooledKey]*pooledReflection
	relays map[int]*pooledAllocation // by the server's index
}

type pooledKey struct {
	server int // index
	sock   *socket
}

// pooledReflection is a STUN server's answer, of which keepalives bring new ones.
type pooledReflection struct {
	done chan struct{} // closed with the first
	mu   sync.Mutex
	r    reflection
}

// pooledAllocation is a TURN server's answer.
type pooledAllocation struct {
	done chan struct{} // closed when a is set
	a    allocation
}

// prepare starts an entry.
func prepare(n *Network, servers []Server, policy Policy) *prepared {
	e := &prepared{own: map[netip.Addr]*socket{}, srflx: map[pooledKey]*pooledReflection{}, relays: map[int]*pooledAllocation{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.pooled, e.rest = context.WithCancel(e.ctx)
	var socks []*socket
	if policy != PolicyRelay {
		socks = e.sockets(n)
	}
	for i, s := range servers {
		u, err := parseURL(s.URL)
		switch {
		case err != nil: // gathering tells
		case u.turn:
			a := &pooledAllocation{done: make(chan struct{})}
			e.relays[i] = a
			e.wg.Go(func() {
				defer close(a.done)
				a.a = n.allocate(e.ctx, u, s)
			})
		case u.reflects():
			for _, sock := range socks {
				a := &pooledReflection{done: make(chan struct{})}
				e.srflx[pooledKey{i, sock}] = a
				e.wg.Go(func() { e.reflect(n, u, sock, a) })
			}
		}
	}
	return e
}

// sockets are those to ask from. An address without one is a matter for the
// gathering, which tries again and tells.
func (e *prepared) sockets(n *Network) []*socket {
	if !n.cfg.OwnPorts {
		socks, _ := n.sharedSockets()
		return socks
	}
	addrs, _ := n.addrs()
	var socks []*socket
	for _, a := range addrs {
		if c, err := n.listenOwn(a); err == nil {
			e.own[a] = newSocket(c, true)
			socks = append(socks, e.own[a])
		}
	}
	return socks
}

// reflect asks a STUN server, and keeps the binding until the entry is taken.
func (e *prepared) reflect(n *Network, u serverURL, s *socket, a *pooledReflection) {
	a.r = s.reflect(e.ctx, n, u)
	close(a.done)
	tick := time.NewTicker(pooledKeepalive)
	defer tick.Stop()
	for a.r.err == nil && !a.r.nothing {
		select {
		case <-e.pooled.Done():
			return
		case <-tick.C:
		}
		r := s.reflect(e.pooled, n, u)
		if e.pooled.Err() != nil {
			return
		}
		a.mu.Lock()
		a.r = r
		a.mu.Unlock()
	}
}

// reflection is the answer to a question of the entry, once it is there. It
// reports false where the entry has not asked, or ctx has ended.
func (e *prepared) reflection(ctx context.Context, server int, s *socket) (reflection, bool) {
	if e == nil || e.srflx[pooledKey{server, s}] == nil {
		return reflection{}, false
	}
	a := e.srflx[pooledKey{server, s}]
	select {
	case <-a.done:
	case <-ctx.Done():
		return reflection{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.r, true
}

// allocation takes an allocation over, as reflection does.
func (e *prepared) allocation(ctx context.Context, server int) (allocation, bool) {
	if e == nil || e.relays[server] == nil {
		return allocation{}, false
	}
	a := e.relays[server]
	select {
	case <-a.done:
	case <-ctx.Done():
		return allocation{}, false
	}
	taken := a.a
	a.a.relay = nil
	return taken, true
}

// close gives up what nobody has taken over. No generation uses the entry any
// more.
func (e *prepared) close() {
	e.cancel()
	e.wg.Wait()
	for _, a := range e.relays {
		if a.a.relay != nil {
			_ = a.a.relay.Close()
		}
	}
	for _, s := range e.own {
		s.close()
	}
}
