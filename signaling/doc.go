// Package signaling keeps two ends of a connection in agreement: it carries
// session descriptions and candidates over a pipe of messages, and negotiates
// by the pattern that webrtc-pc §10.7 calls perfect negotiation.
//
// With it, a program changes its connection whenever it likes — adds a track,
// removes one, changes a direction, restarts ICE — and never calls
// SetLocalDescription itself:
//
//	session := signaling.New(pc, pipe, signaling.Options{Polite: true})
//	go session.Run(ctx)
//	pc.AddTrack(track, stream)
//
// When both ends make an offer at the same time, the impolite end ignores the
// offer it receives, and the polite end takes its own back (a rollback, which
// SetRemoteDescription does by itself) and answers. Exactly one end must be
// polite.
//
// # Messages
//
// A message is a JSON object with exactly one of the members
//
//	{"description": {"type": "offer", "sdp": "v=0…"}}
//	{"candidate": {"candidate": "candidate:…", "sdpMid": "0", …}}
//	{"app": …}
//
// as a web page makes them of its localDescription and icecandidate events;
// app is whatever the two programs have to tell each other otherwise. An end
// that gets anything else ends the session with an error that says what was
// wrong and where.
package signaling
