package jsep

import (
	"fmt"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

// crowd is an offer of n m-sections that are not bundled, so each has a transport.
// They have no mid, and each has the lines that are added.
func crowd(n int, add string) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=setup:actpass\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "00\r\n")
	for i := range n {
		fmt.Fprintf(&b, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:u%d\r\na=ice-pwd:p%[1]d\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n%s", i, add)
	}
	return b.String()
}

// repeat gives n lines of a form with a number.
func repeat(n int, form string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, form+"\r\n", i+1)
	}
	return b.String()
}

func TestAsManySectionsAsThereMayBe(t *testing.T) {
	b := newPeer(t, "b", withPolicy(MaxCompat))
	b.setRemote(Offer, crowd(maxSections, ""))
	b.setLocal(Answer)
	if n := len(b.s.Transports()); n != maxSections {
		t.Fatalf("each section has a transport: %d", n)
	}
}

func TestAbsurdDescriptionsAreRefused(t *testing.T) {
	b := newPeer(t, "b", withPolicy(MaxCompat))
	in := func(n int, form string) string { return crowd(1, repeat(n, form)) }
	for what, text := range map[string]string{
		"m-sections":        crowd(maxSections+1, ""),
		"groups":            strings.Replace(crowd(1, ""), "a=setup", repeat(maxSections+1, "a=group:LS a b%d")+"a=setup", 1),
		"msids":             in(maxListed+1, "a=msid:s%d"),
		"header extensions": in(maxListed+1, "a=extmap:%d urn:x"),
		"rids":              in(maxListed+1, "a=rid:r%d send"),
		"simulcast streams": crowd(1, "a=simulcast:send "+strings.Repeat("a;", maxListed)+"a\r\n"),
		"fingerprints":      in(maxTransport+1, "a=fingerprint:sha-%d AB"),
	} {
		_, _, err := b.s.SetRemote(Description{Offer, text})
		b.refuses(what, err, domerr.Operation)
	}
}

// Sources are many with peers of Plan B; their streams are bounded.
func TestManySources(t *testing.T) {
	b := newPeer(t, "b", withPolicy(MaxCompat))
	const n = 50000
	b.setRemote(Offer, crowd(1, repeat(n, "a=ssrc:%d msid:s%[1]d t")+repeat(n, "a=ssrc-group:FID %d 4000000000")))
	b.setLocal(Answer)
	if got := len(b.s.Transceiver(1).RemoteStreamIDs()); got != maxListed {
		t.Fatalf("%d streams", got)
	}
	if got := len(b.s.Media()[0].RemoteSources); got != n {
		t.Fatalf("%d sources", got)
	}
}

func TestCandidatesAreBounded(t *testing.T) {
	b := newPeer(t, "b", withPolicy(MaxCompat))
	const form = "1 1 udp 2122260223 192.0.2.1 %d typ host"
	b.setRemote(Offer, crowd(1, repeat(2*maxCandidates, "a=candidate:"+form)))
	index := 0
	for port := range maxCandidates + 100 {
		s, err := b.s.AddRemoteCandidate(CandidateInit{Candidate: fmt.Sprintf(form, 30000+port), SDPMLineIndex: &index})
		b.do("addIceCandidate", s, nil, err)
	}
	s, err := b.s.AddRemoteCandidate(CandidateInit{SDPMLineIndex: &index})
	b.do("addIceCandidate", s, nil, err)
	if g := b.s.Transports()[0].ICE; len(g.Candidates) != maxCandidates || !g.EndOfCandidates {
		t.Fatalf("a generation takes %d candidates and their end, not %d", maxCandidates, len(g.Candidates))
	}
	if n := len(lines(b.s.PendingRemoteDescription().SDP, "a=candidate:")); n != 3*maxCandidates {
		t.Fatalf("the description has no more of those that trickled: %d", n)
	}
}
