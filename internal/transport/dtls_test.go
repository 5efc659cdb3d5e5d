package transport

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"trackway/internal/udp"
)

func rsaCert(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func fingerprint(c tls.Certificate, name string, h crypto.Hash) Fingerprint {
	d := h.New()
	d.Write(c.Certificate[0])
	var parts []string
	for _, b := range d.Sum(nil) {
		parts = append(parts, hex.EncodeToString([]byte{b}))
	}
	return Fingerprint{name, strings.Join(parts, ":")}
}

// Either side may be the client, with ECDSA and RSA certificates.
func TestDTLSRoles(t *testing.T) {
	rsa := rsaCert(t)
	for _, m := range []struct {
		name    string
		client  string
		rsaSide string
	}{{"offerer is client", "a", ""}, {"answerer is client", "b", ""}, {"rsa client", "b", "b"}, {"rsa server", "b", "a"}} {
		t.Run(m.name, func(t *testing.T) {
			cfg := NetworkConfig{Loopback: LoopbackOnly}
			n := newNetwork(t, cfg)
			a, b := newPair(t, n, n, func(name string, c *Config) {
				if name == m.rsaSide {
					c.Certificates = []tls.Certificate{rsa}
				}
			})
			gather(t, a, b)
			must(t, a.tr.StartDTLS(DTLSParams{Client: m.client == "a", Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
			must(t, b.tr.StartDTLS(DTLSParams{Client: m.client == "b", Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			exchange(t, a, b)
			exchange(t, b, a)
			a.waitICE(ICECompleted)
			a.wait("a pair must be selected", func() bool { return len(a.pairs) > 0 })
			exchange(t, a, b)
			exchange(t, b, a)
			if c := a.tr.RemoteCertificates(); len(c) != 1 || string(c[0]) != string(b.cert.Certificate[0]) {
				t.Error("RemoteCertificates must be the peer's DER")
			}
			s := a.tr.Stats()
			if s.TLSVersion != "FEFD" || !strings.HasPrefix(s.DTLSCipher, "TLS_ECDHE_") || s.SRTPCipher != "SRTP_AEAD_AES_128_GCM" ||
				s.DTLSClient != (m.client == "a") || !s.Controlling {
				t.Errorf("statistics of the association: %+v", s)
			}
			selected := 0
			for _, p := range s.Pairs {
				if p.Selected {
					selected++
					if p.PacketsSent == 0 || p.BytesReceived == 0 || p.ResponsesReceived == 0 || !p.Nominated {
						t.Errorf("the selected pair has counted nothing: %+v", p)
					}
				}
			}
			if selected != 1 {
				t.Errorf("%d selected pairs in the statistics, want 1: %+v", selected, s)
			}
		})
	}
}

// RFC 8122 5: any of the signalled hashes may match; unknown ones are no proof.
func TestFingerprints(t *testing.T) {
	c := newCert(t)
	chain := c.Certificate
	for _, m := range []struct {
		name string
		h    crypto.Hash
	}{{"sha-1", crypto.SHA1}, {"SHA-224", crypto.SHA224}, {"sha-256", crypto.SHA256}, {"sha-384", crypto.SHA384}, {"Sha-512", crypto.SHA512}} {
		if err := matches(chain, []Fingerprint{{"sha-256", "00"}, fingerprint(c, m.name, m.h)}); err != nil {
			t.Errorf("%s must match: %v", m.name, err)
		}
	}
	for _, f := range [][]Fingerprint{
		nil, {{"md5", "00"}}, {{"sha-256", ""}}, {{"sha-256", "zz"}}, {sha256Of(newCert(t))},
		{fingerprint(c, "sha-512", crypto.SHA256)},
	} {
		if err := matches(chain, f); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%v must not match: %v", f, err)
		}
	}
	if err := matches(nil, []Fingerprint{sha256Of(c)}); !errors.Is(err, ErrFingerprint) {
		t.Errorf("no certificate must not match: %v", err)
	}
}

// A certificate that was not signalled fails the transport on both sides.
func TestFingerprintMismatch(t *testing.T) {
	for _, wrong := range []string{"a", "b"} {
		inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
			gather(t, a, b)
			fa, fb := sha256Of(a.cert), sha256Of(b.cert)
			if wrong == "a" {
				fa = sha256Of(newCert(t))
			} else {
				fb = sha256Of(newCert(t))
			}
			must(t, a.tr.StartDTLS(DTLSParams{Client: false, Fingerprints: []Fingerprint{fb}}))
			must(t, b.tr.StartDTLS(DTLSParams{Client: true, Fingerprints: []Fingerprint{fa}}))
			a.waitDTLS(DTLSFailed)
			b.waitDTLS(DTLSFailed)
			checker := b
			if wrong == "b" {
				checker = a
			}
			checker.note(func() {
				if !errors.Is(checker.dtlsErr, ErrFingerprint) {
					t.Errorf("the cause must be ErrFingerprint: %v", checker.dtlsErr)
				}
			})
			if err := a.tr.SendRTP(packet(1, 100)); err != ErrNotReady {
				t.Errorf("sending after failure: %v", err)
			}
		})
	}
}

// close_notify closes the other side, which then sends nothing.
func TestCloseNotify(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		if err := a.tr.StartDTLS(DTLSParams{Fingerprints: []Fingerprint{sha256Of(newCert(t))}}); !errors.Is(err, ErrFingerprint) {
			t.Errorf("new fingerprints that the certificate does not match: %v", err)
		}
		must(t, a.tr.Close())
		b.waitDTLS(DTLSClosed)
		if err := b.tr.SendRTP(packet(1, 100)); err != ErrNotReady {
			t.Errorf("sending after close_notify: %v", err)
		}
		a.waitICE(ICEClosed)
		a.waitDTLS(DTLSClosed)
		for name, err := range map[string]error{
			"Gather": a.tr.Gather(newCreds()), "Connect": a.tr.Connect(RemoteICE{Credentials: newCreds()}),
			"StartDTLS": a.tr.StartDTLS(DTLSParams{}), "AddRemoteCandidate": a.tr.AddRemoteCandidate(Candidate{}),
		} {
			if err != ErrClosed {
				t.Errorf("%s after Close: %v, want ErrClosed", name, err)
			}
		}
	})
}

// Application data goes both ways, message by message.
func TestData(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		if a.tr.Data() != nil {
			t.Error("there is no data connection before DTLS is connected")
		}
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		for _, c := range [][2]net.Conn{{a.tr.Data(), b.tr.Data()}, {b.tr.Data(), a.tr.Data()}} {
			for _, msg := range []string{"one", strings.Repeat("two", 300)} {
				if _, err := c[0].Write([]byte(msg)); err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 2000)
				n, err := c[1].Read(buf)
				if err != nil || string(buf[:n]) != msg {
					t.Errorf("read %d bytes, %v, want the message of %d", n, err, len(msg))
				}
			}
		}
	})
}

// A peer that speaks only one of the profiles gets it.
func TestProfiles(t *testing.T) {
	all := profiles
	defer func() { profiles = all }()
	for _, p := range all {
		profiles = []dtls.SRTPProtectionProfile{p}
		inBubble(t, udp.Link{}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			exchange(t, a, b)
			exchange(t, b, a)
			if got := a.tr.Stats().SRTPCipher; got != profileNames[p] {
				t.Errorf("profile %s, want %s", got, profileNames[p])
			}
		})
	}
}
