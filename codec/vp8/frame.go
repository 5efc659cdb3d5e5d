package vp8

import (
	"errors"
	"fmt"
)

// MaxDimension is the largest width or height that a VP8 key frame can carry
// (14 bits, RFC 6386 §9.1).
const MaxDimension = 1<<14 - 1

// Errors of this package. Those about the bitstream are wrapped with detail;
// compare with [errors.Is].
var (
	// ErrBitstream says that the data is not a valid VP8 frame. The decoder's
	// state is what it was before the call, and a receiver should ask for a
	// key frame.
	ErrBitstream = errors.New("vp8: invalid bitstream")
	// ErrNeedKeyFrame says that an interframe arrived before any key frame.
	ErrNeedKeyFrame = errors.New("vp8: no key frame has been decoded yet")
	// ErrTooLarge says that a key frame's picture exceeds DecoderConfig.MaxPixels.
	ErrTooLarge = errors.New("vp8: picture exceeds the configured maximum")
	// ErrConfig says that an encoder or decoder setting is out of range.
	ErrConfig = errors.New("vp8: invalid configuration")
	// ErrFrameSize says that a picture given to the encoder does not have the
	// configured size, or that its planes are shorter than its strides demand.
	ErrFrameSize = errors.New("vp8: picture does not fit the configured size")
)

// Frame is an I420 picture: full-size luma, chroma halved in both directions
// (rounded up), 8 bits a sample.
type Frame struct {
	// Y, U and V begin at the picture's top left sample. A row begins every
	// YStride (UVStride) bytes.
	Y, U, V           []byte
	YStride, UVStride int
	// Width and Height are the visible size in luma samples.
	Width, Height int
	// HScale and VScale are the upscaling hints of the key frame (RFC 6386
	// §9.1): 0 none, 1 by 5/4, 2 by 5/3, 3 by 2. They concern display only.
	HScale, VScale uint8
	// KeyFrame says whether this picture came from a key frame.
	KeyFrame bool
}

// NewFrame allocates a black picture. It panics if a side is not in
// 1…MaxDimension, which is the caller's mistake.
func NewFrame(width, height int) *Frame {
	if width < 1 || height < 1 || width > MaxDimension || height > MaxDimension {
		panic(fmt.Sprintf("vp8: NewFrame(%d, %d): sides must be in 1…%d", width, height, MaxDimension))
	}
	cw, ch := (width+1)/2, (height+1)/2
	f := &Frame{
		Y: make([]byte, width*height), U: make([]byte, cw*ch), V: make([]byte, cw*ch),
		YStride: width, UVStride: cw, Width: width, Height: height,
	}
	for i := range f.Y {
		f.Y[i] = 16
	}
	for i := range f.U {
		f.U[i], f.V[i] = 128, 128
	}
	return f
}

// check reports whether the planes hold the picture they claim to hold.
func (f *Frame) check() error {
	if f == nil || f.Width < 1 || f.Height < 1 {
		return fmt.Errorf("%w: no picture", ErrFrameSize)
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	if f.YStride < f.Width || f.UVStride < cw ||
		len(f.Y) < f.YStride*(f.Height-1)+f.Width ||
		len(f.U) < f.UVStride*(ch-1)+cw || len(f.V) < f.UVStride*(ch-1)+cw {
		return fmt.Errorf("%w: planes too short for %dx%d", ErrFrameSize, f.Width, f.Height)
	}
	return nil
}

// AppendI420 appends the visible samples without padding, Y then U then V, as
// in a raw .yuv file.
func (f *Frame) AppendI420(dst []byte) []byte {
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	for y := range f.Height {
		dst = append(dst, f.Y[y*f.YStride:][:f.Width]...)
	}
	for y := range ch {
		dst = append(dst, f.U[y*f.UVStride:][:cw]...)
	}
	for y := range ch {
		dst = append(dst, f.V[y*f.UVStride:][:cw]...)
	}
	return dst
}
