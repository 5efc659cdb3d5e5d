package webrtc

import (
	"cmp"
	"context"
	"strconv"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
	"trackway/internal/jsep"
	"trackway/media"
)

// RTPSender is RTCRtpSender (webrtc-pc 5.2).
type RTPSender struct {
	pc          *PeerConnection
	transceiver *RTPTransceiver
	dtmf        *DTMFSender

	// track is [[SenderTrack]]; the state has it too.
	track     *media.Track
	transport *DTLSTransport
	// lastReturned is [[LastReturnedParameters]].
	lastReturned *RTPSendParameters
	degradation  DegradationPreference

	media senderMedia
}

// Track is the track attribute, or nil for null.
func (s *RTPSender) Track() *media.Track { return get(s.pc, &s.track) }

// Transport is the transport attribute, or nil for null.
func (s *RTPSender) Transport() *DTLSTransport { return get(s.pc, &s.transport) }

// DTMF is the dtmf attribute: nil for video.
func (s *RTPSender) DTMF() *DTMFSender { return s.dtmf }

// StreamIDs are the ids of the streams that the track is announced with.
func (s *RTPSender) StreamIDs() []string { return s.transceiver.read().StreamIDs() }

// SetStreams is setStreams: the streams that the other peer is to see the track
// in, after negotiation. InvalidStateError when the connection is closed.
func (s *RTPSender) SetStreams(streams ...*media.Stream) error {
	pc := s.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("SetStreams")
	}
	return pc.updateLocked(pc.state.SetStreams(s.transceiver.id, streamIDs(streams)))
}

// ReplaceTrack is replaceTrack: another track, or none, is sent from now on,
// without negotiation. TypeError when the kind differs, InvalidStateError when
// the transceiver is stopped or the connection closed, InvalidModificationError
// when the track cannot be sent with what was negotiated.
func (s *RTPSender) ReplaceTrack(ctx context.Context, track *media.Track) error {
	op, err := s.replaceTrackOperation(track)
	if err != nil {
		return err
	}
	return s.pc.wait(ctx, op)
}

// ReplaceTrackAsync is ReplaceTrack for callers on the event loop; see
// PeerConnection.CreateOfferAsync. done may be nil.
func (s *RTPSender) ReplaceTrackAsync(track *media.Track, done func(error)) {
	op, err := s.replaceTrackOperation(track)
	if err != nil {
		s.pc.settle(&operation{settle: func(err error) {
			if done != nil {
				done(err)
			}
		}}, err)
		return
	}
	s.pc.start(op, done)
}

func (s *RTPSender) replaceTrackOperation(track *media.Track) (*operation, error) {
	if track != nil && track.Kind() != s.transceiver.kind {
		return nil, domerr.New(domerr.Type, "ReplaceTrack: an %s sender cannot send an %s track",
			s.transceiver.kind, track.Kind())
	}
	pc := s.pc
	return &operation{
		name: "ReplaceTrack",
		check: func() error {
			if s.transceiver.slots().Stopping() {
				return domerr.New(domerr.InvalidState, "ReplaceTrack: the transceiver is stopped")
			}
			return nil
		},
		run: func() (events, error) {
			slots := s.transceiver.slots()
			d := slots.CurrentDirection()
			sending := d == jsep.SendRecv || d == jsep.SendOnly
			if sending && track != nil {
				if err := s.media.canSend(track, slots.SendCodecs()); err != nil {
					return nil, domerr.Wrap(err, domerr.InvalidModification, "ReplaceTrack")
				}
			}
			state, err := pc.state.ReplaceTrack(s.transceiver.id, jsepTrack(track))
			if err != nil {
				// The transceiver was stopped since: the media goes nowhere, but
				// the steps of the task do not look.
				s.track = track
				return nil, nil
			}
			pc.state = state
			s.setTrackLocked(track)
			return nil, nil
		},
	}, nil
}

// setTrackLocked sets [[SenderTrack]] and tells the media plane.
func (s *RTPSender) setTrackLocked(track *media.Track) {
	s.track = track
	s.media.setTrack(track)
}

