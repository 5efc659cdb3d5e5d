// Package container holds what the readers and writers of media files have in
// common. The formats live in folders below: ivf, ogg, webm and h264 for coded
// media, wav and y4m for raw.
package container

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Track describes one track of a file.
type Track struct {
	// MimeType names the codec, as "video/VP8" or "audio/opus".
	MimeType string
	// ClockRate is the codec's RTP clock in hertz.
	ClockRate uint32
	// Width and Height are in pixels; FrameRate is in frames per second. Zero
	// when the file does not say.
	Width, Height int
	FrameRate     float64
	// SampleRate and Channels of audio.
	SampleRate, Channels int
	// Private is the codec's initialisation data in the form of Matroska's
	// CodecPrivate: OpusHead for Opus, avcC for H.264, av1C for AV1.
	Private []byte
	// Duration of the whole track; zero when the file does not say.
	Duration time.Duration
}

// Packet is one coded frame in a file.
type Packet struct {
	// Track is the index of the packet's track in Reader.Tracks.
	Track int
	// Time is when the frame is due, from the start of the file.
	Time time.Duration
	// Duration is how long it lasts; zero when unknown.
	Duration time.Duration
	// KeyFrame says that decoding can start here.
	KeyFrame bool
	// Data is the coded frame in the form that package codec describes. It is
	// the caller's to keep.
	Data []byte
}

// Reader reads coded frames in the order of the file, which is the order in
// which they are due except where the writer was sloppy.
type Reader interface {
	// Tracks describes the tracks. The slice does not change while reading.
	Tracks() []Track
	// ReadPacket returns the next frame, io.EOF after the last whole one, or
	// an error that wraps ErrFormat.
	ReadPacket() (Packet, error)
}

// Writer writes coded frames. Frames of one track come in the order in which
// they are due; the writer interleaves tracks as they come.
type Writer interface {
	// WritePacket writes one frame. It does not keep p.Data.
	WritePacket(p Packet) error
	// Close completes the file as far as the underlying writer can seek. It
	// does not close the underlying writer.
	Close() error
}

// ErrFormat is wrapped by the errors of readers about what is in a file.
var ErrFormat = errors.New("malformed file")

// Errorf returns an error about the contents of a file of the named format,
// which wraps ErrFormat.
func Errorf(format, msg string, args ...any) error {
	return fmt.Errorf("%s: %w: %s", format, ErrFormat, fmt.Sprintf(msg, args...))
}

// ReadFull reads exactly n bytes, growing as they arrive, so that a length
// field that lies costs no more memory than the file has bytes.
func ReadFull(r io.Reader, n int) ([]byte, error) {
	const chunk = 64 << 10
	if n <= chunk {
		buf := make([]byte, n)
		_, err := io.ReadFull(r, buf)
		return buf, err
	}
	buf := make([]byte, 0, chunk)
	for len(buf) < n {
		want := min(n-len(buf), max(chunk, len(buf)))
		start := len(buf)
		buf = append(buf, make([]byte, want)...)
		if m, err := io.ReadFull(r, buf[start:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return buf[:start+m], err
		}
	}
	return buf, nil
}
