package jsep

import (
	"strings"

	"trackway/internal/sdp"
)

// section is an immutable m-section of a description: its text and what it says.
type section struct {
	text string
	m    *media
	// key is what a local section was made from; equal keys mean equal text.
	key sectionKey
	// payloads and extensions remember what a local section was last found to
	// agree with.
	payloads   *payloadTypes
	extensions *extensionIDs
}

// description is an immutable local or remote description.
type description struct {
	typ SDPType
	// head is the session level: its text and what it says.
	head     string
	session  *sdp.Session
	sections []*section
	// mids finds a section by mid.
	mids map[string]int
	// carrier is, for every section, the index of the section that carries its
	// transport attributes: itself, or the tagged section of its BUNDLE group.
	carrier []int
	// known says which remote sections are those of an earlier description.
	known []bool
	// grouped says which sections are in a BUNDLE group.
	grouped []bool
	// trickled holds candidate lines that came after the description, by section.
	trickled map[int]string
}

// mline says what an m-section is used for.
type mline struct {
	kind string
	mid  string
	// transceiver is 0 for data, for kinds that are not supported and for
	// sections whose transceiver is gone.
	transceiver TransceiverID
	transport   TransportID
}

func (l *mline) isData() bool { return l.kind == "application" }

// created is the result of createOffer or createAnswer: what SetLocal has to
// apply without parsing it.
type created struct {
	description *description
	lines       []mline
	// fresh are the transports that the offer would start, unless they are there.
	fresh []*transport
	// ice are the new credentials of an offer, where it needs some.
	ice ICEParameters
	// credentials are new local ICE credentials by transport: for the first use
	// and for restarts.
	credentials map[TransportID]ICEParameters
	// tlsIDs are our new a=tls-id values, of transports whose association the offer
	// replaces.
	tlsIDs map[TransportID]string
	// dtlsClient is the answered DTLS role by transport.
	dtlsClient map[TransportID]bool
	// ccfb says that RFC 8888 feedback is described.
	ccfb bool
	// from is the state that the description describes, to tell whether it still
	// "accurately represents the system state".
	from systemState
}

// systemState is the part of a state that a created description depends on.
type systemState struct {
	transceivers vector[*Transceiver]
	remote       *description
	local        *description
	wantData     bool
	restart      int
	candidates   int
}

func (s *State) systemState() systemState {
	remote, local := s.currentRemote, s.currentLocal
	if s.pendingRemote != nil {
		remote = s.pendingRemote
	}
	if s.pendingLocal != nil {
		local = s.pendingLocal
	}
	restart := len(s.iceToReplace)
	if s.iceChanged {
		restart++
	}
	return systemState{s.transceivers, remote, local, s.wantData, restart, s.gathered}
}

// fullText gives the description as one string.
func (d *description) fullText() string {
	var b strings.Builder
	n := len(d.head)
	for _, s := range d.sections {
		n += len(s.text)
	}
	b.Grow(n)
	b.WriteString(d.head)
	for _, s := range d.sections {
		b.WriteString(s.text)
	}
	return b.String()
}

// is reports whether text is the description's.
func (d *description) is(text string) bool {
	text, ok := strings.CutPrefix(text, d.head)
	for _, s := range d.sections {
		if !ok {
			return false
		}
		text, ok = strings.CutPrefix(text, s.text)
	}
	return ok && text == ""
}

// join sets mids and carriers of a description whose parts are complete.
func (d *description) join() {
	d.session.Media = make([]*sdp.Media, len(d.sections))
	d.mids = make(map[string]int, len(d.sections))
	d.carrier, d.grouped = make([]int, len(d.sections)), make([]bool, len(d.sections))
	for i, s := range d.sections {
		d.session.Media[i] = s.m.Media
		d.carrier[i] = i
		if s.m.MID != "" {
			d.mids[s.m.MID] = i
		}
	}
	for _, g := range d.session.Groups {
		if g.Semantics != "BUNDLE" {
			continue
		}
		tag := -1
		for _, mid := range g.MIDs {
			i, ok := d.mids[mid]
			if !ok || d.sections[i].m.Rejected() {
				continue
			}
			if tag < 0 {
				tag = i
			}
			d.carrier[i], d.grouped[i] = tag, true
		}
	}
}