// GetParameters is getParameters: what SetParameters takes, after changes.
//
// Called inside a handler the result is good until the task ends, as the
// specification says. Called elsewhere, where there is no such task, it is good
// until the next GetParameters, SetParameters or negotiation.
func (s *RTPSender) GetParameters() RTPSendParameters {
	pc := s.pc
	onLoop := eventloop.OnLoop(pc.loop)
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if s.lastReturned != nil && onLoop {
		return s.lastReturned.clone()
	}
	slots := s.transceiver.slots()
	result := &RTPSendParameters{}
	pc.lastTransaction++
	result.TransactionID = strconv.FormatUint(pc.lastTransaction, 10)
	result.Encodings = fromJSEPEncodings(slots.Encodings())
	result.Codecs = codecParameters(slots.SendCodecs())
	if len(result.Codecs) > 0 {
		for i := range result.Encodings {
			e := &result.Encodings[i]
			e.ScalabilityMode = scalabilityModeInUse(e.ScalabilityMode, *cmp.Or(e.Codec, &result.Codecs[0].RTPCodec))
		}
	}
	result.RTCP.CNAME = pc.state.CNAME()
	if m := pc.mediaConfigLocked(s.transceiver.id); m != nil {
		result.HeaderExtensions = extensionParameters(m.SendExtensions)
		result.RTCP.ReducedSize = m.ReducedSizeRTCP
	}
	result.DegradationPreference = s.degradation
	s.lastReturned = result
	if onLoop {
		// "Queue a task that sets [[LastReturnedParameters]] to null."
		pc.queueLocked(func() events {
			if s.lastReturned == result {
				s.lastReturned = nil
			}
			return nil
		})
	}
	return result.clone()
}

func (p *RTPSendParameters) clone() RTPSendParameters {
	out := *p
	out.Encodings = cloneEncodings(p.Encodings)
	out.Codecs = append([]RTPCodecParameters{}, p.Codecs...)
	out.HeaderExtensions = append([]RTPHeaderExtensionParameters{}, p.HeaderExtensions...)
	return out
}

// SetParameters is setParameters: how the track is encoded and sent within what
// was negotiated. parameters must come from the last GetParameters.
// InvalidStateError without one, or when the transceiver is stopped;
// InvalidModificationError when a read-only member differs or the encodings were
// added to, removed or reordered; RangeError for values out of range.
//
// At most one SetParameterOptions may be given.
func (s *RTPSender) SetParameters(ctx context.Context, parameters RTPSendParameters, options ...SetParameterOptions) error {
	pc := s.pc
	if eventloop.OnLoop(pc.loop) {
		return domerr.New(domerr.InvalidState,
			"SetParameters was called inside a handler and would wait for itself: use SetParametersAsync or start a goroutine")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	s.setParameters(parameters, options, func(err error) { done <- err }, true)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-pc.closed:
		return closedError("SetParameters")
	}
}

// SetParametersAsync is SetParameters for callers on the event loop; see
// PeerConnection.CreateOfferAsync. done may be nil.
func (s *RTPSender) SetParametersAsync(parameters RTPSendParameters, done func(error), options ...SetParameterOptions) {
	if done == nil {
		done = func(error) {}
	}
	s.setParameters(parameters, options, done, false)
}

func (s *RTPSender) setParameters(parameters RTPSendParameters, options []SetParameterOptions, done func(error), anywhere bool) {
	pc := s.pc
	pc.mu.Lock()
	encodings, err := s.validateParametersLocked(parameters)
	var keyFrames []string
	if err == nil {
		keyFrames, err = keyFramesAsked(parameters, options)
	}
	if err == nil {
		pc.settingParameters++
	}
	pc.mu.Unlock()
	if err != nil {
		pc.settle(&operation{settle: done, anywhere: anywhere}, err)
		return
	}
	pc.queueTask(func() {
		pc.mu.Lock()
		pc.settingParameters--
		if pc.isClosed {
			pc.mu.Unlock()
			return
		}
		s.lastReturned = nil
		state, err := pc.state.SetEncodings(s.transceiver.id, encodings)
		if err == nil {
			pc.state = state
			s.degradation = parameters.DegradationPreference
			s.media.degradation = string(s.degradation)
			s.media.setEncodings(encodings)
			pc.applyEffectsLocked()
		}
		var ask []func()
		if err == nil {
			for _, rid := range keyFrames {
				ask = append(ask, s.media.keyFrame(rid))
			}
		}
		pc.mu.Unlock()
		for _, f := range ask {
			f()
		}
		done(err)
	})
}

// keyFramesAsked lists the encodings that options want a key frame of.
func keyFramesAsked(parameters RTPSendParameters, options []SetParameterOptions) ([]string, error) {
	var out []string
	for _, o := range options {
		if len(o.EncodingOptions) == 0 {
			continue
		}
		// webrtc-extensions 5.5: "If encodingOptions.length is different from
		// encodings.length, reject with InvalidModificationError."
		if len(o.EncodingOptions) != len(parameters.Encodings) {
			return nil, domerr.New(domerr.InvalidModification, "SetParameters: %d encoding options for %d encodings",
				len(o.EncodingOptions), len(parameters.Encodings))
		}
		for i, e := range o.EncodingOptions {
			if e.KeyFrame {
				out = append(out, parameters.Encodings[i].RID)
			}
		}
	}
	return out, nil
}
