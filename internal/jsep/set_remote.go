package jsep

import (
	"slices"
	"strings"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// SetRemote is setRemoteDescription (webrtc-pc 4.4.2), with implicit rollback
// where an offer meets a local offer: its events come first. SDP that does not
// parse is an OperationError that wraps a *sdp.SyntaxError; content that is not
// acceptable is an InvalidAccessError; a type that does not fit the signalling
// state is an InvalidStateError.
func (s *State) SetRemote(d Description) (*State, []Event, error) {
	if s.closed {
		return nil, nil, errClosed
	}
	switch d.Type {
	case Rollback:
		return s.Rollback()
	case Offer:
		var before []Event
		base := s
		if s.signaling == HaveLocalOffer {
			// "If description.type is "offer" and is invalid for the current
			// [[SignalingState]] …": set the local description to a rollback first.
			n, ev, err := s.Rollback()
			if err != nil {
				return nil, nil, err
			}
			base, before = n, ev
		}
		if base.signaling != Stable && base.signaling != HaveRemoteOffer {
			return nil, nil, wrongState("setRemoteDescription", d.Type, s.signaling)
		}
		n, ev, err := base.remoteOffer(d.SDP)
		if err != nil {
			return nil, nil, err
		}
		return n, append(before, ev...), nil
	case Answer, Pranswer:
		if s.signaling != HaveLocalOffer && s.signaling != HaveRemotePranswer {
			return nil, nil, wrongState("setRemoteDescription", d.Type, s.signaling)
		}
		return s.remoteAnswer(d)
	}
	return nil, nil, domerr.New(domerr.Type, "%q is not a description type", d.Type)
}

// parse reads a remote description. Sections whose text is that of the last offer
// (or answer) at the same place are not parsed again.
func (s *State) parse(text string, typ SDPType) (*description, error) {
	role := asOffer
	if typ != Offer {
		role = asAnswer
	}
	head, parts := sdp.Split(text)
	// The copies, here and below, let go of the whole.
	head = strings.Clone(head)
	session, err := sdp.ParseHeader(head)
	if err != nil {
		return nil, syntax(err)
	}
	if err := checkHeaderSize(session, len(parts)); err != nil {
		return nil, err
	}
	d := &description{typ: typ, head: head, session: session}
	known := s.parsed[role]
	d.known = make([]bool, len(parts))
	for i, part := range parts {
		if i < len(known) && known[i].text == part {
			d.sections = append(d.sections, known[i])
			d.known[i] = true
			continue
		}
		part = strings.Clone(part)
		m, err := sdp.ParseMedia(part, 0)
		if err != nil {
			line := sdp.Lines(head)
			for _, p := range parts[:i] {
				line += sdp.Lines(p)
			}
			err.(*sdp.SyntaxError).Line += line
			return nil, syntax(err)
		}
		if err := checkSectionSize(m, i); err != nil {
			return nil, err
		}
		d.sections = append(d.sections, &section{text: part, m: s.cfg.Capabilities.common.section(m)})
	}
	s.parsed[role] = d.sections
	d.join()
	return d, nil
}

// CheckSyntax returns the error that SetRemote has for what is no SDP.
func CheckSyntax(text string) error {
	if _, err := sdp.Parse(text); err != nil {
		return syntax(err)
	}
	return nil
}

func syntax(err error) error {
	return domerr.Wrap(err, domerr.Operation, "the description is not SDP")
}

// remoteOffer applies an offer in the stable or have-remote-offer state.
func (s *State) remoteOffer(text string) (*State, []Event, error) {
	n := s.fork()
	d, err := n.parse(text, Offer)
	if err != nil {
		return nil, nil, err
	}
	if err := s.checkOffer(d); err != nil {
		return nil, nil, err
	}
	r := &random{source: s.cfg.Rand}
	var ev events
	if s.signaling == Stable {
		n.stable = s
	}
	n.pendingRemote = d
	n.setSignaling(&ev, HaveRemoteOffer)
	n.lines = n.offeredLines(d)
	if err := n.placeRemote(d, r); err != nil {
		return nil, nil, err
	}
	data := dataSection(d, n.data)
	for i, sec := range d.sections {
		m := sec.m
		kind := Kind(m.Kind)
		if !m.RTP() || kind != Audio && kind != Video {
			if i == data {
				n.setData(i)
			}
			continue
		}
		if !d.known[i] {
			n.learnRemote(m)
		}
		proposed := n.proposedEncodings(kind, m)
		old, fresh := n.represent(i, d)
		if old == nil {
			continue
		}
		u := *old
		if fresh {
			if len(proposed) > 0 {
				u.encodings = proposed
			}
			u.receiverTrackID = remoteTrackID(m, r)
			ev.created = append(ev.created, TransceiverCreated{u.id})
		} else if len(proposed) > 0 && len(u.encodings) == 1 && u.encodings[0].RID == "" {
			u.encodings = proposed
		}
		n.describeRemote(&u, i, d, nil, &ev, r)
		n.update(old, &u)
		if fresh {
			n.put(&u)
		}
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	n.finish()
	return &n, ev.list(), nil
}

// learnRemote remembers the remote payload types and extension ids.
func (s *State) learnRemote(m *media) {
	s.learn(m, true)
}

// offeredLines are the lines of a remote offer: those that exist keep what they
// are used for, unless they are recycled.
func (s *State) offeredLines(d *description) []mline {
	lines := make([]mline, len(d.sections))
	var used map[string]bool
	for i, sec := range d.sections {
		m := sec.m
		if i < len(s.lines) && !s.recycles(i, m) {
			lines[i] = s.lines[i]
			continue
		}
		if i < len(s.lines) {
			// "If the "m=" section is being recycled, disassociate the currently
			// associated RtpTransceiver by setting its mid property to null."
			if t := s.Transceiver(s.lines[i].transceiver); t != nil {
				c := *t
				c.mid, c.jsepMid, c.index = "", "", -1
				s.put(&c)
			}
		}
		lines[i] = mline{kind: m.Kind, mid: m.MID}
		if m.MID == "" {
			if used == nil {
				used = s.usedMIDs()
			}
			lines[i].mid = s.newMID(used)
		}
	}
	return lines
}

// recycles reports whether a section takes the place of a rejected one.
func (s *State) recycles(i int, m *media) bool {
	return s.rejectedAt(i) && (m.MID != s.lines[i].mid || m.Kind != s.lines[i].kind || s.lines[i].transceiver == 0 && !m.Rejected())
}

// represent finds or makes the transceiver for an offered section (RFC 9429
// §5.10).
func (s *State) represent(i int, d *description) (t *Transceiver, fresh bool) {
	m, line := d.sections[i].m, &s.lines[i]
	if t = s.Transceiver(line.transceiver); t != nil {
		return t, false
	}
	if m.Rejected() {
		// Nothing to represent: a section that stays rejected.
		return nil, false
	}
	kind := Kind(m.Kind)
	direction := Direction(d.session.DirectionOf(m.Media))
	if direction == SendRecv || direction == RecvOnly {
		for _, o := range s.transceivers.all() {
			if o.kind == kind && o.addTrack && o.index < 0 && !o.stopped {
				t = o
				break
			}
		}
	}
	if t == nil {
		t = s.create(kind, RecvOnly)
		t.remote, fresh = true, true
	}
	line.transceiver = t.id
	c := *t
	c.index, c.jsepMid = i, line.mid
	if c.memo == nil {
		c.memo = &memo{}
	}
	s.put(&c)
	return &c, fresh
}

// remoteTrackID is the id for the receiver's track: the track part of a=msid, or
// of the older a=ssrc msid, or random.
func remoteTrackID(m *media, r *random) string {
	for _, id := range m.MSIDs {
		if id.Track != "" {
			return id.Track
		}
	}
	for _, a := range m.SSRCs {
		if _, track, ok := strings.Cut(a.Value, " "); a.Key == "msid" && ok && track != "" {
			return track
		}
	}
	return r.id()
}

// describeRemote does, for one transceiver, the steps for a remote description in
// "set a session description" that offers and answers share.
// ours is our offer's section, nil where d is an offer.
func (s *State) describeRemote(t *Transceiver, i int, d *description, ours *media, ev *events, r *random) {
	m := d.sections[i].m
	t.mid, t.transport = t.jsepMid, s.lines[i].transport
	direction := reverse(Direction(d.session.DirectionOf(m.Media)))
	if m.Rejected() {
		direction = Inactive
	}
	var msids []string
	if direction == SendRecv || direction == RecvOnly {
		msids = s.remoteMSIDs(m, r)
	}
	if t.stopped {
		return
	}
	s.processRemoteTracks(t, direction, msids, ev)
	if from := (codecSource{m, ours}); t.recvFrom != from {
		// Codecs are received with our payload types, which an answer to come will
		// take from the offer.
		t.recvFrom = from
		switch {
		case m.Rejected():
			t.recvCodecs = nil
		case ours != nil:
			t.recvCodecs = s.codecs(t.kind, ours, m, false)
		default:
			t.recvCodecs = s.codecs(t.kind, m, nil, false)
		}
	}
	if m.Rejected() {
		s.stopped(t, ev)
	}
}

// remoteMSIDs lists the stream ids of a section: a=msid, else a=ssrc msid of
// older peers, else one default stream for the session (RFC 9429 §5.8.2).
func (s *State) remoteMSIDs(m *media, r *random) []string {
	var out []string
	add := func(id string) {
		if id != "-" && len(out) < maxListed && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range m.MSIDs {
		add(id.Stream)
	}
	if len(m.MSIDs) > 0 {
		return out
	}
	legacy := false
	for _, a := range m.SSRCs {
		if a.Key == "msid" {
			id, _, _ := strings.Cut(a.Value, " ")
			add(id)
			legacy = true
		}
	}
	if legacy {
		return out
	}
	if s.defaultStream == "" {
		s.defaultStream = r.id()
	}
	return []string{s.defaultStream}
}

// remoteAnswer applies an answer or pranswer.
func (s *State) remoteAnswer(desc Description) (*State, []Event, error) {
	n := s.fork()
	d, err := n.parse(desc.SDP, desc.Type)
	if err != nil {
		return nil, nil, err
	}
	offer := s.pendingLocal
	if err := s.checkAnswer(d, offer); err != nil {
		return nil, nil, err
	}
	r := &random{source: s.cfg.Rand}
	var ev events
	n.lines, err = s.answeredLines(d, offer)
	if err != nil {
		return nil, nil, err
	}
	if desc.Type == Answer {
		n.currentRemote, n.currentLocal = d, offer
		n.pendingRemote, n.pendingLocal = nil, nil
		n.lastOffer, n.lastAnswer = nil, nil
		n.dropReplaced(offer)
		n.setSignaling(&ev, Stable)
	} else {
		n.pendingRemote = d
		n.setSignaling(&ev, HaveRemotePranswer)
	}
	if err := n.answeredTransports(d); err != nil {
		return nil, nil, err
	}
	for i, sec := range d.sections {
		t := n.Transceiver(n.lines[i].transceiver)
		if t == nil {
			if n.lines[i].isData() {
				n.setDataAnswered(i, offer.sections[i].m, sec.m, desc.Type)
			}
			continue
		}
		if t.stopped {
			continue
		}
		m := sec.m
		if !d.known[i] {
			n.learnRemote(m)
		}
		u := *t
		if len(u.encodings) > 1 && !m.Rejected() {
			if m.Simulcast == nil {
				u.encodings = narrowed(u.encodings, nil)
			} else {
				u.encodings = narrowed(u.encodings, m.Simulcast.Recv)
			}
		}
		n.describeSending(&u, offer.sections[i].m, m, true)
		direction := intersect(reverse(Direction(d.session.DirectionOf(m.Media))), Direction(offer.session.DirectionOf(offer.sections[i].m.Media)))
		if m.Rejected() {
			direction = Inactive
		}
		u.current = direction
		u.everSent = u.everSent || direction == SendRecv || direction == SendOnly
		n.describeRemote(&u, i, d, offer.sections[i].m, &ev, r)
		n.update(t, &u)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	if desc.Type == Answer {
		n.complete(&ev)
	}
	n.finish()
	return &n, ev.list(), nil
}
