package transport

import (
	"net"
	"testing"

	"github.com/pion/ice/v4"
)

// A peer that is ice-lite sends no checks: we control, whatever was said.
func TestLitePeer(t *testing.T) {
	n := newNetwork(t, NetworkConfig{Loopback: LoopbackOnly})
	a, _ := newPair(t, n, n, nil)
	a.trickle = func(Candidate) bool { return false }
	lite, err := ice.NewAgentWithOptions(
		ice.WithICELite(true), ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithIncludeLoopback(),
		ice.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithLoggerFactory(logs{}))
	must(t, err)
	defer func() { _ = lite.GracefulClose() }()
	ufrag, pwd, err := lite.GetLocalUserCredentials()
	must(t, err)
	must(t, a.tr.Gather(a.creds))
	must(t, a.tr.Connect(RemoteICE{Credentials: Credentials{ufrag, pwd}, Lite: true, Controlling: false}))
	must(t, lite.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			a.tr.EndOfRemoteCandidates(ufrag)
			return
		}
		p, err := ParseCandidate(c.Marshal())
		if err != nil {
			t.Error(err)
			return
		}
		if err := a.tr.AddRemoteCandidate(p); err != nil {
			t.Error(err)
		}
	}))
	must(t, lite.GatherCandidates())
	_, err = lite.StartAccept(a.creds.Ufrag, a.creds.Pwd)
	must(t, err)
	a.waitICE(ICECompleted)
	if !a.tr.Stats().Controlling {
		t.Error("RFC 8445 6.1.1: the full agent controls a lite one")
	}
}
