package transport

import (
	"bytes"
	"testing"
)

// A pair over loopback exchanges SRTP and SRTCP in both directions.
func TestPairLoopback(t *testing.T) {
	cfg := NetworkConfig{Loopback: LoopbackOnly}
	a, b := newPair(t, newNetwork(t, cfg), newNetwork(t, cfg), nil)
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	exchange(t, a, b)
	exchange(t, b, a)
	a.waitICE(ICECompleted)
	b.waitICE(ICECompleted)
}

// exchange sends from one to the other and compares.
func exchange(t *testing.T, from, to *peer) {
	t.Helper()
	to.note(func() { to.rtp, to.rtcp = nil, nil })
	from.seq++ // the same again would be a replay
	p := packet(from.seq, 1200)
	orig := bytes.Clone(p)
	must(t, from.tr.SendRTP(p))
	if !bytes.Equal(p, orig) {
		t.Error("SendRTP must not change the packet")
	}
	rr := []byte{0x80, 201, 0, 1, 1, 2, 3, 4}
	must(t, from.tr.SendRTCP(rr))
	to.wait("RTP and RTCP must arrive", func() bool { return len(to.rtp) > 0 && len(to.rtcp) > 0 })
	if !bytes.Equal(to.rtp[0], p) || !bytes.Equal(to.rtcp[0], rr) {
		t.Errorf("what arrives must be what was sent: %d and %d bytes, %x", len(to.rtp[0]), len(p), to.rtcp[0])
	}
}

// modes is one test body in many modes: where packets go, and how.
func TestModes(t *testing.T) {
	for _, m := range []struct {
		name string
		cfg  NetworkConfig
		env  string
		one  bool // both peers use one Network, and so one port
	}{
		{name: "two networks", cfg: NetworkConfig{}},
		{name: "one network", one: true},
		{name: "one network plain", one: true, env: "plain"},
		{name: "plain", env: "plain"},
		{name: "own ports", cfg: NetworkConfig{OwnPorts: true}},
		{name: "own ports one network", cfg: NetworkConfig{OwnPorts: true}, one: true},
		{name: "port range", cfg: NetworkConfig{OwnPorts: true, PortMin: 20000, PortMax: 20999}},
		{name: "tcp", cfg: NetworkConfig{ICETCP: true}},
	} {
		t.Run(m.name, func(t *testing.T) {
			if m.env != "" {
				t.Setenv("TRACKWAY_UDP", m.env)
			}
			m.cfg.Loopback = LoopbackOnly
			na := newNetwork(t, m.cfg)
			nb := na
			if !m.one {
				nb = newNetwork(t, m.cfg)
			}
			a, b := newPair(t, na, nb, nil)
			if m.name == "tcp" {
				// Only TCP is signalled, and b listens.
				only := func(c Candidate) bool { return c.Protocol == "tcp" }
				a.trickle, b.trickle = func(Candidate) bool { return false }, only
			}
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			b.waitDTLS(DTLSConnected)
			exchange(t, a, b)
			exchange(t, b, a)
			a.wait("a pair must be selected", func() bool { return len(a.pairs) > 0 })
			if m.name == "tcp" && a.pairs[0].Local.Protocol != "tcp" {
				t.Errorf("the pair must be over TCP: %+v", a.pairs)
			}
		})
	}
}
