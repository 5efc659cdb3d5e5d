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
	"net"
	"strings"

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

// StartDTLS starts the handshake as soon as ICE has a pair. Called again it
// replaces the fingerprints: those that a handshake under way is checked
// against, or, after it, those that the certificate must still match;
// otherwise it fails with ErrFingerprint and changes nothing.
func (t *Transport) StartDTLS(p DTLSParams) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	if t.certs != nil {
		if err := matches(t.certs, p.Fingerprints); err != nil {
			return err
		}
	}
	if t.params != nil {
		p.Client = t.params.Client // the role is fixed once chosen
	}
	t.params = &p
	t.startHandshake()
	return nil
}

// startHandshake starts it where everything is there. The caller holds mu.
func (t *Transport) startHandshake() {
	if t.handshaken || t.params == nil || t.closed || t.path.Load() == nil {
		return
	}
	t.handshaken = true
	t.setDTLS(DTLSConnecting, nil)
	t.wg.Add(1)
	go func(client bool) {
		defer t.wg.Done()
		if err := t.handshake(client); err != nil {
			t.mu.Lock()
			if !t.closed {
				t.setDTLS(DTLSFailed, err)
			}
			t.mu.Unlock()
		}
	}(t.params.Client)
}

// setDTLS tells a new state. The caller holds mu.
func (t *Transport) setDTLS(s DTLSState, err error) {
	if t.dtls == s || t.dtls == DTLSClosed {
		return
	}
	t.dtls = s
	t.events.post(func(h Handler) { h.DTLSState(s, err) })
}

func (t *Transport) handshake(client bool) error {
	n := t.cfg.Network
	both := []dtls.Option{
		dtls.WithCertificates(t.cfg.Certificates...),
		dtls.WithSRTPProtectionProfiles(profiles...),
		// The certificates are self-signed: the fingerprint is the proof
		// (RFC 8827 6.5).
		dtls.WithInsecureSkipVerify(true),
		dtls.WithVerifyPeerCertificate(t.verify),
		// P-256 before X25519: the standard library has it in assembly.
		dtls.WithEllipticCurves(elliptic.P256, elliptic.X25519, elliptic.P384),
		dtls.WithFlightInterval(n.cfg.Timing.DTLSRetransmit),
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
		conn, err = dtls.ClientWithOptions(&t.pipe, t.pipe.LocalAddr(), opts...)
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
		conn, err = dtls.ServerWithOptions(&t.pipe, t.pipe.LocalAddr(), opts...)
	}
	if err != nil {
		return err
	}
	if err := conn.HandshakeContext(t.ctx); err != nil {
		_ = conn.Close()
		if t.ctx.Err() != nil {
			return context.Canceled
		}
		return fmt.Errorf("transport: DTLS handshake: %w", err)
	}
	return t.handshakeDone(conn, client)
}

func (t *Transport) handshakeDone(conn *dtls.Conn, client bool) error {
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
	if t.closed {
		t.mu.Unlock()
		_ = conn.Close()
		return nil
	}
	t.conn, t.certs = conn, state.PeerCertificates
	t.cipher = dtls.CipherSuiteName(state.CipherSuiteID)
	t.pipe.connected()
	t.keys.Store(k)
	t.setDTLS(DTLSConnected, nil)
	t.mu.Unlock()
	t.openEarly()
	return nil
}

// verify is the check of RFC 8122 5: the certificate must match one of the
// fingerprints.
func (t *Transport) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	t.mu.Lock()
	p := t.params
	t.mu.Unlock()
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
func (t *Transport) peerClosed() {
	t.keys.Store(nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.setDTLS(DTLSClosed, nil)
	}
}

// Data is the DTLS association's application data (SCTP packets), one message
// per Read and Write, or nil before DTLSConnected. Closing it closes the
// association.
func (t *Transport) Data() net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil {
		return nil
	}
	return t.conn
}

// RemoteCertificates are the peer's certificates in DER, leaf first, or nil.
func (t *Transport) RemoteCertificates() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.certs
}
