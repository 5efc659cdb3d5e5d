package mediadevices

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"trackway/codec"
	"trackway/container"
	"trackway/container/probe"
	"trackway/container/wav"
	"trackway/container/y4m"
	"trackway/internal/domerr"
	"trackway/media"
)

// FileOptions say how a file is played as a device.
type FileOptions struct {
	// Loop starts again at the end; otherwise the tracks end with the file.
	Loop bool
	// Clock paces it; nil means media.SystemClock.
	Clock media.Clock
	// Codecs decodes coded files; nil means codec.Default.
	Codecs *codec.Registry
}

// FileDevices makes devices of a file: a camera of its video, a microphone of
// its sound, in step with each other if it has both. Y4M and WAV are raw; IVF,
// Ogg, WebM and H.264 are decoded by the registry's codecs, and a track whose
// codec is not there is left out. The error says what is wrong with the file,
// or is a NotSupportedError when no track can be decoded.
func FileDevices(path string, o FileOptions) ([]*Device, error) {
	if o.Clock == nil {
		o.Clock = media.SystemClock
	}
	if o.Codecs == nil {
		o.Codecs = codec.Default
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := bufio.NewReader(f)
	head, err := b.Peek(9)
	if err != nil {
		return nil, container.Errorf("file", "%s is too short", filepath.Base(path))
	}
	switch {
	case string(head) == "YUV4MPEG2":
		r, err := y4m.NewReader(b)
		if err != nil {
			return nil, err
		}
		return []*Device{y4mDevice(path, r.Header(), o)}, nil
	case string(head[:4]) == "RIFF":
		r, err := wav.NewReader(b)
		if err != nil {
			return nil, err
		}
		return []*Device{wavDevice(path, r, o)}, nil
	}
	r, err := probe.Open(b)
	if err != nil {
		return nil, err
	}
	return codedDevices(path, r.Tracks(), o)
}

func fileDevice(kind Kind, path string, m Mode) *Device {
	return &Device{Kind: kind, Label: filepath.Base(path), DeviceID: hash(string(kind) + path), GroupID: hash(path), Modes: []Mode{m}}
}

// repeat plays a file once, or for ever. Each round is given the time since
// the beginning, and returns it for the next.
func repeat(path string, loop bool, play func(r io.Reader, played time.Duration) (time.Duration, error)) error {
	var played time.Duration
	for {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		before := played
		played, err = play(f, played)
		f.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !loop || played == before {
			return nil
		}
	}
}

func y4mDevice(path string, h y4m.Header, o FileOptions) *Device {
	d := fileDevice(VideoInput, path, Mode{Width: h.Width, Height: h.Height, FrameRate: h.FrameRate()})
	d.Open = func(context.Context, Mode) (func(context.Context, *media.Source) error, error) {
		return func(ctx context.Context, out *media.Source) error {
			begin := o.Clock.Now()
			length := time.Duration(h.RateDen) * time.Second / time.Duration(h.RateNum)
			return repeat(path, o.Loop, func(f io.Reader, played time.Duration) (time.Duration, error) {
				r, err := y4m.NewReader(f)
				if err != nil {
					return played, err
				}
				for n := 0; ; n++ {
					at := played + time.Duration(float64(n)*float64(time.Second)/h.FrameRate())
					y, u, v, err := r.ReadFrame()
					if err != nil {
						return at, errors.Join(err, o.Clock.SleepUntil(ctx, begin.Add(at)))
					}
					if err := o.Clock.SleepUntil(ctx, begin.Add(at)); err != nil {
						return at, err
					}
					err = out.WriteVideo(&media.VideoFrame{
						Width: h.Width, Height: h.Height, Y: y, U: u, V: v, StrideY: h.Width, StrideUV: (h.Width + 1) / 2,
						Timestamp: uint32(at.Microseconds() * 9 / 100), CaptureTime: begin.Add(at), Duration: length,
					})
					if err != nil {
						return at, err
					}
				}
			})
		}, nil
	}
	return d
}

func wavDevice(path string, info *wav.Reader, o FileOptions) *Device {
	rate, channels := info.SampleRate(), info.Channels()
	d := fileDevice(AudioInput, path, Mode{SampleRate: rate, Channels: min(channels, maxChannels)})
	d.Latency = toneStep.Seconds()
	d.Open = func(context.Context, Mode) (func(context.Context, *media.Source) error, error) {
		return func(ctx context.Context, out *media.Source) error {
			begin := o.Clock.Now()
			total := int64(0) // samples since the beginning
			buf := make([]int16, rate/100*channels)
			return repeat(path, o.Loop, func(f io.Reader, played time.Duration) (time.Duration, error) {
				r, err := wav.NewReader(f)
				if err != nil {
					return played, err
				}
				if r.Channels() != channels || r.SampleRate() != rate {
					return played, container.Errorf("wav", "the file has changed")
				}
				for {
					n, rerr := r.ReadSamples(buf)
					start := time.Duration(total) * time.Second / time.Duration(rate)
					total += int64(n / channels)
					end := time.Duration(total) * time.Second / time.Duration(rate)
					if err := o.Clock.SleepUntil(ctx, begin.Add(end)); err != nil {
						return end, err
					}
					if n > 0 {
						err := out.WriteAudio(&media.AudioFrame{Samples: buf[:n], SampleRate: rate, Channels: channels,
							Timestamp: uint32(total - int64(n/channels)), CaptureTime: begin.Add(start)})
						if err != nil {
							return end, err
						}
					}
					if rerr != nil {
						return end, rerr
					}
				}
			})
		}, nil
	}
	return d
}

// codedFile plays one file for the devices of its tracks, as long as one of
// them is open, so that they are in step.
type codedFile struct {
	path    string
	options FileOptions

	mu     sync.Mutex
	player *media.Player
	tracks []*codedTrack // of the player
	users  int
}

// maxGroup is how many frames of a group of pictures are kept for devices that
// are opened later: ten seconds at 30 frames/s.
const maxGroup = 300

// codedTrack is a track of a file that plays. Its devices need not be opened at
// the same time, and decoding starts at a key frame: so the frames since the
// last one are kept for those that come later.
type codedTrack struct {
	mu    sync.Mutex
	group []*media.EncodedFrame
	users []*codedUser
}

// codedUser is a device that is open.
type codedUser struct {
	decode func(*media.EncodedFrame)
	silent bool // decoding what has been played already
}

// take is the sink of the player's track.
func (t *codedTrack) take(f *media.EncodedFrame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.KeyFrame {
		clear(t.group)
		t.group = t.group[:0]
	}
	if f.KeyFrame || len(t.group) > 0 {
		if len(t.group) == maxGroup { // a device that comes now waits for the next key frame
			clear(t.group)
			t.group = t.group[:0]
		} else {
			t.group = append(t.group, f.Clone())
		}
	}
	for _, u := range t.users {
		u.decode(f)
	}
}

// join adds a device, which gets the picture or sound that is due at once.
func (t *codedTrack) join(u *codedUser) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, f := range t.group {
		u.silent = i < len(t.group)-1
		u.decode(f)
	}
	t.users = append(t.users, u)
}

