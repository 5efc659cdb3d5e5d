package jsep

import (
	"strings"
	"testing"
)

// An answer may take what a pranswer refused: until then nothing of it is lost.
func TestAnAnswerTakesWhatThePranswerRefused(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	prefer := func(p *peer, id TransceiverID, list ...Codec) {
		t.Helper()
		s, err := p.s.SetCodecPreferences(id, list)
		p.do("setCodecPreferences", s, nil, err)
	}
	prefer(a, id, Codec{"video/VP8", 90000, 0, ""})
	b.setRemote(Offer, a.setLocal(Offer))
	prefer(b, 1, Codec{"video/VP9", 90000, 0, "profile-id=0"})
	if text := b.setLocal(Pranswer); !strings.HasPrefix(mustSection(t, text, 0), "m=video 0 ") {
		t.Fatalf("without a common codec the pranswer refuses:\n%s", text)
	}
	prefer(b, 1)
	a.setRemote(Answer, b.setLocal(Answer))
	checkMedia(a, b)
	if m := b.s.Media(); len(m) != 1 || !m[0].Receive {
		t.Fatalf("the answer takes the section: %+v", m)
	}
}

func TestAPranswerDoesNotEndTheAssociation(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	a.addData()
	negotiate(a, b)
	b.setRemote(Offer, a.setLocal(Offer))
	refusal := strings.NewReplacer("m=application 9", "m=application 0", "BUNDLE 0 1", "BUNDLE 0").Replace(b.setLocal(Answer))
	before := a.s.Data()
	a.setRemote(Pranswer, refusal)
	if a.s.Data() != before {
		t.Fatalf("a pranswer may be taken back: %+v", a.s.Data())
	}
	a.setRemote(Answer, refusal)
	if a.s.Data() != nil {
		t.Fatalf("the answer refuses data: %+v", a.s.Data())
	}
}
