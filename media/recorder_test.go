package media_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/codec"
	_ "trackway/codec/all"
	"trackway/container"
	"trackway/container/ogg"
	"trackway/container/webm"
	"trackway/internal/domerr"
	"trackway/internal/ffprobe"
	"trackway/internal/testfilm"
	"trackway/media"
	"trackway/media/pattern"
)

// events notes a recorder's events, and joins its pieces.
type events struct {
	mu    sync.Mutex
	names []string
	file  []byte
	times []time.Duration
	errs  []error
}

func watch(r *media.Recorder) *events {
	e := new(events)
	note := func(name string) func() {
		return func() {
			e.mu.Lock()
			e.names = append(e.names, name)
			e.mu.Unlock()
		}
	}
	r.OnStart(note("start"))
	r.OnStop(note("stop"))
	r.OnPause(note("pause"))
	r.OnResume(note("resume"))
	r.OnDataAvailable(func(b media.BlobEvent) {
		note("data")()
		e.file = append(e.file, b.Data...)
		e.times = append(e.times, b.Timecode)
	})
	r.OnError(func(err error) {
		note("error")()
		e.errs = append(e.errs, err)
	})
	return e
}

func playFilm(t *testing.T) *media.Player {
	t.Helper()
	p, err := testfilm.NewPlayer(media.PlayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// Virtual time moves when the test sleeps: by then the recorder listens, and
	// what is due at the end of a sleep comes just after it.
	time.AfterFunc(time.Nanosecond, p.Start)
	return p
}

func record(t *testing.T, s *media.Stream, o media.RecorderOptions) (*media.Recorder, *events) {
	t.Helper()
	r, err := media.NewRecorder(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, watch(r)
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantDuration(t *testing.T, f ffprobe.File, want float64) {
	t.Helper()
	if got := f.Duration(); math.Abs(got-want) > 0.05 {
		t.Errorf("the file lasts %.3f s by its header, want %.3f", got, want)
	}
}

func TestRecordingIsACompleteFile(t *testing.T) {
	var e *events
	synctest.Test(t, func(t *testing.T) {
		p := playFilm(t)
		defer p.Close()
		time.Sleep(300 * time.Millisecond) // so that the recorder comes between key frames
		r, ev := record(t, p.Stream(), media.RecorderOptions{})
		e = ev
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		if r.State() != media.Recording || !errors.Is(r.Start(0), domerr.InvalidState) {
			t.Error("start() on a recorder that records must be an InvalidStateError")
		}
		time.Sleep(5 * time.Second)
		if got := r.MimeType(); got != "video/webm;codecs=vp8,opus" {
			t.Errorf("mimeType %q", got)
		}
		r.Stop()
		if r.State() != media.RecorderInactive {
			t.Error("stop() makes the recorder inactive at once")
		}
		synctest.Wait()
		if want := []string{"start", "data", "stop"}; !slices.Equal(e.names, want) {
			t.Errorf("events %v, want %v", e.names, want)
		}
	})
	path := save(t, "r.webm", e.file)
	f := ffprobe.Probe(t, path)
	wantDuration(t, f, 5)
	if len(f.Streams) != 2 || f.Streams[0].Codec != "vp8" || f.Streams[0].Width != testfilm.Width || f.Streams[1].Codec != "opus" {
		t.Errorf("streams %+v, want VP8 of the film's size, and Opus", f.Streams)
	}
	var video, audio []ffprobe.Packet
	for _, p := range f.Packets {
		if p.Stream == 0 {
			video = append(video, p)
		} else {
			audio = append(audio, p)
		}
	}
	if len(video) < 125 || len(audio) < 248 {
		t.Errorf("%d pictures and %d packets of sound in 5 s", len(video), len(audio))
	}
	if !strings.HasPrefix(video[0].Flags, "K") {
		t.Error("video must begin with a key frame")
	}
	// The recorder came 300 ms after a key frame; the next is 700 ms later.
	if d := video[0].Seconds() - audio[0].Seconds(); math.Abs(d-0.7) > 0.03 {
		t.Errorf("picture begins %.3f s after the sound, want 0.7: they must stay in step", d)
	}
	ffprobe.Decode(t, path)
	if !bytes.Contains(e.file, []byte{0x1C, 0x53, 0xBB, 0x6B}) {
		t.Error("a complete file has Cues")
	}
}

func TestTimesliceDeliversPiecesThatJoin(t *testing.T) {
	var e *events
	synctest.Test(t, func(t *testing.T) {
		p := playFilm(t)
		defer p.Close()
		r, ev := record(t, p.Stream(), media.RecorderOptions{MimeType: "video/webm;codecs=vp8,opus"})
		e = ev
		if err := r.Start(time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3500 * time.Millisecond)
		if err := r.RequestData(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		r.Stop()
		synctest.Wait()
		if want := []string{"start", "data", "data", "data", "data", "data", "stop"}; !slices.Equal(e.names, want) {
			t.Errorf("events %v, want %v", e.names, want)
		}
		for i, at := range e.times[:3] {
			if d := at - time.Duration(i)*time.Second; d.Abs() > 50*time.Millisecond {
				t.Errorf("piece %d begins at %v", i, at)
			}
		}
		if errors.Is(r.RequestData(), domerr.InvalidState) == false || !errors.Is(r.Pause(), domerr.InvalidState) || !errors.Is(r.Resume(), domerr.InvalidState) {
			t.Error("requestData, pause and resume on an inactive recorder must be InvalidStateErrors")
		}
	})
	ffprobe.Decode(t, save(t, "r.webm", e.file))
}

func TestRecordingEndsWithItsTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := playFilm(t)
		r, e := record(t, p.Stream(), media.RecorderOptions{})
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.Close()
		synctest.Wait()
		if want := []string{"start", "data", "stop"}; !slices.Equal(e.names, want) || r.State() != media.RecorderInactive {
			t.Errorf("events %v, state %v; when all tracks have ended the recording stops", e.names, r.State())
		}
		if err := r.Start(0); !errors.Is(err, domerr.NotSupported) {
			t.Errorf("recording an inactive stream: %v, want NotSupportedError", err)
		}
	})
}

func TestChangingTheTrackSetIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := playFilm(t)
		defer p.Close()
		r, e := record(t, p.Stream(), media.RecorderOptions{})
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		p.Stream().RemoveTrack(p.Tracks()[1])
		synctest.Wait()
		if want := []string{"start", "error", "data", "stop"}; !slices.Equal(e.names, want) {
			t.Fatalf("events %v, want %v", e.names, want)
		}
		if !errors.Is(e.errs[0], domerr.InvalidModification) {
			t.Errorf("error %v, want InvalidModificationError", e.errs[0])
		}
		if _, err := webm.NewReader(bytes.NewReader(e.file)); err != nil {
			t.Errorf("what was recorded until then must be a file: %v", err)
		}
	})
}

