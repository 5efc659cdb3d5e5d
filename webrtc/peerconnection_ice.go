package webrtc

import (
	"strings"
	"time"

	"trackway/internal/jsep"
	"trackway/internal/transport"
)

// queue queues a task of the transport's agent. Nothing is told of a transport
// that was dropped.
func (b *bundleTransport) queue(task func(fire *events)) {
	b.pc.queueLocked(func() events {
		if b.closed {
			return nil
		}
		var fire events
		task(&fire)
		return fire
	})
}

// represented reports whether a local description has the generation of a local
// ufrag.
func (b *bundleTransport) represented(ufrag string) bool {
	for _, g := range []*jsep.ICEGeneration{b.config.ICE, b.config.PendingICE} {
		if g != nil && g.Local.Ufrag == ufrag {
			return true
		}
	}
	return false
}

// localCandidate is "create an RTCIceCandidate" for a local one.
func (b *bundleTransport) localCandidate(text, ufrag string) ICECandidateInit {
	mid, index := b.config.MID, uint16(b.config.MLineIndex)
	return ICECandidateInit{Candidate: text, SDPMid: &mid, SDPMLineIndex: &index, UsernameFragment: &ufrag}
}

// LocalCandidate implements transport.Handler: "a new ICE candidate is
// available" and "surface a candidate" (webrtc-pc 5.6). Gathering begins when
// the description has been applied, so there are no early candidates to keep; a
// candidate of a generation that was rolled back is nobody's.
func (b *bundleTransport) LocalCandidate(c transport.Candidate) {
	b.queue(func(fire *events) {
		pc := b.pc
		if !b.represented(c.Ufrag) {
			return
		}
		text := c.String()
		pc.adoptLocked(pc.state.AddLocalCandidate(b.config.ID, c.Ufrag, text))
		b.config = pc.currentTransportConfig(b.config)
		init := b.localCandidate(text, c.Ufrag)
		init.URL, init.RelayProtocol = c.URL, ICEServerTransportProtocol(c.RelayProtocol)
		candidate := newICECandidate(init)
		b.ice.local = append(b.ice.local, candidate)
		addEvent(fire, pc, &pc.on.iceCandidate, PeerConnectionICEEvent{Candidate: candidate})
	})
}

// currentTransportConfig is the configuration of the same transport in the state
// that is current now.
func (pc *PeerConnection) currentTransportConfig(old *jsep.TransportConfig) *jsep.TransportConfig {
	for _, c := range pc.state.Transports() {
		if c.ID == old.ID {
			return c
		}
	}
	return old
}

// announceGathering queues "began gathering a generation of candidates" for what
// config adds. It is queued for all transports before the first one gathers: one
// that is done at once must not make the connection complete while others have
// not begun.
func (b *bundleTransport) announceGathering(config *jsep.TransportConfig) {
	for _, g := range []*jsep.ICEGeneration{config.ICE, config.PendingICE} {
		if g == nil || g.Local.Ufrag == "" || b.begun[g.Local.Ufrag] {
			continue
		}
		ufrag := g.Local.Ufrag
		b.begun[ufrag] = true
		b.queue(func(fire *events) {
			b.gathering[ufrag] = true
			if b.ice.gatheringState != ICEGatheringStateGathering {
				b.ice.gatheringState = ICEGatheringStateGathering
				fire.add(b.pc, &b.ice.onGatheringState)
			}
			b.pc.updateGatheringStateLocked(fire)
		})
	}
}

// GatheringState implements transport.Handler: "finished gathering a generation
// of candidates". That it began was announced before.
func (b *bundleTransport) GatheringState(ufrag string, s transport.GatheringState) {
	if s == transport.GatheringComplete {
		b.queue(func(fire *events) { b.endOfCandidatesLocked(ufrag, fire) })
		b.queue(func(fire *events) { b.gatheringCompleteLocked(ufrag, fire) })
	}
}

// endOfCandidatesLocked is the first of the two tasks when gathering has
// finished.
func (b *bundleTransport) endOfCandidatesLocked(ufrag string, fire *events) {
	pc := b.pc
	if !b.represented(ufrag) {
		return
	}
	pc.adoptLocked(pc.state.EndOfLocalCandidates(b.config.ID, ufrag))
	b.config = pc.currentTransportConfig(b.config)
	addEvent(fire, pc, &pc.on.iceCandidate,
		PeerConnectionICEEvent{Candidate: newICECandidate(b.localCandidate("", ufrag))})
}

// gatheringCompleteLocked is the second, unless "other generations of candidates
// are being gathered".
func (b *bundleTransport) gatheringCompleteLocked(ufrag string, fire *events) {
	pc := b.pc
	delete(b.gathering, ufrag)
	if len(b.gathering) > 0 || b.ice.gatheringState == ICEGatheringStateComplete {
		return
	}
	b.ice.gatheringState = ICEGatheringStateComplete
	fire.add(pc, &b.ice.onGatheringState)
	pc.updateGatheringStateLocked(fire)
	// The specification fires the null candidate for every transport. Programs
	// take it for the end of all gathering, which with one transport it is;
	// with several, it fires here when the last one is done, as in browsers.
	if pc.iceGatheringState == ICEGatheringStateComplete {
		addEvent(fire, pc, &pc.on.iceCandidate, PeerConnectionICEEvent{})
	}
}

