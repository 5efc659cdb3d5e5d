package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/srtp/v3"
)

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// exporter stands for a DTLS association.
type exporter struct{}

func (exporter) ExportKeyingMaterial(_ string, _ []byte, n int) ([]byte, error) {
	return make([]byte, n), nil // both directions have the same key
}

func testKeys(t testing.TB) *keys {
	t.Helper()
	k, err := newKeys(exporter{}, srtp.ProtectionProfileAeadAes128Gcm, true)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newServerCert is a certificate for 127.0.0.1.
func newServerCert(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// countHandler counts RTP.
type countHandler struct{ n *atomic.Int64 }

func (h countHandler) LocalCandidate(Candidate)              {}
func (h countHandler) GatheringState(string, GatheringState) {}
func (h countHandler) CandidateError(CandidateError)         {}
func (h countHandler) ICEState(ICEState)                     {}
func (h countHandler) SelectedPair(CandidatePair)            {}
func (h countHandler) DTLSState(DTLSState, error)            {}
func (h countHandler) RTP(time.Time, []byte)                 { h.n.Add(1) }
func (h countHandler) RTCP(time.Time, []byte)                { h.n.Add(1) }
func (h countHandler) Received()                             {}
