// Package testfilm makes a film for the tests of players, recorders and other
// takers of files: ten seconds of the test picture and its sound, coded with
// our own encoders when a test first asks for it. Played as a loop it has no
// seam.
//
// What is to be seen and heard in it, and where, is described by package
// pattern.
package testfilm

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"trackway/codec"
	_ "trackway/codec/all" // the encoders
	"trackway/container"
	"trackway/container/webm"
	"trackway/media"
	"trackway/media/pattern"
)

// Width, Height and FrameRate are of the picture, VP8 with a key frame each
// second. The sound is Opus in packets of 20 ms.
const (
	Width, Height = 320, 180
	FrameRate     = 30
)

var film = sync.OnceValues(shoot)

// Data returns the WebM file. The caller must not write to it.
func Data() []byte {
	data, err := film()
	if err != nil {
		panic(fmt.Sprintf("testfilm: %v", err)) // in a test, a panic is a failure
	}
	return data
}

// Open returns a reader of the film: track 0 is the picture, track 1 the sound.
func Open() (container.Reader, error) { return webm.NewReader(bytes.NewReader(Data())) }

// NewPlayer returns a player of the film in a loop, not yet started.
func NewPlayer(o media.PlayerOptions) (*media.Player, error) {
	o.Loop = true
	return media.NewPlayer(o, Open)
}

// shoot codes the film. Sound and picture are exactly Period long, or the loop
// would stumble.
func shoot() ([]byte, error) {
	video, _, err := codec.Default.NewVideoEncoder(codec.Codec{MimeType: codec.VP8, ClockRate: 90000},
		codec.VideoSettings{Width: Width, Height: Height, Bitrate: 400_000, FrameRate: FrameRate, ErrorResilient: true})
	if err != nil {
		return nil, err
	}
	defer video.Close()
	audio, _, err := codec.Default.NewAudioEncoder(codec.Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2},
		codec.AudioSettings{SampleRate: sampleRate, Channels: 1, Bitrate: 32_000})
	if err != nil {
		return nil, err
	}
	defer audio.Close()
	out := new(tape)
	w, err := webm.NewWriter(out, []container.Track{
		{MimeType: codec.VP8, ClockRate: 90000, Width: Width, Height: Height},
		{MimeType: codec.Opus, ClockRate: 48000, SampleRate: sampleRate, Channels: 1},
	}, webm.Options{})
	if err != nil {
		return nil, err
	}
	put := func(track int, at time.Duration) func(*codec.EncodedFrame) {
		return func(f *codec.EncodedFrame) {
			if e := w.WritePacket(container.Packet{Track: track, Time: at, Duration: f.Duration, KeyFrame: f.KeyFrame || track == 1, Data: f.Data}); err == nil {
				err = e
			}
		}
	}
	picture, frame := pattern.New(Width, Height), codec.NewVideoFrame(Width, Height)
	sound := &codec.AudioFrame{SampleRate: sampleRate, Channels: 1, Samples: make([]int16, sampleRate/50)}
	heard := 0
	hear := func(until time.Duration) {
		for ; time.Duration(heard)*packetTime < until && err == nil; heard++ {
			pattern.Sound(sound.Samples, int64(heard*len(sound.Samples)), sampleRate, 1)
			sound.Timestamp = uint32(heard * len(sound.Samples))
			if e := audio.Encode(sound, put(1, time.Duration(heard)*packetTime)); err == nil {
				err = e
			}
		}
	}
	for n := 0; n < int(pattern.Period.Seconds())*FrameRate && err == nil; n++ {
		at := time.Duration(n) * time.Second / FrameRate
		hear(at)
		picture.Draw(frame, n, at)
		frame.Timestamp, frame.Duration = uint32(n*90000/FrameRate), time.Second/FrameRate
		if e := video.Encode(frame, n%FrameRate == 0, put(0, at)); err == nil {
			err = e
		}
	}
	hear(pattern.Period)
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.data, nil
}

const (
	sampleRate = 48000
	packetTime = 20 * time.Millisecond
)

// tape is a file in memory: the writer goes back in it to complete the header.
type tape struct {
	data []byte
	at   int
}

func (t *tape) Write(b []byte) (int, error) {
	n := copy(t.data[t.at:], b)
	t.data = append(t.data, b[n:]...)
	t.at += len(b)
	return len(b), nil
}

func (t *tape) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += int64(t.at)
	case io.SeekEnd:
		offset += int64(len(t.data))
	}
	if offset < 0 || offset > int64(len(t.data)) {
		return 0, io.ErrShortBuffer
	}
	t.at = int(offset)
	return offset, nil
}
