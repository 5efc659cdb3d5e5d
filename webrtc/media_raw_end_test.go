package webrtc

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestEncoderEndsWithItsSender(t *testing.T) {
	for _, c := range []struct {
		what string
		end  func(a, b *peer, s *RTPSender)
		want bool // pictures go on when the sender is asked to send again
	}{
		{"removeTrack", func(a, _ *peer, s *RTPSender) { a.must(a.RemoveTrack(s), "RemoveTrack") }, false},
		{"stop", func(a, _ *peer, _ *RTPSender) { a.must(a.GetTransceivers()[0].Stop(), "Stop") }, false},
		{"close", func(a, _ *peer, _ *RTPSender) { a.must(a.Close(), "Close") }, false},
		{"the track's end", func(_, _ *peer, s *RTPSender) { s.Track().Stop() }, false},
		{"active = false", func(a, _ *peer, s *RTPSender) { setActive(a, s, false) }, true},
		{"direction inactive", func(a, b *peer, _ *RTPSender) {
			a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
			negotiate(a, b)
		}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				track := w.capture().GetVideoTracks()[0]
				s := a.addTrack(track)
				connect(a, b)
				screen := watchScreen(b.GetReceivers()[0].Track())
				time.Sleep(300 * time.Millisecond)
				coded := s.media.targets[0].coded.Load()
				if len(screen.take()) == 0 {
					t.Fatal("no pictures arrive")
				}
				c.end(a, b, s)
				synctest.Wait()
				if !coded.Source().Ended() || track.Source().Demand().Raw {
					t.Errorf("the encoder goes on after %s", c.what)
				}
				if !c.want {
					return
				}
				time.Sleep(200 * time.Millisecond)
				screen.take()
				setActive(a, s, true)
				a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
				negotiate(a, b)
				time.Sleep(500 * time.Millisecond)
				wantPattern(t, "after "+c.what, screen.take(), 1)
			})
		})
	}
}

func setActive(p *peer, s *RTPSender, active bool) {
	p.t.Helper()
	parameters := s.GetParameters()
	parameters.Encodings[0].Active = active
	p.must(s.SetParameters(p.t.Context(), parameters), "SetParameters")
}
