package jsep

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// world is two peers with a signalling channel in each direction, and perfect
// negotiation (webrtc-pc 10.7) on both: a is impolite, b is polite.
type world struct {
	t      *rapid.T
	peers  [2]*peer
	queues [2][]Description
	ignore [2]bool
	next   int
}

func (w *world) send(from int, d Description) { w.queues[1-from] = append(w.queues[1-from], d) }

// offer is the negotiationneeded handler.
func (w *world) offer(i int) {
	p := w.peers[i]
	if p.s.SignalingState() != Stable || !p.s.NegotiationNeeded() {
		return
	}
	p.setLocal("")
	w.send(i, Description{Offer, p.s.PendingLocalDescription().SDP})
}

// receive is the handler of signalling messages.
func (w *world) receive(i int) {
	if len(w.queues[i]) == 0 {
		return
	}
	d := w.queues[i][0]
	w.queues[i] = w.queues[i][1:]
	p := w.peers[i]
	polite := i == 1
	collision := d.Type == Offer && p.s.SignalingState() != Stable
	w.ignore[i] = !polite && collision
	if w.ignore[i] {
		return
	}
	before, stable := w.snapshot(i), p.s
	p.setRemote(d.Type, d.SDP)
	w.unmoved(i, before)
	if d.Type == Offer {
		p.setLocal("")
		w.restartsAsOffered(p, stable)
		w.send(i, Description{Answer, p.s.CurrentLocalDescription().SDP})
	}
}

// restartsAsOffered compares an exchange that p has just answered with the one
// before: "If the offer does not indicate an ICE restart, the ufrag and pwd stay"
// (RFC 9429 §5.3.1), in every m-section and whatever was rolled back for it.
func (w *world) restartsAsOffered(p *peer, before *State) {
	if before.currentLocal == nil {
		return
	}
	for i := range before.currentLocal.sections {
		changed := func(old, now *description) (changed, both bool) {
			x, y := old.sections[i].m, now.sections[i].m
			return restarted(ICEParameters{x.Transport.ICEUfrag, x.Transport.ICEPwd}, &y.Transport), !x.Rejected() && !y.Rejected() && x.MID == y.MID
		}
		offered, x := changed(before.currentRemote, p.s.currentRemote)
		answered, y := changed(before.currentLocal, p.s.currentLocal)
		if x && y && offered != answered {
			w.t.Fatalf("%s: the credentials of m-section %d changed in the offer: %v; in the answer: %v", p.name, i, offered, answered)
		}
	}
}

// snapshot records what only the local program may change.
func (w *world) snapshot(i int) map[TransceiverID]Direction {
	m := map[TransceiverID]Direction{}
	for _, t := range w.peers[i].s.Transceivers() {
		m[t.id] = t.direction
	}
	return m
}

func (w *world) unmoved(i int, before map[TransceiverID]Direction) {
	for _, t := range w.peers[i].s.Transceivers() {
		if old, had := before[t.id]; had && !t.stopping && t.direction != old {
			w.t.Fatalf("the remote side changed the direction of %s %d from %s to %s", w.peers[i].name, t.id, old, t.direction)
		}
	}
}

// settle lets both sides talk until nothing is left to say.
func (w *world) settle() {
	for range 40 {
		if len(w.queues[0])+len(w.queues[1]) == 0 && !w.peers[0].s.NegotiationNeeded() && !w.peers[1].s.NegotiationNeeded() {
			if w.peers[0].s.currentLocal != nil {
				checkPair(w.peers[0], w.peers[1])
			}
			return
		}
		for i := range w.peers {
			w.receive(i)
			w.offer(i)
		}
	}
	w.t.Fatalf("glare does not resolve under perfect negotiation: %s %v %d, %s %v %d%s%s",
		w.peers[0].s.SignalingState(), w.peers[0].s.NegotiationNeeded(), len(w.queues[0]),
		w.peers[1].s.SignalingState(), w.peers[1].s.NegotiationNeeded(), len(w.queues[1]), w.peers[0].dump(), w.peers[1].dump())
}

