package webrtc

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

func TestAChainedCallInsideAHandlerIsRefused(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		errs := map[string]error{}
		ctx := t.Context()
		var sender *RTPSender
		a.OnNegotiationNeeded(func() {
			_, errs["CreateOffer"] = a.CreateOffer(ctx, nil)
			_, errs["CreateAnswer"] = a.CreateAnswer(ctx, nil)
			errs["SetLocalDescription"] = a.SetLocalDescription(ctx, nil)
			errs["SetRemoteDescription"] = a.SetRemoteDescription(ctx, SessionDescription{Type: SDPTypeRollback})
			errs["AddICECandidate"] = a.AddICECandidate(ctx, ICECandidateInit{})
			errs["ReplaceTrack"] = sender.ReplaceTrack(ctx, nil)
			errs["SetParameters"] = sender.SetParameters(ctx, sender.GetParameters())
		})
		// In a task, so that the handler finds the sender.
		a.must(a.Do(ctx, func() { sender = a.addTrack(audioTrack()) }), "Do")
		synctest.Wait()
		if len(errs) != 7 {
			t.Fatalf("the handler must have returned from all calls: %v", errs)
		}
		for name, err := range errs {
			wantError(t, err, ErrInvalidState, name+" inside a handler waits for itself and must be refused")
		}
		if a.SignalingState() != SignalingStateStable {
			t.Error("a refused call does nothing")
		}
	})
}

func TestAsyncTwinsWorkInsideAHandler(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		var order []string
		a.OnNegotiationNeeded(func() {
			a.CreateOfferAsync(nil, func(offer SessionDescription, err error) {
				order = append(order, "offer")
				a.must(err, "CreateOffer")
				a.SetLocalDescriptionAsync(&offer, func(err error) {
					order = append(order, "local")
					a.must(err, "SetLocalDescription")
					b.SetRemoteDescriptionAsync(offer, nil)
				})
				order = append(order, "returned")
			})
		})
		a.addTrack(videoTrack())
		synctest.Wait()
		if !slices.Equal(order, []string{"offer", "returned", "local"}) {
			t.Errorf("completions run as tasks of their own: %q", order)
		}
		if b.SignalingState() != SignalingStateHaveRemoteOffer {
			t.Errorf("the offer must have arrived, the state is %s", b.SignalingState())
		}
	})
}

func TestOperationsRunOneAfterTheOther(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		a.addTrack(videoTrack())
		a.take()
		var order []string
		step := func(name string) func(error) {
			return func(err error) {
				if err != nil {
					name += " " + errorName(err)
				}
				order = append(order, name)
			}
		}
		done := make(chan struct{})
		a.must(a.Do(t.Context(), func() {
			a.SetLocalDescriptionAsync(nil, step("local offer"))
			a.SetLocalDescriptionAsync(&SessionDescription{Type: SDPTypeRollback}, step("rollback"))
			a.SetLocalDescriptionAsync(&SessionDescription{Type: SDPTypeRollback}, step("rollback"))
			a.CreateAnswerAsync(nil, func(_ SessionDescription, err error) { step("answer")(err); close(done) })
			if a.SignalingState() != SignalingStateStable {
				t.Error("nothing has happened before the task ends")
			}
		}), "Do")
		<-done
		wantLog(t, order, []string{"local offer", "rollback", "rollback InvalidStateError", "answer InvalidStateError"},
			"each operation sees the state that the ones before it left")
	})
}

func errorName(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Name)
	}
	return err.Error()
}

func TestAContextThatEndsBeforeTheStartDropsTheOperation(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		ctx, cancel := context.WithCancel(t.Context())
		block, blocked := make(chan struct{}), make(chan struct{})
		// The loop is busy, so the first operation stays at the head of the chain.
		a.loop.Post(func() { close(blocked); <-block })
		<-blocked
		first, second := make(chan error), make(chan error)
		go func() { first <- a.SetLocalDescription(t.Context(), nil) }()
		synctest.Wait()
		go func() { second <- a.SetLocalDescription(ctx, &SessionDescription{Type: SDPTypeRollback}) }()
		synctest.Wait()
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("the wait ends with the context's error, got %v", err)
		}
		close(block)
		a.must(<-first, "SetLocalDescription")
		synctest.Wait()
		if a.SignalingState() != SignalingStateHaveLocalOffer {
			t.Errorf("the dropped rollback must not have run: %s", a.SignalingState())
		}
		ended, cancelNow := context.WithCancel(t.Context())
		cancelNow()
		if err := a.SetLocalDescription(ended, &SessionDescription{Type: SDPTypeRollback}); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended already: %v", err)
		}
		if a.SignalingState() != SignalingStateHaveLocalOffer {
			t.Error("an operation whose context has ended must not start")
		}
	})
}

func TestAContextThatEndsAfterTheStartEndsTheWaitOnly(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		ctx, cancel := context.WithCancel(t.Context())
		block, blocked := make(chan struct{}), make(chan struct{})
		a.loop.Post(func() { close(blocked); <-block })
		<-blocked
		result := make(chan error)
		go func() { result <- a.SetLocalDescription(ctx, nil) }()
		synctest.Wait()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("the wait ends with the context's error, got %v", err)
		}
		close(block)
		synctest.Wait()
		if a.SignalingState() != SignalingStateHaveLocalOffer {
			t.Errorf("an operation that has started runs to its end: %s", a.SignalingState())
		}
	})
}

func TestCloseEndsTheWaitOfPendingOperations(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		block, blocked := make(chan struct{}), make(chan struct{})
		a.loop.Post(func() { close(blocked); <-block })
		<-blocked
		results := make(chan error, 2)
		go func() { results <- a.SetLocalDescription(t.Context(), nil) }()
		go func() { _, err := a.CreateOffer(t.Context(), nil); results <- err }()
		a.CreateOfferAsync(nil, func(SessionDescription, error) { t.Error("a promise of a closed connection never settles") })
		synctest.Wait()
		a.must(a.Close(), "Close")
		for range 2 {
			wantError(t, <-results, ErrInvalidState, "an operation that the connection's end overtook")
		}
		close(block)
	})
}

func TestDoRunsBetweenTasks(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		var order []string
		a.OnNegotiationNeeded(func() { order = append(order, "negotiationneeded") })
		a.must(a.Do(t.Context(), func() {
			a.addTrack(videoTrack())
			a.must(a.Do(t.Context(), func() { order = append(order, "inner") }), "Do inside a task")
			order = append(order, "outer")
		}), "Do")
		synctest.Wait()
		wantLog(t, order, []string{"inner", "outer", "negotiationneeded"}, "nothing runs before the function has returned")

		ctx, cancel := context.WithCancel(t.Context())
		block, blocked := make(chan struct{}), make(chan struct{})
		a.loop.Post(func() { close(blocked); <-block })
		<-blocked
		result := make(chan error)
		go func() { result <- a.Do(ctx, func() { t.Error("a dropped function must not run") }) }()
		synctest.Wait()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("Do with a context that ends: %v", err)
		}
		close(block)
	})
}
