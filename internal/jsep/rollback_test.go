package jsep

import (
	"slices"
	"testing"

	"trackway/internal/domerr"
)

func TestRollbackOfALocalOffer(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	a.setLocal(Offer)
	if a.s.Transceiver(id).MID() == "" || len(a.s.Transports()) != 1 {
		t.Fatal("an offer associates the transceiver and starts a transport")
	}
	a.setLocal(Rollback)
	if tr := a.s.Transceiver(id); tr.MID() != "" || tr.Transport() != 0 || tr.Direction() != SendRecv || tr.Track() == nil {
		t.Fatalf("rollback disassociates and leaves what the program set:%s", a.dump())
	}
	if len(a.s.Transports()) != 0 || a.s.PendingLocalDescription() != nil || len(a.s.Media()) != 0 {
		t.Fatal("rollback discards what the offer had started")
	}
	a.wantLog("rollback of a local offer", "have-local-offer", "stable")
	a.wantNeeded(true, "the track is still to be negotiated")
	negotiate(a, b)
	b.wantTrack("v1", "s1")
}

func TestRollbackOfARemoteOfferRemovesWhatItMade(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	b.setRemote(Offer, a.setLocal(Offer))
	b.setRemote(Rollback, "")
	b.wantLog("the remote track goes as it came",
		"created 1", "have-remote-offer", "addtrack s1 1", "track 1 [s1]",
		"stopped 1", "stable", "mute 1", "removetrack s1 1", "removed 1")
	if len(b.s.Transceivers()) != 0 {
		t.Fatalf("a transceiver that the remote offer made is removed:%s", b.dump())
	}
	if b.s.Transceiver(1) != nil {
		t.Fatal("a removed transceiver is found")
	}
}

// RFC 9429 §5.7: "an RtpTransceiver MUST NOT be removed if a track was attached to
// the RtpTransceiver via the addTrack method".
func TestRollbackKeepsATransceiverThatAddTrackUses(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	b.setRemote(Offer, a.setLocal(Offer))
	id := b.addTrack(videoTrack("w1"), "t1")
	if id != 1 {
		t.Fatalf("S15: addTrack takes the transceiver of the remote offer, not %d", id)
	}
	b.setRemote(Rollback, "")
	tr := b.s.Transceiver(1)
	if tr == nil || tr.MID() != "" || tr.Track() == nil || tr.Direction() != SendRecv || tr.Stopping() {
		t.Fatalf("the transceiver stays, without a mid:%s", b.dump())
	}
	// "… then call createOffer and have an "m=" section for the added track appear".
	if got := lines(b.setLocal(Offer), "a=msid:"); len(got) != 1 || got[0] != "a=msid:t1 w1" {
		t.Fatalf("the track is offered after the rollback, got %q", got)
	}
	b.setLocal(Rollback)
	// It counts as one of addTrack now: a remote offer takes it.
	a.setLocal(Rollback)
	negotiate(a, b)
	if n := len(b.s.Transceivers()); n != 1 {
		t.Fatalf("the remote offer takes the transceiver of addTrack, got %d transceivers", n)
	}
	if tr := a.s.Transceiver(1); tr.CurrentDirection() != SendRecv || tr.RemoteStreamIDs()[0] != "t1" {
		t.Fatalf("b's track is sent in the answer:%s", a.dump())
	}
}

func TestRollbackErrors(t *testing.T) {
	a, b := pair(t)
	_, _, err := a.s.Rollback()
	a.refuses("rollback in the stable state", err, domerr.InvalidState)
	a.addTrack(videoTrack("v1"))
	b.setRemote(Offer, a.setLocal(Offer))
	b.setLocal(Pranswer)
	_, _, err = b.s.SetLocal(Description{Type: Rollback})
	b.refuses("webrtc-pc 4.4.1.5: a pranswer cannot be rolled back", err, domerr.InvalidState)
	a.setRemote(Pranswer, b.s.PendingLocalDescription().SDP)
	_, _, err = a.s.SetRemote(Description{Type: Rollback})
	a.refuses("nor at the other side", err, domerr.InvalidState)
}

// Glare: an offer that meets a local offer rolls it back; the transceivers of
// addTrack are used for the remote m-sections.
func TestImplicitRollback(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	b.addTrack(videoTrack("w1"), "t1")
	b.setLocal(Offer)
	b.wantLog("a local offer", "have-local-offer")
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	b.wantLog("the rollback comes first", "stable", "have-remote-offer", "addtrack s1 1", "track 1 [s1]")
	if n := len(b.s.Transceivers()); n != 1 {
		t.Fatalf("the transceiver of addTrack is taken for the offered section, got %d", n)
	}
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	if tr := a.s.Transceiver(1); tr.CurrentDirection() != SendRecv {
		t.Fatalf("both send now, not %s", tr.CurrentDirection())
	}
	b.wantNeeded(false, "the answer carried b's track")
}

