package jsep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func sendCodecs(m *MediaConfig) []string {
	var out []string
	for _, c := range m.SendCodecs {
		out = append(out, c.MimeType+" "+c.SDPFmtpLine)
	}
	return out
}

func TestH264ProfilesMatch(t *testing.T) {
	fmtp := func(id, mode string) string {
		return "level-asymmetry-allowed=1;packetization-mode=" + mode + ";profile-level-id=" + id
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{fmtp("42e01f", "1"), fmtp("42e034", "1"), true},
		{fmtp("42e01f", "1"), fmtp("4DE01F", "1"), true}, // both are constrained baseline
		{fmtp("42e01f", "1"), fmtp("42e01f", "0"), false},
		{fmtp("42e01f", "1"), fmtp("42001f", "1"), false},
		{fmtp("64001f", "1"), fmtp("640c1f", "1"), false},
		{"", fmtp("42000a", "0"), true}, // the defaults of RFC 6184 §8.1
		{"profile-level-id=42001f", fmtp("42000a", "0"), true},
		{fmtp("4d001f", "1"), fmtp("4d401f", "1"), true},
		{fmtp("xyz", "1"), fmtp("42e01f", "1"), false},
	} {
		x, y := formatOf(Video, "H264", 90000, 0, test.a), formatOf(Video, "h264", 90000, 0, test.b)
		if (x == y) != test.want {
			t.Errorf("match of %q and %q is %v, want %v", test.a, test.b, x == y, test.want)
		}
	}
	if formatOf(Video, "VP9", 90000, 0, "") != formatOf(Video, "VP9", 90000, 0, "profile-id=0") ||
		formatOf(Video, "VP9", 90000, 0, "profile-id=2") == formatOf(Video, "VP9", 90000, 0, "") {
		t.Error("VP9's profile-id is 0 where it is missing, and symmetrical")
	}
	if formatOf(Audio, "G722", 8000, 1, "") != formatOf(Audio, "G722", 8000, 0, "") {
		t.Error("one channel is the default")
	}
}

func TestH264LevelOfTheAnswer(t *testing.T) {
	c := &capability{CodecCapability: CodecCapability{Codec: Codec{SDPFmtpLine: "packetization-mode=1;profile-level-id=42e01f"}}, format: format{name: "h264"}}
	if got := answerFmtp(c, "packetization-mode=1;profile-level-id=42e00b"); !strings.Contains(got, "42e00b") {
		t.Errorf("without level asymmetry the answer's level is at most the offer's, got %q", got)
	}
	if got := answerFmtp(c, "packetization-mode=1;profile-level-id=42e034"); !strings.Contains(got, "42e01f") {
		t.Errorf("and at most our own, got %q", got)
	}
}

func TestSetCodecPreferences(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	set := func(p *peer, id TransceiverID, list ...Codec) {
		t.Helper()
		s, err := p.s.SetCodecPreferences(id, list)
		p.do("setCodecPreferences", s, nil, err)
	}
	vp8, vp9, rtx := Codec{"video/VP8", 90000, 0, ""}, Codec{"video/vp9", 90000, 0, "profile-id=0"}, Codec{"video/rtx", 90000, 0, ""}
	set(a, id, vp9, vp8, vp9)
	offer := a.setLocal(Offer)
	if got := lines(offer, "m=video")[0]; !strings.HasSuffix(got, " 98 96") {
		t.Fatalf("preferences order and exclude, RTX included: %q", got)
	}
	b.setRemote(Offer, offer)
	set(b, 1, vp8, rtx)
	answer := b.setLocal(Answer)
	if got := lines(answer, "m=video")[0]; !strings.HasSuffix(got, " 96") {
		t.Fatalf("the answer has the common formats in its own order: %q", got)
	}
	a.setRemote(Answer, answer)
	checkPair(a, b)
	if got := sendCodecs(a.s.Media()[0]); !slices.Equal(got, []string{"video/VP8 "}) {
		t.Fatalf("VP8 is left, got %q", got)
	}
	set(a, id)
	offer = a.setLocal(Offer)
	if got := lines(offer, "m=video")[0]; !strings.Contains(got, " 96 97 98 99") {
		t.Fatalf("no preferences: the answer's order first, then the rest, got %q", got)
	}
	for name, list := range map[string][]Codec{
		"unknown":   {{"video/theora", 90000, 0, ""}},
		"audio":     {{"audio/opus", 48000, 2, "minptime=10;useinbandfec=1"}},
		"only rtx":  {rtx},
		"other clk": {{"video/VP8", 8000, 0, ""}},
	} {
		_, err := a.s.SetCodecPreferences(id, list)
		a.refuses("setCodecPreferences with "+name, err, domerr.InvalidModification)
	}
}

