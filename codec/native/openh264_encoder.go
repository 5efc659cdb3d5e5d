//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"runtime"
	"unsafe"

	"trackway/codec"
	"trackway/internal/domerr"
)

// h264Encoder is a codec.VideoEncoder of OpenH264: constrained baseline.
type h264Encoder struct {
	settings codec.VideoSettings
	// sized has slices fit into packets, for packetization-mode 0.
	sized   bool
	object  h264Object
	source  *h264Source
	frame   *h264Frame
	option  *[2]int32 // for SetOption
	clock   ticker
	data    []byte
	out     codec.EncodedFrame
	running bool
}

func newH264Encoder(c codec.Codec, s codec.VideoSettings) (codec.VideoEncoder, error) {
	if !c.Is(codec.H264) {
		return nil, domerr.New(domerr.NotSupported, "%s is not H.264", c.MimeType)
	}
	if err := checkSettings(&s); err != nil {
		return nil, err
	}
	if err := libopenh264.open(); err != nil {
		return nil, err
	}
	// An fmtp line without packetization-mode means 0 (RFC 6184 section 8.1);
	// without any line, nobody has said that it goes over RTP.
	e := &h264Encoder{settings: s, sized: c.SDPFmtpLine != "" && c.FmtpValue("packetization-mode") != "1"}
	err := e.allocate()
	if err == nil {
		err = e.start()
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *h264Encoder) allocate() (err error) {
	if e.source, err = allocate[h264Source](); err != nil {
		return err
	}
	if e.frame, err = allocate[h264Frame](); err != nil {
		return err
	}
	e.option, err = allocate[[2]int32]()
	return err
}

// start begins anew with the present settings.
func (e *h264Encoder) start() error {
	e.stop()
	var object uintptr
	if code := h264CreateEncoder(&object); code != 0 || object == 0 {
		return domerr.Wrap(failed("WelsCreateSVCEncoder", code), domerr.NotSupported, "OpenH264 does not start")
	}
	e.object = h264Object(object)
	e.setOption(h264OptionTrace, 0)
	p, err := allocate[h264Params]()
	if err != nil {
		return err
	}
	defer release(&p)
	e.object.call(h264GetDefaults, address(p))
	s := &e.settings
	// Chroma has half the resolution and cropping counts in its samples: a last
	// odd row or column is left out.
	width, height := int32(s.Width&^1), int32(s.Height&^1)
	if isScreen(s.ContentHint) {
		p.usage = h264ScreenContent
	}
	p.width, p.height = width, height
	p.bitrate, p.maxBitrate = int32(s.Bitrate), 0
	p.rateControl, p.frameSkip = h264RCBitrate, true
	p.maxFrameRate = float32(s.FrameRate)
	p.temporalLayers, p.spatialLayers = 1, 1
	p.intraPeriod, p.parameterSetIDs = 0, 0 // key frames on demand, and one id
	p.threads = uint16(max(1, s.Threads))
	p.prefixNAL, p.ssei, p.sceneChange = false, false, false
	l := &p.layers[0]
	l.width, l.height, l.frameRate = width, height, p.maxFrameRate
	l.bitrate, l.maxBitrate = p.bitrate, 0
	l.profile, l.level = h264Baseline, 0
	l.sliceMode = h264SliceSingle
	if e.sized {
		p.maxNALSize, l.sliceMode, l.sliceSize = 1180, h264SliceSized, 1100
	}
	if code := e.object.call(h264InitializeExt, address(p)); code != 0 {
		return domerr.Wrap(failed("InitializeExt", code), domerr.NotSupported, "OpenH264 does not encode %dx%d", width, height)
	}
	e.running = true
	return nil
}

func (e *h264Encoder) setOption(id, value int32) int32 {
	e.option[0], e.option[1] = value, 0
	return e.object.call(h264SetOption, uintptr(id), address(e.option))
}

func (e *h264Encoder) stop() {
	if e.running {
		e.object.call(h264Uninitialize)
		e.running = false
	}
	if e.object != 0 {
		h264DestroyEncoder(uintptr(e.object))
		e.object = 0
	}
}

// Encode implements codec.VideoEncoder.
func (e *h264Encoder) Encode(f *codec.VideoFrame, keyFrame bool, emit func(*codec.EncodedFrame)) error {
	if err := checkPicture(f); err != nil {
		return err
	}
	if !e.running || f.Width != e.settings.Width || f.Height != e.settings.Height {
		e.settings.Width, e.settings.Height = f.Width, f.Height
		if err := e.start(); err != nil {
			return err
		}
	}
	if keyFrame {
		if code := e.object.call(h264ForceIntra, 1); code != 0 {
			return domerr.Wrap(failed("ForceIntraFrame", code), domerr.Operation, "OpenH264")
		}
	}
	pts, _ := e.clock.tick(f, e.settings.FrameRate)
	var pin runtime.Pinner
	pin.Pin(&f.Y[0])
	pin.Pin(&f.U[0])
	pin.Pin(&f.V[0])
	*e.source = h264Source{
		format: h264I420, width: int32(f.Width &^ 1), height: int32(f.Height &^ 1), milliseconds: pts * 1000 / videoClock,
		stride: [4]int32{int32(f.StrideY), int32(f.StrideUV), int32(f.StrideUV)},
		planes: [4]uintptr{address(&f.Y[0]), address(&f.U[0]), address(&f.V[0])},
	}
	*e.frame = h264Frame{}
	code := e.object.call(h264EncodeFrame, address(e.source), address(e.frame))
	e.source.planes = [4]uintptr{}
	pin.Unpin()
	if code != 0 {
		return domerr.Wrap(failed("EncodeFrame", code), domerr.Operation, "OpenH264")
	}
	frameType := e.gather()
	if frameType == h264TypeSkip || len(e.data) == 0 {
		return nil
	}
	e.out = codec.EncodedFrame{
		MimeType: codec.H264, Data: e.data, KeyFrame: frameType == h264TypeIDR,
		Timestamp: f.Timestamp, CaptureTime: f.CaptureTime, Duration: f.Duration,
		Width: f.Width &^ 1, Height: f.Height &^ 1,
	}
	emit(&e.out)
	return nil
}

// gather joins the NAL units of the layers, which have start codes, and returns
// the type of the frame.
func (e *h264Encoder) gather() int32 {
	e.data = e.data[:0]
	layers := unsafe.Pointer(&e.frame.rest[0])
	for i := range min(int(e.frame.layerCount), h264MaxLayers) {
		l := (*h264LayerOut)(unsafe.Add(layers, uintptr(i)*h264LayerSize))
		if l.nalCount <= 0 || l.data == 0 || l.nalLengths == 0 {
			continue
		}
		size := 0
		for _, n := range unsafe.Slice((*int32)(at(l.nalLengths)), l.nalCount) {
			size += int(n)
		}
		e.data = append(e.data, unsafe.Slice((*byte)(at(l.data)), size)...)
	}
	return *(*int32)(unsafe.Add(layers, h264MaxLayers*h264LayerSize))
}

// SetTarget implements codec.VideoEncoder.
func (e *h264Encoder) SetTarget(s codec.VideoSettings) error {
	if err := checkMode(s.ScalabilityMode); err != nil {
		return err
	}
	if s.ContentHint != "" && isScreen(s.ContentHint) != isScreen(e.settings.ContentHint) {
		e.settings.ContentHint = s.ContentHint
		e.stop() // the kind of content is fixed for the life of an encoder
	}
	if s.FrameRate > 0 && s.FrameRate != e.settings.FrameRate {
		e.settings.FrameRate = s.FrameRate
		if e.running {
			rate := float32(s.FrameRate)
			if code := e.setOption(h264OptionFrameRate, *(*int32)(unsafe.Pointer(&rate))); code != 0 {
				return domerr.Wrap(failed("the frame rate", code), domerr.Operation, "OpenH264 refuses the new target")
			}
		}
	}
	if s.Bitrate > 0 && s.Bitrate != e.settings.Bitrate {
		e.settings.Bitrate = s.Bitrate
		if e.running {
			// SBitrateInfo: the layer, 4 for all of them, and the rate.
			e.option[0], e.option[1] = 4, int32(s.Bitrate)
			if code := e.object.call(h264SetOption, h264OptionBitrate, address(e.option)); code != 0 {
				return domerr.Wrap(failed("the bit rate", code), domerr.Operation, "OpenH264 refuses the new target")
			}
		}
	}
	return nil
}

// Close implements codec.VideoEncoder.
func (e *h264Encoder) Close() error {
	e.stop()
	release(&e.source)
	release(&e.frame)
	release(&e.option)
	return nil
}