// A failed description changes nothing, the implicit rollback included.
func TestFailureChangesNothing(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	b.addTrack(videoTrack("w1"))
	b.setLocal(Offer)
	before := b.s
	if _, _, err := b.s.SetRemote(Description{Offer, "v=0\r\nm=x\r\n"}); err == nil {
		t.Fatal("garbage is accepted")
	}
	if b.s != before || b.s.SignalingState() != HaveLocalOffer {
		t.Fatal("an error changes the state")
	}
}

// A renegotiation that is rolled back leaves the running session as it was,
// with the same media and transport values.
func TestRollbackLeavesTheSession(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	media, transports := a.s.Media(), a.s.Transports()
	a.addTrack(audioTrack("x1"), "s1")
	a.setDirection(id, SendOnly)
	a.s = a.s.RestartICE()
	a.setLocal(Offer)
	if a.s.Transports()[0].PendingICE == nil {
		t.Fatal("an ICE restart is offered as a pending generation")
	}
	a.setLocal(Rollback)
	if got := a.s.Media(); len(got) != 1 || got[0] != media[0] {
		t.Fatalf("rollback brings back other media values: %+v", got)
	}
	if got := a.s.Transports(); len(got) != 1 || got[0] != transports[0] {
		t.Fatalf("rollback brings back other transport values: %+v", got[0])
	}
	a.wantNeeded(true, "the changes are still to be negotiated")
	negotiate(a, b)
	b.wantTrack("v1", "s1")
}

// WPT RTCPeerConnection-setLocalDescription-answer.html: [[LastCreatedAnswer]]
// survives a rollback, and answers the same offer when it comes again.
func TestAnswerFromBeforeARollback(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	a.addData()
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	s, answer, err := b.s.CreateAnswer()
	b.do("createAnswer", s, nil, err)
	b.setRemote(Rollback, "")
	s, _, err = b.s.CreateOffer(OfferOptions{})
	b.do("createOffer", s, nil, err)
	b.setRemote(Offer, offer)
	s, ev, err := b.s.SetLocal(Description{Answer, answer})
	b.do("setLocalDescription", s, ev, err)
	a.setRemote(Answer, answer)
	checkPair(a, b)
	b.wantTrack("v1", "s1")
	// Another offer is not answered by it.
	c := newPeer(t, "c")
	c.setRemote(Offer, offer)
	s, answer, err = c.s.CreateAnswer()
	c.do("createAnswer", s, nil, err)
	c.setRemote(Rollback, "")
	d := newPeer(t, "d")
	d.addTrack(audioTrack("x1"))
	c.setRemote(Offer, d.setLocal(Offer))
	_, _, err = c.s.SetLocal(Description{Answer, answer})
	c.refuses("an answer to another offer", err, domerr.InvalidAccess)
}

// Glare, and the offer that gives way restarts ICE: the answer to the other one,
// which does not, keeps the credentials, and the next offer restarts.
func TestRollbackOfAnICERestart(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	credentials := func(text string) []string { return slices.Compact(lines(text, "a=ice-ufrag:")) }
	old := credentials(b.s.CurrentLocalDescription().SDP)
	b.s = b.s.RestartICE()
	if now := credentials(b.setLocal(Offer)); slices.Equal(now, old) {
		t.Fatal("the offer restarts ICE")
	}
	a.addTrack(audioTrack("x1"))
	b.setRemote(Offer, a.setLocal(Offer))
	answer := b.setLocal(Answer)
	if now := credentials(answer); !slices.Equal(now, old) {
		t.Fatalf("an answer to an offer without a restart keeps the credentials, also in new m-sections: %q, was %q", now, old)
	}
	a.setRemote(Answer, answer)
	checkPair(a, b)
	b.wantNeeded(true, "the restart is still to be done")
	negotiate(b, a)
	if now := credentials(b.s.CurrentLocalDescription().SDP); slices.Equal(now, old) {
		t.Fatal("the next offer restarts ICE")
	}
	b.wantNeeded(false, "the restart is done")
}

// WPT setRemoteDescription-rollback.html: a local offer that was created before a
// rollback can be set after it. Its transport is one that the rollback took away.
func TestAnOfferOfHaveLocalOfferOutlivesARollback(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	first := a.setLocal(Offer)
	n, second, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", n, nil, err)
	if second == first {
		t.Fatal("each offer has a version of its own")
	}
	a.setLocal(Rollback)
	s, ev, err := a.s.SetLocal(Description{Offer, second})
	a.do("setLocalDescription", s, ev, err)
	if len(a.s.Transports()) != 1 {
		t.Fatalf("the offer starts its transport, got %d", len(a.s.Transports()))
	}
	b.setRemote(Offer, second)
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	b.wantTrack("v1", "s1")
}
