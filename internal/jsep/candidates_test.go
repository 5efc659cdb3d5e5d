package jsep

import (
	"slices"
	"testing"

	"trackway/internal/domerr"
)

// A candidate is for a section of the remote description, whatever has been
// offered since: here the tagged section is to be rejected.
func TestCandidateWhileAnOfferStopsItsSection(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	a.addTrack(audioTrack("x1"))
	negotiate(a, b)
	a.stop(id)
	a.setLocal(Offer)
	s, err := a.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid("0")})
	a.do("addIceCandidate", s, nil, err)
	if g := a.s.Transports()[0].ICE; !slices.Equal(g.Candidates, []string{hostCandidate}) {
		t.Fatalf("the candidate reaches the transport: %+v", g)
	}
	a.setLocal(Rollback)
	if g := a.s.Transports()[0].ICE; len(g.Candidates) != 1 {
		t.Fatalf("and a rollback leaves it there: %+v", g)
	}
}

func TestCandidateWhileAnOfferRecyclesItsSection(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	id := a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	a.stop(id)
	negotiate(a, b)
	a.addTrack(videoTrack("v2"))
	a.setLocal(Offer)
	fresh := a.s.lines[1].mid
	if fresh == "1" {
		t.Fatal("the offer recycles the section under another mid")
	}
	s, err := a.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid("1")})
	a.do("a candidate for the section that was rejected is ignored: addIceCandidate", s, nil, err)
	_, err = a.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid(fresh)})
	a.refuses("a mid that the remote description does not have yet", err, domerr.Operation)
}
