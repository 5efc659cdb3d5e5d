package jsep

import (
	"slices"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func withPolicy(p BundlePolicy) func(*Config) { return func(c *Config) { c.BundlePolicy = p } }

// RFC 9429 §4.1.1: how many transports each policy offers, and that the answer
// leaves one.
func TestBundlePolicies(t *testing.T) {
	for _, test := range []struct {
		policy     BundlePolicy
		transports int
		bundleOnly []int
	}{
		{MaxBundle, 1, []int{1, 2, 3, 4}},
		{Balanced, 3, []int{1, 3}},
		{MaxCompat, 5, nil},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			a, b := pair(t, withPolicy(test.policy))
			a.addTrack(audioTrack("x1"))
			a.addTrack(audioTrack("x2"))
			a.addTrack(videoTrack("v1"))
			a.addTrack(videoTrack("v2"))
			a.addData()
			offer := a.setLocal(Offer)
			if got := len(a.s.Transports()); got != test.transports {
				t.Fatalf("%d transports are offered, want %d", got, test.transports)
			}
			for i := range 5 {
				section := mustSection(t, offer, i)
				only := slices.Contains(test.bundleOnly, i)
				if strings.Contains(section, "a=bundle-only\r\n") != only || strings.HasPrefix(strings.SplitN(section, " ", 3)[1], "0") != only {
					t.Fatalf("bundle-only of m-section %d: want %v\n%s", i, only, section)
				}
				for _, attribute := range []string{"a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:", "a=tls-id:"} {
					got, tag := lines(section, attribute), lines(mustSection(t, offer, 0), attribute)
					if len(got) != 1 || only && got[0] != tag[0] {
						t.Fatalf("browsers need the transport's %s in bundled sections:\n%s", attribute, section)
					}
				}
			}
			b.setRemote(Offer, offer)
			if got := len(b.s.Transports()); got != 1 {
				t.Fatalf("the answerer bundles all: %d transports", got)
			}
			a.setRemote(Answer, b.setLocal(Answer))
			checkPair(a, b)
			if got := len(a.s.Transports()); got != 1 {
				t.Fatalf("%d transports are left, want 1", got)
			}
			for _, tr := range a.s.Transceivers() {
				if tr.Transport() != a.s.Transports()[0].ID {
					t.Fatalf("transceiver %d uses transport %d", tr.ID(), tr.Transport())
				}
			}
		})
	}
}

func TestAnswererWithoutBundle(t *testing.T) {
	a, b := pair(t, withPolicy(MaxCompat))
	a.addTrack(audioTrack("x1"), "s")
	a.addTrack(videoTrack("v1"), "s")
	offer := a.setLocal(Offer)
	b.setRemote(Offer, strings.Replace(offer, "a=group:BUNDLE 0 1\r\n", "", 1))
	answer := b.setLocal(Answer)
	if strings.Contains(answer, "BUNDLE") {
		t.Fatal("an answer cannot bundle what was not offered so")
	}
	a.setRemote(Answer, answer)
	if len(a.s.Transports()) != 2 || len(b.s.Transports()) != 2 {
		t.Fatalf("without BUNDLE each section has a transport: %d and %d", len(a.s.Transports()), len(b.s.Transports()))
	}
	checkMedia(a, b)
	// What is not bundled stays so; a new section may be bundled with itself only.
	negotiate(a, b)
	a.addTrack(videoTrack("v2"), "s")
	negotiate(a, b)
	if len(a.s.Transports()) != 3 {
		t.Fatalf("the new section has a transport of its own: %d", len(a.s.Transports()))
	}
}

// WPT protocol/bundle.https.html: max-bundle with an offer without bundle only
// negotiates the first m-line.
func TestMaxBundleRejectsWhatIsNotBundled(t *testing.T) {
	for policy, rejected := range map[BundlePolicy][]int{MaxBundle: {1, 2}, Balanced: {2}, MaxCompat: nil} {
		a, b := newPeer(t, "a", withPolicy(MaxCompat)), newPeer(t, "b", withPolicy(policy))
		a.addTrack(audioTrack("x1"))
		a.addTrack(videoTrack("v1"))
		a.addTrack(videoTrack("v2"))
		b.setRemote(Offer, strings.Replace(a.setLocal(Offer), "a=group:BUNDLE 0 1 2\r\n", "", 1))
		answer := b.setLocal(Answer)
		for i := range 3 {
			if got := strings.HasPrefix(strings.SplitN(mustSection(t, answer, i), " ", 3)[1], "0"); got != slices.Contains(rejected, i) {
				t.Fatalf("%s: rejection of m-section %d is %v (RFC 9429 §5.3.1)", policy, i, got)
			}
		}
		a.setRemote(Answer, answer)
		if got, want := len(b.s.Transceivers()), 3-len(rejected); got != want {
			t.Fatalf("%s: %d transceivers are left, want %d", policy, got, want)
		}
	}
}

