// Package native brings the codecs of the system's shared libraries to
// Trackway, without cgo: libvpx (VP8, VP9), OpenH264 (H.264), libaom and dav1d
// (AV1), and libopus. Nothing is linked: a library is looked for when somebody
// first asks for one of its codecs, and a codec that is not there, that has an
// ABI this package does not know, or that fails its self-test does not exist.
//
//	native.Register(codec.Default)
//
// adds VP9, H.264 and AV1, which Trackway cannot code by itself. VP8 and Opus
// stay with the pure-Go codecs, which behave the same on every machine;
// native.Prefer takes those from the system too. In the environment
// TRACKWAY_NATIVE=off makes Register and Prefer do nothing,
// TRACKWAY_NATIVE=prefer makes Register do what Prefer does.
//
// The package works on Linux, amd64 and arm64, and is empty elsewhere and with
// the build tag nonative. On Linux without cgo it makes the program a dynamic
// executable of glibc's; build with nonative for a static one.
//
// Decoders are handed what peers send. They are as safe as the library is: an
// error of its is an error here, but a fault in it takes the process along.
// Sizes are bounded before the library allocates, where it can be told to.
package native

import (
	"os"

	"trackway/codec"
)

// switchVariable is the environment variable that the package obeys.
const switchVariable = "TRACKWAY_NATIVE"

// Register adds to r the codecs that have no pure-Go implementation: VP9, H.264
// and AV1. It opens no library: that happens when a codec is first asked for.
func Register(r *codec.Registry) {
	switch os.Getenv(switchVariable) {
	case "off":
		return
	case "prefer":
		Prefer(r)
		return
	}
	for _, im := range Implementations() {
		if !im.Codec.Is(codec.VP8) && !im.Codec.Is(codec.Opus) {
			r.Register(im)
		}
	}
}

// Prefer adds all codecs of the package to r, before those there are.
func Prefer(r *codec.Registry) {
	if os.Getenv(switchVariable) == "off" {
		return
	}
	all := Implementations()
	for i := len(all) - 1; i >= 0; i-- {
		r.Prefer(all[i])
	}
}
