package jsep

import (
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// CreateAnswer is createAnswer (webrtc-pc 4.4.2): it returns the answer's SDP,
// which the state remembers as [[LastCreatedAnswer]]. A wrong signalling state is
// an InvalidStateError.
func (s *State) CreateAnswer() (*State, string, error) {
	n, err := s.createAnswer()
	if err != nil {
		return nil, "", err
	}
	return n, n.lastAnswer.description.fullText(), nil
}

func (s *State) createAnswer() (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	if s.signaling != HaveRemoteOffer && s.signaling != HaveLocalPranswer {
		return nil, domerr.New(domerr.InvalidState, "createAnswer needs the state have-remote-offer or have-local-pranswer, not %s", s.signaling)
	}
	n := s.fork()
	r := &random{source: s.cfg.Rand}
	offer := s.pendingRemote
	c := &created{credentials: map[TransportID]ICEParameters{}, dtlsClient: map[TransportID]bool{}, tlsIDs: map[TransportID]string{}, ccfb: offersCCFB(offer)}
	plan := n.planAnswer(offer, r)
	n.answerCredentials(plan, c, r)

	d := &description{typ: Answer}
	for i := range plan {
		d.sections = append(d.sections, n.answerSection(&plan[i], i, offer, c))
		c.lines = append(c.lines, plan[i].mline)
	}
	session := n.sessionHeader(r)
	if offersTrickle(offer) {
		session.Transport.ICEOptions = []string{"trickle", "ice2"}
	}
	session.ExtmapAllowMixed = offer.session.ExtmapAllowMixed
	session.Groups = append(answerGroups(offer, plan), answerLipSync(offer, plan)...)
	d.session, d.head = session, string(session.AppendHeader(nil))
	if r.err != nil {
		return nil, r.err
	}
	d.join()
	c.description, c.from = d, n.systemState()
	n.lastAnswer = c
	return &n, nil
}

func offersTrickle(offer *description) bool {
	if offer.session.Transport.ICEOptions != nil {
		return true
	}
	return slices.ContainsFunc(offer.sections, func(s *section) bool { return s.m.Transport.ICEOptions != nil })
}

// planAnswer decides which sections are rejected, by the list in RFC 9429
// §5.3.1.
func (s *State) planAnswer(offer *description, r *random) []planned {
	plan := make([]planned, len(offer.sections))
	firstOfKind := map[string]int{}
	first, data := -1, -1
	if s.data != nil {
		data = dataSection(offer, s.data)
	}
	for i, sec := range offer.sections {
		p := planned{mline: s.lines[i], t: s.Transceiver(s.lines[i].transceiver)}
		m := sec.m
		switch {
		case m.Rejected():
			p.rejected = true
		case p.t != nil:
			// "a transceiver that is stopping, but not stopped, will not affect
			// createAnswer"
			p.rejected = p.t.stopped || !s.commonCodec(p.t, m)
		default:
			p.rejected = i != data
		}
		if !m.Rejected() {
			if first < 0 {
				first = i
			}
			if _, seen := firstOfKind[m.Kind]; !seen {
				firstOfKind[m.Kind] = i
			}
			together := func(o int) bool { return offer.carrier[i] == offer.carrier[o] }
			switch {
			case s.cfg.BundlePolicy == MaxBundle && !together(first),
				s.cfg.BundlePolicy == Balanced && !together(firstOfKind[m.Kind]):
				p.rejected = true
			}
		}
		plan[i] = p
	}
	for i := range plan {
		// "This "m=" section is in a bundle group, and the group's offerer tagged
		// "m=" section is being rejected due to one of the above reasons."
		if tag := offer.carrier[i]; plan[tag].rejected {
			plan[i].rejected = true
		}
		if plan[i].rejected {
			plan[i].transport = 0
			continue
		}
		plan[i].carries = offer.carrier[i] == i
		if t := plan[i].t; t != nil {
			plan[i].t = s.prepareSender(t, r)
		}
	}
	return plan
}

// commonCodec reports whether a section offers a format that the transceiver
// supports and allows.
func (s *State) commonCodec(t *Transceiver, m *media) bool {
	list, _, _ := s.candidates(t)
	for _, key := range m.keys {
		for _, c := range list {
			if !c.redundant && key == (payloadKey{format: c.format}) {
				return true
			}
		}
	}
	return false
}

// answerCredentials chooses ICE credentials and DTLS roles: those in use, or new
// ones where the offer starts or restarts ICE. "Each "a=tls-id" line MUST stay the
// same, unless the offerer's "a=tls-id" line changed" (RFC 9429 §5.3.2).
func (s *State) answerCredentials(plan []planned, c *created, r *random) {
	for i := range plan {
		if !plan[i].carries {
			continue
		}
		t := s.findTransport(plan[i].transport)
		last := &created{}
		if s.lastAnswer != nil && s.lastAnswer.from.remote == s.pendingRemote {
			last = s.lastAnswer
		}
		switch {
		case t.next == nil:
			c.credentials[t.id] = t.current.Local
		case last.credentials[t.id] != (ICEParameters{}):
			c.credentials[t.id] = last.credentials[t.id]
		default:
			c.credentials[t.id] = r.ice()
		}
		switch {
		case !t.newAssociation(t.offered):
		case last.tlsIDs[t.id] != "":
			c.tlsIDs[t.id] = last.tlsIDs[t.id]
		default:
			c.tlsIDs[t.id] = r.token(32)
		}
		c.dtlsClient[t.id] = t.answerRole()
	}
}

// answerRole is the DTLS role that an answer takes: true for the client. "When
// the offer contains the "actpass" value … the answerer SHOULD use the "active"
// role" (RFC 9429 §5.3.1), and a continuing association keeps its roles.
func (t *transport) answerRole() bool {
	switch {
	case t.offered != nil && t.offered.Setup == "active":
		return false
	case t.offered != nil && t.offered.Setup == "passive":
		return true
	case t.associated && !t.newAssociation(t.offered):
		return t.client
	}
	return true
}

// newAssociation reports whether remote attributes mean another DTLS association
// than the one in use (RFC 8842 §3.1).
func (t *transport) newAssociation(remote *sdp.Transport) bool {
	if remote == nil || !t.associated {
		return false
	}
	return remote.TLSID != t.remoteTLSID || !sameCertificate(remote.Fingerprints, t.fingerprints)
}

// answerSection gives one section of an answer.
func (s *State) answerSection(p *planned, i int, offer *description, c *created) *section {
	remote := offer.sections[i].m
	var in sectionInput
	in.mid, in.kind, in.proto, in.rejected, in.remote = remote.MID, remote.Kind, remote.Proto, p.rejected, remote
	if p.isData() {
		in.dataPort, in.maxMessage = s.cfg.SCTPPort, s.cfg.MaxMessageSize
	}
	if p.rejected {
		return s.build(in, nil)
	}
	carrier := offer.sections[offer.carrier[i]].m
	in.mux = remote.RTCPMux || carrier.RTCPMux
	in.reduced = remote.RTCPReducedSize
	in.ccfb = c.ccfb
	setup := "passive"
	if c.dtlsClient[p.transport] {
		setup = "active"
	}
	s.carry(&in, p, c, setup)
	if p.t == nil {
		out := s.build(in, s.dataSections[asAnswer])
		s.dataSections[asAnswer] = out
		return out
	}
	offered := Direction(offer.session.DirectionOf(remote.Media))
	return s.buildFor(&in, p.t, asAnswer, intersect(p.t.direction, reverse(offered)))
}

// answerGroups answers BUNDLE groups with the sections that are not rejected, in
// the offered order, so the tagged section stays tagged.
func answerGroups(offer *description, plan []planned) []sdp.Group {
	var out []sdp.Group
	for _, g := range offer.session.Group("BUNDLE") {
		kept := sdp.Group{Semantics: "BUNDLE"}
		for _, mid := range g.MIDs {
			if i, ok := offer.mids[mid]; ok && !plan[i].rejected {
				kept.MIDs = append(kept.MIDs, mid)
			}
		}
		if len(kept.MIDs) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// answerLipSync answers LS groups (RFC 9429 §5.3.1): the transceivers of the
// group that share a stream, or have none to reference.
func answerLipSync(offer *description, plan []planned) []sdp.Group {
	var out []sdp.Group
	for _, g := range offer.session.Group("LS") {
		var members []*planned
		count := map[string]int{}
		for _, mid := range g.MIDs {
			if i, ok := offer.mids[mid]; ok && !plan[i].rejected && plan[i].t != nil {
				members = append(members, &plan[i])
				for _, id := range plan[i].t.streamIDs {
					count[id]++
				}
			}
		}
		kept := sdp.Group{Semantics: "LS"}
		for _, p := range members {
			shares := len(p.t.streamIDs) == 0
			for _, id := range p.t.streamIDs {
				shares = shares || count[id] > 1
			}
			if shares {
				kept.MIDs = append(kept.MIDs, p.mid)
			}
		}
		if len(kept.MIDs) > 1 {
			out = append(out, kept)
		}
	}
	return out
}