func TestAnswerMayNotUnbundleABundleOnlySection(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"))
	b.setRemote(Offer, a.setLocal(Offer))
	answer := strings.Replace(b.setLocal(Answer), "a=group:BUNDLE 0 1", "a=group:BUNDLE 0", 1)
	_, _, err := a.s.SetRemote(Description{Answer, answer})
	a.refuses("RFC 9143 §7.3", err, domerr.InvalidAccess)
}

// The tagged section goes and the transport moves to the next one.
func TestTagMoves(t *testing.T) {
	a, b := pair(t)
	x := a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"), "s")
	a.addTrack(videoTrack("v2"), "s")
	negotiate(a, b)
	before := a.s.Transports()[0]
	a.stop(x)
	negotiate(a, b)
	after := a.s.Transports()[0]
	if after.ID != before.ID || after.ICE != before.ICE || after.MID != "1" || after.DTLSGeneration != before.DTLSGeneration {
		t.Fatalf("the transport goes on under another mid: %+v, before %+v", after, before)
	}
	// A place before the tag is recycled, and the transport goes on there, where the
	// peer has a=tls-id.
	a.addTrack(audioTrack("x2"), "s")
	old := *a.s.currentRemote
	old.sections = nil
	for _, c := range a.s.currentRemote.sections {
		m := *c.m.Media
		m.Transport.TLSID = ""
		old.sections = append(old.sections, &section{text: c.text, m: a.s.cfg.Capabilities.common.section(&m)})
	}
	without := a.s.fork()
	without.currentRemote = &old
	if _, offer, err := without.CreateOffer(OfferOptions{}); err != nil || lines(offer, "a=group:BUNDLE")[0] != "a=group:BUNDLE 1 2 3" {
		t.Fatalf("without a=tls-id the tag stays and the new section is appended: %v\n%s", err, offer)
	}
	offer := a.setLocal(Offer)
	if got := lines(offer, "a=group:BUNDLE"); got[0] != "a=group:BUNDLE 3 1 2" {
		t.Fatalf("the group is in the order of the m-sections: %q", got)
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	checkPair(a, b)
	if again := a.s.Transports()[0]; len(a.s.Transports()) != 1 || again.ID != before.ID || again.ICE != before.ICE || again.MID != "3" {
		t.Fatalf("the transport goes on in the recycled section: %+v", again)
	}
}

func TestLipSyncGroups(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"), "s1")
	a.addTrack(videoTrack("v1"), "s1")
	a.addTrack(videoTrack("v2"), "s2")
	offer := a.setLocal(Offer)
	if got := lines(offer, "a=group:LS"); !slices.Equal(got, []string{"a=group:LS 0 1"}) {
		t.Fatalf("S4: an LS group per stream of several transceivers (RFC 9429 §5.2.1), got %q", got)
	}
	b.setRemote(Offer, offer)
	answer := b.setLocal(Answer)
	if got := lines(answer, "a=group:LS"); !slices.Equal(got, []string{"a=group:LS 0 1"}) {
		t.Fatalf("an answerer without tracks keeps the group (RFC 9429 §5.3.1), got %q", got)
	}
}

// A peer recycles the place before the tag and starts a new transport there, as
// Chromium does: the whole group moves.
func TestRemoteGroupMovesToANewTransport(t *testing.T) {
	a, b := pair(t)
	x := a.addTrack(audioTrack("x1"))
	a.addTrack(videoTrack("v1"), "s")
	negotiate(a, b)
	a.stop(x)
	negotiate(a, b)
	before := b.s.Transports()[0]
	offer := a.setLocal(Offer)
	section := mustSection(t, offer, 1)
	fresh := strings.NewReplacer("a=mid:1", "a=mid:9", lines(section, "a=ice-ufrag:")[0], "a=ice-ufrag:other", lines(section, "a=tls-id:")[0]+"\r\n", "", lines(section, "a=msid:")[0], "a=msid:z").Replace(section)
	head := strings.Replace(offer[:strings.Index(offer, "m=")], "BUNDLE 1", "BUNDLE 9 1", 1)
	b.setRemote(Offer, head+fresh+section)
	if n := len(b.s.Transports()); n != 2 {
		t.Fatalf("the old transport stays until the answer: %d transports", n)
	}
	b.setLocal(Answer)
	after := b.s.Transports()
	if len(after) != 1 || after[0].ID == before.ID || after[0].ICE.Remote.Ufrag != "other" || after[0].MID != "9" {
		t.Fatalf("all sections are on the new transport: %+v", after[0])
	}
	for _, tr := range b.s.Transceivers() {
		if tr.Transport() != after[0].ID {
			t.Fatalf("transceiver %d is on transport %d", tr.ID(), tr.Transport())
		}
	}
}
