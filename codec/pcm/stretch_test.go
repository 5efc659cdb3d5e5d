package pcm

import (
	"math"
	"testing"
	"time"

	"trackway/codec"
)

// toneFrom is n samples of a frequency from a place on, in each channel.
func toneFrom(from, n, rate, channels int, hz float64) *codec.AudioFrame {
	f := &codec.AudioFrame{SampleRate: rate, Channels: channels}
	for i := range n {
		for range channels {
			f.Samples = append(f.Samples, int16(9000*math.Sin(2*math.Pi*hz*float64(from+i)/float64(rate))))
		}
	}
	return f
}

// TestStretchingKeepsPitchAndContinuity changes the length of each second frame
// of a tone, and listens to the whole.
func TestStretchingKeepsPitchAndContinuity(t *testing.T) {
	for _, c := range []struct {
		rate, channels, frame int
		hz                    float64
	}{{48000, 2, 960, 440}, {48000, 1, 960, 110}, {48000, 1, 480, 1000}, {16000, 1, 320, 300}, {8000, 1, 160, 250}} {
		for _, longer := range []bool{true, false} {
			var s Stretcher
			var out []float64
			changed, at := time.Duration(0), 0
			for n := range 100 {
				f := toneFrom(at, c.frame, c.rate, c.channels, c.hz)
				at += c.frame
				if n%2 == 1 {
					var d time.Duration
					before := len(f.Samples)
					sign := 1
					if longer {
						f, d = s.Lengthen(f, false)
					} else {
						sign = -1
						f, d = s.Shorten(f, false)
					}
					if got := time.Duration(sign*(len(f.Samples)-before)/c.channels) * time.Second / time.Duration(c.rate); got != d {
						t.Fatalf("%+v: the length changed by %v, and %v is said", c, got, d)
					}
					changed += d
				}
				for i := 0; i < len(f.Samples); i += c.channels {
					if c.channels == 2 && f.Samples[i] != f.Samples[i+1] {
						t.Fatal("the channels are no more alike")
					}
					out = append(out, float64(f.Samples[i]))
				}
			}
			if changed < 50*minPeriod {
				t.Errorf("%+v longer %v: changed by %v in 50 frames, want a period in each", c, longer, changed)
			}
			// The steepest slope of the tone, and a little for the fades.
			steepest := 9000 * 2 * math.Pi * c.hz / float64(c.rate) * 1.15
			crossings := 0
			for i := 1; i < len(out); i++ {
				if d := math.Abs(out[i] - out[i-1]); d > steepest+2 {
					t.Fatalf("%+v longer %v: a jump of %.0f at sample %d, the tone's slope is %.0f", c, longer, d, i, steepest)
				}
				if out[i-1] < 0 && out[i] >= 0 {
					crossings++
				}
			}
			if hz := float64(crossings) * float64(c.rate) / float64(len(out)); math.Abs(hz-c.hz) > c.hz*0.02 {
				t.Errorf("%+v longer %v: the tone became one of %.1f Hz", c, longer, hz)
			}
		}
	}
}

func TestStretchingOfWhatHasNoPeriod(t *testing.T) {
	var s Stretcher
	noise := &codec.AudioFrame{SampleRate: 48000, Channels: 1}
	v := uint32(1)
	for range 960 {
		v = v*1664525 + 1013904223
		noise.Samples = append(noise.Samples, int16(v>>16)/4)
	}
	if _, d := s.Lengthen(noise, false); d != 0 {
		t.Errorf("noise was lengthened by %v: no seam in it is good", d)
	}
	if f, d := s.Shorten(noise, true); d < minPeriod || len(f.Samples) >= 960 {
		t.Errorf("noise was shortened by %v when forced", d)
	}
	silence := &codec.AudioFrame{SampleRate: 48000, Channels: 1, Samples: make([]int16, 960)}
	if f, d := s.Shorten(silence, false); d < 10*time.Millisecond || len(f.Samples) > 480 {
		t.Errorf("silence was shortened by %v, want as much as can be", d)
	}
	for _, n := range []int{0, 1, 30} {
		short := &codec.AudioFrame{SampleRate: 48000, Channels: 2, Samples: make([]int16, 2*n)}
		if f, d := s.Lengthen(short, true); d != 0 || len(f.Samples) != 2*n {
			t.Errorf("%d samples were lengthened by %v", n, d)
		}
	}
}
