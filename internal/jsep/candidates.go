package jsep

import (
	"strings"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

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
	for _, i := range indexes {
		if t := s.Transceiver(s.lines[i].transceiver); t != nil && t.stopped {
			// "… whose associated transceiver is stopped, return a promise resolved with
			// undefined."
			continue
		}
		if err := n.addRemote(i, ufrag, value); err != nil {
			if c.SDPMid == nil && c.SDPMLineIndex == nil {
				continue
			}
			return nil, err
		}
	}
	n.finish()
	return &n, nil
}

// candidateSections finds the sections that a candidate is for: one, or for an
// end-of-candidates without mid and index all.
func (s *State) candidateSections(d *description, c CandidateInit) ([]int, error) {
	switch {
	case c.SDPMid != nil:
		for i := range s.lines {
			if s.lines[i].mid == *c.SDPMid && i < len(d.sections) {
				return []int{i}, nil
			}
		}
		return nil, domerr.New(domerr.Operation, "the remote description has no mid %q", *c.SDPMid)
	case c.SDPMLineIndex != nil:
		if i := *c.SDPMLineIndex; i >= 0 && i < len(d.sections) && i < len(s.lines) {
			return []int{i}, nil
		}
		return nil, domerr.New(domerr.Operation, "the remote description has no m-section %d", *c.SDPMLineIndex)
	}
	// A transport counts once, by the section that carries it.
	var all []int
	for i := range s.lines {
		if i < len(d.sections) && d.carrier[i] == i && !d.sections[i].m.Rejected() {
			all = append(all, i)
		}
	}
	return all, nil
}

// addRemote adds a candidate, or the end of candidates where value is "", to the
// transport of a section and to the descriptions of its generation.
func (s *State) addRemote(i int, ufrag, value string) error {
	now := ufrag
	if now == "" {
		now = s.remote().transportOf(i).ICEUfrag
	}
	found := false
	line := "a=end-of-candidates\r\n"
	if value != "" {
		line = "a=candidate:" + value + "\r\n"
	}
	for _, d := range []**description{&s.pendingRemote, &s.currentRemote} {
		if *d == nil || i >= len((*d).sections) || (*d).transportOf(i).ICEUfrag != now {
			continue
		}
		found = true
		*d = (*d).trickle(i, line)
	}
	if !found {
		return domerr.New(domerr.Operation, "no remote description has the user fragment %q in this m-section", now)
	}
	old := s.findTransport(s.lines[i].transport)
	if old == nil {
		return nil
	}
	t := *old
	for _, g := range []**generation{&t.next, &t.current} {
		if *g == nil || (*g).Remote.Ufrag != now {
			continue
		}
		if value == "" {
			*g = (*g).withCandidates(nil, true)
		} else {
			*g = (*g).withCandidates([]string{value}, false)
		}
	}
	s.putTransport(&t)
	return nil
}

// trickle adds a line to a section's text, once.
func (d *description) trickle(i int, line string) *description {
	if strings.Contains(d.trickled[i], line) || strings.Contains(d.sections[i].text, line) {
		return d
	}
	c := *d
	c.trickled = make(map[int]string, len(d.trickled)+1)
	for k, v := range d.trickled {
		c.trickled[k] = v
	}
	c.trickled[i] += line
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
