package jsep

import (
	"slices"

	"trackway/internal/sdp"
)

// planTransports decides which sections of an offer are bundled, which carry
// transport attributes and which transports are new. It returns the BUNDLE
// groups.
func (s *State) planTransports(plan []planned, c *created, r *random) []sdp.Group {
	established := s.establishedGroups(plan)
	var groups []sdp.Group
	if len(established) == 0 {
		// "This attribute MUST … include the mid identifiers of each "m=" section.
		// The effect of this is that the JSEP implementation offers all "m="
		// sections as one bundle group." Sections that an answer has left unbundled
		// stay so.
		g := sdp.Group{Semantics: "BUNDLE"}
		for i := range plan {
			if p := &plan[i]; !p.rejected && (p.fresh || s.answeredAt(i) == nil) {
				g.MIDs = append(g.MIDs, p.mid)
				p.grouped = true
			}
		}
		s.placeInitial(plan, c, r)
		if len(g.MIDs) > 0 {
			groups = []sdp.Group{g}
		}
	} else {
		groups = s.placeSubsequent(plan, established, c, r)
	}
	s.startUnsettled(plan, c)
	carried := map[TransportID]bool{}
	for i := range groups {
		inOrder(plan, &groups[i])
		for j := range plan {
			if p := &plan[j]; p.mid == groups[i].MIDs[0] && !p.rejected {
				p.carries, p.bundleOnly = true, false
				carried[p.transport] = true
			}
		}
	}
	for i := range plan {
		if p := &plan[i]; !p.rejected && !carried[p.transport] {
			p.carries, p.bundleOnly = true, false
			carried[p.transport] = true
		}
	}
	return groups
}

// establishedGroups are the BUNDLE groups of the most recent answer without the
// sections that are rejected now.
func (s *State) establishedGroups(plan []planned) []sdp.Group {
	d := s.answer()
	if d == nil {
		return nil
	}
	alive := make(map[string]bool, len(plan))
	for i := range plan {
		alive[plan[i].mid] = !plan[i].rejected && !plan[i].fresh
	}
	var out []sdp.Group
	for _, g := range d.session.Group("BUNDLE") {
		kept := sdp.Group{Semantics: "BUNDLE"}
		for _, mid := range g.MIDs {
			if alive[mid] {
				kept.MIDs = append(kept.MIDs, mid)
			}
		}
		if len(kept.MIDs) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// placeInitial gives transports to an offer without negotiated bundling, by the
// bundle policy (RFC 9429 §4.1.1 and §5.2.1, "a=bundle-only").
func (s *State) placeInitial(plan []planned, c *created, r *random) {
	seen := map[string]bool{}
	first := TransportID(0)
	for i := range plan {
		p := &plan[i]
		if !p.grouped {
			continue
		}
		switch s.cfg.BundlePolicy {
		case MaxBundle:
			p.bundleOnly = len(seen) > 0
		case Balanced:
			p.bundleOnly = seen[p.kind]
		}
		seen[p.kind] = true
		switch {
		case p.transport != 0 && (!p.bundleOnly || p.transport == first):
		case p.bundleOnly && first != 0:
			p.transport = first
		default:
			p.transport = s.freshTransport(c, r).id
		}
		if first == 0 {
			first = p.transport
		}
	}
}

// placeSubsequent adds new sections to the first negotiated group. Bundling has
// been agreed, so they need no transport of their own and are bundle-only,
// whatever the policy: it is about peers that may not know BUNDLE.
func (s *State) placeSubsequent(plan []planned, groups []sdp.Group, c *created, r *random) []sdp.Group {
	shared := TransportID(0)
	for i := range plan {
		if p := &plan[i]; !p.rejected && !p.fresh && slices.Contains(groups[0].MIDs, p.mid) {
			shared = p.transport
			break
		}
	}
	for i := range plan {
		p := &plan[i]
		if p.rejected || p.transport != 0 && !p.fresh && s.answeredAt(i) != nil {
			continue
		}
		if !slices.Contains(groups[0].MIDs, p.mid) {
			groups[0].MIDs = append(groups[0].MIDs, p.mid)
		}
		if shared == 0 {
			shared = s.freshTransport(c, r).id
		}
		p.transport, p.bundleOnly = shared, true
	}
	return groups
}

// inOrder lists a group in the order of the m-sections, so that the first is the
// offerer-tagged section. That is, as webrtc-pc demands, the section of the first
// non-stopped transceiver, until recycling puts later transceivers before earlier
// ones. Then the order matters more: see planOffer.
func inOrder(plan []planned, g *sdp.Group) {
	in := make(map[string]bool, len(g.MIDs))
	for _, mid := range g.MIDs {
		in[mid] = true
	}
	g.MIDs = make([]string, 0, len(g.MIDs))
	for i := range plan {
		if p := &plan[i]; !p.rejected && in[p.mid] {
			g.MIDs = append(g.MIDs, p.mid)
		}
	}
}

// startUnsettled has the offer start what only the pending offer has started: a
// rollback takes that away, and the offer may be set after it all the same.
func (s *State) startUnsettled(plan []planned, c *created) {
	if s.stable == nil {
		return
	}
	for i := range plan {
		id := plan[i].transport
		starts := func(t *transport) bool { return t.id == id }
		if id == 0 || s.stable.findTransport(id) != nil || slices.ContainsFunc(c.fresh, starts) {
			continue
		}
		t := s.findTransport(id)
		c.fresh = append(c.fresh, &transport{id: id, tlsID: t.tlsID})
	}
}

// freshTransport makes a transport that starts when the offer is applied.
func (s *State) freshTransport(c *created, r *random) *transport {
	s.lastTransport++
	t := &transport{id: s.lastTransport, tlsID: r.token(32)}
	c.fresh = append(c.fresh, t)
	c.credentials[t.id] = c.newICE(r)
	return t
}

// offerCredentials chooses the local ICE credentials of transports that exist:
// the present ones, or new ones where ICE restarts.
func (s *State) offerCredentials(plan []planned, c *created, restart bool, r *random) {
	for i := range plan {
		p := &plan[i]
		if !p.carries {
			continue
		}
		if _, done := c.credentials[p.transport]; done {
			continue
		}
		t := s.findTransport(p.transport)
		now := t.latest().Local
		// In the state have-local-offer the pending offer may have restarted ICE
		// already; its credentials are then not among those to replace.
		if restart || s.iceChanged || slices.Contains(s.iceToReplace, now) {
			now = c.newICE(r)
		}
		c.credentials[p.transport] = now
	}
}

// newICE gives the new credentials of an offer, the same ones for all of its
// transports, as browsers do. RFC 9429 §5.2.1 would have them unique; but once the
// sections are bundled they all show those of the tagged one, and Firefox (ESR 153)
// takes a section whose credentials change for an ICE restart.
func (c *created) newICE(r *random) ICEParameters {
	if c.ice == (ICEParameters{}) {
		c.ice = r.ice()
	}
	return c.ice
}

// RestartICE is restartIce (webrtc-pc 4.4.2).
func (s *State) RestartICE() *State {
	if s.closed {
		return s
	}
	n := s.fork()
	n.iceToReplace = nil
	for _, d := range []*description{s.currentLocal, s.pendingLocal} {
		if d == nil {
			continue
		}
		for _, sec := range d.sections {
			if t := &sec.m.Transport; t.ICEUfrag != "" {
				n.iceToReplace = append(n.iceToReplace, ICEParameters{t.ICEUfrag, t.ICEPwd})
			}
		}
	}
	return &n
}
