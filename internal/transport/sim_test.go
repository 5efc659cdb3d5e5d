package transport

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

var addrA, addrB = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")

// simNetwork is a Network with one address on a simulated network. It is
// closed inside the bubble.
func simNetwork(t testing.TB, sim *udp.Sim, a ...netip.Addr) *Network {
	return newNetwork(t, NetworkConfig{
		Listen:     sim.Listen,
		Interfaces: func() ([]Interface, error) { return []Interface{{Name: "sim0", Addrs: a}}, nil },
	})
}

// inBubble runs f with virtual time on a simulated network.
func inBubble(t *testing.T, link udp.Link, f func(t *testing.T, sim *udp.Sim, a, b *peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := udp.NewSim(1, link)
		a, b := newPair(t, simNetwork(t, sim, addrA), simNetwork(t, sim, addrB), nil)
		f(t, sim, a, b)
	})
}

// From the moment both sides have the descriptions, media of the DTLS client
// arrives after 3.5 round trips and of the server after 3, with some room for
// the ticks of the agents.
func TestSetupRoundTrips(t *testing.T) {
	const rtt = 100 * time.Millisecond
	inBubble(t, udp.Link{Latency: rtt / 2}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		start := time.Now()
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		server := time.Since(start)
		must(t, a.tr.SendRTP(packet(1, 100)))
		b.wait("media must arrive", func() bool { return len(b.rtp) > 0 })
		first := time.Since(start)
		t.Logf("server connected after %v, first media after %v", server, first)
		if first > 3*rtt+rtt/10 {
			t.Errorf("first media after %v, want at most 3 RTT of %v", first, rtt)
		}
	})
}

// A third of all datagrams lost does not keep a connection from coming up.
func TestLossySetup(t *testing.T) {
	inBubble(t, udp.Link{Latency: 20 * time.Millisecond, Loss: 0.3}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
	})
}

// RFC 7675: without answers the pair is disconnected and then failed, and
// nothing is sent any more; a restart is the way back.
func TestConsentLoss(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		a.waitICE(ICECompleted)
		sim.SetLink(addrA, addrB, udp.Link{Down: true})
		sim.SetLink(addrB, addrA, udp.Link{Down: true})
		start := time.Now()
		a.waitICE(ICEDisconnected)
		if d := time.Since(start); d < 3*time.Second || d > 9*time.Second {
			t.Errorf("disconnected after %v, want about 5 s", d)
		}
		time.Sleep(40 * time.Second) // virtual
		synctest.Wait()
		a.waitICE(ICEFailed)
		if err := a.tr.SendRTP(packet(1, 100)); err != ErrNotReady {
			t.Errorf("sending without consent: %v, want ErrNotReady", err)
		}
		sim.SetLink(addrA, addrB, udp.Link{Latency: time.Millisecond})
		sim.SetLink(addrB, addrA, udp.Link{Latency: time.Millisecond})
		a.creds, b.creds = newCreds(), newCreds()
		gather(t, a, b)
		a.wait("ICE must come back", func() bool { s := a.ice[len(a.ice)-1]; return s == ICEConnected || s == ICECompleted })
		b.wait("ICE must come back", func() bool { s := b.ice[len(b.ice)-1]; return s == ICEConnected || s == ICECompleted })
		exchangeNow(t, a, b)
	})
}

// A short outage ends in connected again.
func TestDisconnectedRecovers(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		sim.SetLink(addrB, addrA, udp.Link{Down: true})
		a.waitICE(ICEDisconnected)
		sim.SetLink(addrB, addrA, udp.Link{Latency: time.Millisecond})
		a.waitICE(ICECompleted)
	})
}

func exchangeNow(t *testing.T, a, b *peer) {
	t.Helper()
	exchange(t, a, b)
	exchange(t, b, a)
}

// ICE restarts while packets flow both ways lose none.
func TestRestartUnderTraffic(t *testing.T) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		got := map[string]map[uint16]int{"a": {}, "b": {}}
		for _, p := range []*peer{a, b} {
			p.onRTP = func(pkt []byte) { got[p.name][uint16(pkt[2])<<8|uint16(pkt[3])]++ }
		}
		const total = 3000
		for seq := range uint16(total) {
			must(t, a.tr.SendRTP(packet(seq, 200)))
			must(t, b.tr.SendRTP(packet(seq, 200)))
			time.Sleep(5 * time.Millisecond)
			if seq%500 == 250 {
				a.creds, b.creds = newCreds(), newCreds()
				gather(t, a, b)
			}
		}
		time.Sleep(time.Second)
		for _, p := range []*peer{a, b} {
			p.note(func() {
				for seq := range uint16(total) {
					if got[p.name][seq] != 1 {
						t.Fatalf("%s: packet %d arrived %d times over restarts, want once", p.name, seq, got[p.name][seq])
					}
				}
				if len(p.pairs) != 1+total/500 {
					t.Errorf("%s: %d selected pairs, want one per restart more than 1", p.name, len(p.pairs))
				}
			})
		}
		if s := a.tr.Stats(); s.LocalUfrag != a.creds.Ufrag {
			t.Errorf("the generation in use is %q, want that of the last restart, %q", s.LocalUfrag, a.creds.Ufrag)
		}
	})
}

