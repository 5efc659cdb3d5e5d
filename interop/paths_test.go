package interop

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"trackway/interop/browser"
	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

// address is this machine's, as browsers see it: Chromium does not use the
// loopback one.
func address(t *testing.T) net.IP {
	t.Helper()
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP
		}
	}
	return net.IPv4(127, 0, 0, 1)
}

// relayServer serves TURN for the user "u" with the password "p"; the URLs are
// those over UDP and over TCP.
func relayServer(t *testing.T) (udp, tcp string) {
	t.Helper()
	ip := address(t)
	gen := &turn.RelayAddressGeneratorStatic{RelayAddress: ip, Address: ip.String()}
	pc, err := net.ListenPacket("udp4", net.JoinHostPort(ip.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort(ip.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: "interop",
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, "p"), a.Username == "u"
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: pc, RelayAddressGenerator: gen}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: listener, RelayAddressGenerator: gen}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return fmt.Sprintf("turn:%s?transport=udp", pc.LocalAddr()), fmt.Sprintf("turn:%s?transport=tcp", listener.Addr())
}

// selected is what the browser's statistics say of the pair in use.
const selected = `
	const stats = [...(await peer.pc.getStats()).values()];
	const pair = stats.find((s) => s.type === "candidate-pair" && s.nominated && s.state === "succeeded" && s.bytesSent > 0);
	const local = stats.find((s) => s.id === pair?.localCandidateId);
	return {type: local?.candidateType, protocol: local?.protocol, relay: local?.relayProtocol};`

type browserPath struct{ Type, Protocol, Relay string }

// Pictures both ways through a TURN server, the only way that both ends are
// allowed, which they reach over UDP and over TCP.
func TestRelayOnly(t *testing.T) {
	for _, kind := range kinds {
		for _, protocol := range []string{"udp", "tcp"} {
			t.Run(string(kind)+"/"+protocol, func(t *testing.T) {
				h := enter(t, kind, "", browser.Options{})
				url, tcp := relayServer(t)
				if protocol == "tcp" {
					url = tcp
				}
				x := startWith(t, h, kind, protocol == "udp", setting{
					config: webrtc.Configuration{
						ICEServers:         []webrtc.ICEServer{webrtc.NewTURNServer("u", "p", url)},
						ICETransportPolicy: webrtc.ICETransportPolicyRelay,
					},
					page: map[string]any{
						"iceServers":         []any{map[string]any{"urls": url, "username": "u", "credential": "p"}},
						"iceTransportPolicy": "relay",
					},
				})
				x.exchangePictures()
				p := x.pair()
				kind, _ := p.Local.Type()
				over, _ := p.Local.RelayProtocol()
				if string(kind) != "relay" || string(over) != protocol {
					t.Errorf("this program must send through a relay reached over %s, sends by %s", protocol, p.Local.Candidate())
				}
				var got browserPath
				x.eval(&got, selected, nil)
				if want := (browserPath{"relay", "udp", protocol}); got != want {
					t.Errorf("the browser must send by %+v, sends by %+v", want, got)
				}
				x.wantNoErrors()
			})
		}
	}
}

// pair is the one that this program uses.
func (x *rig) pair() *webrtc.ICECandidatePair {
	x.Helper()
	p := x.pc.GetTransceivers()[0].Receiver().Transport().ICETransport().GetSelectedCandidatePair()
	if p == nil {
		x.Fatal("no pair is selected")
	}
	return p
}

// exchangePictures has each end send a picture and checks that it is shown.
func (x *rig) exchangePictures() {
	x.Helper()
	if x.goOffers {
		x.add(x.clipTrack(media.Video), media.NewStream())
		x.eval(nil, `await arrived("video"); peer.pc.addTrack(T.picture(args.colour), new MediaStream())`, browser.Args{"colour": browserPicture})
	} else {
		x.eval(nil, `peer.pc.addTrack(T.picture(args.colour), new MediaStream())`, browser.Args{"colour": browserPicture})
		x.arrived(media.Video, 0)
		x.add(x.clipTrack(media.Video), media.NewStream())
	}
	x.wantPicture(x.arrived(media.Video, 0).Track, browserRGB)
	x.eval(nil, `
		const {track} = await arrived("video");
		T.play(track);
		await T.until("frames decode", async () => await T.frames(peer.pc, track) > 10);`, nil)
}

