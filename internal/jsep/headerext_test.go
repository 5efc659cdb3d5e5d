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
