package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"trackway/webrtc"
)

// Connection is what a session needs of a *webrtc.PeerConnection.
type Connection interface {
	SignalingState() webrtc.SignalingState
	LocalDescription() *webrtc.SessionDescription
	SetLocalDescription(ctx context.Context, description *webrtc.SessionDescription) error
	SetRemoteDescription(ctx context.Context, description webrtc.SessionDescription) error
	AddICECandidate(ctx context.Context, candidate webrtc.ICECandidateInit) error
	OnNegotiationNeeded(f func())
	OnICECandidate(f func(webrtc.PeerConnectionICEEvent))
}

var _ Connection = (*webrtc.PeerConnection)(nil)

// Options configure a session.
type Options struct {
	// Polite makes this end give way when two offers cross. Exactly one of the
	// two ends must be polite.
	Polite bool
	// OnApp is called with the app member of each message that has one, in the
	// order of the messages. Negotiation waits until it returns.
	OnApp func(app json.RawMessage)
	// OnError is called when a description or candidate of the other end is
	// refused, or an offer cannot be made; the session goes on. Without it the
	// session ends with that error.
	OnError func(error)
	// Observe is called for each step of the negotiation, in order.
	Observe func(Step)
}

// StepKind says what happened in a Step.
type StepKind string

// The steps of a negotiation.
const (
	// Needed: the connection says that a negotiation is needed.
	Needed StepKind = "negotiationneeded"
	// Sent: a description is about to leave.
	Sent StepKind = "sent"
	// Received: a description came and is about to be set.
	Received StepKind = "received"
	// Ignored: an offer came and, this end being impolite, is not answered,
	// because an offer of this end is under way.
	Ignored StepKind = "ignored"
	// RolledBack: an offer came and this end, being polite, takes its own back.
	// The step Received follows.
	RolledBack StepKind = "rolled back"
	// CandidateSent and CandidateReceived are for the candidates.
	CandidateSent     StepKind = "candidate sent"
	CandidateReceived StepKind = "candidate received"
)

// Step is a step of the negotiation.
type Step struct {
	Kind StepKind
	// Description is the one that was sent, received or ignored.
	Description *webrtc.SessionDescription
	// Candidate is the one that was sent or received.
	Candidate *webrtc.ICECandidateInit
}

const (
	// maxHeld bounds the candidates that wait for a description.
	maxHeld = 256
	// maxIgnored bounds the user fragments that are remembered.
	maxIgnored = 64
)

// Session negotiates one connection over one pipe.
//
// One goroutine, that of Run, does everything in turn: a message is handled to
// the end, or an offer made to the end, before the next. That gives the
// guarantee that webrtc-pc's example gets from its flags makingOffer and
// isSettingRemoteAnswerPending: between the look at the signalling state and
// the description that follows from it, the session sets no other.
type Session struct {
	pc   Connection
	pipe Pipe
	o    Options

	needed chan struct{} // holds a token after negotiationneeded
	local  candidateQueue

	// Only Run's goroutine uses these.
	ignoring bool
	ignored  []string // the ICE user fragments of the offers ignored of late
	held     []webrtc.ICECandidateInit
}

// New makes a session and sets the connection's handlers of negotiationneeded
// and icecandidate. Call it before the first change of the connection, or the
// event that tells of the change is lost.
func New(pc Connection, pipe Pipe, o Options) *Session {
	s := &Session{pc: pc, pipe: pipe, o: o, needed: make(chan struct{}, 1), local: candidateQueue{ready: make(chan struct{}, 1)}}
	if s.o.Observe == nil {
		s.o.Observe = func(Step) {}
	}
	pc.OnNegotiationNeeded(func() {
		s.o.Observe(Step{Kind: Needed})
		select {
		case s.needed <- struct{}{}:
		default: // it is known already
		}
	})
	pc.OnICECandidate(func(e webrtc.PeerConnectionICEEvent) {
		if e.Candidate != nil { // nil ends a gathering, for those who do not trickle
			s.local.put(e.Candidate.ToJSON())
		}
	})
	return s
}

// Send sends a message that is not part of the negotiation: app is marshalled
// to JSON. It may be called from any goroutine.
func (s *Session) Send(ctx context.Context, app any) error {
	data, err := json.Marshal(app)
	if err != nil {
		return fmt.Errorf("signaling: marshalling %T: %w", app, err)
	}
	return s.send(ctx, Message{App: data})
}

func (s *Session) send(ctx context.Context, m Message) error {
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	return s.pipe.Send(ctx, data)
}

// Run negotiates until ctx ends, the pipe ends or a message makes no sense. It
// closes the pipe, telling the other end the reason, and leaves the connection
// open. The error is nil when the other end closed the pipe in order.
func (s *Session) Run(ctx context.Context) error {
	// A WebSocket whose read is cancelled is broken, and could not be closed in
	// order: reading goes on until the pipe is closed.
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	messages := make(chan []byte)
	broken := make(chan error, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			data, err := s.pipe.Receive(reading)
			if err != nil {
				broken <- err
				return
			}
			select {
			case messages <- data:
			case <-reading.Done():
				return
			}
		}
	})
	err := s.loop(ctx, messages, broken)
	s.pc.OnNegotiationNeeded(nil)
	s.pc.OnICECandidate(nil)
	reason := ""
	var mine *MessageError
	if errors.As(err, &mine) {
		reason = mine.Error()
	}
	_ = s.pipe.Close(reason)
	stop()
	reader.Wait()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *Session) loop(ctx context.Context, messages <-chan []byte, broken <-chan error) error {
	for {
		// Candidates wait until the step that sends their description is done,
		// and leave before the next step: after that they might be stale.
		if err := s.sendCandidates(ctx); err != nil {
			return err
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-broken:
			return err
		case data := <-messages:
			err = s.receive(ctx, data)
		case <-s.needed:
			err = s.offer(ctx)
		case <-s.local.ready:
		}
		if err != nil {
			return err
		}
	}
}

