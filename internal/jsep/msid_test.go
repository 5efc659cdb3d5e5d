package jsep

import (
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func TestATrackIsInOneSection(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	at := strings.Index(offer, "m=")
	twice := offer + strings.Replace(offer[at:], "a=mid:", "a=mid:x", 1)
	if _, _, err := b.s.SetRemote(Description{Offer, twice}); !errors.Is(err, domerr.Operation) {
		t.Errorf("two sections with one track: %v, want an OperationError", err)
	}
	b.setRemote(Offer, offer)
}

func TestSendersOfOneTrackHaveNamesOfTheirOwn(t *testing.T) {
	a, b := pair(t)
	track := videoTrack("v1")
	for range 2 {
		id := a.addTransceiver(TransceiverInit{Kind: Video, Direction: SendOnly})
		s, err := a.s.ReplaceTrack(id, &track)
		a.do("replaceTrack", s, nil, err)
	}
	offer := a.setLocal(Offer)
	named := lines(offer, "a=msid:")
	if len(named) != 2 || named[0] == named[1] || named[0] != "a=msid:- v1" {
		t.Errorf("a=msid of two senders with one track: %q, want two names, the first the track's", named)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	if again := lines(a.setLocal(Offer), "a=msid:"); len(again) != 2 || again[0] != named[0] || again[1] != named[1] {
		t.Errorf("the next offer names the senders %q, before %q: a sender keeps its name", again, named)
	}
}

// Two directions of a transceiver can leave the same one in an answer, which the
// a=msid of the section depends on all the same.
func TestAnswersFollowTheTransceiversOwnDirection(t *testing.T) {
	a, b := pair(t)
	a.addTransceiver(TransceiverInit{Kind: Video, Direction: SendOnly})
	b.setRemote(Offer, a.setLocal(Offer))
	answer := func(want int, d Direction) {
		t.Helper()
		b.setDirection(1, d)
		n, text, err := b.s.CreateAnswer()
		b.do("createAnswer", n, nil, err)
		if got := lines(text, "a=msid:"); len(got) != want {
			t.Fatalf("a transceiver that is %s has %d a=msid lines, got %q", d, want, got)
		}
	}
	answer(0, RecvOnly)
	answer(1, SendRecv)
	answer(0, RecvOnly)
}
