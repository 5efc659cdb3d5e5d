//go:build linux && (amd64 || arm64) && !nonative

package native

//lint:file-ignore U1000 structures have C's members, whether or not they are used

import (
	"runtime"
	"time"
	"unsafe"

	"trackway/codec"
	"trackway/internal/domerr"
)

// libaom's interface was libvpx's once. What has stayed the same is in this
// file; what has not, in cxAPI.

// cxContext is vpx_codec_ctx_t and aom_codec_ctx_t: nothing in it is ours.
type cxContext [56]byte

// cxPacket is the beginning of vpx_codec_cx_pkt_t and aom_codec_cx_pkt_t, for
// packets of the kind frame.
type cxPacket struct {
	kind     int32
	_        int32
	data     uintptr
	size     uintptr
	pts      int64
	duration uint64
	flags    uint32
}

// The constants that both share.
const (
	cxFramePacket = 0 // *_CODEC_CX_FRAME_PKT
	cxKeyFrame    = 1 // *_FRAME_IS_KEY
	cxForceKey    = 1 // *_EFLAG_FORCE_KF
	cxCBR         = 1 // *_CBR
	cxKeyDisabled = 0 // *_KF_DISABLED
	cxABIMismatch = 3 // *_CODEC_ABI_MISMATCH
)

// firstABI starts with the version that the library has. A library compares it
// before it looks at anything else.
func firstABI(versions []int32, start func(abi int32) int32) (code int32) {
	for _, abi := range versions {
		if code = start(abi); code != cxABIMismatch {
			return code
		}
	}
	return code
}

// cxConfig points at the members of an encoder's configuration that are set
// here, wherever the library has them.
type cxConfig struct {
	base unsafe.Pointer

	threads, width, height, errorResilient, pass, lag *uint32
	timebase                                          *[2]int32

	dropFrames, rateControl, bitrate, minQuantizer, maxQuantizer *uint32
	undershoot, overshoot, buffer, bufferInitial, bufferOptimal  *uint32
	keyFrames                                                    *uint32
}

// cxAPI is one codec of a library of the family.
type cxAPI struct {
	mime, name string
	open       func() error
	// configure returns a configuration in C's memory with the library's
	// defaults.
	configure func() (*cxConfig, error)
	// start begins to encode; tune then sets the codec's own controls.
	start func(ctx *cxContext, cfg *cxConfig) int32
	tune  func(ctx *cxContext, s *codec.VideoSettings) error
	// image describes a picture in C's memory.
	image func() (*cxImage, error)

	setConfig func(ctx *cxContext, cfg unsafe.Pointer) int32
	encode    func(ctx *cxContext, image unsafe.Pointer, pts int64, duration uint64, flags int64) int32
	packet    func(ctx *cxContext, iterator *uintptr) *cxPacket
	destroy   func(ctx *cxContext) int32

	finest, coarsest uint32 // quantizers
	// resilient says that the codec's error-resilient mode is worth its bits.
	resilient bool
	// trim takes away what Trackway's frames do not have.
	trim func([]byte) []byte
}

// cxImage points at the members of a picture's description.
type cxImage struct {
	base                         unsafe.Pointer
	width, height, dispW, dispH  *uint32
	planes                       []uintptr
	stride                       []int32
	format, shiftX, shiftY, bits *uint32
}

func (i *cxImage) set(f *codec.VideoFrame) {
	*i.format = 0x102 // *_IMG_FMT_I420
	*i.width, *i.height = uint32(f.Width), uint32(f.Height)
	*i.dispW, *i.dispH = uint32(f.Width), uint32(f.Height)
	*i.shiftX, *i.shiftY, *i.bits = 1, 1, 8
	i.stride[0], i.stride[1], i.stride[2] = int32(f.StrideY), int32(f.StrideUV), int32(f.StrideUV)
	i.planes[0] = uintptr(unsafe.Pointer(&f.Y[0]))
	i.planes[1] = uintptr(unsafe.Pointer(&f.U[0]))
	i.planes[2] = uintptr(unsafe.Pointer(&f.V[0]))
}

