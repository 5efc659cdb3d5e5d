package transport

import (
	"crypto/tls"
	"slices"
	"testing"
)

// handover has c answer in b's place: with the local credentials that a has, or
// with new ones where restart is set.
func handover(t *testing.T, a, c *peer, restart bool) {
	t.Helper()
	a.mu.Lock()
	a.other, c.other = c, a
	known := slices.Clone(a.candidates)
	a.mu.Unlock()
	if restart {
		a.creds = newCreds()
		must(t, a.tr.Gather(a.creds))
	} else {
		// What the description of a's offer tells.
		for _, k := range known {
			must(t, c.tr.AddRemoteCandidate(k))
		}
		c.tr.EndOfRemoteCandidates(a.creds.Ufrag)
	}
	must(t, c.tr.Gather(c.creds))
	must(t, c.tr.Connect(RemoteICE{Credentials: a.creds}))
	must(t, a.tr.Connect(RemoteICE{Credentials: c.creds, LocalUfrag: a.creds.Ufrag, Controlling: true}))
	must(t, a.tr.StartDTLS(DTLSParams{Generation: 1, Client: true, Fingerprints: []Fingerprint{sha256Of(c.cert)}}))
	must(t, c.tr.StartDTLS(DTLSParams{Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
}

// After a handover packets and data go to the new peer, under new keys.
func TestHandover(t *testing.T) {
	for _, m := range []struct {
		name    string
		cfg     NetworkConfig
		one     bool // the peers share a port
		restart bool
		early   bool // before the first peer is connected
		gone    bool // the first peer closes before
	}{
		{name: "same credentials"},
		{name: "same credentials, one network", one: true},
		{name: "same credentials, own ports", cfg: NetworkConfig{OwnPorts: true}},
		{name: "same credentials, tcp", cfg: NetworkConfig{ICETCP: true}},
		{name: "restart", restart: true},
		{name: "restart, one network", restart: true, one: true},
		{name: "before the first connects", early: true},
		{name: "the first has closed", gone: true},
	} {
		t.Run(m.name, func(t *testing.T) {
			m.cfg.Loopback = LoopbackOnly
			n := newNetwork(t, m.cfg)
			other := func() *Network {
				if m.one {
					return n
				}
				return newNetwork(t, m.cfg)
			}
			a, b := newPair(t, n, other(), nil)
			c, _ := newPair(t, other(), n, func(_ string, c *Config) { c.Certificates = []tls.Certificate{newCert(t)} })
			if m.early {
				must(t, a.tr.Gather(a.creds))
				must(t, a.tr.Connect(RemoteICE{Credentials: b.creds, Controlling: true}))
				must(t, a.tr.StartDTLS(DTLSParams{Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
			} else {
				connect(t, a, b)
				a.waitDTLS(DTLSConnected)
				b.waitDTLS(DTLSConnected)
				exchange(t, a, b)
				a.waitICE(ICECompleted)
			}
			if m.gone {
				must(t, b.tr.Close())
				a.waitDTLS(DTLSClosed)
			}
			old := a.tr.Data()
			handover(t, a, c, m.restart)
			c.waitDTLS(DTLSConnected)
			a.wait("a must connect to c", func() bool {
				return len(a.dtls) > 1 && a.dtls[len(a.dtls)-1] == DTLSConnected && a.dtls[len(a.dtls)-2] == DTLSConnecting &&
					a.tr.RemoteCertificates() != nil && slices.Equal(a.tr.RemoteCertificates()[0], c.cert.Certificate[0])
			})
			exchange(t, a, c)
			exchange(t, c, a)
			if !m.early && !m.gone {
				b.waitDTLS(DTLSClosed)
			}
			if old != nil {
				if _, err := old.Write([]byte{1}); err == nil {
					t.Error("the old association must have ended")
				}
			}
			if got := a.tr.Data(); got == nil || got == old {
				t.Error("the new association must have its own data connection")
			}
			talk(t, a, c)
		})
	}
}

// talk sends application data from one to the other.
func talk(t *testing.T, from, to *peer) {
	t.Helper()
	if _, err := from.tr.Data().Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, err := to.tr.Data().Read(b); err != nil || string(b[:n]) != "hello" {
		t.Fatalf("read %q, %v", b[:n], err)
	}
}

// A handover that is rolled back leaves the association as it is, and a
// certificate of the peer that left proves nothing afterwards.
func TestHandoverTakenBack(t *testing.T) {
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, b := newPair(t, n, newNetwork(t, NetworkConfig{Loopback: LoopbackOnly}), nil)
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	must(t, a.tr.Connect(RemoteICE{Credentials: newCreds(), LocalUfrag: a.creds.Ufrag, Controlling: true}))
	must(t, a.tr.StartDTLS(DTLSParams{Generation: 1, Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
	exchange(t, a, b)
	must(t, a.tr.StartDTLS(DTLSParams{Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
	exchange(t, a, b)
	exchange(t, b, a)
	talk(t, a, b)
	if err := a.tr.StartDTLS(DTLSParams{Fingerprints: []Fingerprint{sha256Of(a.cert)}}); err != ErrFingerprint {
		t.Errorf("another certificate within a generation: %v", err)
	}
}
