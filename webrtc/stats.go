package webrtc

// StatsType is RTCStatsType.
type StatsType string

// The types of webrtc-stats that reports have.
const (
	StatsTypeCodec          StatsType = "codec"
	StatsTypeInboundRTP     StatsType = "inbound-rtp"
	StatsTypeOutboundRTP    StatsType = "outbound-rtp"
	StatsTypeRemoteInbound  StatsType = "remote-inbound-rtp"
	StatsTypeRemoteOutbound StatsType = "remote-outbound-rtp"
	StatsTypeMediaSource    StatsType = "media-source"
	StatsTypeMediaPlayout   StatsType = "media-playout"
	StatsTypePeerConnection StatsType = "peer-connection"
	StatsTypeDataChannel    StatsType = "data-channel"
	StatsTypeTransport      StatsType = "transport"
	StatsTypeCandidatePair  StatsType = "candidate-pair"
	StatsTypeLocalCandidate StatsType = "local-candidate"
	StatsTypeRemote         StatsType = "remote-candidate"
	StatsTypeCertificate    StatsType = "certificate"
)

// Stats is one of the pointer types *…Stats of this package: the dictionaries of
// https://www.w3.org/TR/webrtc-stats/, with their units. Times are milliseconds
// since 1970, durations seconds. A member that is missing is left out of the
// JSON; members that this implementation never has are not declared.
type Stats interface{ Base() *StatsBase }

// StatsBase is RTCStats.
type StatsBase struct {
	ID        string    `json:"id"`
	Timestamp float64   `json:"timestamp"`
	Type      StatsType `json:"type"`
}

// Base returns b.
func (b *StatsBase) Base() *StatsBase { return b }

// RTPStreamStats is RTCRtpStreamStats.
type RTPStreamStats struct {
	StatsBase
	SSRC        uint32 `json:"ssrc"`
	Kind        string `json:"kind"`
	TransportID string `json:"transportId,omitempty"`
	CodecID     string `json:"codecId,omitempty"`
}

// CodecStats is RTCCodecStats.
type CodecStats struct {
	StatsBase
	PayloadType uint8  `json:"payloadType"`
	TransportID string `json:"transportId"`
	MimeType    string `json:"mimeType"`
	ClockRate   uint32 `json:"clockRate,omitempty"`
	Channels    uint16 `json:"channels,omitempty"`
	SDPFmtpLine string `json:"sdpFmtpLine,omitempty"`
}

