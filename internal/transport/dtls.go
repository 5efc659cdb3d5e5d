package transport

import (
	"context"
	"crypto"
	_ "crypto/sha1" // RFC 8122 5 still lists it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	"github.com/pion/srtp/v3"
)

// ErrFingerprint is the cause of DTLSFailed when the peer's certificate is not
// the one that was signalled.
var ErrFingerprint = errors.New("transport: the certificate matches no signalled fingerprint")

// profiles are the protection profiles we offer, in order of preference.
var profiles = []dtls.SRTPProtectionProfile{
	dtls.SRTP_AEAD_AES_128_GCM,
	dtls.SRTP_AEAD_AES_256_GCM,
	dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

// profileNames are the names of the IANA registry, which webrtc-stats shows.
var profileNames = map[dtls.SRTPProtectionProfile]string{
	dtls.SRTP_AEAD_AES_128_GCM:       "SRTP_AEAD_AES_128_GCM",
	dtls.SRTP_AEAD_AES_256_GCM:       "SRTP_AEAD_AES_256_GCM",
	dtls.SRTP_AES128_CM_HMAC_SHA1_80: "SRTP_AES128_CM_HMAC_SHA1_80",
}

// hashes are the algorithms of RFC 8122 5 that may be believed.
var hashes = map[string]crypto.Hash{
	"sha-1": crypto.SHA1, "sha-224": crypto.SHA224, "sha-256": crypto.SHA256,
	"sha-384": crypto.SHA384, "sha-512": crypto.SHA512,
}

// association is one DTLS association and what it has agreed on. A Transport has
// another one when its peer is replaced.
type association struct {
	t      *Transport
	ctx    context.Context
	cancel context.CancelFunc
	// from is the first ICE generation that leads to its peer.
	from *generation

	pipe  pipe
	turn  turns
	early early
	once  sync.Once

	// guarded by t.mu
	params  *DTLSParams
	started bool // the handshake has been
	conn    *dtls.Conn
	certs   [][]byte
	cipher  string
	data    *dataConn   // somebody has asked for conn: application data
	ended   bool        // close was called
	resting *dtls.State // in conn's place, see rest
	idle    *time.Timer // calls rest
}

func newAssociation(t *Transport, from *generation) *association {
	a := &association{t: t, from: from}
	a.ctx, a.cancel = context.WithCancel(t.ctx)
	a.pipe.a = a
	a.pipe.flights.first = t.cfg.Network.cfg.Timing.DTLSRetransmit
	return a
}

// close sends close_notify and waits until nothing of it runs any more, save
// the goroutine of a handshake.
func (a *association) close() {
	a.once.Do(func() {
		a.cancel()
		a.t.mu.Lock()
		a.ended = true
		if a.idle != nil {
			a.idle.Stop()
		}
		if a.t.path.Load() != nil {
			a.resumeLocked()
		}
		conn := a.conn
		a.t.mu.Unlock()
		if conn != nil {
			// One that was at rest has to be ready to say farewell.
			_ = conn.HandshakeContext(context.Background())
			_ = conn.Close()
		}
		_ = a.pipe.Close()
	})
}

// follows reports whether datagrams of g may be from the association's peer.
func (a *association) follows(g *generation) bool {
	return a.from == nil || g.serial >= a.from.serial
}

// StartDTLS starts the handshake as soon as ICE has a pair. Called again with
// the same Generation it replaces the fingerprints: those that a handshake
// under way is checked against, or, after it, those that the certificate must
// still match; otherwise it fails with ErrFingerprint and changes nothing. With
// another Generation a new association takes the place of the old one, once the
// newest ICE generation has a pair.
func (t *Transport) StartDTLS(p DTLSParams) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	a := t.assoc.Load()
	if n := t.renewed.Load(); n != nil {
		if n.params.Generation == p.Generation {
			a = n
		} else {
			t.renewed.Store(nil)
			n.cancel() // it has nothing to close but what it has read
		}
	}
	if a.params != nil && a.params.Generation != p.Generation {
		from := t.cur
		if t.next != nil && t.next.isConnected() {
			from = t.next
		}
		a = newAssociation(t, from)
		t.renewed.Store(a)
	}
	if a.certs != nil {
		if err := matches(a.certs, p.Fingerprints); err != nil {
			return err
		}
	}
	if a.params != nil {
		p.Client = a.params.Client // the role is fixed once chosen
	}
	a.params = &p
	t.startHandshake()
	return nil
}

// startHandshake starts it where everything is there. The caller holds mu.
func (t *Transport) startHandshake() {
	p := t.path.Load()
	if t.closed || p == nil {
		return
	}
	var old *association
	if n := t.renewed.Load(); n != nil && n.follows(p.g) {
		old = t.assoc.Load()
		t.keys.Store(nil)
		if t.former != nil {
			old.pipe.diverted.Store(t.former)
		}
		t.replaced = append(t.replaced, old)
		t.assoc.Store(n)
		t.renewed.Store(nil)
	}
	a := t.assoc.Load()
	if a.started || a.params == nil {
		return
	}
	a.started = true
	t.setDTLS(DTLSConnecting, nil)
	if old != nil {
		// What ran over the old association learns first that there is a new one.
		t.events.post(func(Handler) {
			old.close()
			t.mu.Lock()
			t.replaced = slices.DeleteFunc(t.replaced, func(o *association) bool { return o == old })
			t.mu.Unlock()
		})
	}
	t.wg.Add(1)
	go func(client bool) {
		defer t.wg.Done()
		if err := a.handshake(client); err != nil {
			t.mu.Lock()
			if !t.closed && t.assoc.Load() == a {
				t.setDTLS(DTLSFailed, err)
			}
			t.mu.Unlock()
		}
	}(a.params.Client)
}

