// Package all fills codec.Default with the codecs that Trackway brings along:
// VP8, Opus, G.722 and G.711, in this order. Import it for that effect.
package all

import (
	_ "trackway/codec/g711" // registers PCMU and PCMA
	_ "trackway/codec/g722" // registers G722
	_ "trackway/codec/opus" // registers Opus
	_ "trackway/codec/vp8"  // registers VP8
)