func (s *Session) receive(ctx context.Context, data []byte) error {
	m, err := ParseMessage(data)
	switch {
	case err != nil:
		return err
	case m.Description != nil:
		return s.receiveDescription(ctx, *m.Description)
	case m.Candidate != nil:
		s.o.Observe(Step{Kind: CandidateReceived, Candidate: m.Candidate})
		return s.receiveCandidate(ctx, *m.Candidate)
	case m.App != nil && s.o.OnApp != nil:
		s.o.OnApp(m.App)
	}
	return nil
}

func (s *Session) offer(ctx context.Context) error {
	if s.pc.SignalingState() != webrtc.SignalingStateStable {
		return nil // it fires again when the state is stable
	}
	if err := s.pc.SetLocalDescription(ctx, nil); err != nil {
		return s.failed(ctx, fmt.Errorf("signaling: making an offer: %w", err))
	}
	return s.sendDescription(ctx)
}

func (s *Session) sendDescription(ctx context.Context) error {
	d := s.pc.LocalDescription()
	if d == nil {
		return s.failed(ctx, errors.New("signaling: the local description was taken back while it was to be sent"))
	}
	s.o.Observe(Step{Kind: Sent, Description: d})
	return s.send(ctx, Message{Description: d})
}

func (s *Session) sendCandidates(ctx context.Context) error {
	for _, c := range s.local.take() {
		s.o.Observe(Step{Kind: CandidateSent, Candidate: &c})
		if err := s.send(ctx, Message{Candidate: &c}); err != nil {
			return err
		}
	}
	return nil
}

// receiveDescription is the first branch of onmessage in webrtc-pc §10.7.
func (s *Session) receiveDescription(ctx context.Context, d webrtc.SessionDescription) error {
	collision := d.Type == webrtc.SDPTypeOffer && s.pc.SignalingState() != webrtc.SignalingStateStable
	s.ignoring = collision && !s.o.Polite
	if s.ignoring {
		s.held = nil // candidates that came early were this offer's
		s.ignored = append(s.ignored, fragments(d.SDP)...)
		s.ignored = s.ignored[max(0, len(s.ignored)-maxIgnored):]
		s.o.Observe(Step{Kind: Ignored, Description: &d})
		return nil
	}
	if s.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer && collision {
		s.o.Observe(Step{Kind: RolledBack})
	}
	s.o.Observe(Step{Kind: Received, Description: &d})
	if err := s.pc.SetRemoteDescription(ctx, d); err != nil {
		return s.failed(ctx, fmt.Errorf("signaling: setting the remote %s: %w", d.Type, err))
	}
	if d.Type == webrtc.SDPTypeOffer {
		// A negotiation that was needed before is part of the answer, or the
		// event fires again once the answer is set; as it is, it is stale.
		select {
		case <-s.needed:
		default:
		}
		if err := s.pc.SetLocalDescription(ctx, nil); err != nil {
			return s.failed(ctx, fmt.Errorf("signaling: making an answer: %w", err))
		}
		if err := s.sendDescription(ctx); err != nil {
			return err
		}
	}
	held := s.held
	s.held = nil
	for _, c := range held {
		if err := s.pc.AddICECandidate(ctx, c); err != nil {
			if err := s.failed(ctx, fmt.Errorf("signaling: adding a candidate that waited for its description: %w", err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// receiveCandidate is the second branch of onmessage. A candidate of an offer
// that was ignored fits nothing and is dropped, even when it comes after the
// next description; one that came before its description, as over a channel
// that lets it overtake, is held until the next description.
func (s *Session) receiveCandidate(ctx context.Context, c webrtc.ICECandidateInit) error {
	err := s.pc.AddICECandidate(ctx, c)
	switch {
	case err == nil || s.ignoring || c.UsernameFragment != nil && slices.Contains(s.ignored, *c.UsernameFragment):
		return nil
	case errors.Is(err, webrtc.ErrInvalidState) || errors.Is(err, webrtc.ErrOperation):
		if len(s.held) < maxHeld && s.pc.SignalingState() != webrtc.SignalingStateClosed {
			s.held = append(s.held, c)
			return nil
		}
	}
	return s.failed(ctx, fmt.Errorf("signaling: adding a candidate: %w", err))
}

// fragments returns the ICE user fragments of a description.
func fragments(sdp string) []string {
	var found []string
	for line := range strings.Lines(sdp) {
		if ufrag, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && len(found) < maxIgnored {
			if ufrag = strings.TrimSpace(ufrag); !slices.Contains(found, ufrag) {
				found = append(found, ufrag)
			}
		}
	}
	return found
}

// failed reports an error, and returns it if it ends the session.
func (s *Session) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.o.OnError == nil || s.pc.SignalingState() == webrtc.SignalingStateClosed {
		return err
	}
	s.o.OnError(err)
	return nil
}

// candidateQueue takes candidates from the event loop, which must not wait.
type candidateQueue struct {
	ready chan struct{} // holds a token while there may be candidates
	mu    sync.Mutex
	list  []webrtc.ICECandidateInit
}

func (q *candidateQueue) put(c webrtc.ICECandidateInit) {
	q.mu.Lock()
	q.list = append(q.list, c)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *candidateQueue) take() []webrtc.ICECandidateInit {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}
