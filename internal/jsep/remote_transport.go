package jsep

import (
	"slices"

	"trackway/internal/domerr"
)

// placeRemote gives every line of a remote offer its transport: the bundled ones
// that of their tagged section. Transports that exist continue; where the remote
// credentials changed, ICE restarts.
func (s *State) placeRemote(d *description, r *random) error {
	placed := map[int]TransportID{} // by carrier
	used := map[TransportID]bool{}
	for i, sec := range d.sections {
		carrier := d.carrier[i]
		if sec.m.Rejected() || sec.m.Kind != string(Audio) && sec.m.Kind != string(Video) && !s.lines[i].isData() {
			s.lines[i].transport = 0
			continue
		}
		id, found := placed[carrier]
		if !found {
			var err error
			if id, err = s.remoteTransport(d, carrier, used, r); err != nil {
				return err
			}
			placed[carrier], used[id] = id, true
		}
		s.lines[i].transport = id
	}
	return nil
}

// remoteTransport finds or makes the transport that a section of a remote offer
// carries, and notes what the offer says about it. used are those of other sections.
func (s *State) remoteTransport(d *description, carrier int, used map[TransportID]bool, r *random) (TransportID, error) {
	remote := d.transportOf(carrier)
	// A new section may carry a transport that exists: under the same credentials, or
	// restarted under the same tls-id. Otherwise it starts one, and the rest of its
	// group moves there.
	old := s.findTransport(s.lines[carrier].transport)
	if old == nil {
		for _, t := range s.transports {
			// Sections that are not bundled may have the same credentials as well.
			same := remote.TLSID != "" && remote.TLSID == t.remoteTLSID
			if g := t.latest(); g != nil && !used[t.id] && (same || !restarted(g.Remote, &remote)) {
				old = t
			}
		}
	}
	var t transport
	if old != nil {
		t = *old
	} else {
		s.lastTransport++
		t = transport{id: s.lastTransport, tlsID: r.token(32)}
	}
	t.lite = d.session.ICELite
	if !t.roleKnown {
		// "If description is a remote offer, and contains a=ice-lite, set it to
		// controlling", else to controlled.
		t.controlling, t.roleKnown = t.lite, true
	}
	t.offered = &remote
	if t.current != nil && !restarted(t.current.Remote, &remote) {
		// RFC 9429 §5.8.3: without an ICE restart the DTLS connection continues, so
		// certificate and roles stay.
		if t.newAssociation(&remote) {
			return 0, invalid("the offer changes the DTLS association without an ICE restart")
		}
		if t.associated && (remote.Setup == "active" && t.client || remote.Setup == "passive" && !t.client) {
			return 0, invalid("a=setup:%s contradicts the roles of the DTLS association", remote.Setup)
		}
	}
	credentials := ICEParameters{remote.ICEUfrag, remote.ICEPwd}
	switch {
	case t.current != nil && t.current.Remote == credentials:
		t.next = nil
		t.current = t.current.withRemote(d.sections[carrier].m)
	case t.next != nil && t.next.Remote == credentials:
		t.next = t.next.withRemote(d.sections[carrier].m)
	default:
		g := &generation{ICEGeneration: ICEGeneration{Number: s.nextGeneration(), Remote: credentials}}
		t.next = g.withRemote(d.sections[carrier].m)
	}
	s.putTransport(&t)
	return t.id, nil
}

// withRemote adds the candidates of a remote section.
func (g *generation) withRemote(m *media) *generation {
	return g.withCandidates(m.Candidates, m.EndOfCandidates)
}

func (g *generation) withCandidates(candidates []string, end bool) *generation {
	c := *g
	c.Candidates = slices.Clip(c.Candidates)
	for _, candidate := range candidates {
		if len(c.Candidates) < maxCandidates && !slices.Contains(c.Candidates, candidate) {
			c.Candidates = append(c.Candidates, candidate)
		}
	}
	c.EndOfCandidates = c.EndOfCandidates || end
	return &c
}

// answeredLines applies the bundling of a remote answer to the offered lines
// (RFC 9143 §7.3).
func (s *State) answeredLines(d, offer *description) ([]mline, error) {
	lines := slices.Clone(s.offered)
	for i, sec := range d.sections {
		tag := d.carrier[i]
		switch {
		case sec.m.Rejected():
			lines[i].transport = 0
		case d.grouped[i]:
			if offer.carrier[i] != offer.carrier[tag] {
				return nil, invalid("the answer bundles m-sections %d and %d, which were not offered together", i, tag)
			}
			lines[i].transport = s.offered[tag].transport
		case !offer.sections[i].key.carries:
			return nil, invalid("the answer takes m-section %d out of the bundle, where it has no transport of its own", i)
		}
	}
	return lines, nil
}

// answeredTransports completes the transports that a remote answer covers.
func (s *State) answeredTransports(d *description) error {
	var done []TransportID
	for i := range d.sections {
		id := s.lines[i].transport
		if id == 0 || slices.Contains(done, id) {
			continue
		}
		done = append(done, id)
		remote := d.transportOf(i)
		m := d.sections[d.carrier[i]].m
		t := *s.findTransport(id)
		credentials := ICEParameters{remote.ICEUfrag, remote.ICEPwd}
		restarts := t.next != nil
		switch {
		case t.next != nil && t.current != nil && t.current.Remote == credentials:
			// RFC 9429 §5.10: "If the current local description indicates an ICE
			// restart but neither the ICE ufrag nor the password has changed from the
			// previous remote description, generate an error."
			return invalid("the offer restarts ICE and the answer keeps its credentials")
		case t.next != nil:
			g := *t.next
			g.Remote = credentials
			t.current, t.next = &g, nil
		case t.current.Remote == credentials:
		default:
			// Another peer answers: forking, or a session that was handed
			// over. RFC 9429 §5.10 wants an error where the offer
			// restarts no ICE; browsers start checks with the new peer.
			t.current = &generation{
				ICEGeneration:   ICEGeneration{Number: s.nextGeneration(), Local: t.current.Local, Remote: credentials},
				localCandidates: t.current.localCandidates, localEnd: t.current.localEnd,
			}
			restarts = true
		}
		t.current = t.current.withRemote(m)
		if t.newAssociation(&remote) && !restarts {
			return invalid("the answer changes the DTLS association without an ICE restart")
		}
		client := remote.Setup == "passive"
		t.lite = d.session.ICELite
		t.associate(&remote, client)
		s.putTransport(&t)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return domerr.New(domerr.InvalidAccess, format, args...)
}
