package webrtc

// ICEGatheringState is the iceGatheringState attribute.
func (pc *PeerConnection) ICEGatheringState() ICEGatheringState {
	return get(pc, &pc.iceGatheringState)
}

// ICEConnectionState is the iceConnectionState attribute.
func (pc *PeerConnection) ICEConnectionState() ICEConnectionState {
	return get(pc, &pc.iceConnectionState)
}

// ConnectionState is the connectionState attribute.
func (pc *PeerConnection) ConnectionState() PeerConnectionState {
	return get(pc, &pc.connectionState)
}

// deriveGatheringState is the table of webrtc-pc 4.3.2.
func deriveGatheringState(transports []*bundleTransport) ICEGatheringState {
	// new: "Any of the RTCIceTransports are in the new gathering state and none
	// of the transports are in the gathering state, or there are no transports."
	state := ICEGatheringStateComplete
	for _, b := range transports {
		switch b.ice.gatheringState {
		case ICEGatheringStateGathering:
			return ICEGatheringStateGathering
		case ICEGatheringStateNew:
			state = ICEGatheringStateNew
		}
	}
	if len(transports) == 0 {
		return ICEGatheringStateNew
	}
	return state
}

// iceCounts counts transports by ICE state.
func iceCounts(transports []*bundleTransport) map[ICETransportState]int {
	n := map[ICETransportState]int{}
	for _, b := range transports {
		n[b.ice.state]++
	}
	return n
}

// deriveICEConnectionState is the table of webrtc-pc 4.3.4; its rows are tried
// in order.
func deriveICEConnectionState(transports []*bundleTransport) ICEConnectionState {
	n, all := iceCounts(transports), len(transports)
	switch {
	case n[ICETransportStateFailed] > 0:
		return ICEConnectionStateFailed
	case n[ICETransportStateDisconnected] > 0:
		return ICEConnectionStateDisconnected
	case n[ICETransportStateNew]+n[ICETransportStateClosed] == all:
		return ICEConnectionStateNew
	case n[ICETransportStateNew]+n[ICETransportStateChecking] > 0:
		return ICEConnectionStateChecking
	case n[ICETransportStateCompleted]+n[ICETransportStateClosed] == all:
		return ICEConnectionStateCompleted
	}
	return ICEConnectionStateConnected
}

// deriveConnectionState is the table of webrtc-pc 4.3.3; its rows are tried in
// order.
func deriveConnectionState(transports []*bundleTransport) PeerConnectionState {
	n, all := iceCounts(transports), len(transports)
	dtls := map[DTLSTransportState]int{}
	for _, b := range transports {
		dtls[b.dtls.state]++
	}
	switch {
	case n[ICETransportStateFailed]+dtls[DTLSTransportStateFailed] > 0:
		return PeerConnectionStateFailed
	case n[ICETransportStateDisconnected] > 0:
		return PeerConnectionStateDisconnected
	case n[ICETransportStateNew]+n[ICETransportStateClosed] == all &&
		dtls[DTLSTransportStateNew]+dtls[DTLSTransportStateClosed] == all:
		return PeerConnectionStateNew
	case n[ICETransportStateNew]+n[ICETransportStateChecking] > 0 ||
		dtls[DTLSTransportStateNew]+dtls[DTLSTransportStateConnecting] > 0:
		return PeerConnectionStateConnecting
	}
	return PeerConnectionStateConnected
}

// updateGatheringStateLocked derives the gathering state anew and reports
// whether it changed.
func (pc *PeerConnection) updateGatheringStateLocked(fire *events) (changed bool) {
	state := deriveGatheringState(pc.transports.all)
	if state == pc.iceGatheringState {
		return false
	}
	pc.iceGatheringState = state
	fire.add(pc, &pc.on.iceGatheringStateChange)
	return true
}

func (pc *PeerConnection) updateICEConnectionStateLocked(fire *events) {
	if state := deriveICEConnectionState(pc.transports.all); state != pc.iceConnectionState {
		pc.iceConnectionState = state
		fire.add(pc, &pc.on.iceConnectionStateChange)
	}
}

func (pc *PeerConnection) updateConnectionStateLocked(fire *events) {
	if state := deriveConnectionState(pc.transports.all); state != pc.connectionState {
		pc.connectionState = state
		fire.add(pc, &pc.on.connectionStateChange)
	}
}
