package transport

import (
	"context"
	"regexp"
	"testing"
	"time"
)

// Names hide host addresses on both sides, and both sides find each other.
func TestMDNS(t *testing.T) {
	cfg := NetworkConfig{MDNS: MDNSHide, Loopback: LoopbackInclude}
	na, nb := newNetwork(t, cfg), newNetwork(t, cfg)
	name, err := na.names.own()
	if err != nil {
		t.Skipf("no multicast here: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := nb.names.resolve(ctx, name); err != nil {
		t.Skipf("multicast does not come back here: %v", err)
	}
	a, b := newPair(t, na, nb, nil)
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	exchange(t, a, b)
	a.waitICE(ICECompleted)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local$`)
	a.note(func() {
		for _, c := range a.candidates {
			if !uuid.MatchString(c.Address) {
				t.Errorf("%v is not hidden", c)
			}
		}
	})
	if s := a.tr.Stats(); len(s.Remote) > 0 {
		for _, c := range s.Remote {
			if c.Type == "host" && !uuid.MatchString(c.Address) {
				t.Errorf("the statistics reveal %v", c)
			}
		}
	}
}

// With mDNS off, names are not looked up and nothing is opened for them.
func TestMDNSOff(t *testing.T) {
	n := newNetwork(t, NetworkConfig{MDNS: MDNSOff, Loopback: LoopbackOnly})
	a, _ := newPair(t, n, n, nil)
	must(t, a.tr.Gather(a.creds))
	must(t, a.tr.Connect(RemoteICE{Credentials: newCreds()}))
	must(t, a.tr.AddRemoteCandidate(Candidate{Foundation: "1", Component: 1, Protocol: "udp", Address: "x.local", Port: 5, Type: "host"}))
	if n.names.conn != nil || len(a.tr.Stats().Remote) != 0 {
		t.Error("a name was looked up")
	}
}