// A re-offer keeps the payload types and the order of the most recent answer.
func TestPayloadTypesStay(t *testing.T) {
	a, b := newPeer(t, "a"), newPeer(t, "b")
	b.setRemote(Offer, fixture(t, "firefox-offer.sdp"))
	b.setLocal(Answer)
	for _, id := range []string{"w1", "w2", "w3"} {
		b.addTrack(videoTrack(id))
	}
	offer := b.setLocal(Offer)
	pts := func(section string) map[string]string {
		out := map[string]string{}
		for _, l := range lines(section, "a=rtpmap:") {
			pt, name, _ := strings.Cut(strings.TrimPrefix(l, "a=rtpmap:"), " ")
			if strings.HasPrefix(name, "VP8") {
				out["VP8"] = pt
			}
			if out[pt] != "" {
				t.Fatalf("payload type %s stands twice", pt)
			}
			out[pt] = name
		}
		return out
	}
	old, fresh := pts(mustSection(t, offer, 1)), pts(mustSection(t, offer, 4))
	if old["VP8"] != "120" || fresh["VP8"] != "120" {
		t.Fatalf("VP8 keeps the number 120 of the peer, in new sections as well: %s and %s", old["VP8"], fresh["VP8"])
	}
	for pt, name := range fresh {
		if o := old[pt]; o != "" && o != name {
			t.Fatalf("payload type %s is %s in one section and %s in another of the bundle", pt, o, name)
		}
	}
	a.setRemote(Offer, offer)
}

func TestNoCommonCodecRejects(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	s, err := a.s.SetCodecPreferences(2, []Codec{{"video/AV1", 90000, 0, "level-idx=5;profile=0;tier=0"}})
	a.do("setCodecPreferences", s, nil, err)
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	s, err = b.s.SetCodecPreferences(2, []Codec{{"video/VP8", 90000, 0, ""}})
	b.do("setCodecPreferences", s, nil, err)
	answer := b.setLocal(Answer)
	if !strings.HasPrefix(mustSection(t, answer, 1), "m=video 0 ") {
		t.Fatal("a section without a common format is rejected")
	}
	a.setRemote(Answer, answer)
	checkPair(a, b)
	if a.s.Transceiver(2) != nil || b.s.Transceiver(2) != nil {
		t.Fatal("its transceivers are stopped and removed on both sides")
	}
}

func TestAsymmetricPayloadTypes(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	b.setRemote(Offer, a.setLocal(Offer))
	b.addTrack(videoTrack("w1"))
	answer := b.setLocal(Answer)
	r := strings.NewReplacer("SAVPF 96 97", "SAVPF 116 117", ":96 ", ":116 ", ":97 ", ":117 ", "apt=96", "apt=116")
	a.setRemote(Answer, r.Replace(answer))
	m := a.s.Media()[0]
	if c := m.SendCodecs[0]; c.PayloadType != 116 || c.RTXPayloadType != 117 {
		t.Fatalf("sending uses the answer's numbers: %+v", c)
	}
	if c := m.RecvCodecs[0]; c.PayloadType != 96 || c.RTXPayloadType != 97 {
		t.Fatalf("receiving uses the offer's numbers: %+v", c)
	}
}

// WPT protocol/additional-codecs.html.
func TestFormatsThatOnlyTheAnswerHas(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	s, err := a.s.SetCodecPreferences(id, []Codec{{"video/VP8", 90000, 0, ""}})
	a.do("setCodecPreferences", s, nil, err)
	b.setRemote(Offer, a.setLocal(Offer))
	answer := b.setLocal(Answer)
	answer = strings.Replace(answer, "SAVPF 96\r\n", "SAVPF 96 98\r\n", 1) + "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
	a.setRemote(Answer, answer)
	if got := sendCodecs(a.s.Media()[0]); !slices.Equal(got, []string{"video/VP8 ", "video/VP9 profile-id=0"}) {
		t.Fatalf("the answer may add formats to send, got %q", got)
	}
}

