package vp8

import (
	"encoding/binary"
	"errors"
	"testing"
)

// packFrames and unpackFrames make one fuzz input of several frames: each has
// its length in front, in two bytes.
func packFrames(frames [][]byte) (out []byte) {
	for _, f := range frames {
		out = binary.BigEndian.AppendUint16(out, uint16(len(f)))
		out = append(out, f...)
	}
	return out
}

func unpackFrames(data []byte) (frames [][]byte) {
	for len(data) >= 2 {
		n := min(int(binary.BigEndian.Uint16(data)), len(data)-2)
		frames = append(frames, data[2:2+n])
		data = data[2+n:]
	}
	return frames
}

// FuzzDecode: whatever arrives, the decoder neither panics nor makes pictures
// beyond its limit, and every error is one of those documented.
func FuzzDecode(f *testing.F) {
	for _, partitions := range []int{1, 8} {
		f.Add(packFrames(shortStream(f, 40, 24, 3, partitions)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 128 * 128
		d := NewDecoder(DecoderConfig{MaxPixels: limit})
		for i, frame := range unpackFrames(data) {
			if i == 16 {
				break
			}
			pic, err := d.Decode(frame)
			switch {
			case err == nil:
				if pic != nil && (pic.Width*pic.Height > limit || pic.check() != nil) {
					t.Fatalf("picture of %dx%d", pic.Width, pic.Height)
				}
			case pic != nil:
				t.Fatal("a picture together with an error")
			case !errors.Is(err, ErrBitstream) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrNeedKeyFrame):
				t.Fatalf("undocumented error %v", err)
			}
		}
	})
}

// FuzzBoolCoder: what the encoder writes, the decoder reads.
func FuzzBoolCoder(f *testing.F) {
	f.Add([]byte{1, 128, 0, 200, 1, 255, 1, 255, 0, 1, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var w boolWriter
		w.init(nil)
		for i := 0; i+1 < len(data); i += 2 {
			w.bit(data[i]&1 == 1, max(1, data[i+1]))
		}
		var r boolReader
		r.init(w.finish())
		for i := 0; i+1 < len(data); i += 2 {
			if got, want := r.bit(max(1, data[i+1])), data[i]&1 == 1; got != want {
				t.Fatalf("bool %d at probability %d: read %v, written %v", i/2, data[i+1], got, want)
			}
		}
	})
}
