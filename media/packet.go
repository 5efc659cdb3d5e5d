package media

import "time"

// RTPPacket is a packet that passes through: from a source that has packets
// already, or from a remote peer. Whoever receives one may read it only
// during the call that passed it.
type RTPPacket struct {
	// MimeType names the codec of the payload.
	MimeType string
	// Marker, PayloadType, SequenceNumber, Timestamp, SSRC and CSRCs are the
	// header fields of RFC 3550 §5.1. A sender replaces payload type, SSRC and
	// sequence number by its own and keeps the gaps of the latter.
	Marker         bool
	PayloadType    uint8
	SequenceNumber uint16
	Timestamp      uint32
	SSRC           uint32
	CSRCs          []uint32
	// Payload is without padding.
	Payload []byte
	// RID names the simulcast encoding the packet belongs to, or is "".
	RID string
	// KeyFrame says that the packet belongs to a key frame, where that is known.
	KeyFrame bool
	// CaptureTime is when the media was sampled, on this machine's clock; zero
	// when unknown.
	CaptureTime time.Time
	// ArrivalTime is when the packet came in; zero for packets made here.
	ArrivalTime time.Time
	// AudioLevel is from the header extension of RFC 6464, if there was one.
	AudioLevel AudioLevel
}