// feed plays the film's packets into a source as fast as the bubble's clock
// runs, changed by edit; edit returns false to lose the frame.
func feed(t *testing.T, src *media.Source, n int, edit func(i int, f *media.EncodedFrame) bool) {
	t.Helper()
	r, err := testfilm.Open()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; {
		p, err := r.ReadPacket()
		if err != nil {
			t.Fatal(err)
		}
		if p.Track != 0 {
			continue
		}
		f := &media.EncodedFrame{MimeType: "video/VP8", Data: p.Data, KeyFrame: p.KeyFrame, Timestamp: uint32(1<<32 - 9000 + i*3000)}
		if edit(i, f) {
			src.WriteFrame(f)
		}
		i++
		time.Sleep(time.Second / 30)
	}
}

func TestRecordingSurvivesLoss(t *testing.T) {
	var e *events
	asked := 0
	synctest.Test(t, func(t *testing.T) {
		src := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
		src.OnKeyFrameRequest(func(string) { asked++ })
		r, ev := record(t, media.NewStream(src.NewTrack()), media.RecorderOptions{})
		e = ev
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		feed(t, src, 90, func(i int, f *media.EncodedFrame) bool {
			f.Corrupt = i == 40 // packets of it were lost
			return i != 39
		})
		r.Stop()
		synctest.Wait()
	})
	f := ffprobe.Probe(t, save(t, "r.webm", e.file))
	// 0…38, then nothing until the key frame 60, then to the end; and the
	// timestamps of the frames, which wrapped on the way, still say when.
	if len(f.Packets) != 39+30 {
		t.Errorf("%d pictures, want 69: after a loss the recording goes on with a key frame", len(f.Packets))
	} else if at := f.Packets[39].Seconds(); math.Abs(at-2) > 0.01 || !strings.HasPrefix(f.Packets[39].Flags, "K") {
		t.Errorf("after the loss the recording goes on at %v with flags %s; want a key frame at 2 s", at, f.Packets[39].Flags)
	}
	if asked < 2 {
		t.Errorf("%d key frames asked for; one at the start and one after the loss are wanted", asked)
	}
	ffprobe.Decode(t, save(t, "r.webm", e.file))
}

