package jsep

import (
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

func TestStateMachine(t *testing.T) {
	a, b := pair(t)
	_, _, err := a.s.CreateAnswer()
	a.refuses("createAnswer in stable", err, domerr.InvalidState)
	_, _, err = a.s.SetLocal(Description{Type: Answer})
	a.refuses("setLocalDescription(answer) in stable", err, domerr.InvalidState)
	_, _, err = a.s.SetRemote(Description{Answer, "v=0"})
	a.refuses("setRemoteDescription(answer) in stable", err, domerr.InvalidState)
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal("")
	_, _, err = a.s.CreateAnswer()
	a.refuses("createAnswer in have-local-offer", err, domerr.InvalidState)
	b.setRemote(Offer, offer)
	_, _, err = b.s.CreateOffer(OfferOptions{})
	b.refuses("createOffer in have-remote-offer", err, domerr.InvalidState)
	_, _, err = b.s.SetLocal(Description{Type: Offer})
	b.refuses("setLocalDescription(offer) in have-remote-offer", err, domerr.InvalidState)
	b.setRemote(Offer, offer) // again, in have-remote-offer
	if n := len(b.s.Transceivers()); n != 1 {
		t.Fatalf("a repeated offer makes no second transceiver: %d", n)
	}
	answer := b.setLocal(Pranswer)
	if b.s.SignalingState() != HaveLocalPranswer || b.s.PendingLocalDescription().Type != Pranswer {
		t.Fatalf("a pranswer leads to %s", b.s.SignalingState())
	}
	_, _, err = b.s.SetRemote(Description{Offer, offer})
	b.refuses("an offer in have-local-pranswer", err, domerr.InvalidState)
	a.setRemote(Pranswer, answer)
	if m := a.s.Media()[0]; !m.Send || a.s.SignalingState() != HaveRemotePranswer || !a.s.Transports()[0].Negotiated {
		t.Fatalf("media starts with a pranswer: %+v", m)
	}
	_, _, err = a.s.CreateOffer(OfferOptions{})
	a.refuses("createOffer in have-remote-pranswer", err, domerr.InvalidState)
	before := a.s.Media()[0]
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	if a.s.Media()[0] != before {
		t.Fatal("a final answer that says the same leaves the media value alone")
	}
	a.wantLog("the states of the offerer", "have-local-offer", "have-remote-pranswer", "stable")
	b.wantLog("the states of the answerer", "created 1", "have-remote-offer", "track 1 []", "have-local-pranswer", "stable")

	closed := a.s.Close()
	if closed.SignalingState() != Closed || len(closed.Media()) != 0 {
		t.Fatal("a closed connection has the state closed and no media")
	}
	_, _, err = closed.CreateOffer(OfferOptions{})
	a.refuses("createOffer on a closed connection", err, domerr.InvalidState)
	_, _, err = closed.SetLocal(Description{})
	a.refuses("setLocalDescription on a closed connection", err, domerr.InvalidState)
	_, _, err = closed.SetRemote(Description{Offer, offer})
	a.refuses("setRemoteDescription on a closed connection", err, domerr.InvalidState)
}

func TestLocalDescriptionsAreThoseThatWereCreated(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	s, first, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", s, nil, err)
	_, _, err = a.s.SetLocal(Description{Offer, strings.Replace(first, "96 97", "96", 1)})
	a.refuses("a changed offer", err, domerr.InvalidModification)
	s, second, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", s, nil, err)
	if lines(first, "o=")[0] == lines(second, "o=")[0] {
		t.Fatal("the version counts up with every offer")
	}
	_, _, err = a.s.SetLocal(Description{Offer, first})
	a.refuses("an offer that is not the last", err, domerr.InvalidModification)
	s, ev, err := a.s.SetLocal(Description{Offer, second})
	a.do("setLocalDescription", s, ev, err)
	b.setRemote(Offer, second)
	_, _, err = b.s.SetLocal(Description{Answer, second})
	b.refuses("an answer that was not created", err, domerr.InvalidModification)
	s, answer, err := b.s.CreateAnswer()
	b.do("createAnswer", s, nil, err)
	s, ev, err = b.s.SetLocal(Description{Answer, answer})
	b.do("setLocalDescription", s, ev, err)
	a.setRemote(Answer, answer)
	checkPair(a, b)
	_, _, err = a.s.SetLocal(Description{Offer, second})
	a.refuses("lastCreatedOffer is forgotten with the answer", err, domerr.InvalidModification)
}

// A created offer does not hold what came after it; the implicit form does.
func TestImplicitDescriptionIsFresh(t *testing.T) {
	a, _ := pair(t)
	a.addTrack(videoTrack("v1"))
	s, offer, err := a.s.CreateOffer(OfferOptions{})
	a.do("createOffer", s, nil, err)
	if got := a.setLocal(""); got != offer {
		t.Fatal("an offer that still represents the state is used")
	}
	a.addTrack(audioTrack("x1"))
	if got := a.setLocal(""); !strings.Contains(got, "m=audio") || len(lines(got, "m=")) != 2 {
		t.Fatal("the implicit offer is made anew when something changed")
	}
	if n := len(a.s.Transports()); n != 1 {
		t.Fatalf("a second offer goes on with the transport of the first: %d", n)
	}
}

func TestSyntaxErrorsHaveALine(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	_, _, err := b.s.SetRemote(Description{Offer, strings.Replace(offer, "a=mid:0", "a=mid:", 1)})
	b.refuses("bad SDP", err, domerr.Operation)
	var syntax *sdp.SyntaxError
	want := 1 + strings.Count(offer[:strings.Index(offer, "a=mid:0")], "\n")
	if !errors.As(err, &syntax) || syntax.Line != want {
		t.Fatalf("the error names line %d, got %v", want, err)
	}
	if _, _, err := b.s.SetRemote(Description{"nonsense", offer}); !errors.Is(err, domerr.Type) {
		t.Fatalf("an unknown type is a TypeError, got %v", err)
	}
}

// RFC 9429 §5.8.3 and the errors of webrtc-pc 4.4.1.5.
func TestContentErrors(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	without := func(prefix string) func(string) string {
		return func(s string) string {
			var out []string
			for _, l := range strings.SplitAfter(s, "\n") {
				if !strings.HasPrefix(l, prefix) {
					out = append(out, l)
				}
			}
			return strings.Join(out, "")
		}
	}
	offers := map[string]func(string) string{
		"no fingerprint":           without("a=fingerprint"),
		"no ufrag":                 without("a=ice-ufrag"),
		"no password":              without("a=ice-pwd"),
		"no rtcp-mux":              without("a=rtcp-mux"),
		"holdconn":                 replace("actpass", "holdconn"),
		"a mid twice":              replace("a=mid:1", "a=mid:0"),
		"a rid of no line":         replace("a=simulcast:send q;h;f", "a=simulcast:send q;h;x"),
		"an rtcp payload type":     replace("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 111 72\r\na=rtpmap:72 opus/48000/2\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111"),
		"a bundle-only of no one":  replace(" 1 2 3\r\n", " 1 2\r\n"),
		"no sctp-port":             without("a=sctp-port"),
		"an extension id twice":    replace("a=extmap:2 ", "a=extmap:3 "),
		"a payload type twice":     replace("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP9/90000"),
		"a mid in BUNDLE twice":    replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0 0 1"),
		"an ICE character":         replace("a=ice-ufrag:", "a=ice-ufrag:$"),
		"a long password":          replace("a=ice-pwd:", "a=ice-pwd:"+strings.Repeat("x", 256)),
		"rtcp-mux-only without it": replace("a=rtcp-mux\r\na=rtcp-mux-only", "a=rtcp-mux-only"),
	}
	ready := func() (*peer, *peer, string) {
		a, b := pair(t)
		a.addTrack(audioTrack("x1"))
		a.addTrack(videoTrack("v1"))
		a.addTransceiver(threeLayers())
		a.addData()
		return a, b, a.setLocal(Offer)
	}
	for name, change := range offers {
		_, b, offer := ready()
		changed := change(offer)
		if changed == offer {
			t.Fatalf("%s: the test changes nothing", name)
		}
		_, _, err := b.s.SetRemote(Description{Offer, changed})
		b.refuses("an offer with "+name, err, domerr.InvalidAccess)
	}
	answers := map[string]func(string) string{
		"one section less":   func(s string) string { return s[:strings.Index(s, "m=application")] },
		"another kind":       replace("m=video", "m=audio"),
		"another proto":      replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
		"another mid":        replace("a=mid:1", "a=mid:9"),
		"actpass":            replace("a=setup:active", "a=setup:actpass"),
		"no fingerprint":     without("a=fingerprint"),
		"a group not asked":  replace("a=group:BUNDLE 0 1 2 3", "a=group:BUNDLE 0 1 2\r\na=group:BUNDLE 3 9"),
		"payload types moot": replace("a=rtpmap:96 VP8/90000", "a=rtpmap:96 H264/90000"),
	}
	for name, change := range answers {
		a, b, offer := ready()
		b.setRemote(Offer, offer)
		_, _, err := a.s.SetRemote(Description{Answer, change(b.setLocal(Answer))})
		if name == "a group not asked" && err == nil {
			continue
		}
		a.refuses("an answer with "+name, err, domerr.InvalidAccess)
	}
}

func TestOffersMayNotShrinkOrMove(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	offer := a.setLocal(Offer)
	for name, changed := range map[string]string{
		"a section less": strings.Replace(offer[:strings.Index(offer, "m=video")], "BUNDLE 0 1", "BUNDLE 0", 1),
		"another mid":    strings.NewReplacer("a=mid:1", "a=mid:5", "BUNDLE 0 1", "BUNDLE 0 5").Replace(offer),
		"another kind":   strings.Replace(offer, "m=video", "m=audio", 1),
	} {
		_, _, err := b.s.SetRemote(Description{Offer, changed})
		b.refuses(name, err, domerr.InvalidAccess)
	}
}

// WPT protocol/missing-fields.html and protocol/unknown-mediatypes.html.
func TestOldAndUnknownSections(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"), "s1")
	offer := a.setLocal(Offer)
	strip := strings.NewReplacer("a=mid:0\r\n", "", "a=group:BUNDLE 0\r\n", "")
	b.setRemote(Offer, strip.Replace(offer))
	answer := b.setLocal(Answer)
	if strings.Contains(answer, "a=mid") || b.s.Transceiver(1).MID() == "" {
		t.Fatal("without a mid in the offer there is none in the answer, but the transceiver has one")
	}
	a.setRemote(Answer, answer)
	if a.s.Transceiver(1).CurrentDirection() != SendOnly {
		t.Fatal("an answer without mids is accepted")
	}
	_, c := pair(t)
	c.setRemote(Offer, strings.Replace(offer, "m=audio", "m=unicorns", 1))
	if answer := c.setLocal(Answer); !strings.Contains(answer, "m=unicorns 0 ") || len(c.s.Transceivers()) != 0 {
		t.Fatalf("an unknown medium is rejected and has no transceiver:\n%s", answer)
	}
}

func TestLegacyMSIDs(t *testing.T) {
	for name, test := range map[string]struct {
		msid string
		want []string
	}{
		"ssrc-level":          {"a=ssrc:1234 cname:c\r\na=ssrc:1234 msid:s7 t7", []string{"s7"}},
		"ssrc-level, none":    {"a=ssrc:1234 msid:- t7", nil},
		"several lines":       {"a=msid:s1 t\r\na=msid:s2 t\r\na=msid:s1 t", []string{"s1", "s2"}},
		"a dash":              {"a=msid:- t", nil},
		"msid before the ssr": {"a=msid:s1\r\na=ssrc:1 msid:s9 t", []string{"s1"}},
	} {
		a, b := pair(t)
		a.addTrack(audioTrack("x1"), "s1")
		offer := a.setLocal(Offer)
		for _, l := range append(lines(offer, "a=ssrc"), "") {
			offer = strings.Replace(offer, l+"\r\n", "", min(len(l), 1))
		}
		b.setRemote(Offer, strings.Replace(offer, "a=msid:s1 x1", test.msid, 1))
		if got := b.s.Transceiver(1).RemoteStreamIDs(); strings.Join(got, " ") != strings.Join(test.want, " ") {
			t.Errorf("%s: streams are %q, want %q", name, got, test.want)
		}
	}
	// RFC 9429 §5.8.2: without any msid there is one default stream per session.
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	offer := strings.NewReplacer("a=msid:- x1\r\n", "", "a=msid:- v1\r\n", "").Replace(a.setLocal(Offer))
	b.setRemote(Offer, offer)
	x, y := b.s.Transceiver(1).RemoteStreamIDs(), b.s.Transceiver(2).RemoteStreamIDs()
	if len(x) != 1 || len(y) != 1 || x[0] != y[0] {
		t.Fatalf("tracks without msid share a default stream: %q and %q", x, y)
	}
}

func TestLegacyOfferOptions(t *testing.T) {
	a, _ := pair(t)
	yes, no := true, false
	s, offer, err := a.s.CreateOffer(OfferOptions{OfferToReceiveAudio: &yes, OfferToReceiveVideo: &yes})
	a.do("createOffer", s, nil, err)
	if got := lines(offer, "a=recvonly"); len(got) != 2 {
		t.Fatalf("offerToReceive adds a recvonly transceiver per kind, got %d", len(got))
	}
	s, _, err = a.s.CreateOffer(OfferOptions{OfferToReceiveAudio: &yes})
	a.do("createOffer", s, nil, err)
	if n := len(a.s.Transceivers()); n != 2 {
		t.Fatalf("and none where one receives already: %d", n)
	}
	a.addTrack(videoTrack("v1"))
	s, _, err = a.s.CreateOffer(OfferOptions{OfferToReceiveAudio: &no, OfferToReceiveVideo: &no})
	a.do("createOffer", s, nil, err)
	if x, y := a.s.Transceiver(1).Direction(), a.s.Transceiver(2).Direction(); x != Inactive || y != SendOnly {
		t.Fatalf("false turns recvonly to inactive and sendrecv to sendonly, got %s and %s", x, y)
	}
}

func TestData(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.MaxMessageSize = 100000 })
	a.addData()
	a.wantNeeded(true, "the first data channel asks for negotiation")
	negotiate(a, b)
	a.wantNeeded(false, "the data section is there")
	d := a.s.Data()
	if d == nil || !d.Negotiated || d.RemotePort != 5000 || d.RemoteMaxMessageSize != 100000 || d.Transport != a.s.Transports()[0].ID {
		t.Fatalf("the association is %+v", d)
	}
	a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	if a.s.Data() != d {
		t.Fatal("an unchanged association keeps its value")
	}
	if !strings.Contains(mustSection(t, a.s.CurrentLocalDescription().SDP, 0), "a=sctp-port:5000\r\na=max-message-size:100000\r\n") {
		t.Fatal("sctp-port and max-message-size are described")
	}
	// The older form, and the default size of RFC 8841 §6.1.
	c, e := pair(t)
	c.addData()
	old := strings.NewReplacer("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5001", "a=sctp-port:5000", "a=sctpmap:5001 webrtc-datachannel 1024", "a=max-message-size:262144\r\n", "").Replace(c.setLocal(Offer))
	e.setRemote(Offer, old)
	e.setLocal(Answer)
	if d := e.s.Data(); d.RemotePort != 5001 || d.RemoteMaxMessageSize != 65536 {
		t.Fatalf("the old form is understood: %+v", d)
	}
}

