// Package y4m reads and writes YUV4MPEG2, uncompressed video with 8 bits a
// sample and 4:2:0 subsampling.
package y4m

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"trackway/container"
)

// maxSide bounds a picture's width and height: a frame takes at most 384 MiB.
const maxSide = 16384

// Header describes a file.
type Header struct {
	Width, Height int
	// RateNum / RateDen is the frame rate.
	RateNum, RateDen int
}

// FrameRate is in frames per second.
func (h Header) FrameRate() float64 { return float64(h.RateNum) / float64(h.RateDen) }

// Reader reads a file.
type Reader struct {
	r   *bufio.Reader
	h   Header
	buf []byte
}

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{r: bufio.NewReaderSize(r, 64<<10), h: Header{RateNum: 25, RateDen: 1}}
	line, err := in.line()
	if err != nil {
		return nil, container.Errorf("y4m", "header: %v", err)
	}
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "YUV4MPEG2" {
		return nil, container.Errorf("y4m", "no YUV4MPEG2 signature")
	}
	for _, f := range fields[1:] {
		if err := in.field(f[0], f[1:]); err != nil {
			return nil, err
		}
	}
	if in.h.Width == 0 || in.h.Height == 0 {
		return nil, container.Errorf("y4m", "no picture size")
	}
	return in, nil
}

func (in *Reader) field(key byte, v string) error {
	switch key {
	case 'W', 'H':
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxSide {
			return container.Errorf("y4m", "%c%s is no picture size", key, v)
		}
		if key == 'W' {
			in.h.Width = n
		} else {
			in.h.Height = n
		}
	case 'F':
		num, den, _ := strings.Cut(v, ":")
		n, err1 := strconv.Atoi(num)
		d, err2 := strconv.Atoi(den)
		if err1 != nil || err2 != nil || n < 0 || d < 0 || n > 1e9 || d > 1e9 {
			return container.Errorf("y4m", "F%s is no frame rate", v)
		}
		if n > 0 && d > 0 { // 0:0 is "unknown"
			in.h.RateNum, in.h.RateDen = n, d
		}
	case 'C':
		switch v {
		case "420", "420jpeg", "420mpeg2", "420paldv":
		default:
			return container.Errorf("y4m", "C%s: only 8-bit 4:2:0 is read", v)
		}
	case 'I':
		if v != "p" && v != "?" {
			return container.Errorf("y4m", "I%s: only progressive video is read", v)
		}
	}
	return nil
}

// Header describes the file.
func (in *Reader) Header() Header { return in.h }

func (in *Reader) line() (string, error) {
	b, err := in.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		err = fmt.Errorf("a line of more than %d bytes", len(b))
	}
	if err == io.EOF && len(b) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimSuffix(string(b), "\n"), err
}

// ReadFrame returns the planes of the next picture, packed, valid until the
// next call.
func (in *Reader) ReadFrame() (y, u, v []byte, err error) {
	line, err := in.line()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, nil, nil, io.EOF
	}
	if err != nil || !strings.HasPrefix(line, "FRAME") {
		return nil, nil, nil, container.Errorf("y4m", "no frame where one begins")
	}
	luma := in.h.Width * in.h.Height
	chroma := ((in.h.Width + 1) / 2) * ((in.h.Height + 1) / 2)
	size := luma + 2*chroma
	if len(in.buf) == size {
		_, err = io.ReadFull(in.r, in.buf)
	} else {
		in.buf, err = container.ReadFull(in.r, size)
	}
	if err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		in.buf = nil
		return nil, nil, nil, err
	}
	return in.buf[:luma], in.buf[luma : luma+chroma], in.buf[luma+chroma:], nil
}

// Writer writes a file.
type Writer struct {
	w *bufio.Writer
	h Header
}

// NewWriter writes the header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if h.RateNum <= 0 || h.RateDen <= 0 {
		h.RateNum, h.RateDen = 30, 1
	}
	if h.Width < 1 || h.Width > maxSide || h.Height < 1 || h.Height > maxSide {
		return nil, container.Errorf("y4m", "picture of %dx%d", h.Width, h.Height)
	}
	out := &Writer{w: bufio.NewWriter(w), h: h}
	_, err := fmt.Fprintf(out.w, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420jpeg\n", h.Width, h.Height, h.RateNum, h.RateDen)
	return out, err
}

// WriteFrame writes a picture of the header's size. A row of y begins every
// strideY bytes, a row of u and v every strideUV.
func (out *Writer) WriteFrame(y, u, v []byte, strideY, strideUV int) error {
	out.w.WriteString("FRAME\n")
	cw, ch := (out.h.Width+1)/2, (out.h.Height+1)/2
	for r := range out.h.Height {
		out.w.Write(y[r*strideY : r*strideY+out.h.Width])
	}
	for _, p := range [][]byte{u, v} {
		for r := range ch {
			out.w.Write(p[r*strideUV : r*strideUV+cw])
		}
	}
	return out.w.Flush() // reports the errors of all the writes before
}

// Close does nothing: every frame is written whole.
func (out *Writer) Close() error { return nil }
