package media_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/container"
	"trackway/internal/testfilm"
	"trackway/media"
)

// arrival is when a frame came, counted from the start, and what it said.
type arrival struct {
	at        time.Duration
	timestamp uint32
	key       bool
}

func collect(start time.Time, t *media.Track) (get func() []arrival) {
	var mu sync.Mutex
	var got []arrival
	t.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		mu.Lock()
		got = append(got, arrival{time.Since(start), f.Timestamp, f.KeyFrame})
		mu.Unlock()
	}})
	return func() []arrival {
		mu.Lock()
		defer mu.Unlock()
		return append([]arrival(nil), got...)
	}
}

func TestPlayerLoopsInRealTimeWithoutASeam(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := testfilm.NewPlayer(media.PlayerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		video, audio := collect(start, p.Tracks()[0]), collect(start, p.Tracks()[1])
		p.Start()
		time.Sleep(25*time.Second - time.Millisecond)
		synctest.Wait()
		p.Close()
		synctest.Wait()

		v, a := video(), audio()
		if len(v) != 25*testfilm.FrameRate || len(a) != 25*50 {
			t.Errorf("%d pictures and %d sound packets in 25 s, want %d and %d", len(v), len(a), 25*testfilm.FrameRate, 25*50)
		}
		for i, f := range v {
			want := time.Duration(i) * time.Second / testfilm.FrameRate
			if d := f.at - want; d.Abs() > 2*time.Millisecond {
				t.Fatalf("picture %d came at %v, due at %v", i, f.at, want)
			}
			if ticks := f.timestamp - uint32(i*3000); int32(ticks) > 90 || int32(ticks) < -90 {
				t.Fatalf("picture %d has timestamp %d, want %d within the container's millisecond", i, f.timestamp, i*3000)
			}
			if f.key != (i%testfilm.FrameRate == 0) {
				t.Fatalf("picture %d: key frame %v; the film has one each second", i, f.key)
			}
		}
		for i, f := range a {
			if f.timestamp != uint32(i*960) || f.at != time.Duration(i)*20*time.Millisecond {
				t.Fatalf("packet %d came at %v with timestamp %d; sound must run through the loop's seam without a step", i, f.at, f.timestamp)
			}
		}
		if p.Err() != nil || p.Tracks()[0].ReadyState() != media.Ended {
			t.Errorf("after Close: error %v, track %v; want none and ended", p.Err(), p.Tracks()[0].ReadyState())
		}
	})
}

func TestPlayerEndsWithTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := media.NewPlayer(media.PlayerOptions{}, testfilm.Open)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan time.Duration, 2)
		start := time.Now()
		for _, tr := range p.Tracks() {
			tr.OnEnded(func() { ended <- time.Since(start) })
		}
		p.Start()
		<-p.Done()
		for range 2 {
			if at := <-ended; at != 10*time.Second {
				t.Errorf("ended fired after %v; the tracks end when the last frame has been shown, after 10s", at)
			}
		}
		if p.Err() != nil {
			t.Errorf("playing to the end is no error: %v", p.Err())
		}
	})
}

func TestPlayerStopsWhenNobodyUsesItsTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := testfilm.NewPlayer(media.PlayerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.Start()
		clone := p.Tracks()[0].Clone()
		for _, tr := range p.Tracks() {
			tr.Stop()
		}
		synctest.Wait()
		select {
		case <-p.Done():
			t.Fatal("a clone still uses the player")
		default:
		}
		clone.Stop()
		<-p.Done()
	})
}

// list is a reader of given packets.
type list struct {
	tracks  []container.Track
	packets []container.Packet
	err     error
}

func (l *list) Tracks() []container.Track { return l.tracks }
func (l *list) ReadPacket() (container.Packet, error) {
	if len(l.packets) == 0 {
		if l.err != nil {
			return container.Packet{}, l.err
		}
		return container.Packet{}, io.EOF
	}
	p := l.packets[0]
	l.packets = l.packets[1:]
	return p, nil
}

