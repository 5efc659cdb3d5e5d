//go:build linux && (amd64 || arm64) && !nonative

package native

//lint:file-ignore U1000 structures have C's members, whether or not they are used

import (
	"unsafe"

	"trackway/codec"
	"trackway/internal/domerr"
)

// vpxConfig is vpx_codec_enc_cfg_t as it has been from libvpx 1.8 to 1.16, up
// to the last member that is set here. What follows differs between revisions;
// vpxRoom is more than any of them needs.
type vpxConfig struct {
	usage, threads, profile, width, height uint32
	bitDepth, inputBitDepth                uint32
	timebase                               [2]int32
	errorResilient, pass, lag              uint32
	dropFrames, resize, _, _, _, _         uint32
	rateControl                            uint32
	_                                      uint32
	stats                                  [4]uintptr
	bitrate, minQuantizer, maxQuantizer    uint32
	undershoot, overshoot                  uint32
	buffer, bufferInitial, bufferOptimal   uint32
	_                                      [4]uint32
	keyFrames, keyMin, keyMax              uint32
	_                                      [vpxRoom]byte
}

const vpxRoom = 1024

// vpxImage is vpx_image_t, which all those versions have alike.
type vpxImage struct {
	format, space, colours  uint32
	width, height, bitDepth uint32
	dispW, dispH            uint32
	renderW, renderH        uint32
	shiftX, shiftY          uint32
	planes                  [4]uintptr
	stride                  [4]int32
	bitsPerSample           int32
	_                       int32
	user, data              uintptr
	ownsData, ownsSelf      int32
	private                 uintptr
}

// The layouts above are C's, or nothing works.
var (
	_ [112]byte = [unsafe.Offsetof(vpxConfig{}.bitrate)]byte{}
	_ [160]byte = [unsafe.Offsetof(vpxConfig{}.keyFrames)]byte{}
	_ [136]byte = [unsafe.Sizeof(vpxImage{})]byte{}
	_ [40]byte  = [unsafe.Offsetof(cxPacket{}.flags)]byte{}
)

// vpxEncoderABIs are the values of VPX_ENCODER_ABI_VERSION whose layout
// vpxConfig is: libvpx 1.15.2 and later, 1.15, 1.14, 1.13, 1.11 and 1.12, 1.10,
// 1.8 and 1.9. The library takes its own only.
var vpxEncoderABIs = []int32{39, 37, 36, 34, 30, 25, 24, 23}

// vpxDecoderABI is VPX_DECODER_ABI_VERSION of all of them.
const vpxDecoderABI = 12

// The controls of vp8cx.h that are used.
const (
	vpxSetCPUUsed                 = 13
	vpxSetNoiseSensitivity        = 15
	vpxSetStaticThreshold         = 17
	vpxSetTokenPartitions         = 18
	vpxSetMaxIntraBitrate         = 26
	vp9SetTileColumns             = 33
	vp9SetAQMode                  = 36
	vp9SetTuneContent             = 43
	vp9SetRowMT                   = 55
	vpxRealTime                   = 1 // VPX_DL_REALTIME
	vpxFormatI420                 = 0x102
	screenContent          uint32 = 1
)

var (
	vpxVP8Encoder, vpxVP9Encoder, vpxVP8Decoder, vpxVP9Decoder func() uintptr

	vpxConfigDefault func(iface uintptr, cfg unsafe.Pointer, usage uint32) int32
	vpxEncoderInit   func(ctx *cxContext, iface uintptr, cfg unsafe.Pointer, flags int64, abi int32) int32
	vpxConfigSet     func(ctx *cxContext, cfg unsafe.Pointer) int32
	vpxEncode        func(ctx *cxContext, image unsafe.Pointer, pts int64, duration uint64, flags int64, deadline uint64) int32
	vpxPacket        func(ctx *cxContext, iterator *uintptr) *cxPacket
	// Variadic in C; on these systems an integer is passed as if it were not.
	vpxControl     func(ctx *cxContext, id int32, value uint64) int32
	vpxDecoderInit func(ctx *cxContext, iface uintptr, cfg *vpxDecoderConfig, flags int64, abi int32) int32
	vpxDecode      func(ctx *cxContext, data *byte, size uint32, user uintptr, deadline int64) int32
	vpxFrame       func(ctx *cxContext, iterator *uintptr) *vpxImage
	vpxDestroy     func(ctx *cxContext) int32

	libvpx = library{
		name: "libvpx",
		sonames: []string{
			"libvpx.so.12", "libvpx.so.11", "libvpx.so.10", "libvpx.so.9", "libvpx.so.8", "libvpx.so.7", "libvpx.so.6",
		},
		functions: map[string]any{
			"vpx_codec_vp8_cx": &vpxVP8Encoder, "vpx_codec_vp9_cx": &vpxVP9Encoder,
			"vpx_codec_vp8_dx": &vpxVP8Decoder, "vpx_codec_vp9_dx": &vpxVP9Decoder,
			"vpx_codec_enc_config_default": &vpxConfigDefault, "vpx_codec_enc_init_ver": &vpxEncoderInit,
			"vpx_codec_enc_config_set": &vpxConfigSet, "vpx_codec_encode": &vpxEncode,
			"vpx_codec_get_cx_data": &vpxPacket, "vpx_codec_control_": &vpxControl,
			"vpx_codec_dec_init_ver": &vpxDecoderInit, "vpx_codec_decode": &vpxDecode,
			"vpx_codec_get_frame": &vpxFrame, "vpx_codec_destroy": &vpxDestroy,
		},
	}
)

