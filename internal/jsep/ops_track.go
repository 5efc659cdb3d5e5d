package jsep

import (
	"slices"

	"trackway/internal/domerr"
)

func (k Kind) slot() int {
	if k == Audio {
		return 0
	}
	return 1
}

func (t *Track) key() any {
	if t.Ref != nil {
		return t.Ref
	}
	return t.ID
}

// unique copies ids without repetitions: "add stream.id to
// [[AssociatedMediaStreamIds]] if it's not already there".
func unique(ids []string) []string {
	if len(ids) == 0 {
		return nil
	}
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// AddTrack is addTrack (webrtc-pc 5.1): it takes a sender that fits, or makes a
// transceiver. The track's kind must be audio or video; errors are
// InvalidStateError and InvalidAccessError.
func (s *State) AddTrack(track Track, streamIDs []string) (*State, TransceiverID, error) {
	if s.closed {
		return nil, 0, errClosed
	}
	if track.Kind != Audio && track.Kind != Video {
		return nil, 0, domerr.New(domerr.Type, "the kind of a track is audio or video, not %q", track.Kind)
	}
	// "If an RTCRtpSender for track already exists in senders, throw an
	// InvalidAccessError."
	if s.tracks.get(track.key(), s.bySenderTrack) != 0 {
		return nil, 0, domerr.New(domerr.InvalidAccess, "a sender of this connection already has track %q", track.ID)
	}
	n := *s
	slot := track.Kind.slot()
	i := s.firstFree[slot]
	for n.firstFree[slot] = s.transceivers.len(); i < s.transceivers.len(); i++ {
		old := s.transceivers.at(i)
		if !old.reusable(track.Kind) {
			continue
		}
		t := *old
		t.track, t.streamIDs, t.attached = &track, unique(streamIDs), true
		switch t.direction {
		case RecvOnly:
			t.direction = SendRecv
		case Inactive:
			t.direction = SendOnly
		}
		n.firstFree[slot] = i + 1
		n.transceivers = n.transceivers.set(i, &t)
		n.tracks = n.tracks.with(track.key(), t.id, n.bySenderTrack)
		return &n, t.id, nil
	}
	t := n.create(track.Kind, SendRecv)
	t.track, t.streamIDs, t.addTrack, t.attached = &track, unique(streamIDs), true, true
	n.firstFree[slot] = n.transceivers.len()
	n.tracks = n.tracks.with(track.key(), t.id, n.bySenderTrack)
	return &n, t.id, nil
}

// reusable holds addTrack's four criteria for taking an existing sender.
func (t *Transceiver) reusable(kind Kind) bool {
	return t.track == nil && t.kind == kind && !t.stopping && !t.everSent
}

// create adds a transceiver to a state that is being built.
func (s *State) create(kind Kind, direction Direction) *Transceiver {
	s.lastTransceiver++
	t := &Transceiver{
		id: s.lastTransceiver, kind: kind, direction: direction, index: -1,
		encodings: defaultEncodings[kind.slot()],
	}
	s.transceivers = s.transceivers.push(t)
	return t
}

// RemoveTrack is removeTrack (webrtc-pc 5.1) for the sender of a transceiver.
func (s *State) RemoveTrack(id TransceiverID) (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	old := s.Transceiver(id)
	// "If sender is not in senders (which indicates its transceiver was stopped or
	// removed …), then abort these steps."
	if old == nil {
		if id <= 0 || id > s.lastTransceiver {
			return nil, noTransceiver(id)
		}
		return s, nil
	}
	if old.stopping || old.track == nil {
		return s, nil
	}
	n := *s
	t := *old
	n.setTrack(&t, nil)
	switch t.direction {
	case SendRecv:
		t.direction = RecvOnly
	case SendOnly:
		t.direction = Inactive
	}
	n.put(&t)
	return &n, nil
}

// setTrack changes a sender's track and keeps the index and hints right.
func (s *State) setTrack(t *Transceiver, track *Track) {
	s.forgetTrack(t)
	t.track = track
	if track != nil {
		s.tracks = s.tracks.with(track.key(), t.id, s.bySenderTrack)
		return
	}
	if i := s.position(t.id); i >= 0 {
		slot := t.kind.slot()
		s.firstFree[slot] = min(s.firstFree[slot], i)
	}
}

// forgetTrack takes t's track out of the index, unless another sender has it as
// well, which addTransceiver and replaceTrack permit.
func (s *State) forgetTrack(t *Transceiver) {
	if t.track == nil || s.tracks.get(t.track.key(), s.bySenderTrack) != t.id {
		return
	}
	key, other := t.track.key(), TransceiverID(0)
	for k, id := range s.bySenderTrack {
		if k == key && id != t.id {
			other = id
		}
	}
	s.tracks = s.tracks.with(key, other, s.bySenderTrack)
}

// forgetName takes t's part of an msid out of the index, unless another sender
// has it by now.
func (s *State) forgetName(t *Transceiver) {
	if t.msidTrack != "" && s.names.get(t.msidTrack, s.byName) == t.id {
		s.names = s.names.with(t.msidTrack, 0, s.byName)
	}
}

// ReplaceTrack is the state's part of replaceTrack (webrtc-pc 5.2): the sender's
// track becomes track, or none where it is nil. Direction and streams stay.
func (s *State) ReplaceTrack(id TransceiverID, track *Track) (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	old := s.Transceiver(id)
	if old == nil {
		return nil, domerr.New(domerr.InvalidState, "the transceiver is stopped")
	}
	if track != nil && track.Kind != old.kind {
		return nil, domerr.New(domerr.Type, "an %s sender cannot send an %s track", old.kind, track.Kind)
	}
	if old.stopping {
		return nil, domerr.New(domerr.InvalidState, "the transceiver is stopped")
	}
	n := *s
	t := *old
	if track != nil {
		c := *track
		track = &c
	}
	n.setTrack(&t, track)
	n.put(&t)
	return &n, nil
}

// SetStreams is setStreams (webrtc-pc 5.2).
func (s *State) SetStreams(id TransceiverID, streamIDs []string) (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	old := s.Transceiver(id)
	if old == nil {
		return s, nil
	}
	t := *old
	t.streamIDs = unique(streamIDs)
	return s.with(&t), nil
}

// with is the state with one transceiver replaced.
func (s *State) with(t *Transceiver) *State {
	n := *s
	n.put(t)
	return &n
}
