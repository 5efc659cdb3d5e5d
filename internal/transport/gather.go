package transport

import (
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"time"
)

// Type preferences, RFC 8445 5.1.2.2, and what TCP loses (RFC 6544 4.2).
const (
	prefHost   = 126
	prefPrflx  = 110
	prefSrflx  = 100
	prefRelay  = 0
	tcpPenalty = 27
)

// priority is RFC 8445 5.1.2.1 for component 1.
func priority(typePref, localPref uint32) uint32 {
	return typePref<<24 | localPref<<8 | 255
}

// foundation is the same for candidates of one type, base, protocol and
// server (RFC 8445 5.1.1.3).
func foundation(typ, base, protocol, server string) string {
	return fmt.Sprint(crc32.ChecksumIEEE([]byte(typ + " " + base + " " + protocol + " " + server)))
}

// localPref ranks addresses: earlier ones first, and IPv6 before IPv4
// (RFC 8421 4), loopback last.
func localPref(a netip.Addr, index int) uint32 {
	p := uint32(65535)
	if a.Is4() {
		p -= 1 << 8
	}
	if a.IsLoopback() {
		p -= 1 << 12
	}
	return p - uint32(min(index, 255))
}

// gather starts gathering. Host candidates are known when it returns.
func (g *generation) gather(servers []Server) {
	g.setGathering(GatheringGathering)
	var socks []*socket
	if g.policy != PolicyRelay {
		socks = g.gatherHosts()
	}
	done := make(chan struct{})
	pending := 0
	start := func(f func()) {
		pending++
		g.wg.Add(1)
		go func() {
			defer g.wg.Done()
			f()
			done <- struct{}{}
		}()
	}
	for i, s := range servers {
		u, err := parseURL(s.URL)
		if err != nil {
			g.candidateError(CandidateError{URL: s.URL, Code: 701, Text: err.Error()})
			continue
		}
		if u.turn {
			start(func() { g.gatherRelay(i, u, s) })
			continue
		}
		if !u.reflects() {
			g.candidateError(CandidateError{URL: s.URL, Code: 701, Text: "STUN over TCP finds no UDP address"})
			continue
		}
		for _, sock := range socks {
			start(func() { g.gatherSrflx(i, u, s, sock) })
		}
	}
	if pending == 0 {
		g.setGathering(GatheringComplete)
		return
	}
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		for range pending {
			<-done
		}
		g.setGathering(GatheringComplete)
	}()
}

func (g *generation) setGathering(s GatheringState) {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.gathering = s
	g.mu.Unlock()
	ufrag := g.local.Ufrag
	if !g.quiet {
		g.t.events.post(func(h Handler) { h.GatheringState(ufrag, s) })
	}
	g.t.reconsider()
}

func (g *generation) candidateError(e CandidateError) {
	if g.ctx.Err() != nil {
		return
	}
	g.t.events.post(func(h Handler) { h.CandidateError(e) })
}

// exposed is the address of a host candidate that signalling knows, of the
// family asked for where there is one: "if the local IP address value is not
// already exposed as part of a local candidate, the value MUST be null"
// (webrtc-pc 4.8.3).
func (g *generation) exposed(ip4 bool) (netip.AddrPort, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found netip.AddrPort
	for _, c := range g.candidates {
		a, err := netip.ParseAddr(c.Address)
		if err == nil && c.Type == "host" && c.Protocol == "udp" && (!found.IsValid() || a.Is4() == ip4 && found.Addr().Is4() != ip4) {
			found = netip.AddrPortFrom(a, c.Port)
		}
	}
	return found, found.IsValid()
}

// announce tells a local candidate.
func (g *generation) announce(c Candidate) {
	c.Ufrag = g.local.Ufrag
	g.mu.Lock()
	if g.closed || slices.Contains(g.candidates, c) {
		g.mu.Unlock()
		return
	}
	g.candidates = append(g.candidates, c)
	g.mu.Unlock()
	g.t.events.post(func(h Handler) { h.LocalCandidate(c) })
}

// gatherHosts adds the host candidates and returns their sockets.
func (g *generation) gatherHosts() []*socket {
	socks, err := g.t.sockets()
	if err != nil {
		g.candidateError(CandidateError{Code: 701, Text: err.Error()})
	}
	cfg := &g.t.cfg.Network.cfg
	for i, s := range socks {
		if err := g.addHost(s, i, true); err != nil {
			a := s.conn.LocalAddr()
			g.candidateError(CandidateError{Address: a.Addr().String(), Port: a.Port(), Code: 701, Text: err.Error()})
		}
	}
	if cfg.ICETCP {
		g.gatherTCP()
	}
	return socks
}

