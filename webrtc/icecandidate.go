package webrtc

import (
	"encoding/json"

	"trackway/internal/domerr"
	"trackway/internal/transport"
)

// ICECandidateInit is RTCIceCandidateInit, and RTCLocalIceCandidateInit with
// its two further members (webrtc-pc 4.8.1.3). Pointers are nil for null.
type ICECandidateInit struct {
	// Candidate is "candidate:…"; "" says that no more candidates follow.
	Candidate string `json:"candidate"`
	// SDPMid and SDPMLineIndex say which m-section the candidate belongs to.
	SDPMid        *string `json:"sdpMid"`
	SDPMLineIndex *uint16 `json:"sdpMLineIndex"`
	// UsernameFragment says which ICE generation it belongs to.
	UsernameFragment *string `json:"usernameFragment"`

	// RelayProtocol and URL are for local candidates.
	RelayProtocol ICEServerTransportProtocol `json:"-"`
	URL           string                     `json:"-"`
}

// ICECandidate is RTCIceCandidate (webrtc-pc 4.8.1). It does not change. Getters
// return the zero value and false where the attribute is null.
type ICECandidate struct {
	init   ICECandidateInit
	parsed transport.Candidate
	ok     bool
}

// ICEProtocol is RTCIceProtocol.
type ICEProtocol string

// The protocols of webrtc-pc 4.8.1.4.
const (
	ICEProtocolUDP ICEProtocol = "udp"
	ICEProtocolTCP ICEProtocol = "tcp"
)

// ICETCPCandidateType is RTCIceTcpCandidateType.
type ICETCPCandidateType string

// The TCP candidate types of webrtc-pc 4.8.1.5.
const (
	ICETCPCandidateTypeActive  ICETCPCandidateType = "active"
	ICETCPCandidateTypePassive ICETCPCandidateType = "passive"
	ICETCPCandidateTypeSo      ICETCPCandidateType = "so"
)

// ICECandidateType is RTCIceCandidateType.
type ICECandidateType string

// The candidate types of webrtc-pc 4.8.1.6.
const (
	ICECandidateTypeHost  ICECandidateType = "host"
	ICECandidateTypeSrflx ICECandidateType = "srflx"
	ICECandidateTypePrflx ICECandidateType = "prflx"
	ICECandidateTypeRelay ICECandidateType = "relay"
)

// ICEServerTransportProtocol is RTCIceServerTransportProtocol.
type ICEServerTransportProtocol string

// The protocols towards a TURN server of webrtc-pc 4.8.1.7.
const (
	ICEServerTransportProtocolUDP ICEServerTransportProtocol = "udp"
	ICEServerTransportProtocolTCP ICEServerTransportProtocol = "tcp"
	ICEServerTransportProtocolTLS ICEServerTransportProtocol = "tls"
)

// ICEComponent is RTCIceComponent.
type ICEComponent string

// The components of webrtc-pc 5.6.6.
const (
	ICEComponentRTP  ICEComponent = "rtp"
	ICEComponentRTCP ICEComponent = "rtcp"
)

// NewICECandidate is the constructor: a TypeError when both sdpMid and
// sdpMLineIndex are null. A candidate that cannot be parsed is no error here;
// its derived attributes are null.
func NewICECandidate(init ICECandidateInit) (*ICECandidate, error) {
	if init.SDPMid == nil && init.SDPMLineIndex == nil {
		return nil, domerr.New(domerr.Type, "an ICE candidate needs sdpMid or sdpMLineIndex")
	}
	return newICECandidate(init), nil
}

// newICECandidate is "create an RTCIceCandidate".
func newICECandidate(init ICECandidateInit) *ICECandidate {
	init.SDPMid = clonePtr(init.SDPMid)
	init.SDPMLineIndex = clonePtr(init.SDPMLineIndex)
	init.UsernameFragment = clonePtr(init.UsernameFragment)
	c := &ICECandidate{init: init}
	if init.Candidate != "" {
		p, err := transport.ParseCandidate(init.Candidate)
		c.parsed, c.ok = p, err == nil && validCandidateFields(p)
	}
	return c
}

// validCandidateFields is "any field in the parse result represents an invalid
// value for the corresponding attribute".
func validCandidateFields(p transport.Candidate) bool {
	return (p.Component == 1 || p.Component == 2) && (p.Protocol == "udp" || p.Protocol == "tcp")
}

