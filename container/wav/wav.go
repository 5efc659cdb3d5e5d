// Package wav reads and writes uncompressed sound in RIFF WAVE files. Samples
// of 8, 16, 24 and 32 bits and 32-bit floats are read, all as 16 bits.
package wav

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"time"

	"trackway/container"
)

const (
	formatPCM        = 1
	formatFloat      = 3
	formatExtensible = 0xfffe
)

// Reader reads a WAVE file.
type Reader struct {
	r          *bufio.Reader
	sampleRate int
	channels   int
	format     uint16
	size       int // bytes per sample of one channel
	left       int64
	total      int64
	raw        []byte
}

// NewReader reads as far as the samples.
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{r: bufio.NewReader(r)}
	var h [12]byte
	if _, err := io.ReadFull(in.r, h[:]); err != nil || string(h[:4]) != "RIFF" || string(h[8:]) != "WAVE" {
		return nil, container.Errorf("wav", "no RIFF WAVE header")
	}
	for {
		var c [8]byte
		if _, err := io.ReadFull(in.r, c[:]); err != nil {
			return nil, container.Errorf("wav", "no data chunk")
		}
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "fmt ":
			if err := in.readFormat(size); err != nil {
				return nil, err
			}
			continue
		case "data":
			if in.size == 0 {
				return nil, container.Errorf("wav", "data before its format")
			}
			in.left = size
			if size == 0 || size == math.MaxUint32 {
				in.left = math.MaxInt64 // a live file: as long as it lasts
			} else {
				in.total = size / int64(in.size*in.channels)
			}
			return in, nil
		}
		if _, err := io.CopyN(io.Discard, in.r, size+size&1); err != nil {
			return nil, container.Errorf("wav", "no data chunk")
		}
	}
}

func (in *Reader) readFormat(size int64) error {
	if size < 16 || size > 1024 {
		return container.Errorf("wav", "format chunk of %d bytes", size)
	}
	f := make([]byte, size+size&1)
	if _, err := io.ReadFull(in.r, f); err != nil {
		return container.Errorf("wav", "format chunk: %v", err)
	}
	in.format = binary.LittleEndian.Uint16(f)
	in.channels = int(binary.LittleEndian.Uint16(f[2:]))
	rate := binary.LittleEndian.Uint32(f[4:])
	bits := int(binary.LittleEndian.Uint16(f[14:]))
	if in.format == formatExtensible && size >= 26 {
		in.format = binary.LittleEndian.Uint16(f[24:])
	}
	if rate < 1000 || rate > 768000 {
		return container.Errorf("wav", "sample rate of %d Hz", rate)
	}
	if in.channels < 1 || in.channels > 32 {
		return container.Errorf("wav", "%d channels", in.channels)
	}
	ok := in.format == formatPCM && (bits == 8 || bits == 16 || bits == 24 || bits == 32) ||
		in.format == formatFloat && bits == 32
	if !ok {
		return container.Errorf("wav", "format %d with %d bits is neither PCM nor 32-bit float", in.format, bits)
	}
	in.sampleRate, in.size = int(rate), bits/8
	return nil
}

// SampleRate is in hertz.
func (in *Reader) SampleRate() int { return in.sampleRate }

// Channels is the number of interleaved channels.
func (in *Reader) Channels() int { return in.channels }

// Duration is the file's length, or 0 if it does not say.
func (in *Reader) Duration() time.Duration {
	return time.Duration(float64(in.total) / float64(in.sampleRate) * float64(time.Second))
}

// ReadSamples fills dst, whose length is a multiple of Channels, and returns
// how many values it read. At the end it returns io.EOF, perhaps with the
// last values.
func (in *Reader) ReadSamples(dst []int16) (int, error) {
	frame := in.size * in.channels
	want := int64(len(dst)/in.channels) * int64(frame)
	want = min(want, in.left/int64(frame)*int64(frame))
	if want == 0 {
		if len(dst) < in.channels {
			return 0, io.ErrShortBuffer
		}
		return 0, io.EOF
	}
	if int64(cap(in.raw)) < want {
		in.raw = make([]byte, want)
	}
	n, err := io.ReadFull(in.r, in.raw[:want])
	in.left -= int64(n)
	n -= n % frame
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	in.convert(dst, in.raw[:n])
	return n / in.size, err
}

func (in *Reader) convert(dst []int16, b []byte) {
	switch {
	case in.format == formatFloat:
		for i := range len(b) / 4 {
			v := float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
			if math.IsNaN(v) {
				v = 0
			}
			dst[i] = int16(math.Round(max(-1, min(1, v)) * math.MaxInt16))
		}
	case in.size == 1:
		for i, v := range b {
			dst[i] = (int16(v) - 128) << 8
		}
	default: // the two high bytes
		for i := range len(b) / in.size {
			end := (i + 1) * in.size
			dst[i] = int16(binary.LittleEndian.Uint16(b[end-2:]))
		}
	}
}

// Writer writes 16-bit PCM.
type Writer struct {
	w       io.Writer
	written int64
	buf     []byte
}

const headerSize = 44

// NewWriter writes the header. The lengths in it are set by Close if w can
// seek, and else say that the file lasts as long as it lasts.
func NewWriter(w io.Writer, sampleRate, channels int) (*Writer, error) {
	if sampleRate <= 0 || channels < 1 || channels > 32 {
		return nil, container.Errorf("wav", "%d Hz, %d channels", sampleRate, channels)
	}
	le := binary.LittleEndian
	b := append([]byte("RIFF\xff\xff\xff\xffWAVE"), "fmt \x10\x00\x00\x00\x01\x00"...)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(sampleRate))
	b = le.AppendUint32(b, uint32(sampleRate*channels*2))
	b = le.AppendUint16(b, uint16(channels*2))
	b = le.AppendUint16(b, 16)
	b = append(b, "data\xff\xff\xff\xff"...)
	_, err := w.Write(b)
	return &Writer{w: w}, err
}

// WriteSamples writes interleaved samples.
func (out *Writer) WriteSamples(s []int16) error {
	out.buf = out.buf[:0]
	for _, v := range s {
		out.buf = binary.LittleEndian.AppendUint16(out.buf, uint16(v))
	}
	n, err := out.w.Write(out.buf)
	out.written += int64(n)
	return err
}

// Close sets the lengths in the header if the underlying writer can seek.
func (out *Writer) Close() error {
	s, ok := out.w.(io.WriteSeeker)
	if !ok || out.written > math.MaxUint32-headerSize {
		return nil
	}
	patch := func(at int64, v int64) error {
		if _, err := s.Seek(at, io.SeekStart); err != nil {
			return err
		}
		_, err := s.Write(binary.LittleEndian.AppendUint32(nil, uint32(v)))
		return err
	}
	if err := patch(4, headerSize-8+out.written); err != nil {
		return nil // a pipe that looks like a file
	}
	if err := patch(headerSize-4, out.written); err != nil {
		return err
	}
	_, err := s.Seek(0, io.SeekEnd)
	return err
}
