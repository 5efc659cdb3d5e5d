package media_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/ffprobe"
	"trackway/media"
)

func TestPauseIsCutOut(t *testing.T) {
	out := filepath.Join(t.TempDir(), "r.webm")
	synctest.Test(t, func(t *testing.T) {
		file, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p := playFilm(t)
		defer p.Close()
		r, e := record(t, p.Stream(), media.RecorderOptions{Output: file})
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2010 * time.Millisecond)
		if err := r.Pause(); err != nil || r.State() != media.RecorderPaused {
			t.Errorf("pause: %v, state %v", err, r.State())
		}
		r.Pause()
		time.Sleep(3 * time.Second)
		if err := r.Resume(); err != nil || r.State() != media.Recording {
			t.Errorf("resume: %v, state %v", err, r.State())
		}
		time.Sleep(1990 * time.Millisecond)
		r.Stop()
		synctest.Wait()
		if want := []string{"start", "pause", "resume", "stop"}; !slices.Equal(e.names, want) {
			t.Errorf("events %v, want %v", e.names, want)
		}
	})
	f := ffprobe.Probe(t, out)
	wantDuration(t, f, 4)
	last := map[int]float64{}
	for _, p := range f.Packets {
		if p.Seconds() < last[p.Stream] {
			t.Fatalf("stream %d goes back from %v to %v", p.Stream, last[p.Stream], p.Seconds())
		}
		last[p.Stream] = p.Seconds()
	}
	ffprobe.Decode(t, out)
}

// The recording begins with the first key frame; what was paused before is not
// to be taken off what comes after it, nor counted as waiting for it.
func TestPauseBeforeTheFileBegins(t *testing.T) {
	for _, sound := range []bool{false, true} {
		var e *events
		synctest.Test(t, func(t *testing.T) {
			video := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
			audio := media.NewEncodedSource(media.Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2})
			s := media.NewStream(video.NewTrack())
			speak := func(at, n int) {
				for i := at; sound && i < at+n; i++ {
					audio.WriteFrame(&media.EncodedFrame{MimeType: "audio/opus", Data: []byte{0xF8, 0xFF, 0xFE}, Timestamp: uint32(i * 960)})
					time.Sleep(20 * time.Millisecond)
				}
			}
			if sound {
				s.AddTrack(audio.NewTrack())
			}
			r, ev := record(t, s, media.RecorderOptions{})
			e = ev
			if err := r.Start(0); err != nil {
				t.Fatal(err)
			}
			speak(0, 50)
			r.Pause()
			time.Sleep(4 * time.Second)
			r.Resume()
			speak(250, 50)
			feed(t, video, 60, func(int, *media.EncodedFrame) bool { return true })
			r.Stop()
			synctest.Wait()
		})
		f := ffprobe.Probe(t, save(t, "r.webm", e.file))
		begin := 0.0
		if sound {
			begin = 2
		}
		n := 0
		for _, p := range f.Packets {
			if f.Streams[p.Stream].Codec == "opus" {
				continue
			}
			if at := begin + float64(n)/30; math.Abs(p.Seconds()-at) > 0.005 {
				t.Fatalf("sound %v: picture %d is at %v s, want %.3f", sound, n, p.Seconds(), at)
			}
			n++
		}
		if n != 60 {
			t.Errorf("sound %v: %d pictures, want 60", sound, n)
		}
	}
}