// Candidate is the candidate attribute, "" for an end-of-candidates indication.
func (c *ICECandidate) Candidate() string { return c.init.Candidate }

// SDPMid is the media stream identification, or nil.
func (c *ICECandidate) SDPMid() *string { return clonePtr(c.init.SDPMid) }

// SDPMLineIndex is the index of the m-section, or nil.
func (c *ICECandidate) SDPMLineIndex() *uint16 { return clonePtr(c.init.SDPMLineIndex) }

// UsernameFragment is the ufrag, or nil.
func (c *ICECandidate) UsernameFragment() *string { return clonePtr(c.init.UsernameFragment) }

// Foundation is the candidate's foundation.
func (c *ICECandidate) Foundation() (string, bool) { return c.parsed.Foundation, c.ok }

// Component is "rtp" or "rtcp".
func (c *ICECandidate) Component() (ICEComponent, bool) {
	if !c.ok {
		return "", false
	}
	if c.parsed.Component == 2 {
		return ICEComponentRTCP, true
	}
	return ICEComponentRTP, true
}

// Priority is the candidate's priority.
func (c *ICECandidate) Priority() (uint32, bool) { return c.parsed.Priority, c.ok }

// Address is an IP address or a name.
func (c *ICECandidate) Address() (string, bool) { return c.parsed.Address, c.ok }

// Protocol is "udp" or "tcp".
func (c *ICECandidate) Protocol() (ICEProtocol, bool) { return ICEProtocol(c.parsed.Protocol), c.ok }

// Port is the candidate's port.
func (c *ICECandidate) Port() (uint16, bool) { return c.parsed.Port, c.ok }

// Type is the candidate's type.
func (c *ICECandidate) Type() (ICECandidateType, bool) { return ICECandidateType(c.parsed.Type), c.ok }

// TCPType is null for UDP.
func (c *ICECandidate) TCPType() (ICETCPCandidateType, bool) {
	return ICETCPCandidateType(c.parsed.TCPType), c.ok && c.parsed.TCPType != ""
}

// RelatedAddress is null for host candidates.
func (c *ICECandidate) RelatedAddress() (string, bool) {
	return c.parsed.RelatedAddress, c.ok && c.parsed.RelatedAddress != ""
}

// RelatedPort is null for host candidates.
func (c *ICECandidate) RelatedPort() (uint16, bool) {
	return c.parsed.RelatedPort, c.ok && c.parsed.RelatedAddress != ""
}

// RelayProtocol is the protocol towards the TURN server of a local relay
// candidate.
func (c *ICECandidate) RelayProtocol() (ICEServerTransportProtocol, bool) {
	return c.init.RelayProtocol, c.init.RelayProtocol != ""
}

// URL is the server that a local srflx or relay candidate came from.
func (c *ICECandidate) URL() (string, bool) { return c.init.URL, c.init.URL != "" }

// ToJSON is toJSON: what signalling carries.
func (c *ICECandidate) ToJSON() ICECandidateInit {
	return ICECandidateInit{
		Candidate: c.init.Candidate, SDPMid: c.SDPMid(),
		SDPMLineIndex: c.SDPMLineIndex(), UsernameFragment: c.UsernameFragment(),
	}
}

// MarshalJSON gives ToJSON's members.
func (c *ICECandidate) MarshalJSON() ([]byte, error) { return json.Marshal(c.ToJSON()) }

// PeerConnectionICEEvent is RTCPeerConnectionIceEvent (webrtc-pc 4.8.2).
type PeerConnectionICEEvent struct {
	// Candidate is nil in the last event of a gathering, which some programs
	// wait for; a candidate whose text is "" ends one ICE generation of one
	// transport and is to be signalled like the others.
	Candidate *ICECandidate
}

// PeerConnectionICEErrorEvent is RTCPeerConnectionIceErrorEvent
// (webrtc-pc 4.8.3).
type PeerConnectionICEErrorEvent struct {
	// Address and Port are the local address; "" and 0 for null.
	Address string
	Port    uint16
	// URL is the STUN or TURN URL.
	URL string
	// ErrorCode is the STUN error code, or 701 when the server could not be
	// reached.
	ErrorCode uint16
	// ErrorText is the reason.
	ErrorText string
}
