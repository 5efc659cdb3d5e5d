package jsep

import (
	"io"

	"trackway/internal/sdp"
)

// Kind is the kind of a transceiver.
type Kind string

// The kinds.
const (
	Audio Kind = "audio"
	Video Kind = "video"
)

// Direction is an RTCRtpTransceiverDirection; "" stands for null.
type Direction string

// The directions of webrtc-pc 5.4.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
	Stopped  Direction = "stopped"
)

// SignalingState is an RTCSignalingState.
type SignalingState string

// The signalling states of webrtc-pc 4.3.1.
const (
	Stable             SignalingState = "stable"
	HaveLocalOffer     SignalingState = "have-local-offer"
	HaveRemoteOffer    SignalingState = "have-remote-offer"
	HaveLocalPranswer  SignalingState = "have-local-pranswer"
	HaveRemotePranswer SignalingState = "have-remote-pranswer"
	Closed             SignalingState = "closed"
)

// SDPType is an RTCSdpType.
type SDPType string

// The description types of webrtc-pc 4.6.1.
const (
	Offer    SDPType = "offer"
	Pranswer SDPType = "pranswer"
	Answer   SDPType = "answer"
	Rollback SDPType = "rollback"
)

// BundlePolicy is an RTCBundlePolicy; "" means balanced.
type BundlePolicy string

// The bundle policies of webrtc-pc 4.2.3.
const (
	Balanced  BundlePolicy = "balanced"
	MaxCompat BundlePolicy = "max-compat"
	MaxBundle BundlePolicy = "max-bundle"
)

// RTCPMuxPolicy is an RTCRtcpMuxPolicy; "" means require.
type RTCPMuxPolicy string

// The RTCP multiplexing policies of webrtc-pc 4.2.4.
const (
	RTCPMuxRequire   RTCPMuxPolicy = "require"
	RTCPMuxNegotiate RTCPMuxPolicy = "negotiate"
)

// TransceiverID names a transceiver for the life of its connection. IDs count
// from 1 and are never used again; 0 is no transceiver.
type TransceiverID int

// TransportID names a transport (one ICE and DTLS association) for the life of
// its connection. IDs count from 1; 0 is no transport.
type TransportID int

// Description is an RTCSessionDescriptionInit. An SDP of "" in SetLocal asks for
// the implicit description.
type Description struct {
	Type SDPType
	SDP  string
}

// Track is a MediaStreamTrack as far as negotiation sees it.
type Track struct {
	// Ref is the track's identity: a comparable value, usually the pointer of the
	// layer above. Where it is nil, ID is the identity.
	Ref any
	// ID is the track's id.
	ID   string
	Kind Kind
}

// TransceiverInit holds the arguments of addTransceiver (webrtc-pc 5.1).
type TransceiverInit struct {
	// Kind may be "" where Track is given.
	Kind Kind
	// Track may be nil.
	Track *Track
	// Direction "" means sendrecv.
	Direction Direction
	// StreamIDs are the ids of init.streams.
	StreamIDs []string
	// Encodings are init.sendEncodings; nil means a single default one.
	Encodings []Encoding
	// ReceiveRIDs asks, in offers, to receive simulcast with these rids in order
	// of preference (RFC 8853). The W3C API has no word for it; it is what a
	// media server that offers needs.
	ReceiveRIDs []string
}

// Encoding is an RTCRtpEncodingParameters. Pointers are nil where the member is
// missing.
type Encoding struct {
	// RID is "" where the member is missing.
	RID string
	// HasRID tells a rid of "" that was given, which is invalid, from none.
	HasRID bool
	Active bool
	// Codec is nil where the member is missing.
	Codec *Codec
	// MaxBitrate is in bit/s, MaxFramerate in frames per second.
	MaxBitrate            *uint64
	MaxFramerate          *float64
	ScaleResolutionDownBy *float64
	ScalabilityMode       string
	// Priority and NetworkPriority are very-low, low, medium, high or "".
	Priority, NetworkPriority string
	// AdaptivePtime is webrtc-extensions' member, which negotiation only keeps.
	AdaptivePtime bool
	// Paused is set where the remote side asked with "~" to start paused.
	Paused bool
}

