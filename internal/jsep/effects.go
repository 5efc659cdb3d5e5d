package jsep

import "trackway/internal/sdp"

// ICEParameters are a user fragment and its password.
type ICEParameters struct {
	Ufrag, Pwd string
}

// ICEGeneration is one generation of ICE: an ICE restart starts the next.
type ICEGeneration struct {
	// Number counts from 1 within the connection.
	Number int
	// Local is zero while only the remote offer that restarts ICE is known.
	Local ICEParameters
	// Remote is zero until the remote description is known; checks start when
	// both are known.
	Remote ICEParameters
	// Candidates are the remote candidates, from descriptions and trickled, as
	// candidate attributes without "candidate:".
	Candidates []string
	// EndOfCandidates says that no more remote candidates come.
	EndOfCandidates bool
}

// TransportConfig is what one ICE and DTLS association has to be. The value is
// immutable; State.Transports returns the same pointer as long as it is equal.
type TransportConfig struct {
	ID TransportID
	// MID and MLineIndex name the m-section that carries the transport's
	// attributes; local candidates are signalled with them.
	MID        string
	MLineIndex int
	// ICE is the generation in use. PendingICE is the one that an unanswered
	// restart has proposed: gather for it, and keep the old pair until the new
	// generation has connected.
	ICE        *ICEGeneration
	PendingICE *ICEGeneration
	// Controlling is the initial ICE role (RFC 8445 §6.1.1). It never changes by
	// negotiation; conflicts are resolved by the ICE agent. RoleKnown is false
	// before the first description is applied.
	Controlling, RoleKnown bool
	// RemoteLite says that the remote peer is an ICE-lite implementation.
	RemoteLite bool
	// DTLSClient is this peer's role; meaningful where Negotiated.
	DTLSClient bool
	// RemoteFingerprints are those the remote certificate must match.
	RemoteFingerprints []sdp.Fingerprint
	// DTLSGeneration counts up where a new DTLS association has to replace the
	// old one, because the remote fingerprints or tls-id changed.
	DTLSGeneration int
	// Negotiated says that an answer (or pranswer) covers the transport, so DTLS
	// may start.
	Negotiated bool
}

// MediaCodec is a codec as negotiated for one direction of an m-section.
type MediaCodec struct {
	PayloadType uint8
	Codec
	// RTXPayloadType is valid where HasRTX.
	RTXPayloadType uint8
	HasRTX         bool
	// Feedback holds the negotiated a=rtcp-fb values.
	Feedback []string
}

// SendEncoding is an encoding of a sender with the sources that it uses.
type SendEncoding struct {
	Encoding
	SSRC uint32
	// RTXSSRC is the source of retransmissions.
	RTXSSRC uint32
	// FECSSRC is the source of repair packets (FlexFEC); 0 with simulcast.
	FECSSRC uint32
}

// RemoteSource is a source that the remote description announces by SSRC.
type RemoteSource struct {
	SSRC uint32
	// RTXSSRC and FECSSRC, its retransmissions and repair packets, are 0 where none
	// are announced.
	RTXSSRC, FECSSRC uint32
	CNAME            string
}

// MediaConfig is what the media plane has to do for one transceiver that has an
// m-section. The value is immutable; State.Media returns the same pointer as
// long as it is equal.
type MediaConfig struct {
	Transceiver TransceiverID
	MID         string
	MLineIndex  int
	Kind        Kind
	Transport   TransportID

	// Send says that an answer lets this peer send; Receive, that packets may
	// come and have to be taken. Both turn false at once when the transceiver is
	// stopped.
	Send, Receive bool
	// Receptive is [[Receptive]]: what arrives unmutes the track. A peer may send
	// before its offer is answered, and so before there was a track event.
	Receptive bool
	// SendCodecs are in the remote peer's order of preference, the first is the
	// default one; RecvCodecs are every format that may arrive. Redundancy
	// formats (red, ulpfec, flexfec) are listed as codecs, RTX is not.
	SendCodecs, RecvCodecs []MediaCodec
	// SendExtensions and RecvExtensions are the header extensions to write and to
	// understand.
	SendExtensions, RecvExtensions []HeaderExtension
	// Encodings has one entry without simulcast. CNAME is the same for all
	// senders of a connection. StreamIDs and TrackID are what our a=msid says.
	Encodings []SendEncoding
	CNAME     string
	StreamIDs []string
	TrackID   string
	// ReceiveRIDs are the rids that may arrive, in order; nil without simulcast.
	ReceiveRIDs []string
	// RemoteSources are what the remote description announces; often empty.
	RemoteSources []RemoteSource
	// RemoteMSIDs are the remote stream ids.
	RemoteMSIDs []string
	// ReducedSizeRTCP permits RFC 5506.
	ReducedSizeRTCP bool
	// CongestionFeedback says that RFC 8888 feedback was agreed on.
	CongestionFeedback bool
	// MaxBitrate is what the remote description allows for sending (b=TIAS, or
	// derived from b=AS by RFC 9429 §5.10), in bit/s; 0 without a limit. The limit of
	// a session's b=CT for all m-sections together is not applied.
	MaxBitrate uint64
}

// DataConfig is the SCTP association of a connection.
type DataConfig struct {
	MID                   string
	MLineIndex            int
	Transport             TransportID
	LocalPort, RemotePort int
	// RemoteMaxMessageSize is in bytes; 0 means any size (RFC 8841 §6).
	RemoteMaxMessageSize int64
	// Negotiated says that an answer covers the section, so SCTP may start.
	Negotiated bool
}