// A burst whose timestamps are less than a millisecond apart, the least that WebM
// tells apart, still has pictures one after the other.
func TestRecordedTimesIncreaseInABurst(t *testing.T) {
	var e *events
	synctest.Test(t, func(t *testing.T) {
		src := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
		r, ev := record(t, media.NewStream(src.NewTrack()), media.RecorderOptions{})
		e = ev
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		feed(t, src, 30, func(i int, f *media.EncodedFrame) bool {
			if i > 10 && i <= 20 {
				f.Timestamp += uint32((10 - i) * (3000 - 20))
			}
			return true
		})
		r.Stop()
		synctest.Wait()
	})
	file, err := webm.NewReader(bytes.NewReader(e.file))
	if err != nil {
		t.Fatal(err)
	}
	n, last := 0, time.Duration(-1)
	for ; ; n++ {
		p, err := file.ReadPacket()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Time <= last {
			t.Errorf("picture %d at %v follows one at %v", n, p.Time, last)
		}
		last = p.Time
	}
	if n != 30 {
		t.Errorf("%d pictures, want 30", n)
	}
}

func TestRecorderRefusesWhatItCannotWrite(t *testing.T) {
	if _, err := media.NewRecorder(media.NewStream(), media.RecorderOptions{MimeType: "video/mp4"}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("constructor with video/mp4: %v, want NotSupportedError", err)
	}
	track := func(mime string) *media.Track {
		return media.NewEncodedSource(media.Codec{MimeType: mime, ClockRate: 8000}).NewTrack()
	}
	for _, c := range []struct {
		mime   string
		stream *media.Stream
	}{
		{"", media.NewStream()},
		{"", media.NewStream(track("audio/PCMU"))},
		{"video/webm", media.NewStream(track("video/H264"))},
		{"video/webm;codecs=vp9", media.NewStream(track("video/VP8"))},
		{"audio/ogg", media.NewStream(track("audio/opus"), track("audio/opus"))},
		{"", media.NewStream(media.NewRTPSource(media.Codec{MimeType: "video/unheard-of"}).NewTrack())},
	} {
		r, err := media.NewRecorder(c.stream, media.RecorderOptions{MimeType: c.mime})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(0); !errors.Is(err, domerr.NotSupported) {
			t.Errorf("start() with %q: %v, want NotSupportedError", c.mime, err)
		}
	}
}

func TestIsTypeSupported(t *testing.T) {
	for mime, want := range map[string]bool{
		"": true, "video/webm": true, "audio/webm": true, "video/webm;codecs=vp8": true, "video/webm; codecs=\"vp09.00.10.08, opus\"": true,
		"video/webm;codecs=vp8,opus": true, "video/x-matroska;codecs=avc1.42E01F": true, "audio/ogg;codecs=opus": true, "video/x-ivf": true,
		"video/mp4": false, "audio/webm;codecs=vp8": false, "video/webm;codecs=avc1": false, "nonsense": false, "video/webm;codecs=": true,
	} {
		if got := media.IsTypeSupported(mime); got != want {
			t.Errorf("isTypeSupported(%q) is %v, want %v", mime, got, want)
		}
	}
}

