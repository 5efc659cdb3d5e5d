package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"trackway/internal/udp"
)

// Local preferences of relay candidates by how the server is reached.
const (
	relayOverUDP = 3
	relayOverTCP = 2
	relayOverTLS = 1
)

// gatherRelay makes an allocation on a TURN server (RFC 8656), or takes over the
// one that the pool has made.
func (g *generation) gatherRelay(index int, u serverURL, srv Server) {
	n := g.t.cfg.Network
	a, ok := g.ahead.allocation(g.ctx, index)
	if !ok {
		a = n.allocate(g.ctx, u, srv)
	}
	local := a.local
	if a.err != nil {
		e := CandidateError{URL: srv.URL, Code: a.code, Text: a.err.Error()}
		// Before a server is reached the port is that of the socket whose address
		// it is: there is no other yet.
		if shown, ok := g.exposed(!local.Addr().Is6()); ok {
			e.Address, e.Port = shown.Addr().String(), shown.Port()
			if local.IsValid() {
				e.Port = local.Port()
			}
		}
		g.candidateError(e)
		return
	}
	r := a.relay
	r.g = g
	relayed := r.LocalAddr()
	c := Candidate{
		Component: 1, Protocol: "udp", Type: "relay", URL: srv.URL, RelayProtocol: u.protocol,
		Foundation: foundation("relay", local.Addr().String(), u.protocol, a.server.String()),
		Priority:   priority(prefRelay, relayOverUDP),
		Address:    relayed.Addr().String(), Port: relayed.Port(),
		RelatedAddress: local.Addr().String(), RelatedPort: local.Port(),
	}
	switch {
	case u.secure:
		c.RelayProtocol = "tls"
		c.Priority = priority(prefRelay, relayOverTLS)
	case u.protocol == "tcp":
		c.Priority = priority(prefRelay, relayOverTCP)
	}
	if n.cfg.MDNS == MDNSHide || g.policy == PolicyRelay {
		// Policy relay promises that no address of ours is told.
		c.RelatedAddress, c.RelatedPort = hidden(relayed.Addr()), 0
	}
	if g.add(c, c, &relayConn{relay: r}, r) == nil {
		g.announce(c)
	}
}

// allocation is what came of asking a TURN server.
type allocation struct {
	relay         *relay // of no generation yet
	server, local netip.AddrPort
	code          int // of err
	err           error
}

// allocate asks a TURN server for an allocation.
func (n *Network) allocate(ctx context.Context, u serverURL, srv Server) (a allocation) {
	a.code = 701
	if u.secure && u.protocol == "udp" {
		a.err = errors.New("TURN over DTLS is not supported")
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timing.Gather)
	defer cancel()
	// IPv4 first: where both work, the peer is likelier to reach it.
	if a.server, a.err = resolve(ctx, u, true); a.err != nil {
		if a.server, a.err = resolve(ctx, u, false); a.err != nil {
			return a
		}
	}
	conn, err := n.dialTURN(ctx, u, a.server)
	if err != nil {
		a.err = err
		return a
	}
	a.relay, a.err = newRelay(ctx, n, conn, a.server, srv)
	if la := addrPortOf(conn.LocalAddr()); la.IsValid() {
		a.local = la
	}
	if a.err != nil {
		var te *stun.TurnError
		if errors.As(a.err, &te) {
			a.code = int(te.ErrorCodeAttr.Code)
		}
		_ = conn.Close()
	}
	return a
}

