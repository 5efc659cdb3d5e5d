package g711

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/codec"
	"trackway/internal/ffprobe"
)

// Every sample that there is, coded and decoded by us and by ffmpeg.
func TestAgreesWithFFmpeg(t *testing.T) {
	dir := t.TempDir()
	all := make([]byte, 0, 2<<16)
	for i := range 1 << 16 {
		all = binary.LittleEndian.AppendUint16(all, uint16(i))
	}
	in := filepath.Join(dir, "in.pcm")
	if err := os.WriteFile(in, all, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		format string
		encode func(int16) byte
		decode func(byte) int16
	}{{"mulaw", EncodeMu, DecodeMu}, {"alaw", EncodeA, DecodeA}} {
		coded, decoded := filepath.Join(dir, c.format), filepath.Join(dir, c.format+".pcm")
		ffprobe.Make(t, "-f", "s16le", "-ar", "8000", "-i", in, "-f", c.format, coded)
		ffprobe.Make(t, "-f", c.format, "-ar", "8000", "-i", coded, "-f", "s16le", decoded)
		theirs, _ := os.ReadFile(coded)
		back, _ := os.ReadFile(decoded)
		for i := range 1 << 16 {
			if want := int16(binary.LittleEndian.Uint16(back[2*i:])); c.decode(theirs[i]) != want {
				t.Fatalf("%s: %#02x decodes to %d, ffmpeg says %d", c.format, theirs[i], c.decode(theirs[i]), want)
			}
			// ffmpeg codes to the nearest value. G.711 has decision values,
			// which are not in the middle where one segment meets the next.
			s := int16(i)
			ours := c.encode(s)
			if d, e := dist(c.decode(ours), s), dist(c.decode(theirs[i]), s); ours != theirs[i] && d > 2*e+8 {
				t.Fatalf("%s: %d codes to %#02x (%d off), ffmpeg to %#02x (%d off)", c.format, s, ours, d, theirs[i], e)
			}
		}
		for b := range 256 {
			if got := c.encode(c.decode(byte(b))); c.decode(got) != c.decode(byte(b)) {
				t.Errorf("%s: %#02x decodes to %d, which codes to %#02x", c.format, b, c.decode(byte(b)), got)
			}
		}
	}
}

func dist(a, b int16) int {
	d := int(a) - int(b)
	return max(d, -d)
}

func TestFramesOf20Milliseconds(t *testing.T) {
	for _, mime := range []string{codec.PCMU, codec.PCMA} {
		c := codec.Codec{MimeType: mime}
		enc, err := NewEncoder(c, codec.AudioSettings{})
		if err != nil {
			t.Fatal(err)
		}
		dec, err := NewDecoder(c)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		in := &codec.AudioFrame{Samples: make([]int16, 400), SampleRate: 8000, Channels: 1, Timestamp: 77}
		enc.Encode(in, func(f *codec.EncodedFrame) {
			if len(f.Data) != 160 || f.Timestamp != uint32(77+n*160) || f.Duration != 20*time.Millisecond || !f.KeyFrame {
				t.Errorf("%s: frame %d is %d octets at %d", mime, n, len(f.Data), f.Timestamp)
			}
			n++
			dec.Decode(f, func(a *codec.AudioFrame) {
				if len(a.Samples) != 160 || a.SampleRate != 8000 || a.Timestamp != f.Timestamp || dist(a.Samples[3], 0) > 8 {
					t.Errorf("%s: decodes to %d samples, the fourth %d", mime, len(a.Samples), a.Samples[3])
				}
			})
		})
		if n != 2 {
			t.Errorf("%s: %d frames of 50 ms, want 2", mime, n)
		}
		if dec.Decode(&codec.EncodedFrame{Data: make([]byte, 100000)}, func(*codec.AudioFrame) {}) == nil {
			t.Errorf("%s: a packet of 12 seconds must be refused", mime)
		}
	}
}
