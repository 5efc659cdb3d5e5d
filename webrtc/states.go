package webrtc

// SignalingState is RTCSignalingState.
type SignalingState string

// The signalling states of webrtc-pc 4.3.1.
const (
	SignalingStateStable             SignalingState = "stable"
	SignalingStateHaveLocalOffer     SignalingState = "have-local-offer"
	SignalingStateHaveRemoteOffer    SignalingState = "have-remote-offer"
	SignalingStateHaveLocalPranswer  SignalingState = "have-local-pranswer"
	SignalingStateHaveRemotePranswer SignalingState = "have-remote-pranswer"
	SignalingStateClosed             SignalingState = "closed"
)

// ICEGatheringState is RTCIceGatheringState, of a connection, and
// RTCIceGathererState, of a transport.
type ICEGatheringState string

// The gathering states of webrtc-pc 4.3.2 and 5.6.3.
const (
	ICEGatheringStateNew       ICEGatheringState = "new"
	ICEGatheringStateGathering ICEGatheringState = "gathering"
	ICEGatheringStateComplete  ICEGatheringState = "complete"
)

// PeerConnectionState is RTCPeerConnectionState.
type PeerConnectionState string

// The connection states of webrtc-pc 4.3.3.
const (
	PeerConnectionStateClosed       PeerConnectionState = "closed"
	PeerConnectionStateFailed       PeerConnectionState = "failed"
	PeerConnectionStateDisconnected PeerConnectionState = "disconnected"
	PeerConnectionStateNew          PeerConnectionState = "new"
	PeerConnectionStateConnecting   PeerConnectionState = "connecting"
	PeerConnectionStateConnected    PeerConnectionState = "connected"
)

// ICEConnectionState is RTCIceConnectionState.
type ICEConnectionState string

// The ICE connection states of webrtc-pc 4.3.4.
const (
	ICEConnectionStateClosed       ICEConnectionState = "closed"
	ICEConnectionStateFailed       ICEConnectionState = "failed"
	ICEConnectionStateDisconnected ICEConnectionState = "disconnected"
	ICEConnectionStateNew          ICEConnectionState = "new"
	ICEConnectionStateChecking     ICEConnectionState = "checking"
	ICEConnectionStateCompleted    ICEConnectionState = "completed"
	ICEConnectionStateConnected    ICEConnectionState = "connected"
)
