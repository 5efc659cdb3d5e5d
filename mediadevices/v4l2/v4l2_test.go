//go:build linux && (amd64 || arm64)

package v4l2

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"trackway/codec"
	"trackway/media"
	"trackway/mediadevices"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a kernel with one camera, which answers as drivers do.
type fake struct {
	pixels   []uint32
	sizes    [][2]uint32
	rates    []uint32
	adjusts  bool // gives another size than it is asked for
	unplug   int  // after so many pictures
	picture  func(format *format) []byte
	format   format
	rate     float64
	buffers  [][]byte
	queued   []uint32
	streams  bool
	opened   int
	mapped   int
	sequence uint32
}

func (k *fake) open(path string) (int, error) {
	if path != "/dev/video0" {
		return 0, unix.ENOENT
	}
	k.opened++
	return 7, nil
}
func (k *fake) close(int)                { k.opened-- }
func (k *fake) munmap([]byte)            { k.mapped-- }
func (k *fake) monotonic() time.Duration { return time.Hour }
func (k *fake) mmap(_ int, offset int64, length int) ([]byte, error) {
	k.mapped++
	return k.buffers[offset/0x10000][:length], nil
}

func (k *fake) wait(int) (bool, error) {
	if k.unplug > 0 && int(k.sequence) >= k.unplug {
		return false, unix.ENODEV
	}
	return k.streams && len(k.queued) > 0, nil
}

func (k *fake) ioctl(_ int, request uintptr, argument unsafe.Pointer) error {
	switch request {
	case queryCapabilities:
		c := (*capability)(argument)
		copy(c.card[:], "Fake camera")
		copy(c.bus[:], "usb-1")
		c.capabilities, c.caps = hasDeviceCaps|canCapture|canStream, canCapture|canStream
	case enumFormats:
		d := (*formatDescription)(argument)
		if int(d.index) >= len(k.pixels) {
			return unix.EINVAL
		}
		d.pixels = k.pixels[d.index]
	case enumFrameSizes:
		s := (*frameSize)(argument)
		if int(s.index) >= len(k.sizes) {
			return unix.EINVAL
		}
		s.kind, s.size[0], s.size[1] = discrete, k.sizes[s.index][0], k.sizes[s.index][1]
	case enumFrameIntervals:
		v := (*frameInterval)(argument)
		if int(v.index) >= len(k.rates) {
			return unix.EINVAL
		}
		v.kind, v.interval[0], v.interval[1] = discrete, 1, k.rates[v.index]
	case setFormat:
		f := (*format)(argument)
		if k.adjusts {
			f.width /= 2
		}
		f.bytesPerLine = f.width * 2
		if f.pixels == pixelsNV12 {
			f.bytesPerLine = f.width + 32 // drivers pad
		}
		f.sizeImage = f.bytesPerLine * f.height * 2
		k.format = *f
	case setParameters:
		p := (*streamParameters)(argument)
		k.rate = float64(p.denominator) / float64(p.numerator)
	case requestBuffers:
		r := (*bufferRequest)(argument)
		r.count = 3 // fewer than it was asked for
		for range r.count {
			k.buffers = append(k.buffers, make([]byte, k.format.sizeImage))
		}
	case queryBuffer:
		b := (*buffer)(argument)
		b.offset, b.length = uint64(b.index)*0x10000, k.format.sizeImage
	case queueBuffer:
		b := (*buffer)(argument)
		if slices.Contains(k.queued, b.index) {
			return unix.EINVAL
		}
		k.queued = append(k.queued, b.index)
	case dequeueBuffer:
		if len(k.queued) == 0 {
			return unix.EAGAIN
		}
		b := (*buffer)(argument)
		b.index, k.queued = k.queued[0], k.queued[1:]
		b.used = uint32(copy(k.buffers[b.index], k.picture(&k.format)))
		b.sequence = k.sequence
		b.flags = timestampMono
		b.seconds, b.micros = 3599, 990_000 // 10 ms ago
		if k.sequence++; k.sequence == 2 {
			b.flags |= bufferError
		}
	case streamOn:
		k.streams = true
	case streamOff:
		k.streams = false
	default:
		return unix.ENOTTY
	}
	return nil
}