// A restart whose offer is rolled back changes nothing.
func TestAbandonedRestart(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		c := newCreds()
		must(t, a.tr.Gather(c))
		a.tr.Abandon(c.Ufrag)
		time.Sleep(time.Minute)
		exchangeNow(t, a, b)
		a.note(func() {
			if s := a.ice[len(a.ice)-1]; s != ICECompleted && s != ICEConnected {
				t.Errorf("ICE is %v after an abandoned restart", s)
			}
		})
	})
}

// A peer that still trickles for the generation in use has its remote side told
// again while a restart waits for its answer; the restart must not take it.
func TestRestartWaitsForItsOwnCredentials(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		old := RemoteICE{Credentials: b.creds}
		a.creds = newCreds()
		must(t, a.tr.Gather(a.creds))
		must(t, a.tr.Connect(old))
		must(t, a.tr.Connect(old))
		b.creds = newCreds()
		must(t, b.tr.Gather(b.creds))
		must(t, b.tr.Connect(RemoteICE{Credentials: a.creds}))
		if err := a.tr.Connect(RemoteICE{Credentials: b.creds}); err != nil {
			t.Fatalf("the restarted generation must be free for its own remote side: %v", err)
		}
		time.Sleep(time.Second)
		exchangeNow(t, a, b)
		if s := a.tr.Stats(); s.LocalUfrag != a.creds.Ufrag {
			t.Errorf("the generation in use is %q, want the restarted one, %q", s.LocalUfrag, a.creds.Ufrag)
		}
	})
}

// Candidates that come before their description are kept, those of a passed
// generation are not used.
func TestEarlyCandidates(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		must(t, a.tr.Gather(a.creds))
		must(t, b.tr.Gather(b.creds))
		a.wait("gathering must end", func() bool { return len(a.gathering) == 2 })
		b.wait("gathering must end", func() bool { return len(b.gathering) == 2 })
		synctest.Wait()
		must(t, a.tr.AddRemoteCandidate(Candidate{
			Foundation: "1", Component: 1, Protocol: "udp", Priority: 1, Address: "10.0.0.9", Port: 9, Type: "host", Ufrag: "stale",
		}))
		gather(t, a, b)
		a.waitICE(ICECompleted)
		for _, c := range a.tr.Stats().Remote {
			if c.Address == "10.0.0.9" {
				t.Error("a candidate of another generation was used")
			}
		}
	})
}

// Both sides believe that they control (or do not): the agents settle it.
func TestRoleConflict(t *testing.T) {
	for _, role := range []bool{true, false} {
		inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
			must(t, a.tr.Gather(a.creds))
			must(t, b.tr.Gather(b.creds))
			must(t, b.tr.Connect(RemoteICE{Credentials: a.creds, Controlling: role}))
			must(t, a.tr.Connect(RemoteICE{Credentials: b.creds, Controlling: role}))
			a.waitICE(ICECompleted)
			b.waitICE(ICECompleted)
		})
	}
}

// A handshake that starts long before the other side has its description is
// not lost, nor is media that overtakes its end.
func TestEarlyDTLSAndMedia(t *testing.T) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond, Jitter: 30 * time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		gather(t, a, b)
		must(t, b.tr.StartDTLS(DTLSParams{Client: true, Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
		time.Sleep(3 * time.Second)
		start := time.Now()
		must(t, a.tr.StartDTLS(DTLSParams{Client: false, Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
		a.waitDTLS(DTLSConnected)
		for i := range uint16(20) {
			must(t, a.tr.SendRTP(packet(i, 100)))
		}
		b.wait("media that overtakes the last flight must be kept", func() bool { return len(b.rtp) == 20 })
		if d := time.Since(start); d > 400*time.Millisecond {
			t.Errorf("the handshake took %v after the description came: the first flight was lost", d)
		}
	})
}
