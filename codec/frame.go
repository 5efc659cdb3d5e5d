package codec

import "time"

// EncodedFrame is one coded picture, or one coded stretch of sound, as an
// encoder makes it and as a depacketiser or container reader hands it on.
//
// Whoever receives an EncodedFrame may read it only during the call that
// passed it; to keep Data, copy it (see Clone).
type EncodedFrame struct {
	// MimeType names the codec of Data: "video/VP8", "audio/opus" …
	MimeType string
	// Data is the coded frame: VP8 and VP9 frames bare, H.264 as an access
	// unit in Annex B form (start codes), AV1 as a temporal unit of OBUs with
	// size fields and without temporal delimiters, Opus one packet, G.711 and
	// G.722 the octets.
	Data []byte
	// KeyFrame says that decoding can start here. Every audio frame is one.
	KeyFrame bool
	// Timestamp is in units of the codec's RTP clock and wraps.
	Timestamp uint32
	// CaptureTime is when the frame was sampled, on this machine's clock; zero
	// when unknown.
	CaptureTime time.Time
	// Duration is how long the frame lasts; zero when unknown.
	Duration time.Duration
	// Width and Height of a video frame in pixels; zero when unknown.
	Width, Height int
	// RID names the simulcast encoding the frame belongs to; "" if there is one only.
	RID string
	// SpatialIndex and TemporalIndex are the frame's scalability layers, from 0.
	SpatialIndex, TemporalIndex int
	// LayerSync marks a frame of a higher temporal layer that refers to the
	// base layer only, so that a receiver may switch up at it.
	LayerSync bool
	// Discardable says that no later frame refers to this one.
	Discardable bool
	// Corrupt says that packets of the frame, or of one it depends on, were
	// lost; a decoder may try it, a recorder should wait for a key frame.
	Corrupt bool
	// SSRC, PayloadType and CSRCs are what the frame arrived with; zero for
	// frames made here.
	SSRC        uint32
	PayloadType uint8
	CSRCs       []uint32
	// AudioLevel is the loudness of an audio frame, if it is known.
	AudioLevel AudioLevel
}

// Clone returns a copy of f with its own Data and CSRCs.
func (f *EncodedFrame) Clone() *EncodedFrame {
	c := *f
	c.Data = append([]byte(nil), f.Data...)
	c.CSRCs = append([]uint32(nil), f.CSRCs...)
	return &c
}

// AudioLevel is the loudness of an audio frame in the terms of RFC 6464.
type AudioLevel struct {
	// Known says that the other two fields mean something.
	Known bool
	// Voice says that the frame was taken for speech.
	Voice bool
	// Level is in -dBov: 0 is the loudest, 127 silence.
	Level uint8
}

// VideoFrame is a picture in planar YUV 4:2:0 (I420), 8 bits a sample,
// BT.601 limited range unless the producer says otherwise. The chroma planes
// are (Width+1)/2 by (Height+1)/2.
//
// Whoever receives a VideoFrame may read it only during the call that passed
// it, and must not write to its planes; to keep it, Clone it.
type VideoFrame struct {
	Width, Height int
	// Y, U and V are the planes. A row of Y starts every StrideY bytes, a row
	// of U and of V every StrideUV bytes.
	Y, U, V           []byte
	StrideY, StrideUV int
	// Timestamp is in units of 90 kHz and wraps.
	Timestamp uint32
	// CaptureTime is when the picture was sampled, on this machine's clock;
	// for a received frame, the sender's time mapped to it. Zero when unknown.
	CaptureTime time.Time
	// Duration is how long the picture is meant to be shown; zero when unknown.
	Duration time.Duration
}

// NewVideoFrame returns a frame of the given size whose planes are packed in
// one allocation and zero (which is green; see Fill).
func NewVideoFrame(width, height int) *VideoFrame {
	cw, ch := (width+1)/2, (height+1)/2
	buf := make([]byte, width*height+2*cw*ch)
	y, uv := width*height, cw*ch
	return &VideoFrame{
		Width: width, Height: height,
		Y: buf[:y:y], U: buf[y : y+uv : y+uv], V: buf[y+uv:],
		StrideY: width, StrideUV: cw,
	}
}

// Fill sets every pixel to one colour; black is (16, 128, 128).
func (f *VideoFrame) Fill(y, u, v byte) {
	fill(f.Y, f.StrideY, f.Width, f.Height, y)
	fill(f.U, f.StrideUV, (f.Width+1)/2, (f.Height+1)/2, u)
	fill(f.V, f.StrideUV, (f.Width+1)/2, (f.Height+1)/2, v)
}

func fill(plane []byte, stride, width, height int, b byte) {
	if height == 0 || width == 0 {
		return
	}
	first := plane[:width]
	for i := range first {
		first[i] = b
	}
	for r := 1; r < height; r++ {
		copy(plane[r*stride:r*stride+width], first)
	}
}

// CopyFrom makes f a copy of src, reusing f's planes where the size fits.
func (f *VideoFrame) CopyFrom(src *VideoFrame) {
	if f.Width != src.Width || f.Height != src.Height || f.Y == nil {
		*f = *NewVideoFrame(src.Width, src.Height)
	}
	copyPlane(f.Y, f.StrideY, src.Y, src.StrideY, src.Width, src.Height)
	cw, ch := (src.Width+1)/2, (src.Height+1)/2
	copyPlane(f.U, f.StrideUV, src.U, src.StrideUV, cw, ch)
	copyPlane(f.V, f.StrideUV, src.V, src.StrideUV, cw, ch)
	f.Timestamp, f.CaptureTime, f.Duration = src.Timestamp, src.CaptureTime, src.Duration
}

// Clone returns a copy of f with its own planes.
func (f *VideoFrame) Clone() *VideoFrame {
	c := new(VideoFrame)
	c.CopyFrom(f)
	return c
}

func copyPlane(dst []byte, dstStride int, src []byte, srcStride, width, height int) {
	for r := range height {
		copy(dst[r*dstStride:r*dstStride+width], src[r*srcStride:r*srcStride+width])
	}
}

// AudioFrame is a stretch of linear PCM, 16 bits a sample, channels interleaved.
//
// Whoever receives an AudioFrame may read it only during the call that passed
// it, and must not write to its samples; to keep it, Clone it.
type AudioFrame struct {
	// Samples holds Channels values for each sampling instant.
	Samples []int16
	// SampleRate is in hertz.
	SampleRate int
	// Channels is 1 (mono) or 2 (left, right).
	Channels int
	// Timestamp is in units of SampleRate and wraps.
	Timestamp uint32
	// CaptureTime is when the first sample was taken, on this machine's clock;
	// for a received frame, the sender's time mapped to it. Zero when unknown.
	CaptureTime time.Time
}

// Duration is how long the frame lasts.
func (f *AudioFrame) Duration() time.Duration {
	if f.SampleRate <= 0 || f.Channels <= 0 {
		return 0
	}
	return time.Duration(len(f.Samples)/f.Channels) * time.Second / time.Duration(f.SampleRate)
}

// Clone returns a copy of f with its own samples.
func (f *AudioFrame) Clone() *AudioFrame {
	c := *f
	c.Samples = append([]int16(nil), f.Samples...)
	return &c
}
