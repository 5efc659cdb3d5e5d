package vp8

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func isErr(err, want error) bool { return errors.Is(err, want) }

// shortStream is a key frame and some interframes of a small picture.
func shortStream(tb testing.TB, w, h, n int, partitions int) (stream [][]byte) {
	s := newScene(12, w, h)
	e := mustEncoder(tb, EncoderConfig{Width: w, Height: h, Bitrate: 200_000, TokenPartitions: partitions})
	for i := range n {
		data, _ := mustEncode(tb, e, s.frame(i), FrameFlags{})
		stream = append(stream, bytes.Clone(data))
	}
	return stream
}

func TestDecoderNeedsKeyFrame(t *testing.T) {
	stream := shortStream(t, 48, 32, 2, 1)
	d := NewDecoder(DecoderConfig{})
	for _, data := range [][]byte{nil, stream[1]} {
		if _, err := d.Decode(data); !isErr(err, ErrNeedKeyFrame) {
			t.Errorf("first frame of %d bytes: error %v, want ErrNeedKeyFrame", len(data), err)
		}
	}
}

func TestDecoderRefusesLargePictures(t *testing.T) {
	stream := shortStream(t, 48, 32, 1, 1)
	if _, err := NewDecoder(DecoderConfig{MaxPixels: 48*32 - 1}).Decode(stream[0]); !isErr(err, ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	if _, err := NewDecoder(DecoderConfig{MaxPixels: 48 * 32}).Decode(stream[0]); err != nil {
		t.Errorf("a picture of exactly MaxPixels: %v", err)
	}
}

// TestErrorsChangeNothing breaks frames in the places that the decoder checks,
// and goes on with the sound ones as if nothing had been.
func TestErrorsChangeNothing(t *testing.T) {
	stream := shortStream(t, 80, 80, 6, 4)
	clean, d := NewDecoder(DecoderConfig{}), NewDecoder(DecoderConfig{})
	for i, data := range stream {
		breakage := map[string][]byte{
			"two bytes":          data[:2],
			"version 4":          append([]byte{data[0] | 8}, data[1:]...),
			"no first partition": data[:min(len(data), 12)],
			"no tokens":          data[:len(data)-len(data)/2],
			"huge partition":     append([]byte{data[0] | 0xe0, 0xff, 0xff}, data[3:]...),
		}
		if i == 0 {
			breakage["start code"] = append(append(slices.Clone(data[:3]), 0, 0, 0), data[6:]...)
			breakage["zero width"] = append(append(slices.Clone(data[:6]), 0, 0), data[8:]...)
			breakage["nine bytes"] = data[:9]
		}
		for name, bad := range breakage {
			if f, err := d.Decode(bad); f != nil || !isErr(err, ErrBitstream) {
				t.Errorf("frame %d, %s: error %v, want ErrBitstream", i, name, err)
			}
		}
		want, got := mustDecode(t, clean, data), mustDecode(t, d, data)
		if !bytes.Equal(want.AppendI420(nil), got.AppendI420(nil)) {
			t.Fatalf("frame %d: refused data changed the decoder's state", i)
		}
	}
}

// TestInvisibleAndEmptyFrames: a frame with show_frame 0 gives no picture but
// counts as a reference; empty data repeats the picture shown last.
func TestInvisibleAndEmptyFrames(t *testing.T) {
	stream := shortStream(t, 48, 32, 4, 1)
	clean, d := NewDecoder(DecoderConfig{}), NewDecoder(DecoderConfig{})
	hidden := func(data []byte) []byte {
		data = bytes.Clone(data)
		data[0] &^= 1 << 4
		return data
	}
	if f := mustDecode(t, d, hidden(stream[0])); f != nil {
		t.Fatal("an invisible key frame was shown")
	}
	if f := mustDecode(t, d, nil); f != nil {
		t.Fatal("empty data showed a picture although none had been shown")
	}
	mustDecode(t, clean, stream[0])
	shown := mustDecode(t, d, stream[1]).AppendI420(nil)
	mustDecode(t, clean, stream[1])
	if f := mustDecode(t, d, hidden(stream[2])); f != nil {
		t.Fatal("an invisible frame was shown")
	}
	mustDecode(t, clean, stream[2])
	if f := mustDecode(t, d, nil); f == nil || !bytes.Equal(f.AppendI420(nil), shown) {
		t.Fatal("empty data did not repeat the picture shown last")
	}
	want, got := mustDecode(t, clean, stream[3]), mustDecode(t, d, stream[3])
	if !bytes.Equal(want.AppendI420(nil), got.AppendI420(nil)) {
		t.Fatal("an invisible frame did not serve as a reference")
	}
}

// TestScalingBits: the upscaling hints reach the program and change nothing else.
func TestScalingBits(t *testing.T) {
	key := shortStream(t, 48, 32, 1, 1)[0]
	plain := mustDecode(t, NewDecoder(DecoderConfig{}), key).AppendI420(nil)
	key[7] |= 2 << 6
	key[9] |= 3 << 6
	f := mustDecode(t, NewDecoder(DecoderConfig{}), key)
	if f.Width != 48 || f.Height != 32 || f.HScale != 2 || f.VScale != 3 {
		t.Errorf("%dx%d with scales %d and %d, want 48x32, 2 and 3", f.Width, f.Height, f.HScale, f.VScale)
	}
	if !bytes.Equal(plain, f.AppendI420(nil)) {
		t.Error("the scaling bits changed the picture")
	}
}

// TestNoAllocation: after the first frames neither side allocates.
func TestNoAllocation(t *testing.T) {
	s := newScene(13, 160, 120)
	var frames []*Frame
	for i := range 8 {
		frames = append(frames, s.frame(i))
	}
	e := mustEncoder(t, EncoderConfig{Width: 160, Height: 120, FixedQuantizer: 40})
	d := NewDecoder(DecoderConfig{})
	i := 0
	step := func() {
		mustDecode(t, d, first(mustEncode(t, e, frames[i%len(frames)], FrameFlags{KeyFrame: i%8 == 0})))
		i++
	}
	for range 80 {
		step()
	}
	if n := testing.AllocsPerRun(64, step); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestFarMotionVectors drives motion compensation far outside the reference,
// where samples come from beyond the border.
func TestFarMotionVectors(t *testing.T) {
	pic := newPicture(3, 2)
	rnd := newScene(14, 48, 32).frame(0)
	copyBlock(pic.y.buf[pic.y.origin:], pic.y.stride, rnd.Y, rnd.YStride, 48, 32)
	pic.extend()
	var p predictor
	at := func(x, y int) byte {
		return pic.y.buf[pic.y.at(min(max(x, 0), 47), min(max(y, 0), 31))]
	}
	for _, v := range [][2]int{{-8192, 0}, {8192, 8192}, {-400, 320}, {400, -304}, {-368, -368}, {8, 0}} {
		var dst [256]byte
		p.block(dst[:], 16, &pic.y, 16, 16, v[0], v[1], 16, 16)
		for i, got := range dst {
			if want := at(16+v[0]/8+i%16, 16+v[1]/8+i/16); got != want {
				t.Fatalf("vector %v: sample %d is %d, want %d", v, i, got, want)
			}
		}
	}
}
