//go:build amd64 || arm64

package v4l2

import (
	"bytes"
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"trackway/media"
	"trackway/mediadevices"
)

// Devices lists the cameras that can be captured from.
func Devices(context.Context) []*mediadevices.Device {
	paths, _ := filepath.Glob("/dev/video[0-9]*")
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return devices(linux{}, paths)
}

func number(path string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(path, "/dev/video"))
	return n
}

func devices(k kernel, paths []string) (out []*mediadevices.Device) {
	for _, path := range paths {
		if d := probe(k, path); d != nil {
			out = append(out, d)
		}
	}
	return out
}

// mode is a way to capture: a Mode, and the format of the pixels.
type mode struct {
	mediadevices.Mode
	pixels uint32
}

// probe returns nil if the file is no camera, or none that can be used.
func probe(k kernel, path string) *mediadevices.Device {
	fd, err := k.open(path)
	if err != nil {
		return nil
	}
	defer k.close(fd)
	var c capability
	if k.ioctl(fd, queryCapabilities, unsafe.Pointer(&c)) != nil {
		return nil
	}
	// capabilities are those of the whole device, caps those of this file.
	can := c.capabilities
	if can&hasDeviceCaps != 0 {
		can = c.caps
	}
	if can&canCapture == 0 || can&canStream == 0 {
		return nil
	}
	modes := modesOf(k, fd)
	if len(modes) == 0 {
		return nil
	}
	card, bus := text(c.card[:]), text(c.bus[:])
	d := &mediadevices.Device{
		Kind: mediadevices.VideoInput, Label: card,
		DeviceID: mediadevices.ID("v4l2", card+"\x00"+bus+"\x00"+path), GroupID: mediadevices.ID("v4l2", bus),
		Open: func(_ context.Context, m mediadevices.Mode) (func(context.Context, *media.Source) error, error) {
			i := slices.IndexFunc(modes, func(x mode) bool { return x.Mode == m })
			return open(k, path, modes[max(0, i)])
		},
	}
	for _, m := range modes {
		d.Modes = append(d.Modes, m.Mode)
	}
	return d
}

func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// maxEnumerated bounds what a driver may list.
const maxEnumerated = 256

// modesOf lists what a camera can do, each size and rate once, 640x480 first:
// that is what is given to those who do not ask for anything.
func modesOf(k kernel, fd int) (out []mode) {
	var there []uint32
	for i := range uint32(maxEnumerated) {
		d := formatDescription{index: i, kind: videoCapture}
		if k.ioctl(fd, enumFormats, unsafe.Pointer(&d)) != nil {
			break
		}
		there = append(there, d.pixels)
	}
	for _, pixels := range preferred {
		if !slices.Contains(there, pixels) {
			continue
		}
		for _, size := range sizesOf(k, fd, pixels) {
			for _, rate := range ratesOf(k, fd, pixels, size) {
				m := mediadevices.Mode{Width: int(size[0]), Height: int(size[1]), FrameRate: rate}
				if !slices.ContainsFunc(out, func(x mode) bool { return x.Mode == m }) {
					out = append(out, mode{m, pixels})
				}
			}
		}
	}
	isDefault := func(m mode) int {
		switch {
		case m.Width == 640 && m.Height == 480 && m.FrameRate == 30:
			return 0
		case m.Width == 640 && m.Height == 480:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b mode) int { return cmp.Compare(isDefault(a), isDefault(b)) })
	return out
}

// common are the sizes that are asked of a camera that has any.
var common = [][2]uint32{{640, 480}, {320, 240}, {640, 360}, {1280, 720}, {1920, 1080}}

func sizesOf(k kernel, fd int, pixels uint32) (out [][2]uint32) {
	for i := range uint32(maxEnumerated) {
		s := frameSize{index: i, pixels: pixels}
		if k.ioctl(fd, enumFrameSizes, unsafe.Pointer(&s)) != nil {
			break
		}
		if s.kind == discrete {
			if s.size[0] > 0 && s.size[1] > 0 {
				out = append(out, [2]uint32{s.size[0], s.size[1]})
			}
			continue
		}
		fits := func(v, low, high, step uint32) bool {
			return v >= low && v <= high && (step == 0 || (v-low)%step == 0)
		}
		for _, c := range common {
			if fits(c[0], s.size[0], s.size[1], s.size[2]) && fits(c[1], s.size[3], s.size[4], s.size[5]) {
				out = append(out, c)
			}
		}
		break
	}
	return out
}

// ratesOf lists frame rates, the highest first. A driver that does not tell is
// taken for one of 30 frames a second.
func ratesOf(k kernel, fd int, pixels uint32, size [2]uint32) (out []float64) {
	for i := range uint32(maxEnumerated) {
		v := frameInterval{index: i, pixels: pixels, width: size[0], height: size[1]}
		if k.ioctl(fd, enumFrameIntervals, unsafe.Pointer(&v)) != nil {
			break
		}
		// Of a range the first is the shortest interval.
		if v.interval[0] > 0 && v.interval[1] > 0 {
			out = append(out, float64(v.interval[1])/float64(v.interval[0]))
		}
		if v.kind != discrete {
			break
		}
	}
	if len(out) == 0 {
		out = []float64{30}
	}
	slices.SortFunc(out, func(a, b float64) int { return cmp.Compare(b, a) })
	return slices.Compact(out)
}
