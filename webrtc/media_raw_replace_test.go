package webrtc

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestReplaceTrackBetweenRawAndCoded(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		first, second := w.capture().GetVideoTracks()[0], w.capture().GetVideoTracks()[0]
		s := a.addTrack(first)
		connect(a, b)
		a.take()
		remote := b.GetReceivers()[0].Track()
		coded := watchTrack(remote)
		pictures := watchScreen(remote)
		time.Sleep(500 * time.Millisecond)
		wantPattern(t, "first raw track", pictures.take(), 1)

		a.must(s.ReplaceTrack(t.Context(), second), "ReplaceTrack raw by raw")
		time.Sleep(500 * time.Millisecond)
		if n := len(pictures.take()); n < 12 {
			t.Errorf("%d pictures of the second raw track in half a second", n)
		}
		synctest.Wait()
		if first.Source().Demand().Raw {
			t.Error("the encoder of a track that was replaced goes on")
		}

		clip := newClip(vp8)
		before := coded.count()
		a.must(s.ReplaceTrack(t.Context(), clip.track), "ReplaceTrack raw by coded")
		clip.play(20)
		time.Sleep(200 * time.Millisecond)
		if n := coded.count() - before; n < 20 {
			t.Errorf("%d frames of a coded track after a raw one, want 20", n)
		}
		if second.Source().Demand().Raw {
			t.Error("the encoder of a raw track that a coded one replaced goes on")
		}
		pictures.take()

		a.must(s.ReplaceTrack(t.Context(), first), "ReplaceTrack coded by raw")
		time.Sleep(500 * time.Millisecond)
		got := pictures.take()
		wantPattern(t, "raw track after a coded one", got, 1)
		// Of 15 one is lost to the change and one is on its way. At a moment that
		// differs from run to run the display falls back by some 90 ms, once, and
		// no picture is lost to that: three more are still to be shown then.
		if len(got) < 10 {
			t.Errorf("%d pictures of a raw track after a coded one in half a second", len(got))
		}
		a.must(s.ReplaceTrack(t.Context(), nil), "ReplaceTrack by none")
		synctest.Wait()
		if first.Source().Demand().Raw {
			t.Error("the encoder goes on without a sender")
		}
		infos := coded.seen()
		for i := 1; i < len(infos); i++ {
			if d := int32(infos[i].Timestamp - infos[i-1].Timestamp); d <= 0 || d > 90000 {
				t.Errorf("frame %d: the timestamp goes on by %d: it must be continuous over replaceTrack", i, d)
			}
		}
		wantLog(t, a.only("negotiationneeded"), nil, "replaceTrack needs no negotiation")
	})
}

func TestDisabledRawVideoIsSentAsBlack(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		track := w.capture().GetVideoTracks()[0]
		a.addTrack(track)
		connect(a, b)
		video := watchScreen(b.GetReceivers()[0].Track())
		look := func() []seen {
			time.Sleep(300 * time.Millisecond) // what is under way arrives
			video.take()
			time.Sleep(500 * time.Millisecond)
			return video.take()
		}
		wantPattern(t, "enabled", look(), 1)
		track.SetEnabled(false)
		black := look()
		if len(black) < 12 {
			t.Errorf("%d pictures in half a second of a track that is disabled, want black ones, 12 at least", len(black))
		}
		for _, p := range black {
			if p.number >= 0 || p.luma > 20 {
				t.Errorf("a track that is disabled shows picture %d with luma %d, want black", p.number, p.luma)
				break
			}
		}
		track.SetEnabled(true)
		wantPattern(t, "enabled again", look(), 1)
	})
}

func TestDisabledRawAudioIsSentAsSilence(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		track := w.capture().GetAudioTracks()[0]
		a.addTrack(track)
		connect(a, b)
		audio := watchScreen(b.GetReceivers()[0].Track())
		loudest := func() int16 {
			audio.mu.Lock()
			defer audio.mu.Unlock()
			l := audio.loudest
			audio.loudest = 0
			return l
		}
		listen := func() int16 {
			time.Sleep(500 * time.Millisecond)
			loudest()
			time.Sleep(1500 * time.Millisecond) // there is a beep each second
			return loudest()
		}
		if listen() < 3000 {
			t.Error("the tone is not heard")
		}
		track.SetEnabled(false)
		if l := listen(); l > 50 {
			t.Errorf("a track that is disabled has a sample of %d, want silence", l)
		}
		track.SetEnabled(true)
		if listen() < 3000 {
			t.Error("the tone is not heard again")
		}
	})
}
