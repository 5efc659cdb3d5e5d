package bitstream_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"trackway/container/probe"
	. "trackway/internal/bitstream"
	"trackway/internal/ffprobe"
)

func TestInspectAgreesWithFFprobe(t *testing.T) {
	for name, args := range map[string][]string{
		"a.ivf":  {"-c:v", "libvpx"},
		"b.ivf":  {"-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"},
		"c.h264": {"-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline"},
		"d.h264": {"-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high"},
		"e.ivf":  {"-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			args := append([]string{"-f", "lavfi", "-i", "testsrc=size=322x242:rate=10:duration=2", "-pix_fmt", "yuv420p", "-g", "10", "-bf", "0"}, args...)
			ffprobe.Make(t, append(args, path)...)
			want := ffprobe.Probe(t, path)
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := probe.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; ; i++ {
				p, err := r.ReadPacket()
				if err == io.EOF {
					if i != len(want.Packets) {
						t.Errorf("%d frames, ffprobe sees %d", i, len(want.Packets))
					}
					return
				} else if err != nil {
					t.Fatal(err)
				}
				in := Inspect(r.Tracks()[0].MimeType, p.Data)
				if key := want.Packets[i].Flags[0] == 'K'; in.KeyFrame != key {
					t.Errorf("frame %d: key frame %v, ffprobe says %v", i, in.KeyFrame, key)
				}
				if in.KeyFrame && (in.Width != 322 || in.Height != 242) {
					t.Errorf("frame %d: %dx%d, want 322x242", i, in.Width, in.Height)
				}
			}
		})
	}
}

func TestNALUnits(t *testing.T) {
	stream := []byte{9, 9, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 0, 0, 3, 0, 0, 1, 0, 0, 1, 0x65, 2, 0, 0}
	got := slices.Collect(NALUnits(stream))
	want := [][]byte{{0x67, 1}, {0x68, 0, 0, 3}, {0x65, 2}}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("units %x, want %x: between start codes, without the zeros that fill up", got, want)
	}
}

func TestOpusLengths(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   int
	}{
		{nil, 0},
		{[]byte{0 << 3}, 480}, {[]byte{3 << 3}, 2880}, {[]byte{12 << 3}, 480}, {[]byte{15<<3 | 1}, 1920},
		{[]byte{16 << 3}, 120}, {[]byte{31<<3 | 2}, 1920}, {[]byte{31<<3 | 3, 6}, 5760}, {[]byte{31<<3 | 3}, 0},
		{[]byte{31<<3 | 3, 7}, 0}, // more than 120 ms
	} {
		if got := OpusSamples(c.packet); got != c.want {
			t.Errorf("packet %x lasts %d samples, want %d", c.packet, got, c.want)
		}
		if s := AppendOpusSilence(nil, c.packet); OpusSamples(s) != c.want {
			t.Errorf("silence for %x lasts %d samples, want %d", c.packet, OpusSamples(s), c.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(byte(0), []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0, 1})
	f.Add(byte(1), []byte{0x82, 0x49, 0x83, 0x42, 0, 0x10, 0, 0x10, 0})
	f.Add(byte(2), []byte{0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0, 0xa0, 0x47, 0xfe, 0x88, 0, 0, 1, 0x65, 1})
	f.Add(byte(3), []byte{0x12, 0, 0x0a, 0x0a, 0, 0, 0, 0x24, 0xc4, 0xff, 0xdf, 0, 0x68, 2, 0x32, 2, 0x10, 0})
	mimes := []string{"video/VP8", "video/VP9", "video/H264", "video/AV1", "audio/opus"}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		in := Inspect(mimes[int(which)%len(mimes)], data)
		if in.Width < 0 || in.Height < 0 || in.Width > 1<<17 || in.Height > 1<<17 {
			t.Fatalf("%+v", in)
		}
		if seq := AV1SequenceHeader(data); seq != nil {
			ParseAV1Sequence(seq)
		}
		OpusFEC(data)
		if qp, ok := QP(mimes[int(which)%len(mimes)], data); ok && (qp < 0 || qp > 127) {
			t.Fatalf("quantiser %d", qp)
		}
		if n := OpusSamples(data); n < 0 || n > 5760 {
			t.Fatalf("%d samples", n)
		}
	})
}
