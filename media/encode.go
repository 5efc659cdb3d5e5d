package media

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"trackway/codec"
	"trackway/internal/domerr"
)

// EncodeOptions say how a raw track is to be encoded: what a sender
// negotiated, and its RTCRtpEncodingParameters.
type EncodeOptions struct {
	// Codec to encode with.
	Codec Codec
	// RID is put on the frames.
	RID string
	// ScaleResolutionDownBy divides width and height; 0 means 1.
	ScaleResolutionDownBy float64
	// MaxFrameRate bounds the frame rate; 0 means the source's.
	MaxFrameRate float64
	// MaxBitrate bounds the bit rate in bits per second; 0 means a bound that
	// suits the size.
	MaxBitrate int
	// Still has video stop at the first picture, as with a maxFramerate of
	// zero. Whoever asks for a key frame gets that picture again.
	Still bool
	// ScalabilityMode is "L1T1" (or ""), "L1T2", "L1T3" …
	ScalabilityMode string
	// DegradationPreference says what gives way when bits are short:
	// "maintain-framerate" the resolution, "maintain-resolution" the frame
	// rate, "balanced" both; "" goes by the track's content hint.
	DegradationPreference string
	// Codecs is where the encoder comes from; nil means codec.Default.
	Codecs *codec.Registry
}

// encodeKey tells encodings apart: senders with equal keys share one encoder.
type encodeKey struct {
	Codec Codec
	EncodeOptions
}

// encoding is one encoder at work on one track, for all its senders.
type encoding struct {
	key    encodeKey
	track  *Track // raw
	out    *Source
	coded  *Track
	users  int // guarded by the registry's lock
	cancel context.CancelFunc
	name   string
	meter  encodeMeter
}

// encodings is a track's, kept in its shared store.
type encodings struct {
	mu   sync.Mutex
	list map[encodeKey]*encoding
}

type encodingsKey struct{}

// Encode returns a track of the coded frames of a raw track, and a function
// that gives it up. Callers with the same options get the same track: what
// many senders send alike is encoded once. The encoder follows the feedback
// that is sent to the coded track (Track.SendFeedback), obeys its key-frame
// requests, and stops when everyone has given it up or the raw track ends.
//
// The error is a NotSupportedError if t is not raw or the codec is not there.
func Encode(t *Track, o EncodeOptions) (coded *Track, release func(), err error) {
	if t.Format().Form != Raw {
		return nil, nil, domerr.New(domerr.NotSupported, "a track of %v media needs no encoder", t.Format().Form)
	}
	if o.Codecs == nil {
		o.Codecs = codec.Default
	}
	if o.ScaleResolutionDownBy < 1 {
		o.ScaleResolutionDownBy = 1
	}
	all := t.Shared(encodingsKey{}, func() any { return &encodings{list: map[encodeKey]*encoding{}} }).(*encodings)
	key := encodeKey{o.Codec, o}
	all.mu.Lock()
	defer all.mu.Unlock()
	e := all.list[key]
	if e == nil {
		if e, err = startEncoding(t, key); err != nil {
			return nil, nil, err
		}
		all.list[key] = e
	}
	e.users++
	var once sync.Once
	return e.coded, func() {
		once.Do(func() {
			all.mu.Lock()
			defer all.mu.Unlock()
			if e.users--; e.users == 0 {
				delete(all.list, key)
				e.cancel()
			}
		})
	}, nil
}

