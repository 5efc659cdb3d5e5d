package transport

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"trackway/internal/udp"
)

func bindingRequest(t testing.TB, username string) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(username), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// The peek finds what a full parser finds, and never reads beyond the packet.
func FuzzDemux(f *testing.F) {
	f.Add(bindingRequest(f, "abcd:efgh"))
	f.Add(bindingRequest(f, strings.Repeat("x", 256)+":y"))
	f.Add(bindingRequest(f, ":y"))
	f.Add(bindingRequest(f, "no colon"))
	f.Add([]byte{20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add(packet(1, 40))
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0})
	f.Add([]byte{0, 1, 0xff, 0xff, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0xff, 0xff})

	sim := udp.NewSim(1, udp.Link{})
	n, err := NewNetwork(NetworkConfig{Listen: sim.Listen, Interfaces: func() ([]Interface, error) { return nil, nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = n.Close() })
	from := netip.AddrPortFrom(addrB, 1)
	f.Fuzz(func(t *testing.T, p []byte) {
		orig := bytes.Clone(p)
		k := classify(p)
		if k == kindSTUN {
			uf, _ := ufragsOf(p)
			m := &stun.Message{Raw: bytes.Clone(p)}
			if err := m.Decode(); err == nil && uf != nil {
				name, err := m.Get(stun.AttrUsername)
				if err != nil || !bytes.HasPrefix(name, append(bytes.Clone(uf), ':')) {
					t.Errorf("peeked %q, the parser finds %q, %v", uf, name, err)
				}
			}
		}
		if !bytes.Equal(p, orig) {
			t.Error("peeking must not change the packet")
		}
		// Through a socket: to an agent, to a Transport without and with keys.
		s := &socket{ufrags: map[string]*muxConn{}, claims: map[netip.AddrPort]*claim{}, asked: map[[12]byte]*question{}}
		tr := &Transport{cfg: Config{Network: n, Handler: discard{}}}
		tr.ctx = context.Background()
		a := newAssociation(tr, nil)
		defer a.cancel()
		tr.assoc.Store(a)
		g := &generation{t: tr, local: Credentials{Ufrag: "abcd"}}
		m, err := s.open(g)
		if err != nil {
			t.Fatal(err)
		}
		s.claims[from] = &claim{t: tr, conns: []*muxConn{m}}
		s.handle(time.Now(), bytes.Clone(p), from)
		tr.keys.Store(testKeys(t))
		a.early.done = true
		s.handle(time.Now(), bytes.Clone(p), from)
		if got := tr.counters.packetsReceived.Load(); k != kindNone && k != kindSTUN && got != 2 {
			t.Errorf("%d of 2 packets of kind %d reached the Transport", got, k)
		}
	})
}

type discard struct{ countHandler }

func (discard) RTP(time.Time, []byte)  {}
func (discard) RTCP(time.Time, []byte) {}
func (discard) Received()              {}

// What is accepted prints to something that is read as the same.
func FuzzCandidate(f *testing.F) {
	for _, s := range []string{
		"candidate:842163049 1 udp 1677729535 203.0.113.5 46154 typ srflx raddr 10.0.0.1 rport 9 generation 0 ufrag abcd network-cost 999",
		"candidate:0 1 UDP 2122252543 8d7f9a1e-0c1b-4d37-9f9b-6ad0f9a4bd6c.local 58142 typ host",
		"a=candidate:1 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active",
		"1 1 udp 1 ::1 1 typ relay", "candidate:", "candidate:1 2 udp 99999999999 1.2.3.4 1 typ host",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCandidate(s)
		if err != nil {
			return
		}
		again, err := ParseCandidate(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q prints as %q, which reads as %v, %v", s, c, again, err)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"stun:example.org", "stuns:example.org:443", "turn:1.2.3.4?transport=tcp", "turns:[2001:db8::1]:5349?transport=tcp",
		"turn:", "turn:x:0", "stun:x?transport=udp", "http://x", "turn:[::1", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseURL(s)
		if err == nil && (u.port == 0 || u.host == "" || u.protocol != "udp" && u.protocol != "tcp") {
			t.Errorf("%q reads as %+v", s, u)
		}
	})
}
