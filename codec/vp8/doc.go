// Package vp8 is a decoder and a real-time encoder for VP8, the format that
// RFC 6386 describes, in Go alone.
//
// The decoder implements every feature of the format: the four profiles, both
// loop filters, segmentation, golden and altref frames with sign bias, up to
// eight token partitions, invisible frames and size changes at key frames.
//
// The encoder is made for calls: one pass, constant bit rate, a target that may
// change between any two frames, key frames on demand, temporal layers, and
// reconstruction that is bit-exact with every conforming decoder.
//
// Apart from its entry in Trackway's registry (codec.go) the package stands
// alone: pictures are I420 in a small type of its own, [Frame]. Kernels that
// profiles showed to be hot have AVX2 twins, chosen at run time; [SetAssembly]
// switches them off.
//
// TRACKWAY_COMPARE=1 go test -v -run TestCompareLibvpx prints speed and quality
// beside those of ffmpeg's libvpx.
package vp8
