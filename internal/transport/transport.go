package transport

import (
	"errors"
	"net"
	"sync"

	"trackway/internal/udp"
)

var (
	// ErrClosed is returned by methods of a Transport or Network that was closed.
	ErrClosed = errors.New("transport: closed")
	// ErrNotReady is returned when there is no pair or no key yet to send with.
	ErrNotReady = errors.New("transport: not connected")
)

// Transport is ICE, DTLS and SRTP of one bundle group. All methods may be
// called from any goroutine.
type Transport struct {
	cfg Config
	mu  sync.Mutex
}

// New makes a Transport. It has no goroutine and no socket before Gather.
func New(cfg Config) (*Transport, error) { return &Transport{cfg: cfg}, nil }

// SetServers replaces the servers and policy for generations gathered later
// (RTCPeerConnection.setConfiguration).
func (t *Transport) SetServers(servers []Server, p Policy) {}

// Gather starts an ICE generation with these local credentials, and gathering
// for it. Credentials that a generation already has are ignored: Gather is
// idempotent.
func (t *Transport) Gather(local Credentials) error { return ErrNotReady }

// Connect gives the newest local generation its remote side, and starts its
// checks. Called again with the same remote credentials it does nothing.
func (t *Transport) Connect(remote RemoteICE) error { return ErrNotReady }

// Abandon drops the newest local generation where it has not been connected:
// the offer that introduced it was rolled back.
func (t *Transport) Abandon(localUfrag string) {}

// AddRemoteCandidate adds a candidate of the generation c.Ufrag, at any time:
// before Connect it is kept.
func (t *Transport) AddRemoteCandidate(c Candidate) error { return ErrNotReady }

// EndOfRemoteCandidates says that no more candidates come for the generation
// with this remote ufrag.
func (t *Transport) EndOfRemoteCandidates(ufrag string) {}

// StartDTLS starts the handshake as soon as ICE has a pair. Called again it
// only replaces the fingerprints that a handshake still under way is checked
// against.
func (t *Transport) StartDTLS(p DTLSParams) error { return ErrNotReady }

// Data is the DTLS association's application data (SCTP packets), one message
// per Read and Write, or nil before DTLSConnected.
func (t *Transport) Data() net.Conn { return nil }

// RemoteCertificates are the peer's certificates in DER, leaf first, or nil.
func (t *Transport) RemoteCertificates() [][]byte { return nil }

// SelectedPair is the pair in use.
func (t *Transport) SelectedPair() (CandidatePair, bool) { return CandidatePair{}, false }

// Slot returns an empty slice in b, in which a plain RTP or RTCP packet of at
// most size bytes is to be built with append; SealRTP or SealRTCP follows. It
// fails with ErrNotReady before keys and pair are there.
func (t *Transport) Slot(b *udp.Batch, size int) ([]byte, error) { return nil, ErrNotReady }

// SealRTP encrypts packet, the last Slot with a plain RTP packet appended, in
// place and commits it to b. The batch's owner flushes.
func (t *Transport) SealRTP(b *udp.Batch, packet []byte) error { return ErrNotReady }

// SealRTCP is SealRTP for a compound RTCP packet.
func (t *Transport) SealRTCP(b *udp.Batch, packet []byte) error { return ErrNotReady }

// SendRTP sends one packet at once. packet is not changed.
func (t *Transport) SendRTP(packet []byte) error { return ErrNotReady }

// SendRTCP is SendRTP for a compound RTCP packet.
func (t *Transport) SendRTCP(packet []byte) error { return ErrNotReady }

// Stats takes a snapshot.
func (t *Transport) Stats() Stats { return Stats{} }

// Close sends close_notify, releases everything and waits until nothing of
// the Transport runs any more, save a Handler method that called it. The
// states "closed" are told.
func (t *Transport) Close() error { return nil }