// colours are the halves of the test's picture: Y, U and V.
var left, right = [3]byte{60, 90, 200}, [3]byte{180, 150, 70}

func packed(f *format) []byte { // YUYV
	b := make([]byte, f.sizeImage)
	for y := range int(f.height) {
		for x := 0; x < int(f.width); x += 2 {
			c := left
			if x >= int(f.width)/2 {
				c = right
			}
			copy(b[y*int(f.bytesPerLine)+2*x:], []byte{c[0], c[1], c[0], c[2]})
		}
	}
	return b
}

func planar(f *format) []byte { // NV12
	b := make([]byte, f.sizeImage)
	stride := int(f.bytesPerLine)
	for y := range int(f.height) {
		for x := range int(f.width) {
			c := left
			if x >= int(f.width)/2 {
				c = right
			}
			b[y*stride+x] = c[0]
			b[stride*int(f.height)+y/2*stride+x&^1] = c[1]
			b[stride*int(f.height)+y/2*stride+x|1] = c[2]
		}
	}
	return b
}

// motionJPEG has no Huffman tables, as that of cameras.
func motionJPEG(f *format) []byte {
	img := image.NewYCbCr(image.Rect(0, 0, int(f.width), int(f.height)), image.YCbCrSubsampleRatio420)
	full := func(c [3]byte) color.YCbCr {
		wide := func(v, middle, from, to int) uint8 { return uint8(middle + (v-middle)*to/from) }
		return color.YCbCr{Y: uint8((int(c[0]) - 16) * 255 / 219), Cb: wide(int(c[1]), 128, 224, 255), Cr: wide(int(c[2]), 128, 224, 255)}
	}
	for y := range int(f.height) {
		for x := range int(f.width) {
			c := full(left)
			if x >= int(f.width)/2 {
				c = full(right)
			}
			img.Y[img.YOffset(x, y)], img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = c.Y, c.Cb, c.Cr
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return withoutTables(b.Bytes())
}

func withoutTables(b []byte) []byte {
	out := slices.Clone(b[:2])
	for at := 2; ; {
		n := 2 + int(b[at+2])<<8 + int(b[at+3])
		if b[at+1] == 0xda {
			return append(out, b[at:]...)
		}
		if b[at+1] != 0xc4 {
			out = append(out, b[at:at+n]...)
		}
		at += n
	}
}

func TestCapture(t *testing.T) {
	for _, c := range []struct {
		name    string
		pixels  uint32
		picture func(*format) []byte
	}{{"YUYV", pixelsYUYV, packed}, {"NV12", pixelsNV12, planar}, {"MJPEG", pixelsMJPG, motionJPEG}} {
		t.Run(c.name, func(t *testing.T) {
			k := &fake{pixels: []uint32{fourCC("H264"), c.pixels}, sizes: [][2]uint32{{64, 48}, {32, 24}}, rates: []uint32{30, 15}, picture: c.picture}
			list := devices(k, []string{"/dev/video0", "/dev/video9"})
			if len(list) != 1 || list[0].Label != "Fake camera" {
				t.Fatalf("devices: %v", list)
			}
			want := []mediadevices.Mode{
				{Width: 64, Height: 48, FrameRate: 30}, {Width: 64, Height: 48, FrameRate: 15},
				{Width: 32, Height: 24, FrameRate: 30}, {Width: 32, Height: 24, FrameRate: 15},
			}
			if !slices.Equal(list[0].Modes, want) {
				t.Errorf("modes %v, want %v", list[0].Modes, want)
			}
			work, err := list[0].Open(t.Context(), want[1])
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			seen := 0
			source := media.NewVideoSource()
			source.NewTrack().AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
				if seen++; seen == 6 {
					cancel()
				}
				wantHalves(t, f)
			}})
			if err := work(ctx, source); !errors.Is(err, context.Canceled) {
				t.Errorf("the capture ended with %v", err)
			}
			if k.rate != 15 {
				t.Errorf("the driver was asked for %v frames a second, want 15", k.rate)
			}
			if k.sequence != 7 {
				t.Errorf("%d buffers were fetched for 6 pictures, want 7: the second is marked as damaged", k.sequence)
			}
			k.wantReleased(t)
		})
	}
}

