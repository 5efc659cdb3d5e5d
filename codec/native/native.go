//go:build linux && (amd64 || arm64) && !nonative

package native

import "trackway/codec"

// Implementations returns the codecs that the package knows, whether or not
// their libraries are there: an implementation's SelfTest tells.
func Implementations() []codec.Implementation {
	list := []codec.Implementation{
		{
			Codec: codec.Codec{MimeType: codec.VP8, ClockRate: videoClock}, Name: "libvpx",
			NewVideoEncoder: func(c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) {
				return newCXEncoder(vp8API, c, s)
			},
			NewVideoDecoder: func(c codec.Codec) (codec.VideoDecoder, error) {
				return newVPXDecoder(codec.VP8, &vpxVP8Decoder, c)
			},
		},
		{
			Codec: codec.Codec{MimeType: codec.VP9, ClockRate: videoClock, SDPFmtpLine: "profile-id=0"}, Name: "libvpx",
			NewVideoEncoder: func(c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) {
				return newCXEncoder(vp9API, c, s)
			},
			NewVideoDecoder: func(c codec.Codec) (codec.VideoDecoder, error) {
				return newVPXDecoder(codec.VP9, &vpxVP9Decoder, c)
			},
		},
	}
	for i := range list {
		im := list[i]
		list[i].SelfTest = func() error { return testVideo(&im) }
	}
	return list
}

// libraries are those that the implementations of a name need.
var libraries = map[string][]*library{
	"libvpx": {&libvpx},
}