// Codec is an RTCRtpCodec (webrtc-pc 5.2.7). SDPFmtpLine "" and Channels 0 stand
// for missing members.
type Codec struct {
	// MimeType is "audio/opus", "video/VP8", "video/rtx" …
	MimeType    string
	ClockRate   uint32
	Channels    uint16
	SDPFmtpLine string
}

// CodecCapability is a codec that the product supports. List them in order of
// preference; "video/rtx" (or "audio/rtx") once says that retransmission is
// supported for every codec of that kind.
type CodecCapability struct {
	Codec
	// PayloadType is the one to use where it is free; 0 lets the package choose
	// (PCMU's own 0 is known by name).
	PayloadType uint8
	// RTXPayloadType is likewise the one of its RTX format; 0 lets it choose.
	RTXPayloadType uint8
	// Feedback holds the supported a=rtcp-fb values, such as "nack pli".
	Feedback []string
	// Direction says whether it can be sent, received or both; "" is both.
	Direction Direction
}

// HeaderExtensionCapability is an RTCRtpHeaderExtensionCapability.
type HeaderExtensionCapability struct {
	URI string
	// Direction is what is offered unless the application changes it; Stopped is
	// "known but not offered". "" means sendrecv.
	Direction Direction
	// ID is the identifier to use where it is free, 1 to 14 or, for two-byte
	// headers, up to 255; 0 lets the package choose.
	ID uint8
	// Kind limits the extension to one kind; "" is both.
	Kind Kind
	// Mandatory extensions cannot be switched off by the application.
	Mandatory bool
	// OnDemand has a stopped extension taken all the same when the other peer
	// offers it. It ends with SetHeaderExtensionsToNegotiate.
	OnDemand bool
}

// HeaderExtension is one negotiated header extension.
type HeaderExtension struct {
	URI string
	ID  uint8
	// Direction is the negotiated direction from this peer's point of view.
	Direction Direction
}

// Config configures a State.
type Config struct {
	// Capabilities are shared by many connections; see NewCapabilities.
	Capabilities *Capabilities
	BundlePolicy BundlePolicy
	RTCPMux      RTCPMuxPolicy
	// Fingerprints are those of all certificates; see State.WithFingerprints
	// where they are known only later.
	Fingerprints []sdp.Fingerprint
	// Rand is the source of ICE credentials, SSRCs, session and stream ids; it must
	// be cryptographically strong. It may not be nil.
	Rand io.Reader
	// MaxEncodings is the greatest number of simulcast encodings of a sender; 0
	// means 3. Audio has one.
	MaxEncodings int
	// MaxMessageSize is announced as a=max-message-size, in bytes; 0 means
	// 262144.
	MaxMessageSize int64
	// SCTPPort is the local SCTP port; 0 means 5000.
	SCTPPort int
	// OfferCongestionFeedback offers RFC 8888 feedback. Where it is offered to us
	// it is always answered.
	OfferCongestionFeedback bool
	// NoReceiveSimulcast makes answers ignore offers to send simulcast.
	NoReceiveSimulcast bool
}

// OfferOptions is an RTCOfferOptions with the legacy members; a nil pointer is a
// missing member.
type OfferOptions struct {
	ICERestart                               bool
	OfferToReceiveAudio, OfferToReceiveVideo *bool
}

// CandidateInit is an RTCIceCandidateInit; nil pointers are null members.
type CandidateInit struct {
	// Candidate is the candidate attribute; "" is the end-of-candidates
	// indication.
	Candidate        string
	SDPMid           *string
	SDPMLineIndex    *int
	UsernameFragment *string
}
