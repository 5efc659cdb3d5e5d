package webrtc

import (
	"weak"

	"trackway/internal/jsep"
)

// descriptionCache keeps a description the same object for as long as its text
// is the same and somebody has the object to compare with.
type descriptionCache struct {
	currentLocal, pendingLocal, currentRemote, pendingRemote cachedDescription
}

// cachedDescription keeps neither alive: a description is some kilobytes of text,
// and a state that has passed all that it described.
type cachedDescription struct {
	state weak.Pointer[jsep.State]
	value weak.Pointer[SessionDescription]
}

// describe returns what get finds in the state of the connection.
func (pc *PeerConnection) describe(cache *cachedDescription, get func(*jsep.State) *jsep.Description) *SessionDescription {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	value := cache.value.Value()
	if value != nil && cache.state.Value() == pc.state {
		return value
	}
	cache.state = weak.Make(pc.state)
	d := get(pc.state)
	switch {
	case d == nil:
		value = nil
	case value == nil || value.SDP != d.SDP || value.Type != SDPType(d.Type):
		value = &SessionDescription{Type: SDPType(d.Type), SDP: d.SDP}
	}
	cache.value = weak.Make(value)
	return value
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
