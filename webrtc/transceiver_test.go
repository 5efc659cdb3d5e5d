package webrtc

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"trackway/internal/domerr"
	"trackway/media"
)

func TestAddTransceiverErrors(t *testing.T) {
	pc := newPC(t, Configuration{})
	half, many := 0.5, uint32(1)
	for _, c := range []struct {
		rule string
		kind media.Kind
		init *RTPTransceiverInit
		want domerr.Name
	}{
		{"a kind that is none", "text", nil, domerr.Type},
		{"direction stopped", media.Audio, &RTPTransceiverInit{Direction: RTPTransceiverDirectionStopped}, domerr.Type},
		{"a direction that is none", media.Audio, &RTPTransceiverInit{Direction: "both"}, domerr.Type},
		{"two encodings, one without rid", media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
			NewRTPEncodingParameters("a"), NewRTPEncodingParameters("")}}, domerr.Type},
		{"the same rid twice", media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
			NewRTPEncodingParameters("a"), NewRTPEncodingParameters("a")}}, domerr.Type},
		{"a rid of other characters", media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
			NewRTPEncodingParameters("ü"), NewRTPEncodingParameters("a")}}, domerr.Type},
		{"scaling up", media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
			{Active: true, ScaleResolutionDownBy: &half}}}, domerr.Range},
		{"a bitrate", media.Video, &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{{Active: true, MaxBitrate: &many}}}, ""},
	} {
		_, err := pc.AddTransceiverKind(c.kind, c.init)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.rule, err)
			}
			continue
		}
		wantError(t, err, c.want, c.rule)
	}
	if n := len(pc.GetTransceivers()); n != 1 {
		t.Errorf("refused calls add nothing: %d transceivers", n)
	}
	_, err := pc.AddTransceiver(nil, nil)
	wantError(t, err, domerr.Type, "addTransceiver with a nil track")
}

func TestDirectionNeedsNegotiation(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		negotiate(a, b)
		tr := a.GetTransceivers()[0]
		a.take()
		wantError(t, tr.SetDirection("nonsense"), domerr.Type, "no RTCRtpTransceiverDirection")
		wantError(t, tr.SetDirection(RTPTransceiverDirectionStopped), domerr.Type, "stopped cannot be set")
		a.must(tr.SetDirection(RTPTransceiverDirectionSendrecv), "the same direction")
		wantLog(t, a.only("negotiationneeded"), nil, "setting the direction that is set needs nothing")
		a.must(tr.SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		wantLog(t, a.only("negotiationneeded"), []string{"negotiationneeded"}, "another direction needs negotiation")
		if tr.CurrentDirection() != RTPTransceiverDirectionSendonly {
			t.Error("currentDirection changes by negotiation only")
		}
		negotiate(a, b)
		if tr.CurrentDirection() != RTPTransceiverDirectionInactive || b.GetTransceivers()[0].CurrentDirection() != RTPTransceiverDirectionInactive {
			t.Error("negotiated: inactive on both sides")
		}
		if b.GetTransceivers()[0].Direction() != RTPTransceiverDirectionRecvonly {
			t.Error("the other side's direction is its own: negotiation never changes it")
		}
	})
}

func TestStop(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack(), media.NewStream())
		keep := a.addTrack(audioTrack())
		connect(a, b)
		ta, tb := a.GetTransceivers()[0], b.GetTransceivers()[0]
		var order []string
		ta.Receiver().Track().OnEnded(func() { order = append(order, "ended here") })
		tb.Receiver().Track().OnEnded(func() { order = append(order, "ended there") })
		a.take()
		a.must(ta.Stop(), "Stop")
		if ta.Direction() != RTPTransceiverDirectionStopped || ta.CurrentDirection() == RTPTransceiverDirectionStopped {
			t.Errorf("stop() makes it stopping: direction %s, current %s", ta.Direction(), ta.CurrentDirection())
		}
		wantError(t, ta.SetDirection(RTPTransceiverDirectionInactive), domerr.InvalidState, "direction of a stopping transceiver")
		wantError(t, ta.Sender().ReplaceTrack(t.Context(), nil), domerr.InvalidState, "replaceTrack on a stopping transceiver")
		wantLog(t, a.only("negotiationneeded"), []string{"negotiationneeded"}, "stop needs negotiation")
		wantLog(t, order, []string{"ended here"}, "the receiver's track ends, in a task")
		negotiate(a, b)
		synctest.Wait()
		wantLog(t, order, []string{"ended here", "ended there"}, "and so does the other side's")
		for _, p := range []*peer{a, b} {
			if got := p.GetTransceivers(); len(got) != 1 || got[0].Mid() != keep.transceiver.Mid() {
				t.Errorf("%s: a stopped transceiver leaves the set: %d left", p.name, len(got))
			}
		}
		if ta.CurrentDirection() != RTPTransceiverDirectionStopped || ta.Mid() != "" || tb.Direction() != RTPTransceiverDirectionStopped {
			t.Errorf("what is left of it: %q %q %q", ta.CurrentDirection(), ta.Mid(), tb.Direction())
		}
		a.must(ta.Stop(), "stopping twice")
		if a.ConnectionState() != PeerConnectionStateConnected {
			t.Errorf("the others go on: %s", a.ConnectionState())
		}
		// The m-section is used again.
		a.addTrack(videoTrack())
		negotiate(a, b)
		if n := strings.Count(a.LocalDescription().SDP, "m="); n != 2 {
			t.Errorf("the stopped m-section is recycled: %d m-sections", n)
		}
	})
}