// setDTLS tells a new state. The caller holds mu.
func (t *Transport) setDTLS(s DTLSState, err error) {
	if t.dtls == s || t.closed && s != DTLSClosed {
		return
	}
	t.dtls = s
	t.events.post(func(h Handler) { h.DTLSState(s, err) })
}

func (a *association) handshake(client bool) error {
	t := a.t
	n := t.cfg.Network
	both := []dtls.Option{
		dtls.WithCertificates(t.cfg.Certificates...),
		dtls.WithSRTPProtectionProfiles(profiles...),
		// The certificates are self-signed: the fingerprint is the proof
		// (RFC 8827 6.5).
		dtls.WithInsecureSkipVerify(true),
		dtls.WithVerifyPeerCertificate(a.verify),
		// P-256 before X25519: the standard library has it in assembly.
		dtls.WithEllipticCurves(elliptic.P256, elliptic.X25519, elliptic.P384),
		// What is sent of that, and when, is for the pipe to say.
		dtls.WithFlightInterval(n.cfg.Timing.DTLSRetransmit),
		dtls.WithDisableRetransmitBackoff(true),
		dtls.WithLoggerFactory(logs{n.cfg.Log}),
	}
	if t.cfg.MaxDatagram > 0 {
		both = append(both, dtls.WithMTU(t.cfg.MaxDatagram))
	}
	var conn *dtls.Conn
	var err error
	if client {
		opts := make([]dtls.ClientOption, 0, len(both))
		for _, o := range both {
			opts = append(opts, o)
		}
		conn, err = dtls.ClientWithOptions(a.pipe.open(false), anywhere, opts...)
	} else {
		opts := make([]dtls.ServerOption, 0, len(both)+2)
		for _, o := range both {
			opts = append(opts, o)
		}
		opts = append(opts,
			dtls.WithClientAuth(dtls.RequireAnyClientCert),
			// ICE has verified that the peer receives at its address, which
			// is all that HelloVerifyRequest would.
			dtls.WithInsecureSkipVerifyHello(true))
		conn, err = dtls.ServerWithOptions(a.pipe.open(true), anywhere, opts...)
	}
	if err != nil {
		return err
	}
	if err := conn.HandshakeContext(a.ctx); err != nil {
		_ = conn.Close()
		if a.ctx.Err() != nil {
			return context.Canceled
		}
		return fmt.Errorf("transport: DTLS handshake: %w", err)
	}
	return a.handshakeDone(conn, client)
}

func (a *association) handshakeDone(conn *dtls.Conn, client bool) error {
	t := a.t
	state, ok := conn.ConnectionState()
	profile, ok2 := conn.SelectedSRTPProtectionProfile()
	if !ok || !ok2 {
		_ = conn.Close()
		return errors.New("transport: the peer negotiated no SRTP profile")
	}
	k, err := newKeys(&state, srtp.ProtectionProfile(profile), client)
	if err != nil {
		_ = conn.Close()
		return err
	}
	k.name = profileNames[profile]
	t.mu.Lock()
	if t.closed || t.assoc.Load() != a {
		t.mu.Unlock()
		_ = conn.Close()
		return nil
	}
	a.conn, a.certs = conn, state.PeerCertificates
	a.cipher = dtls.CipherSuiteName(state.CipherSuiteID)
	a.pipe.connected()
	a.idle = time.AfterFunc(restAfter, a.rest)
	t.keys.Store(k)
	t.setDTLS(DTLSConnected, nil)
	t.mu.Unlock()
	a.early.open(t)
	return nil
}

// verify is the check of RFC 8122 5: the certificate must match one of the
// fingerprints.
func (a *association) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	a.t.mu.Lock()
	p := a.params
	a.t.mu.Unlock()
	return matches(raw, p.Fingerprints)
}

func matches(chain [][]byte, fs []Fingerprint) error {
	if len(chain) == 0 {
		return ErrFingerprint
	}
	for _, f := range fs {
		h, ok := hashes[strings.ToLower(f.Algorithm)]
		if !ok {
			continue
		}
		want, err := hex.DecodeString(strings.ReplaceAll(f.Value, ":", ""))
		if err != nil {
			continue
		}
		d := h.New()
		d.Write(chain[0])
		if string(d.Sum(nil)) == string(want) {
			return nil
		}
	}
	return ErrFingerprint
}

// peerClosed is told by the pipe: a close_notify or a fatal alert has ended
// the association.
func (a *association) peerClosed() {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed && t.assoc.Load() == a {
		t.keys.Store(nil)
		t.setDTLS(DTLSClosed, nil)
	}
}

// RemoteCertificates are the peer's certificates in DER, leaf first, or nil.
func (t *Transport) RemoteCertificates() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.assoc.Load().certs
}
