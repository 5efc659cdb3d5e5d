package i420

import (
	"image"

	"trackway/codec"
)

// FromNV12 fills dst, of the right size, from a plane of luma and one of
// chroma with U and V in turn, as cameras and hardware codecs give them.
func FromNV12(dst *codec.VideoFrame, y, uv []byte, strideY, strideUV int) {
	for r := range dst.Height {
		copy(dst.Y[r*dst.StrideY:r*dst.StrideY+dst.Width], y[r*strideY:])
	}
	cw := (dst.Width + 1) / 2
	for r := range (dst.Height + 1) / 2 {
		in := uv[r*strideUV : r*strideUV+2*cw]
		u, v := dst.U[r*dst.StrideUV:], dst.V[r*dst.StrideUV:]
		for i := range cw {
			u[i], v[i] = in[2*i], in[2*i+1]
		}
	}
}

// ToNV12 undoes FromNV12.
func ToNV12(y, uv []byte, strideY, strideUV int, src *codec.VideoFrame) {
	for r := range src.Height {
		copy(y[r*strideY:r*strideY+src.Width], src.Y[r*src.StrideY:])
	}
	cw := (src.Width + 1) / 2
	for r := range (src.Height + 1) / 2 {
		out := uv[r*strideUV : r*strideUV+2*cw]
		u, v := src.U[r*src.StrideUV:], src.V[r*src.StrideUV:]
		for i := range cw {
			out[2*i], out[2*i+1] = u[i], v[i]
		}
	}
}

// FromYUYV fills dst, of the right size, from packed 4:2:2, the common format
// of webcams; chroma rows are averaged in pairs.
func FromYUYV(dst *codec.VideoFrame, in []byte, stride int) {
	for r := range dst.Height {
		row := in[r*stride:]
		out := dst.Y[r*dst.StrideY : r*dst.StrideY+dst.Width]
		for i := range out {
			out[i] = row[2*i]
		}
	}
	for r := range (dst.Height + 1) / 2 {
		a := in[2*r*stride:]
		b := in[min(2*r+1, dst.Height-1)*stride:]
		u, v := dst.U[r*dst.StrideUV:], dst.V[r*dst.StrideUV:]
		for i := range (dst.Width + 1) / 2 {
			u[i] = byte((int(a[4*i+1]) + int(b[4*i+1]) + 1) / 2)
			v[i] = byte((int(a[4*i+3]) + int(b[4*i+3]) + 1) / 2)
		}
	}
}

// The layouts of 32-bit pixels: the place of red, green and blue in memory.
var (
	RGBA = [3]int{0, 1, 2} // canvas ImageData, image.RGBA
	BGRA = [3]int{2, 1, 0} // X11, and most other screens
)

// FromRGB fills dst, of the right size, from 32-bit pixels by BT.601 in limited
// range. Chroma is the mean of the pixels it covers.
func FromRGB(dst *codec.VideoFrame, pix []byte, stride int, layout [3]int) {
	ri, gi, bi := layout[0], layout[1], layout[2]
	for y := range dst.Height {
		row := pix[y*stride:]
		out := dst.Y[y*dst.StrideY : y*dst.StrideY+dst.Width]
		for x := range out {
			p := row[4*x : 4*x+4 : 4*x+4]
			out[x] = byte((66*int(p[ri])+129*int(p[gi])+25*int(p[bi])+128)>>8 + 16)
		}
	}
	for cy := range (dst.Height + 1) / 2 {
		a := pix[2*cy*stride:]
		b := pix[min(2*cy+1, dst.Height-1)*stride:]
		u, v := dst.U[cy*dst.StrideUV:], dst.V[cy*dst.StrideUV:]
		for cx := range (dst.Width + 1) / 2 {
			l, r := 8*cx, 4*min(2*cx+1, dst.Width-1)
			red := int(a[l+ri]) + int(a[r+ri]) + int(b[l+ri]) + int(b[r+ri])
			green := int(a[l+gi]) + int(a[r+gi]) + int(b[l+gi]) + int(b[r+gi])
			blue := int(a[l+bi]) + int(a[r+bi]) + int(b[l+bi]) + int(b[r+bi])
			u[cx] = byte((-38*red-74*green+112*blue+512)>>10 + 128)
			v[cx] = byte((112*red-94*green-18*blue+512)>>10 + 128)
		}
	}
}

// ToRGB fills 32-bit pixels from src; the fourth byte becomes 255.
func ToRGB(pix []byte, stride int, layout [3]int, src *codec.VideoFrame) {
	alpha := 6 - layout[0] - layout[1] - layout[2]
	for y := range src.Height {
		row := pix[y*stride:]
		luma := src.Y[y*src.StrideY:]
		u, v := src.U[y/2*src.StrideUV:], src.V[y/2*src.StrideUV:]
		for x := range src.Width {
			c := 298*(int(luma[x])-16) + 128
			d, e := int(u[x/2])-128, int(v[x/2])-128
			p := row[4*x : 4*x+4 : 4*x+4]
			p[layout[0]] = clamp((c + 409*e) >> 8)
			p[layout[1]] = clamp((c - 100*d - 208*e) >> 8)
			p[layout[2]] = clamp((c + 516*d) >> 8)
			p[alpha] = 255
		}
	}
}

func clamp(v int) byte { return byte(max(0, min(255, v))) }

// ToImage returns a copy of the picture as an image of package image.
func ToImage(src *codec.VideoFrame) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, src.Width, src.Height))
	ToRGB(img.Pix, img.Stride, RGBA, src)
	return img
}
