package webrtc

import (
	"testing"
	"time"

	"trackway/internal/domerr"
)

func TestICEServerURLs(t *testing.T) {
	with := func(u string) ICEServer { return NewTURNServer("user", "secret", u) }
	without := func(u string) ICEServer { return ICEServer{URLs: []string{u}} }
	for _, c := range []struct {
		server ICEServer
		want   domerr.Name
	}{
		{without("stun:stun.example.org"), ""},
		{without("stun:stun.example.org:3478"), ""},
		{without("STUN:stun.example.org"), ""},
		{without("stuns:stun.example.org:5349"), ""},
		{without("stun:192.0.2.1"), ""},
		{without("stun:[2001:db8::1]:3478"), ""},
		{with("turn:turn.example.org"), ""},
		{with("turn:turn.example.org:3478?transport=udp"), ""},
		{with("turns:turn.example.org?transport=tcp"), ""},
		{NewTURNServer("", "", "turn:turn.example.org"), ""},
		{ICEServer{}, domerr.Syntax},
		{ICEServer{URLs: []string{}}, domerr.Syntax},
		{without(""), domerr.Syntax},
		{without("stun.example.org"), domerr.Syntax},
		{without("https://example.org"), domerr.Syntax},
		{without("relay:example.org"), domerr.Syntax},
		{without("stun://stun.example.org"), domerr.Syntax},
		{without("stun:"), domerr.Syntax},
		{without("stun:/path"), domerr.Syntax},
		{without("stun:host/path"), domerr.Syntax},
		{without("stun:user@host"), domerr.Syntax},
		{without("stun:host?transport=udp"), domerr.Syntax},
		{without("stun:host#fragment"), domerr.Syntax},
		{without("stun:host:port"), domerr.Syntax},
		{without("stun:host:65536"), domerr.Syntax},
		{without("stun:[2001:db8::1"), domerr.Syntax},
		{without("stun:ho st"), domerr.Syntax},
		{with("turn:host?transport=sctp"), domerr.Syntax},
		{with("turn:host?foo=bar"), domerr.Syntax},
		{without("turn:turn.example.org"), domerr.InvalidAccess},
		{ICEServer{URLs: []string{"turns:turn.example.org"}, Username: new("user")}, domerr.InvalidAccess},
		{ICEServer{URLs: []string{"stun:stun.example.org", "turn:turn.example.org"}}, domerr.InvalidAccess},
	} {
		pc, err := NewPeerConnection(Configuration{ICEServers: []ICEServer{c.server}})
		if c.want == "" {
			if err != nil {
				t.Errorf("%q is a valid ICE server, got %v", c.server.URLs, err)
				continue
			}
			if err := pc.SetConfiguration(Configuration{ICEServers: []ICEServer{c.server}}); err != nil {
				t.Errorf("SetConfiguration with %q: %v", c.server.URLs, err)
			}
			if err := pc.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			continue
		}
		wantError(t, err, c.want, "ICE server URL "+join(c.server.URLs))
	}
}

func join(list []string) string {
	out := ""
	for _, s := range list {
		out += "'" + s + "' "
	}
	return out
}

func TestEnumerationsAreCheckedFirst(t *testing.T) {
	for _, c := range []Configuration{
		{BundlePolicy: "all"}, {ICETransportPolicy: "none"}, {RTCPMuxPolicy: "never"},
	} {
		_, err := NewPeerConnection(c)
		wantError(t, err, domerr.Type, "a value that the enumeration does not have")
	}
	_, err := NewPeerConnection(Configuration{RTCPMuxPolicy: "negotiate"})
	wantError(t, err, domerr.NotSupported, "rtcpMuxPolicy negotiate, which earlier drafts had")
	_, err = NewPeerConnection(Configuration{Certificates: []*Certificate{nil}})
	wantError(t, err, domerr.Type, "a certificate that is nil")
}

