//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"math"
	"time"

	"trackway/codec"
	"trackway/codec/opus"
	"trackway/codec/pcm"
	"trackway/internal/domerr"
)

// The requests of opus_defines.h that are used.
const (
	opusRate           = 48000
	opusVoIP           = 2048
	opusAudio          = 2049
	opusSetBitrate     = 4002
	opusSetFEC         = 4012
	opusSetPacketLoss  = 4014
	opusSetDTX         = 4016
	opusGetLookahead   = 4027
	opusMaxSamples     = 5760 // 120 ms, a channel
	opusMaxPacket      = 4000
	opusDefaultBitrate = 32000
)

var (
	opusEncoderCreate  func(rate, channels, application int32, code *int32) uintptr
	opusEncoderDestroy func(uintptr)
	opusEncode         func(enc uintptr, samples *int16, n int32, data *byte, size int32) int32
	// Variadic in C: an integer, or where to put one.
	opusEncoderCtl     func(enc uintptr, request int32, value uintptr) int32
	opusDecoderCreate  func(rate, channels int32, code *int32) uintptr
	opusDecoderDestroy func(uintptr)
	opusDecode         func(dec uintptr, data *byte, size int32, samples *int16, n, fec int32) int32

	libopus = library{
		name: "libopus", sonames: []string{"libopus.so.0"},
		functions: map[string]any{
			"opus_encoder_create": &opusEncoderCreate, "opus_encoder_destroy": &opusEncoderDestroy,
			"opus_encode": &opusEncode, "opus_encoder_ctl": &opusEncoderCtl,
			"opus_decoder_create": &opusDecoderCreate, "opus_decoder_destroy": &opusDecoderDestroy, "opus_decode": &opusDecode,
		},
	}
)

// opusEncoder is a codec.AudioEncoder of libopus.
type opusEncoder struct {
	enc    uintptr
	framer *pcm.Framer
	length time.Duration
	size   int32 // samples of a frame, a channel

	lookahead int32
	data      [opusMaxPacket]byte
	out       codec.EncodedFrame
}

func newOpusEncoder(c codec.Codec, s codec.AudioSettings) (codec.AudioEncoder, error) {
	if !c.Is(codec.Opus) {
		return nil, domerr.New(domerr.NotSupported, "%s is not Opus", c.MimeType)
	}
	if err := libopus.open(); err != nil {
		return nil, err
	}
	channels := min(2, max(1, s.Channels))
	if s.FrameDuration == 0 {
		s.FrameDuration = 20 * time.Millisecond
	}
	if s.Bitrate == 0 {
		s.Bitrate = opusDefaultBitrate * channels
	}
	application := int32(opusAudio)
	if s.ContentHint == "speech" || s.ContentHint == "speech-recognition" {
		application = opusVoIP
	}
	size := int(s.FrameDuration * opusRate / time.Second)
	switch size {
	case 120, 240, 480, 960, 1920, 2880:
	default:
		return nil, domerr.New(domerr.NotSupported, "Opus has no frames of %v", s.FrameDuration)
	}
	e := &opusEncoder{framer: pcm.NewFramer(opusRate, channels, size), length: s.FrameDuration, size: int32(size)}
	var code int32
	if e.enc = opusEncoderCreate(opusRate, int32(channels), application, &code); e.enc == 0 {
		return nil, domerr.Wrap(failed("opus_encoder_create", code), domerr.NotSupported, "libopus does not start")
	}
	if err := e.SetTarget(s); err != nil {
		e.Close()
		return nil, err
	}
	if opusEncoderCtl(e.enc, opusGetLookahead, address(&e.lookahead)) != 0 {
		e.lookahead = 0
	}
	return e, nil
}

// Encode implements codec.AudioEncoder.
func (e *opusEncoder) Encode(f *codec.AudioFrame, emit func(*codec.EncodedFrame)) error {
	return e.framer.Push(f, func(f *codec.AudioFrame) error {
		n := opusEncode(e.enc, &f.Samples[0], e.size, &e.data[0], opusMaxPacket)
		if n < 0 {
			return domerr.Wrap(failed("opus_encode", n), domerr.Encoding, "libopus")
		}
		if n <= 2 { // with DTX: "the packet does not need to be transmitted"
			return nil
		}
		e.out = codec.EncodedFrame{
			MimeType: codec.Opus, Data: e.data[:n], KeyFrame: true,
			Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: e.length, AudioLevel: pcm.Level(f.Samples),
		}
		emit(&e.out)
		return nil
	})
}

// Delay is how much earlier than its frame's CaptureTime the sound was captured
// that a decoder gives for the frame: the encoder looks ahead.
func (e *opusEncoder) Delay() time.Duration {
	return time.Duration(e.lookahead) * time.Second / opusRate
}

// SetTarget implements codec.AudioEncoder.
func (e *opusEncoder) SetTarget(s codec.AudioSettings) error {
	requests := [][2]int32{
		{opusSetFEC, flag(s.FEC)}, {opusSetDTX, flag(s.DTX)}, {opusSetPacketLoss, int32(min(100, max(0, s.PacketLoss)))},
	}
	if s.Bitrate > 0 {
		requests = append(requests, [2]int32{opusSetBitrate, int32(min(510000, max(6000, s.Bitrate)))})
	}
	for _, r := range requests {
		if code := opusEncoderCtl(e.enc, r[0], uintptr(r[1])); code != 0 {
			return domerr.Wrap(failed("opus_encoder_ctl", code), domerr.Operation, "libopus refuses the new target")
		}
	}
	return nil
}

