package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// errFamily is a server that has no address of the family asked for.
var errFamily = errors.New("the server has no address of this family")

// errTimeout is a server that does not answer.
var errTimeout = errors.New("the server does not answer")

// gatherSrflx asks a STUN server how it sees the socket. The candidate's base
// is the socket's host candidate (RFC 8445 5.1.1.2), which the agent has
// already: checks to the candidate arrive there, and pairs of the two would be
// pruned as redundant (6.1.2.4). So only signalling is told.
func (g *generation) gatherSrflx(index int, u serverURL, srv Server, s *socket) {
	base := s.conn.LocalAddr()
	r, ok := g.ahead.reflection(g.ctx, index, s)
	if !ok {
		r = s.reflect(g.ctx, g.t.cfg.Network, u)
	}
	if r.err != nil {
		e := CandidateError{URL: srv.URL, Code: r.code, Text: r.err.Error()}
		if g.t.cfg.Network.cfg.MDNS != MDNSHide {
			e.Address, e.Port = base.Addr().String(), base.Port()
		}
		g.candidateError(e)
		return
	}
	if r.nothing || r.mapped == base {
		return // redundant, RFC 8445 5.1.3
	}
	c := Candidate{
		Foundation: foundation("srflx", base.Addr().String(), "udp", r.server.String()), Component: 1, Protocol: "udp",
		Priority: priority(prefSrflx, localPref(base.Addr(), 0)),
		Address:  r.mapped.Addr().String(), Port: r.mapped.Port(), Type: "srflx",
		RelatedAddress: base.Addr().String(), RelatedPort: base.Port(),
		URL: srv.URL,
	}
	if g.t.cfg.Network.cfg.MDNS == MDNSHide {
		c.RelatedAddress, c.RelatedPort = hidden(base.Addr()), 0
	}
	g.announce(c)
}

// reflection is what a STUN server says of a socket.
type reflection struct {
	server, mapped netip.AddrPort
	nothing        bool // the server cannot see the socket, or nothing new of it
	code           int  // of err
	err            error
}

// reflect asks the server how it sees the socket.
func (s *socket) reflect(ctx context.Context, n *Network, u serverURL) (r reflection) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timing.Gather)
	defer cancel()
	base := s.conn.LocalAddr().Addr()
	r.server, r.err = resolve(ctx, u, base.Is4())
	switch {
	case errors.Is(r.err, errFamily):
		r.nothing, r.err = true, nil
	case r.err != nil:
		r.code = 701
	case r.server.Addr().IsLoopback() != base.IsLoopback():
		r.nothing = true
	default:
		r.mapped, r.code, r.err = s.ask(ctx, r.server)
	}
	return r
}

// ask is one STUN Binding transaction over a shared socket (RFC 8489 6.2.1).
// On failure it gives the error code of the response, or 701.
func (s *socket) ask(ctx context.Context, server netip.AddrPort) (netip.AddrPort, int, error) {
	req, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return netip.AddrPort{}, 701, err
	}
	q := &question{server: server, answer: make(chan []byte, 1)}
	s.mu.Lock()
	s.asked[req.TransactionID] = q
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.asked, req.TransactionID)
		s.mu.Unlock()
	}()
	// RFC 8489 6.2.1 starts at 500 ms; a shorter first RTO costs a packet.
	rto := 250 * time.Millisecond
	for {
		if _, err := s.conn.WriteTo(req.Raw, server); err != nil {
			return netip.AddrPort{}, 701, err
		}
		timer := time.NewTimer(rto)
		select {
		case raw := <-q.answer:
			timer.Stop()
			return mappedAddress(raw)
		case <-timer.C:
			rto *= 2
		case <-ctx.Done():
			timer.Stop()
			return netip.AddrPort{}, 701, errTimeout
		}
	}
}

func mappedAddress(raw []byte) (netip.AddrPort, int, error) {
	m := &stun.Message{Raw: raw}
	if err := m.Decode(); err != nil {
		return netip.AddrPort{}, 701, err
	}
	if m.Type.Class == stun.ClassErrorResponse {
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(m); err != nil {
			return netip.AddrPort{}, 701, err
		}
		return netip.AddrPort{}, int(code.Code), errors.New(string(code.Reason))
	}
	var x stun.XORMappedAddress
	if err := x.GetFrom(m); err != nil {
		return netip.AddrPort{}, 701, err
	}
	a, ok := netip.AddrFromSlice(x.IP)
	if !ok {
		return netip.AddrPort{}, 701, errors.New("the response has no address")
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(x.Port)), 0, nil
}

// resolve gives the server's address in the wanted family.
func resolve(ctx context.Context, u serverURL, ip4 bool) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(u.host); err == nil {
		if a.Is4() != ip4 {
			return netip.AddrPort{}, errFamily
		}
		return netip.AddrPortFrom(a, u.port), nil
	}
	network := "ip6"
	if ip4 {
		network = "ip4"
	}
	as, err := net.DefaultResolver.LookupNetIP(ctx, network, u.host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range as {
		return netip.AddrPortFrom(a.Unmap(), u.port), nil
	}
	return netip.AddrPort{}, errors.New("the server's name has no address")
}
