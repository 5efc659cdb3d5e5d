// Package js is a headless JavaScript runtime in which ordinary browser code
// that uses WebRTC runs over Trackway: RTCPeerConnection, MediaStream,
// getUserMedia, media elements and the part of the web platform around them.
//
// A Runtime is one realm with one event loop: everything a script can observe
// happens on the goroutine that calls Run, as tasks in the order in which they
// were queued, with a microtask checkpoint after each callback. Runtimes share
// nothing that scripts can reach, so that a process may hold many.
//
// The interfaces are generated from the specifications' Web IDL (package idl)
// and behave as package binding makes them; this package implements their
// members, one file per interface or family.
package js
