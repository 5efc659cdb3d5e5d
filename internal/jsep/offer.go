package jsep

import (
	"slices"
	"strconv"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// cache positions for offers and answers.
const (
	asOffer  = 0
	asAnswer = 1
)

// planned is one m-section of a description that is being created.
type planned struct {
	mline
	t *Transceiver
	// rejected sections have port zero.
	rejected   bool
	bundleOnly bool
	// fresh sections are new, or recycle one that was rejected.
	fresh bool
	// carries says that the transport attributes stand in this section.
	carries bool
	// grouped sections are in the BUNDLE group of an initial offer.
	grouped bool
}

// CreateOffer is createOffer (webrtc-pc 4.4.2): it returns the offer's SDP. The
// state remembers it as [[LastCreatedOffer]]. A wrong signalling state is an
// InvalidStateError.
func (s *State) CreateOffer(opts OfferOptions) (*State, string, error) {
	n, err := s.createOffer(opts)
	if err != nil {
		return nil, "", err
	}
	return n, n.lastOffer.description.fullText(), nil
}

func (s *State) createOffer(opts OfferOptions) (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	if s.signaling != Stable && s.signaling != HaveLocalOffer {
		return nil, domerr.New(domerr.InvalidState, "createOffer needs the state stable or have-local-offer, not %s", s.signaling)
	}
	n := s.fork()
	n.legacyOptions(opts)
	r := &random{source: s.cfg.Rand}
	plan := n.planOffer(r)
	c := &created{credentials: map[TransportID]ICEParameters{}, ccfb: s.cfg.OfferCongestionFeedback || s.agreedCCFB()}
	groups := n.planTransports(plan, c, r)
	n.offerCredentials(plan, c, opts.ICERestart, r)

	d := &description{typ: Offer}
	for i := range plan {
		d.sections = append(d.sections, n.offerSection(&plan[i], i, c))
		c.lines = append(c.lines, plan[i].mline)
	}
	session := n.sessionHeader(r)
	session.Transport.ICEOptions = []string{"trickle", "ice2"}
	session.Groups = append(groups, n.lipSync(plan)...)
	session.ExtmapAllowMixed = true
	d.session, d.head = session, string(session.AppendHeader(nil))
	if r.err != nil {
		return nil, r.err
	}
	d.join()
	c.description, c.from = d, n.systemState()
	n.lastOffer = c
	return &n, nil
}

// legacyOptions applies offerToReceiveAudio and offerToReceiveVideo (webrtc-pc
// 4.4.4.1).
func (s *State) legacyOptions(opts OfferOptions) {
	for _, o := range []struct {
		kind    Kind
		receive *bool
	}{{Audio, opts.OfferToReceiveAudio}, {Video, opts.OfferToReceiveVideo}} {
		if o.receive == nil {
			continue
		}
		found := false
		for _, t := range s.Transceivers() {
			if t.kind != o.kind || t.stopping {
				continue
			}
			if *o.receive {
				found = found || t.direction == SendRecv || t.direction == RecvOnly
				continue
			}
			c := *t
			switch t.direction {
			case SendRecv:
				c.direction = SendOnly
			case RecvOnly:
				c.direction = Inactive
			default:
				continue
			}
			s.put(&c)
		}
		if *o.receive && !found {
			s.create(o.kind, RecvOnly)
		}
	}
}

// sessionHeader gives the session level that offers and answers share. The
// version counts every description that was created (RFC 9429 §5.2.2).
func (s *State) sessionHeader(r *random) *sdp.Session {
	if s.sessionID == 0 {
		// "a 64-bit quantity with the highest bit set to zero and the remaining 63
		// bits being cryptographically random"
		s.sessionID = r.uint64()>>1 | 1
	}
	s.version++
	return &sdp.Session{
		Origin: sdp.Origin{
			Username: "-", SessionID: s.sessionID, Version: s.version,
			NetType: "IN", AddressType: "IP4", UnicastAddress: "0.0.0.0",
		},
		Name: "-",
	}
}

// planOffer lays out the m-sections of an offer: those that exist stay in their
// place, rejected ones are recycled for new transceivers in order, the rest is
// appended (RFC 9429 §5.2.2).
//
// A rejected section before the first living one is left alone where the remote
// peer has no a=tls-id. Recycling it moves the transport of the BUNDLE group to a
// new section: a=tls-id says that the DTLS association goes on there (RFC 8842);
// Chromium (156), which has none, would start another transport, or fail.
func (s *State) planOffer(r *random) []planned {
	plan := make([]planned, len(s.lines), len(s.lines)+4)
	var free []int
	for i, l := range s.lines {
		p := planned{mline: l, t: s.Transceiver(l.transceiver)}
		switch {
		case l.isData():
			p.rejected = s.rejectedAt(i)
		case p.t == nil:
			p.rejected = true
		default:
			// "The user agent MUST treat a stopping transceiver as stopped for the
			// purposes of RFC9429 only in this case" (webrtc-pc, stop).
			p.rejected = p.t.stopping
		}
		if p.rejected {
			p.transport = 0
		}
		if p.rejected && p.t == nil && s.rejectedAt(i) {
			free = append(free, i)
		}
		plan[i] = p
	}
	if first := slices.IndexFunc(plan, func(p planned) bool { return !p.rejected }); first >= 0 && !s.remoteHasTLSID() {
		free = slices.DeleteFunc(free, func(i int) bool { return i < first })
	}
	place := func(p planned) {
		p.fresh = true
		if len(free) > 0 {
			plan[free[0]] = p
			free = free[1:]
			return
		}
		plan = append(plan, p)
	}
	used := s.usedMIDs()
	for _, t := range s.transceivers.all() {
		if t.index >= 0 || t.stopping {
			continue
		}
		if t.wantMID == "" || used[t.wantMID] {
			c := *t
			c.wantMID = s.newMID(used)
			s.put(&c)
			t = &c
		}
		used[t.wantMID] = true
		place(planned{mline: mline{kind: string(t.kind), mid: t.wantMID, transceiver: t.id}, t: t})
	}
	if s.wantData && !slices.ContainsFunc(plan, func(p planned) bool { return p.isData() && !p.rejected }) {
		place(planned{mline: mline{kind: "application", mid: s.newMID(used)}})
	}
	for i := range plan {
		if t := plan[i].t; t != nil && !plan[i].rejected {
			plan[i].t = s.prepareSender(t, r)
		}
	}
	return plan
}

// remoteHasTLSID reports whether the remote peer names its DTLS association.
func (s *State) remoteHasTLSID() bool {
	d := s.currentRemote
	return d != nil && slices.ContainsFunc(d.sections, func(c *section) bool { return c.m.Transport.TLSID != "" })
}

// rejectedAt reports whether the i-th section has port zero in the current local
// or remote description.
func (s *State) rejectedAt(i int) bool {
	local, remote := s.currentLocal.mediaAt(i), s.currentRemote.mediaAt(i)
	return local != nil && local.Rejected() || remote != nil && remote.Rejected()
}

// usedMIDs are the mids that a new section must not have.
func (s *State) usedMIDs() map[string]bool {
	used := make(map[string]bool, len(s.lines)+4)
	for _, d := range []*description{s.currentLocal, s.currentRemote, s.pendingLocal, s.pendingRemote} {
		if d != nil {
			for mid := range d.mids {
				used[mid] = true
			}
		}
	}
	for i := range s.lines {
		used[s.lines[i].mid] = true
	}
	return used
}

// newMID counts mids per connection, so that they leak nothing and stay short
// (RFC 9429 §5.2.1).
func (s *State) newMID(used map[string]bool) string {
	for {
		mid := strconv.Itoa(s.nextMID)
		s.nextMID++
		if !used[mid] {
			return mid
		}
	}
}

// prepareSender chooses what a sender needs in its description and keeps for
// life: sources and the track part of its msid.
func (s *State) prepareSender(t *Transceiver, r *random) *Transceiver {
	if t.msidTrack != "" && t.memo != nil && t.sources.has(t.encodings) {
		return t
	}
	c := *t
	if c.memo == nil {
		c.memo = &memo{}
	}
	if c.msidTrack == "" {
		if t.track != nil && validMSID(t.track.ID) && !s.namesTrack(t.track.ID) {
			c.msidTrack = t.track.ID
		} else {
			c.msidTrack = r.id()
		}
		s.names = s.names.with(c.msidTrack, c.id, s.byName)
	}
	sources := &senderSources{}
	if t.sources != nil {
		*sources = *t.sources
	}
	for _, e := range t.encodings {
		if ssrc, _ := sources.of(e); ssrc == 0 {
			sources.rids = append(slices.Clip(sources.rids), e.RID)
			sources.ssrcs, sources.rtx = append(slices.Clip(sources.ssrcs), r.ssrc()), append(slices.Clip(sources.rtx), r.ssrc())
			sources.fec = append(slices.Clip(sources.fec), r.ssrc())
		}
	}
	c.sources = sources
	s.put(&c)
	return &c
}

// namesTrack reports whether a sender has id as the track part of its msid.
// Two may have the same track, but "multiple media descriptions with the same
// value for identifier and appdata are not permitted" (RFC 8830 section 2).
func (s *State) namesTrack(id string) bool {
	t := s.Transceiver(s.names.get(id, s.byName))
	return t != nil && t.msidTrack == id && !t.stopped
}

// validMSID reports whether an id fits into a=msid (RFC 8830 §2: token
// characters, 64 at most).
func validMSID(id string) bool {
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

// offerSection gives one section of an offer.
func (s *State) offerSection(p *planned, i int, c *created) *section {
	var in sectionInput
	in.offer, in.mid, in.kind, in.rejected = true, p.mid, p.kind, p.rejected
	in.proto = "UDP/TLS/RTP/SAVPF"
	if p.isData() {
		in.proto = "UDP/DTLS/SCTP"
		in.dataPort, in.maxMessage = s.cfg.SCTPPort, s.cfg.MaxMessageSize
	}
	if p.rejected {
		// A rejected section keeps what its line says.
		if l := s.local().mediaAt(i); l != nil && l.Kind == p.kind {
			in.prior, in.proto = l, l.Proto
		} else if l := s.remote().mediaAt(i); l != nil {
			in.remote, in.proto = l, l.Proto
		}
		return s.build(in, nil)
	}
	if !p.fresh {
		if l := s.local().mediaAt(i); l != nil && !l.Rejected() {
			in.prior = l
		}
		in.answered = s.answeredAt(i)
	}
	in.bundleOnly = p.bundleOnly
	in.mux, in.reduced = true, true
	if in.answered != nil {
		in.mux, in.reduced = s.answeredMux(i), in.answered.RTCPReducedSize
	} else {
		in.muxOnly = s.cfg.RTCPMux == RTCPMuxRequire
	}
	in.ccfb = c.ccfb
	s.carry(&in, p, c, "actpass")
	if p.t == nil {
		out := s.build(in, s.dataSections[asOffer])
		s.dataSections[asOffer] = out
		return out
	}
	return s.buildFor(&in, p.t, asOffer, p.t.direction)
}

// buildFor builds the section of a transceiver and keeps it in its cache.
func (s *State) buildFor(in *sectionInput, t *Transceiver, role int, direction Direction) *section {
	in.t, in.id, in.direction, in.wanted = t, t.id, direction, t.direction
	in.preferred, in.extensions = identify(t.preferred), identify(t.extensions)
	in.streams, in.encodings, in.rids = identify(t.streamIDs), identify(t.encodings), identify(t.wantRIDs)
	in.sources = t.sources
	t.memo.sections[role] = s.build(*in, t.memo.sections[role])
	return t.memo.sections[role]
}

// carry fills the transport part of an input.
func (s *State) carry(in *sectionInput, p *planned, c *created, setup string) {
	t := s.findTransport(p.transport)
	if t == nil {
		t = c.fresh[slices.IndexFunc(c.fresh, func(f *transport) bool { return f.id == p.transport })]
	}
	in.carries, in.ice, in.setup, in.tlsID = p.carries, c.credentials[p.transport], setup, t.tlsID
	if id := c.tlsIDs[t.id]; id != "" {
		in.tlsID = id
	}
	in.certificates, in.fingerprints = s.cfg.Fingerprints, identify(s.cfg.Fingerprints)
	if !p.carries {
		return
	}
	in.transport = t.id
	for _, g := range []*generation{t.next, t.current} {
		if g != nil && g.Local == in.ice {
			in.gathered, in.end = g.localCandidates, g.localEnd
			in.candidates = identify(in.gathered)
			return
		}
	}
}

// answeredAt is the i-th section of the most recent answer, or nil where there
// was none or the section has been recycled since.
func (s *State) answeredAt(i int) *media {
	d := s.answer()
	m := d.mediaAt(i)
	if m == nil || m.Rejected() || i >= len(s.lines) || m.MID != "" && m.MID != s.lines[i].mid {
		return nil
	}
	return m
}

// answer is the most recent answer of either side.
func (s *State) answer() *description {
	if s.currentLocal != nil && s.currentLocal.typ == Answer {
		return s.currentLocal
	}
	return s.currentRemote
}

func (s *State) answeredMux(i int) bool {
	d := s.answer()
	return d.mediaAt(i).RTCPMux || d.mediaAt(d.carrier[i]).RTCPMux
}

// lipSync gives an LS group for every stream that more than one transceiver
// names, and those of the most recent answer that still hold (RFC 9429 §5.2.1,
// §5.2.2).
func (s *State) lipSync(plan []planned) []sdp.Group {
	byStream := map[string][]string{}
	var order []string
	for i := range plan {
		p := &plan[i]
		if p.t == nil || p.rejected {
			continue
		}
		for _, id := range p.t.streamIDs {
			if byStream[id] == nil {
				order = append(order, id)
			}
			byStream[id] = append(byStream[id], p.mid)
		}
	}
	var out []sdp.Group
	add := func(mids []string) {
		if len(mids) > 1 && !slices.ContainsFunc(out, func(g sdp.Group) bool { return slices.Equal(g.MIDs, mids) }) {
			out = append(out, sdp.Group{Semantics: "LS", MIDs: mids})
		}
	}
	for _, id := range order {
		add(byStream[id])
	}
	if d := s.answer(); d != nil && len(d.session.Group("LS")) > 0 {
		alive := make(map[string]bool, len(plan))
		for i := range plan {
			alive[plan[i].mid] = !plan[i].rejected && !plan[i].fresh
		}
		for _, g := range d.session.Group("LS") {
			add(slices.DeleteFunc(slices.Clone(g.MIDs), func(mid string) bool { return !alive[mid] }))
		}
	}
	return out
}
