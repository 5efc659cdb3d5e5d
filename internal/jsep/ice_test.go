package jsep

import (
	"slices"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

const hostCandidate = "1 1 udp 2122260223 192.0.2.1 5000 typ host"

func TestICERestart(t *testing.T) {
	for _, how := range []string{"restartIce", "option", "configuration"} {
		t.Run(how, func(t *testing.T) {
			a, b := pair(t)
			a.addTrack(videoTrack("v1"))
			negotiate(a, b)
			before := a.s.Transports()[0]
			opts := OfferOptions{}
			switch how {
			case "restartIce":
				a.s = a.s.RestartICE()
				a.wantNeeded(true, "restartIce asks for negotiation")
			case "option":
				opts.ICERestart = true
			case "configuration":
				s, err := a.s.SetConfiguration(*a.s.cfg, true)
				a.do("setConfiguration", s, nil, err)
				a.wantNeeded(true, "new ICE servers need a restart")
			}
			s, offer, err := a.s.CreateOffer(opts)
			a.do("createOffer", s, nil, err)
			s, ev, err := a.s.SetLocal(Description{Offer, offer})
			a.do("setLocalDescription", s, ev, err)
			now := a.s.Transports()[0]
			if now.ICE != before.ICE || now.PendingICE == nil || now.PendingICE.Local == before.ICE.Local || now.PendingICE.Remote != (ICEParameters{}) {
				t.Fatalf("the old generation goes on while the new one gathers: %+v %+v", now.ICE, now.PendingICE)
			}
			b.setRemote(Offer, offer)
			if r := b.s.Transports()[0]; r.PendingICE == nil || r.PendingICE.Local != (ICEParameters{}) || r.PendingICE.Remote != now.PendingICE.Local {
				t.Fatalf("the answerer knows the new remote credentials only: %+v", r.PendingICE)
			}
			a.setRemote(Answer, b.setLocal(Answer))
			checkPair(a, b)
			after := a.s.Transports()[0]
			if after.ICE.Number <= before.ICE.Number || after.ICE.Local == before.ICE.Local || after.ICE.Remote == before.ICE.Remote {
				t.Fatalf("both ends have new credentials: %+v, before %+v", after.ICE, before.ICE)
			}
			if after.DTLSGeneration != before.DTLSGeneration || after.DTLSClient != before.DTLSClient || after.ID != before.ID {
				t.Fatal("the DTLS association goes on, with its roles")
			}
			a.wantNeeded(false, "the restart is done")
		})
	}
}

// RFC 9429 §5.10.
func TestICERestartErrors(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	old := lines(b.s.CurrentLocalDescription().SDP, "a=ice-")
	a.s = a.s.RestartICE()
	b.setRemote(Offer, a.setLocal(Offer))
	answer := b.setLocal(Answer)
	now := lines(answer, "a=ice-")
	kept := strings.NewReplacer(now[1], old[1], now[2], old[2]).Replace(answer)
	_, _, err := a.s.SetRemote(Description{Answer, kept})
	a.refuses("an answer without the restart that was offered", err, domerr.InvalidAccess)
	a.setRemote(Answer, answer)
}

// The roles stay, whoever offers.
func TestDTLSRolesStay(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	b.addTrack(audioTrack("w1"))
	offer := b.setLocal(Offer)
	if got := slices.Compact(lines(offer, "a=setup:")); !slices.Equal(got, []string{"a=setup:actpass"}) {
		t.Fatalf("an offer is actpass (RFC 9429 §5.2.1), got %q", got)
	}
	a.setRemote(Offer, offer)
	answer := a.setLocal(Answer)
	if got := slices.Compact(lines(answer, "a=setup:")); !slices.Equal(got, []string{"a=setup:passive"}) {
		t.Fatalf("the DTLS server answers passive, got %q", got)
	}
	b.setRemote(Answer, answer)
	checkPair(a, b)
	for offered, answered := range map[string]string{"active": "passive", "passive": "active"} {
		c, d := pair(t)
		c.addTrack(videoTrack("v1"))
		d.setRemote(Offer, strings.Replace(c.setLocal(Offer), "a=setup:actpass", "a=setup:"+offered, 1))
		if got := lines(d.setLocal(Answer), "a=setup:"); got[0] != "a=setup:"+answered {
			t.Fatalf("setup %s is answered by %q", offered, got)
		}
	}
}

func TestDTLSAssociationChanges(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	print := lines(a.s.CurrentLocalDescription().SDP, "a=fingerprint:")[0]
	other := "a=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB"
	_, _, err := b.s.SetRemote(Description{Offer, strings.Replace(a.setLocal(Offer), print, other, 1)})
	b.refuses("another certificate without an ICE restart", err, domerr.InvalidAccess)
	a.setLocal(Rollback)
	a.s = a.s.RestartICE()
	id := lines(a.s.CurrentLocalDescription().SDP, "a=tls-id:")[0]
	offer := strings.NewReplacer(print, other, id, "a=tls-id:another-association-of-dtls").Replace(a.setLocal(Offer))
	before := b.s.Transports()[0].DTLSGeneration
	b.setRemote(Offer, offer)
	b.setLocal(Answer)
	if got := b.s.Transports()[0]; got.DTLSGeneration != before+1 || got.RemoteFingerprints[0].Value[:2] != "AB" {
		t.Fatalf("with an ICE restart a new association starts: %+v", got)
	}
}

// A Firefox that was the DTLS server answers an ICE restart with setup:active,
// and goes on with the association that there is.
func TestARoleAloneMakesNoAssociation(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	before := b.s.Transports()[0]
	b.s = b.s.RestartICE()
	a.setRemote(Offer, b.setLocal(Offer))
	answer := a.setLocal(Answer)
	setup := lines(answer, "a=setup:")[0]
	reversed := map[string]string{"a=setup:active": "a=setup:passive", "a=setup:passive": "a=setup:active"}[setup]
	b.setRemote(Answer, strings.ReplaceAll(answer, setup, reversed))
	if after := b.s.Transports()[0]; after.DTLSGeneration != before.DTLSGeneration || after.DTLSClient != before.DTLSClient {
		t.Fatalf("the certificate is the same, so the association is, and its roles are: %+v, before %+v", after, before)
	}
}

func mid(s string) *string { return &s }

func TestCandidates(t *testing.T) {
	a, b := pair(t)
	_, err := b.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid("0")})
	b.refuses("a candidate before a description", err, domerr.InvalidState)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	tr := a.s.Transports()[0]
	a.s = a.s.AddLocalCandidate(tr.ID, tr.ICE.Local.Ufrag, "candidate:"+hostCandidate)
	a.s = a.s.EndOfLocalCandidates(tr.ID, tr.ICE.Local.Ufrag)
	full := a.s.PendingLocalDescription().SDP
	if got := lines(full, "a=candidate:"); !slices.Equal(got, []string{"a=candidate:" + hostCandidate}) || !strings.Contains(mustSection(t, full, 0), "a=end-of-candidates\r\n") {
		t.Fatalf("the pending description shows what was gathered, in the section that carries the transport: %q", got)
	}
	if s := a.s.AddLocalCandidate(tr.ID, "gone", hostCandidate); s != a.s {
		t.Fatal("a candidate of a generation that is gone is ignored")
	}
	b.setRemote(Offer, offer)

	index, wrong := 1, 2
	for name, test := range map[string]struct {
		c    CandidateInit
		want domerr.Name
	}{
		"no mid, no index":     {CandidateInit{Candidate: hostCandidate}, domerr.Type},
		"an unknown mid":       {CandidateInit{Candidate: hostCandidate, SDPMid: mid("7")}, domerr.Operation},
		"an unknown index":     {CandidateInit{Candidate: hostCandidate, SDPMLineIndex: &wrong}, domerr.Operation},
		"an unknown ufrag":     {CandidateInit{Candidate: hostCandidate, SDPMid: mid("0"), UsernameFragment: mid("nope")}, domerr.Operation},
		"nonsense":             {CandidateInit{Candidate: "nonsense", SDPMid: mid("0")}, domerr.Operation},
		"two lines":            {CandidateInit{Candidate: hostCandidate + "\r\na=x", SDPMid: mid("0")}, domerr.Operation},
		"end, unknown mid":     {CandidateInit{SDPMid: mid("7")}, domerr.Operation},
		"end, other ufrag":     {CandidateInit{SDPMid: mid("0"), UsernameFragment: mid("nope")}, domerr.Operation},
		"end, ufrag of no one": {CandidateInit{UsernameFragment: mid("nope")}, domerr.Operation},
		"negative index":       {CandidateInit{Candidate: hostCandidate, SDPMLineIndex: func() *int { i := -1; return &i }()}, domerr.Operation},
		"mid before index":     {CandidateInit{Candidate: hostCandidate, SDPMid: mid("7"), SDPMLineIndex: &index}, domerr.Operation},
		"tcp without a way":    {CandidateInit{Candidate: "1 1 tcp 1 192.0.2.1 9 typ host", SDPMid: mid("0")}, domerr.Operation},
	} {
		_, err := b.s.AddRemoteCandidate(test.c)
		b.refuses(name, err, test.want)
	}

	add := func(c CandidateInit) {
		t.Helper()
		s, err := b.s.AddRemoteCandidate(c)
		b.do("addIceCandidate", s, nil, err)
	}
	// A candidate for a bundled section is one for its transport.
	add(CandidateInit{Candidate: "candidate:" + hostCandidate, SDPMLineIndex: &index, UsernameFragment: &tr.ICE.Local.Ufrag})
	add(CandidateInit{Candidate: "candidate:" + hostCandidate, SDPMLineIndex: &index})
	if g := b.s.Transports()[0].ICE; !slices.Equal(g.Candidates, []string{hostCandidate}) || g.EndOfCandidates {
		t.Fatalf("the transport has the candidate once: %+v", g)
	}
	if text := b.s.PendingRemoteDescription().SDP; !strings.Contains(mustSection(t, text, 1), "a=candidate:"+hostCandidate) {
		t.Fatal("the remote description shows the candidate in its section")
	}
	add(CandidateInit{})
	if g := b.s.Transports()[0].ICE; !g.EndOfCandidates {
		t.Fatal("an end of candidates without mid and index is for all")
	}
	b.setLocal(Answer)
	if !strings.Contains(b.s.CurrentRemoteDescription().SDP, hostCandidate) {
		t.Fatal("the candidate stays in the current description")
	}
	if can := b.s.CanTrickleICECandidates(); can == nil || !*can || a.s.CanTrickleICECandidates() != nil {
		t.Fatal("canTrickleIceCandidates is null before and true after the description")
	}
}

