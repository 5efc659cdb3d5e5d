// Package webrtc is RTCPeerConnection and the interfaces around it, as
// https://www.w3.org/TR/webrtc/ (webrtc-pc) defines them, with Go's manners.
//
//	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
//	pc.OnTrack(func(e webrtc.TrackEvent) { … })
//	sender, err := pc.AddTrack(track, stream)
//	err = pc.SetLocalDescription(ctx, nil)
//
// # Names
//
// A type drops the prefix RTC. A method keeps its name; a read-only attribute
// is a getter; an attribute that can be set has a Set method; an event-handler
// attribute is an On method that holds one handler, and nil removes it. A
// method that returns a promise takes a context first and returns when the
// promise would have been settled; an error carries the name of the
// DOMException: errors.Is(err, webrtc.ErrInvalidState).
//
// # Order of events
//
// Every PeerConnection has one event loop. What the specification does in a
// queued task happens in a task of the loop: first the whole state changes,
// then handlers run in the specified order, one at a time.
//
// Synchronous methods (AddTrack, GetSenders, every getter, Close …) never call
// a handler and may be called from anywhere, handlers included; but Close not
// from a media.Sink or a FrameTransform. Handlers of a media.Source are called in
// tasks of its own loop, OnKeyFrameRequest's on any goroutine, none of them with
// the connection's lock held.
//
// CreateOffer, CreateAnswer, SetLocalDescription, SetRemoteDescription,
// AddICECandidate and RTPSender.ReplaceTrack go through the operations chain.
// Their Go call returns after the task that resolves the promise, so that, for
// instance, the track handlers have run when SetRemoteDescription returns. They
// wait for the loop, and a handler runs on the loop; called inside a handler
// they would wait for themselves, and are refused with an InvalidStateError
// that says so. Inside a handler, use the method's Async twin, or start a
// goroutine:
//
//	pc.OnNegotiationNeeded(func() {
//		go func() { err := pc.SetLocalDescription(ctx, nil); … }()
//	})
//
// A context that ends before the operation has started removes it from the
// chain. Once it has started it runs to its end, and only the wait is over.
//
// PeerConnection.Do runs a function as a task: what it reads stays true until it
// returns, because nothing else of the connection runs meanwhile.
//
// # Where MDN and the specification differ
//
// MDN says of addTrack that it throws InvalidAccessError when "the specified
// track (or all of its underlying streams) is already part of the
// RTCPeerConnection", and that a reused sender's currentDirection changes. By
// the specification, which this package follows, AddTrack fails when a sender of
// the connection already has the track, whatever the streams, and it is
// RTPTransceiver.Direction that changes; CurrentDirection follows when the
// change has been negotiated.
package webrtc
