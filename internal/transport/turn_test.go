package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"testing"

	"github.com/pion/turn/v5"
)

// turnServer serves TURN over UDP, TCP and TLS on loopback, for the user "u"
// with the password "p".
type turnServer struct {
	udp, tcp, tls string // URLs
	roots         *x509.CertPool
}

func newTURN(t testing.TB) *turnServer {
	t.Helper()
	key := func(a *turn.RequestAttributes) (string, []byte, bool) {
		return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, "p"), a.Username == "u"
	}
	gen := &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"}
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert := newServerCert(t)
	tl, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: "test", AuthHandler: key, LoggerFactory: logs{},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: pc, RelayAddressGenerator: gen}},
		ListenerConfigs: []turn.ListenerConfig{
			{Listener: tcp, RelayAddressGenerator: gen}, {Listener: tl, RelayAddressGenerator: gen},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &turnServer{
		udp:   fmt.Sprintf("turn:%s?transport=udp", pc.LocalAddr()),
		tcp:   fmt.Sprintf("turn:%s?transport=tcp", tcp.Addr()),
		tls:   fmt.Sprintf("turns:%s", tl.Addr()),
		roots: roots,
	}
}

// A pair of relay candidates, over each way to reach the server.
func TestRelay(t *testing.T) {
	srv := newTURN(t)
	for _, m := range []struct{ name, url, protocol string }{
		{"udp", srv.udp, "udp"}, {"tcp", srv.tcp, "tcp"}, {"tls", srv.tls, "tls"},
	} {
		for _, env := range []string{"", "plain"} {
			t.Run(m.name+env, func(t *testing.T) {
				t.Setenv("TRACKWAY_UDP", env)
				n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly, TLSConfig: &tls.Config{RootCAs: srv.roots}})
				a, b := newPair(t, n, n, func(_ string, c *Config) {
					c.Policy = PolicyRelay
					c.Servers = []Server{{URL: m.url, Username: "u", Credential: "p"}}
				})
				connect(t, a, b)
				a.waitDTLS(DTLSConnected)
				b.waitDTLS(DTLSConnected)
				exchange(t, a, b)
				exchange(t, b, a)
				a.waitICE(ICECompleted)
				p, ok := a.tr.SelectedPair()
				if !ok || p.Local.Type != "relay" || p.Local.RelayProtocol != m.protocol || p.Local.URL != m.url {
					t.Errorf("the local candidate must be a relay over %s with its URL: %+v", m.protocol, p.Local)
				}
				a.note(func() {
					for _, c := range a.candidates {
						if c.Type != "relay" {
							t.Errorf("policy relay tells %v", c)
						}
						if c.RelatedAddress != "0.0.0.0" {
							t.Errorf("policy relay tells a local address: %v", c)
						}
					}
				})
				b.wait("b must have selected its pair before the restart", func() bool { return len(b.pairs) == 1 })
				// A restart over relays too.
				a.creds, b.creds = newCreds(), newCreds()
				gather(t, a, b)
				a.wait("the restart must select a pair", func() bool { return len(a.pairs) == 2 })
				b.wait("the restart must select a pair", func() bool { return len(b.pairs) == 2 })
				exchange(t, a, b)
				exchange(t, b, a)
			})
		}
	}
}

// One peer is behind a relay, the other is not.
func TestRelayToHost(t *testing.T) {
	srv := newTURN(t)
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, b := newPair(t, n, n, func(name string, c *Config) {
		if name == "a" {
			c.Policy = PolicyRelay
			c.Servers = []Server{{URL: srv.udp, Username: "u", Credential: "p"}}
		}
	})
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	exchange(t, a, b)
	exchange(t, b, a)
}

// What keeps a server from being used is told with its URL and code.
func TestCandidateErrors(t *testing.T) {
	srv := newTURN(t)
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := fmt.Sprintf("turn:%s?transport=tcp", closed.Addr())
	_ = closed.Close()
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly, Timing: Timing{Gather: 300e6}})
	for _, m := range []struct {
		name   string
		server Server
		code   int
	}{
		{"wrong user", Server{URL: srv.udp, Username: "x", Credential: "p"}, 401},
		{"wrong password", Server{URL: srv.udp, Username: "u", Credential: "x"}, 401},
		{"refused", Server{URL: refused, Username: "u", Credential: "p"}, 701},
		{"silent", Server{URL: "turn:127.0.0.1:9", Username: "u", Credential: "p"}, 701},
		{"silent stun", Server{URL: "stun:127.0.0.1:9"}, 701},
		{"certificate", Server{URL: srv.tls, Username: "u", Credential: "p"}, 701},
		{"url", Server{URL: "turn::"}, 701},
	} {
		t.Run(m.name, func(t *testing.T) {
			a, _ := newPair(t, n, n, func(_ string, c *Config) { c.Servers = []Server{m.server} })
			a.trickle = func(Candidate) bool { return false }
			must(t, a.tr.Gather(a.creds))
			a.wait("gathering must end", func() bool {
				return len(a.gathering) > 0 && a.gathering[len(a.gathering)-1] == GatheringComplete
			})
			a.note(func() {
				if len(a.errors) == 0 || a.errors[0].Code != m.code || a.errors[0].URL != m.server.URL || a.errors[0].Text == "" ||
					m.name != "url" && (a.errors[0].Address != a.candidates[0].Address || a.errors[0].Port == 0) {
					t.Errorf("want code %d, the URL and our address, got %+v", m.code, a.errors)
				}
			})
		})
	}
}

// A STUN server's view of the socket becomes a server-reflexive candidate;
// where it is the host candidate it is not told twice.
func TestServerReflexiveRedundant(t *testing.T) {
	srv := newTURN(t)
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, _ := newPair(t, n, n, func(_ string, c *Config) {
		c.Servers = []Server{{URL: "stun:" + srv.udp[5:len(srv.udp)-len("?transport=udp")]}}
	})
	must(t, a.tr.Gather(a.creds))
	a.wait("gathering must end", func() bool {
		return len(a.gathering) > 0 && a.gathering[len(a.gathering)-1] == GatheringComplete
	})
	a.note(func() {
		for _, c := range a.candidates {
			if c.Type != "host" {
				t.Errorf("RFC 8445 5.1.3: %v is redundant", c)
			}
		}
		if len(a.errors) > 0 {
			t.Errorf("errors: %+v", a.errors)
		}
	})
}
