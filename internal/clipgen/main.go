// Clipgen makes the clip that is embedded in trackway/media/clip: ten seconds
// of the test pattern with its sound, which join to a loop. It needs ffmpeg.
//
//	go run ./internal/clipgen clip.webm
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"trackway/codec"
	"trackway/container"
	"trackway/container/probe"
	"trackway/container/wav"
	"trackway/container/webm"
	"trackway/container/y4m"
	"trackway/media/pattern"
)

const (
	width, height = 640, 360
	rate          = 30
	sampleRate    = 48000
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: clipgen clip.webm")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "clipgen:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	dir, err := os.MkdirTemp("", "clipgen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sound, ogg, ivf := filepath.Join(dir, "sound.wav"), filepath.Join(dir, "sound.ogg"), filepath.Join(dir, "picture.ivf")
	if err := writeSound(sound); err != nil {
		return err
	}
	err = ffmpeg(nil, "-i", sound,
		"-c:a", "libopus", "-b:a", "32k", "-frame_duration", "20", "-application", "audio", ogg)
	if err != nil {
		return err
	}
	err = ffmpeg(writePictures, "-f", "yuv4mpegpipe", "-i", "-",
		"-c:v", "libvpx", "-b:v", "400k", "-minrate", "250k", "-maxrate", "600k", "-bufsize", "400k",
		"-g", "30", "-keyint_min", "30", "-auto-alt-ref", "0", "-lag-in-frames", "0",
		"-error-resilient", "1", "-quality", "good", "-cpu-used", "0", ivf)
	if err != nil {
		return err
	}
	return join(out, ivf, ogg)
}

func ffmpeg(input func(io.Writer) error, args ...string) error {
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-y"}, args...)...)
	cmd.Stderr = os.Stderr
	if input == nil {
		return cmd.Run()
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = input(in)
	in.Close()
	if werr := cmd.Wait(); werr != nil {
		return werr
	}
	return err
}

// join puts picture and sound into one file, both exactly Period long: the
// coder's run-out at the end of the sound would make the loop stumble.
func join(out string, paths ...string) error {
	var readers []container.Reader
	var tracks []container.Track
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := probe.Open(f)
		if err != nil {
			return err
		}
		readers = append(readers, r)
		tracks = append(tracks, r.Tracks()...)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := webm.NewWriter(f, tracks, webm.Options{})
	if err != nil {
		return err
	}
	next := make([]container.Packet, len(readers))
	for i, r := range readers {
		if next[i], err = r.ReadPacket(); err != nil {
			return err
		}
	}
	for {
		first := 0
		for i := range next {
			if next[i].Time < next[first].Time {
				first = i
			}
		}
		p := next[first]
		if p.Time >= pattern.Period {
			return w.Close()
		}
		p.Track = first
		if err := w.WritePacket(p); err != nil {
			return err
		}
		next[first], err = readers[first].ReadPacket()
		if errors.Is(err, io.EOF) {
			next[first].Time = pattern.Period
		} else if err != nil {
			return err
		}
	}
}

func writePictures(w io.Writer) error {
	out, err := y4m.NewWriter(w, y4m.Header{Width: width, Height: height, RateNum: rate, RateDen: 1})
	if err != nil {
		return err
	}
	picture := pattern.New(width, height)
	f := codec.NewVideoFrame(width, height)
	for n := range int(pattern.Period.Seconds()) * rate {
		picture.Draw(f, n, time.Duration(n)*time.Second/rate)
		if err := out.WriteFrame(f.Y, f.U, f.V, f.StrideY, f.StrideUV); err != nil {
			return err
		}
	}
	return out.Close()
}

func writeSound(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := wav.NewWriter(f, sampleRate, 1)
	if err != nil {
		return err
	}
	samples := make([]int16, sampleRate*int(pattern.Period.Seconds()))
	pattern.Sound(samples, 0, sampleRate, 1)
	if err := out.WriteSamples(samples); err != nil {
		return err
	}
	return out.Close()
}
