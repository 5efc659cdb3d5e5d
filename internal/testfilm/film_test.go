package testfilm_test

import (
	"io"
	"testing"
	"time"

	"trackway/codec"
	_ "trackway/codec/all"
	"trackway/codec/i420"
	"trackway/internal/testfilm"
	"trackway/media/pattern"
)

// The film is what the package says it is, decoded by our own decoders.
func TestTheFilmIsThePattern(t *testing.T) {
	r, err := testfilm.Open()
	if err != nil {
		t.Fatal(err)
	}
	video, _, err := codec.Default.NewVideoDecoder(codec.Codec{MimeType: codec.VP8})
	if err != nil {
		t.Fatal(err)
	}
	audio, _, err := codec.Default.NewAudioDecoder(codec.Codec{MimeType: codec.Opus})
	if err != nil {
		t.Fatal(err)
	}
	pictures := 0
	var sound []int16
	for {
		p, err := r.ReadPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		e := &codec.EncodedFrame{Data: p.Data, KeyFrame: p.KeyFrame}
		if p.Track == 1 {
			err = audio.Decode(e, func(a *codec.AudioFrame) { sound = append(sound, a.Samples...) })
		} else {
			err = video.Decode(e, func(f *codec.VideoFrame) {
				checkPicture(t, f, pictures)
				pictures++
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if pictures != 300 || len(sound) != 2*480000 {
		t.Errorf("%d pictures and %d samples, want 300 and 480000 of each channel", pictures, len(sound)/2)
	}
	checkBeeps(t, sound)
}

func checkPicture(t *testing.T, f *codec.VideoFrame, n int) {
	if f.Width != testfilm.Width || f.Height != testfilm.Height {
		t.Fatalf("picture of %dx%d", f.Width, f.Height)
	}
	if got, ok := pattern.Number(f); !ok || got != n {
		t.Errorf("picture %d shows number %d, %v", n, got, ok)
	}
	if flash := pattern.FlashLevel(f) > 128; flash != (n%30 < 3) {
		t.Errorf("picture %d: flash %v", n, flash)
	}
	if n%50 != 0 {
		return
	}
	img := i420.ToImage(f)
	for _, b := range pattern.Blocks {
		r := b.In(f.Width, f.Height)
		c := img.RGBAAt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2)
		for _, d := range []int{int(c.R) - int(b.R), int(c.G) - int(b.G), int(c.B) - int(b.B)} {
			if d > 20 || d < -20 {
				t.Errorf("picture %d: %s is %v, want %d,%d,%d", n, b.Name, c, b.R, b.G, b.B)
				break
			}
		}
	}
}

// checkBeeps finds the start of each beep. The decoder starts 312 samples
// before the sound, which is the pre-skip that players take off.
func checkBeeps(t *testing.T, s []int16) {
	const preSkip = 312
	quiet := 4800
	beeps := 0
	for i := 0; i < len(s); i += 2 {
		if s[i] > 5000 || s[i] < -5000 {
			if quiet >= 4800 {
				at := time.Duration(i/2-preSkip) * time.Second / 48000
				if d := at - time.Duration(beeps)*time.Second; d.Abs() > 5*time.Millisecond {
					t.Errorf("beep %d is heard at %v", beeps, at)
				}
				beeps++
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	if beeps != 10 {
		t.Errorf("%d beeps in 10 s", beeps)
	}
}
