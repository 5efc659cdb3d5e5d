package interop

import (
	"io"
	"sync"
	"time"

	"trackway/codec"
	_ "trackway/codec/all"
	"trackway/container"
	"trackway/media"
	"trackway/media/pattern"
)

// The clip is a few seconds of the test picture and its sound, coded once with a
// key frame each second: what a file would bring. All that is sent of it is
// known beforehand, and sending costs next to nothing.
const (
	clipWidth, clipHeight = 640, 360
	clipRate              = 30
	clipFrames            = 4 * clipRate
)

// player plays the clip in a loop for all tests.
var player = sync.OnceValue(func() *media.Player {
	packets, err := codeClip()
	if err == nil {
		var p *media.Player
		p, err = media.NewPlayer(media.PlayerOptions{Loop: true}, func() (container.Reader, error) {
			return &clipReader{packets: packets}, nil
		})
		if err == nil {
			p.Start()
			return p
		}
	}
	panic(err)
})

func codeClip() ([]container.Packet, error) {
	video, _, err := codec.Default.NewVideoEncoder(codec.Codec{MimeType: codec.VP8, ClockRate: 90000},
		codec.VideoSettings{Width: clipWidth, Height: clipHeight, Bitrate: 600_000, FrameRate: clipRate})
	if err != nil {
		return nil, err
	}
	defer video.Close()
	audio, _, err := codec.Default.NewAudioEncoder(codec.Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2},
		codec.AudioSettings{SampleRate: 48000, Channels: 1})
	if err != nil {
		return nil, err
	}
	defer audio.Close()

	var packets []container.Packet
	const packet = 20 * time.Millisecond
	picture, frame := pattern.New(clipWidth, clipHeight), new(media.VideoFrame)
	sound := &media.AudioFrame{SampleRate: 48000, Channels: 1, Samples: make([]int16, 960)}
	heard := 0
	for n := range clipFrames {
		at := time.Duration(n) * time.Second / clipRate
		for ; time.Duration(heard)*packet <= at; heard++ {
			pattern.Sound(sound.Samples, int64(heard*960), 48000, 1)
			err := audio.Encode(sound, func(f *codec.EncodedFrame) {
				packets = append(packets, container.Packet{Track: 1, Time: time.Duration(heard) * packet, Duration: packet, KeyFrame: true, Data: f.Clone().Data})
			})
			if err != nil {
				return nil, err
			}
		}
		picture.Draw(frame, n, at)
		err := video.Encode(frame, n%clipRate == 0, func(f *codec.EncodedFrame) {
			packets = append(packets, container.Packet{Time: at, Duration: time.Second / clipRate, KeyFrame: f.KeyFrame, Data: f.Clone().Data})
		})
		if err != nil {
			return nil, err
		}
	}
	return packets, nil
}

// clipReader is the clip as a file.
type clipReader struct{ packets []container.Packet }

// Tracks implements container.Reader.
func (*clipReader) Tracks() []container.Track {
	const length = clipFrames * time.Second / clipRate
	return []container.Track{
		{MimeType: codec.VP8, ClockRate: 90000, Width: clipWidth, Height: clipHeight, FrameRate: clipRate, Duration: length},
		{MimeType: codec.Opus, ClockRate: 48000, SampleRate: 48000, Channels: 1, Duration: length},
	}
}

// ReadPacket implements container.Reader.
func (r *clipReader) ReadPacket() (container.Packet, error) {
	if len(r.packets) == 0 {
		return container.Packet{}, io.EOF
	}
	p := r.packets[0]
	r.packets = r.packets[1:]
	return p, nil
}
