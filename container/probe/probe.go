// Package probe opens files of coded media by what is in them.
package probe

import (
	"bufio"
	"io"

	"trackway/container"
	"trackway/container/h264"
	"trackway/container/ivf"
	"trackway/container/ogg"
	"trackway/container/webm"
)

// Open looks at the first bytes and returns the reader they call for: IVF,
// Ogg Opus, WebM (or Matroska), or an H.264 byte stream, which is taken to
// run at 30 frames per second.
func Open(r io.Reader) (container.Reader, error) {
	b := bufio.NewReaderSize(r, 4096)
	head, err := b.Peek(4)
	if err != nil {
		return nil, container.Errorf("probe", "the file is too short: %v", err)
	}
	switch {
	case string(head) == "DKIF":
		return ivf.NewReader(b)
	case string(head) == "OggS":
		return ogg.NewReader(b)
	case string(head) == "\x1a\x45\xdf\xa3":
		return webm.NewReader(b)
	case string(head) == "\x00\x00\x00\x01" || string(head[:3]) == "\x00\x00\x01":
		return h264.NewReader(b, 0)
	}
	return nil, container.Errorf("probe", "neither IVF, Ogg, WebM nor an H.264 byte stream")
}
