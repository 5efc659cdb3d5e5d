//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"sync"

	"trackway/codec"
)

// Implementations returns the codecs that the package knows, whether or not
// their libraries are there: an implementation's SelfTest tells.
func Implementations() []codec.Implementation {
	vp8 := codec.Codec{MimeType: codec.VP8, ClockRate: videoClock}
	vp9 := codec.Codec{MimeType: codec.VP9, ClockRate: videoClock, SDPFmtpLine: "profile-id=0"}
	h264 := codec.Codec{
		MimeType: codec.H264, ClockRate: videoClock,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}
	av1 := codec.Codec{MimeType: codec.AV1, ClockRate: videoClock, SDPFmtpLine: "level-idx=5;profile=0;tier=0"}
	opus := codec.Codec{MimeType: codec.Opus, ClockRate: opusRate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	encoder := func(api *cxAPI) func(codec.Codec, codec.VideoSettings) (codec.VideoEncoder, error) {
		return func(c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) { return newCXEncoder(api, c, s) }
	}
	decoder := func(mime string, iface *func() uintptr) func(codec.Codec) (codec.VideoDecoder, error) {
		return func(c codec.Codec) (codec.VideoDecoder, error) { return newVPXDecoder(mime, iface, c) }
	}
	var list []codec.Implementation
	list = append(list, videoPair(vp8, "libvpx", encoder(vp8API), "libvpx", decoder(codec.VP8, &vpxVP8Decoder))...)
	list = append(list, videoPair(vp9, "libvpx", encoder(vp9API), "libvpx", decoder(codec.VP9, &vpxVP9Decoder))...)
	list = append(list, videoPair(h264, "openh264", newH264Encoder, "openh264", newH264Decoder)...)
	list = append(list, videoPair(av1, "libaom", encoder(av1API), "dav1d", newAV1Decoder)...)
	sound := codec.Implementation{Codec: opus, Name: "libopus", NewAudioEncoder: newOpusEncoder, NewAudioDecoder: newOpusDecoder}
	tested := sound
	sound.SelfTest = func() error { return testOpus(&tested) }
	return append(list, sound)
}

// videoPair is an encoder and a decoder that are tested together, once: neither
// exists without the other, so that what is used has been tested.
func videoPair(c codec.Codec, encoder string, encode func(codec.Codec, codec.VideoSettings) (codec.VideoEncoder, error),
	decoder string, decode func(codec.Codec) (codec.VideoDecoder, error)) []codec.Implementation {
	both := codec.Implementation{Codec: c, Name: encoder, NewVideoEncoder: encode, NewVideoDecoder: decode}
	test := sync.OnceValue(func() error { return testVideo(&both) })
	return []codec.Implementation{
		{Codec: c, Name: encoder, NewVideoEncoder: encode, SelfTest: test},
		{Codec: c, Name: decoder, NewVideoDecoder: decode, SelfTest: test},
	}
}

// libraries are those that the implementations of a codec need.
var libraries = map[string][]*library{
	codec.VP8: {&libvpx}, codec.VP9: {&libvpx}, codec.H264: {&libopenh264}, codec.AV1: {&libaom, &libdav1d},
	codec.Opus: {&libopus},
}
