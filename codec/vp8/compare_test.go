package vp8

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"trackway/codec"
	"trackway/codec/native"
)

// clip is a sequence of source pictures to compare encoders on.
type clip struct {
	name   string
	frames []*Frame
	rates  []int // kbit/s
}

// compareClips returns the material of the comparison: published streams of
// camera pictures where they are at hand, and synthetic scenes.
func compareClips(tb testing.TB) (clips []clip) {
	if dir := os.Getenv("TRACKWAY_VECTORS"); dir != "" || dirExists("../../../shared/vectors") {
		dir = vectorsDir(tb)
		for _, m := range []struct {
			name, file string
			rates      []int
		}{
			{"camera A", "vp80-00-comprehensive-015.ivf", []int{120, 240, 480}},
			{"camera B", "vp80-00-comprehensive-010.ivf", []int{120, 240, 480}},
			{"camera C", "vp80-03-segmentation-1414.ivf", []int{120, 240, 480}},
			{"shaking close-up", "vp80-02-inter-1418.ivf", []int{120, 240, 480}},
		} {
			c := clip{name: m.name, rates: m.rates}
			d := NewDecoder(DecoderConfig{})
			for _, data := range readIVF(tb, filepath.Join(dir, m.file)) {
				if f, err := d.Decode(data); err == nil && f != nil {
					c.frames = append(c.frames, cloneFrame(f))
				}
			}
			c.name += fmt.Sprintf(" %dx%d", c.frames[0].Width, c.frames[0].Height)
			clips = append(clips, c)
		}
	}
	synthetic := func(name string, seed uint64, w, h, n int, noise float64, rates ...int) {
		c := clip{name: fmt.Sprintf("%s %dx%d", name, w, h), rates: rates}
		s := newScene(seed, w, h)
		s.noise = noise
		for i := range n {
			c.frames = append(c.frames, s.frame(i))
		}
		clips = append(clips, c)
	}
	synthetic("pan", 3, 640, 360, 90, 2, 300, 500, 800, 1300)
	synthetic("grain", 5, 640, 360, 90, 5, 400, 700, 1200, 2000)
	synthetic("pan", 7, 1280, 720, 60, 2, 800, 1400, 2400, 4000)
	return clips
}

func dirExists(dir string) bool {
	fi, err := os.Stat(dir)
	return err == nil && fi.IsDir()
}

func cloneFrame(f *Frame) *Frame {
	g := NewFrame(f.Width, f.Height)
	load := func(dst []byte, ds int, src []byte, ss, w, h int) {
		copyBlock(dst, ds, src, ss, w, h)
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	load(g.Y, g.YStride, f.Y, f.YStride, f.Width, f.Height)
	load(g.U, g.UVStride, f.U, f.UVStride, cw, ch)
	load(g.V, g.UVStride, f.V, f.UVStride, cw, ch)
	return g
}

// point is one encoder's result at one target rate.
type point struct {
	kbps, psnr, fps float64
}

func encodeOurs(tb testing.TB, c *clip, kbps int) point {
	f0 := c.frames[0]
	e, err := NewEncoder(EncoderConfig{Width: f0.Width, Height: f0.Height, Bitrate: kbps * 1000})
	if err != nil {
		tb.Fatal(err)
	}
	var stream [][]byte
	start := cpuTime()
	for _, f := range c.frames {
		data, _, err := e.Encode(f, FrameFlags{})
		if err != nil {
			tb.Fatal(err)
		}
		stream = append(stream, bytes.Clone(data))
	}
	return measure(tb, c, stream, cpuTime()-start)
}

// encodeLibvpx encodes with ffmpeg's libvpx in real-time mode, cpu-used 8, one
// thread, without dropping pictures. The time is libvpx's in this process.
func encodeLibvpx(tb testing.TB, c *clip, kbps int) point {
	f0 := c.frames[0]
	var raw []byte
	for _, f := range c.frames {
		raw = f.AppendI420(raw)
	}
	b := fmt.Sprintf("%dk", kbps)
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p",
		"-s", fmt.Sprintf("%dx%d", f0.Width, f0.Height), "-r", "30", "-i", "-",
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-threads", "1", "-lag-in-frames", "0",
		"-b:v", b, "-minrate", b, "-maxrate", b, "-bufsize", fmt.Sprintf("%dk", kbps*6/10), "-g", "9999", "-f", "ivf", "-")
	cmd.Stdin = bytes.NewReader(raw)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, errs.Bytes())
	}
	stream, err := splitIVF(out.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	return measure(tb, c, stream, libvpxTime(tb, c, kbps))
}

// libvpx is the implementation of package native, to take times in this process.
func libvpx(tb testing.TB, can func(*codec.Implementation) bool) codec.Implementation {
	for _, im := range native.Implementations() {
		if im.Codec.Is(codec.VP8) && can(&im) {
			if err := im.SelfTest(); err != nil {
				tb.Skipf("libvpx is absent: %v", err)
			}
			return im
		}
	}
	tb.Skip("libvpx cannot be called on this system")
	return codec.Implementation{}
}

func asPicture(f *Frame, n int) *codec.VideoFrame {
	return &codec.VideoFrame{
		Width: f.Width, Height: f.Height, Y: f.Y, U: f.U, V: f.V, StrideY: f.YStride, StrideUV: f.UVStride,
		Timestamp: uint32(n * videoClock / 30), Duration: time.Second / 30,
	}
}