func TestGetConfigurationHasTheDefaultsAndIsACopy(t *testing.T) {
	pc := newPC(t, Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:192.0.2.1"}}}, ICECandidatePoolSize: 3})
	c := pc.GetConfiguration()
	if c.BundlePolicy != "balanced" || c.RTCPMuxPolicy != "require" || c.ICETransportPolicy != "all" || c.ICECandidatePoolSize != 3 {
		t.Errorf("defaults of the dictionary: got %+v", c)
	}
	if len(c.Certificates) != 0 {
		t.Error("certificates that the connection made itself are not in its configuration")
	}
	c.ICEServers[0].URLs[0] = "stun:192.0.2.2"
	if got := pc.GetConfiguration().ICEServers[0].URLs[0]; got != "stun:192.0.2.1" {
		t.Errorf("changing the result of GetConfiguration changed the connection: %s", got)
	}
}

func TestSetConfigurationRefusesWhatCannotChange(t *testing.T) {
	mine, other := newCertificateOf(t), newCertificateOf(t)
	base := Configuration{
		BundlePolicy: BundlePolicyMaxCompat, Certificates: []*Certificate{mine}, ICECandidatePoolSize: 1,
	}
	for _, c := range []struct {
		rule   string
		change func(*Configuration)
	}{
		{"another bundle policy", func(c *Configuration) { c.BundlePolicy = BundlePolicyMaxBundle }},
		{"the default bundle policy", func(c *Configuration) { c.BundlePolicy = "" }},
		{"no certificate", func(c *Configuration) { c.Certificates = nil }},
		{"another certificate", func(c *Configuration) { c.Certificates = []*Certificate{other} }},
		{"one more certificate", func(c *Configuration) { c.Certificates = []*Certificate{mine, other} }},
	} {
		pc := newPC(t, base)
		next := base
		c.change(&next)
		wantError(t, pc.SetConfiguration(next), domerr.InvalidModification, c.rule)
		if got := pc.GetConfiguration(); got.BundlePolicy != base.BundlePolicy || len(got.Certificates) != 1 {
			t.Errorf("%s: a refused configuration must change nothing, got %+v", c.rule, got)
		}
	}
	pc := newPC(t, base)
	next := base
	next.ICECandidatePoolSize = 2
	next.ICETransportPolicy = ICETransportPolicyRelay
	next.ICEServers = []ICEServer{{URLs: []string{"stun:192.0.2.1"}}}
	if err := pc.SetConfiguration(next); err != nil {
		t.Errorf("servers, transport policy and, before setLocalDescription, the pool may change: %v", err)
	}
	bad := next
	bad.ICEServers = []ICEServer{{URLs: []string{"stun:192.0.2.1"}}, {URLs: []string{"http:x"}}}
	wantError(t, pc.SetConfiguration(bad), domerr.Syntax, "one bad server among good ones")
	if got := len(pc.GetConfiguration().ICEServers); got != 1 {
		t.Errorf("a refused configuration must change nothing: %d servers", got)
	}
	if err := pc.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, pc.SetConfiguration(next), domerr.InvalidState, "SetConfiguration after Close")
}

func TestThePoolKeepsItsSizeAfterSetLocalDescription(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		a.offer()
		c := a.GetConfiguration()
		c.ICECandidatePoolSize = 1
		wantError(t, a.SetConfiguration(c), domerr.InvalidModification, "iceCandidatePoolSize after setLocalDescription")
	})
}

func TestExpiredCertificatesAreRefused(t *testing.T) {
	c, err := generateCertificate(KeygenAlgorithm{Name: "ECDSA", NamedCurve: "P-256", Expires: new(time.Hour)}, zeroReader{}, time.Now().Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewPeerConnection(Configuration{Certificates: []*Certificate{c}})
	wantError(t, err, domerr.InvalidAccess, "a certificate that has expired")
}

// zeroReader is random enough for a serial number.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func newPC(t *testing.T, c Configuration, options ...Option) *PeerConnection {
	t.Helper()
	// The default engine's sockets, which a pool opens, are never closed.
	engine, err := NewEngine(WithNetworkConfig(NetworkConfig{Loopback: LoopbackOnly}))
	if err != nil {
		t.Fatalf("NewEngine: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	})
	pc, err := NewPeerConnection(c, append([]Option{WithEngine(engine)}, options...)...)
	if err != nil {
		t.Fatalf("NewPeerConnection: %v", err)
	}
	t.Cleanup(func() {
		if err := pc.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return pc
}

func newCertificateOf(t *testing.T) *Certificate {
	t.Helper()
	c, err := GenerateCertificate(ECDSAP256)
	if err != nil {
		t.Fatalf("GenerateCertificate: %v", err)
	}
	return c
}
