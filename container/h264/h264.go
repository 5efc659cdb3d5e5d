// Package h264 reads and writes H.264 byte streams (Annex B) as files: an
// access unit is a packet. Such files carry no times, so the reader counts
// frames at a rate that the caller gives.
package h264

import (
	"bytes"
	"io"
	"math"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

// maxUnit bounds an access unit, and so the memory that garbage can take.
const maxUnit = 16 << 20

// NAL unit types, table 7-1.
const (
	nalSlice = 1
	nalIDR   = 5
	nalSEI   = 6
	nalSPS   = 7
	nalPPS   = 8
	nalAUD   = 9
)

// Reader splits a byte stream into access units.
type Reader struct {
	r     io.Reader
	rate  float64
	track []container.Track
	buf   []byte // read and not yet returned, from a start code on
	scan  int    // where in buf to look for the next start code
	err   error
	unit  []byte // the access unit that is being gathered
	vcl   bool   // unit has a slice
	count int64
	ahead *container.Packet
}

// NewReader reads the first access unit, for the picture size in it. The rate
// is in frames per second; 0 means 30.
func NewReader(r io.Reader, rate float64) (*Reader, error) {
	if rate <= 0 || math.IsNaN(rate) || rate > 1000 {
		rate = 30
	}
	in := &Reader{r: r, rate: rate}
	p, err := in.ReadPacket()
	if err == io.EOF {
		return nil, container.Errorf("h264", "no access unit")
	} else if err != nil {
		return nil, err
	}
	in.ahead = &p
	info := bitstream.Inspect("video/H264", p.Data)
	in.track = []container.Track{{
		MimeType: "video/H264", ClockRate: 90000, FrameRate: rate,
		Width: info.Width, Height: info.Height,
	}}
	return in, nil
}

// Tracks describes the one track.
func (in *Reader) Tracks() []container.Track { return in.track }

// ReadPacket returns the next access unit.
func (in *Reader) ReadPacket() (container.Packet, error) {
	if p := in.ahead; p != nil {
		in.ahead = nil
		return *p, nil
	}
	for {
		n, err := in.nextNAL()
		if err != nil && err != io.EOF {
			return container.Packet{}, err
		}
		if n == nil { // the end
			if in.vcl {
				return in.take(), nil
			}
			return container.Packet{}, io.EOF
		}
		var done *container.Packet
		if in.vcl && startsUnit(n) {
			p := in.take()
			done = &p
		}
		if len(in.unit)+len(n)+4 > maxUnit {
			return container.Packet{}, container.Errorf("h264", "access unit of more than %d bytes", maxUnit)
		}
		in.unit = append(append(in.unit, 0, 0, 0, 1), n...)
		if t := n[0] & 31; t >= nalSlice && t <= nalIDR {
			in.vcl = true
		}
		if done != nil {
			return *done, nil
		}
	}
}

func (in *Reader) take() container.Packet {
	data := bytes.Clone(in.unit)
	p := container.Packet{
		Time:     in.time(in.count),
		Duration: in.time(in.count+1) - in.time(in.count),
		KeyFrame: bitstream.Inspect("video/H264", data).KeyFrame,
		Data:     data,
	}
	in.count++
	in.unit, in.vcl = in.unit[:0], false
	return p
}

func (in *Reader) time(n int64) time.Duration {
	return time.Duration(math.Round(float64(n) / in.rate * float64(time.Second)))
}

// startsUnit reports whether a NAL unit that follows a slice opens a new
// access unit (H.264 §7.4.1.2.3, .4). Of the tests on slice headers only
// first_mb_in_slice is made; streams with arbitrary slice order, which no
// real-time encoder makes, would need the others.
func startsUnit(n []byte) bool {
	switch t := n[0] & 31; {
	case t == nalAUD, t == nalSPS, t == nalPPS, t == nalSEI, t >= 14 && t <= 18:
		return true
	case t == nalSlice, t == 2, t == nalIDR:
		return len(n) > 1 && n[1]&0x80 != 0
	}
	return false
}

var startCode = []byte{0, 0, 1}

// nextNAL returns the next NAL unit, valid until the next call; nil at the end.
func (in *Reader) nextNAL() ([]byte, error) {
	for {
		// buf[:3] is a start code once the first was found.
		if !bytes.HasPrefix(in.buf, startCode) {
			if i := bytes.Index(in.buf, startCode); i >= 0 {
				in.buf, in.scan = in.buf[i:], 3
			} else if in.err != nil {
				return nil, in.end()
			} else {
				in.buf = in.buf[max(0, len(in.buf)-2):]
				in.read()
			}
			continue
		}
		in.scan = max(in.scan, 3)
		if i := bytes.Index(in.buf[in.scan:], startCode); i >= 0 {
			end := in.scan + i
			n := bytes.TrimRight(in.buf[3:end], "\x00")
			in.buf, in.scan = in.buf[end:], 3
			if len(n) > 0 {
				return n, nil
			}
			continue
		}
		if in.err != nil {
			n := bytes.TrimRight(in.buf[3:], "\x00")
			in.buf = nil
			if len(n) > 0 {
				return n, nil
			}
			return nil, in.end()
		}
		if len(in.buf) > maxUnit {
			return nil, container.Errorf("h264", "NAL unit of more than %d bytes", maxUnit)
		}
		in.scan = max(3, len(in.buf)-2)
		in.read()
	}
}

func (in *Reader) end() error {
	if in.err == io.EOF || in.err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return in.err
}

func (in *Reader) read() {
	const chunk = 64 << 10
	// Not in place: NAL units returned before may still point to the buffer.
	buf := make([]byte, len(in.buf), max(2*len(in.buf), len(in.buf)+chunk))
	copy(buf, in.buf)
	var n int
	n, in.err = in.r.Read(buf[len(buf):cap(buf)])
	in.buf = buf[:len(buf)+n]
}

// Writer writes access units one after the other.
type Writer struct{ w io.Writer }

// NewWriter makes a writer; the file has no header.
func NewWriter(w io.Writer) *Writer { return &Writer{w} }

// WritePacket writes one access unit, which is in Annex B form already.
func (out *Writer) WritePacket(p container.Packet) error {
	if !bytes.HasPrefix(p.Data, startCode) && !bytes.HasPrefix(p.Data, []byte{0, 0, 0, 1}) {
		return container.Errorf("h264", "an access unit must begin with a start code")
	}
	_, err := out.w.Write(p.Data)
	return err
}

// Close does nothing: the file has no trailer.
func (out *Writer) Close() error { return nil }
