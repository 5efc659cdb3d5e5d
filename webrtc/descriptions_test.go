package webrtc

import (
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
	"trackway/media"
)

func TestARefusedDescriptionChangesNothing(t *testing.T) {
	for _, c := range []struct {
		rule   string
		change func(sdp string) string
		want   domerr.Name
	}{
		{"no SDP at all", func(string) string { return "this is not SDP" }, domerr.Operation},
		{"a line without a type", func(s string) string { return strings.Replace(s, "t=0 0", "t 0 0", 1) }, domerr.Operation},
		{"an m-line that is cut short", func(s string) string { return strings.Replace(s, "m=video 9", "m=video", 1) }, domerr.Operation},
		{"no rtcp-mux, which is required", func(s string) string { return strings.ReplaceAll(s, "a=rtcp-mux\r\n", "") }, domerr.InvalidAccess},
		{"no ICE credentials", func(s string) string { return dropLines(s, "a=ice-ufrag", "a=ice-pwd") }, domerr.InvalidAccess},
		{"no fingerprint", func(s string) string { return dropLines(s, "a=fingerprint") }, domerr.InvalidAccess},
	} {
		t.Run(c.rule, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.peer("a"), w.peer("b")
				a.addTrack(videoTrack(), media.NewStream())
				b.addTrack(audioTrack())
				offer := a.offer()
				b.take()
				offer.SDP = c.change(offer.SDP)
				err := b.SetRemoteDescription(t.Context(), offer)
				wantError(t, err, c.want, c.rule)
				if b.SignalingState() != SignalingStateStable || b.RemoteDescription() != nil || len(b.GetTransceivers()) != 1 {
					t.Errorf("a refused description changes nothing: %s, %d transceivers", b.SignalingState(), len(b.GetTransceivers()))
				}
				wantLog(t, b.take(), nil, "a refused description fires nothing")
			})
		})
	}
}

func dropLines(sdp string, prefixes ...string) string {
	var out []string
	for line := range strings.SplitAfterSeq(sdp, "\r\n") {
		keep := true
		for _, p := range prefixes {
			keep = keep && !strings.HasPrefix(line, p)
		}
		if keep {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestASyntaxErrorTellsItsLine(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a"), w.peer("b")
		a.addTrack(videoTrack())
		offer := a.offer()
		lines := strings.SplitAfter(offer.SDP, "\r\n")
		const at = 2 // s=-
		lines[at] = "!\r\n"
		err := b.SetRemoteDescription(t.Context(), SessionDescription{Type: SDPTypeOffer, SDP: strings.Join(lines, "")})
		var e *RTCError
		if !errors.As(err, &e) || e.ErrorDetail != ErrorDetailSDPSyntaxError || e.SDPLineNumber == nil || *e.SDPLineNumber != at+1 {
			t.Errorf("want an RTCError sdp-syntax-error at line %d, got %#v", at+1, err)
		}
	})
}

func TestDescriptionsThatDoNotSuitTheState(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a"), w.peer("b")
		ctx := t.Context()
		a.addTrack(videoTrack())
		offer := a.offer()
		wantError(t, b.SetRemoteDescription(ctx, SessionDescription{Type: SDPTypeAnswer, SDP: offer.SDP}), domerr.InvalidState, "answer in stable")
		wantError(t, b.SetRemoteDescription(ctx, SessionDescription{Type: "unknown"}), domerr.Type, "no RTCSdpType")
		wantError(t, b.SetRemoteDescription(ctx, SessionDescription{}), domerr.Type, "type is required in setRemoteDescription")
		_, err := b.CreateAnswer(ctx, nil)
		wantError(t, err, domerr.InvalidState, "createAnswer in stable")
		b.remote(offer)
		_, err = b.CreateOffer(ctx, nil)
		wantError(t, err, domerr.InvalidState, "createOffer in have-remote-offer")
		answer, err := b.CreateAnswer(ctx, nil)
		b.must(err, "CreateAnswer")
		munged := answer
		munged.SDP += "a=x-munged\r\n"
		wantError(t, b.SetLocalDescription(ctx, &munged), domerr.InvalidModification, "an answer that createAnswer did not return")
		b.must(b.SetLocalDescription(ctx, &answer), "SetLocalDescription")
		if b.CurrentLocalDescription() == nil || b.PendingLocalDescription() != nil || b.CurrentRemoteDescription() == nil {
			t.Error("after the answer the descriptions are current")
		}
		if d := b.LocalDescription(); d != b.LocalDescription() {
			t.Error("localDescription is the same object until it changes")
		}
	})
}

func TestAddICECandidateErrors(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a"), w.peer("b")
		ctx := t.Context()
		const host = "candidate:1 1 udp 2130706431 10.0.0.9 40000 typ host"
		zero, nine := uint16(0), uint16(9)
		wantError(t, b.AddICECandidate(ctx, ICECandidateInit{Candidate: host}), domerr.Type, "neither sdpMid nor sdpMLineIndex")
		wantError(t, b.AddICECandidate(ctx, ICECandidateInit{Candidate: host, SDPMLineIndex: &zero}), domerr.InvalidState, "no remote description")
		wantError(t, b.AddICECandidate(ctx, ICECandidateInit{}), domerr.InvalidState, "the end of candidates without a remote description")
		a.addTrack(videoTrack())
		b.remote(a.offer())
		mid := b.GetTransceivers()[0].Mid()
		for _, c := range []struct {
			rule string
			init ICECandidateInit
			want domerr.Name
		}{
			{"mid that is not there", ICECandidateInit{Candidate: host, SDPMid: new("nope")}, domerr.Operation},
			{"index that is not there", ICECandidateInit{Candidate: host, SDPMLineIndex: &nine}, domerr.Operation},
			{"ufrag that is not there", ICECandidateInit{Candidate: host, SDPMid: &mid, UsernameFragment: new("nope")}, domerr.Operation},
			{"a candidate that cannot be parsed", ICECandidateInit{Candidate: "candidate:1 1 udp", SDPMid: &mid}, domerr.Operation},
			{"mid", ICECandidateInit{Candidate: host, SDPMid: &mid}, ""},
			{"index", ICECandidateInit{Candidate: host, SDPMLineIndex: &zero}, ""},
			{"mid wins over the index", ICECandidateInit{Candidate: host, SDPMid: &mid, SDPMLineIndex: &nine}, ""},
			{"end of candidates of one m-section", ICECandidateInit{SDPMid: &mid}, ""},
			{"end of all candidates", ICECandidateInit{}, ""},
		} {
			err := b.AddICECandidate(ctx, c.init)
			if c.want == "" {
				if err != nil {
					t.Errorf("%s: %v", c.rule, err)
				}
				continue
			}
			wantError(t, err, c.want, c.rule)
		}
		if got := b.RemoteDescription().SDP; !strings.Contains(got, "10.0.0.9 40000 typ host") || !strings.Contains(got, "a=end-of-candidates") {
			t.Errorf("candidates that were added are in the remote description:\n%s", got)
		}
	})
}
