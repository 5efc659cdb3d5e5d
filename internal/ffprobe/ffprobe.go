// Package ffprobe asks Debian's ffprobe and ffmpeg, in tests, for a second
// opinion on media files.
package ffprobe

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// File is what ffprobe says of a file.
type File struct {
	Format struct {
		Name     string `json:"format_name"`
		Duration string `json:"duration"`
	} `json:"format"`
	Streams []struct {
		Codec    string `json:"codec_name"`
		Kind     string `json:"codec_type"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
		Rate     string `json:"sample_rate"`
		Channels int    `json:"channels"`
	} `json:"streams"`
	Packets []Packet `json:"packets"`
}

// Packet is one packet of a file.
type Packet struct {
	Stream int    `json:"stream_index"`
	Time   string `json:"pts_time"`
	Flags  string `json:"flags"`
	Size   string `json:"size"`
}

// Seconds is when the packet is due.
func (p Packet) Seconds() float64 { return seconds(p.Time) }

// Duration is the file's, in seconds; 0 if ffprobe found none.
func (f File) Duration() float64 { return seconds(f.Format.Duration) }

func seconds(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// Probe has ffprobe read a whole file, and fails the test if it complains.
func Probe(t testing.TB, path string) File {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_packets", path)
	var f File
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	return f
}

// Decode has ffmpeg decode a whole file and fails the test if it complains.
func Decode(t testing.TB, path string) {
	t.Helper()
	run(t, "ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "1:1000000", "-f", "null", "-")
}

// Make runs ffmpeg with arguments that make a file.
func Make(t testing.TB, args ...string) {
	t.Helper()
	run(t, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
}

func run(t testing.TB, program string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed; make deps installs it", program)
		}
		t.Skipf("%s is not installed; make deps installs it", program)
	}
	cmd := exec.Command(path, args...)
	var stderr writer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || len(stderr) > 0 {
		t.Fatalf("%s objects: %v\n%s", program, err, stderr)
	}
	return out
}

type writer []byte

func (w *writer) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}