func TestSetConfiguration(t *testing.T) {
	a, _ := pair(t)
	for name, change := range map[string]func(*Config){
		"certificates":  func(c *Config) { c.Fingerprints = nil },
		"bundlePolicy":  func(c *Config) { c.BundlePolicy = MaxCompat },
		"rtcpMuxPolicy": func(c *Config) { c.RTCPMux = RTCPMuxNegotiate },
	} {
		cfg := *a.s.cfg
		change(&cfg)
		_, err := a.s.SetConfiguration(cfg, false)
		a.refuses(name, err, domerr.InvalidModification)
	}
	_, err := a.s.Close().SetConfiguration(*a.s.cfg, false)
	a.refuses("a closed connection", err, domerr.InvalidState)
	if _, err := New(Config{}); !errors.Is(err, domerr.Type) {
		t.Fatal("a configuration without capabilities is refused")
	}
}

func TestBandwidth(t *testing.T) {
	for lines, want := range map[string]uint64{
		"b=AS:500\r\n": 500*950 - 16000, "b=AS:500\r\nb=TIAS:9000\r\n": 9000,
		// The formula leaves less than nothing of it, and 0 is no limit.
		"b=AS:16\r\n": 1, "b=AS:0\r\n": 0, "": 0,
	} {
		a, b := pair(t)
		a.addTrack(videoTrack("v1"))
		b.setRemote(Offer, a.setLocal(Offer))
		a.setRemote(Answer, strings.Replace(b.setLocal(Answer), "c=IN IP4 0.0.0.0\r\n", "c=IN IP4 0.0.0.0\r\n"+lines, 1))
		if got := a.s.Media()[0].MaxBitrate; got != want {
			t.Errorf("%q limits sending to %d by RFC 9429 §5.10, got %d", lines, want, got)
		}
	}
}

