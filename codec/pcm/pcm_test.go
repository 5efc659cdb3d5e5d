package pcm

import (
	"math"
	"slices"
	"testing"
	"time"

	"trackway/codec"
)

func tone(freq float64, rate, n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(20000 * math.Sin(2*math.Pi*freq*float64(i)/float64(rate)))
	}
	return s
}

func TestResamplingKeepsTonesAndTheirPlace(t *testing.T) {
	for _, c := range []struct{ from, to int }{{44100, 48000}, {48000, 44100}, {48000, 8000}, {8000, 48000}, {16000, 48000}, {48000, 16000}, {11025, 48000}} {
		in := tone(1000, c.from, c.from/2)
		r := NewResampler(c.from, c.to, 1)
		var out []int16
		for part := range slices.Chunk(in, 441) {
			out = r.Append(out, part)
		}
		if missing := float64(c.to)/2 - float64(len(out)); missing < 0 || missing > 0.01*float64(c.to) {
			t.Errorf("%d→%d: %d samples of half a second", c.from, c.to, len(out))
		}
		want := tone(1000, c.to, len(out))
		var signal, noise float64
		for i := c.to / 50; i < len(out)-c.to/50; i++ {
			d := float64(out[i]) - float64(want[i])
			signal += float64(want[i]) * float64(want[i])
			noise += d * d
		}
		if snr := 10 * math.Log10(signal/noise); snr < 60 {
			t.Errorf("%d→%d: %.1f dB between the tone and what it should be, want 60", c.from, c.to, snr)
		}
	}
}

func TestResamplingDownLeavesNoAlias(t *testing.T) {
	out := NewResampler(48000, 8000, 1).Append(nil, tone(6000, 48000, 24000))
	peak := 0
	for _, v := range out[200 : len(out)-200] {
		peak = max(peak, int(v), -int(v))
	}
	if peak > 20 { // 60 dB down
		t.Errorf("6 kHz comes out at 8 kHz with amplitude %d of 20000; nothing may be left of it", peak)
	}
}

func TestChannelsStayApart(t *testing.T) {
	in := make([]int16, 2*4800)
	for i, v := range tone(1000, 44100, 4800) {
		in[2*i] = v
	}
	out := NewResampler(44100, 48000, 2).Append(nil, in)
	for i := 1; i < len(out); i += 2 {
		if out[i] != 0 {
			t.Fatal("the right channel must not hear the left")
		}
	}
}

func TestMixing(t *testing.T) {
	for _, c := range []struct {
		in       []int16
		from, to int
		want     []int16
	}{
		{[]int16{1, 2}, 1, 2, []int16{1, 1, 2, 2}},
		{[]int16{10, 20, -32768, -32768}, 2, 1, []int16{15, -32768}},
		{[]int16{1, 2, 3, 4, 5, 6}, 6, 2, []int16{1, 2}},
		{[]int16{1, 2}, 2, 3, []int16{1, 2, 0}},
	} {
		if got := AppendMixed(nil, c.in, c.from, c.to); !slices.Equal(got, c.want) {
			t.Errorf("%d→%d channels: %v gives %v, want %v", c.from, c.to, c.in, got, c.want)
		}
	}
}

func push(t *testing.T, f *Framer, in *codec.AudioFrame) (out []codec.AudioFrame) {
	t.Helper()
	if err := f.Push(in, func(a *codec.AudioFrame) error { out = append(out, *a.Clone()); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFramerGathersAndKeepsTime(t *testing.T) {
	f := NewFramer(48000, 2, 960)
	start := time.Unix(100, 0)
	var out []codec.AudioFrame
	for i := range 30 { // 10 ms less one sample, mono
		in := &codec.AudioFrame{Samples: make([]int16, 479), SampleRate: 48000, Channels: 1,
			Timestamp: uint32(1<<32 - 1000 + i*479), CaptureTime: start.Add(time.Duration(i*479) * time.Second / 48000)}
		out = append(out, push(t, f, in)...)
	}
	if len(out) != 30*479/960 {
		t.Fatalf("%d frames, want %d", len(out), 30*479/960)
	}
	for i, a := range out {
		if len(a.Samples) != 1920 || a.Timestamp != uint32(1<<32-1000+i*960) {
			t.Errorf("frame %d: %d samples at %d, want 1920 at %d", i, len(a.Samples), a.Timestamp, uint32(1<<32-1000+i*960))
		}
		if d := a.CaptureTime.Sub(start.Add(time.Duration(i) * 20 * time.Millisecond)); d.Abs() > time.Microsecond {
			t.Errorf("frame %d was captured %v off", i, d)
		}
	}
}

func TestFramerStartsAnewAfterAGap(t *testing.T) {
	f := NewFramer(8000, 1, 160)
	in := func(ts uint32) *codec.AudioFrame {
		return &codec.AudioFrame{Samples: make([]int16, 4800), SampleRate: 48000, Channels: 1, Timestamp: ts}
	}
	first := push(t, f, in(0))
	if len(first) != 4 || first[3].Timestamp != 480 {
		t.Fatalf("%d frames from 100 ms less the filter's delay", len(first))
	}
	second := push(t, f, in(48000))
	if len(second) != 4 || second[0].Timestamp != 8000-800+first[3].Timestamp+160+160 && second[0].Timestamp < 7000 {
		t.Errorf("after a gap of 0.9 s the first frame is at %d ticks of 8 kHz", second[0].Timestamp)
	}
}

func TestConcealmentContinuesAToneAndFades(t *testing.T) {
	c := Concealer{SampleRate: 8000, Channels: 1}
	in := tone(200, 8000, 800)
	c.Heard(&codec.AudioFrame{Samples: in, SampleRate: 8000, Channels: 1, Timestamp: 1000})
	var got codec.AudioFrame
	c.Conceal(20*time.Millisecond, func(f *codec.AudioFrame) { got = *f.Clone() })
	if len(got.Samples) != 160 || got.Timestamp != 1800 {
		t.Fatalf("%d samples at %d, want 160 at 1800", len(got.Samples), got.Timestamp)
	}
	want := tone(200, 8000, 960)[800:]
	for i := range 40 {
		if d := int(got.Samples[i]) - int(want[i]); d > 2500 || d < -2500 {
			t.Fatalf("sample %d is %d; the tone goes on with %d", i, got.Samples[i], want[i])
		}
	}
	c.Conceal(100*time.Millisecond, func(f *codec.AudioFrame) { got = *f.Clone() })
	if got.Samples[len(got.Samples)-1] != 0 {
		t.Error("after 60 ms concealment is silent")
	}
	fresh := Concealer{SampleRate: 8000, Channels: 1}
	fresh.Conceal(time.Hour, func(f *codec.AudioFrame) {
		if len(f.Samples) != 8000 {
			t.Errorf("%d samples conceal an hour; a second at most", len(f.Samples))
		}
	})
}

func TestLevel(t *testing.T) {
	if l := Level(make([]int16, 10)); l.Level != 127 {
		t.Errorf("silence is %d", l.Level)
	}
	if l := Level([]int16{-32768, -32768}); l.Level != 0 {
		t.Errorf("full scale is %d", l.Level)
	}
	if l := Level(tone(1000, 48000, 4800)); l.Level != 7 { // 20000/32768/√2
		t.Errorf("the tone is -%d dBov, want -7", l.Level)
	}
}
