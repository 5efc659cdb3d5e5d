// Package media holds what Media Capture and Streams calls MediaStream and
// MediaStreamTrack, as Stream and Track, and what stands before and behind
// them in a program that is not a browser: a Source that the program writes
// frames or packets into, and Sinks that take them out.
//
//	src := media.NewEncodedSource(media.Codec{MimeType: codec.VP8, ClockRate: 90000})
//	track := src.NewTrack()
//	stream := media.NewStream(track)
//	pc.AddTrack(track, stream)
//	…
//	src.WriteFrame(&media.EncodedFrame{Data: data, KeyFrame: key, Timestamp: ts})
//
// # Threads
//
// All methods may be called from any goroutine. Media does not pass through
// the event loop: a frame runs from Write… through every live track of the
// source to every sink, on the goroutine that writes, without a lock and
// without an allocation. Events (mute, unmute, ended) are tasks on the
// source's Loop, as the specification has them.
//
// One source is written by one goroutine at a time.
package media

import "trackway/codec"

// Kind is what a track carries.
type Kind string

// The kinds of media.
const (
	Audio Kind = "audio"
	Video Kind = "video"
)

// The frames and codecs of package codec under the names this package's
// callers know them by.
type (
	// Codec describes a codec as RTCRtpCodec does.
	Codec = codec.Codec
	// EncodedFrame is one coded picture or stretch of sound.
	EncodedFrame = codec.EncodedFrame
	// VideoFrame is a picture in I420.
	VideoFrame = codec.VideoFrame
	// AudioFrame is a stretch of 16-bit PCM.
	AudioFrame = codec.AudioFrame
	// AudioLevel is the loudness of an audio frame (RFC 6464).
	AudioLevel = codec.AudioLevel
)

// Form is the form in which media flows.
type Form uint8

// The forms. A source made by this program has one; a remote source gives
// packets and frames, and raw pictures and samples if someone decodes.
const (
	// Unknown is the form of a remote track before anything was negotiated.
	Unknown Form = iota
	// Encoded media flows as EncodedFrames.
	Encoded
	// RTP media flows as packets.
	RTP
	// Raw media flows as VideoFrames or AudioFrames.
	Raw
)

// String names the form.
func (f Form) String() string {
	switch f {
	case Encoded:
		return "encoded"
	case RTP:
		return "RTP"
	case Raw:
		return "raw"
	}
	return "unknown"
}

// Format says what a track delivers.
type Format struct {
	// Form is how the source gives its media.
	Form Form
	// Codec is the coding of Encoded and RTP media; zero for raw media and
	// for a remote track before its codec is known.
	Codec Codec
	// Width and Height of the latest video frame, if the source said so.
	Width, Height int
	// SampleRate and Channels of the latest raw audio frame.
	SampleRate, Channels int
}
