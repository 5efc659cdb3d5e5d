package webrtc

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
)

// TestMediaOverLoopback sends through the system's own sockets, with whatever
// batching the kernel offers.
func TestMediaOverLoopback(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lo := netip.MustParseAddr("127.0.0.1")
	engine, err := NewEngine(WithNetworkConfig(transport.NetworkConfig{
		Interfaces: func() ([]transport.Interface, error) {
			return []transport.Interface{{Name: "lo", Addrs: []netip.Addr{lo}}}, nil
		},
		Listen: udp.Listen,
		MDNS:   transport.MDNSOff,
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	connected := make(chan struct{}, 2)
	var pcs [2]*PeerConnection
	for i := range pcs {
		pc, err := NewPeerConnection(Configuration{}, WithEngine(engine))
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		pcs[i] = pc
		pc.OnConnectionStateChange(func() {
			if pc.ConnectionState() == PeerConnectionStateConnected {
				connected <- struct{}{}
			}
		})
	}
	a, b := pcs[0], pcs[1]
	forward := func(from, to *PeerConnection) {
		from.OnICECandidate(func(e PeerConnectionICEEvent) {
			if e.Candidate != nil {
				to.AddICECandidateAsync(e.Candidate.ToJSON(), func(err error) {
					if err != nil {
						t.Errorf("AddICECandidate: %v", err)
					}
				})
			}
		})
	}
	source := media.NewEncodedSource(vp8)
	if _, err := a.AddTrack(source.NewTrack()); err != nil {
		t.Fatal(err)
	}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(a.SetLocalDescription(ctx, nil))
	step(b.SetRemoteDescription(ctx, *a.LocalDescription()))
	forward(a, b)
	step(b.SetLocalDescription(ctx, nil))
	step(a.SetRemoteDescription(ctx, *b.LocalDescription()))
	forward(b, a)
	for range 2 {
		select {
		case <-connected:
		case <-ctx.Done():
			t.Fatalf("not connected: %s and %s", a.ConnectionState(), b.ConnectionState())
		}
	}
	// Frames are sent one by one as they arrive, so that nothing depends on time.
	frame := func(n int) []byte {
		data := bytes.Repeat([]byte{byte(n), 1, 1}, 3000)
		copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
		binary.BigEndian.PutUint32(data[12:], uint32(n))
		return data
	}
	got := make(chan []byte, 1)
	b.GetReceivers()[0].Track().AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) { got <- bytes.Clone(f.Data) }})
	for n := range 200 {
		data := frame(n)
		step(source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: data, KeyFrame: true, Timestamp: uint32(n) * 3000}))
		select {
		case f := <-got:
			if !bytes.Equal(f, data) {
				t.Fatalf("frame %d differs", n)
			}
		case <-ctx.Done():
			t.Fatalf("frame %d does not arrive", n)
		}
	}
}
