package i420

import (
	"image"
	"math"
	"testing"

	"trackway/codec"
)

// ramp is a picture whose luma grows to the right and whose chroma grows
// downwards, with strides wider than the planes.
func ramp(w, h int) *codec.VideoFrame {
	cw, ch := (w+1)/2, (h+1)/2
	f := &codec.VideoFrame{Width: w, Height: h, StrideY: w + 7, StrideUV: cw + 5,
		Y: make([]byte, (w+7)*h), U: make([]byte, (cw+5)*ch), V: make([]byte, (cw+5)*ch)}
	for y := range h {
		for x := range w {
			f.Y[y*f.StrideY+x] = byte(16 + 219*x/w)
		}
	}
	for y := range ch {
		for x := range cw {
			f.U[y*f.StrideUV+x] = byte(40 + 170*y/ch)
			f.V[y*f.StrideUV+x] = byte(200 - 170*y/ch)
		}
	}
	return f
}

func TestScalingKeepsARamp(t *testing.T) {
	src := ramp(320, 180)
	for _, size := range [][2]int{{320, 180}, {160, 90}, {640, 360}, {213, 121}, {100, 179}, {31, 17}, {1, 1}, {321, 181}} {
		dst := codec.NewVideoFrame(size[0], size[1])
		new(Scaler).Scale(dst, src, image.Rect(0, 0, 320, 180))
		for y := range dst.Height {
			for x := range dst.Width {
				want := 16 + 219*(float64(x)+0.5)/float64(dst.Width) - 219.0/640
				if got := float64(dst.Y[y*dst.StrideY+x]); math.Abs(got-want) > 3 && x > 0 && x < dst.Width-1 {
					t.Fatalf("%v: luma at %d,%d is %v, want %.0f", size, x, y, got, want)
				}
			}
		}
		if c := (dst.Height + 1) / 2; c > 4 {
			if top, bottom := dst.U[0], dst.U[(c-1)*dst.StrideUV]; top > 50 || bottom < 195 {
				t.Errorf("%v: chroma goes from %d to %d, want 40 to 210", size, top, bottom)
			}
		}
	}
}

func TestFlatStaysFlat(t *testing.T) {
	src := codec.NewVideoFrame(333, 77)
	src.Fill(235, 16, 240)
	var s Scaler
	for _, size := range [][2]int{{100, 100}, {500, 20}, {332, 76}} {
		dst := codec.NewVideoFrame(size[0], size[1])
		s.Scale(dst, src, image.Rect(0, 0, 333, 77))
		for _, p := range []struct {
			plane []byte
			want  byte
		}{{dst.Y, 235}, {dst.U, 16}, {dst.V, 240}} {
			for _, v := range p.plane {
				if v != p.want {
					t.Fatalf("%v: a flat %d became %d", size, p.want, v)
				}
			}
		}
	}
}

func TestReducingAveragesEverything(t *testing.T) {
	src := codec.NewVideoFrame(64, 64) // a chequered board, which sampling would turn black or white
	for i := range src.Y {
		if (i%64+i/64)%2 == 0 {
			src.Y[i] = 200
		}
	}
	dst := codec.NewVideoFrame(16, 16)
	new(Scaler).Scale(dst, src, image.Rect(0, 0, 64, 64))
	for i, v := range dst.Y {
		if v < 90 || v > 110 {
			t.Fatalf("pixel %d is %d, want the mean, 100", i, v)
		}
	}
}

func TestCropping(t *testing.T) {
	for _, c := range []struct {
		w, h, fw, fh int
		want         image.Rectangle
	}{
		{640, 480, 640, 360, image.Rect(0, 60, 640, 420)},
		{640, 480, 100, 100, image.Rect(80, 0, 560, 480)},
		{1280, 720, 320, 180, image.Rect(0, 0, 1280, 720)},
		{3, 3, 1, 100, image.Rect(0, 0, 1, 3)},
	} {
		if got := CropTo(c.w, c.h, c.fw, c.fh); got != c.want {
			t.Errorf("%dx%d for %dx%d: %v, want %v", c.w, c.h, c.fw, c.fh, got, c.want)
		}
	}
	src := ramp(320, 180)
	dst := codec.NewVideoFrame(160, 90)
	new(Scaler).Scale(dst, src, image.Rect(81, 45, 241, 135))
	if dst.Y[0] != src.Y[80] || dst.Y[159] != src.Y[239] {
		t.Error("a crop without scaling copies, from an even place on")
	}
}

func TestNV12RoundTrip(t *testing.T) {
	src := ramp(33, 17)
	y, uv := make([]byte, 40*17), make([]byte, 40*9)
	ToNV12(y, uv, 40, 40, src)
	dst := codec.NewVideoFrame(33, 17)
	FromNV12(dst, y, uv, 40, 40)
	for r := range 17 {
		for x := range 33 {
			if dst.Y[r*33+x] != src.Y[r*src.StrideY+x] || dst.V[r/2*17+x/2] != src.V[r/2*src.StrideUV+x/2] {
				t.Fatalf("pixel %d,%d changed", x, r)
			}
		}
	}
}

func TestRGBRoundTrip(t *testing.T) {
	colours := [][3]byte{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {0, 0, 0}, {220, 40, 50}, {128, 128, 128}}
	for _, layout := range [][3]int{RGBA, BGRA} {
		for _, c := range colours {
			pix := make([]byte, 4*5*3)
			for i := range 15 {
				for k := range 3 {
					pix[4*i+layout[k]] = c[k]
				}
			}
			f := codec.NewVideoFrame(5, 3)
			FromRGB(f, pix, 20, layout)
			back := make([]byte, len(pix))
			ToRGB(back, 20, layout, f)
			for k := range 3 {
				if d := int(back[layout[k]]) - int(c[k]); d > 4 || d < -4 {
					t.Errorf("%v in layout %v came back as %v", c, layout, back[:4])
				}
			}
			if back[3] != 255 {
				t.Error("the fourth byte is opaque")
			}
		}
	}
	if c := ToImage(codec.NewVideoFrame(2, 2)).Bounds(); c.Dx() != 2 {
		t.Errorf("image of %v", c)
	}
}

func TestYUYV(t *testing.T) {
	in := []byte{10, 100, 20, 200, 30, 110, 40, 210, 11, 104, 21, 204, 31, 114, 41, 214}
	f := codec.NewVideoFrame(4, 2)
	FromYUYV(f, in, 8)
	if f.Y[1] != 20 || f.Y[4] != 11 || f.U[0] != 102 || f.U[1] != 112 || f.V[1] != 212 {
		t.Errorf("Y %v U %v V %v", f.Y, f.U, f.V)
	}
}

func BenchmarkScale720pTo360p(b *testing.B) {
	src, dst := ramp(1280, 720), codec.NewVideoFrame(640, 360)
	var s Scaler
	b.ReportAllocs()
	for b.Loop() {
		s.Scale(dst, src, image.Rect(0, 0, 1280, 720))
	}
}

func BenchmarkScale720pTo540p(b *testing.B) {
	src, dst := ramp(1280, 720), codec.NewVideoFrame(960, 540)
	var s Scaler
	for b.Loop() {
		s.Scale(dst, src, image.Rect(0, 0, 1280, 720))
	}
}
