package jsep

import (
	"strings"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

const endOfCandidates = "a=end-of-candidates\r\n"

// AddRemoteCandidate is addIceCandidate (webrtc-pc 4.4.2), for candidates and
// for the end-of-candidates indication. Errors are TypeError, InvalidStateError
// and OperationError.
func (s *State) AddRemoteCandidate(c CandidateInit) (*State, error) {
	if c.Candidate != "" && c.SDPMid == nil && c.SDPMLineIndex == nil {
		return nil, domerr.New(domerr.Type, "a candidate needs sdpMid or sdpMLineIndex")
	}
	if s.closed {
		return nil, errClosed
	}
	d := s.remote()
	if d == nil {
		return nil, domerr.New(domerr.InvalidState, "there is no remote description yet")
	}
	indexes, err := s.candidateSections(d, c)
	if err != nil {
		return nil, err
	}
	value := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(c.Candidate), "a="), "candidate:")
	ufrag := ""
	if c.UsernameFragment != nil {
		ufrag = *c.UsernameFragment
	}
	if c.Candidate != "" {
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, domerr.New(domerr.Operation, "a candidate is one line")
		}
		parsed, err := sdp.ParseCandidate(value)
		if err != nil {
			return nil, domerr.Wrap(err, domerr.Operation, "the candidate does not parse")
		}
		if ufrag == "" {
			ufrag = parsed.Ufrag
		}
	}
	n := s.fork()
	if used := n.addRemote(indexes, ufrag, value); !used && (len(indexes) > 0 || ufrag != "") {
		return nil, domerr.New(domerr.Operation, "no remote description has the user fragment %q there", ufrag)
	}
	n.finish()
	return &n, nil
}

// candidateSections finds the sections that a candidate is for: one, or for an
// end-of-candidates without mid and index all that are not rejected.
func (s *State) candidateSections(d *description, c CandidateInit) ([]int, error) {
	switch {
	case c.SDPMid != nil:
		if i, ok := d.mids[*c.SDPMid]; ok {
			return []int{i}, nil
		}
		for i, line := range s.linesOf(d) {
			// Peers without mid support have the mids that we gave them.
			if line.mid == *c.SDPMid && i < len(d.sections) && d.sections[i].m.MID == "" {
				return []int{i}, nil
			}
		}
		return nil, domerr.New(domerr.Operation, "the remote description has no mid %q", *c.SDPMid)
	case c.SDPMLineIndex != nil:
		if i := *c.SDPMLineIndex; i >= 0 && i < len(d.sections) {
			return []int{i}, nil
		}
		return nil, domerr.New(domerr.Operation, "the remote description has no m-section %d", *c.SDPMLineIndex)
	}
	var all []int
	for i, sec := range d.sections {
		if !sec.m.Rejected() {
			all = append(all, i)
		}
	}
	return all, nil
}

// linesOf are the lines that belong to a remote description: to the current one
// those of the stable state, whatever has been offered since.
func (s *State) linesOf(remote *description) []mline {
	if s.stable != nil && remote != s.pendingRemote {
		return s.stable.lines
	}
	return s.lines
}

// ufragOf is the user fragment in a section, which a bundled section may have
// for the case that it is not bundled, or that of the section it is bundled with.
func (d *description) ufragOf(i int) string {
	if own := d.session.TransportOf(d.sections[i].m.Media).ICEUfrag; own != "" {
		return own
	}
	return d.transportOf(i).ICEUfrag
}

// addRemote adds a candidate, or the end of candidates where value is "", to the
// transports of sections and to the descriptions of its generation. It reports
// false where there is no such generation: the user fragment "is not equal to any
// username fragment present in the corresponding media description of an applied
// remote description".
func (s *State) addRemote(indexes []int, ufrag, value string) (used bool) {
	line := endOfCandidates
	if value != "" {
		line = "a=candidate:" + value + "\r\n"
	}
	newest := s.remote()
	var pending, current []int
	for _, i := range indexes {
		if t := s.Transceiver(s.linesOf(newest)[i].transceiver); t != nil && t.stopped || newest.sections[i].m.Rejected() {
			// "… whose associated transceiver is stopped, return a promise resolved with
			// undefined." One that was rejected has left the set already.
			used = true
			continue
		}
		now := ufrag
		if now == "" {
			now = newest.ufragOf(i)
		}
		for _, of := range []struct {
			d    *description
			list *[]int
		}{{s.pendingRemote, &pending}, {s.currentRemote, &current}} {
			if !of.d.isOf(i, now) {
				continue
			}
			used, *of.list = true, append(*of.list, i)
			if t := s.findTransport(s.linesOf(of.d)[i].transport); t != nil {
				s.addToTransport(t, now, value)
			}
		}
	}
	s.pendingRemote = s.pendingRemote.trickle(pending, line)
	s.currentRemote = s.currentRemote.trickle(current, line)
	return used
}

// isOf reports whether a description has a section with a user fragment.
func (d *description) isOf(i int, ufrag string) bool {
	return d != nil && i < len(d.sections) && d.ufragOf(i) == ufrag
}

// addToTransport adds a remote candidate, or the end of them, to a generation.
// Those for a bundled section with credentials of its own belong to none.
func (s *State) addToTransport(old *transport, ufrag, value string) {
	t, changed := *old, false
	for _, g := range []**generation{&t.next, &t.current} {
		if *g == nil || (*g).Remote.Ufrag != ufrag {
			continue
		}
		switch {
		case value != "":
			*g, changed = (*g).withCandidates([]string{value}, false), true
		case !(*g).EndOfCandidates:
			*g, changed = (*g).withCandidates(nil, true), true
		}
	}
	if changed {
		s.putTransport(&t)
	}
}

// trickle adds a line to the text of sections, once, and not more than a generation
// would take.
func (d *description) trickle(indexes []int, line string) *description {
	if len(indexes) == 0 {
		return d
	}
	c := *d
	c.trickled = make(map[int]string, len(d.trickled)+len(indexes))
	for k, v := range d.trickled {
		c.trickled[k] = v
	}
	for _, i := range indexes {
		if line != endOfCandidates && strings.Count(c.trickled[i], "\n") >= maxCandidates {
			continue
		}
		if !strings.Contains(c.trickled[i], line) && !strings.Contains(d.sections[i].text, line) {
			c.trickled[i] += line
		}
	}
	return &c
}

// AddLocalCandidate adds a gathered candidate (an attribute value, with or
// without "candidate:") to the local descriptions of its generation, which ufrag
// names. A candidate of a transport or generation that is gone is ignored.
func (s *State) AddLocalCandidate(id TransportID, ufrag, candidate string) *State {
	candidate = strings.TrimPrefix(strings.TrimPrefix(candidate, "a="), "candidate:")
	return s.withLocal(id, ufrag, func(g *generation) {
		g.localCandidates = append(g.localCandidates[:len(g.localCandidates):len(g.localCandidates)], candidate)
	})
}

// EndOfLocalCandidates adds a=end-of-candidates likewise.
func (s *State) EndOfLocalCandidates(id TransportID, ufrag string) *State {
	return s.withLocal(id, ufrag, func(g *generation) { g.localEnd = true })
}

func (s *State) withLocal(id TransportID, ufrag string, change func(*generation)) *State {
	old := s.findTransport(id)
	if old == nil || s.closed {
		return s
	}
	t := *old
	for _, g := range []**generation{&t.next, &t.current} {
		if *g != nil && (*g).Local.Ufrag == ufrag {
			c := **g
			change(&c)
			*g = &c
			n := s.fork()
			n.gathered++
			n.putTransport(&t)
			return &n
		}
	}
	return s
}
