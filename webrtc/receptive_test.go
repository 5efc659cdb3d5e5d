package webrtc

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

// S6: a peer that has offered to send may do so before it has the answer, as
// Chromium does where the section was offered to it before. Its packets must not
// unmute the track before the answer is set: "the [[Receptive]] slot … is true"
// (webrtc-pc 5.3). Or else the event comes before the track event, and nobody hears
// it.
func TestMediaBeforeTheAnswerDoesNotUnmute(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		ours, theirs := newClip(vp8), newClip(vp8)
		a.addTrack(ours.track)
		b.remote(a.offer())
		b.addTrack(theirs.track)
		// To a it looks as if b did not send.
		answer := b.offer()
		answer.SDP = strings.Replace(answer.SDP, "a=sendrecv", "a=recvonly", 1)
		a.remote(answer)
		for _, p := range []*peer{a, b} {
			p.wait(func() bool { return p.ConnectionState() == PeerConnectionStateConnected }, "connected")
		}
		track := a.GetReceivers()[0].Track()
		seen := watchTrack(track)
		track.OnUnmute(func() { a.note("unmute") })
		arrived := 0
		early := func(when string) {
			t.Helper()
			theirs.play(5)
			time.Sleep(time.Second)
			synctest.Wait()
			before := arrived
			if arrived = int(inboundOf(t, a).PacketsReceived); arrived == before {
				t.Fatalf("%s nothing arrived: the peer is not early", when)
			}
			if !track.Muted() || seen.count() > 0 {
				t.Errorf("%s media has unmuted the track", when)
			}
		}
		a.take()
		early("before the offer")
		a.remote(b.offer())
		early("before the answer")
		wantLog(t, a.only("track", "unmute"), []string{"track video []"}, "the offer brings the track, muted")
		b.remote(a.offer())
		theirs.play(10)
		time.Sleep(time.Second)
		if got := seen.seen(); len(got) == 0 || !slices.ContainsFunc(got, func(f media.EncodedFrame) bool { return f.KeyFrame }) {
			t.Errorf("of %d frames seen none is a key frame, though the first one was missed", len(got))
		}
		wantLog(t, a.only("track", "unmute"), []string{"unmute"}, "after the answer media unmutes it")
	})
}
