package transport

import (
	"crypto/tls"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

// Many connections between two processes that have one port each: the packets
// of one could not be told from those of another, so that all but the first
// take ports of their own.
func TestManyPairsOnSharedPorts(t *testing.T) {
	for _, one := range []bool{false, true} {
		cfg := NetworkConfig{Loopback: LoopbackOnly}
		na := newNetwork(t, cfg)
		nb := na
		if !one {
			nb = newNetwork(t, cfg)
		}
		cert := newCert(t)
		var as, bs []*peer
		for range 20 {
			a, b := newPair(t, na, nb, func(_ string, c *Config) { c.Certificates = []tls.Certificate{cert} })
			connect(t, a, b)
			as, bs = append(as, a), append(bs, b)
		}
		for i := range as {
			as[i].waitDTLS(DTLSConnected)
			bs[i].waitDTLS(DTLSConnected)
		}
		for i := range as {
			exchange(t, as[i], bs[i])
			exchange(t, bs[i], as[i])
		}
		for i := range as {
			as[i].creds, bs[i].creds = newCreds(), newCreds()
			gather(t, as[i], bs[i])
		}
		for i := range as {
			as[i].wait("a restart must select a pair", func() bool { return as[i].tr.Stats().LocalUfrag == as[i].creds.Ufrag })
			bs[i].wait("a restart must select a pair", func() bool { return bs[i].tr.Stats().LocalUfrag == bs[i].creds.Ufrag })
		}
		for i := range as {
			exchange(t, as[i], bs[i])
			exchange(t, bs[i], as[i])
			if n := as[i].tr.Stats().Dropped + bs[i].tr.Stats().Dropped; n != 0 {
				t.Errorf("pair %d: %d packets that no key opens: they went to the wrong Transport", i, n)
			}
		}
	}
}

// A connected, idle Transport with one address needs few goroutines.
func TestGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := udp.NewSim(1, udp.Link{Latency: time.Millisecond})
		na, nb := simNetwork(t, sim, addrA), simNetwork(t, sim, addrB)
		warmA, warmB := newPair(t, na, nb, nil)
		connect(t, warmA, warmB)
		warmA.waitDTLS(DTLSConnected)
		time.Sleep(time.Minute)
		synctest.Wait()
		before := runtime.NumGoroutine()
		const pairs = 10
		for range pairs {
			a, b := newPair(t, na, nb, nil)
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			// On other ports, since the first pair has the shared ones.
			_ = a
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		per := float64(runtime.NumGoroutine()-before) / (2 * pairs)
		t.Logf("%.1f goroutines for each Transport, of which two read ports of its own", per)
		if per > 4 {
			t.Errorf("%.1f goroutines for each idle Transport", per)
		}
	})
}

// hostile packets from anywhere do not disturb a connection.
func TestSpoofedPackets(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		pair, _ := b.tr.SelectedPair()
		to := netip.AddrPortFrom(addrB, pair.Local.Port)
		from := netip.AddrPortFrom(addrA, pair.Remote.Port)
		alert := []byte{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 0} // fatal close, in the clear
		hello := append([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4}, 1, 0, 0, 0)
		flood := [][]byte{
			packet(1, 500), {0x80, 200, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1}, alert, hello,
			bindingRequest(t, b.creds.Ufrag+":"+a.creds.Ufrag),
			bindingRequest(t, "nobody:"+a.creds.Ufrag),
			{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			{0}, {255}, make([]byte, 1500),
		}
		spoofer, err := sim.Listen(netip.MustParseAddrPort("10.0.0.66:6"), udp.Options{})
		must(t, err)
		for range 50 {
			for _, p := range flood {
				_, _ = spoofer.WriteTo(p, to)
				sim.Inject(from, to, p)
			}
		}
		time.Sleep(time.Minute)
		_ = spoofer.Close()
		exchangeNow(t, a, b)
		if now, _ := b.tr.SelectedPair(); now != pair {
			t.Errorf("the selected pair moved to %v", now)
		}
		b.note(func() {
			if b.ice[len(b.ice)-1] != ICECompleted || b.dtls[len(b.dtls)-1] != DTLSConnected {
				t.Errorf("states are %v and %v", b.ice, b.dtls)
			}
		})
		if s := b.tr.Stats(); s.Dropped == 0 {
			t.Error("forged SRTP must be counted as dropped")
		}
	})
}

