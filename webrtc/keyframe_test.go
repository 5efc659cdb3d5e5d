package webrtc

import (
	"testing"
	"time"
)

// TestSetParametersAsksForAKeyFrame is of a track that is encoded here: the
// request has to find the encoder of its encoding.
func TestSetParametersAsksForAKeyFrame(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		sender := a.addTrack(stream.GetVideoTracks()[0], stream)
		connect(a, b)
		watchScreen(b.GetReceivers()[0].Track())
		time.Sleep(2 * time.Second)
		count := func() uint64 {
			report, err := sender.GetStats(t.Context())
			a.must(err, "GetStats")
			return *StatsOf[*OutboundRTPStreamStats](report)[0].KeyFramesEncoded
		}
		before := count()
		time.Sleep(2 * time.Second)
		if n := count() - before; n != 0 {
			t.Fatalf("%d key frames that nobody asked for", n)
		}
		ask := func(keyFrame bool) {
			a.must(sender.SetParameters(t.Context(), sender.GetParameters(),
				SetParameterOptions{EncodingOptions: []EncodingOptions{{KeyFrame: keyFrame}}}), "SetParameters")
			time.Sleep(500 * time.Millisecond)
		}
		if ask(false); count() != before {
			t.Error("a key frame without being asked for")
		}
		if ask(true); count() != before+1 {
			t.Errorf("%d key frames for one request", count()-before)
		}
	})
}

func TestDegradationPreferenceAndAdaptivePtimeAreKept(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, _ := w.pair()
		sender := a.addTrack(videoTrack())
		p := sender.GetParameters()
		if p.DegradationPreference != "" || p.Encodings[0].AdaptivePtime || p.RTCP.CNAME == "" {
			t.Errorf("parameters before negotiation: %+v", p)
		}
		p.DegradationPreference, p.Encodings[0].AdaptivePtime = DegradationPreferenceMaintainResolution, true
		a.must(sender.SetParameters(t.Context(), p), "SetParameters")
		p = sender.GetParameters()
		if p.DegradationPreference != DegradationPreferenceMaintainResolution || !p.Encodings[0].AdaptivePtime {
			t.Errorf("what was set is returned: %+v", p)
		}
		if sender.media.degradation != "maintain-resolution" {
			t.Error("the encoder is told")
		}
		p.DegradationPreference = "none"
		wantError(t, sender.SetParameters(t.Context(), p), ErrType, "an unknown preference")
	})
}

func TestCodecsOfAReceiverAreSettledByAnAnswer(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		tr := a.addTransceiver("video", RTPTransceiverDirectionRecvonly)
		offer := a.offer()
		if n := len(tr.Receiver().GetParameters().Codecs); n != 0 {
			t.Errorf("%d codecs before an answer", n)
		}
		b.remote(offer)
		if n := len(b.GetReceivers()[0].GetParameters().Codecs); n != 0 {
			t.Errorf("%d codecs before an answer", n)
		}
		b.must(b.SetLocalDescription(t.Context(), nil), "SetLocalDescription")
		a.remote(*b.LocalDescription())
		if len(tr.Receiver().GetParameters().Codecs) == 0 {
			t.Error("no codecs after the answer")
		}
	})
}

func TestWhatIsNoSDPIsRefusedAfterCloseToo(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, _ := w.pair()
		errs := make(chan error, 2)
		done := func(err error) { errs <- err }
		if err := a.Do(t.Context(), func() {
			a.SetRemoteDescriptionAsync(SessionDescription{Type: SDPTypeOffer, SDP: "nonsense"}, done)
			_ = a.Close()
		}); err != nil {
			t.Fatal(err)
		}
		wantError(t, <-errs, ErrOperation, "the promise of what is no SDP is rejected whatever happens to the connection")
	})
}
