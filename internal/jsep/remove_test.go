package jsep

import (
	"testing"

	"trackway/internal/domerr"
)

// S14: a remote stream loses the track with removeTrack and regains it.
func TestRemoveTrackAndAddAgain(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1", "s2")
	negotiate(a, b)
	b.log = nil
	a.removeTrack(id)
	if d := a.s.Transceiver(id).Direction(); d != RecvOnly {
		t.Fatalf("removeTrack turns sendrecv to recvonly, not %s", d)
	}
	a.wantNeeded(true, "removeTrack asks for negotiation")
	negotiate(a, b)
	b.wantLog("the track is muted and leaves its streams, then nothing", "have-remote-offer", "mute 1", "removetrack s1 1", "removetrack s2 1", "stable")
	second := a.addTrack(videoTrack("v2"), "s1")
	if second == id {
		t.Fatal("S15: a sender that has sent is not taken again")
	}
	a.setDirection(id, SendRecv)
	negotiate(a, b)
	b.wantLog("the first comes back with a track event of its own", "created 2", "have-remote-offer",
		"addtrack s1 1", "addtrack s2 1", "addtrack s1 2", "track 1 [s1 s2]", "track 2 [s1]", "stable")
}

func TestDirectionChanges(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	b.log = nil
	for _, step := range []struct {
		direction, current, peer Direction
		log                      []string
	}{
		{Inactive, Inactive, Inactive, []string{"have-remote-offer", "mute 1", "removetrack s1 1", "stable"}},
		{SendOnly, SendOnly, RecvOnly, []string{"have-remote-offer", "addtrack s1 1", "track 1 [s1]", "stable"}},
		{RecvOnly, Inactive, Inactive, []string{"have-remote-offer", "mute 1", "removetrack s1 1", "stable"}},
		{SendRecv, SendOnly, RecvOnly, []string{"have-remote-offer", "addtrack s1 1", "track 1 [s1]", "stable"}},
	} {
		a.setDirection(id, step.direction)
		negotiate(a, b)
		if got := a.s.Transceiver(id).CurrentDirection(); got != step.current {
			t.Fatalf("direction %s: currentDirection is %s, want %s", step.direction, got, step.current)
		}
		if got := b.s.Transceiver(1).CurrentDirection(); got != step.peer {
			t.Fatalf("direction %s: the peer's currentDirection is %s, want %s", step.direction, got, step.peer)
		}
		b.wantLog("S14: direction "+string(step.direction), step.log...)
	}
}

func TestSetStreams(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1", "s2")
	negotiate(a, b)
	b.log = nil
	s, err := a.s.SetStreams(id, []string{"s2", "s3"})
	a.do("setStreams", s, nil, err)
	a.wantNeeded(true, "other streams have to be announced")
	negotiate(a, b)
	b.wantLog("only the difference is fired, and track again for the new stream",
		"have-remote-offer", "removetrack s1 1", "addtrack s3 1", "track 1 [s2 s3]", "stable")
	_, err = a.s.Close().SetStreams(id, nil)
	a.refuses("setStreams on a closed connection", err, domerr.InvalidState)
}

func TestReplaceTrack(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	track := videoTrack("v2")
	s, err := a.s.ReplaceTrack(id, &track)
	a.do("replaceTrack", s, nil, err)
	a.wantNeeded(false, "replaceTrack needs no negotiation")
	_, _, err = a.s.AddTrack(videoTrack("v2"), nil)
	a.refuses("the sender has the new track", err, domerr.InvalidAccess)
	if _, _, err = a.s.AddTrack(videoTrack("v1"), nil); err != nil {
		t.Fatalf("the old track is free: %v", err)
	}
	audio := audioTrack("x")
	_, err = a.s.ReplaceTrack(id, &audio)
	a.refuses("another kind", err, domerr.Type)
	a.stop(id)
	_, err = a.s.ReplaceTrack(id, nil)
	a.refuses("a stopped transceiver", err, domerr.InvalidState)
}

func TestRemoveTrackErrors(t *testing.T) {
	a, _ := pair(t)
	_, err := a.s.RemoveTrack(7)
	a.refuses("a sender of no one", err, domerr.InvalidAccess)
	id := a.addTrack(videoTrack("v1"))
	_, err = a.s.Close().RemoveTrack(id)
	a.refuses("a closed connection", err, domerr.InvalidState)
	a.stop(id)
	s, err := a.s.RemoveTrack(id)
	if err != nil || s != a.s {
		t.Fatal("removeTrack on a stopping transceiver does nothing")
	}
}

// Chromium refuses an offer that names a track twice.
func TestRemovedTrackIsNotNamed(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	s, err := a.s.SetStreams(id, nil)
	a.do("setStreams", s, nil, err)
	a.removeTrack(id)
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	if got := lines(offer, "a=msid:"); len(got) != 1 {
		t.Fatalf("a track that is not sent has no a=msid: %q", got)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	a.wantNeeded(false, "a receiver needs no a=msid")
}
