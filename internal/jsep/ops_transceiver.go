package jsep

import (
	"trackway/internal/domerr"
)

// AddTransceiver is addTransceiver (webrtc-pc 5.1). Errors are TypeError,
// InvalidStateError, InvalidAccessError, OperationError and RangeError, as the
// validation steps say.
func (s *State) AddTransceiver(init TransceiverInit) (*State, TransceiverID, error) {
	kind := init.Kind
	if init.Track != nil {
		kind = init.Track.Kind
	}
	if kind != Audio && kind != Video {
		return nil, 0, domerr.New(domerr.Type, "the kind of a transceiver is audio or video, not %q", kind)
	}
	direction := init.Direction
	switch direction {
	case "":
		direction = SendRecv
	case SendRecv, SendOnly, RecvOnly, Inactive:
	default:
		return nil, 0, domerr.New(domerr.Type, "a transceiver cannot be added with direction %q", direction)
	}
	if s.closed {
		return nil, 0, errClosed
	}
	encodings, err := s.validateEncodings(kind, init.Encodings)
	if err != nil {
		return nil, 0, err
	}
	if err := validateReceiveRIDs(init.ReceiveRIDs); err != nil {
		return nil, 0, err
	}
	n := *s
	t := n.create(kind, direction)
	t.encodings, t.streamIDs, t.wantRIDs = encodings, unique(init.StreamIDs), append([]string(nil), init.ReceiveRIDs...)
	if init.Track != nil {
		c := *init.Track
		t.track = &c
		// The same track may be given to several addTransceiver calls; the index
		// only has to know that some sender has it.
		n.tracks = n.tracks.with(c.key(), t.id, n.bySenderTrack)
	}
	return &n, t.id, nil
}

// SetDirection is the setter of direction (webrtc-pc 5.4).
func (s *State) SetDirection(id TransceiverID, direction Direction) (*State, error) {
	old := s.Transceiver(id)
	// "If transceiver.[[Stopping]] is true, throw an InvalidStateError."
	if old == nil || old.stopping {
		return nil, domerr.New(domerr.InvalidState, "the transceiver is stopped")
	}
	if direction == old.direction {
		return s, nil
	}
	switch direction {
	case SendRecv, SendOnly, RecvOnly, Inactive:
	default:
		return nil, domerr.New(domerr.Type, "the direction of a transceiver cannot be set to %q", direction)
	}
	t := *old
	t.direction = direction
	return s.with(&t), nil
}

// Stop is stop (webrtc-pc 5.4): the transceiver is stopping, until a
// negotiation makes it stopped.
func (s *State) Stop(id TransceiverID) (*State, []Event, error) {
	if s.closed {
		return nil, nil, errClosed
	}
	old := s.Transceiver(id)
	if old == nil || old.stopping {
		return s, nil, nil
	}
	t := *old
	t.stopSendingAndReceiving()
	n := s.fork()
	n.put(&t)
	n.refreshMedia()
	return &n, []Event{TransceiverStopped{id}}, nil
}

// stopSendingAndReceiving is "stop sending and receiving".
func (t *Transceiver) stopSendingAndReceiving() {
	t.direction, t.stopping = Inactive, true
}

// stop is "stop the RTCRtpTransceiver". It reports whether the receiver's track
// ends by it.
func (t *Transceiver) stop() (ended bool) {
	if !t.stopping {
		t.stopSendingAndReceiving()
		ended = true
	}
	t.stopped, t.receptive, t.current, t.streams = true, false, "", nil
	return ended
}

// AddDataChannel notes that a data channel exists, so an offer has a data
// section (RFC 9429 §5.2.1).
func (s *State) AddDataChannel() (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	if s.wantData {
		return s, nil
	}
	n := s.fork()
	n.wantData = true
	return &n, nil
}

// SetEncodings is the state's part of setParameters: the layer above has checked
// the parameters, the rids and their order stay the same.
func (s *State) SetEncodings(id TransceiverID, encodings []Encoding) (*State, error) {
	old := s.Transceiver(id)
	if old == nil || old.stopping {
		return nil, domerr.New(domerr.InvalidState, "the transceiver is stopped")
	}
	if len(encodings) != len(old.encodings) {
		return nil, domerr.New(domerr.InvalidModification, "setParameters cannot add or remove encodings")
	}
	for i, e := range encodings {
		if e.RID != old.encodings[i].RID {
			return nil, domerr.New(domerr.InvalidModification, "setParameters cannot change rids")
		}
	}
	t := *old
	t.encodings = append([]Encoding(nil), encodings...)
	n := s.fork()
	n.put(&t)
	n.refreshMedia()
	return &n, nil
}
