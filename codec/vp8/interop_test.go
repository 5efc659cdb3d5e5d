package vp8

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// writeIVF stores a stream in the simplest of containers.
func writeIVF(tb testing.TB, name string, w, h int, stream [][]byte) {
	out := make([]byte, 32)
	copy(out, "DKIF\x00\x00\x20\x00VP80")
	binary.LittleEndian.PutUint16(out[12:], uint16(w))
	binary.LittleEndian.PutUint16(out[14:], uint16(h))
	binary.LittleEndian.PutUint32(out[16:], 30)
	binary.LittleEndian.PutUint32(out[20:], 1)
	binary.LittleEndian.PutUint32(out[24:], uint32(len(stream)))
	for i, f := range stream {
		var head [12]byte
		binary.LittleEndian.PutUint32(head[:], uint32(len(f)))
		binary.LittleEndian.PutUint64(head[4:], uint64(i))
		out = append(append(out, head[:]...), f...)
	}
	if err := os.WriteFile(name, out, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// TestOtherDecoders has libvpx and ffmpeg's own decoder decode our streams, and
// demands the encoder's reconstruction from both.
func TestOtherDecoders(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is absent: nobody to compare with")
	}
	for i, cfg := range []EncoderConfig{
		{Width: 176, Height: 144, Bitrate: 200_000},
		{Width: 175, Height: 143, Bitrate: 80_000, TokenPartitions: 8, ErrorResilient: true},
		{Width: 320, Height: 180, FixedQuantizer: 4, TokenPartitions: 4},
		{Width: 97, Height: 33, FixedQuantizer: 127},
		{Width: 160, Height: 120, Bitrate: 150_000, TemporalLayers: 3, KeyFrameInterval: 17},
		{Width: 160, Height: 120, Bitrate: 150_000, TemporalLayers: 2, TokenPartitions: 2},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			s := newScene(uint64(20+i), cfg.Width, cfg.Height)
			s.panX *= float64(1 + 2*i)
			e := mustEncoder(t, cfg)
			var stream [][]byte
			var want []byte
			for k := range 40 {
				data, _ := mustEncode(t, e, s.frame(k), FrameFlags{})
				stream = append(stream, bytes.Clone(data))
				want = reconstruction(e).AppendI420(want)
			}
			name := filepath.Join(t.TempDir(), "stream.ivf")
			writeIVF(t, name, cfg.Width, cfg.Height, stream)
			for _, decoder := range []string{"libvpx", "vp8"} {
				cmd := exec.Command("ffmpeg", "-v", "error", "-c:v", decoder, "-i", name, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
				var out, errs bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &errs
				if err := cmd.Run(); err != nil {
					t.Fatalf("%s: %v: %s", decoder, err, errs.Bytes())
				}
				if !bytes.Equal(out.Bytes(), want) {
					t.Errorf("%s decodes to something else than the encoder's reconstruction (%d bytes, want %d)", decoder, out.Len(), len(want))
				}
			}
		})
	}
}