// cxEncoder is a codec.VideoEncoder over one of the family.
type cxEncoder struct {
	api      *cxAPI
	settings codec.VideoSettings
	ctx      *cxContext
	cfg      *cxConfig
	img      *cxImage
	running  bool
	clock    ticker
	data     []byte
	out      codec.EncodedFrame
}

func newCXEncoder(api *cxAPI, c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) {
	if !c.Is(api.mime) {
		return nil, domerr.New(domerr.NotSupported, "%s is not %s", c.MimeType, api.mime)
	}
	if err := checkSettings(&s); err != nil {
		return nil, err
	}
	if err := api.open(); err != nil {
		return nil, err
	}
	e := &cxEncoder{api: api, settings: s}
	if err := e.start(); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// start begins anew with the present settings.
func (e *cxEncoder) start() (err error) {
	e.stop()
	if e.ctx, err = allocate[cxContext](); err != nil {
		return err
	}
	if e.cfg, err = e.api.configure(); err != nil {
		return err
	}
	if e.img == nil {
		if e.img, err = e.api.image(); err != nil {
			return err
		}
	}
	e.apply()
	if code := e.api.start(e.ctx, e.cfg); code != 0 {
		return domerr.Wrap(failed("initialisation", code), domerr.NotSupported, "%s does not start", e.api.name)
	}
	e.running = true
	if err := e.api.tune(e.ctx, &e.settings); err != nil {
		return domerr.Wrap(err, domerr.NotSupported, "%s does not start", e.api.name)
	}
	return nil
}

// apply writes the settings into the configuration.
func (e *cxEncoder) apply() {
	c, s := e.cfg, &e.settings
	*c.width, *c.height = uint32(s.Width), uint32(s.Height)
	*c.threads = uint32(max(1, s.Threads))
	*c.timebase = [2]int32{1, videoClock}
	*c.pass, *c.lag = 0, 0 // one pass, and no frame held back
	*c.errorResilient = 0
	if s.ErrorResilient && e.api.resilient {
		*c.errorResilient = 1
	}
	*c.rateControl, *c.keyFrames = cxCBR, cxKeyDisabled
	*c.bitrate = uint32(max(1, s.Bitrate/1000))
	*c.minQuantizer, *c.maxQuantizer = e.api.finest, e.api.coarsest
	*c.dropFrames = 30
	*c.undershoot, *c.overshoot = 50, 50
	// Half a second's worth: what a call can stand.
	*c.buffer, *c.bufferInitial, *c.bufferOptimal = 1000, 500, 600
}

func (e *cxEncoder) stop() {
	if e.running {
		e.api.destroy(e.ctx)
		e.running = false
	}
	release(&e.ctx)
	if e.cfg != nil {
		free(e.cfg.base)
		e.cfg = nil
	}
}

// Encode implements codec.VideoEncoder.
func (e *cxEncoder) Encode(f *codec.VideoFrame, keyFrame bool, emit func(*codec.EncodedFrame)) error {
	if err := checkPicture(f); err != nil {
		return err
	}
	if !e.running || f.Width != e.settings.Width || f.Height != e.settings.Height {
		e.settings.Width, e.settings.Height = f.Width, f.Height
		if err := e.start(); err != nil {
			return err
		}
	}
	pts, duration := e.clock.tick(f, e.settings.FrameRate)
	flags := int64(0)
	if keyFrame {
		flags = cxForceKey
	}
	// The description is in C's memory and points at Go's: for this call only,
	// and pinned.
	var pin runtime.Pinner
	pin.Pin(&f.Y[0])
	pin.Pin(&f.U[0])
	pin.Pin(&f.V[0])
	e.img.set(f)
	code := e.api.encode(e.ctx, e.img.base, pts, uint64(duration), flags)
	clear(e.img.planes)
	pin.Unpin()
	if code != 0 {
		return domerr.Wrap(failed("encoding", code), domerr.Operation, "%s", e.api.name)
	}
	for iterator := uintptr(0); ; {
		p := e.api.packet(e.ctx, &iterator)
		if p == nil {
			return nil
		}
		if p.kind != cxFramePacket || p.size == 0 {
			continue
		}
		e.data = append(e.data[:0], unsafe.Slice((*byte)(at(p.data)), p.size)...)
		data := e.data
		if e.api.trim != nil {
			data = e.api.trim(data)
		}
		e.out = codec.EncodedFrame{
			MimeType: e.api.mime, Data: data, KeyFrame: p.flags&cxKeyFrame != 0,
			Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: f.Duration,
			Width: f.Width, Height: f.Height,
		}
		emit(&e.out)
	}
}

// SetTarget implements codec.VideoEncoder.
func (e *cxEncoder) SetTarget(s codec.VideoSettings) error {
	if err := checkMode(s.ScalabilityMode); err != nil {
		return err
	}
	if s.FrameRate > 0 {
		e.settings.FrameRate = s.FrameRate
	}
	if s.ContentHint != "" {
		e.settings.ContentHint = s.ContentHint
	}
	if s.Bitrate > 0 {
		e.settings.Bitrate = s.Bitrate
	}
	if !e.running {
		return nil
	}
	e.apply()
	if code := e.api.setConfig(e.ctx, e.cfg.base); code != 0 {
		return domerr.Wrap(failed("configuration", code), domerr.Operation, "%s refuses the new target", e.api.name)
	}
	return nil
}

// Close implements codec.VideoEncoder.
func (e *cxEncoder) Close() error {
	e.stop()
	if e.img != nil {
		free(e.img.base)
		e.img = nil
	}
	return nil
}

// videoClock is the rate of RTP timestamps of video, which are the libraries'
// time as well.
const videoClock = 90000

// ticker makes times that never stand still or go back of RTP timestamps that
// wrap.
type ticker struct {
	pts   int64
	last  uint32
	begun bool
}

func (t *ticker) tick(f *codec.VideoFrame, rate float64) (pts, duration int64) {
	duration = int64(f.Duration * videoClock / time.Second)
	if duration <= 0 {
		duration = int64(videoClock / rate)
	}
	if t.begun {
		step := int64(int32(f.Timestamp - t.last))
		if step <= 0 || step > 10*videoClock {
			step = duration
		}
		t.pts += max(1, step)
	}
	t.last, t.begun = f.Timestamp, true
	return t.pts, max(1, duration)
}

// maxPixels bounds what is decoded or encoded: a little over 8K.
const maxPixels = 8192 * 4352

// checkSettings fills in what an encoder may choose.
func checkSettings(s *codec.VideoSettings) error {
	if err := checkMode(s.ScalabilityMode); err != nil {
		return err
	}
	if s.Width < 1 || s.Height < 1 || s.Width*s.Height > maxPixels {
		return domerr.New(domerr.NotSupported, "a picture of %dx%d cannot be encoded", s.Width, s.Height)
	}
	if s.FrameRate <= 0 {
		s.FrameRate = 30
	}
	if s.Bitrate <= 0 {
		// What looks good: 1.4 Mbit/s for 1280x720 at 30 frames a second.
		s.Bitrate = max(50_000, int(float64(s.Width*s.Height)*s.FrameRate*0.05))
	}
	return nil
}

func checkMode(mode string) error {
	if mode != "" && mode != "L1T1" {
		return domerr.New(domerr.NotSupported, "scalability mode %q is not there; L1T1 is", mode)
	}
	return nil
}

// checkPicture keeps the libraries from reading past a picture.
func checkPicture(f *codec.VideoFrame) error {
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	switch {
	case f.Width < 1 || f.Height < 1 || f.Width*f.Height > maxPixels:
	case f.StrideY < f.Width || f.StrideUV < cw:
	case len(f.Y) < (f.Height-1)*f.StrideY+f.Width:
	case len(f.U) < (ch-1)*f.StrideUV+cw || len(f.V) < (ch-1)*f.StrideUV+cw:
	default:
		return nil
	}
	return domerr.New(domerr.Operation, "the picture of %dx%d cannot be encoded: its planes are too small, or it is too large", f.Width, f.Height)
}
