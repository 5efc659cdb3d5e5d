package webrtc

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"trackway/codec"
	"trackway/codec/native"
	"trackway/media"
)

// withNative has the system's codecs in codec.Default for the time of a test.
func withNative(t *testing.T) {
	before := codec.Default
	r := new(codec.Registry)
	for _, im := range before.Implementations() {
		r.Register(im)
	}
	native.Register(r)
	codec.Default = r
	t.Cleanup(func() { codec.Default = before })
}

// TestNativeCodecs sends the test picture from one connection to another with
// each codec of the system's libraries.
func TestNativeCodecs(t *testing.T) {
	withNative(t)
	for _, mime := range []string{codec.VP9, codec.H264, codec.AV1} {
		t.Run(mime, func(t *testing.T) {
			if c := (codec.Codec{MimeType: mime}); !codec.Default.Encodes(c) || !codec.Default.Decodes(c) {
				t.Skip("no library of this codec is installed here")
			}
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				sender := a.addTrack(w.capture().GetVideoTracks()[0])
				a.must(a.GetTransceivers()[0].SetCodecPreferences(codecsOf(mime)...), "SetCodecPreferences")
				connect(a, b)
				s := watchScreen(b.GetReceivers()[0].Track())
				time.Sleep(2 * time.Second)
				pictures := s.take()
				wantPattern(t, mime, pictures, 2)
				if len(pictures) < 40 {
					t.Errorf("%d pictures in two seconds, want about 60", len(pictures))
				}
				if err := sender.EncodingError(); err != nil {
					t.Errorf("EncodingError: %v", err)
				}
			})
		})
	}
}

// codecsOf are the sender's codecs of a MIME type.
func codecsOf(mime string) []RTPCodec {
	return slices.DeleteFunc(SenderCapabilities(media.Video).Codecs, func(c RTPCodec) bool {
		return !strings.EqualFold(c.MimeType, mime)
	})
}

// TestCodableCodecs: what can be neither encoded nor decoded is not offered.
func TestCodableCodecs(t *testing.T) {
	list := func(r *codec.Registry) (out []string) {
		for _, c := range CodableCodecs(r) {
			entry := strings.ToLower(strings.TrimPrefix(c.MimeType, "video/"))
			if id := (codec.Codec{SDPFmtpLine: c.SDPFmtpLine}).FmtpValue("profile-level-id"); id != "" {
				entry += " " + id
			}
			if strings.HasPrefix(c.MimeType, "video/") && entry != "rtx" {
				out = append(out, strings.TrimSpace(entry+" "+string(c.Direction)))
			}
		}
		return out
	}
	if got := list(codec.Default); !slices.Equal(got, []string{"vp8"}) {
		t.Errorf("without libraries %q are coded, want VP8", got)
	}
	r := new(codec.Registry)
	fail := errors.New("no library")
	decoder := func(codec.Codec) (codec.VideoDecoder, error) { return nil, nil }
	encoder := func(codec.Codec, codec.VideoSettings) (codec.VideoEncoder, error) { return nil, nil }
	r.Register(codec.Implementation{Codec: codec.Codec{MimeType: codec.VP9}, NewVideoDecoder: decoder})
	r.Register(codec.Implementation{Codec: codec.Codec{MimeType: codec.AV1}, NewVideoDecoder: decoder, SelfTest: func() error { return fail }})
	r.Register(codec.Implementation{
		Codec:           codec.Codec{MimeType: codec.H264, SDPFmtpLine: "profile-level-id=42e01f"},
		NewVideoDecoder: decoder, NewVideoEncoder: encoder,
	})
	want := []string{"vp9 recvonly", "h264 42e01f", "h264 42e01f", "h264 42001f", "h264 4d001f recvonly", "h264 64001f recvonly"}
	if got := list(r); !slices.Equal(got, want) {
		t.Errorf("coded are %q, want %q", got, want)
	}
	e, err := NewEngine(WithCodecs(CodableCodecs(r)...))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, c := range e.SenderCapabilities(media.Video).Codecs {
		if strings.EqualFold(c.MimeType, codec.VP9) || strings.EqualFold(c.MimeType, codec.AV1) {
			t.Errorf("getCapabilities of senders lists %s, which cannot be encoded", c.MimeType)
		}
	}
}