// addHost adds the host candidate of a socket, as outsiders see it.
func (g *generation) addHost(s *socket, index int, tell bool) error {
	m, err := s.open(g)
	if errors.Is(err, errUfrag) && !s.own {
		if s, err = g.t.ownSocket(s.conn.LocalAddr().Addr()); err == nil {
			m, err = s.open(g)
		}
	}
	if err != nil {
		return err
	}
	a := s.conn.LocalAddr()
	c := hostCandidate(a, index)
	shown, mapped := g.shownHosts(c, a.Addr())
	if err := g.add(c, shown[0], m, s.conn); err != nil {
		return err
	}
	if !tell {
		return nil
	}
	for _, c := range shown {
		g.announce(c)
	}
	for _, c := range mapped {
		g.announce(c)
	}
	return nil
}

func hostCandidate(a netip.AddrPort, index int) Candidate {
	ip := a.Addr().String()
	return Candidate{
		Foundation: foundation("host", ip, "udp", ""), Component: 1, Protocol: "udp",
		Priority: priority(prefHost, localPref(a.Addr(), index)),
		Address:  ip, Port: a.Port(), Type: "host",
	}
}

// shownHosts is what signalling gets for a host candidate: itself, its mDNS
// name, or the addresses that NAT mappings put in its place; and the
// server-reflexive candidates that mappings add.
func (g *generation) shownHosts(c Candidate, a netip.Addr) (hosts, srflx []Candidate) {
	n := g.t.cfg.Network
	for _, m := range n.cfg.NAT {
		if m.Local.IsValid() && m.Local != a || m.Public.Is4() != a.Is4() || a.IsLoopback() {
			continue
		}
		o := c
		o.Address = m.Public.String()
		if !m.Srflx {
			hosts = append(hosts, o)
			continue
		}
		o.Type = "srflx"
		o.Foundation = foundation("srflx", c.Address, "udp", o.Address)
		o.Priority = priority(prefSrflx, c.Priority>>8&0xffff)
		o.RelatedAddress, o.RelatedPort = c.Address, c.Port
		srflx = append(srflx, o)
	}
	if len(hosts) > 0 {
		return hosts, srflx
	}
	if n.cfg.MDNS == MDNSHide {
		if name, err := n.names.own(); err == nil {
			c.Address = name
			for i := range srflx {
				// The related address would give away what the name hides.
				srflx[i].RelatedAddress, srflx[i].RelatedPort = hidden(a), 0
			}
		}
	}
	return []Candidate{c}, srflx
}

// hidden is the address that stands for one that is not told
// (draft-ietf-mmusic-mdns-ice-candidates 3.1.2.2).
func hidden(a netip.Addr) string {
	if a.Is4() {
		return "0.0.0.0"
	}
	return "::"
}

// conflict opens a port of our own beside m's, since the shared one cannot be
// used towards some peer (see socket.claim). The peer learns of the port from
// the checks that leave through it, as of a peer-reflexive candidate.
//
// Where the peer is a Transport of ours on the same port, both find this out; one
// port is enough. The controlled side gives the other time to be heard: a pair
// with a candidate that the controlling side was told of need not wait for a
// better one.
func (g *generation) conflict(m *muxConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || m.s.own || g.extra[m.s] {
		return
	}
	g.extra[m.s] = true
	peer, controlled := g.remote.Ufrag, !g.remote.Controlling && !g.remote.Lite
	// On a goroutine: the agent's loop is our caller.
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if controlled && m.s.serves(peer) && g.hears(yieldFor) {
			return
		}
		s, err := g.t.ownSocket(m.s.conn.LocalAddr().Addr())
		if err != nil {
			return
		}
		_ = g.addHost(s, 255, false)
	}()
}

// yieldFor is how long one of two Transports on a port waits for the other.
const yieldFor = 200 * time.Millisecond

// hears waits for d and reports whether the peer has reached us, or it is over.
func (g *generation) hears(d time.Duration) bool {
	select {
	case <-g.ctx.Done():
		return true
	case <-time.After(d):
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.heard
}
