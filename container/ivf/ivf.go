// Package ivf reads and writes IVF, the simple container of the reference
// VP8, VP9 and AV1 coders: a 32-byte header, then each frame with its size
// and timestamp.
package ivf

import (
	"encoding/binary"
	"io"
	"math"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

const (
	headerSize = 32
	// maxFrame bounds what a frame header may claim. An uncompressed 8K
	// picture in 4:2:0 is 50 MB; no coded one comes near.
	maxFrame = 64 << 20
)

var fourCC = map[string]string{
	"VP80": "video/VP8",
	"VP90": "video/VP9",
	"AV01": "video/AV1",
	"H264": "video/H264",
}

// Reader reads an IVF file, which has one video track.
type Reader struct {
	r        io.Reader
	track    []container.Track
	num, den uint32 // of a tick, in seconds
	frames   uint32
}

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, container.Errorf("ivf", "header: %v", err)
	}
	if string(h[:4]) != "DKIF" {
		return nil, container.Errorf("ivf", "no DKIF signature")
	}
	size := int(binary.LittleEndian.Uint16(h[6:]))
	if size < headerSize {
		return nil, container.Errorf("ivf", "header of %d bytes", size)
	}
	if _, err := io.CopyN(io.Discard, r, int64(size-headerSize)); err != nil {
		return nil, container.Errorf("ivf", "header: %v", err)
	}
	mime, ok := fourCC[string(h[8:12])]
	if !ok {
		return nil, container.Errorf("ivf", "codec %q is not one of VP80, VP90, AV01, H264", h[8:12])
	}
	in := &Reader{
		r:      r,
		den:    binary.LittleEndian.Uint32(h[16:]),
		num:    binary.LittleEndian.Uint32(h[20:]),
		frames: binary.LittleEndian.Uint32(h[24:]),
	}
	if in.den == 0 || in.num == 0 {
		return nil, container.Errorf("ivf", "time base %d/%d", in.num, in.den)
	}
	t := container.Track{
		MimeType: mime, ClockRate: 90000,
		Width:  int(binary.LittleEndian.Uint16(h[12:])),
		Height: int(binary.LittleEndian.Uint16(h[14:])),
	}
	// The time base is the frame rate in most files, but a clock such as
	// 1/90000 or 1/1000 in some, which then says nothing about the rate.
	if rate := float64(in.den) / float64(in.num); rate <= 240 {
		t.FrameRate = rate
		if in.frames != 0 && in.frames < 1<<31 {
			t.Duration = in.time(uint64(in.frames))
		}
	}
	in.track = []container.Track{t}
	return in, nil
}

func (in *Reader) time(ticks uint64) time.Duration {
	d := float64(ticks) * float64(in.num) / float64(in.den) * float64(time.Second)
	if d > math.MaxInt64/2 {
		return math.MaxInt64 / 2
	}
	return time.Duration(math.Round(d))
}

// Tracks describes the one track.
func (in *Reader) Tracks() []container.Track { return in.track }

// ReadPacket returns the next frame. A frame that the file ends in the middle
// of is dropped.
func (in *Reader) ReadPacket() (container.Packet, error) {
	var h [12]byte
	if _, err := io.ReadFull(in.r, h[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return container.Packet{}, err
	}
	size := binary.LittleEndian.Uint32(h[:])
	if size > maxFrame {
		return container.Packet{}, container.Errorf("ivf", "frame of %d bytes", size)
	}
	data, err := container.ReadFull(in.r, int(size))
	if err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return container.Packet{}, err
	}
	p := container.Packet{
		Time:     in.time(binary.LittleEndian.Uint64(h[4:])),
		KeyFrame: bitstream.Inspect(in.track[0].MimeType, data).KeyFrame,
		Data:     data,
	}
	if in.track[0].FrameRate > 0 {
		p.Duration = in.time(1)
	}
	return p, nil
}

// Writer writes an IVF file.
type Writer struct {
	w      io.Writer
	header [headerSize]byte
	last   uint64
	frames uint32
	buf    []byte
}

// clock is the time base of what we write: RTP's, so that no rounding takes
// place on the way from the network.
const clock = 90000

// NewWriter writes the header for a track. The frame count in it is set by
// Close if w can seek.
func NewWriter(w io.Writer, t container.Track) (*Writer, error) {
	out := &Writer{w: w}
	h := &out.header
	copy(h[:], "DKIF")
	binary.LittleEndian.PutUint16(h[6:], headerSize)
	for cc, mime := range fourCC {
		if mime == t.MimeType {
			copy(h[8:], cc)
		}
	}
	if h[8] == 0 {
		return nil, container.Errorf("ivf", "cannot hold %s", t.MimeType)
	}
	binary.LittleEndian.PutUint16(h[12:], uint16(t.Width))
	binary.LittleEndian.PutUint16(h[14:], uint16(t.Height))
	binary.LittleEndian.PutUint32(h[16:], clock)
	binary.LittleEndian.PutUint32(h[20:], 1)
	_, err := w.Write(h[:])
	return out, err
}

// WritePacket writes one frame. A time that does not advance is moved to the
// next tick, since players refuse others.
func (out *Writer) WritePacket(p container.Packet) error {
	if len(p.Data) > maxFrame {
		return container.Errorf("ivf", "frame of %d bytes", len(p.Data))
	}
	ticks := uint64(math.Round(max(0, p.Time.Seconds()) * clock))
	if out.frames > 0 && ticks <= out.last {
		ticks = out.last + 1
	}
	out.last = ticks
	out.buf = binary.LittleEndian.AppendUint32(out.buf[:0], uint32(len(p.Data)))
	out.buf = binary.LittleEndian.AppendUint64(out.buf, ticks)
	out.buf = append(out.buf, p.Data...)
	if _, err := out.w.Write(out.buf); err != nil {
		return err
	}
	out.frames++
	return nil
}

// Close writes the number of frames into the header if the underlying writer
// is an io.WriteSeeker, and leaves it at the end of the file.
func (out *Writer) Close() error {
	s, ok := out.w.(io.WriteSeeker)
	if !ok {
		return nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return nil // a pipe that looks like a file
	}
	binary.LittleEndian.PutUint32(out.header[24:], out.frames)
	if _, err := s.Write(out.header[:]); err != nil {
		return err
	}
	_, err := s.Seek(0, io.SeekEnd)
	return err
}
