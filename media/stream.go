package media

import (
	"slices"
	"sync"
)

// Stream is MediaStream: a set of tracks that belong together. Tracks come
// out in the order in which they were added.
// https://w3c.github.io/mediacapture-main/#mediastream
type Stream struct {
	id string

	mu            sync.Mutex
	tracks        []*Track
	onAddTrack    func(StreamTrackEvent)
	onRemoveTrack func(StreamTrackEvent)
	observers     []*streamObserver
}

// StreamTrackEvent is MediaStreamTrackEvent, the event of addtrack and removetrack.
type StreamTrackEvent struct {
	// Track is the one that was added or removed.
	Track *Track
}

// streamObserver hears of every change of the track set, whoever made it.
type streamObserver struct{ changed func() }

// NewStream is the constructor of MediaStream with a sequence of tracks;
// a track that occurs twice is added once.
func NewStream(tracks ...*Track) *Stream {
	s := &Stream{id: newUUID()}
	for _, t := range tracks {
		s.insert(t)
	}
	return s
}

// NewStreamFrom is the constructor of MediaStream with another stream: the new
// one has the same tracks, not clones.
func NewStreamFrom(other *Stream) *Stream { return NewStream(other.GetTracks()...) }

// ID is the id attribute, a UUID for streams made here.
func (s *Stream) ID() string { return s.id }

// Active reports whether the stream has a track that has not ended.
func (s *Stream) Active() bool {
	return slices.ContainsFunc(s.GetTracks(), func(t *Track) bool { return t.ReadyState() == Live })
}

// GetTracks returns the stream's tracks, a snapshot.
func (s *Stream) GetTracks() []*Track {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tracks)
}

// GetAudioTracks returns the stream's audio tracks, a snapshot.
func (s *Stream) GetAudioTracks() []*Track { return s.ofKind(Audio) }

// GetVideoTracks returns the stream's video tracks, a snapshot.
func (s *Stream) GetVideoTracks() []*Track { return s.ofKind(Video) }

func (s *Stream) ofKind(k Kind) []*Track {
	return slices.DeleteFunc(s.GetTracks(), func(t *Track) bool { return t.Kind() != k })
}

// GetTrackByID returns the stream's track of that id, or nil.
func (s *Stream) GetTrackByID(id string) *Track {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// AddTrack adds t unless the stream has it. No event fires, since the program
// did it itself.
func (s *Stream) AddTrack(t *Track) { s.insert(t) }

// RemoveTrack removes t if the stream has it. No event fires.
func (s *Stream) RemoveTrack(t *Track) { s.delete(t) }

// Clone returns a new stream with a new id and clones of all tracks.
func (s *Stream) Clone() *Stream {
	c := NewStream()
	for _, t := range s.GetTracks() {
		c.insert(t.Clone())
	}
	return c
}

// OnAddTrack sets the handler of the addtrack event, which fires when the
// connection that the stream came over adds a track; nil removes it.
func (s *Stream) OnAddTrack(f func(StreamTrackEvent)) {
	s.mu.Lock()
	s.onAddTrack = f
	s.mu.Unlock()
}

// OnRemoveTrack sets the handler of the removetrack event, which fires when
// the connection that the stream came over removes a track; nil removes it.
func (s *Stream) OnRemoveTrack(f func(StreamTrackEvent)) {
	s.mu.Lock()
	s.onRemoveTrack = f
	s.mu.Unlock()
}

func (s *Stream) insert(t *Track) bool {
	s.mu.Lock()
	if slices.Contains(s.tracks, t) {
		s.mu.Unlock()
		return false
	}
	s.tracks = append(s.tracks, t)
	s.unlockAndNotify()
	return true
}

func (s *Stream) delete(t *Track) bool {
	s.mu.Lock()
	i := slices.Index(s.tracks, t)
	if i < 0 {
		s.mu.Unlock()
		return false
	}
	s.tracks = slices.Delete(s.tracks, i, i+1)
	s.unlockAndNotify()
	return true
}

func (s *Stream) unlockAndNotify() {
	observers := slices.Clone(s.observers)
	s.mu.Unlock()
	for _, o := range observers {
		o.changed()
	}
}

func (s *Stream) observe(changed func()) (stop func()) {
	o := &streamObserver{changed}
	s.mu.Lock()
	s.observers = append(s.observers, o)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.observers = slices.DeleteFunc(s.observers, func(x *streamObserver) bool { return x == o })
		s.mu.Unlock()
	}
}
