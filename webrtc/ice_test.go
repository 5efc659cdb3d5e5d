package webrtc

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"trackway/media"
)

func TestTransportObjects(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(videoTrack())
		a.offer()
		d := s.Transport()
		if d == nil || d.State() != DTLSTransportStateNew || d.ICETransport().Role() != ICERoleControlling {
			t.Fatalf("after setLocalDescription the offerer has a controlling transport: %v", d)
		}
		if p := d.ICETransport().GetLocalParameters(); p == nil || !strings.Contains(a.LocalDescription().SDP, "a=ice-ufrag:"+p.UsernameFragment) {
			t.Errorf("the local parameters are those of the description: %v", p)
		}
		if d.ICETransport().GetRemoteParameters() != nil || d.ICETransport().GetSelectedCandidatePair() != nil || len(d.GetRemoteCertificates()) != 0 {
			t.Error("nothing is known of the other side yet")
		}
		var states []DTLSTransportState
		d.OnStateChange(func() { states = append(states, d.State()) })
		pairs := 0
		d.ICETransport().OnSelectedCandidatePairChange(func() { pairs++ })
		b.remote(*a.LocalDescription())
		a.remote(b.offer())
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		if !slices.Equal(states, []DTLSTransportState{"connecting", "connected"}) {
			t.Errorf("DTLS states: %v", states)
		}
		if pairs == 0 || d.ICETransport().GetSelectedCandidatePair() == nil {
			t.Error("a selected pair is told")
		}
		if got := b.GetReceivers()[0].Transport().ICETransport().Role(); got != ICERoleControlled {
			t.Errorf("the answerer is controlled, got %s", got)
		}
		certs := d.GetRemoteCertificates()
		if len(certs) != 1 || !slices.Equal(certs[0], b.certificates[0].tls.Certificate[0]) {
			t.Error("the remote certificate is the other peer's")
		}
		if len(d.ICETransport().GetLocalCandidates()) == 0 || len(d.ICETransport().GetRemoteCandidates()) == 0 {
			t.Error("candidates of both sides are listed")
		}
		pair := d.ICETransport().GetSelectedCandidatePair()
		if !slices.Contains(d.ICETransport().GetLocalCandidates(), pair.Local) {
			t.Error("the selected pair has the object of the local candidate")
		}
	})
}

func TestRestartICE(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		connect(a, b)
		before := a.GetSenders()[0].Transport().ICETransport()
		ufrag := before.GetLocalParameters().UsernameFragment
		a.take()
		b.take()
		a.RestartICE()
		wantLog(t, a.only("negotiationneeded"), []string{"negotiationneeded"}, "restartIce needs negotiation")
		negotiate(a, b)
		after := a.GetSenders()[0].Transport().ICETransport()
		if after != before {
			t.Error("an ICE restart keeps the RTCIceTransport object")
		}
		if after.GetLocalParameters().UsernameFragment == ufrag {
			t.Error("a restart has new credentials")
		}
		a.wait(func() bool {
			p := after.GetSelectedCandidatePair()
			return p.Local.UsernameFragment() != nil && *p.Local.UsernameFragment() == after.GetLocalParameters().UsernameFragment
		}, "on a pair of the new generation")
		synctest.Wait()
		for _, p := range []*peer{a, b} {
			for _, line := range p.only("connectionstate", "iceconnectionstate") {
				if line != "iceconnectionstate connected" && line != "iceconnectionstate completed" && line != "iceconnectionstate checking" {
					t.Errorf("%s: the old pair is kept until the new one is selected: %s", p.name, line)
				}
			}
			if p.ConnectionState() != PeerConnectionStateConnected {
				t.Errorf("%s: %s", p.name, p.ConnectionState())
			}
		}
		wantLog(t, a.only("negotiationneeded"), nil, "the restart is done")
	})
}

func TestBundlePolicies(t *testing.T) {
	for _, c := range []struct {
		policy  BundlePolicy
		offered int
	}{{BundlePolicyMaxBundle, 1}, {BundlePolicyBalanced, 2}, {BundlePolicyMaxCompat, 3}} {
		t.Run(string(c.policy), func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a := w.peer("a", Configuration{BundlePolicy: c.policy})
				b := w.peer("b")
				a.trickleTo(b)
				b.trickleTo(a)
				a.addTrack(audioTrack())
				a.addTrack(videoTrack())
				a.addTrack(videoTrack(), media.NewStream())
				a.offer()
				different := map[*DTLSTransport]bool{}
				for _, s := range a.GetSenders() {
					different[s.Transport()] = true
				}
				if len(different) != c.offered {
					t.Errorf("%s offers %d transports, got %d", c.policy, c.offered, len(different))
				}
				b.remote(*a.LocalDescription())
				a.remote(b.offer())
				shared := a.GetSenders()[0].Transport()
				for _, s := range a.GetSenders() {
					if s.Transport() != shared {
						t.Error("after an answer with BUNDLE all share the transport of the first m-section")
					}
				}
				a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
				for d := range different {
					if d != shared && (d.State() != DTLSTransportStateClosed || d.ICETransport().State() != ICETransportStateClosed) {
						t.Errorf("a transport that BUNDLE made superfluous is closed: %s", d.State())
					}
				}
				if n := count(a.take(), "icecandidate null"); n != 1 {
					t.Errorf("the end of gathering is told once, was told %d times", n)
				}
			})
		})
	}
}

