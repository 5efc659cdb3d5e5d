package webm

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

func readAll(t testing.TB, r io.Reader) (tracks []container.Track, out []container.Packet) {
	t.Helper()
	in, err := NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := in.ReadPacket()
		if err == io.EOF {
			return in.Tracks(), out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
}

// rewrite reads a file that ffmpeg made, writes it, and returns what ffprobe
// says of both.
func rewrite(t *testing.T, theirs string) (before, after ffprobe.File, path string) {
	t.Helper()
	f, err := os.Open(theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tracks, packets := readAll(t, f)
	path = filepath.Join(t.TempDir(), "ours"+filepath.Ext(theirs))
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := NewWriter(out, tracks, Options{App: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := w.WritePacket(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return ffprobe.Probe(t, theirs), ffprobe.Probe(t, path), path
}

func TestFFmpegsFilesSurviveReadingAndWriting(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"vp8.webm", []string{"-c:v", "libvpx"}},
		{"vp9.webm", []string{"-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"}},
		{"h264.mkv", []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"}},
		{"av1.webm", []string{"-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			theirs := filepath.Join(t.TempDir(), c.name)
			args := []string{"-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=3", "-f", "lavfi", "-i", "sine=duration=3"}
			args = append(append(args, c.args...), "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "libopus", theirs)
			ffprobe.Make(t, args...)
			before, after, path := rewrite(t, theirs)
			if len(after.Streams) != 2 || after.Streams[0].Codec != before.Streams[0].Codec || after.Streams[0].Width != 160 || after.Streams[0].Height != 120 {
				t.Fatalf("streams %+v became %+v", before.Streams, after.Streams)
			}
			if d := after.Duration() - before.Duration(); math.Abs(d) > 0.03 {
				t.Errorf("duration %v became %v", before.Duration(), after.Duration())
			}
			if len(before.Packets) != len(after.Packets) {
				t.Fatalf("%d packets became %d", len(before.Packets), len(after.Packets))
			}
			for i, b := range before.Packets {
				a := after.Packets[i]
				if a.Stream != b.Stream || math.Abs(a.Seconds()-b.Seconds()) > 0.0011 || a.Flags[0] != b.Flags[0] {
					t.Fatalf("packet %d: %+v became %+v", i, b, a)
				}
			}
			ffprobe.Decode(t, path)
			// Only with an index can this be quick, and only a right one lets
			// it be right.
			still := filepath.Join(t.TempDir(), "still.png")
			ffprobe.Make(t, "-ss", "2.02", "-i", path, "-frames:v", "1", still)
		})
	}
}

// clip is a file of two tracks, its frames' contents made up.
func clip(t testing.TB, w io.Writer) *Writer {
	t.Helper()
	out, err := NewWriter(w, []container.Track{
		{MimeType: "video/VP8", Width: 64, Height: 48},
		{MimeType: "audio/opus", Channels: 2},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func someFrames(n int) (in []container.Packet) {
	for i := range n {
		at := time.Duration(i) * 20 * time.Millisecond
		in = append(in,
			container.Packet{Track: 1, Time: at, Duration: 20 * time.Millisecond, KeyFrame: true, Data: []byte{31 << 3, byte(i)}},
			container.Packet{Track: 0, Time: at, KeyFrame: i%50 == 0, Data: []byte{byte(i), byte(i >> 8)}})
	}
	return in
}

func TestLiveFilesNeedNoSeekingAndFlushMidway(t *testing.T) {
	var b bytes.Buffer // cannot seek
	w := clip(t, &b)
	in := someFrames(500)
	for i, p := range in {
		if err := w.WritePacket(p); err != nil {
			t.Fatal(err)
		}
		if i == 333 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if _, out := readAll(t, bytes.NewReader(b.Bytes())); len(out) != 334 {
				t.Errorf("after Flush %d of 334 frames can be read", len(out))
			}
		}
	}
	w.Close()
	_, out := readAll(t, bytes.NewReader(b.Bytes()))
	if len(out) != len(in) {
		t.Fatalf("%d frames of %d", len(out), len(in))
	}
	for i := range in {
		if out[i].Time != in[i].Time || out[i].Track != in[i].Track || out[i].KeyFrame != in[i].KeyFrame || !bytes.Equal(out[i].Data, in[i].Data) {
			t.Fatalf("frame %d: %+v became %+v", i, in[i], out[i])
		}
	}
}

func TestALongPauseStartsACluster(t *testing.T) {
	var b bytes.Buffer
	w := clip(t, &b)
	times := []time.Duration{0, 40 * time.Second, 2 * time.Hour, 2*time.Hour - time.Second}
	for i, at := range times {
		if err := w.WritePacket(container.Packet{Time: at, KeyFrame: i == 0, Data: []byte{1}}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	_, out := readAll(t, &b)
	for i, at := range times {
		if out[i].Time != at {
			t.Errorf("frame %d at %v, want %v: 16 bits of milliseconds must not overflow", i, out[i].Time, at)
		}
	}
}

func TestACutFileReadsToTheCut(t *testing.T) {
	var b bytes.Buffer
	w := clip(t, &b)
	for _, p := range someFrames(3) {
		w.WritePacket(p)
	}
	w.Close()
	last := 0
	for cut := range b.Len() {
		r, err := NewReader(bytes.NewReader(b.Bytes()[:cut]))
		if err != nil {
			if !errors.Is(err, container.ErrFormat) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			continue
		}
		n := 0
		for {
			_, err := r.ReadPacket()
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("cut at %d: %v, want io.EOF", cut, err)
			}
			n++
		}
		if n < last {
			t.Fatalf("cut at %d: %d frames, fewer than in a shorter file", cut, n)
		}
		last = n
	}
	if last != 5 {
		t.Errorf("all but one byte gives %d of 6 frames, want 5", last)
	}
}

func TestLacing(t *testing.T) {
	a, b, c := bytes.Repeat([]byte{1}, 300), []byte{2, 2}, []byte{3, 3, 3}
	all := slices.Concat(a, b, c)
	for name, l := range map[string]struct {
		kind  byte
		block []byte
		want  [][]byte
	}{
		"none":  {0, all, [][]byte{all}},
		"Xiph":  {1, append([]byte{2, 255, 45, 2}, all...), [][]byte{a, b, c}},
		"fixed": {2, []byte{1, 7, 8, 9, 6}, [][]byte{{7, 8}, {9, 6}}},
		// 300 in two bytes, then -298 as a signed number of two bytes.
		"EBML": {3, append([]byte{2, 0x40 | 300>>8, 300 & 255, 0x40 | (8191-298)>>8, (8191 - 298) & 255}, all...), [][]byte{a, b, c}},
	} {
		got, ok := unlace(l.block, l.kind)
		if !ok || len(got) != len(l.want) {
			t.Errorf("%s: %d frames, ok %v; want %d", name, len(got), ok, len(l.want))
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i], l.want[i]) {
				t.Errorf("%s: frame %d is %d bytes, want %d", name, i, len(got[i]), len(l.want[i]))
			}
		}
	}
	for name, l := range map[string]struct {
		kind  byte
		block []byte
	}{
		"Xiph size beyond the block": {1, []byte{1, 9, 0}}, "Xiph sizes cut": {1, []byte{2, 255}}, "no count": {3, nil},
		"fixed with a rest": {2, []byte{1, 1, 2, 3}}, "EBML below zero": {3, []byte{2, 0x81, 0x80, 0}},
	} {
		if _, ok := unlace(l.block, l.kind); ok {
			t.Errorf("%s: must be refused", name)
		}
	}
}

func TestHeadersThatLieAreRefused(t *testing.T) {
	head := appendMaster(nil, idEBML, func(b []byte) []byte { return appendString(b, idDocType, "webm") })
	unknown := appendMaster(nil, idTracks, func(b []byte) []byte {
		return appendMaster(b, idTrackEntry, func(b []byte) []byte {
			return appendString(appendUint(b, idTrackNumber, 1), idCodecID, "V_MYSTERY")
		})
	})
	for name, data := range map[string][]byte{
		"nothing":           nil,
		"no EBML":           []byte("RIFF1234WAVE"),
		"another document":  appendMaster(nil, idEBML, func(b []byte) []byte { return appendString(b, idDocType, "other") }),
		"no tracks":         head,
		"unknown codecs":    append(bytes.Clone(head), unknown...),
		"tracks of 1 TB":    appendSizeN(appendID(bytes.Clone(head), idTracks), 1<<40, 8),
		"an ID of 5 bytes":  append(bytes.Clone(head), 0x08, 0, 0, 0, 0, 0x80),
		"unknown-size Cues": appendSizeN(appendID(bytes.Clone(head), idCues), unknownSize, 8),
	} {
		if _, err := NewReader(bytes.NewReader(data)); !errors.Is(err, container.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
	}
	if _, err := NewWriter(io.Discard, []container.Track{{MimeType: "audio/PCMU"}}, Options{}); err == nil {
		t.Error("the writer must refuse codecs that WebM does not have")
	}
	if _, err := NewWriter(io.Discard, []container.Track{{MimeType: "video/H264"}}, Options{}); err == nil {
		t.Error("the writer must refuse H.264 without its private data")
	}
}

func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	w := clip(f, &b)
	for _, p := range someFrames(3) {
		w.WritePacket(p)
	}
	w.Close()
	f.Add(b.Bytes())
	avc := append([]byte{1, 66, 0, 30, 0xff, 0xe1, 0, 4}, 0x67, 66, 0, 30, 1, 0, 2, 0x68, 0xce)
	h := appendMaster(nil, idEBML, func(b []byte) []byte { return appendString(b, idDocType, "matroska") })
	h = appendMaster(h, idTracks, func(b []byte) []byte {
		return appendMaster(b, idTrackEntry, func(b []byte) []byte {
			b = appendString(appendUint(b, idTrackNumber, 1), idCodecID, "V_MPEG4/ISO/AVC")
			return appendBytes(b, idCodecPrivate, avc)
		})
	})
	h = appendBytes(h, idSimpleBlock, []byte{0x81, 0, 0, 0x86, 1, 0x84, 0, 0, 0, 0, 0, 0, 0, 1, 5})
	f.Add(appendMaster(h, idBlockGroup, func(b []byte) []byte {
		return appendUint(appendBytes(b, idBlock, []byte{0x81, 0, 1, 0, 0, 0, 0, 1, 0x65}), idBlockDuration, 33)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, container.ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		for {
			p, err := r.ReadPacket()
			if err != nil {
				if err != io.EOF && !errors.Is(err, container.ErrFormat) {
					t.Fatalf("error %v is neither io.EOF nor ErrFormat", err)
				}
				return
			}
			if p.Track >= len(r.Tracks()) {
				t.Fatalf("packet of track %d of %d", p.Track, len(r.Tracks()))
			}
		}
	})
}