// RFC 8841 §10: a connection has one SCTP association.
func TestSecondDataSectionIsRejected(t *testing.T) {
	a, b := pair(t)
	a.addData()
	offer := a.setLocal(Offer)
	second := strings.Replace(mustSection(t, offer, 0), "a=mid:0", "a=mid:1", 1)
	b.setRemote(Offer, strings.Replace(offer, "BUNDLE 0", "BUNDLE 0 1", 1)+second)
	answer := b.setLocal(Answer)
	if !strings.HasPrefix(mustSection(t, answer, 0), "m=application 9 ") || !strings.HasPrefix(mustSection(t, answer, 1), "m=application 0 ") {
		t.Fatalf("the first data section is taken, the second is rejected:\n%s", answer)
	}
	if b.s.Data().MID != "0" {
		t.Fatalf("the association is that of the first: %+v", b.s.Data())
	}
}

// A sender whose transceiver a remote offer has stopped does not hold its track.
func TestTrackOfAStoppedTransceiverIsFree(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	b.addTrack(videoTrack("w1"))
	negotiate(a, b)
	a.stop(id)
	b.setRemote(Offer, a.setLocal(Offer))
	if got := b.addTrack(videoTrack("w1"), "again"); got == 1 {
		t.Fatal("a stopped transceiver is not taken")
	}
	a.setRemote(Answer, b.setLocal(Answer))
	negotiate(b, a)
	a.wantTrack("w1", "again")
}

// "If encoding.codec does not match any entry in codecs, remove encoding.codec."
func TestEncodingCodecFollowsTheNegotiation(t *testing.T) {
	a, b := pair(t)
	vp9 := Codec{"video/VP9", 90000, 0, "profile-id=0"}
	id := a.addTransceiver(TransceiverInit{Kind: Video, Encodings: []Encoding{{Active: true, Codec: &vp9}}})
	negotiate(a, b)
	if a.s.Transceiver(id).Encodings()[0].Codec == nil {
		t.Fatal("a negotiated codec stays chosen")
	}
	s, err := b.s.SetCodecPreferences(1, []Codec{{"video/VP8", 90000, 0, ""}})
	b.do("setCodecPreferences", s, nil, err)
	negotiate(a, b)
	if c := a.s.Transceiver(id).Encodings()[0].Codec; c != nil {
		t.Fatalf("%v is not negotiated any more", c)
	}
}
