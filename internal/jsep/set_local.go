package jsep

import (
	"slices"

	"trackway/internal/domerr"
)

// SetLocal is setLocalDescription (webrtc-pc 4.4.2). A Type of "" is the implicit
// type, an SDP of "" the implicit description. An SDP that the last CreateOffer
// or CreateAnswer did not return is an InvalidModificationError, unless all that was
// changed are header extensions that were added to an offer; a type that does
// not fit the signalling state is an InvalidStateError.
func (s *State) SetLocal(d Description) (*State, []Event, error) {
	if s.closed {
		return nil, nil, errClosed
	}
	typ := d.Type
	if typ == "" {
		typ = Answer
		if s.signaling == Stable || s.signaling == HaveLocalOffer || s.signaling == HaveRemotePranswer {
			typ = Offer
		}
	}
	switch typ {
	case Rollback:
		return s.Rollback()
	case Offer:
		n, c, err := s.createdOffer(d.SDP)
		if err != nil {
			return nil, nil, err
		}
		if s.signaling != Stable && s.signaling != HaveLocalOffer {
			return nil, nil, wrongState("setLocalDescription", typ, s.signaling)
		}
		return n.applyLocalOffer(s, c)
	case Answer, Pranswer:
		n, c, err := s.createdAnswer(d.SDP)
		if err != nil {
			return nil, nil, err
		}
		if s.signaling != HaveRemoteOffer && s.signaling != HaveLocalPranswer {
			return nil, nil, wrongState("setLocalDescription", typ, s.signaling)
		}
		return n.applyLocalAnswer(c, typ)
	}
	return nil, nil, domerr.New(domerr.Type, "%q is not a description type", typ)
}

func wrongState(method string, typ SDPType, state SignalingState) error {
	return domerr.New(domerr.InvalidState, "%s cannot take a description of type %s in the state %s", method, typ, state)
}

// createdOffer finds what to apply: the last created offer, or for the implicit
// form a new one where that "no longer accurately represents the offerer's system
// state".
func (s *State) createdOffer(sdp string) (*State, *created, error) {
	if sdp != "" {
		if s.lastOffer != nil && !s.lastOffer.description.is(sdp) {
			if n, c := s.munged(sdp); c != nil {
				return n, c, nil
			}
		}
		if s.lastOffer == nil || !s.lastOffer.description.is(sdp) {
			return nil, nil, domerr.New(domerr.InvalidModification, "the offer is not the one that createOffer returned last")
		}
		return s, s.lastOffer, nil
	}
	if s.lastOffer != nil && s.lastOffer.from == s.systemState() {
		return s, s.lastOffer, nil
	}
	n, err := s.createOffer(OfferOptions{})
	if err != nil {
		return nil, nil, err
	}
	return n, n.lastOffer, nil
}

func (s *State) createdAnswer(sdp string) (*State, *created, error) {
	if sdp != "" {
		if s.lastAnswer == nil || !s.lastAnswer.description.is(sdp) {
			return nil, nil, domerr.New(domerr.InvalidModification, "the answer is not the one that createAnswer returned last")
		}
		return s, s.lastAnswer, nil
	}
	if s.lastAnswer != nil && s.lastAnswer.from == s.systemState() {
		return s, s.lastAnswer, nil
	}
	n, err := s.createAnswer()
	if err != nil {
		return nil, nil, err
	}
	return n, n.lastAnswer, nil
}

// applyLocalOffer applies an offer to s; before is the state that rollback would
// restore.
func (s *State) applyLocalOffer(before *State, c *created) (*State, []Event, error) {
	n := s.fork()
	var ev events
	if s.signaling == Stable {
		n.stable = before
	}
	n.pendingLocal = c.description
	n.lines, n.offered = c.lines, c.lines
	n.setSignaling(&ev, HaveLocalOffer)
	n.startTransports(c)
	for i, line := range c.lines {
		t := n.Transceiver(line.transceiver)
		m := c.description.sections[i].m
		if t == nil {
			if line.isData() && !m.Rejected() {
				n.setData(i)
			}
			continue
		}
		u := *t
		if t.mid == "" {
			u.mid, u.jsepMid, u.index = line.mid, line.mid, i
			if !t.stopped {
				u.transport = line.transport
			}
		}
		if !u.stopped {
			n.describeLocal(&u, i, c.description)
		}
		n.update(t, &u)
	}
	n.finish()
	return &n, ev.list(), nil
}