// A re-offer has the candidates that were gathered, and the default one in its m=
// and c= lines (RFC 9429 §5.2.2).
func TestGatheredCandidatesInReoffers(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	tr := a.s.Transports()[0]
	for _, c := range []string{hostCandidate, "2 1 udp 1694498815 198.51.100.7 6000 typ srflx raddr 0.0.0.0 rport 0"} {
		a.s = a.s.AddLocalCandidate(tr.ID, tr.ICE.Local.Ufrag, c)
	}
	offer := a.setLocal(Offer)
	if section := mustSection(t, offer, 0); len(lines(section, "a=candidate:")) != 2 || !strings.HasPrefix(section, "m=video 6000 ") || !strings.Contains(section, "c=IN IP4 198.51.100.7\r\n") {
		t.Fatalf("candidates or the default one are missing:\n%s", section)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	if g := b.s.Transports()[0].ICE; len(g.Candidates) != 2 {
		t.Fatalf("candidates of a description reach the transport: %+v", g)
	}
	// Rolled back negotiations keep what was gathered meanwhile.
	a.addTrack(videoTrack("v2"))
	a.setLocal(Offer)
	a.s = a.s.EndOfLocalCandidates(tr.ID, tr.ICE.Local.Ufrag)
	a.setLocal(Rollback)
	if !strings.Contains(a.s.CurrentLocalDescription().SDP, "a=end-of-candidates") {
		t.Fatal("a rollback forgets candidates of the generation in use")
	}
}

func TestCandidateOfAStoppedTransceiver(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	a.addTrack(audioTrack("x1"))
	negotiate(a, b)
	a.stop(id)
	b.setRemote(Offer, a.setLocal(Offer))
	if _, err := b.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid("0")}); err != nil {
		t.Fatalf("a candidate for a stopped transceiver's section is ignored, not refused: %v", err)
	}
}

