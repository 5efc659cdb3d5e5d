package webrtc

import (
	"slices"
	"testing"

	"trackway/media"
)

// TestAddTrackReusesASender is S15. MDN says that the transceiver's
// currentDirection is updated; by the specification it is direction, and
// currentDirection follows when that has been negotiated.
func TestAddTrackReusesASender(t *testing.T) {
	for _, c := range []struct {
		rule    string
		prepare func(a, b *peer) *RTPTransceiver
		reused  bool
		want    RTPTransceiverDirection
	}{
		{"a sender without track, of the kind, never used: taken; recvonly becomes sendrecv",
			func(a, _ *peer) *RTPTransceiver {
				return a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
			},
			true, RTPTransceiverDirectionSendrecv},
		{"inactive becomes sendonly",
			func(a, _ *peer) *RTPTransceiver {
				return a.addTransceiver(media.Video, RTPTransceiverDirectionInactive)
			},
			true, RTPTransceiverDirectionSendonly},
		{"sendrecv stays",
			func(a, _ *peer) *RTPTransceiver {
				return a.addTransceiver(media.Video, RTPTransceiverDirectionSendrecv)
			},
			true, RTPTransceiverDirectionSendrecv},
		{"sendonly stays",
			func(a, _ *peer) *RTPTransceiver {
				return a.addTransceiver(media.Video, RTPTransceiverDirectionSendonly)
			},
			true, RTPTransceiverDirectionSendonly},
		{"a sender that has a track is not taken",
			func(a, _ *peer) *RTPTransceiver { return transceiverOf(a, a.addTrack(videoTrack())) },
			false, ""},
		{"a sender of another kind is not taken",
			func(a, _ *peer) *RTPTransceiver {
				return a.addTransceiver(media.Audio, RTPTransceiverDirectionRecvonly)
			},
			false, ""},
		{"a sender whose transceiver is stopped is not taken",
			func(a, _ *peer) *RTPTransceiver {
				tr := a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
				a.must(tr.Stop(), "Stop")
				return tr
			},
			false, ""},
		{"a sender that was used to send is not taken, though its track is gone",
			func(a, b *peer) *RTPTransceiver {
				s := a.addTrack(videoTrack())
				negotiate(a, b)
				a.must(a.RemoveTrack(s), "RemoveTrack")
				negotiate(a, b)
				return transceiverOf(a, s)
			},
			false, ""},
		{"a sender whose transceiver was negotiated without sending is taken",
			func(a, b *peer) *RTPTransceiver {
				tr := a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
				negotiate(a, b)
				return tr
			},
			true, RTPTransceiverDirectionSendrecv},
		{"a track that came and went before any negotiation leaves its sender free",
			func(a, _ *peer) *RTPTransceiver {
				s := a.addTrack(videoTrack())
				a.must(a.RemoveTrack(s), "RemoveTrack")
				return transceiverOf(a, s)
			},
			true, RTPTransceiverDirectionSendrecv},
	} {
		t.Run(c.rule, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				old := c.prepare(a, b)
				current := old.CurrentDirection()
				track, stream := videoTrack(), media.NewStream()
				sender := a.addTrack(track, stream)
				if reused := sender == old.Sender(); reused != c.reused {
					t.Fatalf("%s: reused is %v", c.rule, reused)
				}
				if !c.reused {
					return
				}
				if sender.Track() != track || !slices.Equal(sender.StreamIDs(), []string{stream.ID()}) {
					t.Error("the reused sender gets the track and the streams")
				}
				if old.Direction() != c.want {
					t.Errorf("direction: got %s, want %s", old.Direction(), c.want)
				}
				if old.CurrentDirection() != current {
					t.Error("currentDirection changes by negotiation only")
				}
			})
		})
	}
}

func transceiverOf(p *peer, s *RTPSender) *RTPTransceiver {
	for _, tr := range p.GetTransceivers() {
		if tr.Sender() == s {
			return tr
		}
	}
	p.t.Fatalf("%s: the sender has no transceiver", p.name)
	return nil
}

func TestTheFirstSenderThatFitsIsTaken(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		first := a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
		second := a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
		if a.addTrack(videoTrack()) != first.Sender() || a.addTrack(videoTrack()) != second.Sender() {
			t.Error("senders are taken in the order in which their transceivers were added")
		}
	})
}

func TestRemoveTrack(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := media.NewStream()
		track := videoTrack()
		sender := a.addTrack(track, stream)
		negotiate(a, b)
		remote := b.streams[stream.ID()]
		var order []string
		remote.OnRemoveTrack(func(media.StreamTrackEvent) { order = append(order, "removetrack") })

		a.take()
		a.must(a.RemoveTrack(sender), "RemoveTrack")
		tr := transceiverOf(a, sender)
		if sender.Track() != nil || tr.Direction() != RTPTransceiverDirectionRecvonly {
			t.Errorf("removeTrack takes the track and the direction's send: %v %s", sender.Track(), tr.Direction())
		}
		wantLog(t, a.only("negotiationneeded"), []string{"negotiationneeded"}, "removeTrack needs negotiation")
		a.must(a.RemoveTrack(sender), "RemoveTrack again")
		wantLog(t, a.only("negotiationneeded"), nil, "removing nothing needs none")
		negotiate(a, b)
		wantLog(t, order, []string{"removetrack"}, "the other peer's stream loses the track")
		if len(remote.GetTracks()) != 0 {
			t.Error("the other peer's stream loses the track")
		}
		if b.GetReceivers()[0].Track().ReadyState() != media.Live {
			t.Error("the receiver's track lives on: it may be used again")
		}

		// S14: the track comes back, to the same stream object.
		a.must(tr.SetDirection(RTPTransceiverDirectionSendrecv), "SetDirection")
		a.must(sender.ReplaceTrack(t.Context(), track), "ReplaceTrack")
		b.take()
		negotiate(a, b)
		wantLog(t, b.only("track"), []string{"track video [" + stream.ID() + "]"}, "a track that comes back fires track again")
		if b.streams[stream.ID()] != remote || len(remote.GetTracks()) != 1 {
			t.Error("the stream is the same object and has its track again")
		}
	})
}

func TestRemoveTrackOfAnotherConnection(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.peer("a"), w.peer("b")
		s := a.addTrack(videoTrack())
		wantError(t, b.RemoveTrack(s), ErrInvalidAccess, "the sender of another connection")
		wantError(t, b.RemoveTrack(nil), ErrType, "no sender")
		b.must(b.Close(), "Close")
		wantError(t, b.RemoveTrack(s), ErrInvalidState, "a closed connection")
	})
}