// leave takes a device out; it decodes nothing from then on.
func (t *codedTrack) leave(u *codedUser) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users = slices.DeleteFunc(t.users, func(v *codedUser) bool { return v == u })
}

func codedDevices(path string, tracks []container.Track, o FileOptions) ([]*Device, error) {
	file := &codedFile{path: path, options: o}
	var out []*Device
	var missing error
	for i, t := range tracks {
		c := media.Codec{MimeType: t.MimeType, ClockRate: t.ClockRate, Channels: uint16(t.Channels)}
		var d *Device
		if c.Kind() == "video" {
			rate := t.FrameRate
			if rate == 0 {
				rate = 30
			}
			if t.Width == 0 || t.Height == 0 {
				missing = container.Errorf("file", "the picture size is not known")
				continue
			}
			dec, _, err := o.Codecs.NewVideoDecoder(c)
			if err != nil {
				missing = err
				continue
			}
			dec.Close()
			d = fileDevice(VideoInput, path, Mode{Width: t.Width, Height: t.Height, FrameRate: rate})
		} else {
			dec, _, err := o.Codecs.NewAudioDecoder(c)
			if err != nil {
				missing = err
				continue
			}
			dec.Close()
			d = fileDevice(AudioInput, path, Mode{SampleRate: 48000, Channels: 2})
		}
		d.Open = func(context.Context, Mode) (func(context.Context, *media.Source) error, error) {
			return file.open(i, c)
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		return nil, domerr.Wrap(missing, domerr.NotSupported, "%s has no track that can be decoded here", filepath.Base(path))
	}
	return out, nil
}

// open takes hold of the file for a device of one of its tracks.
func (f *codedFile) open(track int, c media.Codec) (func(context.Context, *media.Source) error, error) {
	player, tracks, err := f.acquire()
	if err != nil {
		return nil, err
	}
	if track >= len(tracks) {
		f.release()
		return nil, container.Errorf("file", "%s has changed", filepath.Base(f.path))
	}
	t := tracks[track]
	return func(ctx context.Context, out *media.Source) error {
		defer f.release()
		u, dec, err := f.decoder(c, out)
		if err != nil {
			return err
		}
		t.join(u)
		player.Start()
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-player.Done():
			err = player.Err()
		}
		t.leave(u)
		dec.Close()
		return err
	}, nil
}

func (f *codedFile) acquire() (*media.Player, []*codedTrack, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.player == nil {
		p, err := media.NewPlayer(media.PlayerOptions{Loop: f.options.Loop, Clock: f.options.Clock}, media.File(f.path))
		if err != nil {
			return nil, nil, err
		}
		tracks := make([]*codedTrack, len(p.Tracks()))
		for i, t := range p.Tracks() {
			tracks[i] = &codedTrack{}
			t.AddSink(&media.Sink{Encoded: tracks[i].take})
		}
		f.player, f.tracks = p, tracks
	}
	f.users++
	return f.player, f.tracks, nil
}

func (f *codedFile) release() {
	f.mu.Lock()
	var last *media.Player
	if f.users--; f.users == 0 {
		last, f.player, f.tracks = f.player, nil, nil
	}
	f.mu.Unlock()
	if last != nil {
		last.Close()
	}
}

// decoder decodes into a source. Frames that do not decode are left out.
func (f *codedFile) decoder(c media.Codec, out *media.Source) (*codedUser, io.Closer, error) {
	u := &codedUser{}
	if c.Kind() == "video" {
		dec, _, err := f.options.Codecs.NewVideoDecoder(c)
		if err != nil {
			return nil, nil, err
		}
		emit := func(v *media.VideoFrame) {
			if !u.silent {
				out.WriteVideo(v)
			}
		}
		u.decode = func(e *media.EncodedFrame) { dec.Decode(e, emit) }
		return u, dec, nil
	}
	dec, _, err := f.options.Codecs.NewAudioDecoder(c)
	if err != nil {
		return nil, nil, err
	}
	emit := func(a *media.AudioFrame) {
		if !u.silent {
			out.WriteAudio(a)
		}
	}
	u.decode = func(e *media.EncodedFrame) { dec.Decode(e, emit) }
	return u, dec, nil
}
