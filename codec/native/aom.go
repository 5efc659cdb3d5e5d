//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"unsafe"

	"trackway/codec"
	"trackway/internal/domerr"
)

// aomConfig is aom_codec_enc_cfg_t of libaom 3, up to the last member that is
// set here.
type aomConfig struct {
	usage, threads, profile, width, height uint32
	limit, forcedMaxWidth, forcedMaxHeight uint32
	bitDepth, inputBitDepth                uint32
	timebase                               [2]int32
	errorResilient, pass, lag              uint32
	dropFrames                             uint32
	_                                      [8]uint32 // resizing and super-resolution
	rateControl                            uint32
	_                                      uint32
	stats                                  [4]uintptr
	bitrate, minQuantizer, maxQuantizer    uint32
	undershoot, overshoot                  uint32
	buffer, bufferInitial, bufferOptimal   uint32
	_                                      [4]uint32
	keyFrames, keyMin, keyMax              uint32
	_                                      [aomRoom]byte
}

const aomRoom = 2048

// aomImage is aom_image_t of libaom 3.
type aomImage struct {
	format, primaries, transfer, matrix uint32
	monochrome, samplePosition, full    uint32
	width, height, bitDepth             uint32
	dispW, dispH, renderW, renderH      uint32
	shiftX, shiftY                      uint32
	planes                              [3]uintptr
	stride                              [3]int32
	_                                   int32
	size                                uintptr
	bitsPerSample                       int32
	temporal, spatial                   int32
	_                                   int32
	user, data                          uintptr
	ownsData, ownsSelf                  int32
	metadata, private                   uintptr
}

var (
	_ [136]byte = [unsafe.Offsetof(aomConfig{}.bitrate)]byte{}
	_ [184]byte = [unsafe.Offsetof(aomConfig{}.keyFrames)]byte{}
	_ [64]byte  = [unsafe.Offsetof(aomImage{}.planes)]byte{}
	_ [168]byte = [unsafe.Sizeof(aomImage{})]byte{}
)

// aomEncoderABIs are the values of AOM_ENCODER_ABI_VERSION whose layout
// aomConfig is: libaom 3.2 to 3.14, and 3.0 and 3.1.
var aomEncoderABIs = []int32{29, 25}

// The controls of aomcx.h that are used, and AOM_USAGE_REALTIME.
const (
	aomSetCPUUsed         = 13
	aomSetMaxIntraBitrate = 26
	aomSetRowMT           = 32
	aomSetTileColumns     = 33
	aomSetEnableTPL       = 35
	aomSetAQMode          = 40
	aomSetTuneContent     = 43
	aomSetCDFUpdateMode   = 44
	aomSetEnableCDEF      = 58
	aomSetEnableOBMC      = 61
	aomSetOrderHint       = 79
	aomSetRefFrameMVs     = 84
	aomSetGlobalMotion    = 95
	aomSetWarpedMotion    = 96
	aomSetCFLIntra        = 101
	aomSetEnablePalette   = 104
	aomSetDeltaQMode      = 107
	aomSetCoeffCostFreq   = 126
	aomSetModeCostFreq    = 127
	aomSetMVCostFreq      = 128
	aomRealTime           = 1
	// aomSpeed is the speed that calls of 720p can afford on one core, and that
	// all of libaom 3 has.
	aomSpeed = 9
)

var (
	aomAV1Encoder func() uintptr

	aomConfigDefault func(iface uintptr, cfg unsafe.Pointer, usage uint32) int32
	aomEncoderInit   func(ctx *cxContext, iface uintptr, cfg unsafe.Pointer, flags int64, abi int32) int32
	aomConfigSet     func(ctx *cxContext, cfg unsafe.Pointer) int32
	aomEncode        func(ctx *cxContext, image unsafe.Pointer, pts int64, duration uint64, flags int64) int32
	aomPacket        func(ctx *cxContext, iterator *uintptr) *cxPacket
	aomControl       func(ctx *cxContext, id int32, value uint64) int32
	aomDestroy       func(ctx *cxContext) int32

	libaom = library{
		name: "libaom", sonames: []string{"libaom.so.3"},
		functions: map[string]any{
			"aom_codec_av1_cx": &aomAV1Encoder, "aom_codec_enc_config_default": &aomConfigDefault,
			"aom_codec_enc_init_ver": &aomEncoderInit, "aom_codec_enc_config_set": &aomConfigSet,
			"aom_codec_encode": &aomEncode, "aom_codec_get_cx_data": &aomPacket,
			"aom_codec_control": &aomControl, "aom_codec_destroy": &aomDestroy,
		},
	}
)

