package webrtc

import (
	"slices"

	"trackway/internal/jsep"
	"trackway/internal/transport"
	"trackway/media"
)

// remoteStreams are the MediaStreams that remote descriptions named, by id.
type remoteStreams map[string]*media.Stream

// commitLocked is the task in which a description has been applied: the state
// changes as a whole, transports and media follow it, and the events of the
// change are returned in the specified order (webrtc-pc 4.4.1.5).
func (pc *PeerConnection) commitLocked(state *jsep.State, happened []jsep.Event, err error) (events, error) {
	if err != nil {
		return nil, descriptionError(err)
	}
	old := pc.state
	pc.state = state
	pc.completeLocked()
	fire := pc.translateLocked(happened)
	pc.applyEffectsLocked()
	if state.CurrentLocalDescription() != nil {
		// "If the description is of type answer and there are still remaining
		// candidates in the ICE candidate pool, discard them" (RFC 9429 5.11).
		pc.pool.Configure(0, nil, transport.PolicyAll)
	}
	pc.forgetParametersLocked(old)
	if state.SignalingState() == jsep.Stable {
		// "If connection.[[SignalingState]] is now stable … clear the
		// negotiation-needed flag and update the negotiation-needed flag."
		pc.negotiationNeeded = false
		pc.updateNegotiationNeededLocked()
	}
	return fire, nil
}

// forgetParametersLocked sets [[LastReturnedParameters]] to null where what
// getParameters returns has changed.
func (pc *PeerConnection) forgetParametersLocked(old *jsep.State) {
	for _, t := range pc.transceivers {
		if t.sender.lastReturned == nil {
			continue
		}
		before, after := old.Transceiver(t.id), t.slots()
		if before == nil || before.NegotiatedMedia() != after.NegotiatedMedia() ||
			!slices.EqualFunc(before.Encodings(), after.Encodings(), func(a, b jsep.Encoding) bool { return a.RID == b.RID }) {
			t.sender.lastReturned = nil
		}
	}
}

// translateLocked makes objects for what the events name, and calls of the
// events.
func (pc *PeerConnection) translateLocked(happened []jsep.Event) events {
	var fire events
	for _, e := range happened {
		switch e := e.(type) {
		case jsep.SignalingStateChanged:
			fire.add(pc, &pc.on.signalingStateChange)
		case jsep.TrackMuted:
			if t := pc.transceivers[e.ID]; t != nil {
				t.receiver.trackLocked()
				source := t.receiver.source
				fire = append(fire, func() { media.SetMutedNow(source, true) })
			}
		case jsep.StreamTrackAdded:
			if t, s := pc.transceivers[e.ID], pc.streamLocked(e.StreamID); t != nil {
				track := t.receiver.trackLocked()
				fire = append(fire, func() { media.AddRemoteTrack(s, track) })
			}
		case jsep.StreamTrackRemoved:
			if t, s := pc.transceivers[e.ID], pc.streamLocked(e.StreamID); t != nil {
				track := t.receiver.trackLocked()
				fire = append(fire, func() { media.RemoveRemoteTrack(s, track) })
			}
		case jsep.TrackAdded:
			pc.trackEventLocked(&fire, e)
		case jsep.TransceiverStopped:
			pc.endReceiversLocked([]jsep.Event{e})
		case jsep.TransceiverRemoved:
			pc.removeTransceiverLocked(e.Transceiver)
		}
	}
	return fire
}

func (pc *PeerConnection) trackEventLocked(fire *events, e jsep.TrackAdded) {
	t := pc.transceivers[e.ID]
	if t == nil {
		return
	}
	event := TrackEvent{Receiver: t.receiver, Track: t.receiver.trackLocked(), Transceiver: t, Streams: []*media.Stream{}}
	for _, id := range e.StreamIDs {
		event.Streams = append(event.Streams, pc.streamLocked(id))
	}
	addEvent(fire, pc, &pc.on.track, event)
}

// streamLocked finds or makes the remote stream of an id: "unless a MediaStream
// object has previously been created with that id for this connection, create
// one".
func (pc *PeerConnection) streamLocked(id string) *media.Stream {
	s := pc.streams[id]
	if s == nil {
		s = media.NewStreamWithID(id)
		if pc.streams == nil {
			pc.streams = remoteStreams{}
		}
		pc.streams[id] = s
	}
	return s
}

// endReceiversLocked ends the tracks of transceivers that were stopped, in a
// task of its own.
func (pc *PeerConnection) endReceiversLocked(happened []jsep.Event) {
	for _, e := range happened {
		stopped, ok := e.(jsep.TransceiverStopped)
		if !ok {
			continue
		}
		if t := pc.transceivers[stopped.ID]; t != nil {
			t.receiver.endLocked()
			if source := t.receiver.source; source != nil {
				pc.queueTask(func() { media.EndNow(source) })
			}
		}
	}
}

// removeTransceiverLocked keeps a transceiver's last value for programs that
// still hold it.
func (pc *PeerConnection) removeTransceiverLocked(last *jsep.Transceiver) {
	t := pc.transceivers[last.ID()]
	if t == nil {
		return
	}
	t.last = last
	t.sender.media.setTrack(nil)
	t.receiver.endLocked()
	delete(pc.transceivers, last.ID())
}

// applyEffectsLocked has transports, media and data follow the state.
func (pc *PeerConnection) applyEffectsLocked() {
	pc.applyTransportsLocked()
	for _, slots := range pc.state.Transceivers() {
		// A remote offer sets neither [[SenderTransport]] nor
		// [[ReceiverTransport]]: only local descriptions and answers do.
		if pc.state.SignalingState() == jsep.HaveRemoteOffer {
			break
		}
		t := pc.transceivers[slots.ID()]
		var d *DTLSTransport
		if b := pc.transports.byID[slots.Transport()]; b != nil {
			d = b.dtls
		}
		t.sender.transport, t.receiver.transport = d, d
	}
	list := pc.state.Media()
	for _, m := range list {
		if t := pc.transceivers[m.Transceiver]; t != nil {
			t.receiver.trackLocked()
		}
	}
	pc.media.apply(list, pc.transports.of)
	pc.applyDataLocked()
}

// mediaConfigLocked is what was negotiated for a transceiver, or nil.
func (pc *PeerConnection) mediaConfigLocked(id jsep.TransceiverID) *jsep.MediaConfig {
	if t := pc.state.Transceiver(id); t != nil {
		return t.NegotiatedMedia()
	}
	return nil
}
