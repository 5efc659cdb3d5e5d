package webrtc

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"trackway/media"
)

func TestEveryMethodAfterClose(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		sender := a.addTrack(videoTrack(), media.NewStream())
		tr := a.GetTransceivers()[0]
		connect(a, b)
		ctx := t.Context()
		parameters := sender.GetParameters()
		transport := sender.Transport()
		a.take()
		a.must(a.Close(), "Close")
		a.must(a.Close(), "Close again")

		_, err := a.AddTrack(audioTrack())
		wantError(t, err, ErrInvalidState, "addTrack")
		wantError(t, a.RemoveTrack(sender), ErrInvalidState, "removeTrack")
		_, err = a.AddTransceiverKind(media.Audio, nil)
		wantError(t, err, ErrInvalidState, "addTransceiver")
		_, err = a.CreateOffer(ctx, nil)
		wantError(t, err, ErrInvalidState, "createOffer")
		_, err = a.CreateAnswer(ctx, nil)
		wantError(t, err, ErrInvalidState, "createAnswer")
		wantError(t, a.SetLocalDescription(ctx, nil), ErrInvalidState, "setLocalDescription")
		wantError(t, a.SetRemoteDescription(ctx, SessionDescription{Type: SDPTypeOffer}), ErrInvalidState, "setRemoteDescription")
		wantError(t, a.AddICECandidate(ctx, ICECandidateInit{}), ErrInvalidState, "addIceCandidate")
		wantError(t, a.SetConfiguration(Configuration{}), ErrInvalidState, "setConfiguration")
		_, err = a.CreateDataChannel("x", nil)
		wantError(t, err, ErrInvalidState, "createDataChannel")
		wantError(t, sender.SetStreams(), ErrInvalidState, "setStreams")
		wantError(t, sender.ReplaceTrack(ctx, nil), ErrInvalidState, "replaceTrack")
		wantError(t, sender.SetParameters(ctx, parameters), ErrInvalidState, "setParameters")
		wantError(t, tr.SetDirection(RTPTransceiverDirectionInactive), ErrInvalidState, "direction")
		wantError(t, tr.Stop(), ErrInvalidState, "stop")
		wantError(t, tr.SetCodecPreferences(), ErrInvalidState, "setCodecPreferences")
		a.RestartICE()

		if a.SignalingState() != SignalingStateClosed || a.ConnectionState() != PeerConnectionStateClosed ||
			a.ICEConnectionState() != ICEConnectionStateClosed {
			t.Errorf("all states are closed: %s %s %s", a.SignalingState(), a.ConnectionState(), a.ICEConnectionState())
		}
		if transport.State() != DTLSTransportStateClosed || transport.ICETransport().State() != ICETransportStateClosed {
			t.Errorf("the transports are closed: %s %s", transport.State(), transport.ICETransport().State())
		}
		if tr.Receiver().Track().ReadyState() != media.Ended || tr.Direction() != RTPTransceiverDirectionStopped {
			t.Errorf("the transceivers are stopped: %s %s", tr.Receiver().Track().ReadyState(), tr.Direction())
		}
		if len(a.GetTransceivers()) != 1 || len(a.GetSenders()) != 0 {
			t.Errorf("getTransceivers still lists what is stopped, getSenders does not: %d %d", len(a.GetTransceivers()), len(a.GetSenders()))
		}
		wantLog(t, a.take(), nil, "closing fires no event")
	})
}

func TestCloseInsideAHandler(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		closed := false
		a.OnNegotiationNeeded(func() { a.must(a.Close(), "Close"); closed = true })
		a.addTrack(videoTrack())
		synctest.Wait()
		if !closed || a.SignalingState() != SignalingStateClosed {
			t.Error("Close may be called inside a handler")
		}
	})
}

// TestHandlersOfASourceMayUseTheConnection: what negotiation, ReplaceTrack and
// Close tell a source, its handlers hear without the connection's lock. Where they
// do not, this hangs.
func TestHandlersOfASourceMayUseTheConnection(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		s := a.addTrack(video.track)
		var demands, feedback atomic.Int32
		video.source.OnDemand(func(media.Demand) { s.GetParameters(); demands.Add(1) })
		video.source.OnFeedback(func(media.Feedback) { s.GetParameters(); feedback.Add(1) })
		connect(a, b)
		video.play(30)
		synctest.Wait()
		if demands.Load() != 1 || feedback.Load() == 0 {
			t.Errorf("%d calls of OnDemand and %d of OnFeedback while the track is sent", demands.Load(), feedback.Load())
		}
		before := feedback.Load()
		a.must(s.ReplaceTrack(t.Context(), nil), "ReplaceTrack")
		synctest.Wait()
		if feedback.Load() != before+1 || demands.Load() != 2 {
			t.Error("ReplaceTrack takes back what the source was told")
		}
		a.must(s.ReplaceTrack(t.Context(), video.track), "ReplaceTrack")
		video.play(30)
		before = feedback.Load()
		a.must(a.Close(), "Close")
		synctest.Wait()
		if feedback.Load() != before+1 || demands.Load() != 4 {
			t.Error("Close takes back what the source was told")
		}
	})
}

func TestClosingTellsTheOtherPeer(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		connect(a, b)
		a.must(a.Close(), "Close")
		b.wait(func() bool { return b.GetReceivers()[0].Transport().State() == DTLSTransportStateClosed }, "closed by close_notify")
	})
}
