package vp8

import (
	"time"

	"trackway/codec"
	"trackway/internal/domerr"
)

// This file fits the package into Trackway's registry of codecs; nothing else
// here knows of it.

func init() { Register(codec.Default) }

// Register adds VP8 to a registry.
func Register(r *codec.Registry) {
	r.Register(codec.Implementation{
		Codec:            codec.Codec{MimeType: codec.VP8, ClockRate: videoClock},
		Name:             "trackway",
		ScalabilityModes: []string{"L1T1", "L1T2", "L1T3"},
		NewVideoEncoder:  newVideoEncoder,
		NewVideoDecoder:  newVideoDecoder,
	})
}

// videoClock is the rate of RTP timestamps (RFC 7741 §4.1).
const videoClock = 90000

// temporalLayers maps the scalability modes of webrtc-svc to numbers of layers.
var temporalLayers = map[string]int{"": 1, "L1T1": 1, "L1T2": 2, "L1T3": 3}

// videoEncoder is an Encoder behind codec.VideoEncoder.
type videoEncoder struct {
	enc           *Encoder
	settings      codec.VideoSettings
	lastTimestamp uint32
	started       bool
	out           codec.EncodedFrame
}

func newVideoEncoder(c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) {
	if !c.Is(codec.VP8) {
		return nil, domerr.New(domerr.NotSupported, "%s is not VP8", c.MimeType)
	}
	layers, ok := temporalLayers[s.ScalabilityMode]
	if !ok {
		return nil, domerr.New(domerr.NotSupported, "VP8 has no scalability mode %q; L1T1, L1T2 and L1T3 exist", s.ScalabilityMode)
	}
	if s.FrameRate <= 0 {
		s.FrameRate = 30
	}
	if s.Bitrate <= 0 {
		s.Bitrate = defaultBitrate(s.Width, s.Height, s.FrameRate)
	}
	finest, coarsest := quantizers(s.ContentHint)
	enc, err := NewEncoder(EncoderConfig{
		Width: s.Width, Height: s.Height, Bitrate: s.Bitrate, FrameRate: s.FrameRate,
		MinQuantizer: finest, MaxQuantizer: coarsest,
		TemporalLayers: layers, ErrorResilient: s.ErrorResilient, DropFrames: true,
	})
	if err != nil {
		return nil, domerr.Wrap(err, domerr.Operation, "the VP8 encoder does not start")
	}
	return &videoEncoder{enc: enc, settings: s}, nil
}

// quantizers turns a content hint into bounds: where details matter more than
// motion, pictures rather come late than blurred (mst-content-hint §4).
func quantizers(hint string) (finest, coarsest int) {
	switch hint {
	case "detail", "text":
		return 8, 80
	}
	return 8, 124
}

// defaultBitrate is a rate that looks good at a size: 2 Mbit/s for 1280x720 at
// 30 frames a second.
func defaultBitrate(w, h int, fps float64) int {
	return max(int(float64(w)*float64(h)*fps*0.072), 50_000)
}

// maxGap bounds the time that one frame may stand for in rate control when only
// the timestamps tell.
const maxGap = time.Second

// duration is how long a frame lasts for rate control: what it says, or the
// time since the one before.
func (v *videoEncoder) duration(f *codec.VideoFrame) time.Duration {
	if f.Duration > 0 {
		return f.Duration
	}
	if gap := time.Duration(f.Timestamp-v.lastTimestamp) * time.Second / videoClock; v.started && gap > 0 && gap <= maxGap {
		return gap
	}
	return 0
}

// Encode implements codec.VideoEncoder.
func (v *videoEncoder) Encode(f *codec.VideoFrame, keyFrame bool, emit func(*codec.EncodedFrame)) error {
	if err := v.enc.SetSize(f.Width, f.Height); err != nil {
		return domerr.Wrap(err, domerr.Operation, "VP8 cannot code a picture of %dx%d", f.Width, f.Height)
	}
	pic := Frame{
		Y: f.Y, U: f.U, V: f.V, YStride: f.StrideY, UVStride: f.StrideUV,
		Width: f.Width, Height: f.Height,
	}
	data, info, err := v.enc.Encode(&pic, FrameFlags{KeyFrame: keyFrame, Duration: v.duration(f)})
	if err != nil {
		return domerr.Wrap(err, domerr.Operation, "encoding VP8 failed")
	}
	v.lastTimestamp, v.started = f.Timestamp, true
	if info.Dropped {
		return nil
	}
	v.out = codec.EncodedFrame{
		MimeType: codec.VP8, Data: data, KeyFrame: info.KeyFrame,
		Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: f.Duration,
		Width: f.Width, Height: f.Height,
		TemporalIndex: info.TemporalID, LayerSync: info.LayerSync, Discardable: info.NonReference,
	}
	emit(&v.out)
	return nil
}

// SetTarget implements codec.VideoEncoder.
func (v *videoEncoder) SetTarget(s codec.VideoSettings) error {
	layers, ok := temporalLayers[s.ScalabilityMode]
	if !ok {
		return domerr.New(domerr.NotSupported, "VP8 has no scalability mode %q; L1T1, L1T2 and L1T3 exist", s.ScalabilityMode)
	}
	var err error
	if s.FrameRate > 0 {
		err = v.enc.SetFrameRate(s.FrameRate)
	}
	if err == nil && s.Bitrate > 0 {
		err = v.enc.SetBitrate(s.Bitrate)
	}
	if err == nil && s.ContentHint != "" {
		err = v.enc.SetQuantizers(quantizers(s.ContentHint))
	}
	if err == nil && s.ScalabilityMode != "" {
		err = v.enc.SetTemporalLayers(layers)
	}
	if err != nil {
		return domerr.Wrap(err, domerr.Operation, "the VP8 encoder refuses the new target")
	}
	return nil
}

// Close implements codec.VideoEncoder; there is nothing to free.
func (v *videoEncoder) Close() error { return nil }

// videoDecoder is a Decoder behind codec.VideoDecoder.
type videoDecoder struct {
	dec *Decoder
	out codec.VideoFrame
}

func newVideoDecoder(c codec.Codec) (codec.VideoDecoder, error) {
	if !c.Is(codec.VP8) {
		return nil, domerr.New(domerr.NotSupported, "%s is not VP8", c.MimeType)
	}
	return &videoDecoder{dec: NewDecoder(DecoderConfig{})}, nil
}

// Decode implements codec.VideoDecoder.
func (v *videoDecoder) Decode(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) error {
	pic, err := v.dec.Decode(f.Data)
	if err != nil {
		return domerr.Wrap(err, domerr.Operation, "decoding VP8 failed; ask for a key frame")
	}
	if pic == nil {
		return nil
	}
	v.out = codec.VideoFrame{
		Width: pic.Width, Height: pic.Height, Y: pic.Y, U: pic.U, V: pic.V,
		StrideY: pic.YStride, StrideUV: pic.UVStride,
		Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: f.Duration,
	}
	emit(&v.out)
	return nil
}

// Close implements codec.VideoDecoder; there is nothing to free.
func (v *videoDecoder) Close() error { return nil }