// transportOf gives the transport attributes in effect for a section.
func (d *description) transportOf(i int) sdp.Transport {
	return d.session.TransportOf(d.sections[d.carrier[i]].m.Media)
}

// withCandidates gives the text with more lines at the end of some sections.
func (d *description) withCandidates(extra map[int]string) string {
	if len(extra) == 0 {
		return d.fullText()
	}
	var b strings.Builder
	b.WriteString(d.head)
	for i, s := range d.sections {
		b.WriteString(s.text)
		if add := extra[i]; add != "" {
			if !strings.HasSuffix(s.text, "\n") {
				b.WriteString("\r\n")
			}
			b.WriteString(add)
		}
	}
	return b.String()
}

// localDescription is what the attribute shows: the description with the
// candidates that were gathered since.
func (s *State) localDescription(d *description) *Description {
	if d == nil {
		return nil
	}
	extra := map[int]string{}
	for i, sec := range d.sections {
		if !sec.key.carries {
			continue
		}
		id := sec.key.transport
		if s.findTransport(id) == nil && i < len(s.lines) {
			id = s.lines[i].transport
		}
		g := s.generation(id, sec.m.Transport.ICEUfrag)
		if g == nil {
			continue
		}
		var b strings.Builder
		for _, c := range g.localCandidates[min(len(sec.m.Candidates), len(g.localCandidates)):] {
			b.WriteString("a=candidate:" + c + "\r\n")
		}
		if g.localEnd && !sec.m.EndOfCandidates {
			b.WriteString("a=end-of-candidates\r\n")
		}
		if b.Len() > 0 {
			extra[i] = b.String()
		}
	}
	return &Description{d.typ, d.withCandidates(extra)}
}

func remoteDescription(d *description) *Description {
	if d == nil {
		return nil
	}
	return &Description{d.typ, d.withCandidates(d.trickled)}
}

// CurrentLocalDescription is the attribute of that name, or nil.
func (s *State) CurrentLocalDescription() *Description { return s.localDescription(s.currentLocal) }

// PendingLocalDescription is the attribute of that name, or nil.
func (s *State) PendingLocalDescription() *Description { return s.localDescription(s.pendingLocal) }

// CurrentRemoteDescription is the attribute of that name, or nil.
func (s *State) CurrentRemoteDescription() *Description { return remoteDescription(s.currentRemote) }

// PendingRemoteDescription is the attribute of that name, or nil.
func (s *State) PendingRemoteDescription() *Description { return remoteDescription(s.pendingRemote) }

// CanTrickleICECandidates is the attribute of that name; nil is null.
func (s *State) CanTrickleICECandidates() *bool {
	d := s.remote()
	if d == nil {
		return nil
	}
	can := false
	for i, sec := range d.sections {
		for _, option := range d.transportOf(i).ICEOptions {
			can = can || option == "trickle" && !sec.m.Rejected()
		}
	}
	for _, option := range d.session.Transport.ICEOptions {
		can = can || option == "trickle"
	}
	return &can
}

// remote is the remoteDescription attribute: pending before current.
func (s *State) remote() *description {
	if s.pendingRemote != nil {
		return s.pendingRemote
	}
	return s.currentRemote
}

// local is the localDescription attribute: pending before current.
func (s *State) local() *description {
	if s.pendingLocal != nil {
		return s.pendingLocal
	}
	return s.currentLocal
}

// mediaAt is the i-th m-section of a description, or nil.
func (d *description) mediaAt(i int) *media {
	if d == nil || i < 0 || i >= len(d.sections) {
		return nil
	}
	return d.sections[i].m
}
