package webrtc

import "trackway/internal/transport"

// DTLSTransportState is RTCDtlsTransportState.
type DTLSTransportState string

// The states of webrtc-pc 5.5.1.
const (
	DTLSTransportStateNew        DTLSTransportState = "new"
	DTLSTransportStateConnecting DTLSTransportState = "connecting"
	DTLSTransportStateConnected  DTLSTransportState = "connected"
	DTLSTransportStateClosed     DTLSTransportState = "closed"
	DTLSTransportStateFailed     DTLSTransportState = "failed"
)

// DTLSTransport is RTCDtlsTransport (webrtc-pc 5.5).
type DTLSTransport struct {
	pc  *PeerConnection
	ice *ICETransport
	// bundle is the transport underneath.
	bundle *bundleTransport

	state       DTLSTransportState
	remoteCerts [][]byte
	onState     func()
	onError     func(*RTCError)
}

// ICETransport is the iceTransport attribute.
func (d *DTLSTransport) ICETransport() *ICETransport { return d.ice }

// State is the state attribute.
func (d *DTLSTransport) State() DTLSTransportState {
	d.pc.mu.Lock()
	defer d.pc.mu.Unlock()
	return d.state
}

// GetRemoteCertificates is getRemoteCertificates: the other peer's certificates
// in DER, its own first; none before the handshake.
func (d *DTLSTransport) GetRemoteCertificates() [][]byte {
	d.pc.mu.Lock()
	defer d.pc.mu.Unlock()
	out := make([][]byte, len(d.remoteCerts))
	for i, c := range d.remoteCerts {
		out[i] = append([]byte(nil), c...)
	}
	return out
}

// OnStateChange sets the handler of statechange.
func (d *DTLSTransport) OnStateChange(f func()) { setHandler(d.pc, &d.onState, f) }

// OnError sets the handler of error.
func (d *DTLSTransport) OnError(f func(*RTCError)) { setHandler(d.pc, &d.onError, f) }

// setStateLocked is "the DTLS transport needs to update the state" and
// "experiences an error", in a task (webrtc-pc 5.5).
func (d *DTLSTransport) setStateLocked(state transport.DTLSState, cause error, fire *events) {
	pc := d.pc
	if d.state == DTLSTransportState(state) {
		return
	}
	d.state = DTLSTransportState(state)
	switch state {
	case transport.DTLSConnected:
		d.remoteCerts = d.bundle.tr.RemoteCertificates()
	case transport.DTLSFailed:
		addEvent(fire, pc, &d.onError, dtlsError(cause))
	}
	fire.add(pc, &d.onState)
	pc.updateConnectionStateLocked(fire)
}
