package signaling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"trackway/internal/domerr"
	"trackway/webrtc"
)

// fakeConnection is the model of a connection: its SDP is the list of things
// that this end wants to send, and the generation of its candidates. Its
// handlers run on goroutines of their own, later, as tasks do.
type fakeConnection struct {
	mu          sync.Mutex
	name        string
	state       webrtc.SignalingState
	wants       []string // what this end added
	negotiated  string   // what the last negotiation said of this end
	remote      string   // what the other end said last
	local       *webrtc.SessionDescription
	pending     string
	generations map[string]bool // candidates that are acceptable
	candidates  []string
	rollbacks   int
	flag        bool // negotiationneeded has fired
	onNeeded    func()
	onCandidate func(webrtc.PeerConnectionICEEvent)
	refuse      error
	generation  int
	// duringLocal runs within SetLocalDescription, before it returns.
	duringLocal func()
}

func newFake(name string) *fakeConnection {
	return &fakeConnection{name: name, state: webrtc.SignalingStateStable, generations: map[string]bool{}}
}

func (f *fakeConnection) SignalingState() webrtc.SignalingState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fakeConnection) LocalDescription() *webrtc.SessionDescription {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.local
}

func (f *fakeConnection) OnNegotiationNeeded(h func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onNeeded = h
}

func (f *fakeConnection) OnICECandidate(h func(webrtc.PeerConnectionICEEvent)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onCandidate = h
}

func (f *fakeConnection) add(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wants = append(f.wants, what)
	f.check()
}

// check is "update the negotiation-needed flag".
func (f *fakeConnection) check() {
	if f.state != webrtc.SignalingStateStable {
		return
	}
	if strings.Join(f.wants, ",") == f.negotiated {
		f.flag = false
		return
	}
	if f.flag {
		return
	}
	f.flag = true
	if h := f.onNeeded; h != nil {
		go h()
	}
}

func (f *fakeConnection) SetLocalDescription(context.Context, *webrtc.SessionDescription) error {
	f.mu.Lock()
	f.generation++
	generation := fmt.Sprintf("%s%d", f.name, f.generation)
	said := strings.Join(f.wants, ",")
	d := &webrtc.SessionDescription{SDP: "a=ice-ufrag:" + generation + "\r\n" + said}
	switch f.state {
	case webrtc.SignalingStateStable:
		d.Type, f.state, f.pending = webrtc.SDPTypeOffer, webrtc.SignalingStateHaveLocalOffer, said
	case webrtc.SignalingStateHaveRemoteOffer:
		d.Type, f.negotiated = webrtc.SDPTypeAnswer, said
		f.stable()
	default:
		f.mu.Unlock()
		return domerr.New(domerr.InvalidState, "the state is %s", f.state)
	}
	f.local = d
	h, during := f.onCandidate, f.duringLocal
	f.mu.Unlock()
	if h != nil {
		mid := "0"
		c, err := webrtc.NewICECandidate(webrtc.ICECandidateInit{Candidate: "candidate:" + generation, SDPMid: &mid, UsernameFragment: &generation})
		if err != nil {
			return err
		}
		h(webrtc.PeerConnectionICEEvent{Candidate: c}) // at once: before the description can be sent
	}
	if during != nil {
		during()
	}
	return nil
}

func (f *fakeConnection) stable() {
	f.state, f.flag = webrtc.SignalingStateStable, false
	f.check()
}

func (f *fakeConnection) SetRemoteDescription(_ context.Context, d webrtc.SessionDescription) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	generation, said, _ := strings.Cut(strings.TrimPrefix(d.SDP, "a=ice-ufrag:"), "\r\n")
	switch {
	case d.Type == webrtc.SDPTypeOffer && f.state == webrtc.SignalingStateHaveLocalOffer:
		f.rollbacks++
		fallthrough
	case d.Type == webrtc.SDPTypeOffer && f.state == webrtc.SignalingStateStable:
		f.state = webrtc.SignalingStateHaveRemoteOffer
	case d.Type == webrtc.SDPTypeAnswer && f.state == webrtc.SignalingStateHaveLocalOffer:
		f.negotiated = f.pending
		f.stable()
	default:
		return domerr.New(domerr.InvalidState, "%s in %s", d.Type, f.state)
	}
	f.remote = said
	f.generations[generation] = true
	return nil
}

func (f *fakeConnection) AddICECandidate(_ context.Context, c webrtc.ICECandidateInit) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.generations) == 0 {
		return domerr.New(domerr.InvalidState, "no remote description")
	}
	if c.UsernameFragment == nil || !f.generations[*c.UsernameFragment] {
		return domerr.New(domerr.Operation, "unknown ufrag")
	}
	f.candidates = append(f.candidates, c.Candidate)
	return nil
}

func (f *fakeConnection) has(candidate string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.candidates, candidate)
}

var errRefused = errors.New("refused")
