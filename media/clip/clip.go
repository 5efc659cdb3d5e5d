// Package clip holds ten seconds of the test pattern, coded and embedded: VP8
// of 640x360 at 30 frames per second with a key frame each second, and Opus
// in packets of 20 ms. Played as a loop it has no seam.
//
// What is to be seen and heard in it, and where, is described by package
// pattern: pattern.Blocks are the blocks of solid colour, pattern.Flash is
// what flashes when the sound beeps.
package clip

import (
	"bytes"
	_ "embed"

	"trackway/container"
	"trackway/container/webm"
	"trackway/media"
)

//go:generate go run trackway/internal/clipgen clip.webm

//go:embed clip.webm
var data []byte

// Width, Height and FrameRate are of the picture.
const (
	Width, Height = 640, 360
	FrameRate     = 30
)

// Data returns the WebM file. The caller must not write to it.
func Data() []byte { return data }

// Open returns a reader of the clip: track 0 is the picture, track 1 the sound.
func Open() (container.Reader, error) { return webm.NewReader(bytes.NewReader(data)) }

// NewPlayer returns a player of the clip in a loop, not yet started.
func NewPlayer(o media.PlayerOptions) (*media.Player, error) {
	o.Loop = true
	return media.NewPlayer(o, Open)
}
