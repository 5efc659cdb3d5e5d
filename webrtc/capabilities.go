package webrtc

import (
	"slices"
	"strconv"
	"strings"

	"trackway/codec"
	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
	"trackway/media"
)

// CodecCapability is a codec of an engine's table.
type CodecCapability struct {
	RTPCodec
	// PayloadType is the payload type to offer where it is free, 0 for any.
	PayloadType uint8
	// RTXPayloadType is the one of its retransmissions, 0 for any.
	RTXPayloadType uint8
	// Feedback are rtcp-fb values such as "nack pli".
	Feedback []string
	// Direction is "sendonly" or "recvonly" for a codec of one direction, and
	// "" for both.
	Direction RTPTransceiverDirection
}

// HeaderExtensionCapability is an RTP header extension of an engine's table.
type HeaderExtensionCapability struct {
	URI string
	// Kind is audio or video, and "" for both.
	Kind media.Kind
	// ID is the identifier to offer where it is free, 0 for any.
	ID uint8
	// Direction "stopped" leaves the extension out of offers unless the program
	// asks for it; "" is sendrecv.
	Direction RTPTransceiverDirection
	// Mandatory extensions cannot be stopped.
	Mandatory bool
	// OnDemand has an extension that is stopped taken all the same when the other
	// peer offers it, unless the program called SetHeaderExtensionsToNegotiate.
	OnDemand bool
}

// Feedback of the default tables.
var (
	audioFeedback = []string{"transport-cc", "nack", "rrtr"}
	videoFeedback = []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli", "rrtr"}
)

