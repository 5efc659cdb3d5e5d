// Package jsep is the offer/answer state machine of RFC 9429 together with the
// parts of webrtc-pc that concern descriptions, transceivers and tracks.
//
// A *State is an immutable value. Every operation returns a new state, and the
// operations that apply a description also return the events that the
// specification fires, in its order. A failed operation returns an error of
// package domerr and leaves the caller with the state it had, so "an error
// changes nothing" cannot be forgotten. There is no I/O, no goroutine and no
// clock; randomness comes from Config.Rand.
//
// What the transports and the media plane have to do is not sent as commands:
// it is a function of the state. State.Transports, State.Media and State.Data
// return immutable values that are the same pointers as before where nothing
// changed, so the layer above compares pointers and acts on the difference.
//
// Cost: a state shares all unchanged parts with its predecessor (the
// transceivers are a persistent vector, descriptions are lists of immutable
// m-sections). Only m-sections that changed are printed or parsed again. The
// newest state of a line finds tracks in a table, older ones by looking.
package jsep
