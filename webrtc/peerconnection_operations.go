package webrtc

import (
	"errors"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/internal/sdp"
)

// createOfferOperation is "create an offer" (webrtc-pc 4.4.2).
func (pc *PeerConnection) createOfferOperation(options *OfferOptions, out *SessionDescription) *operation {
	var o jsep.OfferOptions
	if options != nil {
		o = jsep.OfferOptions{
			ICERestart:          options.ICERestart,
			OfferToReceiveAudio: clonePtr(options.OfferToReceiveAudio),
			OfferToReceiveVideo: clonePtr(options.OfferToReceiveVideo),
		}
	}
	return &operation{
		name: "CreateOffer",
		check: func() error {
			if s := pc.state.SignalingState(); s != jsep.Stable && s != jsep.HaveLocalOffer {
				return domerr.New(domerr.InvalidState, "CreateOffer: the signalling state is %s", s)
			}
			return nil
		},
		run: func() (events, error) {
			state, text, err := pc.state.CreateOffer(o)
			if err != nil {
				return nil, err
			}
			pc.adoptLocked(state)
			pc.completeLocked()
			*out = SessionDescription{Type: SDPTypeOffer, SDP: text}
			return nil, nil
		},
	}
}

// createAnswerOperation is "create an answer" (webrtc-pc 4.4.2).
func (pc *PeerConnection) createAnswerOperation(out *SessionDescription) *operation {
	return &operation{
		name: "CreateAnswer",
		check: func() error {
			if s := pc.state.SignalingState(); s != jsep.HaveRemoteOffer && s != jsep.HaveLocalPranswer {
				return domerr.New(domerr.InvalidState, "CreateAnswer: the signalling state is %s", s)
			}
			return nil
		},
		run: func() (events, error) {
			state, text, err := pc.state.CreateAnswer()
			if err != nil {
				return nil, err
			}
			pc.adoptLocked(state)
			*out = SessionDescription{Type: SDPTypeAnswer, SDP: text}
			return nil, nil
		},
	}
}

// setLocalOperation is setLocalDescription (webrtc-pc 4.4.2).
func (pc *PeerConnection) setLocalOperation(description *SessionDescription) *operation {
	var d jsep.Description
	if description != nil {
		d = jsep.Description{Type: jsep.SDPType(description.Type), SDP: description.SDP}
	}
	return &operation{
		name: "SetLocalDescription",
		check: func() error {
			if err := checkType(d.Type, true); err != nil {
				return err
			}
			return checkLocalState(d.Type, pc.state.SignalingState())
		},
		description: true,
		run: func() (events, error) {
			fire, err := pc.commitLocked(pc.state.SetLocal(d))
			if err == nil {
				pc.localDescriptionSet = true
			}
			return fire, err
		},
	}
}

// setRemoteOperation is setRemoteDescription (webrtc-pc 4.4.2).
func (pc *PeerConnection) setRemoteOperation(description SessionDescription) *operation {
	d := jsep.Description{Type: jsep.SDPType(description.Type), SDP: description.SDP}
	return &operation{
		name: "SetRemoteDescription",
		check: func() error {
			if err := checkType(d.Type, false); err != nil {
				return err
			}
			if s := pc.state.SignalingState(); d.Type == jsep.Rollback && s != jsep.HaveRemoteOffer {
				return domerr.New(domerr.InvalidState, "there is no remote offer to roll back: the signalling state is %s", s)
			}
			return nil
		},
		description: true,
		// "If description.type is offer and is invalid for the current signalling
		// state", the local offer is rolled back in a task of its own, whose
		// events see the stable state.
		before: func() (bool, events, error) {
			if d.Type != jsep.Offer || pc.state.SignalingState() != jsep.HaveLocalOffer {
				return false, nil, nil
			}
			fire, err := pc.commitLocked(pc.state.Rollback())
			return true, fire, err
		},
		run: func() (events, error) { return pc.commitLocked(pc.state.SetRemote(d)) },
		// "In parallel" the description was parsed before anybody looked at the
		// state: browsers reject what is no SDP, whatever happened meanwhile.
		broken: func() error {
			if d.Type == jsep.Rollback {
				return nil
			}
			return jsep.CheckSyntax(d.SDP)
		},
	}
}

// checkLocalState refuses types that are "invalid for the current signalling
// state" (RFC 9429 5.5).
func checkLocalState(t jsep.SDPType, s jsep.SignalingState) error {
	ok := true
	switch t {
	case jsep.Offer:
		ok = s == jsep.Stable || s == jsep.HaveLocalOffer
	case jsep.Answer, jsep.Pranswer:
		ok = s == jsep.HaveRemoteOffer || s == jsep.HaveLocalPranswer
	case jsep.Rollback:
		ok = s == jsep.HaveLocalOffer
	}
	if !ok {
		return domerr.New(domerr.InvalidState, "SetLocalDescription: no %s in the signalling state %s", t, s)
	}
	return nil
}

// checkType is WebIDL's check of the RTCSdpType enumeration.
func checkType(t jsep.SDPType, optional bool) error {
	switch t {
	case jsep.Offer, jsep.Pranswer, jsep.Answer, jsep.Rollback:
		return nil
	case "":
		if optional {
			return nil
		}
	}
	return domerr.New(domerr.Type, "%q is no RTCSdpType", string(t))
}

// addCandidateOperation is addIceCandidate (webrtc-pc 4.4.2).
func (pc *PeerConnection) addCandidateOperation(candidate ICECandidateInit) (*operation, error) {
	if candidate.Candidate != "" && candidate.SDPMid == nil && candidate.SDPMLineIndex == nil {
		return nil, domerr.New(domerr.Type, "AddICECandidate: the candidate has neither sdpMid nor sdpMLineIndex")
	}
	c := jsep.CandidateInit{
		Candidate: candidate.Candidate, SDPMid: clonePtr(candidate.SDPMid),
		UsernameFragment: clonePtr(candidate.UsernameFragment),
	}
	if candidate.SDPMLineIndex != nil {
		i := int(*candidate.SDPMLineIndex)
		c.SDPMLineIndex = &i
	}
	return &operation{
		name: "AddICECandidate",
		check: func() error {
			// The state is a value: trying costs nothing but the time.
			_, err := pc.state.AddRemoteCandidate(c)
			return err
		},
		run: func() (events, error) {
			state, err := pc.state.AddRemoteCandidate(c)
			if err != nil {
				return nil, err
			}
			pc.adoptLocked(state)
			pc.applyTransportsLocked()
			return nil, nil
		},
	}, nil
}

// RestartICE is restartIce: the next offer gets new ICE credentials, and
// negotiationneeded fires. The pair in use is kept until the restart has found
// another.
func (pc *PeerConnection) RestartICE() {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return
	}
	pc.adoptLocked(pc.state.RestartICE())
	pc.updateNegotiationNeededLocked()
}

// descriptionError turns a syntax error into the RTCError that webrtc-pc 4.4.1.5
// asks for.
func descriptionError(err error) error {
	var syntax *sdp.SyntaxError
	if errors.As(err, &syntax) {
		line := syntax.Line
		return &RTCError{
			ErrorDetail: ErrorDetailSDPSyntaxError, SDPLineNumber: &line,
			Message: syntax.Error(), Cause: err,
		}
	}
	return err
}
