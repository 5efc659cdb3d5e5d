package webrtc_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"trackway/media"
	"trackway/webrtc"
)

// gathered returns the host candidates of a connection of the configured
// network, made with nothing but what a program outside this module can name.
func gathered(t *testing.T, config webrtc.NetworkConfig) []*webrtc.ICECandidate {
	t.Helper()
	engine, err := webrtc.NewEngine(webrtc.WithNetworkConfig(config))
	if err != nil {
		t.Fatalf("NewEngine: %v", err)
	}
	defer engine.Close()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{}, webrtc.WithEngine(engine))
	if err != nil {
		t.Fatalf("NewPeerConnection: %v", err)
	}
	defer pc.Close()

	found := make(chan *webrtc.ICECandidate, 64)
	pc.OnICECandidate(func(e webrtc.PeerConnectionICEEvent) { found <- e.Candidate })
	if _, err := pc.AddTransceiverKind(media.Audio, nil); err != nil {
		t.Fatalf("AddTransceiverKind: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := pc.SetLocalDescription(ctx, nil); err != nil {
		t.Fatalf("SetLocalDescription: %v", err)
	}
	var out []*webrtc.ICECandidate
	for {
		select {
		case c := <-found:
			if c == nil {
				if len(out) == 0 {
					t.Fatal("no candidate was gathered")
				}
				return out
			}
			if c.Candidate() != "" {
				out = append(out, c)
			}
		case <-ctx.Done():
			t.Fatal("gathering does not end")
		}
	}
}

func TestNetworkConfigIsOpenToPrograms(t *testing.T) {
	t.Run("own ports come from the range", func(t *testing.T) {
		for _, c := range gathered(t, webrtc.NetworkConfig{
			OwnPorts: true, PortMin: 42100, PortMax: 42199, Loopback: webrtc.LoopbackOnly,
		}) {
			if port, _ := c.Port(); port < 42100 || port > 42199 {
				t.Errorf("candidate %q is outside the ports that were asked for", c.Candidate())
			}
		}
	})
	t.Run("a filter leaves addresses out", func(t *testing.T) {
		keep := netip.MustParseAddr("127.0.0.1")
		for _, c := range gathered(t, webrtc.NetworkConfig{
			Loopback:   webrtc.LoopbackOnly,
			AddrFilter: func(a netip.Addr) bool { return a == keep },
		}) {
			if address, _ := c.Address(); address != keep.String() {
				t.Errorf("candidate %q is of an address that the filter leaves out", c.Candidate())
			}
		}
	})
	t.Run("a range the wrong way round is refused", func(t *testing.T) {
		if _, err := webrtc.NewNetwork(webrtc.NetworkConfig{PortMin: 2, PortMax: 1}); err == nil {
			t.Error("NewNetwork took ports from 2 to 1")
		}
	})
}