// dialTURN reaches the server.
func (n *Network) dialTURN(ctx context.Context, u serverURL, server netip.AddrPort) (net.PacketConn, error) {
	if u.protocol == "udp" {
		c, err := n.listen(netip.AddrPortFrom(n.sourceFor(server.Addr()), 0), udp.Options{})
		if err != nil {
			return nil, err
		}
		return &turnUDP{conn: c}, nil
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", server.String())
	if err != nil {
		return nil, err
	}
	if !u.secure {
		return turn.NewSTUNConn(c), nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if n.cfg.TLSConfig != nil {
		cfg = n.cfg.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = u.host
	}
	tc := tls.Client(c, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return turn.NewSTUNConn(tc), nil
}

// sourceFor is the local address to reach a server from: any, where the
// system can choose.
func (n *Network) sourceFor(server netip.Addr) netip.Addr {
	if n.cfg.Listen != nil {
		addrs, _ := n.addrs()
		for _, a := range addrs {
			if a.Is4() == server.Is4() {
				return a
			}
		}
	}
	if server.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// relay is an allocation as a udp.Conn, for the Transport.
type relay struct {
	g      *generation // set before anything is read
	client *turn.Client
	under  net.PacketConn
	alloc  net.PacketConn
	once   sync.Once

	// The last destination, so that its net.Addr is made once.
	mu   sync.Mutex
	to   netip.AddrPort
	addr *net.UDPAddr
}

// relayConn is the same for the agent: it carries its STUN.
type relayConn struct {
	*relay
	handled bool // the message last read was a success response
}

var (
	_ udp.Conn                 = (*relay)(nil)
	_ net.PacketConn           = (*relayConn)(nil)
	_ ice.AddrPortReaderWriter = (*relayConn)(nil)
)

func addrPortOf(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func newRelay(ctx context.Context, n *Network, under net.PacketConn, server netip.AddrPort, srv Server) (*relay, error) {
	family := turn.RequestedAddressFamilyIPv4
	if server.Addr().Is6() {
		family = turn.RequestedAddressFamilyIPv6
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: server.String(), Username: srv.Username, Password: srv.Credential,
		Conn: under, Net: n.pion(), LoggerFactory: logs{n.cfg.Log},
		RequestedAddressFamily: family,
	})
	if err != nil {
		return nil, err
	}
	if u, ok := under.(*turnUDP); ok {
		u.serve(client)
	} else if err := client.Listen(); err != nil {
		client.Close()
		return nil, err
	}
	alloc, err := client.AllocateWithContext(ctx)
	if err != nil {
		client.Close()
		if ctx.Err() != nil {
			return nil, errTimeout
		}
		return nil, err
	}
	return &relay{client: client, under: under, alloc: alloc}, nil
}

// LocalAddr implements udp.Conn: the relayed address.
func (r *relay) LocalAddr() netip.AddrPort { return addrPortOf(r.alloc.LocalAddr()) }

// Serve implements udp.Conn: the agent's reader does it.
func (r *relay) Serve(udp.Handler, func() bool) error { return net.ErrClosed }

// WriteTo implements udp.Conn.
func (r *relay) WriteTo(p []byte, to netip.AddrPort) (int, error) {
	r.mu.Lock()
	if r.addr == nil || r.to != to {
		r.to, r.addr = to, net.UDPAddrFromAddrPort(to)
	}
	addr := r.addr
	r.mu.Unlock()
	return r.alloc.WriteTo(p, addr)
}

// WriteBatch implements udp.Conn.
func (r *relay) WriteBatch(ms []udp.Message) error { return udp.WriteEach(r, ms) }

// Close gives the allocation back.
func (r *relay) Close() error {
	r.once.Do(func() {
		_ = r.alloc.Close()
		r.client.Close()
		_ = r.under.Close()
	})
	return nil
}

// ReadFromAddrPort gives the agent STUN; the rest goes to the Transport.
func (r *relayConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	if r.handled {
		r.handled = false
		r.g.checked()
	}
	for {
		n, from, err := r.alloc.ReadFrom(b)
		if err != nil {
			return 0, netip.AddrPort{}, net.ErrClosed
		}
		a := addrPortOf(from)
		switch k := classify(b[:n]); k {
		case kindNone:
		case kindSTUN:
			r.handled = classOf(b) == classSuccess
			return n, a, nil
		default:
			r.g.t.receive(time.Now(), k, b[:n:n], r.g)
			r.g.t.received()
		}
	}
}

// ReadFrom implements net.PacketConn.
func (r *relayConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := r.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (r *relayConn) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	return r.relay.WriteTo(p, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()))
}

// WriteTo implements net.PacketConn.
func (r *relayConn) WriteTo(p []byte, to net.Addr) (int, error) {
	return r.relay.WriteTo(p, addrPortOf(to))
}

// LocalAddr implements net.PacketConn.
func (r *relayConn) LocalAddr() net.Addr { return r.alloc.LocalAddr() }

// Deadlines are not used by the agent, save for one before Close.
func (r *relayConn) SetDeadline(time.Time) error      { return nil }
func (r *relayConn) SetReadDeadline(time.Time) error  { return nil }
func (r *relayConn) SetWriteDeadline(time.Time) error { return nil }

// turnUDP is a UDP socket towards a TURN server.
type turnUDP struct {
	conn udp.Conn
	done chan struct{}
}

// serve hands what arrives to the client. The socket belongs to one
// allocation: a server tells allocations apart by the 5-tuple.
func (u *turnUDP) serve(c *turn.Client) {
	u.done = make(chan struct{})
	go func() {
		defer close(u.done)
		_ = u.conn.Serve(func(_ time.Time, p []byte, from netip.AddrPort) {
			_, _ = c.HandleInbound(p, net.UDPAddrFromAddrPort(from))
		}, nil)
	}()
}

// ReadFrom implements net.PacketConn; the client does not call it, see serve.
func (u *turnUDP) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, net.ErrClosed }

// WriteTo implements net.PacketConn.
func (u *turnUDP) WriteTo(p []byte, to net.Addr) (int, error) {
	return u.conn.WriteTo(p, addrPortOf(to))
}

// Close implements net.PacketConn.
func (u *turnUDP) Close() error {
	_ = u.conn.Close()
	if u.done != nil {
		<-u.done
	}
	return nil
}

// LocalAddr implements net.PacketConn.
func (u *turnUDP) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(u.conn.LocalAddr()) }

// Deadlines are not used by the client.
func (u *turnUDP) SetDeadline(time.Time) error      { return nil }
func (u *turnUDP) SetReadDeadline(time.Time) error  { return nil }
func (u *turnUDP) SetWriteDeadline(time.Time) error { return nil }
