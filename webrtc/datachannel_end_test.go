package webrtc

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/domerr"
)

// withData connects two peers by video and a data channel that is open.
func (w *world) withData() (a, b *peer, video *clip, da *DataChannel) {
	w.t.Helper()
	a, b = w.pair()
	video = newClip(vp8)
	a.addTrack(video.track)
	da = a.channel("x", nil)
	received(a, da)
	b.OnDataChannel(func(e DataChannelEvent) { received(b, e.Channel) })
	connect(a, b)
	a.must(da.WaitOpen(w.t.Context()), "WaitOpen")
	b.wait(func() bool { return slices.Contains(b.taken(), "open x") }, "open")
	video.play(5)
	a.take()
	return a, b, video, da
}

// wantMedia plays and fails unless the other peer gets all of it.
func wantMedia(t *testing.T, a, b *peer, video *clip, rule string) {
	t.Helper()
	time.Sleep(time.Second) // a key frame that is asked for sooner comes later
	seen, sent := watchTrack(b.GetReceivers()[0].Track()), len(video.sent[""])
	video.play(30)
	time.Sleep(time.Second)
	wantRun(t, rule, seen.got(""), video.sent[""][sent:], 5, false)
	for _, p := range []*peer{a, b} {
		if s := p.GetTransceivers()[0].Sender().Transport().State(); s != DTLSTransportStateConnected {
			t.Errorf("%s: %s: DTLS is %s", p.name, rule, s)
		}
	}
}

// rejectData is an exchange in which only the data section goes away.
func rejectData(a, b *peer) {
	a.t.Helper()
	offer := a.offer()
	offer.SDP = strings.Replace(offer.SDP, "m=application 9 ", "m=application 0 ", 1)
	offer.SDP = strings.Replace(offer.SDP, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0", 1)
	b.remote(offer)
	a.remote(b.offer())
}

// An answer that rejects the data section ends SCTP, not the DTLS transport that
// media share with it; and data may come again.
func TestRejectingDataLeavesMedia(t *testing.T) {
	for name, pause := range map[string]time.Duration{"at once": 0, "later": time.Minute} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b, video, da := w.withData()
				dtls := a.SCTP().Transport()
				rejectData(a, b)
				if a.SCTP() != nil || b.SCTP() != nil {
					t.Error("[[SctpTransport]] is null after the answer")
				}
				wantLog(t, a.only("close ", "error"), []string{"close x"}, "the channel closes")
				if da.ReadyState() != DataChannelStateClosed {
					t.Errorf("the channel is %s", da.ReadyState())
				}
				time.Sleep(pause)
				if pause > 0 {
					wantMedia(t, a, b, video, "media without data")
				}
				again := a.channel("again", nil)
				negotiate(a, b)
				a.must(again.WaitOpen(t.Context()), "WaitOpen of the new association's channel")
				a.must(again.SendText(strings.Repeat("x", 100000)), "SendText")
				a.wait(func() bool { return again.BufferedAmount() == 0 }, "sent")
				if a.SCTP().Transport() != dtls {
					t.Error("the new association has the same DTLS transport")
				}
				wantMedia(t, a, b, video, "media beside the new association")
			})
		})
	}
}

// The peer's ABORT ends SCTP alone, and close_notify is still heard afterwards.
func TestAbortLeavesMedia(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b, video, _ := w.withData()
		b.data.association.sctp.Abort("")
		a.wait(func() bool { return a.SCTP().State() == SCTPTransportStateClosed }, "SCTP closed")
		wantLog(t, a.only("close ", "error"), []string{"error sctp-failure", "close x"}, "the channel closes with an error")
		wantMedia(t, a, b, video, "media after the peer's ABORT")
		b.must(b.Close(), "Close")
		a.wait(func() bool { return a.GetSenders()[0].Transport().State() == DTLSTransportStateClosed }, "closed by close_notify")
	})
}

// Between the answer and the task in which the channel closes, Send finds it open.
func TestSendWhileDataIsRejected(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b, _, da := w.withData()
		sent := false
		a.OnSignalingStateChange(func() {
			if a.SignalingState() == SignalingStateStable {
				sent = a.SCTP() == nil && da.ReadyState() == DataChannelStateOpen
				a.must(da.SendText("in vain"), "SendText")
			}
		})
		rejectData(a, b)
		if !sent {
			t.Error("the state was not the one to test")
		}
	})
}

// A channel that is closing when the association ends is closed all the same.
func TestAssociationEndsDuringClose(t *testing.T) {
	for name, end := range map[string]func(a, b *peer){
		"abort":  func(_, b *peer) { b.data.association.sctp.Abort("") },
		"reject": rejectData,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b, _, da := w.withData()
				da.Close()
				synctest.Wait()
				if da.ReadyState() != DataChannelStateClosing {
					t.Fatalf("the channel is %s", da.ReadyState())
				}
				end(a, b)
				a.wait(func() bool { return da.ReadyState() == DataChannelStateClosed }, "the channel is closed")
				if log := a.only("close x"); len(log) != 1 {
					t.Errorf("close fires once, fired %d times", len(log))
				}
			})
		})
	}
}

// pc.close() sets [[ReadyState]] of channels that are closing, too.
func TestClosingTheConnectionDuringClose(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, _, _, da := w.withData()
		late := a.channel("late", nil)
		late.Close()
		da.Close()
		synctest.Wait()
		if da.ReadyState() != DataChannelStateClosing || late.ReadyState() != DataChannelStateClosing {
			t.Fatalf("the channels are %s and %s", da.ReadyState(), late.ReadyState())
		}
		a.must(a.Close(), "Close")
		for _, d := range []*DataChannel{da, late} {
			if d.ReadyState() != DataChannelStateClosed {
				t.Errorf("%s is %s after close()", d.Label(), d.ReadyState())
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wantError(t, late.WaitOpen(ctx), domerr.InvalidState, "WaitOpen of a channel that never opened")
	})
}

// An id is in use until the streams of its channel are reset.
func TestIDOfAClosingChannelIsInUse(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, _, _, da := w.withData()
		init := &DataChannelInit{Negotiated: true, ID: da.ID()}
		da.Close()
		synctest.Wait()
		if da.ReadyState() != DataChannelStateClosing {
			t.Fatalf("the channel is %s", da.ReadyState())
		}
		_, err := a.CreateDataChannel("y", init)
		wantError(t, err, domerr.Operation, "the id of a closing channel")
		a.wait(func() bool { return da.ReadyState() == DataChannelStateClosed }, "closed")
		a.channel("y", init)
	})
}
