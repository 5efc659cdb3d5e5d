package main

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
	"trackway/webrtc"
)

type trackwayStack struct{}

func newTrackway() stack { return trackwayStack{} }

var trackwayEngine = sync.OnceValues(func() (*webrtc.Engine, error) {
	return webrtc.NewEngine(webrtc.WithNetworkConfig(transport.NetworkConfig{
		Loopback:   transport.LoopbackOnly,
		AddrFilter: netip.Addr.Is4,
	}))
})

func (trackwayStack) newConn() (conn, error) {
	e, err := trackwayEngine()
	if err != nil {
		return nil, err
	}
	return newTrackwayConn(e)
}

func newTrackwayConn(e *webrtc.Engine) (conn, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{}, webrtc.WithEngine(e))
	if err != nil {
		return nil, err
	}
	c := &trackwayConn{pc: pc, stream: media.NewStreamWithID("stream"), up: make(chan struct{}), gathered: make(chan struct{})}
	var up, gathered sync.Once
	pc.OnConnectionStateChange(func() {
		if pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
			up.Do(func() { close(c.up) })
		}
	})
	pc.OnICEGatheringStateChange(func() {
		if pc.ICEGatheringState() == webrtc.ICEGatheringStateComplete {
			gathered.Do(func() { close(c.gathered) })
		}
	})
	return c, nil
}

func (trackwayStack) newTrack(id string) (track, error) {
	src := media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000}, media.WithLabel(id))
	t := &trackwayTrack{src: src, track: src.NewTrack()}
	t.data = make([]byte, 8*payloadSize)
	return t, nil
}

func (trackwayStack) newDelayed(oneWay time.Duration) (conn, conn, func(), error) {
	sim := udp.NewSim(1, udp.Link{Latency: oneWay})
	var conns [2]conn
	var engines [2]*webrtc.Engine
	for i := range conns {
		addr := netip.AddrFrom4([4]byte{10, 9, 0, byte(i + 1)})
		e, err := webrtc.NewEngine(webrtc.WithNetworkConfig(transport.NetworkConfig{
			Listen: sim.Listen,
			Interfaces: func() ([]transport.Interface, error) {
				return []transport.Interface{{Name: "sim0", Addrs: []netip.Addr{addr}}}, nil
			},
		}))
		if err != nil {
			return nil, nil, nil, err
		}
		engines[i] = e
		if conns[i], err = newTrackwayConn(e); err != nil {
			return nil, nil, nil, err
		}
	}
	return conns[0], conns[1], func() {
		for i := range conns {
			conns[i].close()
			engines[i].Close()
		}
	}, nil
}

type trackwayTrack struct {
	src   *media.Source
	track *media.Track
	data  []byte
	frame media.EncodedFrame
}

func (t *trackwayTrack) write(frame uint32, n int) error {
	t.frame = media.EncodedFrame{
		MimeType: "video/VP8", Data: t.data[:n*payloadSize], Timestamp: frame * 3000, KeyFrame: true,
	}
	return t.src.WriteFrame(&t.frame)
}

type trackwayConn struct {
	pc           *webrtc.PeerConnection
	stream       *media.Stream // that all tracks are in
	up, gathered chan struct{}
}

func (c *trackwayConn) addTrack(t track) error {
	_, err := c.pc.AddTrack(t.(*trackwayTrack).track, c.stream)
	return err
}

func (c *trackwayConn) setLocal() (string, error) {
	if err := c.pc.SetLocalDescription(context.Background(), nil); err != nil {
		return "", err
	}
	<-c.gathered
	return c.pc.LocalDescription().SDP, nil
}

func (c *trackwayConn) offer() (string, error) { return c.setLocal() }

func (c *trackwayConn) answer(offer string) (string, error) {
	err := c.pc.SetRemoteDescription(context.Background(), webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", err
	}
	return c.setLocal()
}

func (c *trackwayConn) accept(answer string) error {
	return c.pc.SetRemoteDescription(context.Background(), webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (c *trackwayConn) connected() <-chan struct{} { return c.up }

func (c *trackwayConn) onPacket(f func()) {
	c.pc.OnTrack(func(ev webrtc.TrackEvent) {
		go func() {
			buf := make([]byte, 1500)
			for {
				if _, err := ev.Receiver.ReadRTP(buf); err != nil {
					return
				}
				f()
			}
		}()
	})
}

func (c *trackwayConn) close() error { return c.pc.Close() }
