//go:build !race

package webrtc

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"trackway/media"
)

// TestReceivingAllocatesNothing counts what is allocated while 10000 packets go
// from one connection to another over loopback, from the frame that is written to
// the Read of the other side: socket, SRTP, routing, feedback, statistics and the
// reader's queue, both connections together. With the race detector pools forget
// at random, and there is nothing to count.
func TestReceivingAllocatesNothing(t *testing.T) {
	const each, frames = 8, 1250
	for _, ccfb := range []bool{false, true} {
		name := "transport-wide feedback"
		var options []EngineOption
		if ccfb {
			name, options = "RFC 8888", []EngineOption{WithCongestionFeedback()}
		}
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			source := media.NewEncodedSource(vp8)
			_, b := loopbackPair(ctx, t, loopbackEngine(t, options...), loopbackEngine(t), source.NewTrack())
			defer context.AfterFunc(ctx, func() { _ = b.Close() })() // ends a wait for packets that do not come
			receiver := b.GetReceivers()[0]
			receiver.media.reader.Store(newPacketQueue()) // as the first ReadRTP does
			f := &media.EncodedFrame{MimeType: "video/VP8", Data: bytes.Repeat([]byte{1, 2}, each*550), KeyFrame: true}
			copy(f.Data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
			buf := make([]byte, 1500)
			packets := 0
			// One frame at a time, so that nothing depends on the machine's speed;
			// the marker bit ends a frame, and what is lost is repaired.
			play := func(n int) {
				for range n {
					f.Timestamp += 3000
					if err := source.WriteFrame(f); err != nil {
						t.Fatal(err)
					}
					for {
						n, err := receiver.ReadRTP(buf)
						if err != nil || n < 12 {
							t.Fatalf("%d bytes: %v", n, err)
						}
						packets++
						if buf[1]&0x80 != 0 && binary.BigEndian.Uint32(buf[4:]) != 0 {
							break
						}
					}
				}
			}
			play(frames / 2) // tables, queues and pools grow
			packets = 0
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			play(frames)
			runtime.ReadMemStats(&after)
			per := float64(after.Mallocs-before.Mallocs) / float64(packets)
			t.Logf("%d packets, %.4f allocations and %.1f bytes each", packets, per, float64(after.TotalAlloc-before.TotalAlloc)/float64(packets))
			if packets < each*frames*9/10 {
				t.Errorf("%d packets of %d frames", packets, frames)
			}
			if per > 0.05 {
				t.Errorf("%.3f allocations for each packet", per)
			}
		})
	}
}
