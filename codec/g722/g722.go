// Package g722 codes G.722 at 64 kbit/s, wide-band sound of 16 kHz, in pure
// Go. Importing it adds G722 to codec.Default.
package g722

import (
	"time"

	"trackway/codec"
	"trackway/codec/pcm"
	"trackway/internal/domerr"
)

const (
	sampleRate = 16000
	// "Even though the actual sampling rate for G.722 audio is 16,000 Hz, the
	// RTP clock rate for the G722 payload format is 8,000 Hz" (RFC 3551 §4.5.2).
	clockRate = 8000
)

func init() {
	Register(codec.Default)
}

// Register adds G722 to a registry.
func Register(r *codec.Registry) {
	r.Register(codec.Implementation{
		Codec:           codec.Codec{MimeType: codec.G722, ClockRate: clockRate, Channels: 1},
		Name:            "trackway",
		NewAudioEncoder: NewEncoder,
		NewAudioDecoder: NewDecoder,
	})
}

type encoder struct {
	state  *state
	framer *pcm.Framer
	frame  codec.EncodedFrame
	data   []byte
	length time.Duration
}

// NewEncoder makes an encoder; bit rate, FEC and DTX do not apply.
func NewEncoder(c codec.Codec, s codec.AudioSettings) (codec.AudioEncoder, error) {
	if !c.Is(codec.G722) {
		return nil, domerr.New(domerr.NotSupported, "%s is not G.722", c.MimeType)
	}
	if s.FrameDuration <= 0 {
		s.FrameDuration = 20 * time.Millisecond
	}
	size := max(2, int(s.FrameDuration*sampleRate/time.Second)) &^ 1
	return &encoder{state: newState(), framer: pcm.NewFramer(sampleRate, 1, size), length: s.FrameDuration}, nil
}

func (e *encoder) Encode(f *codec.AudioFrame, emit func(*codec.EncodedFrame)) error {
	return e.framer.Push(f, func(f *codec.AudioFrame) error {
		e.data = e.data[:0]
		for i := 0; i < len(f.Samples); i += 2 {
			e.data = append(e.data, e.state.encode(f.Samples[i], f.Samples[i+1]))
		}
		e.frame = codec.EncodedFrame{
			MimeType: codec.G722, Data: e.data, KeyFrame: true,
			Timestamp: f.Timestamp / (sampleRate / clockRate), CaptureTime: f.CaptureTime, Duration: e.length,
			AudioLevel: pcm.Level(f.Samples),
		}
		emit(&e.frame)
		return nil
	})
}

func (e *encoder) SetTarget(codec.AudioSettings) error { return nil }
func (e *encoder) Close() error                        { return nil }

type decoder struct {
	state *state
	out   codec.AudioFrame
	conc  pcm.Concealer
}

// NewDecoder makes a decoder.
func NewDecoder(c codec.Codec) (codec.AudioDecoder, error) {
	if !c.Is(codec.G722) {
		return nil, domerr.New(domerr.NotSupported, "%s is not G.722", c.MimeType)
	}
	return &decoder{state: newState(), conc: pcm.Concealer{SampleRate: sampleRate, Channels: 1}}, nil
}

func (d *decoder) Decode(f *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	if len(f.Data) > 8000 {
		return domerr.New(domerr.Encoding, "a packet of %d octets", len(f.Data))
	}
	d.out.Samples = d.out.Samples[:0]
	for _, c := range f.Data {
		a, b := d.state.decode(c)
		d.out.Samples = append(d.out.Samples, a, b)
	}
	d.out.SampleRate, d.out.Channels = sampleRate, 1
	d.out.Timestamp, d.out.CaptureTime = f.Timestamp*(sampleRate/clockRate), f.CaptureTime
	d.conc.Heard(&d.out)
	emit(&d.out)
	return nil
}

func (d *decoder) Conceal(lost time.Duration, _ *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	d.conc.Conceal(lost, emit)
	return nil
}

func (d *decoder) Close() error { return nil }
