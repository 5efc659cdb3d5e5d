package v4l2

import (
	"bytes"
	"image"
	"image/jpeg"
	"sync"

	"trackway/codec"
	"trackway/internal/domerr"
)

// jpegDecoder decodes the pictures of Motion JPEG.
type jpegDecoder struct{ whole []byte }

// decode fills dst, which has the picture's size.
func (d *jpegDecoder) decode(dst *codec.VideoFrame, data []byte) error {
	d.whole = withTables(d.whole[:0], data)
	size, err := jpeg.DecodeConfig(bytes.NewReader(d.whole))
	if err != nil {
		return err
	}
	// Before memory is taken: the header is the camera's word.
	if size.Width != dst.Width || size.Height != dst.Height {
		return domerr.New(domerr.Encoding, "the camera gives %dx%d instead of %dx%d", size.Width, size.Height, dst.Width, dst.Height)
	}
	img, err := jpeg.Decode(bytes.NewReader(d.whole))
	if err != nil {
		return err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		fromYCbCr(dst, img)
	case *image.Gray:
		limit := limits()
		for y := range dst.Height {
			for x, v := range img.Pix[y*img.Stride:][:dst.Width] {
				dst.Y[y*dst.StrideY+x] = limit.luma[v]
			}
		}
		for i := range dst.U {
			dst.U[i], dst.V[i] = 128, 128
		}
	default:
		return domerr.New(domerr.NotSupported, "a JPEG of colours that are not YCbCr")
	}
	return nil
}

// limits turn JPEG's full range into the limited one of video.
var limits = sync.OnceValue(func() (t struct{ luma, chroma [256]byte }) {
	for i := range 256 {
		t.luma[i] = byte(16 + (i*219+127)/255)
		t.chroma[i] = byte(128 + ((i-128)*224+sign(i-128)*127)/255)
	}
	return t
})

func sign(v int) int {
	if v < 0 {
		return -1
	}
	return 1
}

// fromYCbCr converts a picture of any chroma subsampling.
func fromYCbCr(dst *codec.VideoFrame, img *image.YCbCr) {
	limit := limits()
	b := img.Rect.Min
	for y := range dst.Height {
		row := img.Y[img.YOffset(b.X, b.Y+y):][:dst.Width]
		out := dst.Y[y*dst.StrideY:][:dst.Width]
		for x, v := range row {
			out[x] = limit.luma[v]
		}
	}
	for y := range (dst.Height + 1) / 2 {
		for x := range (dst.Width + 1) / 2 {
			// The mean of the two rows: 4:2:2, which cameras send, has both.
			top := img.COffset(b.X+2*x, b.Y+2*y)
			bottom := img.COffset(b.X+2*x, b.Y+min(2*y+1, dst.Height-1))
			i := y*dst.StrideUV + x
			dst.U[i] = limit.chroma[(int(img.Cb[top])+int(img.Cb[bottom])+1)/2]
			dst.V[i] = limit.chroma[(int(img.Cr[top])+int(img.Cr[bottom])+1)/2]
		}
	}
}

// withTables appends a picture to dst, with the Huffman tables of the standard
// if it has none: Motion JPEG leaves them out.
func withTables(dst, data []byte) []byte {
	at := 2
	for at+4 <= len(data) && data[at] == 0xff {
		switch data[at+1] {
		case 0xc4: // DHT
			return append(dst, data...)
		case 0xda: // SOS: the picture begins, without tables
			dst = append(dst, data[:at]...)
			dst = append(dst, standardTables()...)
			return append(dst, data[at:]...)
		}
		at += 2 + int(data[at+2])<<8 + int(data[at+3])
	}
	return append(dst, data...)
}
