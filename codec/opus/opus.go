// Package opus codes Opus (RFC 6716) in pure Go, over gopus. Importing it adds
// Opus to codec.Default.
package opus

import (
	"time"

	"github.com/thesyncim/gopus"

	"trackway/codec"
	"trackway/codec/pcm"
	"trackway/internal/domerr"
)

const rate = 48000 // RFC 7587 §4.1: the RTP clock, whatever is coded

func init() {
	Register(codec.Default)
}

// Register adds Opus to a registry.
func Register(r *codec.Registry) {
	r.Register(codec.Implementation{
		Codec:           codec.Codec{MimeType: codec.Opus, ClockRate: rate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"},
		Name:            "gopus",
		NewAudioEncoder: NewEncoder,
		NewAudioDecoder: NewDecoder,
	})
}

// Encoder is an Opus encoder.
type Encoder struct {
	enc      *gopus.Encoder
	framer   *pcm.Framer
	length   time.Duration
	frame    codec.EncodedFrame
	data     [4000]byte
	settings codec.AudioSettings
}

// NewEncoder makes an encoder. Sound of any rate goes in; mono stays mono. By
// the content hint it codes for speech or for music.
func NewEncoder(c codec.Codec, s codec.AudioSettings) (codec.AudioEncoder, error) {
	if !c.Is(codec.Opus) {
		return nil, domerr.New(domerr.NotSupported, "%s is not Opus", c.MimeType)
	}
	channels := 1
	if s.Channels > 1 {
		channels = 2
	}
	if s.FrameDuration == 0 {
		s.FrameDuration = 20 * time.Millisecond
	}
	size := int(s.FrameDuration * rate / time.Second)
	switch size {
	case 120, 240, 480, 960, 1920, 2880:
	default:
		return nil, domerr.New(domerr.NotSupported, "Opus has no frames of %v", s.FrameDuration)
	}
	app := gopus.ApplicationAudio
	if s.ContentHint == "speech" || s.ContentHint == "speech-recognition" {
		app = gopus.ApplicationVoIP
	}
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: rate, Channels: channels, Application: app})
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotSupported, "Opus encoder")
	}
	if err := enc.SetFrameSize(size); err != nil {
		return nil, domerr.Wrap(err, domerr.NotSupported, "Opus encoder")
	}
	e := &Encoder{enc: enc, length: s.FrameDuration, framer: pcm.NewFramer(rate, channels, size)}
	if s.Bitrate == 0 {
		s.Bitrate = 32000 * channels
	}
	return e, e.SetTarget(s)
}

// Encode codes what has come to full frames.
func (e *Encoder) Encode(f *codec.AudioFrame, emit func(*codec.EncodedFrame)) error {
	return e.framer.Push(f, func(f *codec.AudioFrame) error {
		n, err := e.enc.EncodeInt16(f.Samples, e.data[:])
		if err != nil {
			return domerr.Wrap(err, domerr.Encoding, "Opus encoder")
		}
		// "If the return value is 2 bytes or less, then the packet does not need
		// to be transmitted (DTX)", says opus_encode.
		if n == 0 || n <= 2 && e.settings.DTX {
			return nil
		}
		e.frame = codec.EncodedFrame{
			MimeType: codec.Opus, Data: e.data[:n], KeyFrame: true,
			Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: e.length,
			AudioLevel: pcm.Level(f.Samples),
		}
		emit(&e.frame)
		return nil
	})
}

// SetTarget changes bit rate (if it is not zero), FEC, expected loss and DTX.
func (e *Encoder) SetTarget(s codec.AudioSettings) error {
	if s.Bitrate > 0 && s.Bitrate != e.settings.Bitrate {
		if err := e.enc.SetBitrate(max(6000, min(510000, s.Bitrate))); err != nil {
			return domerr.Wrap(err, domerr.Operation, "Opus bit rate")
		}
	}
	e.enc.SetFEC(s.FEC)
	e.enc.SetDTX(s.DTX)
	if err := e.enc.SetPacketLoss(max(0, min(100, s.PacketLoss))); err != nil {
		return domerr.Wrap(err, domerr.Operation, "Opus packet loss")
	}
	e.settings = s
	return nil
}

// Delay is how much earlier than its frame's CaptureTime the sound was
// captured that a decoder gives for the frame: the encoder looks ahead.
func (e *Encoder) Delay() time.Duration {
	return time.Duration(e.enc.Lookahead()) * time.Second / rate
}

// Close does nothing.
func (e *Encoder) Close() error { return nil }

// Decoder is an Opus decoder.
type Decoder struct {
	dec  *gopus.Decoder
	buf  [5760 * 2]int16
	fbuf [5760 * 2]float32
	out  codec.AudioFrame
	next uint32
	last int // samples of the latest packet
}

// NewDecoder makes a decoder, which gives stereo at 48 kHz whatever is coded.
func NewDecoder(c codec.Codec) (codec.AudioDecoder, error) {
	if !c.Is(codec.Opus) {
		return nil, domerr.New(domerr.NotSupported, "%s is not Opus", c.MimeType)
	}
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(rate, 2))
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotSupported, "Opus decoder")
	}
	return &Decoder{dec: dec, last: 960}, nil
}

// Decode decodes one packet.
func (d *Decoder) Decode(f *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	if len(f.Data) == 0 {
		return domerr.New(domerr.Encoding, "an empty Opus packet")
	}
	n, err := d.dec.DecodeInt16(f.Data, d.buf[:])
	if err != nil {
		return domerr.Wrap(err, domerr.Encoding, "Opus packet")
	}
	d.last = n
	d.pass(d.buf[:n*2], f.Timestamp, f, emit)
	return nil
}

func (d *Decoder) pass(s []int16, timestamp uint32, f *codec.EncodedFrame, emit func(*codec.AudioFrame)) {
	d.out = codec.AudioFrame{Samples: s, SampleRate: rate, Channels: 2, Timestamp: timestamp}
	if f != nil {
		d.out.CaptureTime = f.CaptureTime
	}
	d.next = timestamp + uint32(len(s)/2)
	emit(&d.out)
}

// Conceal uses the in-band FEC of the packet after the gap for the last of the
// lost packets, and the decoder's concealment for those before.
func (d *Decoder) Conceal(lost time.Duration, next *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	return Gap(lost, d.last, func(chunk int, last bool) error {
		var err error
		if last && next != nil && gopus.PacketHasLBRR(next.Data) {
			_, err = d.dec.DecodeWithFEC(next.Data, d.fbuf[:chunk*2], true)
		} else {
			_, err = d.dec.Decode(nil, d.fbuf[:chunk*2])
		}
		if err != nil {
			return domerr.Wrap(err, domerr.Encoding, "Opus concealment")
		}
		for i, v := range d.fbuf[:chunk*2] {
			d.buf[i] = int16(max(-32768, min(32767, v*32768)))
		}
		d.pass(d.buf[:chunk*2], d.next, nil, emit)
		return nil
	})
}

// Gap divides a gap of at most a second into the packets that were lost, by the
// samples at 48 kHz of the one before it, and calls conceal for each; last is the
// one that the packet after the gap may bring along. It ends with the first error.
func Gap(lost time.Duration, before int, conceal func(samples int, last bool) error) error {
	const step = rate / 400 // Opus counts in 2.5 ms
	n := int(min(lost, time.Second)*rate/time.Second) / step * step
	for n > 0 {
		chunk := min(n, max(step, before))
		if err := conceal(chunk, chunk == n); err != nil {
			return err
		}
		n -= chunk
	}
	return nil
}

// Close does nothing.
func (d *Decoder) Close() error { return nil }
