package webrtc

import "trackway/internal/jsep"

// descriptionCache keeps a description the same object for as long as its text
// is the same.
type descriptionCache struct {
	currentLocal, pendingLocal, currentRemote, pendingRemote cachedDescription
}

type cachedDescription struct {
	state *jsep.State
	value *SessionDescription
}

// describe returns what get finds in the state of the connection.
func (pc *PeerConnection) describe(cache *cachedDescription, get func(*jsep.State) *jsep.Description) *SessionDescription {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if cache.state == pc.state {
		return cache.value
	}
	cache.state = pc.state
	d := get(pc.state)
	switch {
	case d == nil:
		cache.value = nil
	case cache.value == nil || cache.value.SDP != d.SDP || cache.value.Type != SDPType(d.Type):
		cache.value = &SessionDescription{Type: SDPType(d.Type), SDP: d.SDP}
	}
	return cache.value
}

// CurrentLocalDescription is the currentLocalDescription attribute, with the
// candidates gathered since, or nil. Do not change what it points to.
func (pc *PeerConnection) CurrentLocalDescription() *SessionDescription {
	return pc.describe(&pc.descriptions.currentLocal, (*jsep.State).CurrentLocalDescription)
}

// PendingLocalDescription is the pendingLocalDescription attribute; see
// CurrentLocalDescription.
func (pc *PeerConnection) PendingLocalDescription() *SessionDescription {
	return pc.describe(&pc.descriptions.pendingLocal, (*jsep.State).PendingLocalDescription)
}

// LocalDescription is the pending local description, or else the current one.
func (pc *PeerConnection) LocalDescription() *SessionDescription {
	if d := pc.PendingLocalDescription(); d != nil {
		return d
	}
	return pc.CurrentLocalDescription()
}

// CurrentRemoteDescription is the currentRemoteDescription attribute, with the
// candidates added since, or nil. Do not change what it points to.
func (pc *PeerConnection) CurrentRemoteDescription() *SessionDescription {
	return pc.describe(&pc.descriptions.currentRemote, (*jsep.State).CurrentRemoteDescription)
}

// PendingRemoteDescription is the pendingRemoteDescription attribute; see
// CurrentRemoteDescription.
func (pc *PeerConnection) PendingRemoteDescription() *SessionDescription {
	return pc.describe(&pc.descriptions.pendingRemote, (*jsep.State).PendingRemoteDescription)
}

// RemoteDescription is the pending remote description, or else the current one.
func (pc *PeerConnection) RemoteDescription() *SessionDescription {
	if d := pc.PendingRemoteDescription(); d != nil {
		return d
	}
	return pc.CurrentRemoteDescription()
}

// CanTrickleICECandidates is the canTrickleIceCandidates attribute: whether the
// other peer accepts candidates after its description; nil before there is one.
func (pc *PeerConnection) CanTrickleICECandidates() *bool {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return clonePtr(pc.state.CanTrickleICECandidates())
}

// SignalingState is the signalingState attribute.
func (pc *PeerConnection) SignalingState() SignalingState {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return SignalingState(pc.state.SignalingState())
}
