package webrtc

import (
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"trackway/internal/jsep"
	"trackway/internal/transport"
)

// transportSet are the transports of a connection, in order of creation.
type transportSet struct {
	byID map[jsep.TransportID]*bundleTransport
	all  []*bundleTransport
}

// bundleTransport ties together the W3C objects of one bundle group, what
// negotiation says of it, and the transport underneath. The connection's lock
// guards it. It is the transport's Handler.
type bundleTransport struct {
	pc     *PeerConnection
	config *jsep.TransportConfig
	ice    *ICETransport
	dtls   *DTLSTransport
	tr     *transport.Transport
	closed bool

	// added counts the remote candidates of each generation, by remote ufrag,
	// that the transport has been given; ended are those whose end was told.
	added map[string]int
	ended map[string]bool
	// pair is the selected pair that was told last.
	pair transport.CandidatePair
	// completing is running while the state "completed" is held back.
	completing *time.Timer
	// begun are the local ufrags that gathering was announced for, gathering
	// those that are not finished.
	begun, gathering map[string]bool
}

// of finds the transport that carries an m-section.
func (s *transportSet) of(m *jsep.MediaConfig) *transport.Transport {
	if b := s.byID[m.Transport]; b != nil {
		return b.tr
	}
	return nil
}

// applyTransportsLocked has the transports follow the state: pointers that are
// the same as before say that nothing changed.
func (pc *PeerConnection) applyTransportsLocked() {
	configs := pc.state.Transports()
	wanted := make(map[jsep.TransportID]bool, len(configs))
	made := false
	for _, config := range configs {
		wanted[config.ID] = true
		b := pc.transports.byID[config.ID]
		if b == nil {
			b, made = pc.makeTransportLocked(config.ID), true
		}
		if b.config != config {
			b.announceGathering(config)
		}
	}
	if made {
		// A new transport is not connected, and so the connection no longer is.
		var fire events
		pc.updateICEConnectionStateLocked(&fire)
		pc.updateConnectionStateLocked(&fire)
		if len(fire) > 0 {
			pc.queueLocked(func() events { return fire })
		}
	}
	for _, config := range configs {
		b := pc.transports.byID[config.ID]
		if b.config != config {
			old := b.config
			b.config = config
			b.follow(old)
		}
	}
	if len(wanted) == len(pc.transports.all) {
		return
	}
	for _, b := range slices.Clone(pc.transports.all) {
		if !wanted[b.config.ID] {
			pc.dropTransportLocked(b)
		}
	}
}

func (pc *PeerConnection) makeTransportLocked(id jsep.TransportID) *bundleTransport {
	b := &bundleTransport{
		pc: pc, added: map[string]int{}, ended: map[string]bool{},
		begun: map[string]bool{}, gathering: map[string]bool{},
	}
	b.ice = &ICETransport{
		pc: pc, role: ICERoleUnknown, state: ICETransportStateNew, gatheringState: ICEGatheringStateNew,
	}
	b.dtls = &DTLSTransport{pc: pc, ice: b.ice, bundle: b, state: DTLSTransportStateNew}
	if pc.transports.byID == nil {
		pc.transports.byID = map[jsep.TransportID]*bundleTransport{}
	}
	pc.transports.byID[id] = b
	pc.transports.all = append(pc.transports.all, b)

	certificates := make([]tls.Certificate, len(pc.certificates))
	for i, c := range pc.certificates {
		certificates[i] = c.tls
	}
	tr, err := transport.New(transport.Config{
		Network: pc.engine.network, Handler: b, Certificates: certificates,
		Servers: pc.config.servers(), Policy: transport.Policy(pc.config.ICETransportPolicy),
		Pool: pc.pool,
	})
	if err != nil {
		b.fail(err)
		return b
	}
	b.tr = tr
	pc.media.attach(tr)
	return b
}

// fail reports a transport that could not be made or started: ICE has failed.
func (b *bundleTransport) fail(error) {
	b.pc.queueTask(func() { b.ICEState(transport.ICEFailed) })
}

// dropTransportLocked closes a transport that negotiation does not need any
// more. It no longer counts for the states of the connection at once; its own
// change later: "this results in events firing on these objects in a queued
// task" (webrtc-pc 4.4.1.5).
func (pc *PeerConnection) dropTransportLocked(b *bundleTransport) {
	delete(pc.transports.byID, b.config.ID)
	pc.transports.all = slices.DeleteFunc(pc.transports.all, func(x *bundleTransport) bool { return x == b })
	b.closed = true
	if b.completing != nil {
		b.completing.Stop()
	}
	if b.tr != nil {
		pc.media.detach(b.tr)
	}
	var changed events
	pc.updateGatheringStateLocked(&changed)
	pc.updateICEConnectionStateLocked(&changed)
	pc.updateConnectionStateLocked(&changed)
	pc.queueLocked(func() events {
		var fire events
		if b.ice.state != ICETransportStateClosed {
			b.ice.state = ICETransportStateClosed
			fire.add(pc, &b.ice.onState)
		}
		if b.dtls.state != DTLSTransportStateClosed {
			b.dtls.state = DTLSTransportStateClosed
			fire.add(pc, &b.dtls.onState)
		}
		return append(fire, changed...)
	})
	pc.queueTask(func() {
		if b.tr != nil {
			_ = b.tr.Close()
		}
	})
}

