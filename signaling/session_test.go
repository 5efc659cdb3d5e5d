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
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"trackway/webrtc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// end is one end of a call: a model connection with its session.
type end struct {
	*fakeConnection
	session *Session
	done    chan error

	mu    sync.Mutex
	steps []string
}

func newEnd(ctx context.Context, name string, pipe Pipe, o Options) *end {
	e := &end{fakeConnection: newFake(name), done: make(chan error, 1)}
	o.Observe = func(s Step) {
		e.mu.Lock()
		defer e.mu.Unlock()
		what := string(s.Kind)
		if s.Description != nil {
			what += " " + string(s.Description.Type)
		}
		e.steps = append(e.steps, what)
	}
	e.session = New(e.fakeConnection, pipe, o)
	go func() { e.done <- e.session.Run(ctx) }()
	return e
}

func (e *end) said() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.steps)
}

// call runs test with an impolite end a and a polite end b.
func call(t *testing.T, test func(t *testing.T, a, b *end)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p, q := slowPipe()
		fail := Options{OnError: func(err error) { t.Errorf("no step may fail: %v", err) }}
		polite := fail
		polite.Polite = true
		a, b := newEnd(ctx, "a", p, fail), newEnd(ctx, "b", q, polite)
		test(t, a, b)
		cancel()
		<-a.done
		<-b.done
	})
}

// latency is how long a message takes; both ends can act before it arrives.
const latency = 10 * time.Millisecond

type slow struct{ Pipe }

func slowPipe() (Pipe, Pipe) {
	p, q := NewPipe()
	return slow{p}, slow{q}
}

func (s slow) Receive(ctx context.Context) ([]byte, error) {
	data, err := s.Pipe.Receive(ctx)
	time.Sleep(latency)
	return data, err
}

func wantAgreement(t *testing.T, a, b *end) {
	t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	for _, x := range [][2]*end{{a, b}, {b, a}} {
		if s := x[0].SignalingState(); s != webrtc.SignalingStateStable {
			t.Errorf("the negotiation must end: %s is in %s", x[0].name, s)
		}
		if said, heard := strings.Join(x[0].wants, ","), x[1].remote; said != heard {
			t.Errorf("both ends must agree: %s sends %q, %s believes %q", x[0].name, said, x[1].name, heard)
		}
	}
}

func TestOneEndChanges(t *testing.T) {
	call(t, func(t *testing.T, a, b *end) {
		a.add("video")
		wantAgreement(t, a, b)
		if want := []string{"negotiationneeded", "sent offer", "candidate sent", "received answer", "candidate received"}; !slices.Equal(a.said(), want) {
			t.Errorf("steps of the offerer: got %q, want %q", a.said(), want)
		}
		if !b.has("candidate:a1") || !a.has("candidate:b1") {
			t.Error("the candidates of both ends must arrive")
		}
	})
}

func TestGlareThePoliteEndGivesWay(t *testing.T) {
	call(t, func(t *testing.T, a, b *end) {
		a.add("video")
		b.add("audio")
		wantAgreement(t, a, b)
		if a.rollbacks != 0 {
			t.Error("the impolite end must not roll back")
		}
		if b.rollbacks != 1 || !slices.Contains(b.said(), "rolled back") {
			t.Errorf("the polite end must roll back: %q", b.said())
		}
		if !slices.Contains(a.said(), "ignored offer") {
			t.Errorf("the impolite end must ignore the offer: %q", a.said())
		}
	})
}

// An offer that comes while this end makes its own is a collision, though the
// signalling state was stable when it came (makingOffer in webrtc-pc §10.7).
func TestOfferDuringMakingAnOffer(t *testing.T) {
	for _, polite := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, q := NewPipe()
			a := newFake("a")
			a.duringLocal = func() {
				a.duringLocal = nil
				data, _ := Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "a=ice-ufrag:b1\r\naudio"}}.Marshal()
				_ = q.Send(ctx, data)
				time.Sleep(time.Second) // virtual: the session could read it now
			}
			e := &end{fakeConnection: a, done: make(chan error, 1)}
			e.session = New(a, p, Options{Polite: polite})
			go func() { e.done <- e.session.Run(ctx) }()
			a.add("video")
			time.Sleep(2 * time.Second)
			synctest.Wait()
			want := map[bool]int{false: 0, true: 1}[polite]
			if a.rollbacks != want {
				t.Errorf("polite %v: got %d rollbacks, want %d", polite, a.rollbacks, want)
			}
			cancel()
			<-e.done
		})
	}
}

func TestCandidatesFollowTheirDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p, q := NewPipe()
		a := newEnd(ctx, "a", p, Options{})
		a.add("video") // the model fires icecandidate before its description can leave
		var kinds []string
		for range 2 {
			data, err := q.Receive(ctx)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ParseMessage(data)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, fmt.Sprint(m.Description != nil))
		}
		if kinds[0] != "true" || kinds[1] != "false" {
			t.Error("a candidate must not overtake its description")
		}
		cancel()
		<-a.done
	})
}

