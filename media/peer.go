package media

// What package webrtc calls, and nobody else has reason to: remote tracks and
// streams, whose state a session description changes. Functions that fire
// events do so before they return; they are called in a task of the
// connection's loop.

// NewRemoteTrack makes the track of an RTCRtpReceiver and the source behind
// it, to which the receiver writes frames and packets (and pictures and
// samples, when Source.Demand asks for raw media). The track is muted, and
// unmuted by Source.SetMuted(false) when the first media arrives. An empty id
// gets a UUID. Events of the source run on loop; nil means the process's own.
func NewRemoteTrack(kind Kind, id, label string, loop Loop) (*Source, *Track) {
	s := newSource(kind, Format{}, []SourceOption{WithLabel(label)})
	if loop != nil {
		s.loop = loop
	}
	s.remote, s.atOnce = true, true
	s.muted.Store(true)
	if id == "" {
		id = newUUID()
	}
	return s, s.newTrack(id)
}

// AtOnce has the handlers of OnFeedback and OnDemand called at once and not in
// tasks, on whichever goroutine caused it and within its locks: for handlers that
// are not a program's. Remote tracks' sources are so.
func AtOnce() SourceOption { return func(s *Source) { s.atOnce = true } }

// SetMutedNow is "set the muted state" within a task that is running: it
// changes the source and its tracks and fires mute or unmute on them before
// it returns.
func SetMutedNow(s *Source, muted bool) {
	s.muted.Store(muted)
	s.settleMuted(muted)
}

// EndSilently ends the source and its tracks without an event, as closing a
// connection does.
func EndSilently(s *Source) {
	s.mu.Lock()
	s.ended.Store(true)
	s.mu.Unlock()
	for _, t := range s.Tracks() {
		t.finish()
	}
}

// EndNow ends the source within a task that is running: the tracks' ended
// events fire before it returns.
func EndNow(s *Source) {
	s.mu.Lock()
	s.ended.Store(true)
	s.mu.Unlock()
	for _, t := range s.Tracks() {
		t.end()
	}
}

// NewStreamWithID makes the empty stream that stands for a remote one.
func NewStreamWithID(id string) *Stream { return &Stream{id: id} }

// AddRemoteTrack is "add a track to a MediaStream" on behalf of the
// connection: addtrack fires if the stream did not have the track.
func AddRemoteTrack(s *Stream, t *Track) {
	if s.insert(t) {
		s.mu.Lock()
		f := s.onAddTrack
		s.mu.Unlock()
		if f != nil {
			f(StreamTrackEvent{t})
		}
	}
}

// RemoveRemoteTrack is "remove a track from a MediaStream" on behalf of the
// connection: removetrack fires if the stream had the track.
func RemoveRemoteTrack(s *Stream, t *Track) {
	if s.delete(t) {
		s.mu.Lock()
		f := s.onRemoveTrack
		s.mu.Unlock()
		if f != nil {
			f(StreamTrackEvent{t})
		}
	}
}
