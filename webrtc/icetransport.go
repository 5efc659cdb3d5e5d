package webrtc

import "slices"

// ICETransportState is RTCIceTransportState.
type ICETransportState string

// The states of webrtc-pc 5.6.4.
const (
	ICETransportStateClosed       ICETransportState = "closed"
	ICETransportStateFailed       ICETransportState = "failed"
	ICETransportStateDisconnected ICETransportState = "disconnected"
	ICETransportStateNew          ICETransportState = "new"
	ICETransportStateChecking     ICETransportState = "checking"
	ICETransportStateCompleted    ICETransportState = "completed"
	ICETransportStateConnected    ICETransportState = "connected"
)

// ICERole is RTCIceRole.
type ICERole string

// The roles of webrtc-pc 5.6.5.
const (
	ICERoleUnknown     ICERole = "unknown"
	ICERoleControlling ICERole = "controlling"
	ICERoleControlled  ICERole = "controlled"
)

// ICEParameters is RTCIceParameters.
type ICEParameters struct {
	UsernameFragment string `json:"usernameFragment"`
	Password         string `json:"password"`
}

// ICECandidatePair is RTCIceCandidatePair.
type ICECandidatePair struct {
	Local, Remote *ICECandidate
}

// ICETransport is RTCIceTransport (webrtc-pc 5.6).
type ICETransport struct {
	pc *PeerConnection

	role             ICERole
	state            ICETransportState
	gatheringState   ICEGatheringState
	local, remote    []*ICECandidate
	selected         *ICECandidatePair
	localParameters  *ICEParameters
	remoteParameters *ICEParameters

	onState, onGatheringState, onSelectedPair func()
}

// Role is the role attribute.
func (t *ICETransport) Role() ICERole { return get(t.pc, &t.role) }

// Component is the component attribute: "rtp", since RTCP shares it.
func (t *ICETransport) Component() ICEComponent { return ICEComponentRTP }

// State is the state attribute.
func (t *ICETransport) State() ICETransportState { return get(t.pc, &t.state) }

// GatheringState is the gatheringState attribute.
func (t *ICETransport) GatheringState() ICEGatheringState { return get(t.pc, &t.gatheringState) }

// GetLocalCandidates is getLocalCandidates.
func (t *ICETransport) GetLocalCandidates() []*ICECandidate {
	return slices.Clone(get(t.pc, &t.local))
}

// GetRemoteCandidates is getRemoteCandidates: those that descriptions and
// AddICECandidate brought.
func (t *ICETransport) GetRemoteCandidates() []*ICECandidate {
	return slices.Clone(get(t.pc, &t.remote))
}

// GetSelectedCandidatePair is getSelectedCandidatePair, or nil.
func (t *ICETransport) GetSelectedCandidatePair() *ICECandidatePair { return get(t.pc, &t.selected) }

// GetLocalParameters is getLocalParameters, or nil.
func (t *ICETransport) GetLocalParameters() *ICEParameters {
	return clonePtr(get(t.pc, &t.localParameters))
}

// GetRemoteParameters is getRemoteParameters, or nil.
func (t *ICETransport) GetRemoteParameters() *ICEParameters {
	return clonePtr(get(t.pc, &t.remoteParameters))
}

// OnStateChange sets the handler of statechange.
func (t *ICETransport) OnStateChange(f func()) { setHandler(t.pc, &t.onState, f) }

// OnGatheringStateChange sets the handler of gatheringstatechange.
func (t *ICETransport) OnGatheringStateChange(f func()) { setHandler(t.pc, &t.onGatheringState, f) }

// OnSelectedCandidatePairChange sets the handler of
// selectedcandidatepairchange.
func (t *ICETransport) OnSelectedCandidatePairChange(f func()) {
	setHandler(t.pc, &t.onSelectedPair, f)
}

// get reads a slot under the connection's lock.
func get[T any](pc *PeerConnection, slot *T) T {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return *slot
}