// InboundRTPStreamStats is RTCInboundRtpStreamStats.
type InboundRTPStreamStats struct {
	RTPStreamStats
	TrackIdentifier              string   `json:"trackIdentifier"`
	Mid                          string   `json:"mid,omitempty"`
	RemoteID                     string   `json:"remoteId,omitempty"`
	PacketsReceived              uint64   `json:"packetsReceived"`
	PacketsLost                  int64    `json:"packetsLost"`
	Jitter                       float64  `json:"jitter"`
	BytesReceived                uint64   `json:"bytesReceived"`
	HeaderBytesReceived          uint64   `json:"headerBytesReceived"`
	PacketsDiscarded             uint64   `json:"packetsDiscarded"`
	RetransmittedPacketsReceived uint64   `json:"retransmittedPacketsReceived"`
	RetransmittedBytesReceived   uint64   `json:"retransmittedBytesReceived"`
	RTXSSRC                      *uint32  `json:"rtxSsrc,omitempty"`
	LastPacketReceivedTimestamp  *float64 `json:"lastPacketReceivedTimestamp,omitempty"`
	NACKCount                    *uint64  `json:"nackCount,omitempty"`
	PLICount                     *uint64  `json:"pliCount,omitempty"`
	FIRCount                     *uint64  `json:"firCount,omitempty"`
	JitterBufferDelay            float64  `json:"jitterBufferDelay"`
	JitterBufferEmittedCount     uint64   `json:"jitterBufferEmittedCount"`
	FECPacketsReceived           *uint64  `json:"fecPacketsReceived,omitempty"`
	FECPacketsDiscarded          *uint64  `json:"fecPacketsDiscarded,omitempty"`
	FECBytesReceived             *uint64  `json:"fecBytesReceived,omitempty"`
	FECSSRC                      *uint32  `json:"fecSsrc,omitempty"`
	// For video only.
	FramesReceived          *uint64  `json:"framesReceived,omitempty"`
	FramesDropped           *uint64  `json:"framesDropped,omitempty"`
	FrameWidth              *int     `json:"frameWidth,omitempty"`
	FrameHeight             *int     `json:"frameHeight,omitempty"`
	FramesAssembledFromMany *uint64  `json:"framesAssembledFromMultiplePackets,omitempty"`
	TotalAssemblyTime       *float64 `json:"totalAssemblyTime,omitempty"`
	AudioLevel              *float64 `json:"audioLevel,omitempty"`
	// Where the track's pictures or samples are taken, they are decoded here.
	TotalProcessingDelay     *float64 `json:"totalProcessingDelay,omitempty"`
	JitterBufferTargetDelay  *float64 `json:"jitterBufferTargetDelay,omitempty"`
	JitterBufferMinimumDelay *float64 `json:"jitterBufferMinimumDelay,omitempty"`
	// EstimatedPlayoutTimestamp is by the sender's clock.
	EstimatedPlayoutTimestamp *float64 `json:"estimatedPlayoutTimestamp,omitempty"`
	DecoderImplementation     string   `json:"decoderImplementation,omitempty"`
	// Of pictures.
	FramesDecoded          *int     `json:"framesDecoded,omitempty"`
	KeyFramesDecoded       *int     `json:"keyFramesDecoded,omitempty"`
	FramesRendered         *int     `json:"framesRendered,omitempty"`
	FramesPerSecond        *float64 `json:"framesPerSecond,omitempty"`
	QPSum                  *uint64  `json:"qpSum,omitempty"`
	TotalDecodeTime        *float64 `json:"totalDecodeTime,omitempty"`
	TotalInterFrameDelay   *float64 `json:"totalInterFrameDelay,omitempty"`
	TotalSquaredInterFrame *float64 `json:"totalSquaredInterFrameDelay,omitempty"`
	FreezeCount            *int     `json:"freezeCount,omitempty"`
	TotalFreezesDuration   *float64 `json:"totalFreezesDuration,omitempty"`
	PauseCount             *int     `json:"pauseCount,omitempty"`
	TotalPausesDuration    *float64 `json:"totalPausesDuration,omitempty"`
	// PowerEfficientDecoder is false: decoders are software.
	PowerEfficientDecoder *bool `json:"powerEfficientDecoder,omitempty"`
	// Of sound.
	PlayoutID                      string   `json:"playoutId,omitempty"`
	TotalAudioEnergy               *float64 `json:"totalAudioEnergy,omitempty"`
	TotalSamplesDuration           *float64 `json:"totalSamplesDuration,omitempty"`
	TotalSamplesReceived           *uint64  `json:"totalSamplesReceived,omitempty"`
	ConcealedSamples               *uint64  `json:"concealedSamples,omitempty"`
	SilentConcealedSamples         *uint64  `json:"silentConcealedSamples,omitempty"`
	ConcealmentEvents              *uint64  `json:"concealmentEvents,omitempty"`
	InsertedSamplesForDeceleration *uint64  `json:"insertedSamplesForDeceleration,omitempty"`
	RemovedSamplesForAcceleration  *uint64  `json:"removedSamplesForAcceleration,omitempty"`
}

// OutboundRTPStreamStats is RTCOutboundRtpStreamStats.
type OutboundRTPStreamStats struct {
	RTPStreamStats
	Mid                      string  `json:"mid,omitempty"`
	RID                      string  `json:"rid,omitempty"`
	MediaSourceID            string  `json:"mediaSourceId,omitempty"`
	RemoteID                 string  `json:"remoteId,omitempty"`
	PacketsSent              uint64  `json:"packetsSent"`
	BytesSent                uint64  `json:"bytesSent"`
	HeaderBytesSent          uint64  `json:"headerBytesSent"`
	RetransmittedPacketsSent uint64  `json:"retransmittedPacketsSent"`
	RetransmittedBytesSent   uint64  `json:"retransmittedBytesSent"`
	RTXSSRC                  *uint32 `json:"rtxSsrc,omitempty"`
	Active                   bool    `json:"active"`
	NACKCount                uint64  `json:"nackCount"`
	// For video only.
	PLICount   *uint64 `json:"pliCount,omitempty"`
	FIRCount   *uint64 `json:"firCount,omitempty"`
	FramesSent *uint64 `json:"framesSent,omitempty"`
	// FramesEncoded and KeyFramesEncoded count what came from the track's
	// encoder, which may be the program's own.
	FramesEncoded    *uint64 `json:"framesEncoded,omitempty"`
	KeyFramesEncoded *uint64 `json:"keyFramesEncoded,omitempty"`
	// TotalPacketSendDelay is from the making of packets until the network took
	// them, in seconds.
	TotalPacketSendDelay *float64 `json:"totalPacketSendDelay,omitempty"`
	// Where the track's pictures or samples are encoded here.
	TargetBitrate         *int   `json:"targetBitrate,omitempty"`
	EncoderImplementation string `json:"encoderImplementation,omitempty"`
	// Of pictures.
	FrameWidth              *int     `json:"frameWidth,omitempty"`
	FrameHeight             *int     `json:"frameHeight,omitempty"`
	FramesPerSecond         *float64 `json:"framesPerSecond,omitempty"`
	HugeFramesSent          *uint64  `json:"hugeFramesSent,omitempty"`
	QPSum                   *uint64  `json:"qpSum,omitempty"`
	TotalEncodeTime         *float64 `json:"totalEncodeTime,omitempty"`
	TotalEncodedBytesTarget *uint64  `json:"totalEncodedBytesTarget,omitempty"`
	ScalabilityMode         string   `json:"scalabilityMode,omitempty"`
	// QualityLimitationReason is "none", "cpu", "bandwidth" or "other", and the
	// durations are in seconds.
	QualityLimitationReason            string             `json:"qualityLimitationReason,omitempty"`
	QualityLimitationDurations         map[string]float64 `json:"qualityLimitationDurations,omitempty"`
	QualityLimitationResolutionChanges *uint32            `json:"qualityLimitationResolutionChanges,omitempty"`
	// PowerEfficientEncoder is false: encoders are software.
	PowerEfficientEncoder *bool `json:"powerEfficientEncoder,omitempty"`
}

