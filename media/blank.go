package media

import (
	"slices"
	"strings"

	"trackway/codec"
	"trackway/internal/bitstream"
)

// blanker makes the "zero-information-content" of a disabled track: silence
// for audio and black frames for video. Coded video has no black frame
// without an encoder, so it is withheld, and afterwards each encoding starts
// again with a key frame.
type blanker struct {
	frame   EncodedFrame
	silence []byte
	picture VideoFrame
	samples AudioFrame

	held bool     // video was withheld at some time
	open []string // the RIDs that have had a key frame since
}

// admits reports whether a coded video frame may pass now that the track is
// enabled.
func (b *blanker) admits(rid string, keyFrame bool) bool {
	if !b.held || slices.Contains(b.open, rid) {
		return true
	}
	if !keyFrame {
		return false
	}
	b.open = append(b.open, rid)
	return true
}

// encoded returns the frame to send in place of f, or nil for none.
func (b *blanker) encoded(f *EncodedFrame) *EncodedFrame {
	mime := f.MimeType
	b.silence = b.silence[:0]
	switch {
	case strings.EqualFold(mime, codec.Opus):
		b.silence = bitstream.AppendOpusSilence(b.silence, f.Data)
	case strings.EqualFold(mime, codec.PCMU):
		b.silence = appendRepeated(b.silence, 0xff, len(f.Data))
	case strings.EqualFold(mime, codec.PCMA):
		b.silence = appendRepeated(b.silence, 0xd5, len(f.Data))
	default:
		b.held, b.open = true, b.open[:0]
		return nil
	}
	if len(b.silence) == 0 {
		return nil
	}
	b.frame = *f
	b.frame.Data = b.silence
	b.frame.AudioLevel = AudioLevel{Known: true, Level: 127}
	return &b.frame
}

func appendRepeated(dst []byte, v byte, n int) []byte {
	for range n {
		dst = append(dst, v)
	}
	return dst
}

func (b *blanker) video(f *VideoFrame) *VideoFrame {
	if b.picture.Width != f.Width || b.picture.Height != f.Height {
		b.picture = *codec.NewVideoFrame(f.Width, f.Height)
		b.picture.Fill(16, 128, 128)
	}
	b.picture.Timestamp, b.picture.CaptureTime, b.picture.Duration = f.Timestamp, f.CaptureTime, f.Duration
	return &b.picture
}

func (b *blanker) audio(f *AudioFrame) *AudioFrame {
	zeros := b.samples.Samples
	if cap(zeros) < len(f.Samples) {
		zeros = make([]int16, len(f.Samples))
	}
	b.samples = *f
	b.samples.Samples = zeros[:len(f.Samples)]
	return &b.samples
}