// startTransports brings the transports of a local offer into the state. With new
// credentials for all of them it clears 'needs-ice-restart' (RFC 9429 §3.5.1); an
// offer from before setConfiguration has the old ones.
func (s *State) startTransports(c *created) {
	for _, f := range c.fresh {
		if s.findTransport(f.id) == nil {
			s.putTransport(f)
		}
	}
	kept := false
	for id, credentials := range c.credentials {
		old := s.findTransport(id)
		if old == nil {
			continue
		}
		t := *old
		if !t.roleKnown {
			// "If description is a local offer, set it to controlling."
			t.controlling, t.roleKnown = true, true
		}
		switch {
		case t.next != nil && t.next.Local == credentials:
			kept = true
		case t.current != nil && t.current.Local == credentials:
			t.next, kept = nil, true
		default:
			t.next = &generation{ICEGeneration: ICEGeneration{Number: s.nextGeneration(), Local: credentials}}
		}
		s.putTransport(&t)
	}
	s.iceChanged = s.iceChanged && kept
}

func (s *State) nextGeneration() int {
	s.lastGeneration++
	return s.lastGeneration
}

// describeLocal sets what a local description says about a transceiver.
func (s *State) describeLocal(t *Transceiver, i int, d *description) {
	m := d.sections[i].m
	direction := Direction(d.session.DirectionOf(m.Media))
	t.receptive = direction == SendRecv || direction == RecvOnly
	if !t.receptive || m.Rejected() {
		t.recvCodecs, t.recvFrom = nil, codecSource{}
		return
	}
	if from := (codecSource{m, nil}); t.recvFrom != from {
		t.recvCodecs, t.recvFrom = s.codecs(t.kind, m, nil, false), from
	}
}

