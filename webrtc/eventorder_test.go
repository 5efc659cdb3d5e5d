package webrtc

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"trackway/media"
)

// TestEventsOfADescriptionComeInOrder has the order of the last steps of "set a
// session description" (webrtc-pc 4.4.1.5): signalingstatechange, mute,
// removetrack, addtrack, track, and then the promise.
func TestEventsOfADescriptionComeInOrder(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s1, s2 := media.NewStream(), media.NewStream()
		gone := a.addTrack(videoTrack(), s1, s2)
		moved := a.addTrack(audioTrack(), s1)
		negotiate(a, b)

		receiver := b.GetReceivers()[0]
		media.SetMutedNow(receiver.source, false)
		b.take()
		receiver.Track().OnMute(func() { b.note("mute") })
		for _, s := range []*media.Stream{s1, s2} {
			remote := b.streams[s.ID()]
			remote.OnAddTrack(func(e media.StreamTrackEvent) { b.note("addtrack %s", e.Track.Kind()) })
			remote.OnRemoveTrack(func(e media.StreamTrackEvent) { b.note("removetrack %s", e.Track.Kind()) })
		}
		a.must(a.RemoveTrack(gone), "RemoveTrack")
		a.must(moved.SetStreams(s2), "SetStreams")
		offer := a.offer()
		b.remote(offer)
		b.note("resolved")
		wantLog(t, b.take(), []string{
			"signalingstate have-remote-offer",
			"mute",
			"removetrack video", "removetrack video", "removetrack audio",
			"addtrack audio",
			"track audio [" + s2.ID() + "]",
			"resolved",
		}, "the order of events of one description")
	})
}

// TestStateIsCompleteBeforeTheFirstEvent: "all the modifications to all the
// variables are completed before the procedures fire any events".
func TestStateIsCompleteBeforeTheFirstEvent(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		b.addTrack(videoTrack())
		offer := a.offer()
		seen := false
		b.OnSignalingStateChange(func() {
			seen = true
			if b.RemoteDescription() == nil || b.PendingRemoteDescription() == nil || len(b.GetTransceivers()) != 1 ||
				b.GetTransceivers()[0].Mid() == "" {
				t.Error("in signalingstatechange the description, transceivers and mids are set already")
			}
			if b.GetReceivers()[0].Transport() != nil {
				t.Error("a remote offer sets no transport: the answer does")
			}
		})
		b.remote(offer)
		if !seen {
			t.Error("signalingstatechange must fire")
		}
	})
}

func TestTheCallReturnsAfterTheTask(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		offer := a.offer()
		ran := false
		b.OnTrack(func(TrackEvent) { ran = true })
		b.must(b.SetRemoteDescription(t.Context(), offer), "SetRemoteDescription")
		if !ran {
			t.Error("when SetRemoteDescription returns, the track handlers have run")
		}
	})
}

func TestEventsOfAConnectionBeingMade(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		synctest.Wait()
		connect(a, b)
		log := a.take()
		var rest []string
		for _, line := range log {
			// The agent may find the pair and be done in one step.
			line = strings.Replace(line, "iceconnectionstate completed", "iceconnectionstate connected", 1)
			if line != "icecandidate" {
				rest = append(rest, line)
			}
		}
		inOrder(t, rest, "negotiationneeded", "signalingstate have-local-offer", "icegatheringstate gathering",
			"icecandidate end", "icegatheringstate complete", "icecandidate null")
		inOrder(t, rest, "signalingstate have-local-offer", "signalingstate stable", "iceconnectionstate checking",
			"connectionstate connecting", "iceconnectionstate connected", "connectionstate connected")
		if !slices.Contains(log, "icecandidate") {
			t.Error("candidates are told one by one")
		}
		for _, line := range []string{"icegatheringstate gathering", "icegatheringstate complete", "icecandidate null", "connectionstate connected"} {
			if n := count(log, line); n != 1 {
				t.Errorf("%q must come once, came %d times", line, n)
			}
		}
	})
}

// inOrder fails unless the log has the lines in this order.
func inOrder(t *testing.T, log []string, lines ...string) {
	t.Helper()
	rest := log
	for _, line := range lines {
		i := slices.Index(rest, line)
		if i < 0 {
			t.Errorf("%q is missing or out of order in %q", line, log)
			return
		}
		rest = rest[i+1:]
	}
}

func count(log []string, line string) int {
	n := 0
	for _, l := range log {
		if l == line {
			n++
		}
	}
	return n
}

func TestAHandlerSetInAHandlerIsUsed(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		fired := false
		b.OnSignalingStateChange(func() { b.OnTrack(func(TrackEvent) { fired = true }) })
		b.remote(a.offer())
		if !fired {
			t.Error("a handler set by an earlier handler of the same task must be called")
		}
		b.OnTrack(nil)
		b.must(b.SetRemoteDescription(t.Context(), SessionDescription{Type: SDPTypeRollback}), "rollback")
		b.OnSignalingStateChange(nil)
		b.remote(*a.LocalDescription())
	})
}