// RemoteInboundRTPStreamStats is RTCRemoteInboundRtpStreamStats.
type RemoteInboundRTPStreamStats struct {
	RTPStreamStats
	LocalID                   string   `json:"localId"`
	PacketsReceived           uint64   `json:"packetsReceived"`
	PacketsLost               int64    `json:"packetsLost"`
	Jitter                    float64  `json:"jitter"`
	FractionLost              float64  `json:"fractionLost"`
	RoundTripTime             *float64 `json:"roundTripTime,omitempty"`
	TotalRoundTripTime        float64  `json:"totalRoundTripTime"`
	RoundTripTimeMeasurements uint64   `json:"roundTripTimeMeasurements"`
}

// RemoteOutboundRTPStreamStats is RTCRemoteOutboundRtpStreamStats.
type RemoteOutboundRTPStreamStats struct {
	RTPStreamStats
	LocalID         string  `json:"localId"`
	PacketsSent     uint64  `json:"packetsSent"`
	BytesSent       uint64  `json:"bytesSent"`
	ReportsSent     uint64  `json:"reportsSent"`
	RemoteTimestamp float64 `json:"remoteTimestamp"`
	// The round trip is measured when the peer answers extended reports
	// (RFC 3611 4.4), which need no media in the other direction.
	RoundTripTime             *float64 `json:"roundTripTime,omitempty"`
	TotalRoundTripTime        float64  `json:"totalRoundTripTime"`
	RoundTripTimeMeasurements uint64   `json:"roundTripTimeMeasurements"`
}

// MediaSourceStats is RTCMediaSourceStats with RTCAudioSourceStats and
// RTCVideoSourceStats, whose members only raw tracks have: what comes encoded
// is not looked into.
type MediaSourceStats struct {
	StatsBase
	TrackIdentifier      string   `json:"trackIdentifier"`
	Kind                 string   `json:"kind"`
	AudioLevel           *float64 `json:"audioLevel,omitempty"`
	TotalAudioEnergy     *float64 `json:"totalAudioEnergy,omitempty"`
	TotalSamplesDuration *float64 `json:"totalSamplesDuration,omitempty"`
	Width                *int     `json:"width,omitempty"`
	Height               *int     `json:"height,omitempty"`
	Frames               *uint32  `json:"frames,omitempty"`
	FramesPerSecond      *float64 `json:"framesPerSecond,omitempty"`
}

// AudioPlayoutStats is RTCAudioPlayoutStats: the playing of all remote audio
// tracks of the connection whose samples are taken. It is there from the first
// sample on.
type AudioPlayoutStats struct {
	StatsBase
	Kind string `json:"kind"`
	// Samples are synthesized when the player has none to give, which this one
	// always has: it conceals what is missing before.
	SynthesizedSamplesDuration float64 `json:"synthesizedSamplesDuration"`
	SynthesizedSamplesEvents   uint64  `json:"synthesizedSamplesEvents"`
	TotalSamplesDuration       float64 `json:"totalSamplesDuration"`
	TotalPlayoutDelay          float64 `json:"totalPlayoutDelay"`
	TotalSamplesCount          uint64  `json:"totalSamplesCount"`
}

// PeerConnectionStats is RTCPeerConnectionStats.
type PeerConnectionStats struct {
	StatsBase
	DataChannelsOpened uint32 `json:"dataChannelsOpened"`
	DataChannelsClosed uint32 `json:"dataChannelsClosed"`
}