// change does one operation of a program.
func (w *world) change(i int) {
	t, p := w.t, w.peers[i]
	var ids []TransceiverID
	for _, tr := range p.s.Transceivers() {
		if !tr.stopping {
			ids = append(ids, tr.id)
		}
	}
	streams := rapid.SampledFrom([][]string{nil, {"s1"}, {"s2"}, {"s1", "s2"}}).Draw(t, "streams")
	op := rapid.SampledFrom([]string{"addTrack", "addTransceiver", "removeTrack", "direction", "stop", "setStreams", "replaceTrack", "data", "restart", "preferences"}).Draw(t, "op")
	if len(ids) == 0 && op != "addTransceiver" && op != "data" && op != "restart" {
		op = "addTrack"
	}
	id := TransceiverID(0)
	if len(ids) > 0 {
		id = rapid.SampledFrom(ids).Draw(t, "transceiver")
	}
	kind := rapid.SampledFrom([]Kind{Audio, Video}).Draw(t, "kind")
	w.next++
	track := Track{ID: fmt.Sprintf("%s%d", p.name, w.next), Kind: kind}
	switch op {
	case "addTrack":
		p.addTrack(track, streams...)
	case "addTransceiver":
		d := rapid.SampledFrom([]Direction{SendRecv, SendOnly, RecvOnly, Inactive}).Draw(t, "direction")
		init := TransceiverInit{Kind: kind, Direction: d, StreamIDs: streams}
		if kind == Video && rapid.Bool().Draw(t, "simulcast") {
			init.Encodings = []Encoding{{RID: "l", Active: true}, {RID: "m", Active: true}, {RID: "h", Active: true}}
		}
		p.addTransceiver(init)
	case "removeTrack":
		p.removeTrack(id)
	case "direction":
		p.setDirection(id, rapid.SampledFrom([]Direction{SendRecv, SendOnly, RecvOnly, Inactive}).Draw(t, "direction"))
	case "stop":
		p.stop(id)
	case "setStreams":
		s, err := p.s.SetStreams(id, streams)
		p.do(op, s, nil, err)
	case "replaceTrack":
		var with *Track
		if rapid.Bool().Draw(t, "with") {
			track.Kind = p.s.Transceiver(id).kind
			with = &track
		}
		s, err := p.s.ReplaceTrack(id, with)
		p.do(op, s, nil, err)
	case "data":
		p.addData()
	case "restart":
		p.s = p.s.RestartICE()
	case "preferences":
		if p.s.Transceiver(id).kind == Video {
			list := []Codec{{"video/VP9", 90000, 0, "profile-id=0"}, {"video/VP8", 90000, 0, ""}, {"video/rtx", 90000, 0, ""}}
			s, err := p.s.SetCodecPreferences(id, list[rapid.IntRange(0, 1).Draw(t, "first"):])
			p.do(op, s, nil, err)
		}
	}
}

// TestRandomSessions lets two peers do random operations, including glare and
// rollback, and asserts the invariants of a negotiated pair whenever they have
// come to rest.
func TestRandomSessions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := rapid.SampledFrom([]BundlePolicy{MaxBundle, Balanced, MaxCompat}).Draw(t, "policy")
		a, b := pair(t, func(c *Config) { c.BundlePolicy = policy })
		w := &world{t: t, peers: [2]*peer{a, b}}
		steps := rapid.IntRange(1, 25).Draw(t, "steps")
		for range steps {
			i := rapid.IntRange(0, 1).Draw(t, "peer")
			p := w.peers[i]
			before := p.s
			text := descriptions(before)
			switch rapid.SampledFrom([]string{"change", "change", "offer", "receive", "receive", "settle", "rollback", "garbage"}).Draw(t, "step") {
			case "change":
				w.change(i)
			case "offer":
				w.offer(i)
			case "receive":
				w.receive(i)
			case "settle":
				w.settle()
			case "rollback":
				// A program that gives up its offer has to withdraw it at the other side,
				// which only works before that side has seen it.
				if p.s.SignalingState() == HaveLocalOffer && len(w.queues[1-i]) > 0 && w.queues[1-i][len(w.queues[1-i])-1].Type == Offer {
					w.queues[1-i] = w.queues[1-i][:len(w.queues[1-i])-1]
					p.setLocal(Rollback)
				}
			case "garbage":
				_, _, err := p.s.SetRemote(Description{Offer, "v=0\r\n"})
				if err == nil {
					t.Fatalf("garbage is accepted as an offer")
				}
			}
			if got := descriptions(before); !slices.Equal(got, text) {
				t.Fatalf("an operation changed a state that was handed out before")
			}
		}
		w.settle()
	})
}

// descriptions is what a program can see of a state.
func descriptions(s *State) []string {
	var out []string
	for _, d := range []*Description{s.CurrentLocalDescription(), s.PendingLocalDescription(), s.CurrentRemoteDescription(), s.PendingRemoteDescription()} {
		if d != nil {
			out = append(out, string(d.Type), d.SDP)
		}
	}
	for _, t := range s.Transceivers() {
		out = append(out, fmt.Sprint(t.id, t.mid, t.Direction(), t.CurrentDirection(), t.streamIDs, t.streams))
	}
	for _, m := range s.Media() {
		out = append(out, fmt.Sprintf("%+v", *m))
	}
	return out
}