// script plays the other end by hand.
func script(t *testing.T, o Options, test func(send func(m Message), a *end)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p, q := NewPipe()
		a := newEnd(ctx, "a", p, o)
		test(func(m Message) {
			data, err := m.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if err := q.Send(ctx, data); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}, a)
		cancel()
		<-a.done
	})
}

func candidate(ufrag string) Message {
	return Message{Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:" + ufrag, UsernameFragment: &ufrag}}
}

func offer(sdp string) Message {
	return Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}}
}

func TestEarlyCandidatesWaitForTheirDescription(t *testing.T) {
	fail := Options{OnError: func(err error) { t.Errorf("no step may fail: %v", err) }}
	script(t, fail, func(send func(Message), a *end) {
		send(candidate("b1"))
		send(offer("a=ice-ufrag:b1\r\naudio"))
		if !a.has("candidate:b1") {
			t.Error("a candidate that came before the description must be added after it")
		}
		send(candidate("b2"))
		send(offer("a=ice-ufrag:b2\r\naudio,video"))
		if !a.has("candidate:b2") {
			t.Error("a candidate of the next generation must wait for its description")
		}
	})
}

func TestCandidatesOfAnIgnoredOfferAreDropped(t *testing.T) {
	fail := Options{OnError: func(err error) { t.Errorf("no step may fail: %v", err) }}
	script(t, fail, func(send func(Message), a *end) {
		a.add("video")
		synctest.Wait()
		send(offer("a=ice-ufrag:b1\r\naudio"))
		send(candidate("b1"))
		send(Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: "a=ice-ufrag:b2\r\naudio"}})
		if a.has("candidate:b1") {
			t.Error("a candidate of an ignored offer must not be added")
		}
		send(candidate("b1")) // late
		send(candidate("b2"))
		if !a.has("candidate:b2") {
			t.Error("a candidate of the answer must be added")
		}
		send(offer("a=ice-ufrag:b3\r\naudio"))
	})
}

func TestRefusedDescription(t *testing.T) {
	var got []error
	script(t, Options{OnError: func(err error) { got = append(got, err) }}, func(send func(Message), a *end) {
		a.refuse = errRefused
		send(offer("a=ice-ufrag:b1\r\naudio"))
		a.refuse = nil
		send(offer("a=ice-ufrag:b2\r\naudio"))
		if len(got) != 1 || !errors.Is(got[0], errRefused) {
			t.Errorf("the refusal must be reported once, with its cause: %v", got)
		}
		if a.remote != "audio" {
			t.Error("the session must go on after a refused description")
		}
	})
	script(t, Options{}, func(send func(Message), a *end) {
		a.refuse = errRefused
		send(offer("a=ice-ufrag:b1\r\naudio"))
		err := <-a.done
		if !errors.Is(err, errRefused) {
			t.Errorf("without OnError the session must end with the error, got %v", err)
		}
		a.done <- err
	})
}

func TestAppMessages(t *testing.T) {
	var got []string
	script(t, Options{OnApp: func(app json.RawMessage) { got = append(got, string(app)) }}, func(send func(Message), _ *end) {
		send(Message{App: json.RawMessage(`{"op":"one"}`)})
		send(Message{App: json.RawMessage(`"two"`)})
	})
	if !slices.Equal(got, []string{`{"op":"one"}`, `"two"`}) {
		t.Errorf("app messages must come through in order: %q", got)
	}
}

func TestBadMessageEndsTheSessionAndTellsTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, q := NewPipe()
		a := newEnd(t.Context(), "a", p, Options{})
		if err := q.Send(t.Context(), []byte(`{"description": 5}`)); err != nil {
			t.Fatal(err)
		}
		var bad *MessageError
		if err := <-a.done; !errors.As(err, &bad) {
			t.Errorf("got %v, want a MessageError", err)
		}
		var closed *ClosedError
		if _, err := q.Receive(t.Context()); !errors.As(err, &closed) || !strings.Contains(closed.Reason, "description") {
			t.Errorf("the other end must hear the reason, got %v", err)
		}
	})
}

func TestOrderlyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, q := NewPipe()
		a := newEnd(t.Context(), "a", p, Options{})
		_ = q.Close("")
		if err := <-a.done; err != nil {
			t.Errorf("an orderly end is no error: %v", err)
		}
		if err := q.Send(t.Context(), []byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("a closed pipe must refuse messages: %v", err)
		}
	})
}

// Whatever both ends do and whenever, they agree in the end.
func TestAgreementAfterAnyHistory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type action struct {
			b     bool
			pause int
		}
		history := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) action {
			return action{rapid.Bool().Draw(rt, "b"), rapid.IntRange(0, 12).Draw(rt, "pause")}
		}), 1, 30).Draw(rt, "history")
		call(t, func(t *testing.T, a, b *end) {
			for i, x := range history {
				who := a
				if x.b {
					who = b
				}
				who.add(fmt.Sprint("track", i))
				if x.pause > 0 {
					time.Sleep(time.Duration(x.pause) * latency / 4)
				}
			}
			wantAgreement(t, a, b)
		})
	})
}
