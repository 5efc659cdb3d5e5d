//go:build !linux || !(amd64 || arm64) || nonative

package native

import "trackway/codec"

// Implementations returns nothing on this system.
func Implementations() []codec.Implementation { return nil }
