package media

import (
	"slices"
	"strings"

	"trackway/codec"
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
		b.silence = appendOpusSilence(b.silence, f.Data)
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

// appendOpusSilence appends a packet of silence as long as the given one:
// full-band CELT frames that consist of the silence flag (RFC 6716 §4.3),
// which decode without a trace of what was before.
func appendOpusSilence(dst, packet []byte) []byte {
	frame, count := opusFrames(packet)
	const fullBand = 28 // configurations 28…31 are 2.5, 5, 10 and 20 ms
	config, per := byte(fullBand), 120
	for per < frame && per < 960 {
		config, per = config+1, per*2
	}
	// Frames of 40 and 60 ms exist only in SILK; they become several of 20.
	count *= max(1, frame/per)
	if count == 0 || count > 48 {
		return dst
	}
	dst = append(dst, config<<3|3, byte(count)) // code 3, constant bit rate, no padding
	for range count {
		dst = append(dst, 0xff, 0xfe)
	}
	return dst
}

// opusFrames returns the length of a packet's frames in samples at 48 kHz and
// their number (RFC 6716 §3.1, §3.2), or zeros for a packet that has none.
func opusFrames(packet []byte) (samples, count int) {
	if len(packet) == 0 {
		return 0, 0
	}
	switch config := packet[0] >> 3; {
	case config < 12:
		samples = [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		samples = [2]int{480, 960}[config&1]
	default:
		samples = 120 << (config & 3)
	}
	switch packet[0] & 3 {
	case 0:
		count = 1
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0, 0
		}
		count = int(packet[1] & 0x3f)
	}
	return samples, count
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
