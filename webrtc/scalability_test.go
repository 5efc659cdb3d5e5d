package webrtc

import (
	"testing"

	"trackway/media"
)

func TestScalabilityModes(t *testing.T) {
	for mode, want := range map[string]bool{
		"L1T1": true, "L1T3": true, "L3T3": true, "L2T2h": true, "L3T3_KEY": true, "L2T2_KEY_SHIFT": true, "S2T1": true, "S3T3h": true,
		"": false, "L1T4": false, "L4T1": false, "L1T2h": false, "S1T1": false, "S2T2_KEY": false, "L1T1x": false, "l1t1": false,
	} {
		if got := isScalabilityMode(mode); got != want {
			t.Errorf("%q: a mode of webrtc-svc: %v, want %v", mode, got, want)
		}
	}
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		_, err := a.AddTransceiverKind(media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{{Active: true, ScalabilityMode: "most"}}})
		wantError(t, err, "OperationError", "addTransceiver refuses modes that no codec has")
		tr, err := a.AddTransceiverKind(media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{{Active: true, ScalabilityMode: "L3T3"}}})
		a.must(err, "AddTransceiverKind")
		if got := tr.Sender().GetParameters().Encodings[0].ScalabilityMode; got != "L3T3" {
			t.Errorf("before negotiation the mode is %q, want the one that was asked for", got)
		}
		connect(a, b)
		p := tr.Sender().GetParameters()
		if got := p.Encodings[0].ScalabilityMode; p.Codecs[0].MimeType == "video/VP8" && got != "L1T1" {
			t.Errorf("VP8 has no spatial layers, but the mode is %q", got)
		}
		p.Encodings[0].ScalabilityMode = "L1T2"
		a.must(tr.Sender().SetParameters(t.Context(), p), "SetParameters")
		if got := tr.Sender().GetParameters().Encodings[0].ScalabilityMode; got != "L1T2" {
			t.Errorf("the mode is %q after L1T2 was set", got)
		}
		p = tr.Sender().GetParameters()
		p.Encodings[0].ScalabilityMode = "L9"
		wantError(t, tr.Sender().SetParameters(t.Context(), p), "OperationError", "setParameters refuses modes that no codec has")
	})
}
