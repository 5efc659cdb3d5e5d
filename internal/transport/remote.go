package transport

import (
	"context"
	"net/netip"

	"github.com/pion/ice/v4"
)

// addRemote gives the agent a remote candidate.
func (g *generation) addRemote(c Candidate) {
	cfg := &g.t.cfg.Network.cfg
	if c.Component != 1 || c.Protocol != "udp" && (c.Protocol != "tcp" || !cfg.ICETCP) {
		return // rtcp-mux is required; other protocols are for others
	}
	if c.TCPType == "active" || c.Port == 0 {
		return // it will come to us
	}
	g.mu.Lock()
	if g.closed || len(g.remotes)+len(g.early) >= maxRemote {
		g.mu.Unlock()
		return
	}
	if !g.connected {
		g.early = append(g.early, c)
		g.mu.Unlock()
		return
	}
	if isName(c.Address) {
		if cfg.MDNS != MDNSOff {
			g.wg.Add(1)
			go g.resolveRemote(c)
		}
		g.mu.Unlock()
		return
	}
	g.mu.Unlock()
	if a, err := netip.ParseAddr(c.Address); err == nil {
		g.addResolved(c, a)
	}
	// Other names are not looked up: RFC 8839 5.1 leaves it to the agent, and
	// browsers ignore them too.
}

func (g *generation) resolveRemote(c Candidate) {
	defer g.wg.Done()
	ctx, cancel := context.WithTimeout(g.ctx, g.t.cfg.Network.cfg.Timing.Gather)
	defer cancel()
	a, err := g.t.cfg.Network.names.resolve(ctx, c.Address)
	if err == nil {
		g.addResolved(c, a)
		g.t.reconsider()
	}
}

func (g *generation) addResolved(c Candidate, a netip.Addr) {
	a = a.Unmap()
	if a.IsUnspecified() || a.IsMulticast() {
		return
	}
	key := remoteKey{c.Protocol == "tcp", netip.AddrPortFrom(a, c.Port)}
	plain := c
	plain.Address, plain.extra, plain.Ufrag = a.String(), "", ""
	if plain.RelatedPort == 0 {
		plain.RelatedAddress = ""
	}
	pc, err := ice.UnmarshalCandidate(plain.String())
	if err != nil {
		return
	}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	if _, again := g.remotes[key]; again {
		g.mu.Unlock()
		return
	}
	g.remotes[key] = c
	g.mu.Unlock()
	if a := g.ice(); a != nil {
		g.extend()
		_ = a.AddRemoteCandidate(pc)
	}
}
