package webrtc

// RTPCodec is RTCRtpCodec (webrtc-pc 5.2.8).
type RTPCodec struct {
	// MimeType is "audio/opus", "video/VP8" and the like.
	MimeType string `json:"mimeType"`
	// ClockRate is in hertz.
	ClockRate uint32 `json:"clockRate"`
	// Channels is 0 when missing, as it is for video.
	Channels uint16 `json:"channels,omitempty"`
	// SDPFmtpLine is the parameters of the fmtp line, "" when missing.
	SDPFmtpLine string `json:"sdpFmtpLine,omitempty"`
}

// RTPCodecParameters is RTCRtpCodecParameters (webrtc-pc 5.2.9).
type RTPCodecParameters struct {
	RTPCodec
	PayloadType uint8 `json:"payloadType"`
}

// RTPHeaderExtensionParameters is RTCRtpHeaderExtensionParameters
// (webrtc-pc 5.2.7).
type RTPHeaderExtensionParameters struct {
	URI       string `json:"uri"`
	ID        uint16 `json:"id"`
	Encrypted bool   `json:"encrypted"`
}

// RTCPParameters is RTCRtcpParameters (webrtc-pc 5.2.6).
type RTCPParameters struct {
	CNAME       string `json:"cname,omitempty"`
	ReducedSize bool   `json:"reducedSize"`
}

// RTPEncodingParameters is RTCRtpEncodingParameters (webrtc-pc 5.2.5) with
// priority, networkPriority (webrtc-priority) and scalabilityMode (webrtc-svc).
// Pointers are nil when the member is missing.
type RTPEncodingParameters struct {
	// RID is "" when missing.
	RID string `json:"rid,omitempty"`
	// Active is true by default in the specification; make values with
	// NewRTPEncodingParameters to have it so.
	Active bool `json:"active"`
	// Codec chooses one of the negotiated codecs, or nil.
	Codec *RTPCodec `json:"codec,omitempty"`
	// MaxBitrate is in bits per second; 0 lets one picture through, and no sound.
	MaxBitrate *uint32 `json:"maxBitrate,omitempty"`
	// MaxFramerate is in frames per second, 0 freezes the next picture; video only.
	MaxFramerate *float64 `json:"maxFramerate,omitempty"`
	// ScaleResolutionDownBy is at least 1; video only.
	ScaleResolutionDownBy *float64 `json:"scaleResolutionDownBy,omitempty"`
	// Priority and NetworkPriority are "very-low", "low", "medium" or "high";
	// "" means "low".
	Priority        PriorityType `json:"priority,omitempty"`
	NetworkPriority PriorityType `json:"networkPriority,omitempty"`
	// ScalabilityMode is a mode of webrtc-svc such as "L1T2", or "".
	ScalabilityMode string `json:"scalabilityMode,omitempty"`
	// AdaptivePtime permits packets of other lengths when bits are short
	// (webrtc-extensions 5.1); it is kept, and not made use of.
	AdaptivePtime bool `json:"adaptivePtime,omitempty"`
}

// PriorityType is RTCPriorityType (webrtc-priority).
type PriorityType string

// The priorities.
const (
	PriorityTypeVeryLow PriorityType = "very-low"
	PriorityTypeLow     PriorityType = "low"
	PriorityTypeMedium  PriorityType = "medium"
	PriorityTypeHigh    PriorityType = "high"
)

// NewRTPEncodingParameters is an active encoding with this rid, which may be "".
func NewRTPEncodingParameters(rid string) RTPEncodingParameters {
	return RTPEncodingParameters{RID: rid, Active: true}
}

// RTPParameters is RTCRtpParameters (webrtc-pc 5.2.1).
type RTPParameters struct {
	HeaderExtensions []RTPHeaderExtensionParameters `json:"headerExtensions"`
	RTCP             RTCPParameters                 `json:"rtcp"`
	Codecs           []RTPCodecParameters           `json:"codecs"`
}

// RTPSendParameters is RTCRtpSendParameters (webrtc-pc 5.2.2).
type RTPSendParameters struct {
	RTPParameters
	// TransactionID ties SetParameters to the GetParameters before it.
	TransactionID string                  `json:"transactionId"`
	Encodings     []RTPEncodingParameters `json:"encodings"`
	// DegradationPreference says what gives way when bits are short, for tracks
	// that are encoded here; "" goes by the track's content hint.
	DegradationPreference DegradationPreference `json:"degradationPreference,omitempty"`
}

// DegradationPreference is RTCDegradationPreference (mst-content-hint 5).
type DegradationPreference string

// The preferences.
const (
	DegradationPreferenceMaintainFramerate  DegradationPreference = "maintain-framerate"
	DegradationPreferenceMaintainResolution DegradationPreference = "maintain-resolution"
	DegradationPreferenceBalanced           DegradationPreference = "balanced"
)

// SetParameterOptions is RTCSetParameterOptions (webrtc-extensions 5.5).
type SetParameterOptions struct {
	// EncodingOptions has one entry for each encoding, or none.
	EncodingOptions []EncodingOptions `json:"encodingOptions,omitempty"`
}

// EncodingOptions is RTCEncodingOptions.
type EncodingOptions struct {
	// KeyFrame asks for a key frame of the encoding.
	KeyFrame bool `json:"keyFrame"`
}

// RTPReceiveParameters is RTCRtpReceiveParameters (webrtc-pc 5.2.3).
type RTPReceiveParameters struct {
	RTPParameters
}

// RTPHeaderExtensionCapability is RTCRtpHeaderExtensionCapability
// (webrtc-pc 5.2.11) with direction (webrtc-extensions).
type RTPHeaderExtensionCapability struct {
	URI string `json:"uri"`
	// Direction is "sendrecv" for an extension that is offered and "stopped"
	// for one that is not.
	Direction RTPTransceiverDirection `json:"direction,omitempty"`
}

// RTPCapabilities is RTCRtpCapabilities (webrtc-pc 5.2.10).
type RTPCapabilities struct {
	Codecs           []RTPCodec                     `json:"codecs"`
	HeaderExtensions []RTPHeaderExtensionCapability `json:"headerExtensions"`
}

func cloneEncodings(in []RTPEncodingParameters) []RTPEncodingParameters {
	out := make([]RTPEncodingParameters, len(in))
	for i, e := range in {
		e.Codec = clonePtr(e.Codec)
		e.MaxBitrate = clonePtr(e.MaxBitrate)
		e.MaxFramerate = clonePtr(e.MaxFramerate)
		e.ScaleResolutionDownBy = clonePtr(e.ScaleResolutionDownBy)
		out[i] = e
	}
	return out
}