// applyLocalAnswer applies an answer or pranswer.
func (s *State) applyLocalAnswer(c *created, typ SDPType) (*State, []Event, error) {
	n := s.fork()
	var ev events
	d := c.description
	if typ == Pranswer {
		p := *d
		p.typ = Pranswer
		d = &p
	}
	if err := n.applicable(d); err != nil {
		return nil, nil, err
	}
	offer := s.pendingRemote
	n.lines = slices.Clone(s.lines)
	for i, sec := range d.sections {
		// The answer may still take what a pranswer refuses.
		if sec.m.Rejected() && typ == Answer {
			n.lines[i].transport = 0
		}
	}
	if typ == Answer {
		n.currentLocal, n.currentRemote = d, s.pendingRemote
		n.pendingLocal, n.pendingRemote = nil, nil
		n.lastOffer, n.lastAnswer = nil, nil
		n.dropReplaced(d)
		n.setSignaling(&ev, Stable)
	} else {
		n.pendingLocal = d
		n.setSignaling(&ev, HaveLocalPranswer)
	}
	var fresh, kept bool
	for i, sec := range d.sections {
		if offer.carrier[i] == i && !sec.m.Rejected() {
			if n.answerTransport(n.lines[i].transport, sec.m) {
				fresh = true
			} else {
				kept = true
			}
		}
	}
	// 'needs-ice-restart' is cleared by new credentials "from either an offer or an
	// answer" (RFC 9429 §3.5.1).
	n.iceChanged = n.iceChanged && (kept || !fresh)
	r := &random{source: s.cfg.Rand}
	var mute, remove eventGroup
	for i, line := range n.lines {
		t := n.Transceiver(line.transceiver)
		m := d.sections[i].m
		if t == nil {
			if line.isData() {
				n.setDataAnswered(i, m, offer.sections[i].m, typ)
			}
			continue
		}
		if !m.Rejected() {
			t = n.prepareSender(t, r)
		}
		u := *t
		if !t.stopped {
			n.describeLocal(&u, i, d)
			n.answeredLocally(&u, i, d, offer, &mute, &remove)
			// RFC 9429 §4.2.2: a transceiver is stopped also "by applying an answer
			// that rejects the associated "m=" section".
			if m.Rejected() && typ == Answer {
				n.stopped(&u, &ev)
			}
		}
		n.update(t, &u)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	ev.muted, ev.removed = mute, remove
	if typ == Answer {
		n.complete(&ev)
	}
	n.finish()
	return &n, ev.list(), nil
}

// answeredLocally does, for one transceiver, the steps for a local answer or
// pranswer in "set a session description".
func (s *State) answeredLocally(t *Transceiver, i int, d, offer *description, mute, remove *eventGroup) {
	m, remote := d.sections[i].m, offer.sections[i].m
	direction := Direction(d.session.DirectionOf(m.Media))
	if m.Rejected() {
		direction = Inactive
	}
	if len(t.encodings) > 1 && !m.Rejected() {
		var sent = m.Simulcast
		if sent == nil {
			t.encodings = narrowed(t.encodings, nil)
		} else {
			t.encodings = narrowed(t.encodings, sent.Send)
		}
	}
	s.describeSending(t, m, remote, false)
	if (direction == SendOnly || direction == Inactive) && (t.fired == SendRecv || t.fired == RecvOnly) {
		s.setStreams(t, nil, nil, remove)
		*mute = append(*mute, TrackMuted{t.id})
	}
	t.current, t.fired = direction, direction
	t.everSent = t.everSent || direction == SendRecv || direction == SendOnly
}

// describeSending sets [[SendCodecs]] and the negotiated header extensions from
// the two sections of an exchange. answered says that the remote one is an answer.
func (s *State) describeSending(t *Transceiver, local, remote *media, answered bool) {
	from := codecSource{remote, local}
	if t.sendFrom == from {
		return
	}
	t.sendFrom = from
	if local.Rejected() || remote.Rejected() {
		t.sendCodecs, t.negotiatedExtensions = nil, nil
		return
	}
	t.sendCodecs = s.codecs(t.kind, remote, local, true)
	if answered {
		// "New media formats … are permitted in the answer" (RFC 9429 §5.11).
		t.sendCodecs = s.withNewFormats(t, remote, t.sendCodecs)
	}
	t.negotiatedExtensions = s.exchanged(local, remote).all
}

// applicable reports whether a created answer answers the pending offer. It was
// perhaps created for another one, which was rolled back since.
func (s *State) applicable(d *description) error {
	offer := s.pendingRemote
	same := len(d.sections) == len(offer.sections)
	for i := 0; same && i < len(d.sections); i++ {
		m, o := d.sections[i].m, offer.sections[i].m
		same = m.Kind == o.Kind && m.Proto == o.Proto && m.MID == o.MID && (m.Rejected() || !o.Rejected() && s.lines[i].transport != 0)
	}
	if !same {
		return invalid("the answer was created for another offer")
	}
	return nil
}

// answerTransport completes a transport by the section of our answer that carries
// it. It reports whether ICE starts anew there.
func (s *State) answerTransport(id TransportID, m *media) (starts bool) {
	t := *s.findTransport(id)
	if starts = t.next != nil; starts {
		g := *t.next
		g.Local = ICEParameters{m.Transport.ICEUfrag, m.Transport.ICEPwd}
		t.current, t.next = &g, nil
	}
	t.tlsID = m.Transport.TLSID
	if t.offered != nil {
		t.associate(t.offered, m.Transport.Setup == "active")
	}
	s.putTransport(&t)
	return starts
}

// dropReplaced empties [[LocalIceCredentialsToReplace]] where none of them is in
// the local description any more.
func (s *State) dropReplaced(d *description) {
	for _, sec := range d.sections {
		if slices.Contains(s.iceToReplace, ICEParameters{sec.m.Transport.ICEUfrag, sec.m.Transport.ICEPwd}) {
			return
		}
	}
	s.iceToReplace = nil
}
