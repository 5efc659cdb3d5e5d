package g722

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trackway/codec"
	"trackway/internal/ffprobe"
)

// speech is half a second of something with formants, noise and pauses.
func speech() []int16 {
	s := make([]int16, 8000)
	seed := uint32(1)
	for i := range s {
		t := float64(i) / sampleRate
		seed = seed*1664525 + 1013904223
		noise := float64(int32(seed)) / (1 << 31)
		v := 0.3*math.Sin(2*math.Pi*210*t)*math.Sin(2*math.Pi*3*t) + 0.2*math.Sin(2*math.Pi*(900+2000*t)*t) + 0.1*math.Sin(2*math.Pi*5200*t) + 0.05*noise
		if i/1000%4 == 3 {
			v = 0
		}
		s[i] = int16(32767 * v)
	}
	return s
}

func samples(b []byte) []int16 {
	s := make([]int16, len(b)/2)
	for i := range s {
		s[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return s
}

func TestBitExactWithFFmpeg(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	in := speech()
	e := newState()
	var ours []byte
	for i := 0; i < len(in); i += 2 {
		ours = append(ours, e.encode(in[i], in[i+1]))
	}
	if err := os.WriteFile(file("ours.g722"), ours, 0o600); err != nil {
		t.Fatal(err)
	}
	ffprobe.Make(t, "-f", "g722", "-i", file("ours.g722"), "-f", "s16le", file("theirs.pcm"))
	raw, err := os.ReadFile(file("theirs.pcm"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := samples(raw)
	d := newState()
	var decoded []int16
	for _, c := range ours {
		a, b := d.decode(c)
		decoded = append(decoded, a, b)
	}
	if !slices.Equal(decoded, theirs) {
		for i := range min(len(decoded), len(theirs)) {
			if decoded[i] != theirs[i] {
				t.Fatalf("sample %d: we decode %d, ffmpeg %d (of %d and %d)", i, decoded[i], theirs[i], len(decoded), len(theirs))
			}
		}
		t.Fatalf("we decode %d samples, ffmpeg %d", len(decoded), len(theirs))
	}
	// The coder's delay is 22 samples; the difference is its quantisation.
	var signal, noise float64
	for i := 22; i < len(in); i++ {
		diff := float64(decoded[i]) - float64(in[i-22])
		signal += float64(in[i-22]) * float64(in[i-22])
		noise += diff * diff
	}
	if snr := 10 * math.Log10(signal/noise); snr < 15 {
		t.Errorf("signal to noise ratio %.1f dB, want 15 at least", snr)
	}
}

func TestEncoderCountsTheRTPClock(t *testing.T) {
	enc, err := NewEncoder(codec.Codec{MimeType: codec.G722}, codec.AudioSettings{})
	if err != nil {
		t.Fatal(err)
	}
	var frames []codec.EncodedFrame
	for i := range 10 {
		in := &codec.AudioFrame{Samples: make([]int16, 480), SampleRate: 48000, Channels: 1, Timestamp: uint32(i * 480)}
		if err := enc.Encode(in, func(f *codec.EncodedFrame) { frames = append(frames, *f.Clone()) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(frames) != 4 {
		t.Fatalf("%d frames of 20 ms from 100 ms less the filter's delay, want 4", len(frames))
	}
	for i, f := range frames {
		if len(f.Data) != 160 || f.Timestamp != uint32(i*160) || f.Duration != 20*time.Millisecond {
			t.Errorf("frame %d: %d octets at %d; want 160 octets, and 160 ticks of 8 kHz each", i, len(f.Data), f.Timestamp)
		}
	}
}

func TestSilenceStaysSilent(t *testing.T) {
	dec, err := NewDecoder(codec.Codec{MimeType: codec.G722})
	if err != nil {
		t.Fatal(err)
	}
	e := newState()
	data := make([]byte, 160)
	for i := range data {
		data[i] = e.encode(0, 0)
	}
	if bytes.Equal(data, make([]byte, 160)) {
		t.Error("silence is not all zeros in G.722")
	}
	dec.Decode(&codec.EncodedFrame{Data: data}, func(f *codec.AudioFrame) {
		for _, v := range f.Samples {
			if v > 20 || v < -20 {
				t.Fatalf("silence decodes to %d", v)
			}
		}
	})
}
