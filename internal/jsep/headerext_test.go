package jsep

import (
	"strings"
	"testing"

	"trackway/internal/domerr"
)

const (
	midURI   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	absURI   = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	orientED = "urn:3gpp:video-orientation"
)

func setExtension(p *peer, id TransceiverID, uri string, d Direction) {
	p.t.Helper()
	list := p.s.HeaderExtensionsToNegotiate(id)
	for i := range list {
		if list[i].URI == uri {
			list[i].Direction = d
		}
	}
	s, err := p.s.SetHeaderExtensionsToNegotiate(id, list)
	p.do("setHeaderExtensionsToNegotiate", s, nil, err)
}

func negotiated(p *peer, id TransceiverID, uri string) Direction {
	for _, e := range p.s.NegotiatedHeaderExtensions(id) {
		if e.URI == uri {
			return e.Direction
		}
	}
	return "missing"
}

func TestHeaderExtensionControl(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	if d := negotiated(a, id, midURI); d != Stopped {
		t.Fatalf("before negotiation every extension is stopped, not %s", d)
	}
	setExtension(a, id, absURI, Stopped)
	setExtension(a, id, orientED, SendOnly)
	offer := a.setLocal(Offer)
	if strings.Contains(offer, absURI) || !strings.Contains(offer, "a=extmap:13/sendonly "+orientED) {
		t.Fatalf("stopped extensions are not offered, one-way ones say so:\n%s", offer)
	}
	b.setRemote(Offer, offer)
	setExtension(b, 1, orientED, SendRecv)
	answer := b.setLocal(Answer)
	if !strings.Contains(answer, "a=extmap:13/recvonly "+orientED) {
		t.Fatal("the answer reverses and intersects directions under the offered id")
	}
	a.setRemote(Answer, answer)
	if x, y := negotiated(a, id, orientED), negotiated(b, 1, orientED); x != SendOnly || y != RecvOnly {
		t.Fatalf("negotiated directions are %s and %s", x, y)
	}
	if d := negotiated(a, id, absURI); d != Stopped {
		t.Fatalf("what was not offered is stopped, not %s", d)
	}
	// Switched on later it gets an id that is free, and the others keep theirs.
	setExtension(a, id, absURI, SendRecv)
	negotiate(a, b)
	if d := negotiated(b, 1, absURI); d != SendRecv {
		t.Fatalf("a later offer may add it, got %s", d)
	}

	list := a.s.HeaderExtensionsToNegotiate(id)
	for name, test := range map[string]struct {
		change func([]HeaderExtensionCapability) []HeaderExtensionCapability
		want   domerr.Name
	}{
		"no URI":        {func(l []HeaderExtensionCapability) []HeaderExtensionCapability { l[0].URI = ""; return l }, domerr.Type},
		"no direction":  {func(l []HeaderExtensionCapability) []HeaderExtensionCapability { l[0].Direction = ""; return l }, domerr.Type},
		"another URI":   {func(l []HeaderExtensionCapability) []HeaderExtensionCapability { l[0].URI = "x"; return l }, domerr.InvalidModification},
		"one less":      {func(l []HeaderExtensionCapability) []HeaderExtensionCapability { return l[1:] }, domerr.InvalidModification},
		"mandatory off": {func(l []HeaderExtensionCapability) []HeaderExtensionCapability { l[0].Direction = Stopped; return l }, domerr.InvalidModification},
	} {
		_, err := a.s.SetHeaderExtensionsToNegotiate(id, test.change(append([]HeaderExtensionCapability(nil), list...)))
		a.refuses(name, err, test.want)
	}
}

// WPT protocol/rtp-extension-support.html.
func TestExtensionIDsMayNotMove(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	swap := strings.NewReplacer("a=extmap:2 ", "a=extmap:3 ", "a=extmap:3 ", "a=extmap:2 ")
	b.setRemote(Offer, a.setLocal(Offer))
	_, _, err := a.s.SetRemote(Description{Answer, swap.Replace(b.setLocal(Answer))})
	a.refuses("an answer that moves ids", err, domerr.InvalidAccess)
	c, d := pair(t)
	c.addTrack(videoTrack("v1"))
	negotiate(c, d)
	_, _, err = d.s.SetRemote(Description{Offer, swap.Replace(c.setLocal(Offer))})
	d.refuses("an offer that moves ids", err, domerr.InvalidAccess)
}

