package jsep

import (
	"strings"
	"testing"
)

const ccfbLine = "a=rtcp-fb:* ack ccfb"

// agreed lists, by m-section, which feedback about single packets a state has
// agreed on.
func agreed(p *peer) string {
	var out []string
	for _, m := range p.s.Media() {
		kind := ""
		for _, fb := range m.SendCodecs[0].Feedback {
			if fb == "transport-cc" {
				kind = fb
			}
		}
		if m.CongestionFeedback {
			kind += "ccfb"
		}
		out = append(out, kind)
	}
	return strings.Join(out, " ")
}

// RFC 8888 §6: what is offered for all sections is answered, and takes the place
// of transport-wide feedback; a peer that does not know it, or says it in some
// sections only, keeps that.
func TestCongestionFeedbackIsNegotiated(t *testing.T) {
	offers := func(c *Config) { c.OfferCongestionFeedback = true }
	for _, c := range []struct {
		name    string
		a       []func(*Config)
		munge   func(string) string
		offered int
		want    string
	}{
		{"not offered", nil, nil, 0, "transport-cc transport-cc"},
		{"offered", []func(*Config){offers}, nil, 2, "ccfb ccfb"},
		{"for each payload type", []func(*Config){offers}, func(sdp string) string {
			sdp = strings.Replace(sdp, ccfbLine, "a=rtcp-fb:111 ack ccfb", 1)
			return strings.Replace(sdp, ccfbLine, "a=rtcp-fb:96 ack ccfb", 1)
		}, 2, "ccfb ccfb"},
		{"in one section only", []func(*Config){offers}, func(sdp string) string {
			return strings.Replace(sdp, ccfbLine+"\r\n", "", 1)
		}, 2, "transport-cc transport-cc"},
		{"to a peer that does not know it", []func(*Config){offers}, func(sdp string) string {
			return strings.ReplaceAll(sdp, "ack ccfb", "ack rpsi")
		}, 2, "transport-cc transport-cc"},
		{"alone", []func(*Config){offers}, func(sdp string) string {
			return strings.ReplaceAll(sdp, "transport-cc\r\n", "x-other\r\n")
		}, 2, "ccfb ccfb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newPeer(t, "a", c.a...), newPeer(t, "b")
			a.addTrack(audioTrack("a1"), "s")
			a.addTrack(videoTrack("v1"), "s")
			b.addTrack(audioTrack("a2"), "s")
			b.addTrack(videoTrack("v2"), "s")
			offer := a.setLocal(Offer)
			if n := strings.Count(offer, ccfbLine); n != c.offered {
				t.Errorf("offered in %d sections, want %d", n, c.offered)
			}
			if c.offered > 0 && !strings.Contains(offer, "transport-cc") {
				t.Error("transport-wide feedback is not offered beside it")
			}
			if c.munge != nil {
				offer = c.munge(offer)
			}
			b.setRemote(Offer, offer)
			answer := b.setLocal(Answer)
			a.setRemote(Answer, answer)
			if strings.Contains(answer, ccfbLine) == strings.Contains(answer, "transport-cc\r\n") {
				t.Errorf("the answer has both kinds of feedback, or none:\n%s", answer)
			}
			for _, p := range []*peer{a, b} {
				if got := agreed(p); got != c.want {
					t.Errorf("%s agreed on %q, want %q", p.name, got, c.want)
				}
			}
			// Whoever offers next, it stays as it was.
			again := b.setLocal(Offer)
			if got := strings.Contains(again, ccfbLine); got != strings.Contains(c.want, "ccfb") {
				t.Errorf("the next offer has it: %v", got)
			}
			a.setRemote(Offer, again)
			b.setRemote(Answer, a.setLocal(Answer))
			if got := agreed(b); got != c.want {
				t.Errorf("after another offer %q, want %q", got, c.want)
			}
		})
	}
}