// wantHalves checks the colours of the test's picture, and its time.
func wantHalves(t *testing.T, f *media.VideoFrame) {
	t.Helper()
	if f.Width != 64 || f.Height != 48 {
		t.Fatalf("a picture of %dx%d, want 64x48", f.Width, f.Height)
	}
	for _, side := range []struct {
		x    int
		want [3]byte
	}{{10, left}, {54, right}} {
		i := 10*f.StrideUV + side.x/2
		have := [3]byte{f.Y[20*f.StrideY+side.x], f.U[i], f.V[i]}
		for j := range have {
			if d := int(have[j]) - int(side.want[j]); d < -3 || d > 3 {
				t.Errorf("at x=%d the colour is %v, want %v", side.x, have, side.want)
				break
			}
		}
	}
	if age := time.Since(f.CaptureTime); age < 10*time.Millisecond {
		t.Errorf("the picture was taken %v ago, want 10ms at least: the driver's timestamp counts", age)
	}
}

func (k *fake) wantReleased(t *testing.T) {
	t.Helper()
	if k.opened != 0 || k.mapped != 0 || k.streams {
		t.Errorf("after the capture %d files are open, %d buffers mapped, streaming %v", k.opened, k.mapped, k.streams)
	}
}

func newFake() *fake {
	return &fake{pixels: []uint32{pixelsYUYV}, sizes: [][2]uint32{{64, 48}}, rates: []uint32{30}, picture: packed}
}

func TestAnUnpluggedCameraEndsTheCapture(t *testing.T) {
	k := newFake()
	k.unplug = 3
	d := devices(k, []string{"/dev/video0"})[0]
	work, err := d.Open(t.Context(), d.Modes[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := work(t.Context(), media.NewVideoSource()); !errors.Is(err, unix.ENODEV) {
		t.Errorf("the capture ended with %v, want ENODEV", err)
	}
	k.wantReleased(t)
}

func TestAnAdjustedFormatIsRefused(t *testing.T) {
	k := newFake()
	d := devices(k, []string{"/dev/video0"})[0]
	k.adjusts = true
	if _, err := d.Open(t.Context(), d.Modes[0]); err == nil {
		t.Error("a driver that gives another size than it was asked for was believed")
	}
	k.wantReleased(t)
}

func TestShortPicturesAreLeftOut(t *testing.T) {
	for _, pixels := range []uint32{pixelsYUYV, pixelsNV12, pixelsMJPG} {
		c := camera{mode: mode{mediadevices.Mode{Width: 64, Height: 48, FrameRate: 30}, pixels}}
		for _, n := range []int{0, 1, 64 * 48} {
			if c.convert(make([]byte, n)) {
				t.Errorf("%d bytes passed for a picture of 64x48", n)
			}
		}
	}
}

// FuzzJPEG: what a camera sends, or somebody who pretends to be one.
func FuzzJPEG(f *testing.F) {
	f.Add(motionJPEG(&format{width: 16, height: 16}))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xda, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var d jpegDecoder
		_ = d.decode(codec.NewVideoFrame(16, 16), b)
	})
}

// TestRealCamera opens the first camera of this machine.
func TestRealCamera(t *testing.T) {
	list := Devices(t.Context())
	if len(list) == 0 {
		t.Skip("there is no camera here")
	}
	work, err := list[0].Open(t.Context(), list[0].Modes[0])
	if err != nil {
		t.Skipf("%s is in use: %v", list[0].Label, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	seen := 0
	source := media.NewVideoSource()
	source.NewTrack().AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		if seen++; seen == 5 {
			cancel()
		}
	}})
	if err := work(ctx, source); seen < 5 {
		t.Errorf("%s gave %d pictures: %v", list[0].Label, seen, err)
	}
}
