package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/codec"
	_ "trackway/codec/all"
	"trackway/container"
	"trackway/container/ivf"
	"trackway/examples/internal/pagetest"
	"trackway/media"
	"trackway/media/pattern"
	"trackway/webrtc"
)

// writeFile codes a second of the test picture.
func writeFile(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const width, height, rate = 160, 90, 25
	w, err := ivf.NewWriter(f, container.Track{MimeType: codec.VP8, ClockRate: 90000, Width: width, Height: height, FrameRate: rate})
	if err != nil {
		t.Fatal(err)
	}
	encoder, _, err := codec.Default.NewVideoEncoder(codec.Codec{MimeType: codec.VP8, ClockRate: 90000}, codec.VideoSettings{Width: width, Height: height})
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	picture, frame := pattern.New(width, height), new(media.VideoFrame)
	for n := range rate {
		at := time.Duration(n) * time.Second / rate
		picture.Draw(frame, n, at)
		err := encoder.Encode(frame, n == 0, func(f *codec.EncodedFrame) {
			if err := w.WritePacket(container.Packet{Time: at, KeyFrame: f.KeyFrame, Data: f.Data}); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheFileIsShown(t *testing.T) {
	name := filepath.Join(t.TempDir(), "picture.ivf")
	writeFile(t, name)
	player, err := open([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	player.Start()
	defer player.Close()

	pc := pagetest.Connection(t)
	if _, err := pc.AddTransceiverKind(media.Video, &webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	numbers := make(chan int, 100)
	pc.OnTrack(func(e webrtc.TrackEvent) {
		e.Track.AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
			if n, ok := pattern.Number(f); ok {
				select {
				case numbers <- n:
				default:
				}
			}
		}})
	})
	pagetest.Visit(t, pc, "", send(player))
	// More than the file has, since it is played in a loop.
	timeout, seen := time.After(20*time.Second), map[int]bool{}
	for count, rounds, last := 0, 0, -1; count < 30 || rounds == 0; count++ {
		select {
		case n := <-numbers:
			if n < last {
				rounds++
			}
			last = n
			seen[n] = true
		case <-timeout:
			t.Fatalf("pictures of a second, played again and again, must arrive: %d different came", len(seen))
		}
	}
}