func TestCandidatesAreInTheDescription(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a"), w.peer("b")
		a.addTrack(videoTrack())
		a.offer()
		a.wait(func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete }, "gathered")
		sdp := a.LocalDescription().SDP
		if !strings.Contains(sdp, "a=candidate:") || !strings.Contains(sdp, "a=end-of-candidates") {
			t.Errorf("gathered candidates are in localDescription:\n%s", sdp)
		}
		// Without trickle, the descriptions alone connect.
		b.remote(*a.LocalDescription())
		b.offer()
		b.wait(func() bool { return b.ICEGatheringState() == ICEGatheringStateComplete }, "gathered")
		a.remote(*b.LocalDescription())
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		if v := a.CanTrickleICECandidates(); v == nil || !*v {
			t.Errorf("canTrickleIceCandidates: %v", v)
		}
	})
}

func TestAWrongFingerprintFailsDTLS(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		b.remote(a.offer())
		answer := b.offer()
		lines := strings.Split(answer.SDP, "\r\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "a=fingerprint:sha-256 ") {
				lines[i] = "a=fingerprint:sha-256 " + strings.Repeat("00:", 31) + "00"
			}
		}
		answer.SDP = strings.Join(lines, "\r\n")
		var detail ErrorDetailType
		var order []string
		d := a.GetSenders()[0].Transport()
		d.OnError(func(e *RTCError) { detail = e.ErrorDetail; order = append(order, "error") })
		d.OnStateChange(func() { order = append(order, string(d.State())) })
		a.remote(answer)
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateFailed }, "failed")
		if detail != ErrorDetailFingerprintFailure {
			t.Errorf("the error's detail is fingerprint-failure, got %q", detail)
		}
		inOrder(t, order, "connecting", "error", "failed")
	})
}

// unbundled has b answer as a peer that does not know BUNDLE.
func unbundled(a, b *peer) {
	a.t.Helper()
	offer := a.offer()
	offer.SDP = strings.Replace(offer.SDP, "a=group:BUNDLE", "a=group:BUNGLE", 1)
	b.remote(offer)
	a.remote(b.offer())
}

func TestRestartOfTwoTransports(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a", Configuration{}), w.peer("b", Configuration{})
		a.trickleTo(b)
		b.trickleTo(a)
		a.addTransceiver(media.Audio, RTPTransceiverDirectionRecvonly)
		a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
		unbundled(a, b)
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		if a.GetSenders()[0].Transport() == a.GetSenders()[1].Transport() {
			t.Fatal("without BUNDLE there are two transports")
		}
		a.take()
		offer, err := a.CreateOffer(t.Context(), &OfferOptions{ICERestart: true})
		a.must(err, "CreateOffer")
		a.must(a.SetLocalDescription(t.Context(), &offer), "SetLocalDescription")
		a.wait(func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete }, "gathered")
		wantLog(t, a.only("icegathering"), []string{"icegatheringstate gathering", "icegatheringstate complete"}, "a restart gathers anew")
	})
}

func TestATransportThatComesLater(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a", Configuration{BundlePolicy: BundlePolicyMaxCompat}), w.peer("b", Configuration{})
		a.trickleTo(b)
		b.trickleTo(a)
		a.addTrack(audioTrack())
		unbundled(a, b)
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		a.take()
		d := a.channel("x", nil)
		negotiate(a, b)
		a.must(d.WaitOpen(t.Context()), "WaitOpen")
		if a.SCTP().Transport() == a.GetSenders()[0].Transport() {
			t.Skip("the peers bundle")
		}
		wantLog(t, a.only("connectionstate"), []string{"connectionstate connecting", "connectionstate connected"},
			"a new transport makes the connection connecting again")
	})
}

func TestStoppingEverythingClosesTheTransport(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		connect(a, b)
		d := b.GetReceivers()[0].Transport()
		a.take()
		b.take()
		a.must(a.GetTransceivers()[0].Stop(), "Stop")
		b.remote(a.offer())
		b.offer()
		if b.ICEGatheringState() != ICEGatheringStateNew || b.ConnectionState() != PeerConnectionStateNew {
			t.Errorf("without transports all is new: %s %s", b.ICEGatheringState(), b.ConnectionState())
		}
		wantLog(t, b.only("icegathering", "iceconnection", "connectionstate"),
			[]string{"icegatheringstate new", "iceconnectionstate new", "connectionstate new"}, "and is told in a task")
		if d.State() != DTLSTransportStateClosed || d.ICETransport().State() != ICETransportStateClosed {
			t.Errorf("the transport is closed: %s %s", d.State(), d.ICETransport().State())
		}
		a.remote(*b.LocalDescription())
	})
}
