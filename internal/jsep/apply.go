package jsep

import (
	"slices"

	"trackway/internal/sdp"
)

// codecSource says which sections a list of codecs was read from.
type codecSource struct {
	m, other *media
}

// eventGroup is one of the lists of "set a session description".
type eventGroup []Event

// events collects the events of one description in the groups whose order the
// algorithm prescribes.
type events struct {
	created, stopping, gone eventGroup
	signaling               eventGroup
	muted, removed, added   eventGroup
	tracks                  eventGroup
}

func (e *events) stopped(id TransceiverID) {
	e.stopping = append(e.stopping, TransceiverStopped{id})
}

// list gives the events in the order in which webrtc-pc fires them.
func (e *events) list() []Event {
	var out []Event
	for _, group := range []eventGroup{e.created, e.stopping, e.signaling, e.muted, e.removed, e.added, e.tracks, e.gone} {
		out = append(out, group...)
	}
	return out
}

// setSignaling changes the signalling state: "if
// connection.[[SignalingState]] changed above, fire signalingstatechange".
func (s *State) setSignaling(e *events, state SignalingState) {
	if s.signaling != state {
		s.signaling = state
		e.signaling = append(e.signaling, SignalingStateChanged{state})
	}
}

// update replaces a transceiver where something differs. Transceivers hold
// slices, so the comparison is by parts that applying a description may change.
func (s *State) update(old, t *Transceiver) {
	if old.mid == t.mid && old.jsepMid == t.jsepMid && old.index == t.index && old.transport == t.transport &&
		old.receptive == t.receptive && old.recvFrom == t.recvFrom && old.sendFrom == t.sendFrom &&
		old.current == t.current && old.fired == t.fired && old.everSent == t.everSent &&
		old.stopped == t.stopped && old.stopping == t.stopping && old.remote == t.remote &&
		identify(old.encodings) == identify(t.encodings) && slices.Equal(old.streams, t.streams) {
		return
	}
	s.put(t)
}

// setStreams is "set the associated remote streams".
func (s *State) setStreams(t *Transceiver, msids []string, add, remove *eventGroup) (added bool) {
	for _, id := range t.streams {
		if !slices.Contains(msids, id) {
			*remove = append(*remove, StreamTrackRemoved{id, t.id})
		}
	}
	for _, id := range msids {
		if !slices.Contains(t.streams, id) {
			*add = append(*add, StreamTrackAdded{id, t.id})
			added = true
		}
	}
	t.streams = msids
	return added
}

// processRemoteTracks is "process remote tracks" (webrtc-pc 5.1.1).
func (s *State) processRemoteTracks(t *Transceiver, direction Direction, msids []string, e *events) {
	added := s.setStreams(t, msids, &e.added, &e.removed)
	receives := direction == SendRecv || direction == RecvOnly
	fired := t.fired == SendRecv || t.fired == RecvOnly
	if receives && !fired || added {
		e.tracks = append(e.tracks, TrackAdded{t.id, slices.Clone(msids)})
	}
	if direction == SendOnly || direction == Inactive {
		t.receptive = false
		if fired {
			e.muted = append(e.muted, TrackMuted{t.id})
		}
	}
	t.fired = direction
}

// stopped is "stop the RTCRtpTransceiver" for one that a description rejects. Its
// sender is no longer among those that addTrack looks at (CollectSenders).
func (s *State) stopped(t *Transceiver, e *events) {
	if t.stop() {
		e.stopped(t.id)
	}
	s.forgetTrack(t)
}

// complete does what only a final answer does: rejected transceivers leave the
// set and what belonged to the exchange is forgotten.
func (s *State) complete(e *events) {
	s.stable, s.offered = nil, nil
	leaves := func(t *Transceiver) bool {
		if t.stopped {
			return t.index >= 0 && s.rejectedAt(t.index)
		}
		// A transceiver that was stopped before any description named it has nothing
		// to negotiate. The specification would have it ask for negotiation for
		// ever; it becomes stopped with the next completed exchange instead.
		return t.stopping && t.index < 0
	}
	some := false
	for _, t := range s.transceivers.all() {
		if c := *t; c.settle() {
			s.put(&c)
			t = &c
		}
		some = some || leaves(t)
	}
	if some {
		s.remove(leaves, e)
	}
}

// settle ends the exchange for one transceiver: what the remote offer made is
// there to stay, and "if encoding.codec does not match any entry in codecs … remove
// encoding.codec" (webrtc-pc 4.4.1.5). It reports whether something changed.
func (t *Transceiver) settle() (changed bool) {
	changed, t.remote = t.remote, false
	if len(t.sendCodecs) == 0 {
		return changed
	}
	for i, e := range t.encodings {
		if e.Codec == nil || slices.ContainsFunc(t.sendCodecs, func(c MediaCodec) bool { return CodecMatch(c.Codec, *e.Codec, true) }) {
			continue
		}
		t.encodings = slices.Clone(t.encodings)
		t.encodings[i].Codec = nil
		changed = true
	}
	return changed
}

// remove takes transceivers out of the set.
func (s *State) remove(leaves func(*Transceiver) bool, e *events) {
	gone := map[TransceiverID]bool{}
	var left []*Transceiver
	for _, t := range s.transceivers.all() {
		if !leaves(t) {
			continue
		}
		gone[t.id] = true
		left = append(left, t)
		c := *t
		if !c.stopped {
			c.stop()
		}
		c.mid, c.jsepMid, c.index, c.media, c.memo = "", "", -1, nil, nil
		e.gone = append(e.gone, TransceiverRemoved{&c})
	}
	s.transceivers = s.transceivers.keep(func(t *Transceiver) bool { return !gone[t.id] })
	for _, t := range left {
		s.forgetTrack(t)
		s.forgetName(t)
	}
	s.firstFree = [2]int{}
	lines := slices.Clone(s.lines)
	for i := range lines {
		if gone[lines[i].transceiver] {
			lines[i].transceiver, lines[i].transport = 0, 0
		}
	}
	s.lines = lines
}

// finish derives what is a function of the state.
func (s *State) finish() {
	lines := s.lines
	if s.signaling != Stable {
		// Transports of the last stable state and of our offer stay until the final
		// answer: what media goes over until then, and what another pranswer or the
		// answer may want. A rollback has its own from the stable state.
		lines = append(slices.Clone(s.lines), s.offered...)
		if s.stable != nil {
			lines = append(lines, s.stable.lines...)
		}
	}
	s.refreshTransports(s.lines, lines)
	s.refreshMedia()
}

// associate sets what DTLS needs from the remote attributes. The role of an
// association stays. RFC 8842 §3.1 would have another role mean another
// association; but a Firefox that answers an offer with an ICE restart says
// "active" whatever it is, and goes on with the association that there is.
func (t *transport) associate(remote *sdp.Transport, client bool) {
	switch {
	case !t.associated:
		t.client = client
	case t.newAssociation(remote):
		t.client = client
		t.dtlsGeneration++
	}
	t.associated = true
	t.fingerprints, t.remoteTLSID = remote.Fingerprints, remote.TLSID
	t.offered = nil
}
