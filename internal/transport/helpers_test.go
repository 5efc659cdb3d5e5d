package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is one side of a connection under test, with what its Handler heard.
type peer struct {
	t     testing.TB
	name  string
	tr    *Transport
	other *peer
	creds Credentials
	cert  tls.Certificate
	seq   uint16 // of exchange

	mu         sync.Mutex
	cond       *sync.Cond
	ice        []ICEState
	dtls       []DTLSState
	dtlsErr    error
	gathering  []GatheringState
	candidates []Candidate
	errors     []CandidateError
	pairs      []CandidatePair
	rtp, rtcp  [][]byte
	onRTP      func([]byte)
	// trickle says whether local candidates go to the other side at once.
	trickle func(Candidate) bool
	// endless keeps the end of candidates from the other side.
	endless bool
}

func (p *peer) LocalCandidate(c Candidate) {
	p.mu.Lock()
	p.candidates = append(p.candidates, c)
	p.cond.Broadcast()
	other := p.other
	p.mu.Unlock()
	if p.trickle == nil || p.trickle(c) {
		again, err := ParseCandidate(c.String())
		if err != nil {
			p.t.Errorf("%s: a local candidate does not survive its own text: %v", p.name, err)
			return
		}
		if err := other.tr.AddRemoteCandidate(again); err != nil && err != ErrClosed {
			p.t.Errorf("%s: AddRemoteCandidate: %v", p.name, err)
		}
	}
}

func (p *peer) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.cond.Broadcast()
}

func (p *peer) GatheringState(ufrag string, s GatheringState) {
	var other *peer
	p.note(func() { p.gathering, other = append(p.gathering, s), p.other })
	if s == GatheringComplete && !p.endless {
		other.tr.EndOfRemoteCandidates(ufrag)
	}
}
func (p *peer) CandidateError(e CandidateError) { p.note(func() { p.errors = append(p.errors, e) }) }
func (p *peer) ICEState(s ICEState)             { p.note(func() { p.ice = append(p.ice, s) }) }
func (p *peer) SelectedPair(c CandidatePair)    { p.note(func() { p.pairs = append(p.pairs, c) }) }
func (p *peer) DTLSState(s DTLSState, err error) {
	p.note(func() { p.dtls, p.dtlsErr = append(p.dtls, s), err })
}
func (p *peer) RTP(_ time.Time, b []byte) {
	p.note(func() {
		if p.onRTP != nil {
			p.onRTP(b)
		} else {
			p.rtp = append(p.rtp, append([]byte(nil), b...))
		}
	})
}
func (p *peer) Received() {}

func (p *peer) RTCP(_ time.Time, b []byte) {
	p.note(func() { p.rtcp = append(p.rtcp, append([]byte(nil), b...)) })
}

// wait waits until ok, which runs under the lock, is true.
func (p *peer) wait(rule string, ok func() bool) {
	p.t.Helper()
	expired := false
	timer := time.AfterFunc(15*time.Second, func() { p.note(func() { expired = true }) })
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !ok() {
		if expired {
			p.t.Fatalf("%s: %s\nICE %v DTLS %v (%v) gathering %v\npairs %v\nerrors %v\nlocal %v",
				p.name, rule, p.ice, p.dtls, p.dtlsErr, p.gathering, p.pairs, p.errors, p.candidates)
		}
		p.cond.Wait()
	}
}

func (p *peer) waitICE(s ICEState) {
	p.t.Helper()
	p.wait("ICE must become "+string(s), func() bool { return len(p.ice) > 0 && p.ice[len(p.ice)-1] == s })
}

func (p *peer) waitDTLS(s DTLSState) {
	p.t.Helper()
	p.wait("DTLS must become "+string(s), func() bool { return len(p.dtls) > 0 && p.dtls[len(p.dtls)-1] == s })
}

func newCert(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
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

func sha256Of(c tls.Certificate) Fingerprint {
	sum := sha256.Sum256(c.Certificate[0])
	var parts []string
	for _, b := range sum {
		parts = append(parts, fmt.Sprintf("%02X", b))
	}
	return Fingerprint{"sha-256", strings.Join(parts, ":")}
}

var credSerial struct {
	sync.Mutex
	n int
}

func newCreds() Credentials {
	credSerial.Lock()
	defer credSerial.Unlock()
	credSerial.n++
	return Credentials{fmt.Sprintf("uf%06d", credSerial.n), fmt.Sprintf("password-of-22-characters%d", credSerial.n)}
}

// newNetwork makes a Network that the test closes.
func newNetwork(t testing.TB, cfg NetworkConfig) *Network {
	t.Helper()
	n, err := NewNetwork(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// newPair makes two peers; edit may change their configurations.
func newPair(t testing.TB, na, nb *Network, edit func(name string, c *Config)) (a, b *peer) {
	t.Helper()
	mk := func(name string, n *Network) *peer {
		p := &peer{t: t, name: name, creds: newCreds()}
		p.cond = sync.NewCond(&p.mu)
		cfg := Config{Network: n, Handler: p}
		if edit != nil {
			edit(name, &cfg)
		}
		if len(cfg.Certificates) == 0 {
			cfg.Certificates = []tls.Certificate{newCert(t)}
		}
		p.cert = cfg.Certificates[0]
		tr, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.tr = tr
		t.Cleanup(func() { _ = tr.Close() })
		return p
	}
	a, b = mk("a", na), mk("b", nb)
	a.other, b.other = b, a
	return a, b
}

// connect runs offer and answer: a offers and controls, b is the DTLS client.
func connect(t testing.TB, a, b *peer) {
	t.Helper()
	gather(t, a, b)
	must(t, a.tr.StartDTLS(DTLSParams{Client: false, Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
	must(t, b.tr.StartDTLS(DTLSParams{Client: true, Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
}

func gather(t testing.TB, a, b *peer) {
	t.Helper()
	must(t, a.tr.Gather(a.creds))
	must(t, b.tr.Gather(b.creds))
	must(t, b.tr.Connect(RemoteICE{Credentials: a.creds, Controlling: false}))
	must(t, a.tr.Connect(RemoteICE{Credentials: b.creds, Controlling: true}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// packet is a plain RTP packet.
func packet(seq uint16, size int) []byte {
	p := make([]byte, 12, size)
	p[0], p[1] = 0x80, 96
	p[2], p[3] = byte(seq>>8), byte(seq)
	p[8], p[11] = 0x12, 0x34
	for len(p) < size {
		p = append(p, byte(len(p)))
	}
	return p
}