func newAOMConfig() (*cxConfig, error) {
	c, err := allocate[aomConfig]()
	if err != nil {
		return nil, err
	}
	if code := aomConfigDefault(aomAV1Encoder(), unsafe.Pointer(c), aomRealTime); code != 0 {
		release(&c)
		return nil, domerr.Wrap(failed("default configuration", code), domerr.NotSupported, "libaom does not start")
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

func newAOMImage() (*cxImage, error) {
	i, err := allocate[aomImage]()
	if err != nil {
		return nil, err
	}
	i.bitsPerSample = 12
	return &cxImage{
		base: unsafe.Pointer(i), width: &i.width, height: &i.height, dispW: &i.dispW, dispH: &i.dispH,
		planes: i.planes[:], stride: i.stride[:], format: &i.format, shiftX: &i.shiftX, shiftY: &i.shiftY, bits: &i.bitDepth,
	}, nil
}

func startAOM(ctx *cxContext, cfg unsafe.Pointer) int32 {
	return firstABI(aomEncoderABIs, func(abi int32) int32 { return aomEncoderInit(ctx, aomAV1Encoder(), cfg, 0, abi) })
}

// tuneAV1 switches off what costs more time than a call has.
func tuneAV1(ctx *cxContext, s *codec.VideoSettings) error {
	controls := []control{
		{aomSetCPUUsed, aomSpeed}, {aomSetAQMode, 3}, {aomSetRowMT, 1}, {aomSetTileColumns, tileColumns(s.Threads)},
		{aomSetEnableCDEF, 1}, {aomSetEnableTPL, 0}, {aomSetDeltaQMode, 0}, {aomSetOrderHint, 0},
		{aomSetEnableOBMC, 0}, {aomSetGlobalMotion, 0}, {aomSetWarpedMotion, 0}, {aomSetRefFrameMVs, 0},
		{aomSetCFLIntra, 0}, {aomSetCDFUpdateMode, 1}, {aomSetMaxIntraBitrate, 300},
		{aomSetCoeffCostFreq, 3}, {aomSetModeCostFreq, 3}, {aomSetMVCostFreq, 3},
	}
	if isScreen(s.ContentHint) {
		controls = append(controls, control{aomSetTuneContent, uint64(screenContent)}, control{aomSetEnablePalette, 1})
	}
	return controlAll(ctx, aomControl, controls)
}

var av1API = &cxAPI{
	mime: codec.AV1, name: "libaom", open: libaom.open,
	configure: newAOMConfig,
	start:     func(ctx *cxContext, cfg *cxConfig) int32 { return startAOM(ctx, cfg.base) },
	tune:      tuneAV1,
	image:     newAOMImage,
	setConfig: func(ctx *cxContext, cfg unsafe.Pointer) int32 { return aomConfigSet(ctx, cfg) },
	encode: func(ctx *cxContext, image unsafe.Pointer, pts int64, duration uint64, flags int64) int32 {
		return aomEncode(ctx, image, pts, duration, flags)
	},
	packet:  func(ctx *cxContext, iterator *uintptr) *cxPacket { return aomPacket(ctx, iterator) },
	destroy: func(ctx *cxContext) int32 { return aomDestroy(ctx) },
	finest:  10, coarsest: 56,
	trim: trimDelimiter,
}

// trimDelimiter takes the temporal delimiter off a temporal unit: RTP and
// Trackway's frames do without (AV1 RTP payload format, section 5).
func trimDelimiter(b []byte) []byte {
	if len(b) >= 2 && b[0] == 0x12 && b[1] == 0 {
		return b[2:]
	}
	return b
}
