package webrtc

import (
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
