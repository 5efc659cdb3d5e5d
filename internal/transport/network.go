package transport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/udp"
)

// Network is what the Transports of a process share.
type Network struct {
	cfg NetworkConfig

	mu     sync.Mutex
	closed bool
	shared map[netip.Addr]*socket
	port   uint16 // of the shared sockets, once the first is open
	list   []Interface
	read   time.Time // when list was read

	names names
	tcp   tcpPort

	// agents counts the ICE agents that have no pair yet.
	agents atomic.Int32
}

const (
	// agentsInterval is the least time between two checks of a process: "the
	// combination of all transactions from all agents (if a given implementation
	// runs several concurrent agents) MUST NOT be sent more often than once every
	// 5 ms" (RFC 8445 14.2).
	agentsInterval = 5 * time.Millisecond
	// slowestCheck bounds what comes of that: the least retransmission timeout
	// of a check (RFC 8445 14.3).
	slowestCheck = 500 * time.Millisecond
)

// checkInterval counts one more agent and says how often it may check. With a
// thousand of them that begin at once each would otherwise be lost in the
// others' retransmissions.
func (n *Network) checkInterval() time.Duration {
	fair := time.Duration(n.agents.Add(1)) * agentsInterval
	return max(n.cfg.Timing.CheckInterval, min(fair, slowestCheck))
}

// NewNetwork makes a Network. Sockets are opened when the first Transport
// gathers, and closed with the Network.
func NewNetwork(cfg NetworkConfig) (*Network, error) {
	if cfg.PortMax < cfg.PortMin {
		return nil, fmt.Errorf("transport: ports from %d to %d", cfg.PortMin, cfg.PortMax)
	}
	if (cfg.Listen == nil) != (cfg.Interfaces == nil) {
		return nil, errors.New("transport: Listen and Interfaces go together")
	}
	for _, m := range cfg.NAT {
		if !m.Public.IsValid() || m.Local.IsValid() && m.Local.Is4() != m.Public.Is4() {
			return nil, fmt.Errorf("transport: NAT mapping from %v to %v", m.Local, m.Public)
		}
	}
	cfg.Timing = cfg.Timing.withDefaults()
	n := &Network{cfg: cfg, shared: map[netip.Addr]*socket{}, port: cfg.Port}
	n.names.n, n.tcp.n = n, n
	return n, nil
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&t.CheckInterval, 50 * time.Millisecond},
		{&t.Keepalive, 5 * time.Second},
		{&t.Disconnected, 5 * time.Second},
		{&t.Failed, 25 * time.Second},
		{&t.Gather, 5 * time.Second},
		{&t.DTLSRetransmit, 100 * time.Millisecond},
	} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	return t
}

// Close closes the shared sockets. Transports must have been closed before.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	shared := n.shared
	n.shared = map[netip.Addr]*socket{}
	n.mu.Unlock()
	for _, s := range shared {
		s.close()
	}
	n.names.close()
	n.tcp.close()
	return nil
}

// Refresh reads the machine's addresses again; Transports that gather later
// use them. Without it the list is read at most every few seconds.
func (n *Network) Refresh() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = nil
	_, err := n.interfacesLocked()
	return err
}

func (n *Network) listen(addr netip.AddrPort, o udp.Options) (udp.Conn, error) {
	if n.cfg.Listen != nil {
		return n.cfg.Listen(addr, o)
	}
	return udp.Listen(addr, o)
}

// sharedSockets are the shared sockets of the machine's present addresses, in
// order of preference. Addresses on which no socket can be opened are left out.
func (n *Network) sharedSockets() ([]*socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	addrs, err := n.addrsLocked()
	if err != nil {
		return nil, err
	}
	var out []*socket
	var first error
	for _, a := range addrs {
		s := n.shared[a]
		if s == nil {
			c, err := n.listenShared(a)
			if err != nil {
				first = err
				continue
			}
			s = newSocket(c, false)
			n.shared[a] = s
		}
		out = append(out, s)
	}
	if len(out) == 0 && first != nil {
		return nil, first
	}
	return out, nil
}

// listenShared opens a shared socket, on the port that the others have. Where
// the port was not asked for and another program has it on this address, any
// port will do.
func (n *Network) listenShared(a netip.Addr) (udp.Conn, error) {
	c, err := n.listen(netip.AddrPortFrom(a, n.port), udp.Options{Shared: true})
	if err != nil && n.cfg.Port == 0 && n.port != 0 {
		c, err = n.listen(netip.AddrPortFrom(a, 0), udp.Options{Shared: true})
	}
	if err != nil {
		return nil, err
	}
	if n.port == 0 {
		n.port = c.LocalAddr().Port()
	}
	return c, nil
}

// listenOwn opens a socket for one Transport, in the configured range.
func (n *Network) listenOwn(a netip.Addr) (udp.Conn, error) {
	lo, hi := int(n.cfg.PortMin), int(n.cfg.PortMax)
	if hi == 0 {
		return n.listen(netip.AddrPortFrom(a, 0), udp.Options{})
	}
	if lo == 0 {
		lo = 1024
	}
	// A random start keeps ports from being guessed and collisions rare.
	count := hi - lo + 1
	start := rand.IntN(count)
	var last error
	for i := range count {
		c, err := n.listen(netip.AddrPortFrom(a, uint16(lo+(start+i)%count)), udp.Options{})
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, last
}
