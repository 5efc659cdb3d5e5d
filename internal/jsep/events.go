package jsep

// Event is something that applying a description makes known, in the order in
// which webrtc-pc 4.4.1.5 fires it. It is one of the types in this file.
type Event interface{ event() }

// TransceiverCreated says that a remote offer made a transceiver. It comes
// before everything else, so that objects exist when later events name them.
type TransceiverCreated struct {
	ID TransceiverID
}

// TransceiverStopped says that the transceiver became stopped (or, by
// State.Stop, stopping): its receiver's track ends, which the layer above
// announces in a task of its own.
type TransceiverStopped struct {
	ID TransceiverID
}

// TransceiverRemoved says that the transceiver has left the set of transceivers.
// The value is its last: stopped, with no mid. It comes last, so that the other
// events about its receiver find the objects.
type TransceiverRemoved struct {
	Transceiver *Transceiver
}

// SignalingStateChanged fires signalingstatechange.
type SignalingStateChanged struct {
	State SignalingState
}

// TrackMuted sets the muted state of the receiver's track to true; it fires mute
// only where the track was not muted.
type TrackMuted struct {
	ID TransceiverID
}

// StreamTrackRemoved removes the receiver's track from a remote stream and fires
// removetrack there.
type StreamTrackRemoved struct {
	StreamID string
	ID       TransceiverID
}

// StreamTrackAdded adds the receiver's track to a remote stream, which is
// created where the connection has none of that id yet, and fires addtrack
// there.
type StreamTrackAdded struct {
	StreamID string
	ID       TransceiverID
}

// TrackAdded fires track at the connection.
type TrackAdded struct {
	ID TransceiverID
	// StreamIDs are the streams of the event, in the order of the a=msid lines.
	StreamIDs []string
}

func (TransceiverCreated) event()    {}
func (TransceiverStopped) event()    {}
func (TransceiverRemoved) event()    {}
func (SignalingStateChanged) event() {}
func (TrackMuted) event()            {}
func (StreamTrackRemoved) event()    {}
func (StreamTrackAdded) event()      {}
func (TrackAdded) event()            {}
