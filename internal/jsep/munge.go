package jsep

import (
	"slices"
	"strings"

	"trackway/internal/sdp"
)

// munged is the last created offer with the changes that a program made to its
// text, or nil. The one change that is taken is that known header extensions,
// which are not offered by default, were added to m-sections: scripts from before
// setHeaderExtensionsToNegotiate do that, and browsers let them.
func (s *State) munged(text string) (*State, *created) {
	c := s.lastOffer
	head, parts := sdp.Split(text)
	if head != c.description.head || len(parts) != len(c.description.sections) {
		return nil, nil
	}
	n := s.fork()
	d := &description{typ: Offer, head: head, session: c.description.session}
	session := *c.description.session
	d.session = &session
	for i, part := range parts {
		old := c.description.sections[i]
		if part == old.text {
			d.sections = append(d.sections, old)
			continue
		}
		added, ok := strings.CutPrefix(part, old.text)
		if !ok || old.m.Rejected() {
			return nil, nil
		}
		m, err := sdp.ParseMedia(strings.Clone(part), 0)
		if err != nil || !n.adds(old.m, m, added) {
			return nil, nil
		}
		n.extensions = n.extensions.learn(m.Extmaps, false)
		d.sections = append(d.sections, &section{text: strings.Clone(part), m: s.cfg.Capabilities.common.section(m), key: old.key})
	}
	d.join()
	next := *c
	next.description = d
	n.lastOffer = &next
	return &n, &next
}

// adds reports whether a section has nothing new but lines of known extensions
// under ids that mean nothing else.
func (s *State) adds(old *media, m *sdp.Media, added string) bool {
	more := m.Extmaps[min(len(m.Extmaps), len(old.Extmaps)):]
	if strings.Count(added, "\n") != len(more) || strings.Count(added, "\na=extmap:") != len(more)-1 || !strings.HasPrefix(added, "a=extmap:") {
		return false
	}
	kind := Kind(m.Kind)
	if kind != Audio && kind != Video {
		return false
	}
	known := s.cfg.Capabilities.kinds[kind.slot()].extensions
	for i, e := range more {
		used := func(o sdp.Extmap) bool { return o.ID == e.ID || o.URI == e.URI }
		if e.ID == 0 || e.ID > 255 || e.ID == 15 || !s.extensions.means(e.ID, e.URI) ||
			!slices.ContainsFunc(known, func(c HeaderExtensionCapability) bool { return c.URI == e.URI }) ||
			slices.ContainsFunc(old.Extmaps, used) || slices.ContainsFunc(more[:i], used) {
			return false
		}
	}
	return true
}