// vpxDecoderConfig is vpx_codec_dec_cfg_t.
type vpxDecoderConfig struct{ threads, width, height uint32 }

func newVPXConfig(iface func() uintptr) (*cxConfig, error) {
	c, err := allocate[vpxConfig]()
	if err != nil {
		return nil, err
	}
	if code := vpxConfigDefault(iface(), unsafe.Pointer(c), 0); code != 0 {
		release(&c)
		return nil, domerr.Wrap(failed("default configuration", code), domerr.NotSupported, "libvpx does not start")
	}
	return &cxConfig{
		base: unsafe.Pointer(c), threads: &c.threads, width: &c.width, height: &c.height,
		errorResilient: &c.errorResilient, pass: &c.pass, lag: &c.lag, timebase: &c.timebase,
		dropFrames: &c.dropFrames, rateControl: &c.rateControl, bitrate: &c.bitrate,
		minQuantizer: &c.minQuantizer, maxQuantizer: &c.maxQuantizer,
		undershoot: &c.undershoot, overshoot: &c.overshoot,
		buffer: &c.buffer, bufferInitial: &c.bufferInitial, bufferOptimal: &c.bufferOptimal, keyFrames: &c.keyFrames,
	}, nil
}

func newVPXImage() (*cxImage, error) {
	i, err := allocate[vpxImage]()
	if err != nil {
		return nil, err
	}
	i.bitsPerSample = 12
	return &cxImage{
		base: unsafe.Pointer(i), width: &i.width, height: &i.height, dispW: &i.dispW, dispH: &i.dispH,
		planes: i.planes[:], stride: i.stride[:], format: &i.format, shiftX: &i.shiftX, shiftY: &i.shiftY, bits: &i.bitDepth,
	}, nil
}

func startVPX(ctx *cxContext, iface uintptr, cfg unsafe.Pointer) int32 {
	return firstABI(vpxEncoderABIs, func(abi int32) int32 { return vpxEncoderInit(ctx, iface, cfg, 0, abi) })
}

// vpxAPI is libvpx's encoder of a codec.
func vpxAPI(mime string, iface *func() uintptr, tune func(*cxContext, *codec.VideoSettings) error) *cxAPI {
	return &cxAPI{
		mime: mime, name: "libvpx", open: libvpx.open,
		configure: func() (*cxConfig, error) { return newVPXConfig(*iface) },
		start:     func(ctx *cxContext, cfg *cxConfig) int32 { return startVPX(ctx, (*iface)(), cfg.base) },
		tune:      tune,
		image:     newVPXImage,
		setConfig: func(ctx *cxContext, cfg unsafe.Pointer) int32 { return vpxConfigSet(ctx, cfg) },
		encode: func(ctx *cxContext, image unsafe.Pointer, pts int64, duration uint64, flags int64) int32 {
			return vpxEncode(ctx, image, pts, duration, flags, vpxRealTime)
		},
		packet:  func(ctx *cxContext, iterator *uintptr) *cxPacket { return vpxPacket(ctx, iterator) },
		destroy: func(ctx *cxContext) int32 { return vpxDestroy(ctx) },
		finest:  2, coarsest: 56, resilient: true,
	}
}

var (
	vp8API = vpxAPI(codec.VP8, &vpxVP8Encoder, tuneVP8)
	vp9API = vpxAPI(codec.VP9, &vpxVP9Encoder, tuneVP9)
)

// control is one setting of an encoder.
type control struct {
	id    int32
	value uint64
}

func tuneVP8(ctx *cxContext, s *codec.VideoSettings) error {
	speed := int64(-8) // of the sixteen that are faster than good quality
	return controlAll(ctx, vpxControl, []control{
		{vpxSetCPUUsed, uint64(speed)}, {vpxSetNoiseSensitivity, 0}, {vpxSetStaticThreshold, 1},
		{vpxSetTokenPartitions, 0}, {vpxSetMaxIntraBitrate, 900},
	})
}

func tuneVP9(ctx *cxContext, s *codec.VideoSettings) error {
	controls := []control{
		{vpxSetCPUUsed, 8}, {vp9SetAQMode, 3}, {vp9SetRowMT, 1}, {vpxSetStaticThreshold, 1},
		{vpxSetMaxIntraBitrate, 900}, {vp9SetTileColumns, tileColumns(s.Threads)},
	}
	if isScreen(s.ContentHint) {
		controls = append(controls, control{vp9SetTuneContent, uint64(screenContent)})
	}
	return controlAll(ctx, vpxControl, controls)
}

// tileColumns is the binary logarithm of a number of threads.
func tileColumns(threads int) (n uint64) {
	for 2<<n <= threads {
		n++
	}
	return n
}

func isScreen(hint string) bool { return hint == "detail" || hint == "text" }

func controlAll(ctx *cxContext, set func(*cxContext, int32, uint64) int32, controls []control) error {
	for _, c := range controls {
		if code := set(ctx, c.id, c.value); code != 0 {
			return domerr.Wrap(failed("control", code), domerr.Operation, "control %d", c.id)
		}
	}
	return nil
}
