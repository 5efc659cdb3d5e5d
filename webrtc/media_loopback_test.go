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

// loopbackEngine uses the system's own sockets, with whatever batching the
// kernel offers.
func loopbackEngine(t testing.TB, options ...EngineOption) *Engine {
	t.Helper()
	engine := soakEngine(t, options...)
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// soakEngine is a loopback engine that the caller closes.
func soakEngine(t testing.TB, options ...EngineOption) *Engine {
	t.Helper()
	lo := netip.MustParseAddr("127.0.0.1")
	engine, err := NewEngine(append(options, WithNetworkConfig(transport.NetworkConfig{
		Interfaces: func() ([]transport.Interface, error) {
			return []transport.Interface{{Name: "lo", Addrs: []netip.Addr{lo}}}, nil
		},
		Listen: udp.Listen,
		MDNS:   transport.MDNSOff,
	}))...)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// loopbackPair connects two connections; a sends the track.
func loopbackPair(ctx context.Context, t testing.TB, from, to *Engine, track *media.Track) (a, b *PeerConnection) {
	t.Helper()
	connected := make(chan struct{}, 2)
	var pcs [2]*PeerConnection
	for i := range pcs {
		engine := from
		if i == 1 {
			engine = to
		}
		pc, err := NewPeerConnection(Configuration{}, WithEngine(engine))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pc.Close() })
		pcs[i] = pc
		pc.OnConnectionStateChange(func() {
			if pc.ConnectionState() == PeerConnectionStateConnected {
				connected <- struct{}{}
			}
		})
	}
	a, b = pcs[0], pcs[1]
	if _, err := a.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// All candidates go with the descriptions.
	describe := func(from, to *PeerConnection) {
		t.Helper()
		gathered := make(chan struct{}, 8)
		from.OnICEGatheringStateChange(func() { gathered <- struct{}{} })
		step(from.SetLocalDescription(ctx, nil))
		for from.ICEGatheringState() != ICEGatheringStateComplete {
			select {
			case <-gathered:
			case <-ctx.Done():
				t.Fatal("gathering does not end")
			}
		}
		step(to.SetRemoteDescription(ctx, *from.LocalDescription()))
	}
	describe(a, b)
	describe(b, a)
	for range 2 {
		select {
		case <-connected:
		case <-ctx.Done():
			t.Fatalf("not connected: %s and %s", a.ConnectionState(), b.ConnectionState())
		}
	}
	return a, b
}

func TestMediaOverLoopback(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	source := media.NewEncodedSource(vp8)
	_, b := loopbackPair(ctx, t, loopbackEngine(t), loopbackEngine(t), source.NewTrack())
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
		if err := source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: data, KeyFrame: true, Timestamp: uint32(n) * 3000}); err != nil {
			t.Fatal(err)
		}
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

// BenchmarkMediaFanOut is a frame of eight packets to each of the peers over
// loopback: the figure is per packet and peer, receiving included.
func BenchmarkMediaFanOut(b *testing.B) {
	const peers = 16
	source := media.NewEncodedSource(vp8)
	track := source.NewTrack()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	sender := loopbackEngine(b)
	for range peers { // each with an address of its own, as peers have
		loopbackPair(ctx, b, sender, loopbackEngine(b), track)
	}
	f := &media.EncodedFrame{MimeType: "video/VP8", Data: make([]byte, 8*1100), KeyFrame: true}
	copy(f.Data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
	send := func() {
		f.Timestamp += 3000
		if err := source.WriteFrame(f); err != nil {
			b.Fatal(err)
		}
	}
	for range 300 {
		send()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + 8*peers - 1) / (8 * peers) {
		send()
	}
}
