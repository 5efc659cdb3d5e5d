package jsep

import (
	"slices"

	"trackway/internal/sdp"
)

// NegotiationNeeded is "check if negotiation is needed" (webrtc-pc 4.7.3). The
// caller asks only in the stable state.
func (s *State) NegotiationNeeded() bool {
	if s.closed {
		return false
	}
	// "If any implementation-specific negotiation is required": changed ICE servers
	// take effect with a restart.
	if s.iceChanged || len(s.iceToReplace) > 0 {
		return true
	}
	d := s.currentLocal
	if s.wantData && !hasData(d) {
		return true
	}
	for _, t := range s.transceivers.all() {
		if s.transceiverNeeds(t, d) {
			return true
		}
	}
	return false
}

func hasData(d *description) bool {
	return d != nil && slices.ContainsFunc(d.sections, func(s *section) bool { return s.m.SCTP() })
}

// transceiverNeeds is the part of the check that concerns one transceiver.
func (s *State) transceiverNeeds(t *Transceiver, d *description) bool {
	if t.stopping && !t.stopped {
		return true
	}
	m := d.mediaAt(t.index)
	if m != nil && m.MID != t.mid && m.MID != "" {
		m = nil
	}
	if t.stopped {
		// "associated with an m= section, but the associated m= section is not yet
		// rejected in [[CurrentLocalDescription]] or [[CurrentRemoteDescription]]"
		return m != nil && !s.rejectedAt(t.index)
	}
	if m == nil {
		return true
	}
	if t.direction == SendRecv || t.direction == SendOnly {
		if !sameMSIDs(m.MSIDs, t.streamIDs) {
			return true
		}
	}
	local := Direction(d.session.DirectionOf(m.Media))
	remote := s.currentRemote
	other := remote.mediaAt(t.index)
	if other == nil {
		return true
	}
	theirs := reverse(Direction(remote.session.DirectionOf(other.Media)))
	if d.typ == Offer {
		return local != t.direction && theirs != t.direction
	}
	// "the direction … does not match transceiver.[[Direction]] intersected with the
	// offered direction"
	return local != intersect(t.direction, theirs)
}

// sameMSIDs compares the a=msid lines with the sender's streams, as sets.
func sameMSIDs(lines []sdp.MSID, streams []string) bool {
	if len(streams) == 0 {
		return len(lines) == 1 && lines[0].Stream == "-"
	}
	if len(lines) != len(streams) {
		return false
	}
	for _, l := range lines {
		if !slices.Contains(streams, l.Stream) {
			return false
		}
	}
	return true
}
