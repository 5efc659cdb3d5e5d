package transport

import (
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

var dead = Candidate{Foundation: "1", Component: 1, Protocol: "udp", Priority: 1, Address: "10.0.0.9", Port: 9, Type: "host"}

// When there is no pair: webrtc-pc 5.6.4 and RFC 8863.
func TestVerdict(t *testing.T) {
	for _, m := range []struct {
		name       string
		relay      bool // no local candidates
		candidate  bool // a remote one that does not answer
		end        bool
		want       []ICEState
		first, all time.Duration
	}{
		{"nothing to check with", true, true, true, []ICEState{ICEFailed}, 0, 0},
		{"nothing to check with, and more may come", true, true, false, []ICEState{ICEFailed}, 2 * checkLife, 2 * checkLife},
		{"the peer has no candidates", false, false, true, []ICEState{ICEFailed}, checkLife, checkLife},
		{"no answer", false, true, true, []ICEState{ICEChecking, ICEFailed}, 0, checkLife},
		{"no answer, and more may come", false, true, false, []ICEState{ICEChecking, ICEDisconnected, ICEFailed}, 0, 2 * checkLife},
		{"no candidates, and some may come", false, false, false, []ICEState{ICEFailed}, 2 * checkLife, 2 * checkLife},
	} {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := udp.NewSim(1, udp.Link{Latency: time.Millisecond})
				a, _ := newPair(t, simNetwork(t, sim, addrA), simNetwork(t, sim, addrB), func(_ string, c *Config) {
					if m.relay {
						c.Policy = PolicyRelay
					}
				})
				a.trickle = func(Candidate) bool { return false }
				must(t, a.tr.Gather(a.creds))
				remote := newCreds()
				start := time.Now()
				must(t, a.tr.Connect(RemoteICE{Credentials: remote, Controlling: true}))
				if m.candidate {
					c := dead
					c.Ufrag = remote.Ufrag
					must(t, a.tr.AddRemoteCandidate(c))
				}
				if m.end {
					a.tr.EndOfRemoteCandidates(remote.Ufrag)
				}
				a.waitFor(m.want[0])
				if d := time.Since(start).Truncate(time.Second); d != m.first.Truncate(time.Second) {
					t.Errorf("%v after %v, want %v", a.ice, d, m.first)
				}
				a.waitFor(ICEFailed)
				if d := time.Since(start).Truncate(time.Second); d != m.all.Truncate(time.Second) {
					t.Errorf("failed after %v, want %v", d, m.all)
				}
				for i, s := range m.want {
					if len(a.ice) != len(m.want) || a.ice[i] != s {
						t.Fatalf("states %v, want %v", a.ice, m.want)
					}
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if a.ice[len(a.ice)-1] != ICEFailed || a.tr.cur.ice() != nil {
					t.Errorf("failed is the end until ICE restarts, and no agent goes on: %v", a.ice)
				}
			})
		})
	}
}

// waitFor is waitICE for states that take longer than its patience.
func (p *peer) waitFor(s ICEState) {
	p.t.Helper()
	for range 600 {
		synctest.Wait()
		p.mu.Lock()
		there := len(p.ice) > 0 && p.ice[len(p.ice)-1] == s
		p.mu.Unlock()
		if there {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	p.waitICE(s)
}

// Candidates that come late are checked, and end "disconnected".
func TestLateCandidate(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		a.trickle = func(Candidate) bool { return false }
		b.trickle = a.trickle
		a.endless, b.endless = true, true
		gather(t, a, b)
		c := dead
		c.Ufrag = b.creds.Ufrag
		must(t, a.tr.AddRemoteCandidate(c))
		time.Sleep(checkLife + time.Second)
		a.waitICE(ICEDisconnected)
		var late Candidate
		b.note(func() { late = b.candidates[0] })
		must(t, a.tr.AddRemoteCandidate(late))
		a.wait("a late candidate must connect", func() bool { return len(a.pairs) > 0 })
	})
}

// "Checking" comes with the peer's first check, candidates or not.
func TestCheckingWithoutCandidates(t *testing.T) {
	inBubble(t, udp.Link{Latency: 50 * time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		b.trickle = func(Candidate) bool { return false }
		gather(t, a, b)
		b.wait("b must connect", func() bool { return len(b.pairs) > 0 })
		a.note(func() {
			if len(a.ice) == 0 || a.ice[0] != ICEChecking {
				t.Errorf("when the peer is connected we have been checking for long: %v", a.ice)
			}
		})
		a.wait("a must connect", func() bool { return len(a.pairs) > 0 })
	})
}
