//go:build amd64 || arm64

package v4l2

import (
	"context"
	"errors"
	"math"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"trackway/codec"
	"trackway/codec/i420"
	"trackway/internal/domerr"
	"trackway/media"
)

// bufferCount is how many pictures the driver may be ahead.
const bufferCount = 4

// camera is an open camera.
type camera struct {
	kernel kernel
	fd     int
	mode   mode
	format format
	memory [][]byte
	frame  codec.VideoFrame
	jpeg   jpegDecoder
}

// open takes hold of a camera in a mode and returns what captures.
func open(k kernel, path string, m mode) (func(context.Context, *media.Source) error, error) {
	fd, err := k.open(path)
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotReadable, "the camera %s cannot be opened", path)
	}
	c := &camera{kernel: k, fd: fd, mode: m}
	if err := c.start(); err != nil {
		c.close()
		return nil, domerr.Wrap(err, domerr.NotReadable, "the camera %s does not start", path)
	}
	return c.capture, nil
}

func (c *camera) start() error {
	c.format = format{
		kind: videoCapture, width: uint32(c.mode.Width), height: uint32(c.mode.Height), pixels: c.mode.pixels, field: fieldNone,
	}
	if err := c.kernel.ioctl(c.fd, setFormat, unsafe.Pointer(&c.format)); err != nil {
		return err
	}
	// "Drivers … adjust the values": another format than was asked for would
	// be read as something else.
	if f := &c.format; f.pixels != c.mode.pixels || f.width != uint32(c.mode.Width) || f.height != uint32(c.mode.Height) {
		return domerr.New(domerr.NotSupported, "the driver gives %dx%d instead", f.width, f.height)
	}
	p := streamParameters{kind: videoCapture, numerator: 1000, denominator: uint32(math.Round(c.mode.FrameRate * 1000))}
	// A camera without adjustable rate says so; it keeps its own.
	_ = c.kernel.ioctl(c.fd, setParameters, unsafe.Pointer(&p))
	r := bufferRequest{count: bufferCount, kind: videoCapture, memory: memoryMapped}
	if err := c.kernel.ioctl(c.fd, requestBuffers, unsafe.Pointer(&r)); err != nil {
		return err
	}
	if r.count == 0 || r.count > 32 {
		return domerr.New(domerr.NotReadable, "the driver has %d buffers", r.count)
	}
	for i := range r.count {
		b := buffer{index: i, kind: videoCapture, memory: memoryMapped}
		if err := c.kernel.ioctl(c.fd, queryBuffer, unsafe.Pointer(&b)); err != nil {
			return err
		}
		m, err := c.kernel.mmap(c.fd, int64(b.offset), int(b.length))
		if err != nil {
			return err
		}
		c.memory = append(c.memory, m)
		if err := c.kernel.ioctl(c.fd, queueBuffer, unsafe.Pointer(&b)); err != nil {
			return err
		}
	}
	kind := uint32(videoCapture)
	return c.kernel.ioctl(c.fd, streamOn, unsafe.Pointer(&kind))
}

func (c *camera) close() {
	kind := uint32(videoCapture)
	_ = c.kernel.ioctl(c.fd, streamOff, unsafe.Pointer(&kind))
	for _, m := range c.memory {
		c.kernel.munmap(m)
	}
	c.kernel.close(c.fd)
}

// capture writes pictures into a source until ctx ends, or the camera fails.
func (c *camera) capture(ctx context.Context, out *media.Source) error {
	defer c.close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ready, err := c.kernel.wait(c.fd)
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		b := buffer{kind: videoCapture, memory: memoryMapped}
		switch err := c.kernel.ioctl(c.fd, dequeueBuffer, unsafe.Pointer(&b)); {
		case errors.Is(err, unix.EAGAIN):
			continue
		case err != nil:
			return err
		case int(b.index) >= len(c.memory):
			return domerr.New(domerr.NotReadable, "the driver gives a buffer that it does not have")
		}
		m := c.memory[b.index]
		if used := int(b.used); used > 0 && used <= len(m) {
			m = m[:used]
		}
		// A picture that is damaged is left out; the next will be whole.
		if b.flags&bufferError == 0 && c.convert(m) {
			c.stamp(&b)
			if err := out.WriteVideo(&c.frame); err != nil {
				return err
			}
		}
		if err := c.kernel.ioctl(c.fd, queueBuffer, unsafe.Pointer(&b)); err != nil {
			return err
		}
	}
}

// stamp sets the times of the frame by those of the buffer.
func (c *camera) stamp(b *buffer) {
	now := time.Now()
	taken := now
	if b.flags&timestampMask == timestampMono {
		at := time.Duration(b.seconds)*time.Second + time.Duration(b.micros)*time.Microsecond
		if age := c.kernel.monotonic() - at; age > 0 && age < time.Second {
			taken = now.Add(-age)
		}
	}
	c.frame.CaptureTime = taken
	c.frame.Timestamp = uint32(taken.UnixMicro() / 100 * 9)
	c.frame.Duration = time.Duration(float64(time.Second) / c.mode.FrameRate)
}

// convert makes the frame of what the camera gave, if it is whole.
func (c *camera) convert(m []byte) bool {
	w, h := c.mode.Width, c.mode.Height
	if c.frame.Width != w || c.frame.Height != h {
		c.frame = *codec.NewVideoFrame(w, h)
	}
	stride := int(c.format.bytesPerLine)
	switch c.mode.pixels {
	case pixelsYUYV:
		stride = max(stride, (w+1)/2*4)
		if len(m) < stride*(h-1)+(w+1)/2*4 {
			return false
		}
		i420.FromYUYV(&c.frame, m, stride)
	case pixelsNV12:
		stride = max(stride, w)
		chroma := stride * h
		if len(m) < chroma+stride*((h+1)/2-1)+(w+1)/2*2 {
			return false
		}
		i420.FromNV12(&c.frame, m, m[chroma:], stride, stride)
	default:
		return c.jpeg.decode(&c.frame, m) == nil
	}
	return true
}
