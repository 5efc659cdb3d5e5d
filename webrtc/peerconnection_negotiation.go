package webrtc

import "context"

// CreateOffer is createOffer: the description of an offer that reflects the
// connection as it is. InvalidStateError when the signalling state is neither
// stable nor have-local-offer. options may be nil.
func (pc *PeerConnection) CreateOffer(ctx context.Context, options *OfferOptions) (SessionDescription, error) {
	var out SessionDescription
	err := pc.wait(ctx, pc.createOfferOperation(options, &out))
	if err != nil {
		return SessionDescription{}, err
	}
	return out, nil
}

// CreateOfferAsync is CreateOffer for callers on the event loop: done is called
// in the task that settles the promise, and not at all when the connection is
// closed before.
func (pc *PeerConnection) CreateOfferAsync(options *OfferOptions, done func(SessionDescription, error)) {
	var out SessionDescription
	pc.start(pc.createOfferOperation(options, &out), func(err error) { done(out, err) })
}

// CreateAnswer is createAnswer: the answer to the remote offer.
// InvalidStateError when the signalling state is neither have-remote-offer nor
// have-local-pranswer. options may be nil and has no members.
func (pc *PeerConnection) CreateAnswer(ctx context.Context, _ *AnswerOptions) (SessionDescription, error) {
	var out SessionDescription
	err := pc.wait(ctx, pc.createAnswerOperation(&out))
	if err != nil {
		return SessionDescription{}, err
	}
	return out, nil
}

// CreateAnswerAsync is CreateAnswer for callers on the event loop; see
// CreateOfferAsync.
func (pc *PeerConnection) CreateAnswerAsync(_ *AnswerOptions, done func(SessionDescription, error)) {
	var out SessionDescription
	pc.start(pc.createAnswerOperation(&out), func(err error) { done(out, err) })
}

// SetLocalDescription is setLocalDescription. With nil, or a description whose
// type and SDP are empty, it makes the offer or answer that is due itself.
//
// The SDP must be what CreateOffer or CreateAnswer returned last
// (InvalidModificationError), and the type must suit the signalling state
// (InvalidStateError).
func (pc *PeerConnection) SetLocalDescription(ctx context.Context, description *SessionDescription) error {
	return pc.wait(ctx, pc.setLocalOperation(description))
}

// SetLocalDescriptionAsync is SetLocalDescription for callers on the event loop;
// see CreateOfferAsync. done may be nil.
func (pc *PeerConnection) SetLocalDescriptionAsync(description *SessionDescription, done func(error)) {
	pc.start(pc.setLocalOperation(description), done)
}

// SetRemoteDescription is setRemoteDescription. An offer that arrives while a
// local offer is pending rolls the local one back first. When it returns, the
// track handlers that the description calls for have run.
//
// A description of malformed SDP gives an *RTCError with the line number, one
// that does not suit the signalling state an InvalidStateError, one whose
// content is unacceptable an InvalidAccessError; the connection is then as it
// was before.
func (pc *PeerConnection) SetRemoteDescription(ctx context.Context, description SessionDescription) error {
	return pc.wait(ctx, pc.setRemoteOperation(description))
}

// SetRemoteDescriptionAsync is SetRemoteDescription for callers on the event
// loop; see CreateOfferAsync. done may be nil.
func (pc *PeerConnection) SetRemoteDescriptionAsync(description SessionDescription, done func(error)) {
	pc.start(pc.setRemoteOperation(description), done)
}

// AddICECandidate is addIceCandidate. A candidate of "" says that no more follow
// for its m-section, or for all when it names none.
//
// TypeError when a candidate names no m-section; InvalidStateError without a
// remote description; OperationError when the m-section or the username
// fragment is not in it, or the candidate cannot be parsed.
func (pc *PeerConnection) AddICECandidate(ctx context.Context, candidate ICECandidateInit) error {
	op, err := pc.addCandidateOperation(candidate)
	if err != nil {
		return err
	}
	return pc.wait(ctx, op)
}

// AddICECandidateAsync is AddICECandidate for callers on the event loop; see
// CreateOfferAsync. done may be nil.
func (pc *PeerConnection) AddICECandidateAsync(candidate ICECandidateInit, done func(error)) {
	op, err := pc.addCandidateOperation(candidate)
	if err != nil {
		pc.settle(&operation{settle: func(err error) {
			if done != nil {
				done(err)
			}
		}}, err)
		return
	}
	pc.start(op, done)
}
