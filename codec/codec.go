// Package codec says what a codec is to Trackway: the frames that go in and
// out, the interfaces of encoders and decoders, and the registry in which
// implementations are found. The implementations live in folders below; an
// application adds its own with Register.
//
//	enc, err := codec.Default.NewVideoEncoder(codec.Codec{MimeType: codec.VP8}, codec.VideoSettings{…})
package codec

import (
	"strings"
	"time"
)

// The MIME types of the codecs that Trackway knows by name. They compare
// without regard to case.
const (
	VP8  = "video/VP8"
	VP9  = "video/VP9"
	H264 = "video/H264"
	AV1  = "video/AV1"
	Opus = "audio/opus"
	PCMU = "audio/PCMU"
	PCMA = "audio/PCMA"
	G722 = "audio/G722"
)

// Codec describes a codec as RTCRtpCodec does.
// https://www.w3.org/TR/webrtc/#dom-rtcrtpcodec
type Codec struct {
	// MimeType is "kind/subtype", for example "video/VP8".
	MimeType string
	// ClockRate is the RTP clock in hertz: 90000 for video, 48000 for Opus,
	// 8000 for G.711 and (by a quirk of RFC 3551 §4.5.2) for G.722.
	ClockRate uint32
	// Channels is 1 or 2 for audio, 0 for video.
	Channels uint16
	// SDPFmtpLine is the value of a=fmtp after the payload type, or "".
	SDPFmtpLine string
}

// Kind returns "audio" or "video", the part of MimeType before the slash.
func (c Codec) Kind() string {
	kind, _, _ := strings.Cut(c.MimeType, "/")
	return strings.ToLower(kind)
}

// Is reports whether c is of the given MIME type, without regard to case.
func (c Codec) Is(mimeType string) bool { return strings.EqualFold(c.MimeType, mimeType) }

// FmtpValue returns the value of one parameter of SDPFmtpLine, or "".
func (c Codec) FmtpValue(name string) string {
	for p := range strings.SplitSeq(c.SDPFmtpLine, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// VideoSettings is what a video encoder is started with, and what may change
// while it runs (SetTarget).
type VideoSettings struct {
	// Width and Height of the frames that will come. Frames of another size
	// may follow later: the encoder then starts anew with a key frame.
	Width, Height int
	// Bitrate is the target in bits per second; 0 lets the encoder choose.
	Bitrate int
	// FrameRate is the expected rate in frames per second; 0 means 30.
	FrameRate float64
	// ScalabilityMode is "L1T1" (or ""), "L1T2", "L1T3" …: webrtc-svc.
	ScalabilityMode string
	// ContentHint is the track's: "", "motion", "detail" or "text".
	ContentHint string
	// ErrorResilient asks for frames that survive the loss of earlier ones as
	// far as the format allows.
	ErrorResilient bool
	// Threads is how many goroutines or threads the encoder may keep busy;
	// 0 means one.
	Threads int
}

// VideoEncoder turns pictures into coded frames. It is used by one goroutine
// at a time.
type VideoEncoder interface {
	// Encode codes one picture and calls emit, before it returns, for each
	// frame that results: none when rate control dropped the picture, one as a
	// rule, several with spatial layers. The emitted frame and its Data are
	// valid only during the call. KeyFrame asks for a key frame now. Emitted
	// frames carry the picture's Timestamp, CaptureTime, size and Duration.
	Encode(f *VideoFrame, keyFrame bool, emit func(*EncodedFrame)) error
	// SetTarget changes bit rate, frame rate, content hint and scalability
	// mode from the next picture on, as far as they are non-zero.
	SetTarget(VideoSettings) error
	// Close frees what the encoder holds.
	Close() error
}

// VideoDecoder turns coded frames into pictures. It is used by one goroutine
// at a time.
type VideoDecoder interface {
	// Decode takes one frame and calls emit, before it returns, for each
	// picture that results. The emitted picture is valid only during the call
	// and carries the frame's Timestamp, CaptureTime and Duration. An error
	// means that a key frame is needed; the decoder stays usable.
	Decode(f *EncodedFrame, emit func(*VideoFrame)) error
	// Close frees what the decoder holds.
	Close() error
}

// AudioSettings is what an audio encoder is started with, and what may change
// while it runs (SetTarget).
type AudioSettings struct {
	// SampleRate and Channels of the frames that will come.
	SampleRate, Channels int
	// Bitrate is the target in bits per second; 0 lets the encoder choose.
	Bitrate int
	// FrameDuration is the length of an emitted frame; 0 means 20 ms.
	FrameDuration time.Duration
	// ContentHint is the track's: "", "speech", "speech-recognition" or "music".
	ContentHint string
	// FEC asks for in-band forward error correction for PacketLoss percent.
	FEC        bool
	PacketLoss int
	// DTX lets the encoder send (almost) nothing during silence.
	DTX bool
}

// AudioEncoder turns samples into coded frames. It is used by one goroutine
// at a time.
type AudioEncoder interface {
	// Encode takes samples in stretches of any length, gathers them to frames
	// of FrameDuration, and calls emit, before it returns, for each. The
	// emitted frame is valid only during the call; its Timestamp counts the
	// codec's RTP clock and follows the input's.
	Encode(f *AudioFrame, emit func(*EncodedFrame)) error
	// SetTarget changes bit rate, FEC, DTX and packet loss from the next frame on.
	SetTarget(AudioSettings) error
	// Close frees what the encoder holds.
	Close() error
}

// AudioDecoder turns coded frames into samples. It is used by one goroutine
// at a time.
type AudioDecoder interface {
	// Decode takes one frame and calls emit once. The emitted frame is valid
	// only during the call.
	Decode(f *EncodedFrame, emit func(*AudioFrame)) error
	// Conceal makes up for lost sound of the given length. If next, the frame
	// after the gap, is at hand, a decoder with in-band FEC uses it (and it is
	// still to be decoded afterwards); next may be nil.
	Conceal(lost time.Duration, next *EncodedFrame, emit func(*AudioFrame)) error
	// Close frees what the decoder holds.
	Close() error
}
