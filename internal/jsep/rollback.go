package jsep

import "trackway/internal/domerr"

// Rollback is setLocalDescription or setRemoteDescription with type rollback
// (webrtc-pc 4.4.1.5, RFC 9429 §5.7). It restores the snapshot of the stable
// state, except for what is not negotiated: tracks, streams, directions,
// preferences, transceivers that were added since, and those that a remote offer
// made and addTrack has used since. An InvalidStateError where there is nothing to
// roll back, or where it is a pranswer.
func (s *State) Rollback() (*State, []Event, error) {
	if s.closed {
		return nil, nil, errClosed
	}
	if s.signaling != HaveLocalOffer && s.signaling != HaveRemoteOffer {
		return nil, nil, domerr.New(domerr.InvalidState, "there is nothing to roll back in the state %s", s.signaling)
	}
	old := s.stable
	n := s.fork()
	var ev events
	n.pendingLocal, n.pendingRemote = nil, nil
	n.lines, n.offered, n.stable = old.lines, nil, nil
	n.transports, n.data = old.keepingCandidates(s), old.data
	n.iceChanged = s.iceChanged || old.iceChanged
	remote := s.signaling == HaveRemoteOffer
	n.setSignaling(&ev, Stable)
	for _, t := range s.transceivers.all() {
		u := *t
		before := old.Transceiver(t.id)
		if before == nil || before.index < 0 {
			// "If transceiver was not associated with a media description prior to
			// pendingDescription being set, disassociate it and set both [[JsepMid]] and
			// [[Mid]] to null."
			u.mid, u.jsepMid, u.index = "", "", -1
			u.media = nil
		} else {
			u.mid, u.jsepMid, u.index = before.mid, before.jsepMid, before.index
		}
		var streams []string
		if before != nil {
			u.transport = before.transport
			u.recvCodecs, u.recvFrom = before.recvCodecs, before.recvFrom
			u.receptive = before.receptive
			streams = before.streams
			if len(before.encodings) == 1 && before.encodings[0].RID == "" && u.encodings[0].RID != "" {
				u.encodings = before.encodings
			}
		} else {
			u.transport, u.recvCodecs, u.recvFrom, u.receptive = 0, nil, codecSource{}, false
			if u.encodings[0].RID != "" && u.remote {
				u.encodings = defaultEncodings[u.kind.slot()]
			}
		}
		if remote && !u.stopped {
			// A currentDirection of null receives nothing.
			direction := u.current
			if direction == "" {
				direction = Inactive
			}
			n.processRemoteTracks(&u, direction, streams, &ev)
			u.fired = u.current
		}
		if u.remote && u.attached {
			// "an RtpTransceiver MUST NOT be removed if a track was attached to the
			// RtpTransceiver via the addTrack method"; from now on it is one of addTrack.
			u.remote, u.addTrack = false, true
		}
		n.put(&u)
	}
	some := false
	for _, t := range n.transceivers.all() {
		if t.remote && !t.stopping {
			ev.stopped(t.id)
		}
		some = some || t.remote
	}
	if some {
		n.remove(func(t *Transceiver) bool { return t.remote }, &ev)
	}
	n.lines = old.lines
	n.finish()
	return &n, ev.list(), nil
}

// keepingCandidates gives s's transports with the candidates that became known
// since, in the state later.
func (s *State) keepingCandidates(later *State) []*transport {
	var out []*transport
	for _, t := range s.transports {
		if l := later.findTransport(t.id); l != nil && l.current != nil && t.current != nil && l.current.Number == t.current.Number {
			c := *t
			c.current = l.current
			t = &c
		}
		out = append(out, t)
	}
	return out
}
