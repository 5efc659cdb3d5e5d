//go:build linux && (amd64 || arm64) && !nonative

package native

//lint:file-ignore U1000 structures have C's members, whether or not they are used

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"trackway/internal/domerr"
)

// The structures of codec_app_def.h, of OpenH264 2.1 to 2.6. What came with
// later revisions is at their ends.

// h264Layer is SSpatialLayerConfig.
type h264Layer struct {
	width, height       int32
	frameRate           float32
	bitrate, maxBitrate int32
	profile, level, qp  int32
	sliceMode           int32
	slices              uint32
	_                   [35]uint32
	sliceSize           uint32
	_                   [4]uint32 // video signal type
}

// h264Params is SEncParamExt.
type h264Params struct {
	usage, width, height, bitrate, rateControl  int32
	maxFrameRate                                float32
	temporalLayers, spatialLayers               int32
	layers                                      [4]h264Layer
	complexity                                  int32
	intraPeriod                                 uint32
	referenceFrames, parameterSetIDs            int32
	prefixNAL, ssei, simulcast                  bool
	padding, entropy                            int32
	frameSkip                                   bool
	maxBitrate, maxQP, minQP                    int32
	maxNALSize                                  uint32
	longTerm                                    bool
	longTermFrames, longTermPeriod              int32
	threads                                     uint16
	loadBalancing                               bool
	loopFilter, loopFilterAlpha, loopFilterBeta int32

	denoise, backgroundDetection, adaptiveQuant, cropping, sceneChange, lossless bool

	_ [256]byte
}

// h264Source is SSourcePicture.
type h264Source struct {
	format        int32
	stride        [4]int32
	planes        [4]uintptr
	width, height int32
	milliseconds  int64
	_             [64]byte
}

// h264Frame is SFrameBSInfo: a count, the layers, and then the frame's type.
type h264Frame struct {
	layerCount int32
	_          int32
	rest       [128*56 + 256]byte
}

// h264LayerOut is the part of SLayerBSInfo that all versions have.
type h264LayerOut struct {
	temporal, spatial, quality uint8
	frameType                  int32
	layerType                  uint8
	subSequence, nalCount      int32
	nalLengths, data           uintptr
}

// h264DecoderParams is SDecodingParam.
type h264DecoderParams struct {
	fileName     uintptr
	load         uint32
	target       uint8
	concealment  int32
	parseOnly    bool
	propertySize uint32
	bitstream    int32
}

// h264Buffer is SBufferInfo.
type h264Buffer struct {
	status                int32
	inTime, outTime       uint64
	width, height, format int32
	stride                [2]int32
	planes                [3]uintptr
	_                     [64]byte
}

var (
	_ [200]byte = [unsafe.Sizeof(h264Layer{})]byte{}
	_ [832]byte = [unsafe.Offsetof(h264Params{}.complexity)]byte{}
	_ [860]byte = [unsafe.Offsetof(h264Params{}.frameSkip)]byte{}
	_ [892]byte = [unsafe.Offsetof(h264Params{}.threads)]byte{}
	_ [912]byte = [unsafe.Offsetof(h264Params{}.sceneChange)]byte{}
	_ [64]byte  = [unsafe.Offsetof(h264Source{}.milliseconds)]byte{}
	_ [24]byte  = [unsafe.Offsetof(h264LayerOut{}.nalLengths)]byte{}
	_ [32]byte  = [unsafe.Sizeof(h264DecoderParams{})]byte{}
	_ [48]byte  = [unsafe.Offsetof(h264Buffer{}.planes)]byte{}
)

// The constants of codec_app_def.h and codec_def.h that are used.
const (
	h264ScreenContent = 1 // SCREEN_CONTENT_REAL_TIME
	h264RCBitrate     = 1 // RC_BITRATE_MODE
	h264Baseline      = 66
	h264SliceSingle   = 0
	h264SliceSized    = 3
	h264I420          = 23
	h264TypeIDR       = 1
	h264TypeSkip      = 4

	h264OptionFrameRate  = 4
	h264OptionBitrate    = 5
	h264OptionTrace      = 25
	h264DecoderOptionLog = 9

	h264MaxLayers = 128
)

// The places of the methods in the tables of ISVCEncoder and ISVCDecoder.
const (
	h264InitializeExt, h264GetDefaults, h264Uninitialize = 1, 2, 3
	h264EncodeFrame, h264ForceIntra, h264SetOption       = 4, 6, 7
	h264DecoderInitialize, h264DecoderUninitialize       = 0, 1
	h264DecodeNoDelay, h264DecoderSetOption              = 3, 8
)

type h264Version struct{ major, minor, revision, reserved uint32 }

var (
	h264CreateEncoder  func(*uintptr) int32
	h264DestroyEncoder func(uintptr)
	h264CreateDecoder  func(*uintptr) int64
	h264DestroyDecoder func(uintptr)
	h264GetVersion     func(*h264Version)

	// h264LayerSize is the size of SLayerBSInfo: 2.6 has longer ones.
	h264LayerSize uintptr

	libopenh264 = library{
		name: "openh264", sonames: []string{"libopenh264.so.8", "libopenh264.so.7", "libopenh264.so.6"},
		functions: map[string]any{
			"WelsCreateSVCEncoder": &h264CreateEncoder, "WelsDestroySVCEncoder": &h264DestroyEncoder,
			"WelsCreateDecoder": &h264CreateDecoder, "WelsDestroyDecoder": &h264DestroyDecoder,
			"WelsGetCodecVersionEx": &h264GetVersion,
		},
		check: func() error {
			var v h264Version
			h264GetVersion(&v)
			switch {
			case v.major == 2 && v.minor >= 1 && v.minor <= 5:
				h264LayerSize = 40
			case v.major == 2 && v.minor == 6:
				h264LayerSize = 56
			default:
				return domerr.New(domerr.NotSupported, "version %d.%d is not known", v.major, v.minor)
			}
			return nil
		},
	}
)

// h264Object is an ISVCEncoder or ISVCDecoder: an object of C++, whose first
// word is the address of its methods.
type h264Object uintptr

// call calls a method. Arguments that are pointers must be to C's memory, or
// be kept alive by the caller.
func (o h264Object) call(method int, arguments ...uintptr) int32 {
	table := *(*uintptr)(at(uintptr(o)))
	function := *(*uintptr)(at(table + uintptr(method)*unsafe.Sizeof(table)))
	r, _, _ := purego.SyscallN(function, append([]uintptr{uintptr(o)}, arguments...)...)
	return int32(r)
}

func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
