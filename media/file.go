package media

import (
	"io"
	"os"

	"trackway/container"
	"trackway/container/probe"
)

// File returns a function for NewPlayer that opens a file: IVF, Ogg Opus,
// WebM, or an H.264 byte stream.
func File(path string) func() (container.Reader, error) {
	return func() (container.Reader, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		r, err := probe.Open(f)
		if err != nil {
			f.Close()
			return nil, err
		}
		return closingReader{r, f}, nil
	}
}

type closingReader struct {
	container.Reader
	io.Closer
}
