package webrtc

// SDPType is RTCSdpType.
type SDPType string

// The description types of webrtc-pc 4.6.1.
const (
	SDPTypeOffer    SDPType = "offer"
	SDPTypePranswer SDPType = "pranswer"
	SDPTypeAnswer   SDPType = "answer"
	SDPTypeRollback SDPType = "rollback"
)

// SessionDescription is RTCSessionDescription and RTCSessionDescriptionInit
// (webrtc-pc 4.6.2); its JSON is that of toJSON.
type SessionDescription struct {
	Type SDPType `json:"type"`
	SDP  string  `json:"sdp"`
}

// OfferOptions is RTCOfferOptions (webrtc-pc 4.2.8) with the legacy members of
// 4.4.3.
type OfferOptions struct {
	// ICERestart asks for new ICE credentials.
	ICERestart bool `json:"iceRestart,omitempty"`
	// OfferToReceiveAudio and OfferToReceiveVideo are the legacy members; nil
	// when missing.
	OfferToReceiveAudio *bool `json:"offerToReceiveAudio,omitempty"`
	OfferToReceiveVideo *bool `json:"offerToReceiveVideo,omitempty"`
}

// AnswerOptions is RTCAnswerOptions, which has no members.
type AnswerOptions struct{}
