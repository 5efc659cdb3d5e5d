//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"runtime"

	"trackway/codec"
	"trackway/internal/bitstream"
	"trackway/internal/domerr"
)

// h264Decoder is a codec.VideoDecoder of OpenH264: baseline, main and high
// profile, progressive.
type h264Decoder struct {
	object  h264Object
	buffer  *h264Buffer
	planes  *[3]uintptr
	picture picture
	running bool
}

func newH264Decoder(c codec.Codec) (codec.VideoDecoder, error) {
	if !c.Is(codec.H264) {
		return nil, domerr.New(domerr.NotSupported, "%s is not H.264", c.MimeType)
	}
	if err := libopenh264.open(); err != nil {
		return nil, err
	}
	d := new(h264Decoder)
	if err := d.start(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *h264Decoder) start() (err error) {
	if d.buffer, err = allocate[h264Buffer](); err != nil {
		return err
	}
	if d.planes, err = allocate[[3]uintptr](); err != nil {
		return err
	}
	p, err := allocate[h264DecoderParams]()
	if err != nil {
		return err
	}
	defer release(&p)
	var object uintptr
	if code := h264CreateDecoder(&object); code != 0 || object == 0 {
		return domerr.Wrap(failed("WelsCreateDecoder", int32(code)), domerr.NotSupported, "OpenH264 does not start")
	}
	d.object = h264Object(object)
	quiet, err := allocate[int32]()
	if err != nil {
		return err
	}
	defer release(&quiet)
	d.object.call(h264DecoderSetOption, h264DecoderOptionLog, address(quiet))
	// No concealment: after a loss a key frame is asked for, and the picture
	// stands still until then.
	p.target, p.concealment, p.propertySize = 255, 0, 8
	if code := d.object.call(h264DecoderInitialize, address(p)); code != 0 {
		return domerr.Wrap(failed("Initialize", code), domerr.NotSupported, "OpenH264 does not start")
	}
	d.running = true
	return nil
}

// Decode implements codec.VideoDecoder.
func (d *h264Decoder) Decode(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) error {
	if !d.running || len(f.Data) == 0 {
		return domerr.New(domerr.Encoding, "there is nothing to decode")
	}
	if info := bitstream.Inspect(codec.H264, f.Data); info.Width*info.Height > maxPixels {
		return domerr.New(domerr.Encoding, "a picture of %dx%d is not decoded", info.Width, info.Height)
	}
	*d.buffer, *d.planes = h264Buffer{}, [3]uintptr{}
	var pin runtime.Pinner
	pin.Pin(&f.Data[0])
	code := d.object.call(h264DecodeNoDelay, address(&f.Data[0]), uintptr(len(f.Data)), address(d.planes), address(d.buffer))
	pin.Unpin()
	if code != 0 {
		return domerr.Wrap(failed("DecodeFrameNoDelay", code), domerr.Encoding, "OpenH264 cannot decode; ask for a key frame")
	}
	if b := d.buffer; b.status == 1 && d.planes[0] != 0 {
		emit(d.picture.take(int(b.width), int(b.height), d.planes[:], int(b.stride[0]), int(b.stride[1]), f))
	}
	return nil
}

// Close implements codec.VideoDecoder.
func (d *h264Decoder) Close() error {
	if d.running {
		d.object.call(h264DecoderUninitialize)
		d.running = false
	}
	if d.object != 0 {
		h264DestroyDecoder(uintptr(d.object))
		d.object = 0
	}
	release(&d.buffer)
	release(&d.planes)
	return nil
}
