package pcm

import (
	"time"

	"trackway/codec"
)

// Framer turns sound that comes in stretches of any length, rate and number
// of channels into frames of one length, rate and number. It is what stands
// before every audio encoder.
type Framer struct {
	rate, channels int
	size           int // samples per channel in a frame
	out            codec.AudioFrame

	inRate, inChannels int
	resampler          *Resampler
	mixed              []int16
	buf                []int16
	next               uint32 // timestamp that the next input should have
	started            bool
	timestamp          uint32 // of buf[0], in units of rate
	capture            time.Time
}

// NewFramer makes frames of the given rate and channels; size is in samples
// per channel.
func NewFramer(rate, channels, size int) *Framer {
	return &Framer{rate: rate, channels: channels, size: size}
}

// jump is how far a timestamp may be off before the sound counts as
// interrupted.
const jump = 5 * time.Millisecond

// Push takes a stretch of sound and calls emit for each frame that is full.
// The frame is valid during the call. Its Timestamp counts the output rate
// and follows the input's; after a jump of the input's timestamp what was
// gathered is dropped.
func (f *Framer) Push(in *codec.AudioFrame, emit func(*codec.AudioFrame) error) error {
	if in.SampleRate <= 0 || in.Channels <= 0 || len(in.Samples) < in.Channels {
		return nil
	}
	n := len(in.Samples) / in.Channels
	if in.SampleRate != f.inRate || in.Channels != f.inChannels {
		f.inRate, f.inChannels, f.started = in.SampleRate, in.Channels, false
		f.resampler = nil
		if in.SampleRate != f.rate {
			f.resampler = NewResampler(in.SampleRate, f.rate, f.channels)
		}
	}
	limit := int32(jump * time.Duration(f.inRate) / time.Second)
	if d := int32(in.Timestamp - f.next); !f.started || d > limit || d < -limit {
		f.restart(in)
	}
	f.next = in.Timestamp + uint32(n)
	if !in.CaptureTime.IsZero() {
		pending := time.Duration(len(f.buf)/f.channels) * time.Second / time.Duration(f.rate)
		f.capture = in.CaptureTime.Add(-pending)
	}
	f.mixed = AppendMixed(f.mixed[:0], in.Samples[:n*in.Channels], in.Channels, f.channels)
	if f.resampler != nil {
		f.buf = f.resampler.Append(f.buf, f.mixed)
	} else {
		f.buf = append(f.buf, f.mixed...)
	}
	return f.drain(emit)
}

func (f *Framer) restart(in *codec.AudioFrame) {
	f.buf = f.buf[:0]
	if f.resampler != nil {
		f.resampler.Reset()
	}
	// An input timestamp wraps at another place than ours; from here on
	// samples are counted.
	if !f.started || f.inRate == f.rate {
		f.timestamp = uint32(uint64(in.Timestamp) * uint64(f.rate) / uint64(f.inRate))
	} else {
		gap := int64(int32(in.Timestamp - f.next))
		f.timestamp += uint32(gap * int64(f.rate) / int64(f.inRate))
	}
	f.started = true
	f.capture = in.CaptureTime
}

func (f *Framer) drain(emit func(*codec.AudioFrame) error) error {
	step := f.size * f.channels
	length := time.Duration(f.size) * time.Second / time.Duration(f.rate)
	done := 0
	var err error
	for len(f.buf)-done >= step && err == nil {
		f.out = codec.AudioFrame{
			Samples:    f.buf[done : done+step],
			SampleRate: f.rate, Channels: f.channels,
			Timestamp: f.timestamp, CaptureTime: f.capture,
		}
		done += step
		f.timestamp += uint32(f.size)
		if !f.capture.IsZero() {
			f.capture = f.capture.Add(length)
		}
		err = emit(&f.out)
	}
	f.buf = append(f.buf[:0], f.buf[done:]...)
	return err
}
