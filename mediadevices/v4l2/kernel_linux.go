//go:build amd64 || arm64

package v4l2

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel is what the package needs of the system; tests have one of their own.
type kernel interface {
	open(path string) (fd int, err error)
	close(fd int)
	ioctl(fd int, request uintptr, argument unsafe.Pointer) error
	mmap(fd int, offset int64, length int) ([]byte, error)
	munmap(b []byte)
	// wait waits until a buffer can be fetched, or some tens of milliseconds.
	wait(fd int) (ready bool, err error)
	// monotonic is the clock of buffers' timestamps.
	monotonic() time.Duration
}

type linux struct{}

func (linux) open(path string) (int, error) {
	return unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
}

func (linux) close(fd int) { _ = unix.Close(fd) }

func (linux) ioctl(fd int, request uintptr, argument unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(argument))
		switch {
		case errno == 0:
			return nil
		case !errors.Is(errno, unix.EINTR):
			return errno
		}
	}
}

func (linux) mmap(fd int, offset int64, length int) ([]byte, error) {
	return unix.Mmap(fd, offset, length, unix.PROT_READ, unix.MAP_SHARED)
}

func (linux) munmap(b []byte) { _ = unix.Munmap(b) }

func (linux) wait(fd int) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 50)
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err == nil && n > 0 && fds[0].Revents&unix.POLLIN == 0 {
		return false, unix.ENODEV // POLLERR or POLLHUP: unplugged
	}
	return n > 0, err
}

func (linux) monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

// The structures of videodev2.h that are used, as they are on 64-bit systems.

type capability struct {
	driver             [16]byte
	card, bus          [32]byte
	version            uint32
	capabilities, caps uint32
	_                  [3]uint32
}

type formatDescription struct {
	index, kind, flags uint32
	description        [32]byte
	pixels, mbus       uint32
	_                  [3]uint32
}

// frameSize is v4l2_frmsizeenum. If kind is discrete, the first two of size are
// width and height; otherwise they are the least and the most width and its
// step, and the same of the height.
type frameSize struct {
	index, pixels, kind uint32
	size                [6]uint32
	_                   [2]uint32
}

// frameInterval is v4l2_frmivalenum: fractions of a second.
type frameInterval struct {
	index, pixels, width, height, kind uint32
	interval                           [6]uint32
	_                                  [2]uint32
}

// format is v4l2_format for capture.
type format struct {
	kind, _                      uint32
	width, height, pixels, field uint32
	bytesPerLine, sizeImage      uint32
	colours, private             uint32
	_                            [168]byte
}

// streamParameters is v4l2_streamparm for capture.
type streamParameters struct {
	kind, capability, mode uint32
	numerator, denominator uint32
	extended, buffers      uint32
	_                      [176]byte
}

type bufferRequest struct {
	count, kind, memory, capabilities, _ uint32
}

type buffer struct {
	index, kind, used, flags, field, _ uint32
	seconds, micros                    int64
	_                                  [16]byte // timecode
	sequence, memory                   uint32
	offset                             uint64
	length, _                          uint32
	_                                  uint64
}

// request makes the number of an ioctl: direction 1 writes, 2 reads.
func request(direction, number, size uintptr) uintptr {
	return direction<<30 | size<<16 | 'V'<<8 | number
}

var (
	queryCapabilities  = request(2, 0, unsafe.Sizeof(capability{}))
	enumFormats        = request(3, 2, unsafe.Sizeof(formatDescription{}))
	setFormat          = request(3, 5, unsafe.Sizeof(format{}))
	requestBuffers     = request(3, 8, unsafe.Sizeof(bufferRequest{}))
	queryBuffer        = request(3, 9, unsafe.Sizeof(buffer{}))
	queueBuffer        = request(3, 15, unsafe.Sizeof(buffer{}))
	dequeueBuffer      = request(3, 17, unsafe.Sizeof(buffer{}))
	streamOn           = request(1, 18, 4)
	streamOff          = request(1, 19, 4)
	setParameters      = request(3, 22, unsafe.Sizeof(streamParameters{}))
	enumFrameSizes     = request(3, 74, unsafe.Sizeof(frameSize{}))
	enumFrameIntervals = request(3, 75, unsafe.Sizeof(frameInterval{}))
)

var (
	_ [104]byte = [unsafe.Sizeof(capability{})]byte{}
	_ [64]byte  = [unsafe.Sizeof(formatDescription{})]byte{}
	_ [44]byte  = [unsafe.Sizeof(frameSize{})]byte{}
	_ [52]byte  = [unsafe.Sizeof(frameInterval{})]byte{}
	_ [208]byte = [unsafe.Sizeof(format{})]byte{}
	_ [204]byte = [unsafe.Sizeof(streamParameters{})]byte{}
	_ [20]byte  = [unsafe.Sizeof(bufferRequest{})]byte{}
	_ [88]byte  = [unsafe.Sizeof(buffer{})]byte{}
	_ [64]byte  = [unsafe.Offsetof(buffer{}.offset)]byte{}
)

const (
	videoCapture  = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	memoryMapped  = 1 // V4L2_MEMORY_MMAP
	fieldNone     = 1 // V4L2_FIELD_NONE
	discrete      = 1 // V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE
	canCapture    = 0x1
	canStream     = 0x04000000
	hasDeviceCaps = 0x80000000
	bufferError   = 0x40
	timestampMask = 0xe000
	timestampMono = 0x2000
)

func fourCC(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

var (
	pixelsYUYV = fourCC("YUYV")
	pixelsNV12 = fourCC("NV12")
	pixelsMJPG = fourCC("MJPG")
	pixelsJPEG = fourCC("JPEG")
)

// preferred are the formats that are taken, the cheapest to convert first.
var preferred = []uint32{pixelsNV12, pixelsYUYV, pixelsMJPG, pixelsJPEG}