// follow has the transport do what the new configuration says.
func (b *bundleTransport) follow(old *jsep.TransportConfig) {
	c := b.config
	if c.RoleKnown && b.ice.role == ICERoleUnknown {
		// "If [[IceRole]] is not unknown, do not modify [[IceRole]]."
		b.ice.role = ICERoleControlled
		if c.Controlling {
			b.ice.role = ICERoleControlling
		}
	}
	b.followParameters()
	if b.tr == nil {
		return
	}
	if old != nil && old.PendingICE != nil && c.PendingICE == nil &&
		(c.ICE == nil || old.PendingICE.Local.Ufrag != c.ICE.Local.Ufrag) {
		b.tr.Abandon(old.PendingICE.Local.Ufrag)
	}
	b.followGeneration(c.ICE)
	b.followGeneration(c.PendingICE)
	if c.Negotiated && len(c.RemoteFingerprints) > 0 {
		params := transport.DTLSParams{Client: c.DTLSClient, Generation: c.DTLSGeneration}
		for _, f := range c.RemoteFingerprints {
			params.Fingerprints = append(params.Fingerprints, transport.Fingerprint(f))
		}
		if err := b.tr.StartDTLS(params); err != nil {
			b.fail(err)
		}
	}
}

// followParameters updates what ICETransport tells of the generation in use or,
// before there is one, of the proposed one.
func (b *bundleTransport) followParameters() {
	g := b.config.ICE
	if g == nil {
		g = b.config.PendingICE
	}
	if g == nil {
		return
	}
	if g.Local.Ufrag != "" {
		b.ice.localParameters = &ICEParameters{UsernameFragment: g.Local.Ufrag, Password: g.Local.Pwd}
	}
	if g.Remote.Ufrag != "" {
		b.ice.remoteParameters = &ICEParameters{UsernameFragment: g.Remote.Ufrag, Password: g.Remote.Pwd}
	}
}

// followGeneration gathers, connects and adds candidates for one generation.
func (b *bundleTransport) followGeneration(g *jsep.ICEGeneration) {
	if g == nil {
		return
	}
	if g.Local.Ufrag != "" {
		if err := b.tr.Gather(transport.Credentials{Ufrag: g.Local.Ufrag, Pwd: g.Local.Pwd}); err != nil {
			b.fail(err)
			return
		}
	}
	if g.Remote.Ufrag == "" {
		return
	}
	b.followCandidates(g)
	if g.Local.Ufrag == "" {
		return
	}
	if err := b.tr.Connect(transport.RemoteICE{
		Credentials: transport.Credentials{Ufrag: g.Remote.Ufrag, Pwd: g.Remote.Pwd}, LocalUfrag: g.Local.Ufrag,
		Lite: b.config.RemoteLite, Controlling: b.ice.role == ICERoleControlling,
	}); err != nil {
		b.fail(err)
	}
}

func (b *bundleTransport) followCandidates(g *jsep.ICEGeneration) {
	ufrag := g.Remote.Ufrag
	for b.added[ufrag] < len(g.Candidates) {
		text := g.Candidates[b.added[ufrag]]
		b.added[ufrag]++
		c, err := transport.ParseCandidate(text)
		if err != nil {
			continue
		}
		mid, index, fragment := b.config.MID, uint16(b.config.MLineIndex), ufrag
		b.ice.remote = append(b.ice.remote, newICECandidate(ICECandidateInit{
			Candidate: "candidate:" + strings.TrimPrefix(text, "candidate:"), SDPMid: &mid, SDPMLineIndex: &index,
			UsernameFragment: &fragment,
		}))
		if b.pc.prohibited(c) {
			continue
		}
		c.Ufrag = ufrag
		// A candidate that the agent cannot use, of a protocol that is switched
		// off for instance, is one check less and no error.
		_ = b.tr.AddRemoteCandidate(c)
	}
	if g.EndOfCandidates && !b.ended[ufrag] {
		b.ended[ufrag] = true
		b.tr.EndOfRemoteCandidates(ufrag)
	}
}

// prohibited is "administratively prohibited" (webrtc-pc 4.4.2).
func (pc *PeerConnection) prohibited(c transport.Candidate) bool {
	if c.Component == 2 || badPort(c.Port) {
		return true
	}
	// "If iceTransportPolicy is relay, candidates requiring external resolution,
	// such as mDNS candidates and DNS candidates, MUST be prohibited."
	return pc.config.ICETransportPolicy == ICETransportPolicyRelay && strings.ContainsAny(c.Address, "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ-_")
}

// RTP implements transport.Handler.
func (b *bundleTransport) RTP(now time.Time, packet []byte) { b.pc.media.handleRTP(b.tr, now, packet) }

// RTCP implements transport.Handler.
func (b *bundleTransport) RTCP(now time.Time, packet []byte) {
	b.pc.media.handleRTCP(b.tr, now, packet)
}

// Received implements transport.Handler.
func (b *bundleTransport) Received() { b.pc.media.received(b.tr) }