// DataChannelStats is RTCDataChannelStats.
type DataChannelStats struct {
	StatsBase
	Label                 string           `json:"label"`
	Protocol              string           `json:"protocol"`
	DataChannelIdentifier *uint16          `json:"dataChannelIdentifier,omitempty"`
	State                 DataChannelState `json:"state"`
	MessagesSent          uint64           `json:"messagesSent"`
	BytesSent             uint64           `json:"bytesSent"`
	MessagesReceived      uint64           `json:"messagesReceived"`
	BytesReceived         uint64           `json:"bytesReceived"`
}

// TransportStats is RTCTransportStats.
type TransportStats struct {
	StatsBase
	PacketsSent                  uint64             `json:"packetsSent"`
	PacketsReceived              uint64             `json:"packetsReceived"`
	BytesSent                    uint64             `json:"bytesSent"`
	BytesReceived                uint64             `json:"bytesReceived"`
	ICERole                      ICERole            `json:"iceRole"`
	ICELocalUsernameFragment     string             `json:"iceLocalUsernameFragment,omitempty"`
	DTLSState                    DTLSTransportState `json:"dtlsState"`
	ICEState                     ICETransportState  `json:"iceState"`
	SelectedCandidatePairID      string             `json:"selectedCandidatePairId,omitempty"`
	LocalCertificateID           string             `json:"localCertificateId,omitempty"`
	RemoteCertificateID          string             `json:"remoteCertificateId,omitempty"`
	TLSVersion                   string             `json:"tlsVersion,omitempty"`
	DTLSCipher                   string             `json:"dtlsCipher,omitempty"`
	DTLSRole                     string             `json:"dtlsRole"`
	SRTPCipher                   string             `json:"srtpCipher,omitempty"`
	SelectedCandidatePairChanges uint32             `json:"selectedCandidatePairChanges"`
}

// ICECandidateStats is RTCIceCandidateStats.
type ICECandidateStats struct {
	StatsBase
	TransportID      string                     `json:"transportId"`
	Address          *string                    `json:"address"`
	Port             uint16                     `json:"port"`
	Protocol         string                     `json:"protocol"`
	CandidateType    ICECandidateType           `json:"candidateType"`
	Priority         uint32                     `json:"priority"`
	URL              string                     `json:"url,omitempty"`
	RelayProtocol    ICEServerTransportProtocol `json:"relayProtocol,omitempty"`
	Foundation       string                     `json:"foundation"`
	RelatedAddress   string                     `json:"relatedAddress,omitempty"`
	RelatedPort      *uint16                    `json:"relatedPort,omitempty"`
	UsernameFragment string                     `json:"usernameFragment,omitempty"`
	TCPType          string                     `json:"tcpType,omitempty"`
}

// ICECandidatePairStats is RTCIceCandidatePairStats.
type ICECandidatePairStats struct {
	StatsBase
	TransportID                 string   `json:"transportId"`
	LocalCandidateID            string   `json:"localCandidateId"`
	RemoteCandidateID           string   `json:"remoteCandidateId"`
	State                       string   `json:"state"`
	Nominated                   bool     `json:"nominated"`
	PacketsSent                 uint64   `json:"packetsSent"`
	PacketsReceived             uint64   `json:"packetsReceived"`
	BytesSent                   uint64   `json:"bytesSent"`
	BytesReceived               uint64   `json:"bytesReceived"`
	LastPacketSentTimestamp     *float64 `json:"lastPacketSentTimestamp,omitempty"`
	LastPacketReceivedTimestamp *float64 `json:"lastPacketReceivedTimestamp,omitempty"`
	TotalRoundTripTime          float64  `json:"totalRoundTripTime"`
	CurrentRoundTripTime        *float64 `json:"currentRoundTripTime,omitempty"`
	RequestsReceived            uint64   `json:"requestsReceived"`
	RequestsSent                uint64   `json:"requestsSent"`
	ResponsesReceived           uint64   `json:"responsesReceived"`
	ResponsesSent               uint64   `json:"responsesSent"`
	ConsentRequestsSent         uint64   `json:"consentRequestsSent"`
	PacketsDiscardedOnSend      uint64   `json:"packetsDiscardedOnSend"`
	BytesDiscardedOnSend        uint64   `json:"bytesDiscardedOnSend"`
	// The bit rate that congestion control finds the selected pair to have.
	AvailableOutgoingBitrate *float64 `json:"availableOutgoingBitrate,omitempty"`
}

// CertificateStats is RTCCertificateStats.
type CertificateStats struct {
	StatsBase
	Fingerprint          string `json:"fingerprint"`
	FingerprintAlgorithm string `json:"fingerprintAlgorithm"`
	Base64Certificate    string `json:"base64Certificate"`
	IssuerCertificateID  string `json:"issuerCertificateId,omitempty"`
}
