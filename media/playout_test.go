package media_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/container"
	"trackway/internal/domerr"
	"trackway/internal/testfilm"
	"trackway/media"
	"trackway/media/pattern"
)

// remote plays the film's packets into Playouts over a network that the test
// describes.
type remote struct {
	t            *testing.T
	start        time.Time
	video, audio *media.Playout
	flashes      []time.Time
	beeps        []time.Time
	numbers      []int
	samples      int
	broken       int // samples that do not follow the ones before
	mu           sync.Mutex
}

func newRemote(t *testing.T) *remote {
	r := &remote{t: t, start: time.Now()}
	group := media.NewSyncGroup()
	vs, vt := media.NewRemoteTrack(media.Video, "", "", nil)
	as, at := media.NewRemoteTrack(media.Audio, "", "", nil)
	vs.SetCodec(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
	as.SetCodec(media.Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2})
	vs.SetMuted(false)
	as.SetMuted(false)
	r.video = media.NewPlayout(vs, media.PlayoutOptions{Group: group})
	r.audio = media.NewPlayout(as, media.PlayoutOptions{Group: group})
	flashing, quiet := false, 48000
	vt.AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		on := pattern.FlashLevel(f) > 128
		if on && !flashing {
			r.flashes = append(r.flashes, time.Now())
		}
		flashing = on
		n, _ := pattern.Number(f)
		r.numbers = append(r.numbers, n)
	}})
	next := uint32(0)
	at.AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if f.Timestamp != next {
			r.broken++
		}
		next = f.Timestamp + uint32(len(f.Samples)/2)
		for i := 0; i < len(f.Samples); i += 2 {
			if v := f.Samples[i]; v > 5000 || v < -5000 {
				if quiet > 24000 {
					r.beeps = append(r.beeps, time.Now().Add(time.Duration(i/2)*time.Second/48000))
				}
				quiet = 0
			} else {
				quiet++
			}
		}
		r.samples += len(f.Samples) / 2
	}})
	return r
}

// run sends the film's first seconds. The network delays each packet of a
// track by what delay says, without changing their order, or loses it (-1).
func (r *remote) run(length time.Duration, delay func(p container.Packet) time.Duration) {
	in, err := testfilm.Open()
	if err != nil {
		r.t.Fatal(err)
	}
	type event struct {
		container.Packet
		arrival time.Time
	}
	var queues [2][]event
	for {
		p, err := in.ReadPacket()
		if err == io.EOF || p.Time >= length {
			break
		}
		d := delay(p)
		if d < 0 {
			continue
		}
		at := r.start.Add(p.Time + d)
		q := &queues[p.Track]
		if n := len(*q); n > 0 && (*q)[n-1].arrival.After(at) {
			at = (*q)[n-1].arrival
		}
		*q = append(*q, event{p, at})
	}
	var wg sync.WaitGroup
	for track, q := range queues {
		out, mime, rate := r.video, "video/VP8", time.Duration(90)
		if track == 1 {
			out, mime, rate = r.audio, "audio/opus", 48
		}
		wg.Go(func() {
			for _, e := range q {
				time.Sleep(time.Until(e.arrival))
				out.Push(&media.EncodedFrame{
					MimeType: mime, Data: e.Data, KeyFrame: e.KeyFrame,
					Timestamp: uint32(e.Time * rate / time.Millisecond), CaptureTime: r.start.Add(e.Time),
				}, time.Now())
			}
		})
	}
	wg.Wait()
	time.Sleep(time.Second)
	synctest.Wait()
	r.video.Close()
	r.audio.Close()
}

// Opus comes out with the encoder's delay, which a file's player skips.
const opusDelay = 312 * time.Second / 48000

func TestLipSync(t *testing.T) {
	for _, c := range []struct {
		name         string
		video, audio time.Duration // extra delay on the way
		jitter       time.Duration
	}{
		{"clean network", 0, 0, 0},
		{"picture 100 ms late", 100 * time.Millisecond, 0, 0},
		{"sound 100 ms late", 0, 100 * time.Millisecond, 0},
		{"jitter of 60 ms and picture 100 ms late", 100 * time.Millisecond, 0, 60 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRemote(t)
			random := rand.New(rand.NewPCG(1, 2))
			r.run(7500*time.Millisecond, func(p container.Packet) time.Duration {
				d := 30*time.Millisecond + time.Duration(random.Float64()*float64(c.jitter))
				if p.Track == 0 {
					return d + c.video
				}
				return d + c.audio
			})
			if len(r.flashes) < 7 || len(r.beeps) < 7 {
				t.Fatalf("%s: %d flashes and %d beeps in 7.5 s", c.name, len(r.flashes), len(r.beeps))
			}
			worst := time.Duration(0)
			for i := 2; i < 7; i++ { // after the delay has settled
				if d := r.beeps[len(r.beeps)-i].Add(-opusDelay).Sub(r.flashes[len(r.flashes)-i]); d.Abs() > worst.Abs() {
					worst = d
				}
			}
			t.Logf("%s: beep after flash by %v at most", c.name, worst)
			if worst.Abs() > 20*time.Millisecond {
				t.Errorf("%s: sound and picture are %v apart; 20 ms at most", c.name, worst)
			}
			if r.broken > 0 {
				t.Errorf("%s: %d times the samples' timestamps did not follow on", c.name, r.broken)
			}
			for i := 1; i < len(r.numbers); i++ {
				if r.numbers[i] != r.numbers[i-1]+1 {
					t.Fatalf("%s: picture %d after %d; none is to be lost", c.name, r.numbers[i], r.numbers[i-1])
				}
			}
		})
	}
}

func TestLostSoundIsConcealedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t)
		n, lost := 0, 0
		r.run(5*time.Second, func(p container.Packet) time.Duration {
			if p.Track == 0 {
				return 20 * time.Millisecond
			}
			if n++; n%20 == 0 || n > 120 && n < 126 {
				lost++
				return -1
			}
			return 20 * time.Millisecond
		})
		s := r.audio.Stats()
		if want := time.Duration(lost) * 20 * time.Millisecond; s.Concealed < want || s.Concealed > want+1100*time.Millisecond {
			t.Errorf("%v concealed, of %v lost (and up to a second after the end)", s.Concealed, want)
		}
		if s.Decoded != 250-lost || s.Late != 0 || s.Skipped != 0 {
			t.Errorf("%+v; %d packets arrived", s, 250-lost)
		}
		for i := 1; i < len(r.beeps); i++ {
			if d := r.beeps[i].Sub(r.beeps[i-1]) - time.Second; d.Abs() > 10*time.Millisecond {
				t.Errorf("beep %d comes %v off; concealment must fill gaps exactly", i, d)
			}
		}
		if r.broken > 0 {
			t.Errorf("%d breaks in the samples' timestamps", r.broken)
		}
	})
}

func TestTheDelayFollowsTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t)
		r.run(9900*time.Millisecond, func(p container.Packet) time.Duration {
			if p.Time > 2*time.Second && p.Time < 4*time.Second {
				return 150 * time.Millisecond
			}
			return 20 * time.Millisecond
		})
		s := r.audio.Stats()
		if s.Delay > 45*time.Millisecond {
			t.Errorf("the delay is %v when the network is quick again, want about 40ms", s.Delay)
		}
		// Up to a second is made up after the end.
		added := s.Stretched + s.Concealed - time.Second
		if added < 100*time.Millisecond || added > s.Skipped+300*time.Millisecond || s.Skipped < 90*time.Millisecond {
			t.Errorf("stretched %v, concealed %v, skipped %v: what was added is taken back", s.Stretched, s.Concealed, s.Skipped)
		}
		last := r.beeps[len(r.beeps)-1].Add(-opusDelay).Sub(r.start.Add(9 * time.Second))
		if last > 80*time.Millisecond {
			t.Errorf("the last beep is heard %v after its time; the delay must have come down", last)
		}
	})
}

func TestJitterBufferTargetIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t)
		target := 300 * time.Millisecond
		r.audio.SetTarget(&target)
		r.run(3*time.Second, func(container.Packet) time.Duration { return 20 * time.Millisecond })
		if d := r.flashes[1].Sub(r.start.Add(time.Second)); (d - 320*time.Millisecond).Abs() > 15*time.Millisecond {
			t.Errorf("the picture is shown %v after its capture, want 320ms: 20 to arrive, 300 held; the target of one track holds for its group", d)
		}
	})
}

// TestSoundIsStretchedToANewDelay changes the delay while the sound is there to
// do it with: nothing is made up and nothing lost.
func TestSoundIsStretchedToANewDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t)
		set := func(at, target time.Duration, check func(media.PlayoutStats)) {
			time.AfterFunc(at, func() { r.audio.SetTarget(&target) })
			time.AfterFunc(at+2500*time.Millisecond, func() { check(r.audio.Stats()) })
		}
		set(time.Second, 300*time.Millisecond, func(s media.PlayoutStats) {
			if s.Stretched < 270*time.Millisecond || s.Stretched > 310*time.Millisecond || s.Skipped != 0 || s.Concealed != 0 {
				t.Errorf("for 300ms more, stretched %v, skipped %v, concealed %v", s.Stretched, s.Skipped, s.Concealed)
			}
		})
		set(4*time.Second, 0, func(s media.PlayoutStats) {
			if s.Skipped < 270*time.Millisecond || s.Skipped > 320*time.Millisecond || s.Stretched > 310*time.Millisecond || s.Concealed != 0 || s.Late != 0 {
				t.Errorf("for 300ms less, skipped %v, stretched %v, concealed %v, late %d", s.Skipped, s.Stretched, s.Concealed, s.Late)
			}
		})
		r.run(7*time.Second, func(container.Packet) time.Duration { return 20 * time.Millisecond })
		if r.broken > 0 {
			t.Errorf("%d breaks in the samples' timestamps", r.broken)
		}
	})
}

func TestVideoThatCannotGoOnAsksForAKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, track := media.NewRemoteTrack(media.Video, "", "", nil)
		s.SetMuted(false)
		asked := 0
		s.OnKeyFrameRequest(func(string) { asked++ })
		track.AddSink(&media.Sink{Video: func(*media.VideoFrame) { t.Error("garbage gives no picture") }})
		p := media.NewPlayout(s, media.PlayoutOptions{})
		p.Push(&media.EncodedFrame{MimeType: "video/VP8", Data: []byte{1, 2, 3}}, time.Now())
		p.Push(&media.EncodedFrame{MimeType: "video/none", Data: []byte{1, 2, 3}}, time.Now())
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		st := p.Stats()
		if asked != 1 || st.Failed != 2 {
			t.Errorf("asked %d times after %d failures, want 1 and 2: no key frame helps where there is no decoder", asked, st.Failed)
		}
		if !errors.Is(st.Err, domerr.NotSupported) {
			t.Errorf("frames of a codec without decoder: want NotSupportedError, got %v", st.Err)
		}
		p.Close()
	})
}