// DefaultCodecs is the table that engines have unless told otherwise. Payload
// types are those that browsers use, where they agree.
func DefaultCodecs() []CodecCapability {
	video := func(mime, fmtp string, pt, rtx uint8) CodecCapability {
		return CodecCapability{
			RTPCodec:    RTPCodec{MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp},
			PayloadType: pt, RTXPayloadType: rtx, Feedback: videoFeedback,
		}
	}
	audio := func(mime string, rate uint32, channels uint16, fmtp string, pt uint8, feedback []string) CodecCapability {
		return CodecCapability{
			RTPCodec:    RTPCodec{MimeType: mime, ClockRate: rate, Channels: channels, SDPFmtpLine: fmtp},
			PayloadType: pt, Feedback: feedback,
		}
	}
	return []CodecCapability{
		audio("audio/opus", 48000, 2, "minptime=10;useinbandfec=1", 111, audioFeedback),
		audio(redundantAudio, 48000, 2, "", 63, nil),
		audio("audio/G722", 8000, 1, "", 9, nil),
		audio("audio/PCMU", 8000, 1, "", 0, nil),
		audio("audio/PCMA", 8000, 1, "", 8, nil),
		audio(telephoneEvent, 48000, 1, "", 110, nil),
		audio(telephoneEvent, 8000, 1, "", 126, nil),
		video("video/VP8", "", 96, 97),
		video("video/VP9", "profile-id=0", 98, 99),
		video("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 108, 109),
		video("video/H264", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f", 124, 120),
		video("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f", 102, 103),
		video("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f", 123, 119),
		video("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f", 114, 115),
		video("video/AV1", "level-idx=5;profile=0;tier=0", 45, 46),
		{RTPCodec: RTPCodec{MimeType: "video/rtx", ClockRate: 90000}},
	}
}

// FlexFEC is repair packets for video (draft-ietf-payload-flexible-fec-scheme-03),
// for WithCodecs: an engine that has it beside DefaultCodecs offers and takes it,
// both ways. It is no default: Chromium does not offer to send it, and what it
// does when its sections change between roles is not known well enough.
func FlexFEC() CodecCapability {
	return CodecCapability{
		RTPCodec:    RTPCodec{MimeType: flexFEC, ClockRate: 90000, SDPFmtpLine: "repair-window=10000000"},
		PayloadType: 49, Feedback: []string{"goog-remb", "transport-cc"},
	}
}

// notMedia are the formats of RTP that no encoder is needed for.
var notMedia = []string{"rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "cn"}

// CodableCodecs is DefaultCodecs without those of pictures and sound that
// cannot be coded here: for programs whose tracks are raw both ways, so that
// peers choose nothing else. Codecs of r that can be encoded only, or decoded
// only, are listed for that direction. It runs the self-tests of r's
// implementations, so what it lists depends on the machine.
//
//	engine, err := webrtc.NewEngine(webrtc.WithCodecs(webrtc.CodableCodecs(codec.Default)...))
func CodableCodecs(r *codec.Registry) (out []CodecCapability) {
	for _, c := range DefaultCodecs() {
		if _, format, _ := strings.Cut(c.MimeType, "/"); slices.Contains(notMedia, strings.ToLower(format)) {
			out = append(out, c)
			continue
		}
		one := codec.Codec{MimeType: c.MimeType, ClockRate: c.ClockRate, Channels: c.Channels, SDPFmtpLine: c.SDPFmtpLine}
		switch encodes, decodes := r.Encodes(one), r.Decodes(one); {
		case encodes && decodes:
		case encodes:
			c.Direction = RTPTransceiverDirectionSendonly
		case decodes:
			c.Direction = RTPTransceiverDirectionRecvonly
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}

// The header extensions of the default table.
const (
	extensionMID           = "urn:ietf:params:rtp-hdrext:sdes:mid"
	extensionRID           = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	extensionRRID          = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	extensionAudioLevel    = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	extensionAbsSendTime   = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	extensionCaptureTime   = rtpengine.URIAbsCaptureTime
	extensionTransportWide = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// DefaultHeaderExtensions is the table that engines have unless told otherwise.
func DefaultHeaderExtensions() []HeaderExtensionCapability {
	return []HeaderExtensionCapability{
		{URI: extensionAudioLevel, Kind: media.Audio, ID: 1},
		{URI: extensionAbsSendTime, ID: 2},
		{URI: extensionTransportWide, ID: 3},
		{URI: extensionMID, ID: 4, Mandatory: true},
		{URI: extensionRID, Kind: media.Video, ID: 10},
		{URI: extensionRRID, Kind: media.Video, ID: 11},
		{URI: extensionCaptureTime, ID: 12, Direction: RTPTransceiverDirectionStopped, OnDemand: true},
	}
}

// capabilities are an engine's tables in the forms that they are needed in.
type capabilities struct {
	table         *jsep.Capabilities
	send, receive map[media.Kind]RTPCapabilities
}

func newCapabilities(codecs []CodecCapability, extensions []HeaderExtensionCapability) (*capabilities, error) {
	c := &capabilities{send: map[media.Kind]RTPCapabilities{}, receive: map[media.Kind]RTPCapabilities{}}
	var list []jsep.CodecCapability
	for _, codec := range codecs {
		list = append(list, jsep.CodecCapability{
			Codec: jsep.Codec(codec.RTPCodec), PayloadType: codec.PayloadType, RTXPayloadType: codec.RTXPayloadType,
			Feedback: codec.Feedback, Direction: jsep.Direction(codec.Direction),
		})
	}
	var known []jsep.HeaderExtensionCapability
	for _, e := range extensions {
		known = append(known, jsep.HeaderExtensionCapability{
			URI: e.URI, Kind: jsep.Kind(e.Kind), ID: e.ID, Direction: jsep.Direction(e.Direction), Mandatory: e.Mandatory,
			OnDemand: e.OnDemand,
		})
	}
	var err error
	if c.table, err = jsep.NewCapabilities(list, known); err != nil {
		return nil, err
	}
	for _, kind := range []media.Kind{media.Audio, media.Video} {
		c.send[kind] = listCapabilities(kind, codecs, extensions, RTPTransceiverDirectionRecvonly)
		c.receive[kind] = listCapabilities(kind, codecs, extensions, RTPTransceiverDirectionSendonly)
	}
	return c, nil
}

// listCapabilities lists what is not restricted to the other direction.
func listCapabilities(kind media.Kind, codecs []CodecCapability, extensions []HeaderExtensionCapability,
	other RTPTransceiverDirection) RTPCapabilities {
	out := RTPCapabilities{Codecs: []RTPCodec{}, HeaderExtensions: []RTPHeaderExtensionCapability{}}
	for _, c := range codecs {
		if mimeKind(c.MimeType) == kind && c.Direction != other {
			out.Codecs = append(out.Codecs, c.RTPCodec)
		}
	}
	for _, e := range extensions {
		if e.Kind == "" || e.Kind == kind {
			d := e.Direction
			if d == "" {
				d = RTPTransceiverDirectionSendrecv
			}
			out.HeaderExtensions = append(out.HeaderExtensions, RTPHeaderExtensionCapability{URI: e.URI, Direction: d})
		}
	}
	return out
}

func mimeKind(mime string) media.Kind {
	if len(mime) > 6 && (mime[:6] == "audio/" || mime[:6] == "video/") {
		return media.Kind(mime[:5])
	}
	return ""
}

func (c RTPCapabilities) clone() *RTPCapabilities {
	return &RTPCapabilities{
		Codecs:           append([]RTPCodec{}, c.Codecs...),
		HeaderExtensions: append([]RTPHeaderExtensionCapability{}, c.HeaderExtensions...),
	}
}

// SenderCapabilities is RTCRtpSender.getCapabilities of the engine: nil for a
// kind that is neither audio nor video.
func (e *Engine) SenderCapabilities(kind media.Kind) *RTPCapabilities {
	if kind != media.Audio && kind != media.Video {
		return nil
	}
	return e.capabilities.send[kind].clone()
}

// ReceiverCapabilities is RTCRtpReceiver.getCapabilities of the engine: nil for
// a kind that is neither audio nor video.
func (e *Engine) ReceiverCapabilities(kind media.Kind) *RTPCapabilities {
	if kind != media.Audio && kind != media.Video {
		return nil
	}
	return e.capabilities.receive[kind].clone()
}

// SenderCapabilities is RTCRtpSender.getCapabilities: nil for a kind that is
// neither audio nor video. It speaks of the engine that connections have unless
// told otherwise; see Engine.SenderCapabilities.
func SenderCapabilities(kind media.Kind) *RTPCapabilities {
	e, err := defaultEngine()
	if err != nil {
		return nil
	}
	return e.SenderCapabilities(kind)
}

// ReceiverCapabilities is RTCRtpReceiver.getCapabilities; see
// SenderCapabilities.
func ReceiverCapabilities(kind media.Kind) *RTPCapabilities {
	e, err := defaultEngine()
	if err != nil {
		return nil
	}
	return e.ReceiverCapabilities(kind)
}

// rtxParameters is the retransmission format of a codec (RFC 4588 8.6).
func rtxParameters(c jsep.MediaCodec) RTPCodecParameters {
	return RTPCodecParameters{
		RTPCodec: RTPCodec{
			MimeType: string(mimeKind(c.MimeType)) + "/rtx", ClockRate: c.ClockRate,
			SDPFmtpLine: "apt=" + strconv.Itoa(int(c.PayloadType)),
		},
		PayloadType: c.RTXPayloadType,
	}
}
