package vp8

import (
	"fmt"
	"time"
)

// DecoderConfig configures a [Decoder]. The zero value is ready to use.
type DecoderConfig struct {
	// MaxPixels bounds the picture a key frame may announce, and with it the
	// memory a stream can make the decoder allocate: about 8 bytes a pixel.
	// 0 means 4096×2304.
	MaxPixels int
}

// EncoderConfig configures an [Encoder].
type EncoderConfig struct {
	// Width and Height are the picture's size in pixels, 1…MaxDimension.
	Width, Height int
	// Bitrate is the target in bits per second; see [Encoder.SetBitrate].
	// 0 with FixedQuantizer set is allowed.
	Bitrate int
	// FrameRate is the expected number of frames per second, used for frames
	// that come without a duration. 0 means 30.
	FrameRate float64
	// MinQuantizer and MaxQuantizer bound the quantiser index, 0 (best) to 127.
	// 0, 0 means 8 and 124.
	MinQuantizer, MaxQuantizer int
	// FixedQuantizer, when positive, switches rate control off and codes every
	// frame with this quantiser index.
	FixedQuantizer int
	// KeyFrameInterval is the largest distance between key frames in frames.
	// 0 means that only the first frame, a change of size and a demand make one.
	KeyFrameInterval int
	// TokenPartitions is 1, 2, 4 or 8 (RFC 6386 §9.5). 0 means 1.
	TokenPartitions int
	// TemporalLayers is 1, 2 (L1T2) or 3 (L1T3). 0 means 1.
	TemporalLayers int
	// ErrorResilient keeps each interframe's probabilities to itself
	// (refresh_entropy_probs = 0), so that a lost frame does not make the next
	// ones undecodable.
	ErrorResilient bool
	// DropFrames lets rate control skip frames while more than BufferTime is
	// waiting to be sent.
	DropFrames bool
	// BufferTime is the delay that rate control may build up at the target
	// rate. 0 means 600 ms.
	BufferTime time.Duration
}

// FrameFlags are the wishes for one frame given to [Encoder.Encode].
type FrameFlags struct {
	// KeyFrame asks for a key frame.
	KeyFrame bool
	// Duration is how long the frame is shown, for rate control. 0 means
	// 1/FrameRate.
	Duration time.Duration
}

// EncodedInfo describes what [Encoder.Encode] made of a frame.
type EncodedInfo struct {
	// KeyFrame says that decoding can start here.
	KeyFrame bool
	// Dropped says that rate control skipped the frame: there is no data.
	Dropped bool
	// Quantizer is the quantiser index used, 0…127.
	Quantizer int
	// TemporalID is the frame's temporal layer, 0 for the base layer.
	TemporalID int
	// LayerSync says that the frame depends on base-layer frames only, so that
	// a receiver may start with this layer here (RFC 7741 §4.2, the Y bit).
	LayerSync bool
	// NonReference says that no later frame depends on this one (RFC 7741
	// §4.2, the N bit).
	NonReference bool
	// RefreshLast, RefreshGolden and RefreshAltRef name the reference buffers
	// that hold this frame from now on.
	RefreshLast, RefreshGolden, RefreshAltRef bool
	// TL0PicIdx counts the frames of the base layer, modulo 256 (RFC 7741 §4.2,
	// TL0PICIDX).
	TL0PicIdx uint8
}

func (c *EncoderConfig) setDefaults() error {
	if c.FrameRate == 0 {
		c.FrameRate = 30
	}
	if c.MinQuantizer == 0 && c.MaxQuantizer == 0 {
		c.MinQuantizer, c.MaxQuantizer = 8, 124
	}
	if c.TokenPartitions == 0 {
		c.TokenPartitions = 1
	}
	if c.TemporalLayers == 0 {
		c.TemporalLayers = 1
	}
	if c.BufferTime == 0 {
		c.BufferTime = 600 * time.Millisecond
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...))
	}
	switch {
	case c.Width < 1 || c.Width > MaxDimension || c.Height < 1 || c.Height > MaxDimension:
		return bad("size %dx%d: sides must be in 1…%d", c.Width, c.Height, MaxDimension)
	case c.Bitrate < 0 || c.Bitrate == 0 && c.FixedQuantizer == 0:
		return bad("bit rate %d: must be positive", c.Bitrate)
	case !(c.FrameRate > 0 && c.FrameRate <= 1000):
		return bad("frame rate %v: must be in (0, 1000]", c.FrameRate)
	case c.MinQuantizer < 0 || c.MaxQuantizer > 127 || c.MinQuantizer > c.MaxQuantizer:
		return bad("quantisers %d…%d: must be in 0…127 and ordered", c.MinQuantizer, c.MaxQuantizer)
	case c.FixedQuantizer < 0 || c.FixedQuantizer > 127:
		return bad("fixed quantiser %d: must be in 0…127", c.FixedQuantizer)
	case c.KeyFrameInterval < 0:
		return bad("key frame interval %d: must not be negative", c.KeyFrameInterval)
	case c.TokenPartitions != 1 && c.TokenPartitions != 2 && c.TokenPartitions != 4 && c.TokenPartitions != 8:
		return bad("%d token partitions: must be 1, 2, 4 or 8", c.TokenPartitions)
	case c.TemporalLayers < 1 || c.TemporalLayers > 3:
		return bad("%d temporal layers: must be 1, 2 or 3", c.TemporalLayers)
	case c.BufferTime < 0:
		return bad("buffer time %v: must be positive", c.BufferTime)
	}
	return nil
}
