package webrtc

// handlers are the event-handler attributes of a PeerConnection. The
// connection's lock guards them; they are called without it.
type handlers struct {
	negotiationNeeded        func()
	iceCandidate             func(PeerConnectionICEEvent)
	iceCandidateError        func(PeerConnectionICEErrorEvent)
	signalingStateChange     func()
	iceConnectionStateChange func()
	iceGatheringStateChange  func()
	connectionStateChange    func()
	track                    func(TrackEvent)
	dataChannel              func(DataChannelEvent)
}

// setHandler stores an event handler under the connection's lock.
func setHandler[F any](pc *PeerConnection, slot *F, f F) {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	*slot = f
}

// OnNegotiationNeeded sets the handler of negotiationneeded: it is time to make
// an offer. It fires once for a batch of changes, never while an operation is
// under way or the signalling state is not stable.
func (pc *PeerConnection) OnNegotiationNeeded(f func()) {
	setHandler(pc, &pc.on.negotiationNeeded, f)
}

// OnICECandidate sets the handler of icecandidate: a candidate is to be sent to
// the other peer.
func (pc *PeerConnection) OnICECandidate(f func(PeerConnectionICEEvent)) {
	setHandler(pc, &pc.on.iceCandidate, f)
}

// OnICECandidateError sets the handler of icecandidateerror: a STUN or TURN
// server failed.
func (pc *PeerConnection) OnICECandidateError(f func(PeerConnectionICEErrorEvent)) {
	setHandler(pc, &pc.on.iceCandidateError, f)
}

// OnSignalingStateChange sets the handler of signalingstatechange.
func (pc *PeerConnection) OnSignalingStateChange(f func()) {
	setHandler(pc, &pc.on.signalingStateChange, f)
}

// OnICEConnectionStateChange sets the handler of iceconnectionstatechange.
func (pc *PeerConnection) OnICEConnectionStateChange(f func()) {
	setHandler(pc, &pc.on.iceConnectionStateChange, f)
}

// OnICEGatheringStateChange sets the handler of icegatheringstatechange.
func (pc *PeerConnection) OnICEGatheringStateChange(f func()) {
	setHandler(pc, &pc.on.iceGatheringStateChange, f)
}

// OnConnectionStateChange sets the handler of connectionstatechange.
func (pc *PeerConnection) OnConnectionStateChange(f func()) {
	setHandler(pc, &pc.on.connectionStateChange, f)
}

// OnTrack sets the handler of track: the other peer sends, or may send, media.
func (pc *PeerConnection) OnTrack(f func(TrackEvent)) {
	setHandler(pc, &pc.on.track, f)
}

// OnDataChannel sets the handler of datachannel: the other peer opened a
// channel.
func (pc *PeerConnection) OnDataChannel(f func(DataChannelEvent)) {
	setHandler(pc, &pc.on.dataChannel, f)
}
