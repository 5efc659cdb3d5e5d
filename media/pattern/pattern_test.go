package pattern

import (
	"image"
	"math"
	"testing"
	"time"

	"trackway/codec"
	"trackway/codec/i420"
)

func TestBlocksHaveTheirColoursAtAnySize(t *testing.T) {
	for _, size := range []image.Point{{640, 360}, {640, 480}, {1280, 720}, {161, 91}} {
		p := New(size.X, size.Y)
		f := new(codec.VideoFrame)
		for _, at := range []time.Duration{0, 3333 * time.Millisecond, 9966 * time.Millisecond} {
			p.Draw(f, 7, at)
			img := i420.ToImage(f)
			for _, b := range Blocks {
				r := b.In(size.X, size.Y)
				for _, q := range []image.Point{r.Min, {r.Max.X - 1, r.Max.Y - 1}, {(r.Min.X + r.Max.X) / 2, (r.Min.Y + r.Max.Y) / 2}} {
					c := img.RGBAAt(q.X, q.Y)
					if diff(c.R, b.R) > 6 || diff(c.G, b.G) > 6 || diff(c.B, b.B) > 6 {
						t.Errorf("%v at %v: %s is %v at %v, want %d,%d,%d", size, at, b.Name, c, q, b.R, b.G, b.B)
					}
				}
			}
		}
	}
}

func diff(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func TestTheFlashFollowsTheSecond(t *testing.T) {
	p := New(640, 360)
	f := new(codec.VideoFrame)
	for n := range 300 {
		at := time.Duration(n) * time.Second / 30
		p.Draw(f, n, at)
		if got, want := FlashLevel(f) > 128, n%30 < 3; got != want {
			t.Errorf("frame %d, at %v: flash %v (level %d), want %v", n, at, got, FlashLevel(f), want)
		}
	}
}

func TestNumbersAreReadBackAfterScaling(t *testing.T) {
	p := New(640, 360)
	f := new(codec.VideoFrame)
	var s i420.Scaler
	half := codec.NewVideoFrame(200, 112)
	for _, n := range []int{0, 1, 0x5555, 0xaaaa, 65535, 65536 + 9} {
		p.Draw(f, n, 0)
		s.Scale(half, f, image.Rect(0, 0, 640, 360))
		for _, g := range []*codec.VideoFrame{f, half} {
			if got, ok := Number(g); !ok || got != n%65536 {
				t.Errorf("%d reads as %d, %v at width %d", n, got, ok, g.Width)
			}
		}
	}
	for _, luma := range []byte{16, 235} {
		f.Fill(luma, 128, 128)
		if n, ok := Number(f); ok {
			t.Errorf("a flat picture reads as %d", n)
		}
	}
	if _, ok := Number(codec.NewVideoFrame(1, 1)); ok {
		t.Error("one pixel holds no number")
	}
}

func TestMotionReturnsAfterAPeriod(t *testing.T) {
	p := New(320, 180)
	a, b := new(codec.VideoFrame), new(codec.VideoFrame)
	p.Draw(a, 5, time.Second/3)
	p.Draw(b, 5, Period+time.Second/3)
	if string(a.Y) != string(b.Y) {
		t.Error("a period later the picture must be the same, so that it loops")
	}
}

func TestSoundBeepsWhenThePictureFlashes(t *testing.T) {
	const rate = 48000
	s := make([]int16, 2*rate*2)
	Sound(s, 0, rate, 2)
	for n := 0; n < 2*rate; n += rate / 100 {
		peak := 0
		for _, v := range s[2*n : 2*(n+rate/100)] {
			peak = max(peak, int(math.Abs(float64(v))))
		}
		at := time.Duration(n) * time.Second / rate
		if loud := peak > 8000; loud != Flashing(at) {
			t.Errorf("at %v the peak is %d; beeping must be %v", at, peak, Flashing(at))
		}
		if peak < 300 {
			t.Errorf("at %v the peak is %d; the tone is always there", at, peak)
		}
	}
	again := make([]int16, 200)
	Sound(again, 10*rate*7+100, rate, 1)
	for i, v := range again {
		if v != s[2*(100+i)] {
			t.Fatal("periods later the sound must be the same")
		}
	}
}