// Audio RED is Opus's: its fmtp line gives Opus's payload type, in the offer as
// in the answer, and RED of anything else is not taken.
func TestREDIsOpusTwice(t *testing.T) {
	a, b := newPeer(t, "a"), newPeer(t, "b")
	a.addTrack(audioTrack("x"), "s")
	b.addTrack(audioTrack("y"), "s")
	offer := a.setLocal(Offer)
	if !strings.Contains(offer, "SAVPF 111 63 ") || !strings.Contains(offer, "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n") {
		t.Fatalf("RED stands behind Opus and names it:\n%s", offer)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"as offered", "", "", "a=fmtp:63 111/111"},
		{"under other numbers", "", "", "a=fmtp:50 55/55"},
		{"of G.722", "a=fmtp:63 111/111", "a=fmtp:63 9/9", ""},
		{"of two formats", "a=fmtp:63 111/111", "a=fmtp:63 111/9", ""},
		{"of nothing", "a=fmtp:63 111/111\r\n", "", ""},
		{"of numbers that are none", "a=fmtp:63 111/111", "a=fmtp:63 x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newPeer(t, "b")
			text := strings.Replace(offer, tc.old, tc.new, 1)
			if tc.name == "under other numbers" {
				text = strings.NewReplacer("SAVPF 111 63", "SAVPF 55 50", ":111 ", ":55 ", ":63 111/111", ":50 55/55", ":63 ", ":50 ").Replace(offer)
			}
			b.setRemote(Offer, text)
			answer := b.setLocal(Answer)
			if has := strings.Contains(answer, "red/48000/2"); has != (tc.want != "") || !strings.Contains(answer, tc.want) {
				t.Fatalf("want %q in the answer:\n%s", tc.want, answer)
			}
		})
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	if c := a.s.Media()[0].SendCodecs; c[0].MimeType != "audio/opus" || c[1].MimeType != "audio/red" || c[1].SDPFmtpLine != "111/111" {
		t.Fatalf("Opus is preferred to RED: %+v", c)
	}
	// A peer that prefers RED says so by the order.
	id := a.s.Transceivers()[0].ID()
	s, err := a.s.SetCodecPreferences(id, []Codec{{"audio/red", 48000, 2, ""}, {"audio/opus", 48000, 2, "minptime=10;useinbandfec=1"}})
	if err != nil {
		t.Fatal(err)
	}
	a.s = s
	offer = a.setLocal(Offer)
	if !strings.Contains(offer, "SAVPF 63 111\r\n") || !strings.Contains(offer, "a=fmtp:63 111/111\r\n") {
		t.Fatalf("the preferences put RED first:\n%s", offer)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	for _, p := range []*peer{a, b} {
		if c := p.s.Media()[0].SendCodecs; c[0].MimeType != "audio/red" || c[1].MimeType != "audio/opus" {
			t.Fatalf("%s: RED is preferred to Opus: %+v", p.name, c)
		}
	}
	if _, err := a.s.SetCodecPreferences(id, []Codec{{"audio/red", 48000, 2, ""}}); !errors.Is(err, domerr.InvalidModification) {
		t.Fatalf("RED alone carries nothing: %v", err)
	}
}

// Repair packets have a source of their own, which a=ssrc-group:FEC-FR names;
// layers of simulcast have none.
func TestFlexFECSources(t *testing.T) {
	table, err := NewCapabilities([]CodecCapability{
		{Codec: Codec{"video/VP8", 90000, 0, ""}, PayloadType: 96, RTXPayloadType: 97},
		{Codec: Codec{"video/rtx", 90000, 0, ""}},
		{Codec: Codec{"video/flexfec-03", 90000, 0, "repair-window=10000000"}, PayloadType: 49},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	with := func(c *Config) { c.Capabilities = table }
	a, b := newPeer(t, "a", with), newPeer(t, "b", with)
	a.addTrack(videoTrack("v"), "s")
	offer := a.setLocal(Offer)
	if !strings.Contains(offer, "SAVPF 96 97 49\r\n") || !strings.Contains(offer, "a=rtpmap:49 flexfec-03/90000\r\na=fmtp:49 repair-window=10000000\r\n") {
		t.Fatalf("repair packets are offered, without retransmission of their own:\n%s", offer)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	mine, theirs := a.s.Media()[0].Encodings[0], b.s.Media()[0].RemoteSources
	if mine.FECSSRC == 0 || len(theirs) != 1 || theirs[0].SSRC != mine.SSRC || theirs[0].RTXSSRC != mine.RTXSSRC || theirs[0].FECSSRC != mine.FECSSRC {
		t.Fatalf("the other peer knows the sources %+v, not %+v", theirs, mine)
	}
	if c := a.s.Media()[0].SendCodecs; len(c) != 2 || c[1].MimeType != "video/flexfec-03" || c[1].HasRTX {
		t.Fatalf("got %+v", c)
	}
	// Who does not know them takes the rest.
	c := newPeer(t, "c")
	c.setRemote(Offer, offer)
	if answer := c.setLocal(Answer); strings.Contains(answer, "flexfec") || strings.Contains(answer, "FEC-FR") {
		t.Fatalf("only what is known is answered:\n%s", answer)
	}
	d := newPeer(t, "d", with)
	d.addTransceiver(threeLayers())
	if offer := d.setLocal(Offer); strings.Contains(offer, "FEC-FR") || d.s.Media() != nil && d.s.Media()[0].Encodings[0].FECSSRC != 0 {
		t.Fatalf("layers have no repair packets:\n%s", offer)
	}
}
