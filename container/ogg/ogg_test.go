package ogg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/container"
	"trackway/internal/ffprobe"
)

// packet is an Opus packet of 20 ms with n bytes of content that no decoder
// would like.
func packet(fill byte, n int) []byte {
	return append([]byte{31 << 3}, bytes.Repeat([]byte{fill}, n)...)
}

func write(t testing.TB, packets ...container.Packet) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, container.Track{MimeType: "audio/opus", Channels: 2})
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
	return b.Bytes()
}

func readAll(t testing.TB, data []byte) (out []container.Packet) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := r.ReadPacket()
		if err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	var in []container.Packet
	for i := range 200 {
		// Lengths around the lacing values' multiples of 255, and one that
		// does not fit a page.
		n := []int{1, 254, 255, 509, 510, 1275}[i%6]
		if i == 150 {
			n = 61000
		}
		in = append(in, container.Packet{Time: time.Duration(i) * 20 * time.Millisecond, Data: packet(byte(i), n-1)})
	}
	out := readAll(t, write(t, in...))
	if len(out) != len(in) {
		t.Fatalf("%d packets read, %d written", len(out), len(in))
	}
	for i := range in {
		if out[i].Time != in[i].Time || !bytes.Equal(out[i].Data, in[i].Data) || out[i].Duration != 20*time.Millisecond || !out[i].KeyFrame {
			t.Fatalf("packet %d: time %v, %d bytes; want %v, %d", i, out[i].Time, len(out[i].Data), in[i].Time, len(in[i].Data))
		}
	}
}

func TestGapsAreFilledWithRequestsToConceal(t *testing.T) {
	out := readAll(t, write(t,
		container.Packet{Time: 0, Data: packet(1, 50)},
		container.Packet{Time: 105 * time.Millisecond, Data: packet(2, 50)},
	))
	if len(out) != 6 {
		t.Fatalf("%d packets, want 6: four of 20 ms fill the 80 ms that are missing", len(out))
	}
	for _, p := range out[1:5] {
		if len(p.Data) != 1 || p.Data[0] != 31<<3 {
			t.Errorf("filler %x; a TOC byte alone asks the decoder to conceal (RFC 7845 §4.1)", p.Data)
		}
	}
	if out[5].Time != 100*time.Millisecond {
		t.Errorf("after the gap at %v, want 100ms", out[5].Time)
	}
}

func TestDamageCostsThePacketsOfItsPageOnly(t *testing.T) {
	var in []container.Packet
	for i := range 200 {
		in = append(in, container.Packet{Time: time.Duration(i) * 20 * time.Millisecond, Data: packet(byte(i), 20)})
	}
	data := write(t, in...)
	data[len(data)/2] ^= 0x55
	out := readAll(t, data)
	if len(out) >= 200 || len(out) < 100 {
		t.Errorf("%d of 200 packets survive the damage of one page of about 50", len(out))
	}
	last := out[len(out)-1]
	if want := 199 * 20 * time.Millisecond; last.Time != want {
		t.Errorf("the last packet is at %v, want %v: granule positions tell the gap", last.Time, want)
	}
}

func TestFFmpegReadsOursAndWeReadFFmpegs(t *testing.T) {
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "a.ogg"), filepath.Join(dir, "b.ogg")
	ffprobe.Make(t, "-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-c:a", "libopus", "-b:a", "64k", theirs)
	data, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if tr := r.Tracks()[0]; tr.Channels != 1 || tr.ClockRate != 48000 || r.PreSkip() != 312 {
		t.Errorf("track %+v, pre-skip %d; ffmpeg's is mono with 312", tr, r.PreSkip())
	}
	packets := readAll(t, data)
	if len(packets) != 151 {
		t.Errorf("%d packets, want 151 (3 s and the encoder's delay)", len(packets))
	}
	f, err := os.Create(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, r.Tracks()[0])
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
	got := ffprobe.Probe(t, ours)
	if len(got.Packets) != len(packets) || got.Streams[0].Codec != "opus" {
		t.Errorf("ffprobe sees %d packets of %s", len(got.Packets), got.Streams[0].Codec)
	}
	if d := got.Duration(); d < 2.99 || d > 3.03 {
		t.Errorf("ffprobe sees %v s, want 3.01", d)
	}
	ffprobe.Decode(t, ours)
}

func TestOtherStreamsAreSkippedAndChainsFollowed(t *testing.T) {
	one := write(t, container.Packet{Data: packet(1, 10)})
	two := write(t, container.Packet{Data: packet(2, 10)})
	other := page{flags: flagFirst, serial: 7, lacing: []byte{4}, body: []byte("\x80the")}
	data := other.appendTo(nil)
	data = append(append(data, one...), two...)
	out := readAll(t, data)
	if len(out) != 2 || out[1].Time != 20*time.Millisecond || out[1].Data[1] != 2 {
		t.Errorf("%d packets: %+v; a chained stream continues the time", len(out), out)
	}
}

func TestWhatIsNoOpusIsRefused(t *testing.T) {
	other := page{flags: flagFirst, serial: 7, lacing: []byte{4}, body: []byte("\x80the")}
	surround := page{flags: flagFirst, lacing: []byte{21}, body: append([]byte("OpusHead\x01\x06\x00\x00\x80\xbb\x00\x00\x00\x00\x01"), 4, 2)}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": bytes.Repeat([]byte("hello "), 100), "another codec": other.appendTo(nil), "surround sound": surround.appendTo(nil),
		"two megabytes of zeros": make([]byte, 2<<20),
	} {
		if _, err := NewReader(bytes.NewReader(data)); !errors.Is(err, container.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
	}
	w, _ := NewWriter(io.Discard, container.Track{MimeType: "audio/opus"})
	if w.WritePacket(container.Packet{}) == nil || w.WritePacket(container.Packet{Data: []byte{3}}) == nil {
		t.Error("the writer must refuse what is no Opus packet")
	}
}

func FuzzReader(f *testing.F) {
	f.Add(write(f, container.Packet{Data: packet(1, 10)}, container.Packet{Time: 20 * time.Millisecond, Data: packet(2, 300)}))
	f.Add([]byte("OggS"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		total := 0
		last := time.Duration(-1)
		for {
			p, err := r.ReadPacket()
			if err != nil {
				if err != io.EOF && !errors.Is(err, container.ErrFormat) {
					t.Fatalf("error %v is neither io.EOF nor ErrFormat", err)
				}
				break
			}
			if p.Time < last {
				t.Fatalf("time goes back from %v to %v", last, p.Time)
			}
			last = p.Time
			total += len(p.Data)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of packets out of %d", total, len(data))
		}
	})
}
