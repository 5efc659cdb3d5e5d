//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"unsafe"

	"trackway/codec"
	"trackway/internal/bitstream"
	"trackway/internal/domerr"
)

// vpxDecoder is a codec.VideoDecoder of libvpx.
type vpxDecoder struct {
	mime    string
	iface   func() uintptr
	ctx     *cxContext
	running bool
	picture picture
}

func newVPXDecoder(mime string, iface *func() uintptr, c codec.Codec) (codec.VideoDecoder, error) {
	if !c.Is(mime) {
		return nil, domerr.New(domerr.NotSupported, "%s is not %s", c.MimeType, mime)
	}
	if err := libvpx.open(); err != nil {
		return nil, err
	}
	d := &vpxDecoder{mime: mime, iface: *iface}
	var err error
	if d.ctx, err = allocate[cxContext](); err != nil {
		return nil, err
	}
	if code := vpxDecoderInit(d.ctx, d.iface(), &vpxDecoderConfig{threads: decoderThreads()}, 0, vpxDecoderABI); code != 0 {
		release(&d.ctx)
		return nil, domerr.Wrap(failed("initialisation", code), domerr.NotSupported, "libvpx does not decode %s", mime)
	}
	d.running = true
	return d, nil
}

// Decode implements codec.VideoDecoder.
func (d *vpxDecoder) Decode(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) error {
	if !d.running || len(f.Data) == 0 {
		return domerr.New(domerr.Encoding, "there is nothing to decode")
	}
	info := bitstream.Inspect(d.mime, f.Data)
	if info.Width*info.Height > maxPixels {
		return domerr.New(domerr.Encoding, "a picture of %dx%d is not decoded", info.Width, info.Height)
	}
	if code := vpxDecode(d.ctx, &f.Data[0], uint32(len(f.Data)), 0, 0); code != 0 {
		return domerr.Wrap(failed("decoding", code), domerr.Encoding, "libvpx cannot decode; ask for a key frame")
	}
	for iterator := uintptr(0); ; {
		i := vpxFrame(d.ctx, &iterator)
		if i == nil {
			return nil
		}
		if i.format != vpxFormatI420 || i.planes[0] == 0 {
			return domerr.New(domerr.NotSupported, "%s of another format than 8-bit 4:2:0 is not supported", d.mime)
		}
		emit(d.picture.take(int(i.dispW), int(i.dispH), i.planes[:3], int(i.stride[0]), int(i.stride[1]), f))
	}
}

// Close implements codec.VideoDecoder.
func (d *vpxDecoder) Close() error {
	if d.running {
		vpxDestroy(d.ctx)
		d.running = false
	}
	release(&d.ctx)
	return nil
}

// picture is a library's picture as a frame of Go's memory. Copying takes a
// small part of the time of decoding, and keeps a program that holds on to a
// frame for too long from reading what the library has freed.
type picture struct{ frame codec.VideoFrame }

func (p *picture) take(width, height int, planes []uintptr, strideY, strideUV int, of *codec.EncodedFrame) *codec.VideoFrame {
	cw, ch := (width+1)/2, (height+1)/2
	src := codec.VideoFrame{
		Width: width, Height: height, StrideY: strideY, StrideUV: strideUV,
		Y: unsafe.Slice((*byte)(at(planes[0])), (height-1)*strideY+width),
		U: unsafe.Slice((*byte)(at(planes[1])), (ch-1)*strideUV+cw),
		V: unsafe.Slice((*byte)(at(planes[2])), (ch-1)*strideUV+cw),

		Timestamp: of.Timestamp, CaptureTime: of.CaptureTime, Duration: of.Duration,
	}
	p.frame.CopyFrom(&src)
	return &p.frame
}
