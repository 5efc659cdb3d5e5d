package mediadevices

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"trackway/codec"
	_ "trackway/codec/all"
	"trackway/container/wav"
	"trackway/container/y4m"
	"trackway/internal/domerr"
	"trackway/internal/testfilm"
	"trackway/media"
	"trackway/media/pattern"
)

func create(t *testing.T, name string, fill func(io.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRawFilesAsDevices(t *testing.T) {
	video := create(t, "v.y4m", func(w io.Writer) error {
		out, err := y4m.NewWriter(w, y4m.Header{Width: 160, Height: 90, RateNum: 20, RateDen: 1})
		pic, f := pattern.New(160, 90), codec.NewVideoFrame(160, 90)
		for n := range 20 {
			pic.Draw(f, n, time.Duration(n)*50*time.Millisecond)
			err = errors.Join(err, out.WriteFrame(f.Y, f.U, f.V, f.StrideY, f.StrideUV))
		}
		return err
	})
	sound := create(t, "a.wav", func(w io.Writer) error {
		out, err := wav.NewWriter(w, 16000, 1)
		s := make([]int16, 16000)
		pattern.Sound(s, 0, 16000, 1)
		return errors.Join(err, out.WriteSamples(s), out.Close())
	})
	for _, loop := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := New(Options{NoTestDevices: true})
			for _, path := range []string{video, sound} {
				devices, err := FileDevices(path, FileOptions{Loop: loop})
				if err != nil || len(devices) != 1 {
					t.Fatalf("%s: %d devices, %v", path, len(devices), err)
				}
				m.Add(devices...)
			}
			s := gum(t, m, StreamConstraints{Audio: constraints(set{}), Video: constraints(set{})})
			v := watchVideo(s.GetVideoTracks()[0])
			samples := 0
			s.GetAudioTracks()[0].AddSink(&media.Sink{Audio: func(f *media.AudioFrame) { samples += len(f.Samples) }})
			time.Sleep(2510 * time.Millisecond)
			synctest.Wait()
			pictures, sound := 20, 16000
			if loop {
				pictures, sound = 51, 40000+160
			}
			if len(v.number) < pictures-1 || len(v.number) > pictures || samples < sound-320 || samples > sound {
				t.Errorf("loop %v: %d pictures and %d samples in 2.5 s, want %d and %d", loop, len(v.number), samples, pictures, sound)
			}
			for i, at := range v.times {
				if d := at.Sub(v.times[0]); d != time.Duration(i)*50*time.Millisecond {
					t.Fatalf("picture %d after %v", i, d)
				}
			}
			if s.Active() == !loop {
				t.Errorf("loop %v: active %v; tracks end with the file", loop, s.Active())
			}
			stop(s)
		})
	}
}

func TestACodedFileAsCameraAndMicrophone(t *testing.T) {
	path := create(t, "clip.webm", func(w io.Writer) error { _, err := w.Write(testfilm.Data()); return err })
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		devices, err := FileDevices(path, FileOptions{Loop: true})
		if err != nil || len(devices) != 2 || devices[0].GroupID != devices[1].GroupID {
			t.Fatalf("%d devices, %v", len(devices), err)
		}
		m.Add(devices...)
		s := gum(t, m, StreamConstraints{Audio: constraints(set{}), Video: constraints(set{})})
		v := watchVideo(s.GetVideoTracks()[0])
		samples := 0
		s.GetAudioTracks()[0].AddSink(&media.Sink{Audio: func(f *media.AudioFrame) { samples += len(f.Samples) / f.Channels }})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(v.number) < 58 || v.w != testfilm.Width || v.h != testfilm.Height {
			t.Errorf("%d pictures of %dx%d in 2 s", len(v.number), v.w, v.h)
		}
		for i, n := range v.number {
			if n != v.number[0]+i {
				t.Fatalf("picture %d shows number %d; decoded pictures must be the film's", i, n)
			}
		}
		if samples < 94000 {
			t.Errorf("%d samples in 2 s", samples)
		}
		stop(s)
	})
}

// A device that is opened while another plays the same file shows what is due
// now, though the file has no key frame there.
func TestACodedFileIsJoinedBetweenKeyFrames(t *testing.T) {
	path := create(t, "clip.webm", func(w io.Writer) error { _, err := w.Write(testfilm.Data()); return err })
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{NoTestDevices: true})
		devices, err := FileDevices(path, FileOptions{Loop: true})
		if err != nil {
			t.Fatal(err)
		}
		m.Add(devices...)
		sound := gum(t, m, StreamConstraints{Audio: constraints(set{})})
		time.Sleep(1510 * time.Millisecond) // the key frames are a second apart
		picture := gum(t, m, StreamConstraints{Video: constraints(set{})})
		v := watchVideo(picture.GetVideoTracks()[0])
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if len(v.number) < 9 || v.number[0] < 45 || v.number[0] > 46 {
			t.Fatalf("pictures %v in 300 ms, want those from 45 on", v.number)
		}
		for i, n := range v.number {
			if n != v.number[0]+i {
				t.Fatalf("picture %d shows number %d", i, n)
			}
		}
		stop(sound)
		stop(picture)
	})
}

func TestFilesThatCannotServe(t *testing.T) {
	path := create(t, "clip.webm", func(w io.Writer) error { _, err := w.Write(testfilm.Data()); return err })
	if _, err := FileDevices(path, FileOptions{Codecs: new(codec.Registry)}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("without codecs: %v, want NotSupportedError", err)
	}
	text := create(t, "a.txt", func(w io.Writer) error { _, err := io.WriteString(w, "hello, world"); return err })
	if _, err := FileDevices(text, FileOptions{}); err == nil {
		t.Error("a text must be refused")
	}
	if _, err := FileDevices(text+"x", FileOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
