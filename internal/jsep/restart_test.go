package jsep

import (
	"strings"
	"testing"
)

// reconfigure is setConfiguration with other ICE servers.
func reconfigure(p *peer) {
	p.t.Helper()
	s, err := p.s.SetConfiguration(*p.s.cfg, true)
	p.do("setConfiguration", s, nil, err)
}

// RFC 9429 §3.5.1: 'needs-ice-restart' is cleared by new ICE credentials, which an
// offer from before setConfiguration has not.
func TestAnOlderOfferDoesNotRestartICE(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	n, offer, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", n, nil, err)
	reconfigure(a)
	s, ev, err := a.s.SetLocal(Description{Offer, offer})
	a.do("setLocalDescription", s, ev, err)
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	a.wantNeeded(true, "no credentials are new, so the restart is still to come")
	before := a.s.Transports()[0].ICE.Local
	negotiate(a, b)
	if a.s.Transports()[0].ICE.Local == before {
		t.Fatal("the next offer restarts ICE")
	}
	a.wantNeeded(false, "the restart is done")
}

func TestAnAnswerRestartsICE(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	reconfigure(b)
	negotiate(a, b)
	b.wantNeeded(true, "the offer kept its credentials, and so did the answer")
	a.s = a.s.RestartICE()
	negotiate(a, b)
	b.wantNeeded(false, "the answer to a restart has new credentials")
}

// RFC 9429 §5.3.2: our a=tls-id changes when the offerer's does.
func TestTLSIDFollowsTheOfferers(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	id := func(text string) string { return lines(text, "a=tls-id:")[0] }
	before, theirs := id(b.s.CurrentLocalDescription().SDP), id(a.s.CurrentLocalDescription().SDP)
	a.s = a.s.RestartICE()
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	if got := id(b.setLocal(Pranswer)); got != before {
		t.Fatalf("an ICE restart alone goes on with the association: %s, was %s", got, before)
	}
	a.setRemote(Answer, b.setLocal(Answer))
	a.s = a.s.RestartICE()
	b.setRemote(Offer, strings.Replace(a.setLocal(Offer), theirs, "a=tls-id:another-association-of-dtls", 1))
	now := id(b.setLocal(Pranswer))
	if now == before {
		t.Fatal("a new association has a new tls-id")
	}
	if got := id(b.setLocal(Answer)); got != now {
		t.Fatalf("the answer keeps the pranswer's: %s, was %s", got, now)
	}
	if got := id(b.setLocal(Offer)); got != now {
		t.Fatalf("and so do later offers: %s, was %s", got, now)
	}
}
