//go:build linux && (amd64 || arm64) && !nonative

package native

//lint:file-ignore U1000 structures have C's members, whether or not they are used

import (
	"unsafe"

	"trackway/codec"
	"trackway/internal/domerr"
)

// dav1dSettings is the beginning of Dav1dSettings of the API's versions 6 and 7.
type dav1dSettings struct {
	threads, maxFrameDelay, applyGrain, operatingPoint, allLayers int32

	frameSizeLimit uint32
	allocator      [3]uintptr
	logCookie, log uintptr
	_              [256]byte
}

// dav1dData is Dav1dData.
type dav1dData struct {
	data, size, reference uintptr
	timestamp, duration   int64
	offset                int64
	propsSize             uintptr
	user                  [2]uintptr
}

// dav1dPicture is the beginning of Dav1dPicture of both versions.
type dav1dPicture struct {
	sequence, frame uintptr
	planes          [3]uintptr
	stride          [2]int64 // of luma and of chroma
	width, height   int32
	layout, bits    int32
	_               [512]byte
}

var (
	_ [20]byte = [unsafe.Offsetof(dav1dSettings{}.frameSizeLimit)]byte{}
	_ [56]byte = [unsafe.Offsetof(dav1dSettings{}.log)]byte{}
	_ [72]byte = [unsafe.Sizeof(dav1dData{})]byte{}
	_ [40]byte = [unsafe.Offsetof(dav1dPicture{}.stride)]byte{}
	_ [64]byte = [unsafe.Offsetof(dav1dPicture{}.layout)]byte{}
)

const (
	dav1dAgain      = -11 // DAV1D_ERR(EAGAIN)
	dav1dLayoutI400 = 0
	dav1dLayoutI420 = 1
)

var (
	dav1dDefaults     func(*dav1dSettings)
	dav1dOpen         func(ctx *uintptr, s *dav1dSettings) int32
	dav1dClose        func(ctx *uintptr)
	dav1dDataCreate   func(d *dav1dData, size uintptr) unsafe.Pointer
	dav1dDataUnref    func(d *dav1dData)
	dav1dSend         func(ctx uintptr, d *dav1dData) int32
	dav1dGetPicture   func(ctx uintptr, p *dav1dPicture) int32
	dav1dPictureUnref func(p *dav1dPicture)

	libdav1d = library{
		// The soname is the major version of the API, and that of the layouts.
		name: "dav1d", sonames: []string{"libdav1d.so.7", "libdav1d.so.6"},
		functions: map[string]any{
			"dav1d_default_settings": &dav1dDefaults, "dav1d_open": &dav1dOpen, "dav1d_close": &dav1dClose,
			"dav1d_data_create": &dav1dDataCreate, "dav1d_data_unref": &dav1dDataUnref,
			"dav1d_send_data": &dav1dSend, "dav1d_get_picture": &dav1dGetPicture, "dav1d_picture_unref": &dav1dPictureUnref,
		},
	}
)

// av1Decoder is a codec.VideoDecoder of dav1d.
type av1Decoder struct {
	ctx     uintptr
	data    *dav1dData
	pic     *dav1dPicture
	grey    []byte
	picture picture
}

func newAV1Decoder(c codec.Codec) (codec.VideoDecoder, error) {
	if !c.Is(codec.AV1) {
		return nil, domerr.New(domerr.NotSupported, "%s is not AV1", c.MimeType)
	}
	if err := libdav1d.open(); err != nil {
		return nil, err
	}
	s, err := allocate[dav1dSettings]()
	if err != nil {
		return nil, err
	}
	defer release(&s)
	dav1dDefaults(s)
	s.threads, s.maxFrameDelay = int32(decoderThreads()), 1
	s.allLayers = 0 // of spatial layers the highest only
	s.frameSizeLimit = maxPixels
	s.logCookie, s.log = 0, 0 // what a peer gets wrong is no news for stderr
	d := new(av1Decoder)
	if d.data, err = allocate[dav1dData](); err != nil {
		return nil, err
	}
	if d.pic, err = allocate[dav1dPicture](); err != nil {
		d.Close()
		return nil, err
	}
	if code := dav1dOpen(&d.ctx, s); code != 0 {
		d.ctx = 0
		d.Close()
		return nil, domerr.Wrap(failed("dav1d_open", code), domerr.NotSupported, "dav1d does not start")
	}
	return d, nil
}

// Decode implements codec.VideoDecoder.
func (d *av1Decoder) Decode(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) error {
	if d.ctx == 0 || len(f.Data) == 0 {
		return domerr.New(domerr.Encoding, "there is nothing to decode")
	}
	buffer := dav1dDataCreate(d.data, uintptr(len(f.Data)))
	if buffer == nil {
		return domerr.New(domerr.Operation, "out of memory")
	}
	copy(unsafe.Slice((*byte)(buffer), len(f.Data)), f.Data)
	defer func() {
		if d.data.size > 0 {
			dav1dDataUnref(d.data)
		}
	}()
	// dav1d takes a part at a time; each picture has to be fetched before more
	// goes in.
	for {
		code := dav1dSend(d.ctx, d.data)
		if code != 0 && code != dav1dAgain {
			return domerr.Wrap(failed("dav1d_send_data", code), domerr.Encoding, "dav1d cannot decode; ask for a key frame")
		}
		got, err := d.fetch(f, emit)
		if err != nil {
			return err
		}
		if d.data.size == 0 {
			return nil
		}
		if code == dav1dAgain && !got {
			return domerr.New(domerr.Encoding, "dav1d takes no more and gives nothing")
		}
	}
}

// fetch emits the pictures that are ready.
func (d *av1Decoder) fetch(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) (got bool, err error) {
	for {
		*d.pic = dav1dPicture{}
		switch code := dav1dGetPicture(d.ctx, d.pic); {
		case code == dav1dAgain:
			return got, nil
		case code != 0:
			return got, domerr.Wrap(failed("dav1d_get_picture", code), domerr.Encoding, "dav1d cannot decode; ask for a key frame")
		}
		got = true
		if err := d.pass(f, emit); err != nil {
			return got, err
		}
	}
}

func (d *av1Decoder) pass(f *codec.EncodedFrame, emit func(*codec.VideoFrame)) error {
	p := d.pic
	defer dav1dPictureUnref(p)
	width, height := int(p.width), int(p.height)
	if p.bits != 8 || p.layout != dav1dLayoutI420 && p.layout != dav1dLayoutI400 {
		return domerr.New(domerr.NotSupported, "AV1 of another format than 8-bit 4:2:0 is not supported")
	}
	planes, strideUV := p.planes, int(p.stride[1])
	if p.layout == dav1dLayoutI400 {
		strideUV = (width + 1) / 2
		if n := strideUV * ((height + 1) / 2); len(d.grey) < n {
			d.grey = make([]byte, n)
			for i := range d.grey {
				d.grey[i] = 128
			}
		}
		planes[1] = uintptr(unsafe.Pointer(&d.grey[0]))
		planes[2] = planes[1]
	}
	emit(d.picture.take(width, height, planes[:], int(p.stride[0]), strideUV, f))
	return nil
}

// Close implements codec.VideoDecoder.
func (d *av1Decoder) Close() error {
	if d.ctx != 0 {
		dav1dClose(&d.ctx)
		d.ctx = 0
	}
	release(&d.data)
	release(&d.pic)
	return nil
}
