package rtpengine

import "time"

// Frame is one encoded picture or one packet's worth of encoded audio.
//
// VP8, VP9 and Opus frames are as the codec makes them; H.264 is an access
// unit in Annex B form; AV1 is a temporal unit in the low-overhead format.
type Frame struct {
	Data     []byte
	KeyFrame bool
	// Timestamp is in units of the codec's RTP clock. On the way out it is the
	// source's; a SendStream shifts it.
	Timestamp uint32
	// CaptureTime is when the frame was captured, or zero if that is not known.
	// On the way in it is the sender's wall clock, from its sender reports or
	// from the abs-capture-time extension.
	CaptureTime time.Time
	// ReceiveTime is when the frame's last missing packet arrived; incoming only.
	ReceiveTime time.Time
	// Width and Height are in pixels, of the latest key frame; zero for audio
	// and while unknown.
	Width, Height int
	// TemporalIndex is the temporal layer, 0 for the base layer.
	TemporalIndex int
	// SpatialIndex is the highest spatial layer inside the frame.
	SpatialIndex int
	// CSRCs are the contributing sources of the frame's first packet.
	CSRCs []uint32
	// AudioLevel is the level in -dBov (0 loudest, 127 silence) of RFC 6464;
	// valid only if HasAudioLevel.
	AudioLevel    uint8
	VoiceActivity bool
	HasAudioLevel bool
	// Rotation is the clockwise rotation in degrees (0, 90, 180, 270) of
	// 3GPP TS 26.114's coordination of video orientation; valid if HasRotation.
	Rotation    int
	HasRotation bool
	// NonReference says that no later frame refers to this one. Outgoing VP8
	// only; it sets the N bit.
	NonReference bool
	// LayerSync says that a frame of a higher temporal layer refers to the base
	// layer only, so that a receiver may switch up to its layer here.
	LayerSync bool

	// The rest is filled in on the way in only.

	// SSRC and PayloadType are those of the stream.
	SSRC        uint32
	PayloadType uint8
	// RID is the encoding's identifier, or "".
	RID string
	// Codec is what the frame is encoded with.
	Codec *PayloadCodec
	// LocalTime is CaptureTime by this machine's clock, as far as sender
	// reports tell; zero before the first one.
	LocalTime time.Time
	// FirstSequence is the extended sequence number of the first packet and
	// Packets how many the frame took.
	FirstSequence uint64
	Packets       int
}

// Packet is an RTP packet in the open. Its slices point into the buffer that
// it was parsed from.
type Packet struct {
	Version        uint8
	Padding        bool
	Marker         bool
	PayloadType    uint8
	SequenceNumber uint16
	Timestamp      uint32
	SSRC           uint32
	// NumCSRC says how many of CSRC count.
	NumCSRC uint8
	CSRC    [15]uint32
	// ExtensionProfile is 0xBEDE for one-byte extensions, 0x100n for two-byte
	// ones, and 0 when there is no extension.
	ExtensionProfile uint16
	// Extension is the extension block without its four-byte header.
	Extension []byte
	// Payload is without padding.
	Payload []byte
	// PaddingLen is the number of padding bytes removed.
	PaddingLen int
	// HeaderLen is the length of the header with CSRCs and extensions.
	HeaderLen int

	// Ext holds the header extensions that the Session knows by their ids.
	Ext Extensions
	// Extended is the sequence number counted over wraps; set by ReceiveStream.
	Extended uint64
	// Recovered says that the packet came as a retransmission over RTX.
	Recovered bool
	// Arrival is the time passed to HandleRTP.
	Arrival time.Time
	// Codec and LocalTime are as in Frame; set by ReceiveStream.
	Codec     *PayloadCodec
	LocalTime time.Time
	// Event says of a packet for Ring.WriteRTP that it is a telephone event.
	Event bool
	// around is how many bytes of the payload, as it arrived, are not in Payload.
	around int
	// again says that it came a second time under its own number, asked for.
	again bool
}

// Output takes the packets that the engine builds. ReserveRTP and CommitRTP
// come in pairs on one goroutine; an Output is not shared between goroutines.
type Output interface {
	// ReserveRTP returns a slice of length 0 and at least the given capacity
	// in which the next RTP packet is built, or nil if there is no room, in
	// which case the packet is given up (and later repaired by NACK).
	ReserveRTP(size int) []byte
	// CommitRTP takes the packet built in the slice that ReserveRTP gave.
	CommitRTP(packet []byte)
	// WriteRTCP takes a compound (or reduced-size) RTCP packet. The slice is
	// valid only during the call.
	WriteRTCP(packet []byte)
}
