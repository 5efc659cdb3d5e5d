package transport

import "time"

// Handler is told what happens to a Transport. All methods but RTP, RTCP and Received
// are called one after the other, in order, on one goroutine that lives only
// while there is something to tell; they may call any method of the Transport.
type Handler interface {
	// LocalCandidate brings one candidate as soon as it is known;
	// Candidate.Ufrag tells which generation it belongs to.
	LocalCandidate(c Candidate)
	// GatheringState tells the state of the generation with this local
	// ufrag. GatheringComplete is the end of its candidates.
	GatheringState(ufrag string, s GatheringState)
	// CandidateError is one icecandidateerror (webrtc-pc 4.8.2).
	CandidateError(e CandidateError)
	// ICEState is RTCIceTransportState of the Transport as a whole.
	ICEState(s ICEState)
	// SelectedPair tells a new selected pair.
	SelectedPair(p CandidatePair)
	// DTLSState is RTCDtlsTransportState. err says why it is DTLSFailed; it
	// is nil otherwise. Before DTLSConnected is told the remote certificates
	// and keys are in place.
	DTLSState(s DTLSState, err error)
	// RTP brings one decrypted RTP packet, on the goroutine that reads the
	// socket: it must not block. packet is only valid during the call.
	RTP(now time.Time, packet []byte)
	// RTCP brings one decrypted compound packet; as for RTP.
	RTCP(now time.Time, packet []byte)
	// Received ends a burst of RTP and RTCP, and may end an empty one: the
	// moment to wake those who wait, and to answer. Never at the same time as
	// RTP and RTCP.
	Received()
}

// GatheringState is RTCIceGatheringState.
type GatheringState string

// The gathering states of webrtc-pc 4.4.2.
const (
	GatheringNew       GatheringState = "new"
	GatheringGathering GatheringState = "gathering"
	GatheringComplete  GatheringState = "complete"
)

// ICEState is RTCIceTransportState.
type ICEState string

// The transport states of webrtc-pc 5.6.4.
const (
	ICENew          ICEState = "new"
	ICEChecking     ICEState = "checking"
	ICEConnected    ICEState = "connected"
	ICECompleted    ICEState = "completed"
	ICEDisconnected ICEState = "disconnected"
	ICEFailed       ICEState = "failed"
	ICEClosed       ICEState = "closed"
)

// DTLSState is RTCDtlsTransportState.
type DTLSState string

// The transport states of webrtc-pc 5.5.1.
const (
	DTLSNew        DTLSState = "new"
	DTLSConnecting DTLSState = "connecting"
	DTLSConnected  DTLSState = "connected"
	DTLSClosed     DTLSState = "closed"
	DTLSFailed     DTLSState = "failed"
)

// CandidateError is what RTCPeerConnectionIceErrorEvent tells.
type CandidateError struct {
	// Address and Port are the local address used, or empty and 0 where no
	// local candidate has told it.
	Address string
	Port    uint16
	// URL is the STUN or TURN URL.
	URL string
	// Code is the STUN error code, or 701 when the server was not reached.
	Code int
	// Text is the reason phrase of the response or the local error.
	Text string
}
