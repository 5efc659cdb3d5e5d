package jsep

import (
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func TestExtensionsMayBeAddedToAnOffer(t *testing.T) {
	const line = "a=extmap:9 " + absURI + "\r\n"
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	setExtension(a, id, absURI, Stopped)
	n, offer, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", n, nil, err)
	if strings.Contains(offer, absURI) {
		t.Fatal("a stopped extension is not offered")
	}
	for what, text := range map[string]string{
		"another line":              offer + line + "a=foo\r\n",
		"an unknown extension":      offer + "a=extmap:9 urn:x\r\n",
		"an id that is taken":       offer + strings.Replace(line, ":9", ":"+idOf(t, offer, midURI), 1),
		"an id out of range":        offer + strings.Replace(line, ":9", ":256", 1),
		"the reserved id":           offer + strings.Replace(line, ":9", ":15", 1),
		"one URI twice":             offer + line + strings.Replace(line, ":9", ":10", 1),
		"another direction":         strings.Replace(offer, "a=sendrecv", "a=sendonly", 1),
		"an attribute of a session": strings.Replace(offer, "t=0 0\r\n", "t=0 0\r\n"+line, 1),
	} {
		if _, _, err := a.s.SetLocal(Description{Offer, text}); !errors.Is(err, domerr.InvalidModification) {
			t.Errorf("an offer to which %s was added: %v, want an InvalidModificationError", what, err)
		}
	}
	s, ev, err := a.s.SetLocal(Description{Offer, offer + line})
	a.do("setLocalDescription", s, ev, err)
	if d := a.s.PendingLocalDescription(); d.SDP != offer+line {
		t.Errorf("the description is the changed one:\n%s", d.SDP)
	}
	b.setRemote(Offer, offer+line)
	answer := b.setLocal(Answer)
	a.setRemote(Answer, answer)
	if x, y := negotiated(a, id, absURI), negotiated(b, 1, absURI); x != SendRecv || y != SendRecv {
		t.Errorf("what was added is negotiated as %s and %s", x, y)
	}
	next := a.setLocal(Offer)
	if strings.Contains(next, absURI) {
		t.Error("the next offer is made without the change")
	}
}

// idOf finds the id of an extension in a description.
func idOf(t *testing.T, text, uri string) string {
	t.Helper()
	for line := range strings.SplitSeq(text, "\r\n") {
		if rest, ok := strings.CutPrefix(line, "a=extmap:"); ok && strings.HasSuffix(rest, " "+uri) {
			id, _, _ := strings.Cut(rest, " ")
			return id
		}
	}
	t.Fatalf("no %s", uri)
	return ""
}

func TestExtensionsOnDemand(t *testing.T) {
	onDemand := func(c *Config) {
		c.Capabilities = mustCapabilities()
		k := c.Capabilities.kinds[Video.slot()].extensions
		for i := range k {
			if k[i].URI == absURI {
				k[i].Direction, k[i].OnDemand = Stopped, true
			}
		}
	}
	a, b := pair(t, onDemand)
	id := a.addTrack(videoTrack("v1"))
	if offer := a.setLocal(Offer); strings.Contains(offer, absURI) {
		t.Error("an extension on demand is not offered")
	}
	s, ev, err := a.s.Rollback()
	a.do("rollback", s, ev, err)
	setExtension(a, id, absURI, SendRecv)
	b.setRemote(Offer, a.setLocal(Offer))
	if answer := b.setLocal(Answer); !strings.Contains(answer, absURI) {
		t.Error("an extension on demand is taken when it is offered")
	}
}

// A section with an extension more is still the one that carries its transport.
func TestAChangedOfferKeepsItsTransports(t *testing.T) {
	const line = "a=extmap:9 " + absURI + "\r\n"
	a, b := pair(t, withPolicy(MaxCompat))
	a.addTrack(audioTrack("x1"))
	setExtension(a, a.addTrack(videoTrack("v1")), absURI, Stopped)
	n, offer, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", n, nil, err)
	s, ev, err := a.s.SetLocal(Description{Offer, offer + line})
	a.do("setLocalDescription", s, ev, err)
	tr := a.s.Transports()[1]
	a.s = a.s.AddLocalCandidate(tr.ID, tr.ICE.Local.Ufrag, hostCandidate)
	if text := a.s.PendingLocalDescription().SDP; !strings.HasSuffix(text, line+"a=candidate:"+hostCandidate+"\r\n") {
		t.Errorf("the changed section shows its candidates:\n%s", text)
	}
	b.setRemote(Offer, strings.Replace(offer+line, "a=group:BUNDLE 0 1\r\n", "", 1))
	a.setRemote(Answer, b.setLocal(Answer))
	if len(a.s.Transports()) != 2 {
		t.Errorf("an answer without BUNDLE leaves two transports, not %d", len(a.s.Transports()))
	}
}