func flag(on bool) int32 {
	if on {
		return 1
	}
	return 0
}

// Close implements codec.AudioEncoder.
func (e *opusEncoder) Close() error {
	if e.enc != 0 {
		opusEncoderDestroy(e.enc)
		e.enc = 0
	}
	return nil
}

// opusDecoder is a codec.AudioDecoder of libopus; it gives stereo at 48 kHz.
type opusDecoder struct {
	dec  uintptr
	buf  [opusMaxSamples * 2]int16
	last int32 // samples of the latest packet
	next uint32
	out  codec.AudioFrame
}

func newOpusDecoder(c codec.Codec) (codec.AudioDecoder, error) {
	if !c.Is(codec.Opus) {
		return nil, domerr.New(domerr.NotSupported, "%s is not Opus", c.MimeType)
	}
	if err := libopus.open(); err != nil {
		return nil, err
	}
	d := &opusDecoder{last: opusRate / 50}
	var code int32
	if d.dec = opusDecoderCreate(opusRate, 2, &code); d.dec == 0 {
		return nil, domerr.Wrap(failed("opus_decoder_create", code), domerr.NotSupported, "libopus does not start")
	}
	return d, nil
}

// Decode implements codec.AudioDecoder.
func (d *opusDecoder) Decode(f *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	if len(f.Data) == 0 {
		return domerr.New(domerr.Encoding, "an empty Opus packet")
	}
	n := opusDecode(d.dec, &f.Data[0], int32(len(f.Data)), &d.buf[0], opusMaxSamples, 0)
	if n < 0 {
		return domerr.Wrap(failed("opus_decode", n), domerr.Encoding, "libopus")
	}
	d.last = n
	d.pass(n, f.Timestamp, f.CaptureTime, emit)
	return nil
}

func (d *opusDecoder) pass(n int32, timestamp uint32, captured time.Time, emit func(*codec.AudioFrame)) {
	d.out = codec.AudioFrame{
		Samples: d.buf[:n*2], SampleRate: opusRate, Channels: 2, Timestamp: timestamp, CaptureTime: captured,
	}
	d.next = timestamp + uint32(n)
	emit(&d.out)
}

// Conceal implements codec.AudioDecoder: the last of the lost packets comes
// from the packet after the gap, if that brings it along, and those before from
// the decoder's concealment.
func (d *opusDecoder) Conceal(lost time.Duration, next *codec.EncodedFrame, emit func(*codec.AudioFrame)) error {
	return opus.Gap(lost, int(d.last), func(samples int, last bool) error {
		chunk := int32(samples)
		var code int32
		if last && next != nil && len(next.Data) > 0 {
			code = opusDecode(d.dec, &next.Data[0], int32(len(next.Data)), &d.buf[0], chunk, 1)
		} else {
			code = opusDecode(d.dec, nil, 0, &d.buf[0], chunk, 0)
		}
		if code < 0 {
			return domerr.Wrap(failed("opus_decode", code), domerr.Encoding, "libopus cannot conceal")
		}
		d.pass(chunk, d.next, time.Time{}, emit)
		return nil
	})
}

// Close implements codec.AudioDecoder.
func (d *opusDecoder) Close() error {
	if d.dec != 0 {
		opusDecoderDestroy(d.dec)
		d.dec = 0
	}
	return nil
}

// testOpus encodes a tone, decodes it, and looks for it: it must have come back
// as loud as it was, and with little else.
func testOpus(im *codec.Implementation) error {
	enc, err := im.NewAudioEncoder(im.Codec, codec.AudioSettings{SampleRate: opusRate, Channels: 1})
	if err != nil {
		return err
	}
	defer enc.Close()
	dec, err := im.NewAudioDecoder(im.Codec)
	if err != nil {
		return err
	}
	defer dec.Close()
	const frequency, amplitude, frames = 1000, 10000.0, 12
	var sin, cos, power float64
	heard, at := 0, 0
	var inner error
	for n := range frames {
		f := codec.AudioFrame{Samples: make([]int16, 960), SampleRate: opusRate, Channels: 1, Timestamp: uint32(n * 960)}
		for i := range f.Samples {
			f.Samples[i] = int16(amplitude * math.Sin(2*math.Pi*frequency*float64(n*960+i)/opusRate))
		}
		err := enc.Encode(&f, func(e *codec.EncodedFrame) {
			inner = dec.Decode(e, func(a *codec.AudioFrame) {
				for i := 0; i < len(a.Samples); i += 2 {
					if at++; at <= 4*960 { // while the codec settles
						continue
					}
					s, phase := float64(a.Samples[i]), 2*math.Pi*frequency*float64(at)/opusRate
					sin, cos, power = sin+s*math.Sin(phase), cos+s*math.Cos(phase), power+s*s
					heard++
				}
			})
		})
		if err != nil {
			return err
		}
		if inner != nil {
			return inner
		}
	}
	if heard == 0 {
		return domerr.New(domerr.NotSupported, "the self-test of libopus failed: nothing comes back")
	}
	n := float64(heard)
	tone := 2 * (sin*sin + cos*cos) / n / n // its power
	if level := math.Sqrt(2*tone) / amplitude; level < 0.8 || level > 1.2 || tone < 0.9*power/n {
		return domerr.New(domerr.NotSupported, "the self-test of libopus failed: a tone comes back at %.2f of its level", level)
	}
	return nil
}
