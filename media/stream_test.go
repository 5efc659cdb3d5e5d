package media

import (
	"slices"
	"testing"
)

func TestStreamKeepsASetInOrder(t *testing.T) {
	a, v := NewAudioSource().NewTrack(), NewVideoSource().NewTrack()
	s := NewStream(v, a, v)
	if got := s.GetTracks(); !slices.Equal(got, []*Track{v, a}) {
		t.Errorf("GetTracks gives %v; a set in the order of adding is wanted", got)
	}
	s.AddTrack(a)
	if len(s.GetTracks()) != 2 {
		t.Error("addTrack of a track that is in the set must change nothing")
	}
	if !slices.Equal(s.GetAudioTracks(), []*Track{a}) || !slices.Equal(s.GetVideoTracks(), []*Track{v}) {
		t.Error("getAudioTracks and getVideoTracks select by kind")
	}
	if s.GetTrackByID(v.ID()) != v || s.GetTrackByID("nobody") != nil {
		t.Error("getTrackById finds by id, or gives null")
	}
	s.RemoveTrack(v)
	s.RemoveTrack(v)
	if !slices.Equal(s.GetTracks(), []*Track{a}) {
		t.Error("removeTrack removes the one track")
	}
	if len(s.ID()) != 36 || s.ID() == NewStream().ID() {
		t.Errorf("id %q: a UUID of its own is wanted", s.ID())
	}
}

func TestStreamIsActiveWhileATrackLives(t *testing.T) {
	a, b := NewAudioSource().NewTrack(), NewAudioSource().NewTrack()
	s := NewStream(a, b)
	a.Stop()
	if !s.Active() {
		t.Error("a stream with a live track is active")
	}
	b.Stop()
	if s.Active() || NewStream().Active() {
		t.Error("a stream without a live track is inactive")
	}
}

func TestStreamClone(t *testing.T) {
	a, v := NewAudioSource().NewTrack(), NewVideoSource().NewTrack()
	s := NewStream(a, v)
	c := s.Clone()
	tracks := c.GetTracks()
	if c.ID() == s.ID() || len(tracks) != 2 || tracks[0] == a || tracks[0].Source() != a.Source() || tracks[1].Source() != v.Source() {
		t.Error("clone has a new id and clones of the tracks, in order")
	}
	same := NewStreamFrom(s)
	if same.ID() == s.ID() || !slices.Equal(same.GetTracks(), s.GetTracks()) {
		t.Error("the constructor with a stream takes its tracks, not clones")
	}
}

func TestOnlyTheConnectionsChangesFireEvents(t *testing.T) {
	a, b := NewAudioSource().NewTrack(), NewAudioSource().NewTrack()
	s := NewStreamWithID("remote")
	var events []string
	s.OnAddTrack(func(e StreamTrackEvent) {
		if s.GetTrackByID(e.Track.ID()) == nil {
			t.Error("when addtrack fires, the track is in the set")
		}
		events = append(events, "add")
	})
	s.OnRemoveTrack(func(e StreamTrackEvent) {
		if s.GetTrackByID(e.Track.ID()) != nil {
			t.Error("when removetrack fires, the track is out of the set")
		}
		events = append(events, "remove")
	})
	s.AddTrack(a)
	s.RemoveTrack(a)
	if len(events) != 0 {
		t.Errorf("script-caused changes fired %v", events)
	}
	AddRemoteTrack(s, b)
	AddRemoteTrack(s, b)
	RemoveRemoteTrack(s, b)
	RemoveRemoteTrack(s, b)
	if !slices.Equal(events, []string{"add", "remove"}) || s.ID() != "remote" {
		t.Errorf("events %v, want one add and one remove", events)
	}
}