// WPT protocol/handover.html: the second exchange is answered by another peer.
func TestHandover(t *testing.T) {
	a, b := pair(t)
	c := newPeer(t, "c")
	a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	before := a.s.Transports()[0]
	c.setRemote(Offer, a.setLocal(Offer))
	a.setRemote(Answer, c.setLocal(Answer))
	checkPair(a, c)
	after := a.s.Transports()[0]
	if after.ICE.Number == before.ICE.Number || after.ICE.Local != before.ICE.Local || after.DTLSGeneration == before.DTLSGeneration {
		t.Fatalf("checks and DTLS start anew with the new peer: %+v, before %+v", after, before)
	}
}

// Firefox takes changed credentials of an m-section for a restart, so all sections
// of an offer have the same, whatever their transport.
func TestOneSetOfCredentials(t *testing.T) {
	a, b := pair(t, withPolicy(Balanced))
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	first := slices.Compact(lines(a.setLocal(Offer), "a=ice-ufrag:"))
	if len(first) != 1 || len(a.s.Transports()) != 2 {
		t.Fatalf("two transports share credentials, got %q", first)
	}
	for _, tr := range a.s.Transports() {
		a.s = a.s.AddLocalCandidate(tr.ID, tr.ICE.Local.Ufrag, strings.Replace(hostCandidate, "5000", strings.Repeat("6", int(tr.ID)+1), 1))
	}
	text := a.s.PendingLocalDescription().SDP
	if x, y := lines(mustSection(t, text, 0), "a=candidate"), lines(mustSection(t, text, 1), "a=candidate"); len(x) != 1 || len(y) != 1 || x[0] == y[0] {
		t.Fatalf("each section shows the candidates of its own transport: %q and %q", x, y)
	}
	b.setRemote(Offer, text)
	a.setRemote(Answer, b.setLocal(Answer))
	a.addTrack(videoTrack("v2"))
	if again := slices.Compact(lines(a.setLocal(Offer), "a=ice-ufrag:")); !slices.Equal(again, first) {
		t.Fatalf("the next offer has them still: %q, was %q", again, first)
	}
}