// 1:1 NAT mappings replace host candidates or add server-reflexive ones.
func TestNATMapping(t *testing.T) {
	for _, srflx := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			sim := udp.NewSim(1, udp.Link{})
			n := newNetwork(t, NetworkConfig{
				Listen: sim.Listen,
				Interfaces: func() ([]Interface, error) {
					return []Interface{{Name: "x", Addrs: []netip.Addr{addrA}}}, nil
				},
				NAT: []NATMapping{{Public: netip.MustParseAddr("203.0.113.7"), Srflx: srflx}},
			})
			a, b := newPair(t, n, simNetwork(t, sim, addrB), nil)
			connect(t, a, b)
			// The mapped address is nowhere in this network: a's checks find
			// b, which learns of a as peer-reflexive.
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			exchange(t, a, b)
			var got []string
			a.note(func() {
				for _, c := range a.candidates {
					got = append(got, c.Type+" "+c.Address)
				}
			})
			want := "host 203.0.113.7"
			if srflx {
				want = "host 10.0.0.1,srflx 203.0.113.7"
			}
			if strings.Join(got, ",") != want {
				t.Errorf("candidates %q, want %q", got, want)
			}
		})
	}
}

// Which loopback and other addresses are gathered on.
func TestAddresses(t *testing.T) {
	lo, v4, v6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	all := []Interface{
		{Name: "lo", Loopback: true, Addrs: []netip.Addr{lo}},
		{Name: "eth0", Addrs: []netip.Addr{v4, v6, netip.MustParseAddr("fe80::1"), netip.MustParseAddr("169.254.1.1")}},
		{Name: "docker0", Addrs: []netip.Addr{netip.MustParseAddr("172.17.0.1")}},
	}
	sim := udp.NewSim(1, udp.Link{})
	for _, m := range []struct {
		name string
		mode LoopbackMode
		ifs  []Interface
		want []netip.Addr
	}{
		{"auto", LoopbackAuto, all, []netip.Addr{v4, v6}},
		{"auto alone", LoopbackAuto, all[:1], []netip.Addr{lo}},
		{"include", LoopbackInclude, all, []netip.Addr{v4, v6, lo}},
		{"exclude", LoopbackExclude, all[:1], nil},
		{"only", LoopbackOnly, all, []netip.Addr{lo}},
	} {
		n := newNetwork(t, NetworkConfig{
			Listen: sim.Listen, Loopback: m.mode,
			Interfaces:      func() ([]Interface, error) { return m.ifs, nil },
			InterfaceFilter: func(name string) bool { return name != "docker0" },
		})
		got, err := n.addrs()
		if err != nil || len(got) != len(m.want) {
			t.Errorf("%s: %v, %v, want %v", m.name, got, err, m.want)
			continue
		}
		for i := range got {
			if got[i] != m.want[i] {
				t.Errorf("%s: %v, want %v", m.name, got, m.want)
			}
		}
	}
}

// Credentials outside the grammar and calls out of order are refused.
func TestMisuse(t *testing.T) {
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, _ := newPair(t, n, n, nil)
	good := newCreds()
	for _, c := range []Credentials{{}, {"abc", good.Pwd}, {"abcd", "short"}, {"ab:cd", good.Pwd}, {"ab cd", good.Pwd}, {strings.Repeat("x", 257), good.Pwd}} {
		if err := a.tr.Gather(c); err == nil {
			t.Errorf("credentials %q must be refused", c)
		}
	}
	if err := a.tr.Connect(RemoteICE{Credentials: good}); err != ErrNoGeneration {
		t.Errorf("Connect before Gather: %v", err)
	}
	if _, err := a.tr.Slot(udp.NewBatch(0), 100); err != ErrNotReady {
		t.Errorf("Slot before connecting: %v", err)
	}
	must(t, a.tr.Gather(good))
	must(t, a.tr.Gather(good))
	must(t, a.tr.Connect(RemoteICE{Credentials: newCreds()}))
	if err := a.tr.Connect(RemoteICE{Credentials: newCreds(), LocalUfrag: "other"}); err != ErrNoGeneration {
		t.Errorf("Connect for local credentials that were not gathered: %v", err)
	}
	for _, c := range []Config{{}, {Network: n, Handler: a}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v must be refused", c)
		}
	}
	for _, c := range []NetworkConfig{{PortMin: 5, PortMax: 1}, {Listen: udp.Listen}, {NAT: []NATMapping{{}}}} {
		if _, err := NewNetwork(c); err == nil {
			t.Errorf("%+v must be refused", c)
		}
	}
}

// Two Transports of one process on its one port need one more port, not two.
func TestOnePortMoreForTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simNetwork(t, udp.NewSim(1, udp.Link{Latency: time.Millisecond}), addrA)
		for i := range 10 {
			a, b := newPair(t, n, n, nil)
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			exchange(t, a, b)
			exchange(t, b, a)
			time.Sleep(time.Second)
			ports := 0
			for _, p := range []*peer{a, b} {
				p.tr.mu.Lock()
				for _, s := range p.tr.own {
					ports += len(s)
				}
				p.tr.mu.Unlock()
			}
			if ports != 1 {
				t.Errorf("pair %d has opened %d ports", i, ports)
			}
		}
	})
}
