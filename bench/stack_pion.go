package main

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"
)

type pionStack struct{}

func newPion() stack { return pionStack{} }

// pionLoopback keeps to the loopback interface without mDNS, as ours does.
func pionLoopback() webrtc.SettingEngine {
	var e webrtc.SettingEngine
	e.SetIncludeLoopbackCandidate(true)
	e.SetIPFilter(net.IP.IsLoopback)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return e
}

var pionAPI = sync.OnceValue(func() *webrtc.API {
	return webrtc.NewAPI(webrtc.WithSettingEngine(pionLoopback()))
})

func (pionStack) newConn() (conn, error) { return newPionConn(pionAPI()) }

func newPionConn(api *webrtc.API) (conn, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &pionConn{pc: pc, up: make(chan struct{})}
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(c.up) })
		}
	})
	return c, nil
}

func (pionStack) newTrack(id string) (track, error) {
	t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, id, "stream")
	if err != nil {
		return nil, err
	}
	return &pionTrack{TrackLocalStaticRTP: t, payload: make([]byte, payloadSize)}, nil
}

func (pionStack) newDelayed(oneWay time.Duration) (conn, conn, func(), error) {
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: "10.9.0.0/24", MinDelay: oneWay, LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	if err != nil {
		return nil, nil, nil, err
	}
	var conns [2]conn
	for i := range conns {
		n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{fmt.Sprintf("10.9.0.%d", i+1)}})
		if err != nil {
			return nil, nil, nil, err
		}
		if err := router.AddNet(n); err != nil {
			return nil, nil, nil, err
		}
		var e webrtc.SettingEngine
		e.SetNet(n)
		e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
		if conns[i], err = newPionConn(webrtc.NewAPI(webrtc.WithSettingEngine(e))); err != nil {
			return nil, nil, nil, err
		}
	}
	if err := router.Start(); err != nil {
		return nil, nil, nil, err
	}
	return conns[0], conns[1], func() {
		conns[0].close()
		conns[1].close()
		router.Stop()
	}, nil
}

type pionTrack struct {
	*webrtc.TrackLocalStaticRTP
	payload []byte
	seq     uint16
	packet  rtp.Packet
}

func (t *pionTrack) write(frame uint32, n int) error {
	for i := range n {
		t.packet = rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: t.seq, Timestamp: frame * 3000, Marker: i == n-1},
			Payload: t.payload,
		}
		t.seq++
		if err := t.WriteRTP(&t.packet); err != nil {
			return err
		}
	}
	return nil
}

type pionConn struct {
	pc *webrtc.PeerConnection
	up chan struct{}
}

func (c *pionConn) addTrack(t track) error {
	s, err := c.pc.AddTrack(t.(*pionTrack).TrackLocalStaticRTP)
	if err != nil {
		return err
	}
	go func() { // pion's interceptors run while somebody reads RTCP
		buf := make([]byte, 1500)
		for {
			if _, _, err := s.Read(buf); err != nil {
				return
			}
		}
	}()
	return nil
}

func (c *pionConn) set(d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return c.pc.LocalDescription().SDP, nil
}

func (c *pionConn) offer() (string, error) {
	d, err := c.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return c.set(d)
}

func (c *pionConn) answer(offer string) (string, error) {
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	d, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return c.set(d)
}

func (c *pionConn) accept(answer string) error {
	return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (c *pionConn) connected() <-chan struct{} { return c.up }

func (c *pionConn) onPacket(f func()) {
	c.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		buf := make([]byte, 1500)
		for {
			if _, _, err := t.Read(buf); err != nil {
				return
			}
			f()
		}
	})
}

func (c *pionConn) close() error { return c.pc.Close() }