// The second section of a bundled offer may have credentials for the case that it
// is not bundled. Candidates for it belong to its text, and to no transport.
func TestCandidatesOfASectionWithItsOwnCredentials(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	first := a.s.Transports()[0].ICE.Local.Ufrag
	video := mustSection(t, offer, 1)
	own := strings.NewReplacer("m=video 0 ", "m=video 9 ", "a=bundle-only\r\n", "", first, "ownUfrag").Replace(video)
	b.setRemote(Offer, strings.Replace(offer, video, own, 1))
	add := func(c CandidateInit) {
		t.Helper()
		s, err := b.s.AddRemoteCandidate(c)
		b.do("addIceCandidate", s, nil, err)
	}
	second := 1
	add(CandidateInit{Candidate: hostCandidate, SDPMid: mid("1"), UsernameFragment: mid("ownUfrag")})
	add(CandidateInit{SDPMLineIndex: &second, UsernameFragment: mid("ownUfrag")})
	text := b.s.PendingRemoteDescription().SDP
	if section := mustSection(t, text, 1); !strings.Contains(section, hostCandidate) || !strings.Contains(section, "a=end-of-candidates\r\n") || strings.Contains(mustSection(t, text, 0), "candidate") {
		t.Fatalf("the lines stand in the second section only:\n%s", text)
	}
	if g := b.s.Transports()[0].ICE; len(g.Candidates) != 0 || g.EndOfCandidates {
		t.Fatalf("the transport of the group has other credentials: %+v", g)
	}
	for name, c := range map[string]CandidateInit{
		"the first section's, for the second": {Candidate: hostCandidate, SDPMid: mid("1"), UsernameFragment: &first},
		"the second section's, for the first": {Candidate: hostCandidate, SDPMid: mid("0"), UsernameFragment: mid("ownUfrag")},
	} {
		_, err := b.s.AddRemoteCandidate(c)
		b.refuses(name, err, domerr.Operation)
	}
	b.setLocal(Answer)
	add(CandidateInit{})
	text = b.s.CurrentRemoteDescription().SDP
	for i := range 2 {
		if n := len(lines(mustSection(t, text, i), "a=end-of-candidates")); n != 1 {
			t.Fatalf("also in the stable state, an end without mid and index stands in every section once, and %d times in section %d", n, i)
		}
	}
	if g := b.s.Transports()[0].ICE; !g.EndOfCandidates {
		t.Fatal("it ends the candidates of the transport")
	}
}

// A candidate may be under way when its section is rejected for good.
func TestCandidateOfARejectedSection(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	a.addTrack(audioTrack("x1"))
	negotiate(a, b)
	a.stop(id)
	negotiate(a, b)
	before := b.s.CurrentRemoteDescription().SDP
	s, err := b.s.AddRemoteCandidate(CandidateInit{Candidate: hostCandidate, SDPMid: mid("0"), UsernameFragment: mid("gone")})
	b.do("addIceCandidate", s, nil, err)
	if b.s.CurrentRemoteDescription().SDP != before {
		t.Fatal("a candidate for a rejected section is ignored")
	}
}

// getParameters shows the CNAME before anything is negotiated.
func TestCNAME(t *testing.T) {
	a, b := pair(t)
	name := a.s.CNAME()
	if len(name) < 16 || name == b.s.CNAME() {
		t.Fatalf("each connection has a CNAME of 96 bits at least (RFC 7022): %q and %q", name, b.s.CNAME())
	}
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	if got := a.s.Media()[0].CNAME; got != name || a.s.CNAME() != name {
		t.Fatalf("the CNAME stays: it was %q, is %q", name, got)
	}
	if _, err := New(Config{Capabilities: testCapabilities, Rand: strings.NewReader("")}); err == nil {
		t.Fatal("without randomness there is no connection")
	}
}