// CandidateError implements transport.Handler (webrtc-pc 4.8.3).
func (b *bundleTransport) CandidateError(e transport.CandidateError) {
	b.queue(func(fire *events) {
		addEvent(fire, b.pc, &b.pc.on.iceCandidateError, PeerConnectionICEErrorEvent{
			Address: e.Address, Port: e.Port, URL: e.URL, ErrorCode: uint16(e.Code), ErrorText: e.Text,
		})
	})
}

// connectedFor is how long a transport is connected before it is completed.
// Completed means that the agent "has finished checking all candidate pairs",
// and those that lead nowhere take their retransmissions' time to fail. Our
// agent gives them up when it has selected a pair; a program that was written
// for browsers looks for "connected", restarts ICE or watches for
// "disconnected", and is surprised by a "completed" that follows at once.
const connectedFor = 10 * time.Second

// ICEState implements transport.Handler: "change the selected candidate pair and
// state".
func (b *bundleTransport) ICEState(s transport.ICEState) {
	if s == transport.ICEConnected || s == transport.ICECompleted {
		// The first check may succeed before its agent has told that it checks.
		b.queue(func(fire *events) {
			if b.ice.state == ICETransportStateNew {
				b.setICEStateLocked(ICETransportStateChecking, fire)
			}
		})
	}
	b.queue(func(fire *events) {
		connected := b.ice.state == ICETransportStateConnected || b.ice.state == ICETransportStateCompleted
		switch {
		case connected && (s == transport.ICEChecking || s == transport.ICEConnected):
			// A restart looks for another pair while the one in use carries on.
			return
		case b.completing != nil && s == transport.ICECompleted:
			return
		case b.completing != nil:
			b.completing.Stop()
			b.completing = nil
		}
		if s == transport.ICECompleted && b.ice.state != ICETransportStateCompleted {
			s = transport.ICEConnected
			b.completing = time.AfterFunc(connectedFor, b.complete)
		}
		b.setICEStateLocked(ICETransportState(s), fire)
	})
}

// complete is called when the time is over.
func (b *bundleTransport) complete() {
	b.queue(func(fire *events) {
		if b.completing != nil {
			b.completing = nil
			b.setICEStateLocked(ICETransportStateCompleted, fire)
		}
	})
}

func (b *bundleTransport) setICEStateLocked(s ICETransportState, fire *events) {
	if b.ice.state == s {
		return
	}
	b.ice.state = s
	if b.tr != nil && s == ICETransportStateConnected {
		// "The selected pair and RTCIceTransportState are related and are handled in
		// the same task."
		if p, ok := b.tr.SelectedPair(); ok {
			b.selectLocked(p, fire)
		}
		// A conflict of roles has been resolved by now.
		b.ice.role = ICERoleControlled
		if b.tr.Controlling() {
			b.ice.role = ICERoleControlling
		}
	}
	pc := b.pc
	fire.add(pc, &b.ice.onState)
	pc.updateICEConnectionStateLocked(fire)
	pc.updateConnectionStateLocked(fire)
}

// SelectedPair implements transport.Handler.
func (b *bundleTransport) SelectedPair(p transport.CandidatePair) {
	b.pc.media.rerouted(b.tr)
	b.queue(func(fire *events) { b.selectLocked(p, fire) })
}

func (b *bundleTransport) selectLocked(p transport.CandidatePair, fire *events) {
	if b.pair == p {
		return
	}
	b.pair = p
	b.ice.selected = &ICECandidatePair{
		Local:  b.known(b.ice.local, p.Local),
		Remote: b.known(b.ice.remote, p.Remote),
	}
	fire.add(b.pc, &b.ice.onSelectedPair)
}

// known finds the object of a candidate, so that a selected pair has those of
// GetLocalCandidates; peer-reflexive ones get an object of their own.
func (b *bundleTransport) known(list []*ICECandidate, c transport.Candidate) *ICECandidate {
	for _, k := range list {
		if k.ok && k.parsed.Address == c.Address && k.parsed.Port == c.Port &&
			k.parsed.Protocol == c.Protocol && k.parsed.Type == c.Type &&
			(c.Ufrag == "" || k.init.UsernameFragment != nil && *k.init.UsernameFragment == c.Ufrag) {
			return k
		}
	}
	return newICECandidate(b.localCandidate(c.String(), c.Ufrag))
}

// DTLSState implements transport.Handler.
func (b *bundleTransport) DTLSState(s transport.DTLSState, err error) {
	if s == transport.DTLSConnected {
		// Media may flow before the program hears of it.
		b.pc.media.writable(b.tr)
	}
	b.queue(func(fire *events) {
		b.dtls.setStateLocked(s, err, fire)
		switch s {
		case transport.DTLSConnecting:
			b.pc.renewDataLocked(b, fire)
		case transport.DTLSConnected:
			b.pc.applyDataLocked()
		}
	})
}

// dtlsError is the RTCError of a handshake that failed.
func dtlsError(cause error) *RTCError {
	e := &RTCError{ErrorDetail: ErrorDetailDTLSFailure, Cause: cause}
	if cause != nil {
		e.Message = cause.Error()
		if strings.Contains(e.Message, "fingerprint") {
			e.ErrorDetail = ErrorDetailFingerprintFailure
		}
	}
	return e
}
