// Package g711 codes PCMU and PCMA, ITU-T G.711's μ-law and A-law, in pure Go.
// Importing it adds them to codec.Default.
package g711

import (
	"math/bits"
	"time"

	"trackway/codec"
	"trackway/codec/pcm"
	"trackway/internal/domerr"
)

func init() {
	Register(codec.Default)
}

// Register adds PCMU and PCMA to a registry.
func Register(r *codec.Registry) {
	for _, mime := range []string{codec.PCMU, codec.PCMA} {
		r.Register(codec.Implementation{
			Codec:           codec.Codec{MimeType: mime, ClockRate: 8000, Channels: 1},
			Name:            "trackway",
			NewAudioEncoder: NewEncoder,
			NewAudioDecoder: NewDecoder,
		})
	}
}

// EncodeMu codes a sample in μ-law.
func EncodeMu(s int16) byte {
	const bias = 0x84 // G.711 counts in 14 bits; this is 33 of them in our 16
	v, sign := int(s), byte(0x80)
	if v < 0 {
		v, sign = -v, 0
	}
	v = min(v, 32635) + bias
	exponent := bits.Len(uint(v)) - 8
	return sign | (byte(exponent<<4) | byte(v>>(exponent+3))&15) ^ 0x7f
}

// DecodeMu is the middle of what EncodeMu codes as b.
func DecodeMu(b byte) int16 { return muTable[b] }

// EncodeA codes a sample in A-law.
func EncodeA(s int16) byte {
	v, sign := int(s)>>3, byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	exponent := max(0, bits.Len(uint(v))-5)
	if exponent > 7 {
		exponent, v = 7, 0xfff
	}
	mantissa := v >> max(1, exponent) & 15
	return (sign | byte(exponent<<4) | byte(mantissa)) ^ 0x55
}

// DecodeA is the middle of what EncodeA codes as b.
func DecodeA(b byte) int16 { return aTable[b] }

var muTable, aTable = func() (mu, a [256]int16) {
	for i := range 256 {
		b := byte(i) ^ 0xff
		v := (int(b&15)<<3+0x84)<<(b>>4&7) - 0x84
		if b&0x80 != 0 {
			v = -v
		}
		mu[i] = int16(v)

		b = byte(i) ^ 0x55
		v = int(b&15)<<4 + 8
		if e := b >> 4 & 7; e > 0 {
			v = (v + 0x100) << (e - 1)
		}
		if b&0x80 == 0 {
			v = -v
		}
		a[i] = int16(v)
	}
	return mu, a
}()

type encoder struct {
	codec  codec.Codec
	law    func(int16) byte
	framer *pcm.Framer
	frame  codec.EncodedFrame
	data   []byte
	length time.Duration
}

// NewEncoder makes an encoder of PCMU or PCMA; bit rate, FEC and DTX do not apply.
func NewEncoder(c codec.Codec, s codec.AudioSettings) (codec.AudioEncoder, error) {
	e := &encoder{codec: c, length: s.FrameDuration}
	switch {
	case c.Is(codec.PCMU):
		e.law = EncodeMu
	case c.Is(codec.PCMA):
		e.law = EncodeA
	default:
		return nil, domerr.New(domerr.NotSupported, "%s is not G.711", c.MimeType)
	}
	if e.length <= 0 {
		e.length = 20 * time.Millisecond
	}
	e.framer = pcm.NewFramer(8000, 1, max(1, int(e.length*8000/time.Second)))
	return e, nil
}

func (e *encoder) Encode(f *codec.AudioFrame, emit func(*codec.EncodedFrame)) error {
	return e.framer.Push(f, func(f *codec.AudioFrame) error {
		e.data = e.data[:0]
		for _, s := range f.Samples {
			e.data = append(e.data, e.law(s))
		}
		e.frame = codec.EncodedFrame{
			MimeType: e.codec.MimeType, Data: e.data, KeyFrame: true,
			Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: e.length,
			AudioLevel: pcm.Level(f.Samples),
		}
		emit(&e.frame)
		return nil
	})
}

func (e *encoder) SetTarget(codec.AudioSettings) error { return nil }
func (e *encoder) Close() error                        { return nil }

type decoder struct {
	table *[256]int16
	out   codec.AudioFrame
	conc  pcm.Concealer
}

// NewDecoder makes a decoder of PCMU or PCMA.
func NewDecoder(c codec.Codec) (codec.AudioDecoder, error) {
	d := &decoder{conc: pcm.Concealer{SampleRate: 8000, Channels: 1}}
	switch {
	case c.Is(codec.PCMU):
		d.table = &muTable
	case c.Is(codec.PCMA):
		d.table = &aTable
	default:
		return nil, domerr.New(domerr.NotSupported, "%s is not G.711", c.MimeType)
	}
	return d, nil
}

func (d *decoder) Decode(f *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	if len(f.Data) > 8000 {
		return domerr.New(domerr.Encoding, "a packet of %d samples", len(f.Data))
	}
	d.out.Samples = d.out.Samples[:0]
	for _, b := range f.Data {
		d.out.Samples = append(d.out.Samples, d.table[b])
	}
	d.out.SampleRate, d.out.Channels = 8000, 1
	d.out.Timestamp, d.out.CaptureTime = f.Timestamp, f.CaptureTime
	d.conc.Heard(&d.out)
	emit(&d.out)
	return nil
}

func (d *decoder) Conceal(lost time.Duration, _ *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	d.conc.Conceal(lost, emit)
	return nil
}

func (d *decoder) Close() error { return nil }
