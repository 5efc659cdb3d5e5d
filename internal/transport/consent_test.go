package transport

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"trackway/internal/udp"
)

// parked waits until a's agent has gone, and returns what has taken its place.
func parked(t *testing.T, a *peer) *consent {
	t.Helper()
	time.Sleep(parkAfter + time.Second)
	synctest.Wait()
	a.tr.mu.Lock()
	g := a.tr.cur
	a.tr.mu.Unlock()
	if g.ice() != nil || g.consent == nil {
		t.Fatalf("%s: an agent that has selected a pair must go after %v", a.name, parkAfter)
	}
	return g.consent
}

func selectedPair(t *testing.T, p *peer) PairStats {
	t.Helper()
	s := p.tr.Stats()
	i := slices.IndexFunc(s.Pairs, func(ps PairStats) bool { return ps.Selected })
	if i < 0 {
		t.Fatalf("%s: no selected pair in the statistics: %+v", p.name, s)
	}
	return s.Pairs[i]
}

// Without an agent the pair is kept, packets pass, statistics go on, and a
// restart brings the next agent.
func TestConsentKeepsThePair(t *testing.T) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond, Loss: 0.2}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		parked(t, a)
		parked(t, b)
		before := selectedPair(t, a)
		states := len(a.ice)
		time.Sleep(10 * time.Minute)
		sim.SetLink(addrA, addrB, udp.Link{Latency: 10 * time.Millisecond})
		sim.SetLink(addrB, addrA, udp.Link{Latency: 10 * time.Millisecond})
		exchangeNow(t, a, b)
		after := selectedPair(t, a)
		if n := after.ResponsesReceived - before.ResponsesReceived; n < 100 || n > 160 {
			t.Errorf("%d responses in ten minutes, want one about every 5 s", n)
		}
		if after.RequestsReceived == before.RequestsReceived || after.CurrentRTT != 20*time.Millisecond || after.PacketsSent < before.PacketsSent ||
			!after.Nominated || time.Since(after.LastReply) > 10*time.Second {
			t.Errorf("statistics go on: %+v", after)
		}
		if len(a.ice) != states {
			t.Errorf("one loss in five is no reason to be disconnected: %v", a.ice)
		}
		a.creds, b.creds = newCreds(), newCreds()
		gather(t, a, b)
		a.wait("a restart must select a pair", func() bool { return len(a.pairs) == 2 })
		b.wait("a restart must select a pair", func() bool { return len(b.pairs) == 2 })
		exchangeNow(t, a, b)
		parked(t, a)
	})
}

// RFC 7675 5.1: only responses to our own requests are consent.
func TestRequestsAreNoConsent(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		k := parked(t, a)
		sim.SetLink(addrA, addrB, udp.Link{Down: true}) // b is heard, and hears nothing
		start := time.Now()
		for time.Since(start) < 29*time.Second {
			time.Sleep(time.Second)
			msg := request(t, a, b, stun.NewShortTermIntegrity(a.creds.Pwd))
			k.handle(k.mux, msg.Raw, k.path.to, classRequest)
		}
		a.waitICE(ICEDisconnected)
		time.Sleep(7 * time.Second)
		a.waitICE(ICEFailed)
		if err := a.tr.SendRTP(packet(1, 100)); err != ErrNotReady {
			t.Errorf("sending without consent: %v, want ErrNotReady", err)
		}
	})
}

// request is a nomination by b, as a reads it.
func request(t *testing.T, a, b *peer, i stun.MessageIntegrity) *stun.Message {
	t.Helper()
	msg, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(a.creds.Ufrag+":"+b.creds.Ufrag),
		ice.AttrControlling(1), ice.UseCandidate(), ice.PriorityAttr(1), i, stun.Fingerprint)
	must(t, err)
	return msg
}

