package opus

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/codec"
	"trackway/container"
	"trackway/container/ogg"
	"trackway/internal/bitstream"
	"trackway/internal/ffprobe"
)

var opus = codec.Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2}

func tone(i, n, rate, channels int) *codec.AudioFrame {
	f := &codec.AudioFrame{SampleRate: rate, Channels: channels, Timestamp: uint32(i * n), Samples: make([]int16, n*channels)}
	for k := range n {
		v := int16(8000 * math.Sin(2*math.Pi*440*float64(i*n+k)/float64(rate)))
		for c := range channels {
			f.Samples[k*channels+c] = v
		}
	}
	return f
}

func encode(t testing.TB, s codec.AudioSettings, frames int, rate, channels int) (out []*codec.EncodedFrame) {
	t.Helper()
	enc, err := NewEncoder(opus, s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if err := enc.Encode(tone(i, rate/100, rate, channels), func(f *codec.EncodedFrame) { out = append(out, f.Clone()) }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// power is the mean square of the left channel, and the share of it at a frequency.
func power(s []int16, freq float64) (total, share float64) {
	var re, im float64
	n := len(s) / 2
	for i := range n {
		v := float64(s[2*i])
		sin, cos := math.Sincos(2 * math.Pi * freq * float64(i) / rate)
		re += v * cos
		im += v * sin
		total += v * v
	}
	return total / float64(n), 2 * (re*re + im*im) / float64(n) / total
}

func TestAToneSurvives(t *testing.T) {
	for _, c := range []struct{ rate, channels int }{{48000, 2}, {48000, 1}, {44100, 2}, {8000, 1}} {
		frames := encode(t, codec.AudioSettings{Channels: c.channels}, 100, c.rate, c.channels)
		if len(frames) < 48 || len(frames) > 50 {
			t.Fatalf("%+v: %d packets of 20 ms from a second", c, len(frames))
		}
		dec, err := NewDecoder(opus)
		if err != nil {
			t.Fatal(err)
		}
		var all []int16
		for i, f := range frames {
			if f.Timestamp != uint32(i*960) || f.Duration != 20*time.Millisecond || !f.KeyFrame {
				t.Fatalf("%+v: packet %d is at %d", c, i, f.Timestamp)
			}
			err := dec.Decode(f, func(a *codec.AudioFrame) {
				if a.SampleRate != 48000 || a.Channels != 2 || a.Timestamp != f.Timestamp {
					t.Fatalf("decoded %d Hz, %d channels at %d", a.SampleRate, a.Channels, a.Timestamp)
				}
				all = append(all, a.Samples...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		total, share := power(all[9600:], 440)
		if want := 8000.0 * 8000 / 2; total < want/1.3 || total > want*1.3 || share < 0.98 {
			t.Errorf("%+v: power %.0f (of %.0f), %.0f%% of it at 440 Hz", c, total, want, 100*share)
		}
	}
}

func TestFFmpegDecodesIt(t *testing.T) {
	var b bytes.Buffer
	w, err := ogg.NewWriter(&b, container.Track{MimeType: codec.Opus, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range encode(t, codec.AudioSettings{Channels: 2, FEC: true, PacketLoss: 10}, 200, 48000, 2) {
		if err := w.WritePacket(container.Packet{Time: time.Duration(f.Timestamp) * time.Second / 48000, Data: f.Data}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	path := filepath.Join(t.TempDir(), "a.ogg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ffprobe.Decode(t, path)
}

func TestInBandFECCanBeSeen(t *testing.T) {
	count := func(s codec.AudioSettings) (n int) {
		for _, f := range encode(t, s, 100, 48000, s.Channels) {
			if bitstream.OpusFEC(f.Data) {
				n++
			}
		}
		return n
	}
	for _, channels := range []int{1, 2} {
		s := codec.AudioSettings{Channels: channels, ContentHint: "speech", Bitrate: 24000 * channels, FEC: true, PacketLoss: 20}
		if n := count(s); n < 20 {
			t.Errorf("%d channels: %d of 100 packets are seen to repeat the one before", channels, n)
		}
		s.FEC = false
		if n := count(s); n != 0 {
			t.Errorf("%d channels: %d packets are seen to repeat the one before, and none does", channels, n)
		}
	}
	if bitstream.OpusFEC(nil) || bitstream.OpusFEC([]byte{3}) || bitstream.OpusFEC([]byte{3, 0x41, 255}) || bitstream.OpusFEC([]byte{1 << 3}) {
		t.Error("what is cut off repeats nothing")
	}
}

func TestLossIsConcealed(t *testing.T) {
	frames := encode(t, codec.AudioSettings{Channels: 1, ContentHint: "speech", Bitrate: 24000, FEC: true, PacketLoss: 20}, 100, 48000, 1)
	dec, err := NewDecoder(opus)
	if err != nil {
		t.Fatal(err)
	}
	var got []codec.AudioFrame
	note := func(a *codec.AudioFrame) { got = append(got, *a.Clone()) }
	for i, f := range frames {
		switch i {
		case 30, 31, 32:
			continue
		case 33:
			if err := dec.Conceal(60*time.Millisecond, f, note); err != nil {
				t.Fatal(err)
			}
		}
		if err := dec.Decode(f, note); err != nil {
			t.Fatal(err)
		}
	}
	next := uint32(0)
	for _, a := range got {
		if a.Timestamp != next {
			t.Fatalf("sound at %d, want %d: concealment fills the gap exactly", a.Timestamp, next)
		}
		next += uint32(len(a.Samples) / 2)
	}
	if total, _ := power(got[30].Samples, 440); total < 1e6 {
		t.Errorf("the first concealed packet has power %.0f; it should sound like the one before", total)
	}
	if err := dec.Conceal(time.Hour, nil, note); err != nil {
		t.Errorf("concealing a long loss: %v", err)
	}
}

func TestBitrateChangesWhileItRuns(t *testing.T) {
	enc, err := NewEncoder(opus, codec.AudioSettings{Channels: 2, Bitrate: 128000})
	if err != nil {
		t.Fatal(err)
	}
	size := func() (n int) {
		seed := uint32(1)
		for i := range 50 {
			f := tone(i, 960, 48000, 2)
			for k := range f.Samples {
				seed = seed*1664525 + 1013904223
				f.Samples[k] = int16(seed >> 18)
			}
			enc.Encode(f, func(f *codec.EncodedFrame) { n += len(f.Data) })
		}
		return n * 8
	}
	high := size()
	if err := enc.SetTarget(codec.AudioSettings{Bitrate: 24000}); err != nil {
		t.Fatal(err)
	}
	if low := size(); high < 100000 || low > 36000 {
		t.Errorf("a second takes %d bits at 128 kbit/s and %d at 24 kbit/s", high, low)
	}
}

func TestWhatIsNotOpusIsRefused(t *testing.T) {
	if _, err := NewEncoder(opus, codec.AudioSettings{FrameDuration: 7 * time.Millisecond}); err == nil {
		t.Error("Opus has no frames of 7 ms")
	}
	if _, err := NewDecoder(codec.Codec{MimeType: codec.PCMU}); err == nil {
		t.Error("an Opus decoder must refuse PCMU")
	}
	dec, _ := NewDecoder(opus)
	if dec.Decode(&codec.EncodedFrame{}, func(*codec.AudioFrame) {}) == nil {
		t.Error("an empty packet must be an error")
	}
}

func FuzzDecoder(f *testing.F) {
	for _, p := range encode(f, codec.AudioSettings{Channels: 1}, 6, 48000, 1) {
		f.Add(p.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dec, err := NewDecoder(opus)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			dec.Decode(&codec.EncodedFrame{Data: data}, func(a *codec.AudioFrame) {
				if n := len(a.Samples); n%2 != 0 || n > 5760*2 {
					t.Fatalf("%d samples", n)
				}
			})
			dec.Conceal(20*time.Millisecond, &codec.EncodedFrame{Data: data}, func(*codec.AudioFrame) {})
		}
	})
}
