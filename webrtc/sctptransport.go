package webrtc

// SCTPTransportState is RTCSctpTransportState.
type SCTPTransportState string

// The states of webrtc-pc 6.1.2.
const (
	SCTPTransportStateConnecting SCTPTransportState = "connecting"
	SCTPTransportStateConnected  SCTPTransportState = "connected"
	SCTPTransportStateClosed     SCTPTransportState = "closed"
)

// SCTPTransport is RTCSctpTransport (webrtc-pc 6.1).
type SCTPTransport struct {
	pc        *PeerConnection
	transport *DTLSTransport

	state          SCTPTransportState
	maxMessageSize float64
	maxBufferSize  float64
	maxChannels    *uint16
	onState        func()
}

// Transport is the transport attribute.
func (s *SCTPTransport) Transport() *DTLSTransport { return get(s.pc, &s.transport) }

// State is the state attribute.
func (s *SCTPTransport) State() SCTPTransportState { return get(s.pc, &s.state) }

// MaxMessageSize is the maxMessageSize attribute in bytes, or 0 for null, which
// is before an answer.
func (s *SCTPTransport) MaxMessageSize() float64 { return get(s.pc, &s.maxMessageSize) }

// MaxChannels is the maxChannels attribute, or nil before the association
// exists.
func (s *SCTPTransport) MaxChannels() *uint16 { return clonePtr(get(s.pc, &s.maxChannels)) }

// OnStateChange sets the handler of statechange.
func (s *SCTPTransport) OnStateChange(f func()) { setHandler(s.pc, &s.onState, f) }
