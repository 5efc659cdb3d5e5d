package vp8

import (
	"bytes"
	"sync"
	"testing"
)

// bench720 is a second of 1280x720 and its encoding at 2 Mbit/s.
var bench720 = sync.OnceValues(func() (frames []*Frame, stream [][]byte) {
	s := newScene(7, 1280, 720)
	e, err := NewEncoder(EncoderConfig{Width: 1280, Height: 720, Bitrate: 2_000_000})
	if err != nil {
		panic(err)
	}
	for i := range 30 {
		f := s.frame(i)
		data, _, err := e.Encode(f, FrameFlags{})
		if err != nil {
			panic(err)
		}
		frames, stream = append(frames, f), append(stream, bytes.Clone(data))
	}
	return frames, stream
})

// BenchmarkEncode720 encodes a moving scene; one operation is one frame.
func BenchmarkEncode720(b *testing.B) {
	frames, _ := bench720()
	e, _ := NewEncoder(EncoderConfig{Width: 1280, Height: 720, Bitrate: 2_000_000})
	b.ReportAllocs()
	i := 0
	start := cpuTime()
	for b.Loop() {
		if _, _, err := e.Encode(frames[i%len(frames)], FrameFlags{}); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/(cpuTime()-start).Seconds(), "frames/cpu-s")
}

// BenchmarkEncodeStill720 encodes a picture that does not change.
func BenchmarkEncodeStill720(b *testing.B) {
	frames, _ := bench720()
	e, _ := NewEncoder(EncoderConfig{Width: 1280, Height: 720, Bitrate: 2_000_000})
	start := cpuTime()
	for b.Loop() {
		if _, _, err := e.Encode(frames[0], FrameFlags{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/(cpuTime()-start).Seconds(), "frames/cpu-s")
}

// BenchmarkDecode720 decodes the encoding of the same scene at 2 Mbit/s.
func BenchmarkDecode720(b *testing.B) {
	_, stream := bench720()
	d := NewDecoder(DecoderConfig{})
	b.ReportAllocs()
	i := 0
	start := cpuTime()
	for b.Loop() {
		if _, err := d.Decode(stream[i%len(stream)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/(cpuTime()-start).Seconds(), "frames/cpu-s")
}
