package webrtc

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
)

// world is a simulated network in virtual time.
type world struct {
	t     *testing.T
	sim   *udp.Sim
	peers []*peer
	// loop serves all peers, so that their handlers share variables without
	// locks and a script sees one order of events.
	loop Loop
	// options are those of the engines of peers to come.
	options []EngineOption
	// captured are streams to end with the script.
	captured []*media.Stream
}

// peer is a PeerConnection with the log of its events.
type peer struct {
	*PeerConnection
	t    *testing.T
	name string

	mu  sync.Mutex
	log []string
	// candidates are those not yet handed to the other peer.
	other *peer
}

// run runs a script in a bubble of virtual time.
func run(t *testing.T, script func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, sim: udp.NewSim(1, udp.Link{Latency: 10 * time.Millisecond}), loop: eventloop.New()}
		defer func() {
			for _, s := range w.captured {
				endCapture(s)
			}
			for _, p := range w.peers {
				if err := p.Close(); err != nil {
					t.Errorf("%s: Close: %v", p.name, err)
				}
				if err := p.engine.Close(); err != nil {
					t.Errorf("%s: closing the engine: %v", p.name, err)
				}
			}
			synctest.Wait()
		}()
		script(t, w)
	})
}

// peer makes a connection with an engine and an address of its own.
func (w *world) peer(name string, config ...Configuration) *peer {
	w.t.Helper()
	addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(len(w.peers) + 1)})
	engine, err := NewEngine(append(w.options[:len(w.options):len(w.options)], WithNetworkConfig(transport.NetworkConfig{
		Listen: w.sim.Listen,
		Interfaces: func() ([]transport.Interface, error) {
			return []transport.Interface{{Name: "sim0", Addrs: []netip.Addr{addr}}}, nil
		},
		MDNS: transport.MDNSOff,
	}))...)
	if err != nil {
		w.t.Fatalf("NewEngine: %v", err)
	}
	c := Configuration{BundlePolicy: BundlePolicyMaxBundle}
	if len(config) > 0 {
		c = config[0]
	}
	pc, err := NewPeerConnection(c, WithEngine(engine), WithLoop(w.loop))
	if err != nil {
		w.t.Fatalf("NewPeerConnection: %v", err)
	}
	p := &peer{PeerConnection: pc, t: w.t, name: name}
	p.record()
	w.peers = append(w.peers, p)
	return p
}

// pair makes two peers whose candidates find their way.
func (w *world) pair() (a, b *peer) {
	a, b = w.peer("a"), w.peer("b")
	a.trickleTo(b)
	b.trickleTo(a)
	return a, b
}

func (p *peer) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

// take returns the events since the last call, without candidates unless asked.
func (p *peer) take() []string {
	synctest.Wait()
	return p.taken()
}

func (p *peer) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

// only returns those of the taken events that have one of the prefixes.
func (p *peer) only(prefixes ...string) []string {
	return slices.DeleteFunc(p.take(), func(line string) bool {
		return !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(line, prefix) })
	})
}

// record writes every event to the log.
func (p *peer) record() {
	p.OnNegotiationNeeded(func() { p.note("negotiationneeded") })
	p.OnSignalingStateChange(func() { p.note("signalingstate %s", p.SignalingState()) })
	p.OnICEGatheringStateChange(func() { p.note("icegatheringstate %s", p.ICEGatheringState()) })
	p.OnICEConnectionStateChange(func() { p.note("iceconnectionstate %s", p.ICEConnectionState()) })
	p.OnConnectionStateChange(func() { p.note("connectionstate %s", p.ConnectionState()) })
	p.OnICECandidate(func(e PeerConnectionICEEvent) {
		switch {
		case e.Candidate == nil:
			p.note("icecandidate null")
		case e.Candidate.Candidate() == "":
			p.note("icecandidate end")
		default:
			p.note("icecandidate")
		}
	})
	p.OnTrack(func(e TrackEvent) {
		var ids []string
		for _, s := range e.Streams {
			ids = append(ids, s.ID())
		}
		p.note("track %s %v", e.Track.Kind(), ids)
	})
	p.OnDataChannel(func(e DataChannelEvent) { p.note("datachannel %s", e.Channel.Label()) })
}

// trickleTo hands p's candidates to q.
func (p *peer) trickleTo(q *peer) {
	p.other = q
	record := p.on.iceCandidate
	p.OnICECandidate(func(e PeerConnectionICEEvent) {
		record(e)
		if e.Candidate == nil {
			return
		}
		q.AddICECandidateAsync(e.Candidate.ToJSON(), func(err error) {
			// A candidate of an offer that was ignored or rolled back has no
			// description to go with.
			if err != nil && !errors.Is(err, ErrInvalidState) && !errors.Is(err, ErrOperation) {
				q.note("AddICECandidate: %v", err)
			}
		})
	})
}

func (p *peer) must(err error, what string) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, what, err)
	}
}

// offer sets and returns the implicit offer, or answer, after negotiationneeded
// has fired where it has to.
func (p *peer) offer() SessionDescription {
	p.t.Helper()
	synctest.Wait()
	p.must(p.SetLocalDescription(p.t.Context(), nil), "SetLocalDescription")
	return *p.LocalDescription()
}

func (p *peer) remote(d SessionDescription) {
	p.t.Helper()
	p.must(p.SetRemoteDescription(p.t.Context(), d), "SetRemoteDescription "+string(d.Type))
}

// negotiate runs one offer of a and answer of b.
func negotiate(a, b *peer) {
	a.t.Helper()
	b.remote(a.offer())
	a.remote(b.offer())
}

// connect negotiates and waits until both ends are connected.
func connect(a, b *peer) {
	a.t.Helper()
	negotiate(a, b)
	for _, p := range []*peer{a, b} {
		p.wait(func() bool { return p.ConnectionState() == PeerConnectionStateConnected }, "connected")
	}
}

// wait waits in virtual time until done, which runs on the loop, is true.
func (p *peer) wait(done func() bool, what string) {
	p.t.Helper()
	for range 2000 {
		synctest.Wait()
		ok := false
		p.must(p.Do(p.t.Context(), func() { ok = done() }), "Do")
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("%s: not %s after 20 s: signaling %s, ice %s, connection %s", p.name, what,
		p.SignalingState(), p.ICEConnectionState(), p.ConnectionState())
}

func (p *peer) addTrack(track *media.Track, streams ...*media.Stream) *RTPSender {
	p.t.Helper()
	s, err := p.AddTrack(track, streams...)
	p.must(err, "AddTrack")
	return s
}

func (p *peer) addTransceiver(kind media.Kind, direction RTPTransceiverDirection) *RTPTransceiver {
	p.t.Helper()
	t, err := p.AddTransceiverKind(kind, &RTPTransceiverInit{Direction: direction})
	p.must(err, "AddTransceiverKind")
	return t
}

func videoTrack() *media.Track {
	return media.NewEncodedSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000}).NewTrack()
}

func audioTrack() *media.Track {
	return media.NewEncodedSource(media.Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2}).NewTrack()
}

// wantError fails unless err has the name that the rule asks for.
func wantError(t *testing.T, err error, name domerr.Name, rule string) {
	t.Helper()
	if !errors.Is(err, name) {
		t.Errorf("%s: want %s, got %v", rule, name, err)
	}
}

func wantLog(t *testing.T, got, want []string, rule string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %q\n want %q", rule, got, want)
	}
}