// libvpxTime is the processor time that libvpx takes for a clip.
func libvpxTime(tb testing.TB, c *clip, kbps int) time.Duration {
	im := libvpx(tb, func(im *codec.Implementation) bool { return im.NewVideoEncoder != nil })
	f0 := c.frames[0]
	e, err := im.NewVideoEncoder(im.Codec, codec.VideoSettings{Width: f0.Width, Height: f0.Height, Bitrate: kbps * 1000, FrameRate: 30})
	if err != nil {
		tb.Fatal(err)
	}
	defer e.Close()
	start := cpuTime()
	for n, f := range c.frames {
		if err := e.Encode(asPicture(f, n), false, func(*codec.EncodedFrame) {}); err != nil {
			tb.Fatal(err)
		}
	}
	return cpuTime() - start
}

func measure(tb testing.TB, c *clip, stream [][]byte, took time.Duration) point {
	d := NewDecoder(DecoderConfig{})
	bits, sum := 0, 0.0
	if len(stream) != len(c.frames) {
		tb.Fatalf("%s: %d frames for %d pictures", c.name, len(stream), len(c.frames))
	}
	for i, data := range stream {
		bits += len(data) * 8
		f, err := d.Decode(data)
		if err != nil {
			tb.Fatal(err)
		}
		sum += psnr(c.frames[i], f)
	}
	n := float64(len(stream))
	return point{kbps: float64(bits) / (n / 30) / 1000, psnr: sum / n, fps: n / took.Seconds()}
}

// decodeSpeeds decodes the same stream here and with libvpx, and returns both
// speeds in frames per second of processor time.
func decodeSpeeds(tb testing.TB, c *clip, kbps int) (ours, theirs float64) {
	f0 := c.frames[0]
	e := mustEncoder(tb, EncoderConfig{Width: f0.Width, Height: f0.Height, Bitrate: kbps * 1000})
	var stream [][]byte
	for _, f := range c.frames {
		stream = append(stream, bytes.Clone(first(mustEncode(tb, e, f, FrameFlags{}))))
	}
	im := libvpx(tb, func(im *codec.Implementation) bool { return im.NewVideoDecoder != nil })
	dec, err := im.NewVideoDecoder(im.Codec)
	if err != nil {
		tb.Fatal(err)
	}
	defer dec.Close()
	d := NewDecoder(DecoderConfig{})
	var took [2]time.Duration
	const repeat = 8 // in turns, so that both see the same machine
	for range repeat {
		start := cpuTime()
		for _, data := range stream {
			mustDecode(tb, d, data)
		}
		middle := cpuTime()
		for _, data := range stream {
			if err := dec.Decode(&codec.EncodedFrame{Data: data}, func(*codec.VideoFrame) {}); err != nil {
				tb.Fatal(err)
			}
		}
		took[0], took[1] = took[0]+middle-start, took[1]+cpuTime()-middle
	}
	n := float64(repeat * len(stream))
	return n / took[0].Seconds(), n / took[1].Seconds()
}

// bdPSNR is the mean vertical distance of curve a above curve b over the rates
// that both cover, with the rate on a logarithmic scale (Bjøntegaard's measure
// with linear instead of cubic interpolation).
func bdPSNR(a, b []point) float64 {
	lo := math.Log(max(a[0].kbps, b[0].kbps))
	hi := math.Log(min(a[len(a)-1].kbps, b[len(b)-1].kbps))
	at := func(c []point, x float64) float64 {
		for i := 1; ; i++ {
			x0, x1 := math.Log(c[i-1].kbps), math.Log(c[i].kbps)
			if x <= x1 || i == len(c)-1 {
				return c[i-1].psnr + (c[i].psnr-c[i-1].psnr)*(x-x0)/(x1-x0)
			}
		}
	}
	sum := 0.0
	const steps = 100
	for i := range steps {
		x := lo + (hi-lo)*(float64(i)+0.5)/steps
		sum += at(a, x) - at(b, x)
	}
	return sum / steps
}

// TestCompareLibvpx prints speed, per second of processor time, and quality
// beside libvpx's. It is not part of
// the ordinary run: set TRACKWAY_COMPARE=1, with ffmpeg in the path.
func TestCompareLibvpx(t *testing.T) {
	if os.Getenv("TRACKWAY_COMPARE") == "" {
		t.Skip("set TRACKWAY_COMPARE=1 to compare with ffmpeg's libvpx")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is absent")
	}
	for _, c := range compareClips(t) {
		var ours, theirs []point
		for _, r := range c.rates {
			ours = append(ours, encodeOurs(t, &c, r))
			theirs = append(theirs, encodeLibvpx(t, &c, r))
		}
		fmt.Printf("%s\n  target   ours: kbit/s     dB   fps   libvpx: kbit/s     dB   fps\n", c.name)
		for i, r := range c.rates {
			a, b := ours[i], theirs[i]
			fmt.Printf("  %6d   %12.0f %6.2f %5.0f   %14.0f %6.2f %5.0f\n", r, a.kbps, a.psnr, a.fps, b.kbps, b.psnr, b.fps)
		}
		bd := bdPSNR(ours, theirs)
		fmt.Printf("  BD-PSNR %+.2f dB\n", bd)
		dec, ref := decodeSpeeds(t, &c, c.rates[len(c.rates)-1])
		fmt.Printf("  decoding: ours %.0f frames/s, libvpx %.0f\n", dec, ref)
		if bd < -1.5 {
			t.Errorf("%s: %.2f dB below libvpx real-time cpu-used 8; the limit is 1.5", c.name, -bd)
		}
	}
}