func startEncoding(t *Track, key encodeKey) (*encoding, error) {
	ctx, cancel := context.WithCancel(context.Background())
	e := &encoding{key: key, track: t, cancel: cancel}
	e.out = NewEncodedSource(key.Codec, WithLabel(t.Label()), WithLoop(t.source.loop), AtOnce())
	e.coded = e.out.NewTrack()
	e.coded.SetContentHint(t.ContentHint())
	var run func(context.Context)
	var err error
	if t.Kind() == Video {
		run, err = e.video()
	} else {
		run, err = e.audio()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go run(ctx)
	return e, nil
}

// EncoderName tells whose encoder makes a track's frames, for the statistics
// encoderImplementation; "" if the track is not from Encode.
func EncoderName(coded *Track) string {
	if e, ok := coded.source.encoding.Load().(*encoding); ok {
		return e.name
	}
	return ""
}

// emit counts a frame and passes it on.
func (e *encoding) emit(f *EncodedFrame) {
	e.meter.end(time.Now()) // sending is not encoding
	e.meter.encoded(f, time.Now())
	e.out.WriteFrame(f)
	e.meter.begin(time.Now())
}

// audioSettings are what the receiver's parameters (RFC 7587 §6.1) and the
// sender's limits make of an encoder.
func audioSettings(o *EncodeOptions, hint string) codec.AudioSettings {
	s := codec.AudioSettings{
		Channels: 1, Bitrate: o.MaxBitrate, ContentHint: hint,
		FEC: o.Codec.FmtpValue("useinbandfec") == "1", PacketLoss: 10, DTX: o.Codec.FmtpValue("usedtx") == "1",
	}
	// "stereo=1" is how the far side says that it would like stereo; without
	// it mono is sent.
	if o.Codec.FmtpValue("stereo") == "1" {
		s.Channels = 2
	}
	switch {
	case o.Codec.Is(codec.PCMU), o.Codec.Is(codec.PCMA), o.Codec.Is(codec.G722):
		s.Bitrate = 64_000 // there is no other
	case s.Bitrate == 0:
		s.Bitrate = usualAudioBitrate * s.Channels
	}
	// "maxaveragebitrate: specifies the maximum average receive bitrate of a
	// session in bits per second"; programs wish by it, too.
	if limit, err := strconv.Atoi(o.Codec.FmtpValue("maxaveragebitrate")); err == nil && limit > 0 && (o.MaxBitrate == 0 || limit < o.MaxBitrate) {
		s.Bitrate = max(minAudioBitrate, min(maxAudioBitrate, limit))
	}
	return s
}

// AudioBitrate is the highest bit rate that an encoder of sound has with these
// options, in bits per second without headers.
func (o EncodeOptions) AudioBitrate() int { return audioSettings(&o, "").Bitrate }

const (
	// usualAudioBitrate is what a channel gets when nobody says otherwise.
	usualAudioBitrate = 32_000
	// Opus's (RFC 7587 §6.1).
	minAudioBitrate, maxAudioBitrate = 6_000, 510_000
)

// audio prepares the goroutine of an audio encoder.
func (e *encoding) audio() (func(context.Context), error) {
	o := e.key.EncodeOptions
	settings := audioSettings(&o, e.track.ContentHint())
	most := settings.Bitrate
	enc, name, err := o.Codecs.NewAudioEncoder(o.Codec, settings)
	if err != nil {
		return nil, err
	}
	e.name = name
	e.out.encoding.Store(e)
	// Half a second: more would only be late.
	frames := make(chan *AudioFrame, 50)
	ended := make(chan struct{})
	var once sync.Once
	remove := e.track.AddSink(&Sink{
		Audio: func(f *AudioFrame) {
			select {
			case frames <- f.Clone():
			default:
			}
		},
		Ended: func() { once.Do(func() { close(ended) }) },
	})
	e.meter.target(most, 0)
	var target atomic.Int64 // what the network carries; 0 before anyone said
	e.out.OnFeedback(func(f Feedback) { target.Store(int64(f.TargetBitrate)) })
	follow := func() {
		bitrate := most
		if t := int(target.Load()); t > 0 {
			bitrate = max(minAudioBitrate, min(most, t))
		}
		if bitrate == settings.Bitrate || !o.Codec.Is(codec.Opus) {
			return
		}
		settings.Bitrate = bitrate
		if enc.SetTarget(settings) == nil {
			e.meter.target(bitrate, 0)
		}
	}
	// A receiver takes the capture time for that of the sound which it decodes,
	// and plays the picture of that time with it.
	var delay time.Duration
	if d, ok := enc.(interface{ Delay() time.Duration }); ok {
		delay = d.Delay()
	}
	emit := func(f *EncodedFrame) {
		f.RID = o.RID
		if !f.CaptureTime.IsZero() {
			f.CaptureTime = f.CaptureTime.Add(-delay)
		}
		e.emit(f)
	}
	return func(ctx context.Context) {
		defer enc.Close()
		defer e.out.End()
		defer remove()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended:
				return
			case f := <-frames:
				follow()
				e.meter.begin(time.Now())
				err := enc.Encode(f, emit)
				e.meter.end(time.Now())
				if err != nil {
					return
				}
			}
		}
	}, nil
}