func openList(mime string, err error, at ...time.Duration) func() (container.Reader, error) {
	return func() (container.Reader, error) {
		l := &list{tracks: []container.Track{{MimeType: mime, ClockRate: 1000}}, err: err}
		for _, t := range at {
			l.packets = append(l.packets, container.Packet{Time: t, KeyFrame: true, Data: []byte{1}})
		}
		return l, nil
	}
}

func TestFilesOfOnePlayerStayInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := time.Millisecond
		p, err := media.NewPlayer(media.PlayerOptions{Loop: true},
			openList("video/VP8", nil, 0, 100*ms, 200*ms), openList("audio/PCMU", nil, 0, 250*ms, 500*ms))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		video, audio := collect(start, p.Tracks()[0]), collect(start, p.Tracks()[1])
		p.Start()
		time.Sleep(900 * ms)
		synctest.Wait()
		p.Close()
		// The longer file lasts 750 ms: its last packet as long as the one before.
		want := []time.Duration{0, 100 * ms, 200 * ms, 750 * ms, 850 * ms}
		for i, w := range want {
			if v := video(); i >= len(v) || v[i].at != w || v[i].timestamp != uint32(w/ms) {
				t.Fatalf("pictures came %v, want at %v: both files begin the next round together", v, want)
			}
		}
		if a := audio(); len(a) != 4 || a[3].at != 750*ms {
			t.Errorf("sound came %v; its second round begins at 750ms", a)
		}
	})
}

func TestPlayerReportsWhatTheReaderSays(t *testing.T) {
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		p, err := media.NewPlayer(media.PlayerOptions{}, openList("video/VP8", broken, 0, time.Second))
		if err != nil {
			t.Fatal(err)
		}
		p.Start()
		<-p.Done()
		if !errors.Is(p.Err(), broken) {
			t.Errorf("Err is %v, want the reader's error", p.Err())
		}
	})
	if _, err := media.NewPlayer(media.PlayerOptions{}, openList("video/VP8", broken)); !errors.Is(err, broken) {
		t.Errorf("NewPlayer of a file without a packet: %v, want the reader's error", err)
	}
}

type closing struct {
	list
	closed *bool
}

func (c closing) Close() error {
	*c.closed = true
	return nil
}

func TestPlayerThatFailsToStartClosesItsFiles(t *testing.T) {
	broken := errors.New("broken")
	var closed [2]bool
	open := func(i int, packets []container.Packet) func() (container.Reader, error) {
		return func() (container.Reader, error) {
			return &closing{list{packets: packets, err: broken}, &closed[i]}, nil
		}
	}
	_, err := media.NewPlayer(media.PlayerOptions{}, open(0, make([]container.Packet, 1)), open(1, nil))
	if !errors.Is(err, broken) || closed != [2]bool{true, true} {
		t.Errorf("error %v, closed %v; the reader that fails must be closed like those before it", err, closed)
	}
}

// lateClock oversleeps once.
type lateClock struct {
	media.Clock
	late time.Duration
}

func (c *lateClock) SleepUntil(ctx context.Context, t time.Time) error {
	if err := c.Clock.SleepUntil(ctx, t); err != nil {
		return err
	}
	time.Sleep(c.late)
	c.late = 0
	return nil
}

func TestPlayerDoesNotCatchUpAfterALongSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := time.Second
		p, err := media.NewPlayer(media.PlayerOptions{Clock: &lateClock{media.SystemClock, time.Hour}},
			openList("video/VP8", nil, 0, s, 2*s))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := collect(start, p.Tracks()[0])
		p.Start()
		<-p.Done()
		if g := got(); len(g) != 3 || g[1].at-g[0].at != s || g[2].at-g[1].at != s {
			t.Errorf("after the machine slept, frames came at %v; the pace must be kept", g)
		}
	})
}

func TestFileIsOpenedAndClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clip.webm")
	if err := os.WriteFile(path, testfilm.Data(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := media.File(path)()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := r.ReadPacket(); err != nil || !bytes.Contains(testfilm.Data(), p.Data) {
		t.Errorf("the first packet: %v", err)
	}
	if c, ok := r.(io.Closer); !ok || c.Close() != nil {
		t.Error("the reader must close the file")
	}
	if _, err := media.File(path + "x")(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	p, err := media.NewPlayer(media.PlayerOptions{}, media.File(path))
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}
