package mediadevices

import (
	"trackway/codec"
	"trackway/codec/i420"
	"trackway/codec/pcm"
	"trackway/media"
)

// processor brings a device's media to the settings of one track.
type processor struct {
	set settings

	scaler  i420.Scaler
	picture media.VideoFrame
	due     uint32 // timestamp of the next frame to keep
	begun   bool

	inRate, inChannels int
	resampler          *pcm.Resampler
	mixed              []int16
	sound              media.AudioFrame
	clock              uint32 // timestamp that the next stretch of sound has
	lastIn             uint32
}

func newProcessor(s settings) media.Processor { return &processor{set: s} }

// Video drops, crops and scales.
func (p *processor) Video(f *media.VideoFrame) *media.VideoFrame {
	if !p.keep(f.Timestamp) {
		return nil
	}
	w, h := p.set.width, p.set.height
	if f.Width == w && f.Height == h {
		return f
	}
	if p.picture.Width != w || p.picture.Height != h {
		p.picture = *codec.NewVideoFrame(w, h)
	}
	p.scaler.Scale(&p.picture, f, i420.CropTo(f.Width, f.Height, w, h))
	return &p.picture
}

// keep thins frames out to the rate of the settings, evenly: what is kept is
// the first frame at or after each multiple of the interval.
func (p *processor) keep(timestamp uint32) bool {
	if p.set.rate <= 0 {
		return true
	}
	const clock = 90000
	interval := uint32(clock / p.set.rate)
	slack := interval / 4 // capture times jitter
	ahead := int32(timestamp - p.due)
	switch {
	case !p.begun, ahead > int32(4*interval), ahead < -int32(4*interval):
		p.begun, p.due = true, timestamp
	case ahead < -int32(slack):
		return false
	}
	p.due += interval
	return true
}

// Audio mixes and resamples. It keeps the frame's capture time; the filter's
// look-ahead, less than a millisecond, is in no timestamp.
func (p *processor) Audio(f *media.AudioFrame) *media.AudioFrame {
	rate, channels := p.set.sampleRate, p.set.channels
	if f.SampleRate == rate && f.Channels == channels {
		return f
	}
	if p.inRate != f.SampleRate || p.inChannels != f.Channels {
		p.inRate, p.inChannels, p.resampler = f.SampleRate, f.Channels, nil
		if f.SampleRate != rate {
			p.resampler = pcm.NewResampler(f.SampleRate, rate, channels)
		}
		p.begun = false
	}
	if !p.begun || f.Timestamp != p.lastIn {
		p.begun = true
		p.clock = uint32(uint64(f.Timestamp) * uint64(rate) / uint64(f.SampleRate))
	}
	p.lastIn = f.Timestamp + uint32(len(f.Samples)/f.Channels)
	p.mixed = pcm.AppendMixed(p.mixed[:0], f.Samples, f.Channels, channels)
	out := p.sound.Samples[:0]
	if p.resampler != nil {
		out = p.resampler.Append(out, p.mixed)
	} else {
		out = append(out, p.mixed...)
	}
	p.sound = media.AudioFrame{Samples: out, SampleRate: rate, Channels: channels, Timestamp: p.clock, CaptureTime: f.CaptureTime}
	p.clock += uint32(len(out) / channels)
	if len(out) == 0 {
		return nil
	}
	return &p.sound
}
