package webrtc

import (
	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

// GetSenders is getSenders: of all transceivers that are not stopped, in the
// order in which they were added.
func (pc *PeerConnection) GetSenders() []*RTPSender {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	var out []*RTPSender
	for _, slots := range pc.state.Transceivers() {
		if !slots.Stopped() {
			out = append(out, pc.transceivers[slots.ID()].sender)
		}
	}
	return out
}

// GetReceivers is getReceivers; see GetSenders.
func (pc *PeerConnection) GetReceivers() []*RTPReceiver {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	var out []*RTPReceiver
	for _, slots := range pc.state.Transceivers() {
		if !slots.Stopped() {
			out = append(out, pc.transceivers[slots.ID()].receiver)
		}
	}
	return out
}

// GetTransceivers is getTransceivers, in the order in which they were added.
func (pc *PeerConnection) GetTransceivers() []*RTPTransceiver {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	list := pc.state.Transceivers()
	out := make([]*RTPTransceiver, len(list))
	for i, slots := range list {
		out[i] = pc.transceivers[slots.ID()]
	}
	return out
}

// AddTrack is addTrack: track is to be sent to the other peer, who gets it in
// streams, which need not contain it here. It takes a sender that has no track,
// fits the kind and was never used to send, and makes a new transceiver
// otherwise. negotiationneeded fires afterwards.
//
// InvalidAccessError when a sender of the connection has the track already,
// InvalidStateError when the connection is closed.
func (pc *PeerConnection) AddTrack(track *media.Track, streams ...*media.Stream) (*RTPSender, error) {
	if track == nil {
		return nil, domerr.New(domerr.Type, "AddTrack: the track is nil")
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return nil, closedError("AddTrack")
	}
	state, id, err := pc.state.AddTrack(*jsepTrack(track), streamIDs(streams))
	if err != nil {
		return nil, err
	}
	pc.state = state
	t := pc.transceivers[id]
	isNew := t == nil
	if isNew {
		t = pc.makeTransceiverLocked(id)
	}
	t.sender.setTrackLocked(track)
	// A transceiver without an m-section needs negotiation, so that where this is
	// known already there is nothing to update.
	if !isNew || !pc.negotiationNeeded {
		pc.updateNegotiationNeededLocked()
	}
	return t.sender, nil
}

// RemoveTrack is removeTrack: sender sends no more, and its transceiver's
// direction loses "send". InvalidAccessError when sender belongs to another
// connection, InvalidStateError when this one is closed.
func (pc *PeerConnection) RemoveTrack(sender *RTPSender) error {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("RemoveTrack")
	}
	if sender == nil {
		return domerr.New(domerr.Type, "RemoveTrack: the sender is nil")
	}
	if sender.pc != pc {
		return domerr.New(domerr.InvalidAccess, "RemoveTrack: the sender belongs to another connection")
	}
	state, err := pc.state.RemoveTrack(sender.transceiver.id)
	if err != nil {
		return err
	}
	if state == pc.state {
		return nil
	}
	pc.state = state
	sender.setTrackLocked(nil)
	pc.updateNegotiationNeededLocked()
	return nil
}

// AddTransceiver is addTransceiver with a track: a new transceiver, also where
// AddTrack would have taken one that exists. init may be nil. TypeError,
// RangeError and InvalidAccessError for encodings that are not acceptable,
// InvalidStateError when the connection is closed.
func (pc *PeerConnection) AddTransceiver(track *media.Track, init *RTPTransceiverInit) (*RTPTransceiver, error) {
	if track == nil {
		return nil, domerr.New(domerr.Type, "AddTransceiver: the track is nil; AddTransceiverKind needs none")
	}
	return pc.addTransceiver(track, track.Kind(), init)
}

// AddTransceiverKind is addTransceiver with a kind: a new transceiver whose
// sender has no track yet. TypeError for a kind that is neither audio nor video;
// else see AddTransceiver.
func (pc *PeerConnection) AddTransceiverKind(kind media.Kind, init *RTPTransceiverInit) (*RTPTransceiver, error) {
	return pc.addTransceiver(nil, kind, init)
}

func (pc *PeerConnection) addTransceiver(track *media.Track, kind media.Kind, init *RTPTransceiverInit) (*RTPTransceiver, error) {
	j := jsep.TransceiverInit{Kind: jsep.Kind(kind), Track: jsepTrack(track)}
	if init != nil {
		j.Direction = jsep.Direction(init.Direction)
		j.StreamIDs = streamIDs(init.Streams)
		if err := validateScalabilityModes(init.SendEncodings); err != nil {
			return nil, err
		}
		j.Encodings = toJSEPEncodings(init.SendEncodings)
		j.ReceiveRIDs = init.ReceiveRIDs
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	state, id, err := pc.state.AddTransceiver(j)
	if err != nil {
		return nil, err
	}
	pc.state = state
	t := pc.makeTransceiverLocked(id)
	t.sender.media.setEncodings(t.slots().Encodings())
	if track != nil {
		t.sender.setTrackLocked(track)
	}
	pc.updateNegotiationNeededLocked()
	return t, nil
}

// makeTransceiverLocked makes the objects of a transceiver of the state.
func (pc *PeerConnection) makeTransceiverLocked(id jsep.TransceiverID) *RTPTransceiver {
	slots := pc.state.Transceiver(id)
	// Nobody holds one of them for longer than the others: one allocation.
	all := &struct {
		transceiver RTPTransceiver
		sender      RTPSender
		receiver    RTPReceiver
	}{}
	t := &all.transceiver
	t.pc, t.id, t.kind = pc, id, media.Kind(slots.Kind())
	t.sender, t.receiver = &all.sender, &all.receiver
	t.sender.pc, t.sender.transceiver = pc, t
	t.receiver.pc, t.receiver.transceiver = pc, t
	if t.kind == media.Audio {
		t.sender.dtmf = &DTMFSender{sender: t.sender}
	}
	pc.transceivers[id] = t
	return t
}

// updateLocked takes the next state of an operation that needs negotiation.
func (pc *PeerConnection) updateLocked(state *jsep.State, err error) error {
	if err != nil {
		return err
	}
	if state != pc.state {
		pc.state = state
		pc.updateNegotiationNeededLocked()
	}
	return nil
}

// adoptLocked takes the next state of an operation that does not.
func (pc *PeerConnection) adoptLocked(state *jsep.State) { pc.state = state }

// completeLocked makes the objects of transceivers that the state has and
// addTrack did not make: those of remote offers, and of offerToReceiveAudio and
// offerToReceiveVideo.
func (pc *PeerConnection) completeLocked() {
	for _, slots := range pc.state.Transceivers() {
		if pc.transceivers[slots.ID()] == nil {
			pc.makeTransceiverLocked(slots.ID())
		}
	}
}

// jsepTrack is a track as negotiation knows it.
func jsepTrack(track *media.Track) *jsep.Track {
	if track == nil {
		return nil
	}
	return &jsep.Track{Ref: track, ID: track.ID(), Kind: jsep.Kind(track.Kind())}
}

func streamIDs(streams []*media.Stream) []string {
	if len(streams) == 0 {
		return nil
	}
	out := make([]string, 0, len(streams))
	for _, s := range streams {
		if s != nil {
			out = append(out, s.ID())
		}
	}
	return out
}
