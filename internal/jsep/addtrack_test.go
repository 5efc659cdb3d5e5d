package jsep

import (
	"testing"

	"trackway/internal/domerr"
)

// S1, S5, S6, S9: a track arrives in the streams that it was added with, in
// order, and two tracks of one stream come in one stream.
func TestAddTrackArrivesInItsStreams(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1", "s2")
	a.addTrack(audioTrack("a1"), "s1")
	a.wantNeeded(true, "S2: addTrack asks for negotiation")
	negotiate(a, b)
	b.wantTrack("v1", "s1", "s2")
	b.wantTrack("a1", "s1")
	b.wantLog("events come in the order of set a session description",
		"created 1", "created 2", "have-remote-offer",
		"addtrack s1 1", "addtrack s2 1", "addtrack s1 2", "track 1 [s1 s2]", "track 2 [s1]", "stable")
	a.wantLog("the offerer receives nothing", "have-local-offer", "stable")
	a.wantNeeded(false, "everything is negotiated")
	b.wantNeeded(false, "everything is negotiated")
}

// S10: without a stream the remote peer decides.
func TestStreamlessTrackHasNoStreams(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	b.wantTrack("v1")
	b.wantLog("event.streams is empty", "created 1", "have-remote-offer", "track 1 []", "stable")
	if got := lines(a.s.CurrentLocalDescription().SDP, "a=msid:"); len(got) != 1 || got[0] != "a=msid:- v1" {
		t.Fatalf("a streamless track is announced by one a=msid of -, got %q", got)
	}
}

// S7, S8.
func TestAddTrackErrors(t *testing.T) {
	a, _ := pair(t)
	a.addTrack(videoTrack("v1"))
	_, _, err := a.s.AddTrack(videoTrack("v1"), nil)
	a.refuses("S7: a track that a sender has", err, domerr.InvalidAccess)
	id := a.addTransceiver(TransceiverInit{Track: &Track{ID: "v1", Kind: Video}})
	a.removeTrack(id)
	_, _, err = a.s.AddTrack(videoTrack("v1"), nil)
	a.refuses("S7: another sender still has it", err, domerr.InvalidAccess)
	a.removeTrack(1)
	a.addTrack(videoTrack("v1"))
	_, _, err = a.s.Close().AddTrack(videoTrack("v2"), nil)
	a.refuses("S8: the connection is closed", err, domerr.InvalidState)
	_, _, err = a.s.AddTrack(Track{ID: "x", Kind: "text"}, nil)
	a.refuses("a kind that does not exist", err, domerr.Type)
}

// S15: each criterion for taking a sender, alone, and each effect.
func TestAddTrackReusesASender(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(a, b *peer) TransceiverID
		reuse   bool
		want    Direction
	}{
		{"recvonly becomes sendrecv", func(a, b *peer) TransceiverID {
			return a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly})
		}, true, SendRecv},
		{"inactive becomes sendonly", func(a, b *peer) TransceiverID {
			return a.addTransceiver(TransceiverInit{Kind: Video, Direction: Inactive})
		}, true, SendOnly},
		{"sendrecv stays", func(a, b *peer) TransceiverID {
			return a.addTransceiver(TransceiverInit{Kind: Video})
		}, true, SendRecv},
		{"the sender has a track", func(a, b *peer) TransceiverID { return a.addTrack(videoTrack("other")) }, false, ""},
		{"the kind differs", func(a, b *peer) TransceiverID { return a.addTransceiver(TransceiverInit{Kind: Audio}) }, false, ""},
		{"the transceiver is stopping", func(a, b *peer) TransceiverID {
			id := a.addTransceiver(TransceiverInit{Kind: Video})
			a.stop(id)
			return id
		}, false, ""},
		{"the sender has sent", func(a, b *peer) TransceiverID {
			id := a.addTrack(videoTrack("other"))
			negotiate(a, b)
			a.removeTrack(id)
			return id
		}, false, ""},
		{"the sender was offered and never sent", func(a, b *peer) TransceiverID {
			id := a.addTrack(videoTrack("other"))
			a.setLocal(Offer)
			a.removeTrack(id)
			return id
		}, true, SendRecv},
		{"a remote offer made the transceiver", func(a, b *peer) TransceiverID {
			b.addTrack(videoTrack("remote"))
			negotiate(b, a)
			return 1
		}, true, SendRecv},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := pair(t)
			old := test.prepare(a, b)
			id := a.addTrack(videoTrack("new"), "s1", "s2", "s1")
			if (id == old) != test.reuse {
				t.Fatalf("S15: reuse is %v, want %v", id == old, test.reuse)
			}
			tr := a.s.Transceiver(id)
			if test.reuse && tr.Direction() != test.want {
				t.Fatalf("S15: the direction is %s, want %s", tr.Direction(), test.want)
			}
			if !test.reuse && tr.Direction() != SendRecv {
				t.Fatalf("S16: a new transceiver is sendrecv, not %s", tr.Direction())
			}
			if tr.Track().ID != "new" || len(tr.StreamIDs()) != 2 {
				t.Fatalf("S15: the sender has track %v and streams %q", tr.Track(), tr.StreamIDs())
			}
		})
	}
}

// The first sender that fits is taken, in order of creation, and again after a
// removal before the first.
func TestAddTrackTakesTheFirstSender(t *testing.T) {
	a, _ := pair(t)
	for range 3 {
		a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly})
	}
	if id := a.addTrack(videoTrack("1")); id != 1 {
		t.Fatalf("the first sender is taken first, not %d", id)
	}
	if id := a.addTrack(videoTrack("2")); id != 2 {
		t.Fatalf("then the second, not %d", id)
	}
	a.removeTrack(1)
	if id := a.addTrack(videoTrack("3")); id != 1 {
		t.Fatalf("a sender that was freed and never sent is the first again, not %d", id)
	}
	if id := a.addTrack(videoTrack("4")); id != 3 {
		t.Fatalf("the next is 3, not %d", id)
	}
	if id := a.addTrack(videoTrack("5")); id != 4 {
		t.Fatalf("then a new one is made, not %d", id)
	}
}
