package vp8

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectorsDir finds the published streams: in $TRACKWAY_VECTORS, or in
// ../shared/vectors beside the checkout.
func vectorsDir(tb testing.TB) string {
	dirs := []string{os.Getenv("TRACKWAY_VECTORS"), filepath.Join("..", "..", "..", "shared", "vectors")}
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		dir = filepath.Join(dir, "vp8")
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	tb.Skip("the VP8 test vectors are absent: put them in ../shared/vectors beside the checkout or name their folder in $TRACKWAY_VECTORS")
	return ""
}

// readIVF returns the frames of an IVF file.
func readIVF(tb testing.TB, name string) [][]byte {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	frames, err := splitIVF(data)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return frames
}

func splitIVF(data []byte) (frames [][]byte, err error) {
	if len(data) < 32 || string(data[:4]) != "DKIF" {
		return nil, errors.New("not an IVF file")
	}
	for data = data[32:]; len(data) > 0; {
		if len(data) < 12 {
			return nil, io.ErrUnexpectedEOF
		}
		n := int(binary.LittleEndian.Uint32(data))
		if data = data[12:]; n > len(data) {
			return nil, io.ErrUnexpectedEOF
		}
		frames = append(frames, data[:n])
		data = data[n:]
	}
	return frames, nil
}

// readMD5s reads a .md5 file: one line a frame, "hash  name".
func readMD5s(tb testing.TB, name string) (sums []string) {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) > 0 {
			sums = append(sums, f[0])
		}
	}
	return sums
}

// TestVectors decodes every published stream and compares the MD5 of each
// picture, or of the whole output where only that was published.
func TestVectors(t *testing.T) {
	dir := vectorsDir(t)
	files, _ := filepath.Glob(filepath.Join(dir, "*.ivf"))
	if len(files) != 61 {
		t.Errorf("%d streams in %s; the published set has 61", len(files), dir)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := readMD5s(t, file+".md5")
			d := NewDecoder(DecoderConfig{})
			var got []string
			whole := md5.New()
			var raw []byte
			for i, data := range readIVF(t, file) {
				f, err := d.Decode(data)
				if err != nil {
					t.Fatalf("frame %d: %v", i+1, err)
				}
				if f == nil {
					continue
				}
				raw = f.AppendI420(raw[:0])
				sum := md5.Sum(raw)
				got = append(got, hex.EncodeToString(sum[:]))
				whole.Write(raw)
			}
			if len(want) == 1 && len(got) != 1 {
				got = []string{hex.EncodeToString(whole.Sum(nil))}
			}
			if len(got) != len(want) {
				t.Fatalf("%d pictures, %d were published", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("picture %d has MD5 %s, published is %s", i+1, got[i], want[i])
				}
			}
		})
	}
}