func TestOggAndIVFRecordings(t *testing.T) {
	for _, c := range []struct {
		mime  string
		track int
		codec string
	}{{"audio/ogg", 1, "opus"}, {"video/x-ivf", 0, "vp8"}} {
		var e *events
		synctest.Test(t, func(t *testing.T) {
			p := playFilm(t)
			defer p.Close()
			r, ev := record(t, media.NewStream(p.Tracks()[c.track]), media.RecorderOptions{MimeType: c.mime})
			e = ev
			if err := r.Start(0); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Second)
			r.Stop()
			synctest.Wait()
		})
		path := save(t, "r", e.file)
		f := ffprobe.Probe(t, path)
		if f.Streams[0].Codec != c.codec {
			t.Errorf("%s: holds %s", c.mime, f.Streams[0].Codec)
		}
		if last := f.Packets[len(f.Packets)-1].Seconds(); last < 3.8 || last > 4.1 {
			t.Errorf("%s: the last packet is at %v s, want about 4", c.mime, last)
		}
		ffprobe.Decode(t, path)
	}
}

func TestWriteTrackFillsAContainer(t *testing.T) {
	var buf bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		p := playFilm(t)
		defer p.Close()
		w, err := ogg.NewWriter(&buf, container.Track{MimeType: "audio/opus", Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		stop := media.WriteTrack(p.Tracks()[1], w, 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		w.Close()
	})
	r, err := ogg.NewReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		p, err := r.ReadPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if want := time.Duration(n) * 20 * time.Millisecond; p.Time != want {
			t.Fatalf("packet %d is at %v, want %v", n, p.Time, want)
		}
	}
	if n < 99 || n > 101 {
		t.Errorf("%d packets in 2 s, want 100", n)
	}
}

func TestRawTracksAreEncoded(t *testing.T) {
	var e *events
	synctest.Test(t, func(t *testing.T) {
		video, audio := media.NewVideoSource(), media.NewAudioSource()
		r, ev := record(t, media.NewStream(video.NewTrack(), audio.NewTrack()), media.RecorderOptions{VideoBitsPerSecond: 300_000})
		e = ev
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		f := new(media.VideoFrame)
		for n := range 60 {
			// The picture changes its size on the way, as a received one may.
			w, h := 160, 96
			if n >= 30 {
				w, h = 320, 180
			}
			at := time.Duration(n) * time.Second / 30
			pattern.New(w, h).Draw(f, n, at)
			f.Timestamp = uint32(n * 3000)
			video.WriteVideo(f)
			s := make([]int16, 1600)
			pattern.Sound(s, int64(n*1600), 48000, 1)
			audio.WriteAudio(&media.AudioFrame{Samples: s, SampleRate: 48000, Channels: 1, Timestamp: uint32(n * 1600)})
			time.Sleep(time.Second / 30)
		}
		r.Stop()
		synctest.Wait()
		if len(e.errs) > 0 || !slices.Contains(e.names, "start") {
			t.Fatalf("events %v, errors %v", e.names, e.errs)
		}
	})
	path := save(t, "r.webm", e.file)
	wantDuration(t, ffprobe.Probe(t, path), 2)
	ffprobe.Decode(t, path)

	in, err := webm.NewReader(bytes.NewReader(e.file))
	if err != nil {
		t.Fatal(err)
	}
	dec, _, err := codec.Default.NewVideoDecoder(media.Codec{MimeType: codec.VP8})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for {
		p, err := in.ReadPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Track != 0 {
			continue
		}
		err = dec.Decode(&media.EncodedFrame{Data: p.Data}, func(f *media.VideoFrame) {
			if want := 160 + n/30*160; f.Width != want {
				t.Errorf("picture %d is %d wide, want %d", n, f.Width, want)
			}
			if got, _ := pattern.Number(f); got != n && n%30 > 5 {
				t.Errorf("picture %d shows %d", n, got)
			}
			n++
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != 60 {
		t.Errorf("%d pictures, want 60", n)
	}
}