func TestSetCodecPreferences(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		tr := a.GetTransceivers()[0]
		all := ReceiverCapabilities(media.Video).Codecs
		var vp9, rtx []RTPCodec
		for _, c := range all {
			switch strings.ToLower(c.MimeType) {
			case "video/vp9":
				vp9 = append(vp9, c)
			case "video/rtx":
				rtx = append(rtx, c)
			}
		}
		wantError(t, tr.SetCodecPreferences(RTPCodec{MimeType: "video/unknown", ClockRate: 90000}), domerr.InvalidModification, "a codec that is not there")
		wantError(t, tr.SetCodecPreferences(rtx...), domerr.InvalidModification, "nothing but retransmission")
		a.must(tr.SetCodecPreferences(append(slices.Clone(vp9), rtx...)...), "SetCodecPreferences")
		negotiate(a, b)
		for _, p := range []*peer{a, b} {
			codecs := p.GetTransceivers()[0].Sender().GetParameters().Codecs
			if p == b {
				codecs = p.GetTransceivers()[0].Receiver().GetParameters().Codecs
			}
			if len(codecs) != 2 || codecs[0].MimeType != "video/VP9" || codecs[1].MimeType != "video/rtx" {
				t.Errorf("%s: only what was preferred is negotiated: %v", p.name, codecs)
			}
		}
		if got := tr.CodecPreferences(); len(got) != 2 {
			t.Errorf("preferences are kept: %v", got)
		}
	})
}

func TestHeaderExtensionsToNegotiate(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		tr := a.GetTransceivers()[0]
		list := tr.GetHeaderExtensionsToNegotiate()
		at := slices.IndexFunc(list, func(e RTPHeaderExtensionCapability) bool { return e.URI == extensionAbsSendTime })
		if at < 0 {
			t.Fatalf("abs-send-time is offered unless told otherwise: %v", list)
		}
		list[at].Direction = RTPTransceiverDirectionStopped
		a.must(tr.SetHeaderExtensionsToNegotiate(list), "SetHeaderExtensionsToNegotiate")
		wantError(t, tr.SetHeaderExtensionsToNegotiate(list[1:]), domerr.InvalidModification, "a list that lacks an extension")
		list[at].Direction = ""
		wantError(t, tr.SetHeaderExtensionsToNegotiate(list), domerr.Type, "a missing direction")
		negotiate(a, b)
		if strings.Contains(a.LocalDescription().SDP, extensionAbsSendTime) {
			t.Error("a stopped extension is not offered")
		}
		for _, e := range tr.GetNegotiatedHeaderExtensions() {
			want := RTPTransceiverDirectionSendrecv
			if e.URI == extensionAbsSendTime || e.URI == extensionCaptureTime {
				want = RTPTransceiverDirectionStopped
			}
			if e.Direction != want {
				t.Errorf("%s: negotiated %s, want %s", e.URI, e.Direction, want)
			}
		}
	})
}

func TestSimulcastOffer(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		tr, err := a.AddTransceiver(videoTrack(), &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
			NewRTPEncodingParameters("q"), NewRTPEncodingParameters("h"), NewRTPEncodingParameters("f"),
		}})
		a.must(err, "AddTransceiver")
		scales := func() (out []float64) {
			for _, e := range tr.Sender().GetParameters().Encodings {
				out = append(out, *e.ScaleResolutionDownBy)
			}
			return out
		}
		if got := scales(); !slices.Equal(got, []float64{4, 2, 1}) {
			t.Errorf("without scaleResolutionDownBy the layers are scaled by powers of two: %v", got)
		}
		negotiate(a, b)
		if got := len(tr.Sender().GetParameters().Encodings); got != 3 {
			t.Errorf("an answer that accepts three layers leaves three: %d", got)
		}
		if m := b.state.Media()[0]; !slices.Equal(m.ReceiveRIDs, []string{"q", "h", "f"}) {
			t.Errorf("the other side receives the three layers: %v", m.ReceiveRIDs)
		}
	})
}
