package jsep

import (
	"slices"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func rids(t *Transceiver) []string {
	var out []string
	for _, e := range t.Encodings() {
		out = append(out, e.RID)
	}
	return out
}

func threeLayers() TransceiverInit {
	return TransceiverInit{Kind: Video, Encodings: []Encoding{{RID: "q", Active: true}, {RID: "h", Active: true}, {RID: "f", Active: true}}}
}

func TestSimulcastOfferAndAnswer(t *testing.T) {
	a, b := pair(t)
	id := a.addTransceiver(threeLayers())
	offer := a.setLocal(Offer)
	if got := lines(offer, "a=rid:"); !slices.Equal(got, []string{"a=rid:q send", "a=rid:h send", "a=rid:f send"}) {
		t.Fatalf("one a=rid per encoding, got %q", got)
	}
	if got := lines(offer, "a=simulcast:"); !slices.Equal(got, []string{"a=simulcast:send q;h;f"}) {
		t.Fatalf("one a=simulcast in the order of the encodings, got %q", got)
	}
	b.setRemote(Offer, offer)
	answer := b.setLocal(Answer)
	if got := lines(answer, "a=simulcast:"); !slices.Equal(got, []string{"a=simulcast:recv q;h;f"}) {
		t.Fatalf("the answer takes all layers, got %q", got)
	}
	a.setRemote(Answer, answer)
	checkPair(a, b)
	if got := rids(a.s.Transceiver(id)); !slices.Equal(got, []string{"q", "h", "f"}) {
		t.Fatalf("the encodings are %q", got)
	}
	m := a.s.Media()[0]
	seen := map[uint32]bool{}
	for _, e := range m.Encodings {
		seen[e.SSRC], seen[e.RTXSSRC] = true, true
	}
	if len(m.Encodings) != 3 || len(seen) != 6 {
		t.Fatalf("each encoding has its own two sources: %+v", m.Encodings)
	}
	if got := b.s.Media()[0].ReceiveRIDs; !slices.Equal(got, []string{"q", "h", "f"}) {
		t.Fatalf("the receiver expects the rids, got %q", got)
	}
}

func TestAnswerNarrowsSimulcast(t *testing.T) {
	for _, test := range []struct {
		name, from, to string
		want           []string
	}{
		{"two of three", "a=simulcast:recv q;h;f", "a=simulcast:recv q;f", []string{"q", "f"}},
		{"reordered keeps the envelope's order", "a=simulcast:recv q;h;f", "a=simulcast:recv f;q;h", []string{"q", "h", "f"}},
		{"none", "a=simulcast:recv q;h;f\r\n", "", []string{"q"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := pair(t)
			id := a.addTransceiver(threeLayers())
			b.setRemote(Offer, a.setLocal(Offer))
			sources := map[string]uint32{}
			for _, e := range a.s.Media()[0].Encodings {
				sources[e.RID] = e.SSRC
			}
			answer := strings.Replace(b.setLocal(Answer), test.from, test.to, 1)
			a.setRemote(Answer, answer)
			if got := rids(a.s.Transceiver(id)); !slices.Equal(got, test.want) {
				t.Fatalf("the answer leaves %q, want %q", got, test.want)
			}
			// "This simulcast envelope may be narrowed … but cannot be reexpanded."
			negotiate(a, b)
			if got := rids(a.s.Transceiver(id)); !slices.Equal(got, test.want) {
				t.Fatalf("the next exchange leaves %q, want %q", got, test.want)
			}
			for _, e := range a.s.Media()[0].Encodings {
				if e.SSRC != sources[e.RID] && len(test.want) > 1 {
					t.Fatalf("layer %s has changed its source", e.RID)
				}
				if e.RID != "" && len(test.want) == 1 {
					t.Fatal("the rid of a lone layer is not negotiated")
				}
			}
		})
	}
}

func TestPausedLayer(t *testing.T) {
	a, b := pair(t)
	a.addTransceiver(threeLayers())
	b.setRemote(Offer, a.setLocal(Offer))
	a.setRemote(Answer, strings.Replace(b.setLocal(Answer), "recv q;h;f", "recv q;~h;f", 1))
	e := a.s.Media()[0].Encodings
	if e[0].Paused || !e[1].Paused || e[2].Paused {
		t.Fatalf("~ pauses one layer: %+v", e)
	}
}

// A media server offers to receive simulcast; addTrack's sender becomes a
// simulcast sender (webrtc-pc 5.4.1, proposed envelope).
func TestOfferToReceiveSimulcast(t *testing.T) {
	a, b := pair(t)
	a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly, ReceiveRIDs: []string{"lo", "mid", "hi"}})
	id := b.addTrack(videoTrack("cam"), "s1")
	offer := a.setLocal(Offer)
	if got := lines(offer, "a=simulcast:"); !slices.Equal(got, []string{"a=simulcast:recv lo;mid;hi"}) {
		t.Fatalf("the offer asks for %q", got)
	}
	b.setRemote(Offer, offer)
	tr := b.s.Transceiver(id)
	if got := rids(tr); !slices.Equal(got, []string{"lo", "mid", "hi"}) || *tr.Encodings()[0].ScaleResolutionDownBy != 4 {
		t.Fatalf("the sender gets the proposed encodings, got %q", got)
	}
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	if got := len(b.s.Media()[0].Encodings); got != 3 {
		t.Fatalf("the answerer sends %d layers", got)
	}
	if got := a.s.Media()[0].ReceiveRIDs; !slices.Equal(got, []string{"lo", "mid", "hi"}) {
		t.Fatalf("the offerer receives %q", got)
	}
}

