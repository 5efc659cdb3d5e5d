package jsep

import (
	"os"
	"path/filepath"
	"testing"

	"trackway/internal/sdp"
)

// FuzzSetRemote gives a peer with some tracks an arbitrary offer, and an arbitrary
// answer to its own. Nothing may panic, an error may change nothing, and what is
// accepted must be answerable.
func FuzzSetRemote(f *testing.F) {
	files, _ := filepath.Glob("testdata/browsers/*.sdp")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), false)
		f.Add(string(b), true)
	}
	a, b := pair(f)
	a.addTrack(audioTrack("x1"), "s1")
	a.addTransceiver(threeLayers())
	a.addData()
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	answer := b.setLocal(Answer)
	f.Add(offer, false)
	f.Add(answer, true)
	a.setRemote(Answer, answer)
	running := a.s
	f.Fuzz(func(t *testing.T, text string, asAnswer bool) {
		fresh := newPeer(t, "f")
		fresh.addTrack(audioTrack("x1"), "s1")
		fresh.addTransceiver(threeLayers())
		fresh.addData()
		for _, s := range []*State{fresh.s, running} {
			p := &peer{t: t, name: "p", s: s}
			typ := Offer
			if asAnswer {
				p.setLocal(Offer)
				typ = Answer
			}
			before := descriptions(p.s)
			next, _, err := p.s.SetRemote(Description{typ, text})
			if err != nil {
				for i, line := range descriptions(p.s) {
					if before[i] != line {
						t.Fatalf("a failed description changes the state: %s", line)
					}
				}
				continue
			}
			p.s = next
			if typ == Offer {
				local := p.setLocal(Answer)
				if _, err := sdp.Parse(local); err != nil {
					t.Fatalf("the answer does not parse: %v\n%s", err, local)
				}
			}
			p.s.NegotiationNeeded()
			local := p.setLocal(Offer)
			if _, err := sdp.Parse(local); err != nil {
				t.Fatalf("the next offer does not parse: %v\n%s", err, local)
			}
			p.setLocal(Rollback)
			for _, m := range p.s.Media() {
				if m.Send && len(m.SendCodecs) == 0 {
					t.Fatalf("m-section %d is sent without a codec", m.MLineIndex)
				}
			}
		}
	})
}
