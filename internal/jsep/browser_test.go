package jsep

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func fixture(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "browsers", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The offers were made by Chromium 156 and Firefox 140 (headless, Debian): audio,
// video as three simulcast layers in two streams, video to receive, data.
func TestBrowserOffers(t *testing.T) {
	for _, browser := range []string{"chromium", "firefox"} {
		t.Run(browser, func(t *testing.T) {
			b := newPeer(t, "b")
			b.setRemote(Offer, fixture(t, browser+"-offer.sdp"))
			b.addTrack(videoTrack("back"), "mine")
			answer := b.setLocal(Answer)
			m := b.s.Media()
			if len(m) != 3 || b.s.Data() == nil || len(b.s.Transports()) != 1 {
				t.Fatalf("want three media sections and data on one transport, got %d, %v, %d", len(m), b.s.Data(), len(b.s.Transports()))
			}
			for i := range 4 {
				if section := mustSection(t, answer, i); strings.HasPrefix(strings.SplitN(section, " ", 3)[1], "0") {
					t.Fatalf("m-section %d is rejected:\n%s", i, section)
				}
			}
			if !slices.Equal(m[1].ReceiveRIDs, []string{"q", "h", "f"}) {
				t.Fatalf("three layers are received, got %q", m[1].ReceiveRIDs)
			}
			if !m[0].Receive || !m[1].Receive || !m[1].Send || m[2].Receive || m[2].Send {
				t.Fatalf("directions are wrong: %+v %+v %+v", m[0], m[1], m[2])
			}
			if c := m[1].SendCodecs[0]; !strings.EqualFold(c.MimeType, "video/VP8") || !c.HasRTX {
				t.Fatalf("VP8 with RTX is what the browser prefers, got %+v", c)
			}
			if c := m[0].RecvCodecs[0]; c.MimeType != "audio/opus" || c.Channels != 2 {
				t.Fatalf("Opus is first, got %+v", c)
			}
			var mid bool
			for _, e := range m[1].RecvExtensions {
				mid = mid || e.URI == "urn:ietf:params:rtp-hdrext:sdes:mid"
			}
			if !mid {
				t.Fatal("the mid extension is negotiated")
			}
			if n := len(b.s.Transceivers()[1].RemoteStreamIDs()); n != 2 {
				t.Fatalf("S9: the video is in two streams, got %d", n)
			}
			if g := b.s.Transports()[0].ICE; len(g.Candidates) == 0 || g.Local.Ufrag == "" || g.Remote.Ufrag == "" || b.s.Transports()[0].DTLSClient != true {
				t.Fatalf("the transport has both credentials and the candidates of the offer: %+v", g)
			}
			b.wantNeeded(false, "the answer covers everything")
		})
	}
}

// The answers of the browsers to our offer.
func TestBrowserAnswers(t *testing.T) {
	for _, browser := range []string{"chromium", "firefox"} {
		t.Run(browser, func(t *testing.T) {
			a := newPeer(t, "a")
			a.addTrack(audioTrack("x1"), "s1")
			a.addTrack(videoTrack("v1"), "s1", "s2")
			a.addTransceiver(threeLayers())
			a.addTransceiver(TransceiverInit{Kind: Video, Direction: RecvOnly, ReceiveRIDs: []string{"lo", "hi"}})
			a.addData()
			a.setLocal(Offer)
			a.setRemote(Answer, fixture(t, browser+"-reply.sdp"))
			m := a.s.Media()
			if len(m) != 4 || len(a.s.Transports()) != 1 || !a.s.Data().Negotiated {
				t.Fatalf("all sections are accepted on one transport, got %d, %d", len(m), len(a.s.Transports()))
			}
			if tr := a.s.Transports()[0]; tr.DTLSClient || !tr.Controlling || len(tr.RemoteFingerprints) != 1 {
				t.Fatalf("the offerer is the DTLS server and controls: %+v", tr)
			}
			if !m[0].Send || !m[1].Send || m[1].SendCodecs[0].PayloadType != 96 {
				t.Fatalf("audio and video are sent: %+v", m[1])
			}
			if n := len(a.s.Transceivers()[2].Encodings()); n != 1 {
				t.Fatalf("the browser takes no simulcast, so one encoding is left, not %d", n)
			}
		})
	}
}

// Answers of one browser instance to another work as remote offers as well, in
// form: everything a browser writes has to parse.
func TestBrowserDescriptionsParse(t *testing.T) {
	files, _ := filepath.Glob("testdata/browsers/*.sdp")
	if len(files) < 6 {
		t.Fatalf("only %d fixtures", len(files))
	}
	for _, file := range files {
		b := newPeer(t, "b")
		text := fixture(t, filepath.Base(file))
		d, err := b.s.parse(text, Offer)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := b.s.checkContent(d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, s := range d.sections {
			if s.m.RTP() && len(s.m.Codecs) == 0 {
				t.Fatalf("%s: m-section %d has no codecs", file, i)
			}
		}
	}
}
