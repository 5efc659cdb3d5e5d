//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"math"
	"runtime"
	"time"

	"trackway/codec"
	"trackway/internal/domerr"
)

// The self-test's pictures are small, so that it takes a few milliseconds; no
// multiple of a block in size, so that strides and edges show; and in motion,
// so that prediction does.
const (
	testWidth, testHeight = 178, 146
	testFrames            = 6
	testBitrate           = 1_500_000
	// minPSNR is far below what the codecs reach and far above what a wrong
	// plane, stride or reference gives.
	minPSNR = 28
)

// testPicture draws picture n: slanted waves, and a bright square that moves.
func testPicture(f *codec.VideoFrame, n int) {
	for y := range f.Height {
		for x := range f.Width {
			v := 110 + 50*math.Sin(float64(x+2*n)/14) + 30*math.Cos(float64(y-x/3)/11)
			if dx, dy := x-20-5*n, y-40-3*n; dx >= 0 && dx < 32 && dy >= 0 && dy < 32 {
				v = 220
			}
			f.Y[y*f.StrideY+x] = byte(v)
		}
	}
	for y := range (f.Height + 1) / 2 {
		for x := range (f.Width + 1) / 2 {
			f.U[y*f.StrideUV+x] = byte(90 + x/2)
			f.V[y*f.StrideUV+x] = byte(170 - y/2)
		}
	}
	f.Timestamp = uint32(n * videoClock / 30)
	f.Duration = time.Second / 30
}

// psnr compares two pictures of one size, all planes together, in decibels.
func psnr(a, b *codec.VideoFrame) float64 {
	sum, count := 0.0, 0
	plane := func(a []byte, sa int, b []byte, sb, w, h int) {
		for y := range h {
			for x := range w {
				d := float64(a[y*sa+x]) - float64(b[y*sb+x])
				sum += d * d
			}
		}
		count += w * h
	}
	cw, ch := (a.Width+1)/2, (a.Height+1)/2
	plane(a.Y, a.StrideY, b.Y, b.StrideY, a.Width, a.Height)
	plane(a.U, a.StrideUV, b.U, b.StrideUV, cw, ch)
	plane(a.V, a.StrideUV, b.V, b.StrideUV, cw, ch)
	if sum == 0 {
		return 99
	}
	return 10 * math.Log10(255*255*float64(count)/sum)
}

// testVideo encodes the test pictures, decodes them and compares. One key
// frame is expected at the start, and one when it is asked for.
func testVideo(im *codec.Implementation) error {
	enc, err := im.NewVideoEncoder(im.Codec, codec.VideoSettings{
		Width: testWidth, Height: testHeight, Bitrate: testBitrate, FrameRate: 30,
	})
	if err != nil {
		return err
	}
	defer enc.Close()
	dec, err := im.NewVideoDecoder(im.Codec)
	if err != nil {
		return err
	}
	defer dec.Close()
	const second = testFrames - 2 // when a key frame is asked for
	original := codec.NewVideoFrame(testWidth, testHeight)
	for n := range testFrames {
		testPicture(original, n)
		quality, key := -1.0, false
		var inner error
		err := enc.Encode(original, n == second, func(f *codec.EncodedFrame) {
			key = f.KeyFrame
			inner = dec.Decode(f, func(p *codec.VideoFrame) {
				if p.Width == testWidth && p.Height == testHeight && p.Timestamp == original.Timestamp {
					quality = psnr(original, p)
				}
			})
		})
		switch {
		case err != nil:
			return err
		case inner != nil:
			return inner
		case quality < minPSNR:
			return domerr.New(domerr.NotSupported, "the self-test of %s failed: picture %d comes back with %.1f dB", im.Name, n, quality)
		case key != (n == 0 || n == second):
			return domerr.New(domerr.NotSupported, "the self-test of %s failed: picture %d is a key frame: %v", im.Name, n, key)
		}
	}
	return nil
}

// decoderThreads is how many threads a decoder may use: two are enough for 720p.
func decoderThreads() uint32 { return uint32(min(2, runtime.NumCPU())) }
