package webrtc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
)

// fuzzEngine has a network that goes nowhere.
func fuzzEngine(f *testing.F) *Engine {
	f.Helper()
	sim := udp.NewSim(1, udp.Link{Down: true})
	engine, err := NewEngine(WithNetworkConfig(transport.NetworkConfig{
		Listen: sim.Listen, MDNS: transport.MDNSOff,
		Interfaces: func() ([]transport.Interface, error) { return nil, nil },
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = engine.Close() })
	return engine
}

// fuzzPeer is a connection with a sender, or a test that has failed.
func fuzzPeer(t testing.TB, engine *Engine) *PeerConnection {
	t.Helper()
	pc, err := NewPeerConnection(Configuration{}, WithEngine(engine))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(videoTrack(), media.NewStream()); err != nil {
		t.Fatal(err)
	}
	return pc
}

// allowed are the errors that the specification names for a description.
var allowed = []domerr.Name{domerr.InvalidState, domerr.InvalidAccess, domerr.Operation, domerr.Type, domerr.InvalidModification}

func wantAllowed(t *testing.T, err error, what string) {
	t.Helper()
	for _, name := range allowed {
		if errors.Is(err, name) {
			return
		}
	}
	t.Errorf("%s failed with an error that the specification does not name: %v", what, err)
}

// view is what a refused description must not change.
func view(pc *PeerConnection) string {
	var b strings.Builder
	b.WriteString(string(pc.SignalingState()))
	for _, tr := range pc.GetTransceivers() {
		b.WriteString(" " + tr.Mid() + string(tr.Direction()) + string(tr.CurrentDirection()))
	}
	if pc.RemoteDescription() != nil {
		b.WriteString(pc.RemoteDescription().SDP)
	}
	return b.String()
}

// FuzzSetRemoteDescription offers anything to a connection: either it is refused
// with an error that the specification names and changes nothing, or the
// connection can answer.
func FuzzSetRemoteDescription(f *testing.F) {
	engine := fuzzEngine(f)
	ctx := context.Background()
	seed := fuzzPeer(f, engine)
	if _, err := seed.CreateDataChannel("data", nil); err != nil {
		f.Fatal(err)
	}
	if _, err := seed.AddTransceiver(videoTrack(), &RTPTransceiverInit{SendEncodings: []RTPEncodingParameters{
		NewRTPEncodingParameters("q"), NewRTPEncodingParameters("f")}}); err != nil {
		f.Fatal(err)
	}
	offer, err := seed.CreateOffer(ctx, nil)
	if err != nil {
		f.Fatal(err)
	}
	_ = seed.Close()
	f.Add(offer.SDP)
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")
	f.Fuzz(func(t *testing.T, sdp string) {
		pc := fuzzPeer(t, engine)
		defer func() { _ = pc.Close() }()
		before := view(pc)
		if err := pc.SetRemoteDescription(ctx, SessionDescription{Type: SDPTypeOffer, SDP: sdp}); err != nil {
			wantAllowed(t, err, "SetRemoteDescription")
			if after := view(pc); after != before {
				t.Errorf("a refused offer changed the connection:\n before %s\n after  %s", before, after)
			}
			return
		}
		if err := pc.SetLocalDescription(ctx, nil); err != nil {
			t.Errorf("an offer that was accepted must be answered: %v\n%s", err, sdp)
		}
	})
}

// FuzzAddICECandidate adds anything to a connection with a remote offer.
func FuzzAddICECandidate(f *testing.F) {
	engine := fuzzEngine(f)
	ctx := context.Background()
	seed := fuzzPeer(f, engine)
	offer, err := seed.CreateOffer(ctx, nil)
	if err != nil {
		f.Fatal(err)
	}
	_ = seed.Close()
	f.Add("candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host", "0", "")
	f.Add("candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active", "0", "")
	f.Add("candidate:1 2 udp 1 3c1a8d92-9a4e-4dd1-a14a-bfd8b5ae1d6b.local 1 typ host ufrag x network-cost 10", "0", "x")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, candidate, mid, ufrag string) {
		pc := fuzzPeer(t, engine)
		defer func() { _ = pc.Close() }()
		if err := pc.SetRemoteDescription(ctx, offer); err != nil {
			t.Fatal(err)
		}
		init := ICECandidateInit{Candidate: candidate, SDPMid: &mid}
		if ufrag != "" {
			init.UsernameFragment = &ufrag
		}
		before := view(pc)
		if err := pc.AddICECandidate(ctx, init); err != nil {
			wantAllowed(t, err, "AddICECandidate")
			if after := view(pc); after != before {
				t.Errorf("a refused candidate changed the connection:\n before %s\n after  %s", before, after)
			}
			return
		}
		if c, err := NewICECandidate(init); err == nil {
			if _, err := c.MarshalJSON(); err != nil {
				t.Errorf("MarshalJSON: %v", err)
			}
		}
		if err := pc.SetLocalDescription(ctx, nil); err != nil {
			t.Errorf("the offer must still be answered: %v", err)
		}
	})
}
