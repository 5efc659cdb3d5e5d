package webrtc

import (
	"testing"
	"testing/synctest"

	"trackway/media"
)

// perfect is the perfect negotiation pattern of webrtc-pc 10.7, over a channel
// that delivers in order.
type perfect struct {
	*peer
	polite      bool
	makingOffer bool
	ignoreOffer bool
	inbox       chan func()
	to          *perfect
}

func newPerfect(p *peer, polite bool) *perfect {
	n := &perfect{peer: p, polite: polite, inbox: make(chan func(), 1000)}
	go func() {
		for {
			select {
			case f := <-n.inbox:
				f()
			case <-p.closed:
				return
			}
		}
	}()
	p.OnNegotiationNeeded(func() {
		p.note("negotiationneeded")
		n.makingOffer = true
		p.SetLocalDescriptionAsync(nil, func(err error) {
			n.makingOffer = false
			if err != nil {
				p.t.Errorf("%s: SetLocalDescription: %v", p.name, err)
				return
			}
			n.send(*p.LocalDescription())
		})
	})
	p.OnICECandidate(func(e PeerConnectionICEEvent) {
		if e.Candidate != nil {
			c := e.Candidate.ToJSON()
			n.to.inbox <- func() {
				err := n.to.AddICECandidate(p.t.Context(), c)
				if err != nil && !n.to.ignoring() && n.to.SignalingState() != SignalingStateClosed {
					p.t.Errorf("%s: AddICECandidate: %v", n.to.name, err)
				}
			}
		}
	})
	return n
}

func (n *perfect) ignoring() (v bool) {
	_ = n.Do(n.t.Context(), func() { v = n.ignoreOffer })
	return v
}

func (n *perfect) send(d SessionDescription) { n.to.inbox <- func() { n.to.receive(d) } }

func (n *perfect) receive(d SessionDescription) {
	ctx := n.t.Context()
	ignore := false
	n.must(n.Do(ctx, func() {
		collision := d.Type == SDPTypeOffer && (n.makingOffer || n.SignalingState() != SignalingStateStable)
		n.ignoreOffer = !n.polite && collision
		ignore = n.ignoreOffer
		if !ignore {
			n.SetRemoteDescriptionAsync(d, func(err error) {
				if err != nil {
					n.t.Errorf("%s: SetRemoteDescription %s: %v", n.name, d.Type, err)
					return
				}
				if d.Type == SDPTypeOffer {
					n.SetLocalDescriptionAsync(nil, func(err error) {
						if err != nil {
							n.t.Errorf("%s: SetLocalDescription (answer): %v", n.name, err)
							return
						}
						n.send(*n.LocalDescription())
					})
				}
			})
		}
	}), "Do")
}

// TestGlareResolvesUnderPerfectNegotiation has both sides change at once, again
// and again; in the end each has every track of the other.
func TestGlareResolvesUnderPerfectNegotiation(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := newPerfect(w.peer("a"), true), newPerfect(w.peer("b"), false)
		a.to, b.to = b, a
		const rounds = 20
		for i := range rounds {
			a.addTrack(videoTrack(), media.NewStream())
			b.addTrack(audioTrack(), media.NewStream())
			if i%3 == 0 {
				b.addTrack(videoTrack())
			}
			synctest.Wait()
		}
		b.wait(func() bool {
			return a.ConnectionState() == PeerConnectionStateConnected && b.ConnectionState() == PeerConnectionStateConnected
		}, "connected")
		for _, n := range []*perfect{a, b} {
			if n.SignalingState() != SignalingStateStable {
				t.Errorf("%s: glare must resolve to stable, the state is %s", n.name, n.SignalingState())
			}
			sent, got := 0, 0
			for _, s := range n.GetSenders() {
				if s.Track() != nil {
					sent++
				}
			}
			for _, tr := range n.to.GetTransceivers() {
				if d := tr.CurrentDirection(); d == RTPTransceiverDirectionSendrecv || d == RTPTransceiverDirectionRecvonly {
					got++
				}
			}
			if sent != got {
				t.Errorf("%s sends %d tracks, the other peer receives %d", n.name, sent, got)
			}
		}
		if x, y := len(a.GetTransceivers()), len(b.GetTransceivers()); x != y {
			t.Errorf("both have the same m-sections: %d and %d transceivers", x, y)
		}
	})
}

func TestExplicitRollback(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack(), media.NewStream())
		a.offer()
		a.take()
		a.must(a.SetLocalDescription(t.Context(), &SessionDescription{Type: SDPTypeRollback}), "rollback")
		wantLog(t, a.only("signaling", "negotiation"), []string{"signalingstate stable", "negotiationneeded"},
			"a rolled-back offer still needs negotiation")
		if a.LocalDescription() != nil || a.GetTransceivers()[0].Mid() != "" || a.GetSenders()[0].Transport() != nil {
			t.Error("rollback takes back description, mid and transport")
		}
		wantError(t, a.SetLocalDescription(t.Context(), &SessionDescription{Type: SDPTypeRollback}), ErrInvalidState, "rollback in stable")

		b.remote(a.offer())
		if len(b.GetTransceivers()) != 1 {
			t.Fatal("the offer makes a transceiver")
		}
		tr := b.GetTransceivers()[0]
		b.take()
		b.must(b.SetRemoteDescription(t.Context(), SessionDescription{Type: SDPTypeRollback}), "rollback")
		if len(b.GetTransceivers()) != 0 || b.RemoteDescription() != nil {
			t.Error("rolling back a remote offer removes the transceivers that it made")
		}
		synctest.Wait()
		if tr.Receiver().Track().ReadyState() != media.Ended || tr.CurrentDirection() != RTPTransceiverDirectionStopped {
			t.Errorf("the removed transceiver is stopped: %s %s", tr.Receiver().Track().ReadyState(), tr.CurrentDirection())
		}

		b.remote(*a.LocalDescription())
		b.addTrack(videoTrack())
		kept := b.GetTransceivers()[0]
		b.must(b.SetRemoteDescription(t.Context(), SessionDescription{Type: SDPTypeRollback}), "rollback")
		if got := b.GetTransceivers(); len(got) != 1 || got[0] != kept || kept.Mid() != "" {
			t.Errorf("a transceiver that addTrack has used since stays, without mid: %d", len(got))
		}
	})
}