func TestProposedEncodingsRollBack(t *testing.T) {
	a, b := pair(t)
	a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly, ReceiveRIDs: []string{"lo", "hi"}})
	id := b.addTrack(videoTrack("cam"))
	b.setRemote(Offer, a.setLocal(Offer))
	b.setRemote(Rollback, "")
	if got := rids(b.s.Transceiver(id)); !slices.Equal(got, []string{""}) {
		t.Fatalf("rollback brings the single encoding back, got %q", got)
	}
}

func TestProposedRIDs(t *testing.T) {
	for _, test := range []struct{ offer, answer string }{
		{"a=simulcast:recv foo;bar;foo", "a=simulcast:send foo;bar"},
		{"a=simulcast:recv foo,bar;one,two", "a=simulcast:send foo;one"},
	} {
		a, b := pair(t)
		a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly, ReceiveRIDs: []string{"foo", "bar", "one", "two"}})
		b.addTrack(videoTrack("cam"))
		b.setRemote(Offer, strings.Replace(a.setLocal(Offer), "a=simulcast:recv foo;bar;one;two", test.offer, 1))
		if got := lines(b.setLocal(Answer), "a=simulcast:"); !slices.Equal(got, []string{test.answer}) {
			t.Fatalf("%s is answered with %q, want %s", test.offer, got, test.answer)
		}
	}
}

func TestSendEncodingsValidation(t *testing.T) {
	f := func(v float64) *float64 { return &v }
	for _, test := range []struct {
		name string
		kind Kind
		list []Encoding
		want domerr.Name
	}{
		{"some have a rid", Video, []Encoding{{RID: "a"}, {}}, domerr.Type},
		{"twice the same rid", Video, []Encoding{{RID: "a"}, {RID: "a"}}, domerr.Type},
		{"an empty rid", Video, []Encoding{{HasRID: true}}, domerr.Type},
		{"a rid that RTP cannot carry", Video, []Encoding{{RID: "a-b"}}, domerr.Type},
		{"a rid of 17 letters", Video, []Encoding{{RID: strings.Repeat("a", 17)}}, domerr.Type},
		{"a rid with a space", Video, []Encoding{{RID: "a b"}}, domerr.Type},
		{"scale below one", Video, []Encoding{{ScaleResolutionDownBy: f(0.5)}}, domerr.Range},
		{"no frames", Video, []Encoding{{MaxFramerate: f(-1)}}, domerr.Range},
		{"a codec of no one", Video, []Encoding{{Codec: &Codec{MimeType: "video/theora", ClockRate: 90000}}}, domerr.Operation},
	} {
		a, _ := pair(t)
		_, _, err := a.s.AddTransceiver(TransceiverInit{Kind: test.kind, Encodings: test.list})
		a.refuses(test.name, err, test.want)
	}
	a, _ := pair(t)
	get := func(kind Kind, list ...Encoding) []Encoding {
		return a.s.Transceiver(a.addTransceiver(TransceiverInit{Kind: kind, Encodings: list})).Encodings()
	}
	if e := get(Video, Encoding{RID: "a"}); len(e) != 1 || e[0].RID != "" {
		t.Fatalf("a lone rid is removed: %+v", e)
	}
	if e := get(Video, Encoding{MaxFramerate: f(0)}); *e[0].MaxFramerate != 0 {
		t.Fatalf("no frames at all may be asked for: %+v", e)
	}
	if e := get(Audio, Encoding{ScaleResolutionDownBy: f(2), MaxFramerate: f(3)}); e[0].ScaleResolutionDownBy != nil || e[0].MaxFramerate != nil {
		t.Fatalf("audio has neither scale nor frame rate: %+v", e)
	}
	if e := get(Video, Encoding{RID: "a"}, Encoding{RID: "b"}, Encoding{RID: "c"}, Encoding{RID: "d"}); len(e) != 3 || *e[0].ScaleResolutionDownBy != 4 {
		t.Fatalf("the list is trimmed from the tail and then scaled: %+v", e)
	}
	if e := get(Video, Encoding{RID: "a", ScaleResolutionDownBy: f(3)}, Encoding{RID: "b"}); *e[1].ScaleResolutionDownBy != 1 {
		t.Fatalf("a scale in one means 1.0 in the others: %+v", e)
	}
}
