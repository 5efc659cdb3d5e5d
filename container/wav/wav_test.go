package wav

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trackway/container"
	"trackway/internal/ffprobe"
)

func TestWhatIsWrittenIsReadByUsAndFFprobe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, 44100, 2)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, 2*44100)
	for i := range samples {
		samples[i] = int16(i * 7)
	}
	if err := errors.Join(w.WriteSamples(samples[:1000]), w.WriteSamples(samples[1000:]), w.Close()); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if r.SampleRate() != 44100 || r.Channels() != 2 || r.Duration() != time.Second {
		t.Errorf("%d Hz, %d channels, %v", r.SampleRate(), r.Channels(), r.Duration())
	}
	var got []int16
	buf := make([]int16, 882)
	for {
		n, err := r.ReadSamples(buf)
		got = append(got, buf[:n]...)
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, samples) {
		t.Errorf("%d samples read, not the %d written", len(got), len(samples))
	}
	p := ffprobe.Probe(t, path)
	if p.Streams[0].Codec != "pcm_s16le" || p.Streams[0].Rate != "44100" || p.Duration() != 1 {
		t.Errorf("ffprobe sees %+v, %v s", p.Streams[0], p.Duration())
	}
}

func TestAllSampleFormatsBecome16Bits(t *testing.T) {
	for _, format := range []string{"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"} {
		path := filepath.Join(t.TempDir(), "a.wav")
		ffprobe.Make(t, "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000:duration=0.1", "-c:a", format, path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		s := make([]int16, 4800)
		if n, err := r.ReadSamples(s); n != 4800 {
			t.Fatalf("%s: %d samples, %v", format, n, err)
		}
		f.Close()
		// ffmpeg's sine has an eighth of full scale.
		for i, v := range s {
			want := 4096 * math.Sin(2*math.Pi*1000*float64(i)/48000)
			if math.Abs(float64(v)-want) > 300 {
				t.Fatalf("%s: sample %d is %d, want about %.0f", format, i, v, want)
			}
		}
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	var b bytes.Buffer
	NewWriter(&b, 48000, 1)
	good := b.Bytes()
	edit := func(at int, v ...byte) []byte {
		d := bytes.Clone(good)
		copy(d[at:], v)
		return d
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello, world, hello"), "no data": good[:40], "format 2": edit(20, 2), "no channels": edit(22, 0),
		"12 bits": edit(34, 12), "rate of zero": edit(24, 0, 0, 0, 0), "data first": append(bytes.Clone(good[:12]), "data\x04\x00\x00\x00abcd"...),
		"huge format": edit(16, 0xff, 0xff, 0xff, 0xff),
	} {
		if _, err := NewReader(bytes.NewReader(data)); !errors.Is(err, container.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	w, _ := NewWriter(&b, 48000, 1)
	w.WriteSamples([]int16{1, 2, 3})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, container.ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		buf := make([]int16, 32*r.Channels())
		for total := 0; ; {
			n, err := r.ReadSamples(buf)
			if total += n; n%r.Channels() != 0 || total > len(data) {
				t.Fatalf("%d samples", n)
			}
			if err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
