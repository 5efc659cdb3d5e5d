package webrtc

import (
	"trackway/internal/transport"
	"trackway/media"
)

// Close is close: everything ends at once and without events. Operations that
// are under way never settle; Go calls that wait for them return an
// InvalidStateError. When Close returns, the connection's sockets are closed and
// its goroutines have ended. So it waits for the goroutine that reads a socket,
// and must not be called on it: in a media.Sink or a FrameTransform of a remote
// track use go.
func (pc *PeerConnection) Close() error {
	pc.mu.Lock()
	if pc.isClosed {
		pc.mu.Unlock()
		return nil
	}
	pc.isClosed = true
	pc.state = pc.state.Close()
	pc.operations = nil

	var sources []*media.Source
	for _, t := range pc.transceivers {
		t.receiver.ended = true
		if t.receiver.source != nil {
			sources = append(sources, t.receiver.source)
		}
	}
	shut := pc.closeDataLocked()
	var transports []*transport.Transport
	for _, b := range pc.transports.all {
		b.dtls.state = DTLSTransportStateClosed
		b.ice.state = ICETransportStateClosed
		b.closed = true
		if b.completing != nil {
			b.completing.Stop()
		}
		if b.tr != nil {
			transports = append(transports, b.tr)
		}
	}
	pc.iceConnectionState = ICEConnectionStateClosed
	pc.connectionState = PeerConnectionStateClosed
	close(pc.closed)
	pc.mu.Unlock()

	// "disappear" is true for the tracks: they end without an event.
	for _, s := range sources {
		media.EndSilently(s)
	}
	pc.media.close()
	shut()
	for _, tr := range transports {
		_ = tr.Close()
	}
	pc.pool.Close()
	return nil
}
