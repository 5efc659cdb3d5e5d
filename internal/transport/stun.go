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
func (g *generation) gatherSrflx(u serverURL, srv Server, s *socket) {
	base := s.conn.LocalAddr()
	fail := func(code int, err error) {
		e := CandidateError{URL: srv.URL, Code: code, Text: err.Error()}
		if g.t.cfg.Network.cfg.MDNS != MDNSHide {
			e.Address, e.Port = base.Addr().String(), base.Port()
		}
		g.candidateError(e)
	}
	ctx, cancel := context.WithTimeout(g.ctx, g.t.cfg.Network.cfg.Timing.Gather)
	defer cancel()
	server, err := resolve(ctx, u, base.Addr().Is4())
	if errors.Is(err, errFamily) {
		return
	}
	if err != nil {
		fail(701, err)
		return
	}
	if server.Addr().IsLoopback() != base.Addr().IsLoopback() {
		return // it would see nothing new, or nothing at all
	}
	mapped, code, err := s.ask(ctx, server)
	if err != nil {
		fail(code, err)
		return
	}
	if mapped == base {
		return // redundant, RFC 8445 5.1.3
	}
	c := Candidate{
		Foundation: foundation("srflx", base.Addr().String(), "udp", server.String()), Component: 1, Protocol: "udp",
		Priority: priority(prefSrflx, localPref(base.Addr(), 0)),
		Address:  mapped.Addr().String(), Port: mapped.Port(), Type: "srflx",
		RelatedAddress: base.Addr().String(), RelatedPort: base.Port(),
		URL: srv.URL,
	}
	if g.t.cfg.Network.cfg.MDNS == MDNSHide {
		c.RelatedAddress, c.RelatedPort = hidden(base.Addr()), 0
	}
	g.announce(c)
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