var (
	udpMessage = regexp.MustCompile(`"candidate":"candidate:\S+ \d udp `)
	udpLine    = regexp.MustCompile(`(?i)a=candidate:\S+ \d udp .*?\\r\\n`)
)

// onlyTCP takes the candidates of UDP out of what is signalled.
type onlyTCP struct{ signaling.Pipe }

func (p onlyTCP) Send(ctx context.Context, message []byte) error {
	if message = withoutUDP(message); message == nil {
		return nil
	}
	return p.Pipe.Send(ctx, message)
}

func (p onlyTCP) Receive(ctx context.Context) ([]byte, error) {
	for {
		message, err := p.Pipe.Receive(ctx)
		if err != nil {
			return nil, err
		}
		if message = withoutUDP(message); message != nil {
			return message, nil
		}
	}
}

func withoutUDP(message []byte) []byte {
	if udpMessage.Match(bytes.ToLower(message)) {
		return nil
	}
	return udpLine.ReplaceAll(message, nil)
}

// Where no UDP passes, the browser connects to this program's passive TCP
// candidates (RFC 6544).
func TestICEOverTCP(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			h := enter(t, kind, "", browser.Options{})
			engine := newEngine(t, webrtc.WithNetworkConfig(webrtc.NetworkConfig{ICETCP: true}))
			x := startWith(t, h, kind, true, setting{
				options: []webrtc.Option{webrtc.WithEngine(engine)},
				pipe:    func(p signaling.Pipe) signaling.Pipe { return onlyTCP{p} },
			})
			x.exchangePictures()
			p := x.pair()
			protocol, _ := p.Local.Protocol()
			if role, _ := p.Local.TCPType(); protocol != webrtc.ICEProtocolTCP || role != webrtc.ICETCPCandidateTypePassive {
				t.Errorf("this program must send by a passive TCP candidate, sends by %s", p.Local.Candidate())
			}
			var got browserPath
			x.eval(&got, selected, nil)
			if got.Protocol != "tcp" {
				t.Errorf("the browser must send over TCP, sends by %+v", got)
			}
			x.wantNoErrors()
		})
	}
}

// A browser that dies says nothing: without consent (RFC 7675) the connection is
// disconnected after 5 s and fails some time later, shortened here from the 25 s
// that package transport tests in virtual time.
func TestConsentIsLostWithTheBrowser(t *testing.T) {
	eachKind(t, func(t *testing.T, kind browser.Kind) {
		h := enter(t, kind, " to be killed", browser.Options{})
		engine := newEngine(t, webrtc.WithNetworkConfig(webrtc.NetworkConfig{Timing: webrtc.NetworkTiming{Failed: time.Second}}))
		x := startWith(t, h, kind, true, setting{options: []webrtc.Option{webrtc.WithEngine(engine)}})
		x.dies = true
		x.exchangePictures()
		received := x.arrived(media.Video, 0).Track
		began := time.Now()
		h.browser.Close()
		x.until("disconnected", func() bool { return x.pc.ICEConnectionState() == webrtc.ICEConnectionStateDisconnected })
		if d := time.Since(began); d < 3*time.Second || d > 9*time.Second {
			t.Errorf("disconnected after %v, want about 5 s", d)
		}
		if got := x.pc.ConnectionState(); got != webrtc.PeerConnectionStateDisconnected {
			t.Errorf("the connection must be disconnected too, is %s", got)
		}
		x.until("failed", func() bool { return x.pc.ConnectionState() == webrtc.PeerConnectionStateFailed })
		if d := time.Since(began); d > 12*time.Second {
			t.Errorf("failed after %v, want about 6 s", d)
		}
		if received.ReadyState() != media.Live {
			t.Error("tracks outlive the failure: a restart may bring them back")
		}
	})
}
