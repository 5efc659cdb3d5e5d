package webrtc

import (
	"context"
	"fmt"
	"testing"

	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
)

func benchEngine(b *testing.B) *Engine {
	sim := udp.NewSim(1, udp.Link{Down: true})
	e, err := NewEngine(WithNetworkConfig(transport.NetworkConfig{
		Listen: sim.Listen, MDNS: transport.MDNSOff,
		Interfaces: func() ([]transport.Interface, error) { return nil, nil },
	}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return e
}

// BenchmarkAddTrack must not depend on how many tracks there are.
func BenchmarkAddTrack(b *testing.B) {
	e := benchEngine(b)
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
			tracks := make([]*media.Track, n)
			stream := media.NewStream()
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for i := range tracks {
					tracks[i] = source.NewTrack()
				}
				pc, err := NewPeerConnection(Configuration{}, WithEngine(e))
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				for _, t := range tracks {
					if _, err := pc.AddTrack(t, stream); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				_ = pc.Close()
				for _, t := range tracks {
					t.Stop()
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/track")
		})
	}
}

// BenchmarkOneMoreTrack negotiates one track more, where there are n.
func BenchmarkOneMoreTrack(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{1, 300} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := benchEngine(b)
			source := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
			var peers [2]*PeerConnection
			for i := range peers {
				pc, err := NewPeerConnection(Configuration{BundlePolicy: BundlePolicyMaxBundle}, WithEngine(e))
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = pc.Close() }()
				peers[i] = pc
			}
			step := func(tracks int) {
				for range tracks {
					if _, err := peers[0].AddTrack(source.NewTrack()); err != nil {
						b.Fatal(err)
					}
				}
				for _, p := range [][2]*PeerConnection{{peers[0], peers[1]}, {peers[1], peers[0]}} {
					if err := p[0].SetLocalDescription(ctx, nil); err != nil {
						b.Fatal(err)
					}
					if err := p[1].SetRemoteDescription(ctx, *p[0].LocalDescription()); err != nil {
						b.Fatal(err)
					}
				}
			}
			step(n)
			b.ReportAllocs()
			for b.Loop() {
				step(1)
			}
		})
	}
}