// A controlling peer may move to another pair after the agent has gone: from an
// address that we have not seen, if it knows the password there.
func TestNominationAfterwards(t *testing.T) {
	inBubble(t, udp.Link{Latency: time.Millisecond}, func(t *testing.T, sim *udp.Sim, b, a *peer) {
		connect(t, b, a) // b controls
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		k := parked(t, a)
		home := k.mux.s.conn.LocalAddr()
		other, err := sim.Listen(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.7"), 7000), udp.Options{})
		must(t, err)
		var asked, answered atomic.Int32
		var answer atomic.Bool
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = other.Serve(func(_ time.Time, p []byte, from netip.AddrPort) {
				msg := &stun.Message{Raw: slices.Clone(p)}
				if classify(p) != kindSTUN || msg.Decode() != nil {
					return
				}
				if classOf(p) == classSuccess {
					answered.Add(1)
					return
				}
				asked.Add(1)
				reply, err := stun.Build(stun.NewTransactionIDSetter(msg.TransactionID), stun.BindingSuccess,
					&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
					stun.NewShortTermIntegrity(b.creds.Pwd), stun.Fingerprint)
				if err == nil && answer.Load() {
					_, _ = other.WriteTo(reply.Raw, from)
				}
			}, nil)
		}()
		send := func(i stun.MessageIntegrity) {
			t.Helper()
			_, err := other.WriteTo(request(t, a, b, i).Raw, home)
			must(t, err)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		send(stun.NewShortTermIntegrity("another password, not a's"))
		if asked.Load()+answered.Load() > 0 {
			t.Errorf("a request that is not authentic gets no answer, got %d and %d requests", answered.Load(), asked.Load())
		}
		send(stun.NewShortTermIntegrity(a.creds.Pwd))
		if asked.Load() != 1 || answered.Load() != 1 || len(a.pairs) != 1 {
			t.Errorf("a nomination is answered and checked, and no pair is selected before the check succeeds: %d answers, %d checks, %v", answered.Load(), asked.Load(), a.pairs)
		}
		answer.Store(true)
		send(stun.NewShortTermIntegrity(a.creds.Pwd))
		a.wait("the nominated pair must be selected", func() bool { return len(a.pairs) == 2 && a.pairs[1].Remote.Address == "10.0.0.7" })
		if s := selectedPair(t, a); s.State != "succeeded" || a.tr.Stats().Remote[s.Remote].Type != "prflx" {
			t.Errorf("the nominated pair is in the statistics: %+v", s)
		}
		asked.Store(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked.Load() < 8 || a.ice[len(a.ice)-1] != ICECompleted {
			t.Errorf("consent is asked for on the new pair: %d requests in a minute, %v", asked.Load(), a.ice)
		}
		must(t, other.Close())
		<-done
	})
}

// An agent that is closed while it is being replaced leaves nothing behind.
func TestCloseWhileParking(t *testing.T) {
	for _, d := range []time.Duration{parkAfter - time.Millisecond, parkAfter, parkAfter + time.Millisecond} {
		inBubble(t, udp.Link{}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
			connect(t, a, b)
			a.waitDTLS(DTLSConnected)
			a.wait("a pair must be selected", func() bool { return len(a.pairs) > 0 })
			time.Sleep(d)
			must(t, a.tr.Close())
			must(t, b.tr.Close())
		})
	}
}

// FuzzConsent feeds a parked generation with STUN of anybody's making.
func FuzzConsent(f *testing.F) {
	local, remote := Credentials{"abcd", "password-of-22-characters"}, Credentials{"efgh", "another-of-22-characters"}
	for _, pwd := range []string{local.Pwd, remote.Pwd} {
		for _, typ := range []stun.MessageType{stun.BindingRequest, stun.BindingSuccess, stun.BindingError} {
			m, err := stun.Build(stun.TransactionID, typ, stun.NewUsername("abcd:efgh"), ice.UseCandidate(), ice.AttrControlling(7),
				stun.ErrorCodeAttribute{Code: stun.CodeRoleConflict}, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(m.Raw)
		}
	}
	n, err := NewNetwork(NetworkConfig{})
	if err != nil {
		f.Fatal(err)
	}
	from := netip.MustParseAddrPort("192.0.2.1:5000")
	f.Fuzz(func(t *testing.T, p []byte) {
		if classify(p) != kindSTUN {
			return
		}
		tr, err := New(Config{Network: n, Handler: discard{}, Certificates: testCertificates})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.cancel()
		s := &socket{conn: nowhere{}, ufrags: map[string]*muxConn{}, claims: map[netip.AddrPort]*claim{}}
		g := &generation{t: tr, local: local, remote: RemoteICE{Credentials: remote}}
		m, err := s.open(g)
		if err != nil {
			t.Fatal(err)
		}
		k := newConsent(g, g.pathVia(m, from), m, PairStats{})
		m.parked.Store(k)
		s.claims[from] = &claim{t: tr, conns: []*muxConn{m}}
		s.handle(time.Now(), slices.Clone(p), from)
	})
}

var testCertificates = make([]tls.Certificate, 1)

// nowhere is a socket from which nothing leaves.
type nowhere struct{}

func (nowhere) LocalAddr() netip.AddrPort                       { return netip.AddrPort{} }
func (nowhere) Serve(udp.Handler, func() bool) error            { return nil }
func (nowhere) WriteTo(p []byte, _ netip.AddrPort) (int, error) { return len(p), nil }
func (nowhere) WriteBatch([]udp.Message) error                  { return nil }
func (nowhere) Close() error                                    { return nil }

// The short ways to two statistics say the same, with an agent and without.
func TestShortStats(t *testing.T) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond}, func(t *testing.T, _ *udp.Sim, a, b *peer) {
		connect(t, a, b)
		for _, p := range []*peer{a, b} {
			p.waitICE(ICECompleted)
		}
		for range 2 {
			for _, p := range []*peer{a, b} {
				if want := selectedPair(t, p).CurrentRTT; want == 0 || p.tr.RTT() != want {
					t.Errorf("%s: a round-trip time of %v, want %v", p.name, p.tr.RTT(), want)
				}
				if p.tr.Controlling() != (p == a) || p.tr.Stats().Controlling != (p == a) {
					t.Errorf("%s: controlling is %v", p.name, p.tr.Controlling())
				}
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
	})
}
