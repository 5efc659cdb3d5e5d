package jsep

import (
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// checkOffer verifies a remote offer against what is negotiated.
func (s *State) checkOffer(d *description) error {
	if len(d.sections) < len(s.lines) {
		// RFC 3264 §8: m-sections are never removed.
		return invalid("the offer has %d m-sections where there were %d", len(d.sections), len(s.lines))
	}
	at := make(map[string]int, len(s.lines))
	for i := range s.lines {
		at[s.lines[i].mid] = i
	}
	for i, sec := range d.sections {
		m := sec.m
		if i < len(s.lines) && !s.recycles(i, m) {
			if m.MID != "" && m.MID != s.lines[i].mid {
				return invalid("m-section %d changes its mid from %q to %q", i, s.lines[i].mid, m.MID)
			}
			if m.Kind != s.lines[i].kind {
				return invalid("m-section %d changes its kind from %s to %s", i, s.lines[i].kind, m.Kind)
			}
			if s.answeredAt(i) != nil && m.RTP() && !m.Rejected() && s.answeredMux(i) != d.mux(i) {
				return invalid("m-section %d changes its use of rtcp-mux", i)
			}
		} else if j, known := at[m.MID]; known && m.MID != "" && j != i {
			return invalid("the mid %q is that of m-section %d already", m.MID, j)
		}
	}
	if err := s.checkExtensions(d); err != nil {
		return err
	}
	return s.checkContent(d)
}

// checkExtensions refuses to give an id that is negotiated to another extension
// (RFC 8285 §5: "the mapping MUST NOT change").
func (s *State) checkExtensions(d *description) error {
	for i, sec := range d.sections {
		if i >= len(s.lines) {
			break
		}
		t := s.Transceiver(s.lines[i].transceiver)
		if t == nil || sec.m.MID != t.mid {
			continue
		}
		for _, e := range sec.m.Extmaps {
			for _, known := range t.negotiatedExtensions {
				if uint16(known.ID) == e.ID && known.URI != e.URI {
					return invalid("m-section %d gives the extension id %d to %s, which is that of %s", i, e.ID, e.URI, known.URI)
				}
			}
		}
	}
	return nil
}

// checkAnswer verifies an answer against the offer (RFC 9429 §5.8.3).
func (s *State) checkAnswer(d, offer *description) error {
	if len(d.sections) != len(offer.sections) {
		return invalid("the answer has %d m-sections and the offer %d", len(d.sections), len(offer.sections))
	}
	for i, sec := range d.sections {
		m, o := sec.m, offer.sections[i].m
		switch {
		case m.Kind != o.Kind:
			return invalid("m-section %d is %s in the offer and %s in the answer", i, o.Kind, m.Kind)
		case m.Proto != o.Proto:
			return invalid("m-section %d has the proto %s in the offer and %s in the answer", i, o.Proto, m.Proto)
		case m.MID != "" && m.MID != o.MID:
			return invalid("m-section %d has the mid %q in the offer and %q in the answer", i, o.MID, m.MID)
		case o.Rejected() && !m.Rejected():
			return invalid("m-section %d is refused in the offer and taken in the answer", i)
		}
		if d.grouped[i] && !offer.grouped[i] {
			return invalid("the answer bundles m-section %d, which the offer does not", i)
		}
		for _, e := range m.Extmaps {
			for _, known := range o.Extmaps {
				if known.ID == e.ID && known.URI != e.URI {
					return invalid("m-section %d answers the extension id %d with %s, which was offered for %s", i, e.ID, e.URI, known.URI)
				}
			}
		}
	}
	return s.checkContent(d)
}

// mux reports whether a section multiplexes RTCP: by itself, or by the section
// that carries its transport (RFC 9143 §9.3).
func (d *description) mux(i int) bool {
	return d.sections[i].m.RTCPMux || d.sections[d.carrier[i]].m.RTCPMux
}

// checkMSIDs refuses a track that is in two sections: "multiple media
// descriptions with the same value for identifier and appdata are not permitted"
// (RFC 8830 section 2).
func checkMSIDs(d *description) error {
	var seen map[sdp.MSID]int
	for i, sec := range d.sections {
		if sec.m.Rejected() {
			continue
		}
		for _, id := range sec.m.MSIDs {
			if id.Track == "" {
				continue
			}
			if j, twice := seen[id]; twice && j != i {
				return domerr.New(domerr.Operation, "m-sections %d and %d have the same track %q in %q", j, i, id.Track, id.Stream)
			}
			if seen == nil {
				seen = make(map[sdp.MSID]int, len(d.sections))
			}
			seen[id] = i
		}
	}
	return nil
}

// checkContent is the "semantics verification" of RFC 9429 §5.8.3.
func (s *State) checkContent(d *description) error {
	seen := make(map[string]bool, len(d.sections))
	inGroup := make(map[string]bool, len(d.sections))
	for _, g := range d.session.Groups {
		if g.Semantics != "BUNDLE" {
			continue
		}
		for _, mid := range g.MIDs {
			if inGroup[mid] {
				// RFC 9143 §7.1: "an identification-tag in more than one BUNDLE group" is
				// not allowed.
				return invalid("the mid %q is in BUNDLE twice", mid)
			}
			inGroup[mid] = true
		}
	}
	if err := checkMSIDs(d); err != nil {
		return err
	}
	uses := map[int]*numberUse{}
	for i, sec := range d.sections {
		m := sec.m
		if m.MID != "" && seen[m.MID] {
			return invalid("two m-sections have the mid %q", m.MID)
		}
		seen[m.MID] = true
		if m.Rejected() || !m.RTP() && !m.SCTP() {
			continue
		}
		if m.BundleOnly && m.Port == 0 && !d.grouped[i] {
			return invalid("m-section %d is bundle-only and in no BUNDLE group", i)
		}
		if d.carrier[i] == i {
			if err := s.checkTransport(d, i); err != nil {
				return err
			}
		}
		if m.SCTP() {
			if _, ok := sctpPort(m); !ok {
				return invalid("m-section %d has no a=sctp-port", i)
			}
			continue
		}
		if err := s.checkRTP(d, i); err != nil {
			return err
		}
		if !d.grouped[i] {
			continue
		}
		use := uses[d.carrier[i]]
		if use == nil {
			use = &numberUse{extensions: map[uint16]string{}}
			uses[d.carrier[i]] = use
		}
		if err := use.add(m.formats); err != nil {
			return err
		}
	}
	return nil
}

// numberUse is what payload types and extension ids mean within a BUNDLE group.
type numberUse struct {
	formats    [128]*payloadKey
	extensions map[uint16]string
	last       *formats
}

// add refuses a number that has another meaning in f: "the identifier used for a
// given extension MUST identify the same extension across all the bundled media
// descriptions" (RFC 9143 §12), and likewise for payload types (§9.1).
func (u *numberUse) add(f *formats) error {
	if f == u.last {
		return nil
	}
	u.last = f
	for i := range f.keys {
		key, pt := &f.keys[i], f.codecs[i].PayloadType
		if *key == (payloadKey{}) {
			continue
		}
		if known := u.formats[pt]; known != nil && *known != *key {
			return invalid("payload type %d means different formats within one BUNDLE group", pt)
		}
		u.formats[pt] = key
	}
	for _, e := range f.extmaps {
		if e.ID > 255 {
			// No id, but a place to ask for one (RFC 8285 §6).
			continue
		}
		if known, taken := u.extensions[e.ID]; taken && known != e.URI {
			return invalid("extension id %d means %s and %s within one BUNDLE group", e.ID, known, e.URI)
		}
		u.extensions[e.ID] = e.URI
	}
	return nil
}

// checkTransport verifies the ICE and DTLS attributes of a section that carries
// them.
func (s *State) checkTransport(d *description, i int) error {
	t := d.transportOf(i)
	switch {
	// RFC 8839 §5.4 asks for 4 and 22 ice-chars at least; browsers take less, and
	// their test suite gives them less.
	case len(t.ICEUfrag) > 256 || !sdp.ValidICE(t.ICEUfrag):
		return invalid("m-section %d needs an a=ice-ufrag of up to 256 ICE characters", i)
	case len(t.ICEPwd) > 256 || !sdp.ValidICE(t.ICEPwd):
		return invalid("m-section %d needs an a=ice-pwd of up to 256 ICE characters", i)
	case len(t.Fingerprints) == 0:
		return invalid("m-section %d has no a=fingerprint, and DTLS is mandatory", i)
	case t.Setup == "holdconn", t.Setup == "actpass" && d.typ != Offer:
		return invalid("m-section %d: a=setup:%s has no place in this %s", i, t.Setup, d.typ)
	}
	return nil
}

func (s *State) checkRTP(d *description, i int) error {
	m := d.sections[i].m
	mux := d.mux(i)
	switch {
	case !mux && s.cfg.RTCPMux == RTCPMuxRequire:
		return invalid("m-section %d has no a=rtcp-mux, which the policy requires", i)
	case !mux && m.RTCPMuxOnly:
		return invalid("m-section %d has a=rtcp-mux-only without a=rtcp-mux", i)
	}
	for j := range m.Codecs {
		c := &m.Codecs[j]
		// RFC 5761 §4: these numbers look like RTCP packet types.
		if pt := c.PayloadType; mux && pt >= 64 && pt <= 95 {
			return invalid("m-section %d: payload type %d collides with RTCP", i, pt)
		}
	}
	if m.Simulcast != nil && d.typ == Offer {
		// In an answer a rid of no one is only a layer that is not taken; browsers
		// take such answers.
		for _, side := range []struct {
			streams [][]sdp.SimulcastStream
			send    bool
		}{{m.Simulcast.Send, true}, {m.Simulcast.Recv, false}} {
			if rid, ok := declared(m, side.streams, side.send); !ok {
				return invalid("m-section %d: a=simulcast names the rid %q, which has no a=rid of that direction", i, rid)
			}
		}
	}
	for j, e := range m.Extmaps {
		for _, o := range m.Extmaps[:j] {
			if o.ID == e.ID && o.URI != e.URI {
				return invalid("m-section %d: extension id %d means %s and %s", i, e.ID, o.URI, e.URI)
			}
		}
	}
	return nil
}

// declared checks that "all rid-ids referenced in an "a=simulcast" line … exist as
// "a=rid" lines" (RFC 9429 §5.8.3); it returns one that does not.
func declared(m *media, streams [][]sdp.SimulcastStream, send bool) (rid string, ok bool) {
	for _, alternatives := range streams {
		for _, a := range alternatives {
			if !slices.ContainsFunc(m.RIDs, func(r sdp.RID) bool { return r.ID == a.RID && r.Send == send }) {
				return a.RID, false
			}
		}
	}
	return "", true
}