func TestForeignExtensionIDs(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	offer := strings.NewReplacer("a=extmap:4 ", "a=extmap:14 ", "a=extmap:2 ", "a=extmap:4097 ").Replace(a.setLocal(Offer))
	b.setRemote(Offer, offer)
	answer := b.setLocal(Answer)
	if !strings.Contains(answer, "a=extmap:14 "+midURI) {
		t.Fatal("the answer uses the offered id")
	}
	if strings.Contains(answer, "4097") || !strings.Contains(answer, absURI) {
		t.Fatal("RFC 8285 §6: an id of 4096 and more is answered with a valid one")
	}
	b.addTrack(videoTrack("w1"))
	b.addTrack(videoTrack("w2"))
	if section := mustSection(t, b.setLocal(Offer), 1); !strings.Contains(section, "a=extmap:14 "+midURI) {
		t.Fatalf("a new section of the bundle uses the same id:\n%s", section)
	}
}

// The peer did not take an id that we offered and gives it to another extension
// later: Firefox does that. Our next offer must follow.
func TestUnansweredIDsAreFree(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	b.setRemote(Offer, a.setLocal(Offer))
	answer := b.setLocal(Answer)
	for _, l := range append(lines(answer, "a=extmap:10 "), append(lines(answer, "a=rtpmap:45 "), lines(answer, "a=fmtp:45 ")...)...) {
		answer = strings.Replace(answer, l+"\r\n", "", 1)
	}
	a.setRemote(Answer, strings.Replace(answer, " 45 46\r\n", "\r\n", 1))
	b.addTrack(videoTrack("w1"))
	b.addTrack(videoTrack("w2"))
	offer := b.setLocal(Offer)
	head, first, second := offer[:strings.Index(offer, "m=")], mustSection(t, offer, 0), mustSection(t, offer, 1)
	drop := func(s string) string {
		for _, prefix := range []string{"a=extmap:10 ", "a=rtpmap:45 ", "a=rtcp-fb:45 ", "a=fmtp:45 ", "a=rtpmap:46 ", "a=fmtp:46 "} {
			for _, l := range lines(s, prefix) {
				s = strings.Replace(s, l+"\r\n", "", 1)
			}
		}
		return strings.Replace(s, " 45 46\r\n", "\r\n", 1)
	}
	second = strings.Replace(drop(second), "a=extmap:11 ", "a=extmap:10 ", 1)
	second = strings.NewReplacer(" 96 97 ", " 45 46 ", "rtpmap:96 ", "rtpmap:45 ", "rtcp-fb:96 ", "rtcp-fb:45 ", "rtpmap:97 ", "rtpmap:46 ", "fmtp:97 apt=96", "fmtp:46 apt=45").Replace(second)
	a.setRemote(Offer, head+drop(first)+second)
	a.setLocal(Answer)
	offer = a.setLocal(Offer)
	for i := range 2 {
		section := mustSection(t, offer, i)
		if strings.Contains(section, "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id") || strings.Contains(section, "a=rtpmap:45 AV1") {
			t.Fatalf("m-section %d gives numbers another meaning than the peer:\n%s", i, section)
		}
	}
}

// RFC 9143 §12: "the identifier used for a given extension MUST identify the same
// extension across all the bundled media descriptions".
func TestExtensionIDsAgreeWithinABundle(t *testing.T) {
	a, b := pair(t, withPolicy(MaxCompat))
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	video := mustSection(t, offer, 1)
	clash := strings.Replace(offer, video, strings.Replace(video, "a=extmap:10 ", "a=extmap:1 ", 1), 1)
	_, _, err := b.s.SetRemote(Description{Offer, clash})
	b.refuses("one id for two extensions of a bundle", err, domerr.InvalidAccess)
	b.setRemote(Offer, strings.Replace(clash, "a=group:BUNDLE 0 1\r\n", "", 1))
}
