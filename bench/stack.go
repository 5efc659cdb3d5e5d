package main

import "time"

// A stack is a WebRTC implementation under measurement. Both are used as their
// documentation recommends for a server: one engine, defaults otherwise.
type stack interface {
	// newConn makes a PeerConnection.
	newConn() (conn, error)
	// newTrack makes a VP8 video track fed with RTP-sized payloads.
	newTrack(id string) (track, error)
	// newDelayed makes two PeerConnections joined by a simulated network whose
	// one-way delay is given.
	newDelayed(oneWay time.Duration) (a, b conn, done func(), err error)
}

// A track is a source that many connections may send.
type track interface {
	// write sends one frame of n packets of about 1200 bytes, seq being the
	// frame's number.
	write(frame uint32, n int) error
}

// A conn is one PeerConnection.
type conn interface {
	addTrack(t track) error
	// offer, answer and accept return after ICE gathering has ended, so that
	// descriptions carry every candidate.
	offer() (string, error)
	answer(offer string) (string, error)
	accept(answer string) error
	// connected is closed when the connection state becomes connected.
	connected() <-chan struct{}
	// onPacket registers what runs for each RTP packet of any received track;
	// before negotiation only.
	onPacket(f func())
	close() error
}

var stacks = map[string]func() stack{
	"pion":     newPion,
	"trackway": newTrackway,
}
