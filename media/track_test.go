package media

import (
	"regexp"
	"testing"

	"trackway/codec"
)

var vp8 = Codec{MimeType: codec.VP8, ClockRate: 90000}

func TestNewTrackIsLiveEnabledAndNamed(t *testing.T) {
	s := NewEncodedSource(vp8, WithLabel("Front camera"))
	track := s.NewTrack()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(track.ID()) {
		t.Errorf("id %q: should be a random UUID of 36 characters", track.ID())
	}
	if track.Kind() != Video || track.Label() != "Front camera" || !track.Enabled() || track.Muted() || track.ReadyState() != Live {
		t.Errorf("a new track should be live, enabled, unmuted and labelled like its source: %v %q %v %v %v",
			track.Kind(), track.Label(), track.Enabled(), track.Muted(), track.ReadyState())
	}
	if other := s.NewTrack(); other.ID() == track.ID() {
		t.Error("two tracks must not share an id")
	}
}

func TestMuteIsATask(t *testing.T) {
	loop := new(manualLoop)
	s := NewVideoSource(WithLoop(loop))
	track := s.NewTrack()
	var events []string
	track.OnMute(func() {
		if !track.Muted() {
			t.Error("muted must be true when the mute event fires")
		}
		events = append(events, "mute")
	})
	track.OnUnmute(func() { events = append(events, "unmute") })
	s.SetMuted(true)
	if track.Muted() || len(events) > 0 {
		t.Error("muted must change in a queued task, not at once")
	}
	loop.run()
	s.SetMuted(true)
	loop.run()
	s.SetMuted(false)
	loop.run()
	if len(events) != 2 || events[0] != "mute" || events[1] != "unmute" {
		t.Errorf("events %v: one mute and one unmute should have fired, and none when nothing changed", events)
	}
	s.SetMuted(true)
	loop.run()
	if !s.NewTrack().Muted() {
		t.Error("a track of a muted source must be muted from the start")
	}
}

func TestMutedSourcePassesNothing(t *testing.T) {
	s := NewAudioSource(WithLoop(new(manualLoop)))
	n := 0
	s.NewTrack().AddSink(&Sink{Audio: func(*AudioFrame) { n++ }})
	frame := &AudioFrame{Samples: make([]int16, 960), SampleRate: 48000, Channels: 1}
	s.SetMuted(true)
	s.WriteAudio(frame)
	if n != 0 {
		t.Error("live samples must not be made available while the source is muted")
	}
	s.SetMuted(false)
	s.WriteAudio(frame)
	if n != 1 {
		t.Error("media must flow as soon as the source can give it, not only after the unmute event")
	}
}

func TestStopFiresNothingAndStopsTheSourceWithTheLastTrack(t *testing.T) {
	loop := new(manualLoop)
	s := NewEncodedSource(vp8, WithLoop(loop))
	a := s.NewTrack()
	b := a.Clone()
	stopped, sinkEnded := 0, 0
	s.OnStopped(func() { stopped++ })
	a.OnEnded(func() { t.Error("ended must not fire after stop()") })
	a.AddSink(&Sink{Ended: func() { sinkEnded++ }})
	a.Stop()
	a.Stop()
	loop.run()
	if a.ReadyState() != Ended || sinkEnded != 1 {
		t.Errorf("stop() ends the track and tells its sinks once: %v, told %d times", a.ReadyState(), sinkEnded)
	}
	if b.ReadyState() != Live || stopped != 0 {
		t.Error("a source must not stop while another track depends on it")
	}
	b.Stop()
	if stopped != 1 {
		t.Errorf("the source stopped %d times; it must stop once, with its last track", stopped)
	}
}

func TestSourceEndFiresEndedInATask(t *testing.T) {
	loop := new(manualLoop)
	s := NewEncodedSource(vp8, WithLoop(loop))
	track, stopped := s.NewTrack(), s.NewTrack()
	fired := 0
	track.OnEnded(func() { fired++ })
	stopped.OnEnded(func() { t.Error("ended must not fire on a track that was stopped before the task") })
	s.End()
	s.End()
	if track.ReadyState() != Live {
		t.Error("readyState must change in the queued task")
	}
	stopped.Stop()
	loop.run()
	if track.ReadyState() != Ended || fired != 1 {
		t.Errorf("readyState %v, ended fired %d times; want ended, once", track.ReadyState(), fired)
	}
	if err := s.WriteFrame(&EncodedFrame{}); err != ErrEnded {
		t.Errorf("writing into an ended source: %v, want ErrEnded", err)
	}
	if s.NewTrack().ReadyState() != Ended {
		t.Error("a track of an ended source must be ended")
	}
	called := false
	track.AddSink(&Sink{Ended: func() { called = true }})
	if !called {
		t.Error("a sink that joins an ended track must hear of its end")
	}
}

func TestCloneSharesTheSourceOnly(t *testing.T) {
	s := NewEncodedSource(vp8)
	a := s.NewTrack()
	a.SetContentHint("detail")
	a.SetEnabled(false)
	b := a.Clone()
	if b.ID() == a.ID() || b.Source() != s || b.ContentHint() != "detail" || b.Enabled() {
		t.Error("a clone has its own id and the original's source, content hint and enabled state")
	}
	b.SetEnabled(true)
	b.SetContentHint("motion")
	if a.Enabled() || a.ContentHint() != "detail" {
		t.Error("changing a clone must not change the original")
	}
	a.Stop()
	if b.ReadyState() != Live {
		t.Error("stopping the original must not end the clone")
	}
	if a.Clone().ReadyState() != Ended {
		t.Error("cloning an ended track must give an ended track")
	}
}

func TestContentHintIgnoresWhatTheKindDoesNotHave(t *testing.T) {
	video, audio := NewVideoSource().NewTrack(), NewAudioSource().NewTrack()
	for _, c := range []struct {
		track *Track
		set   string
		want  string
	}{
		{video, "motion", "motion"}, {video, "speech", "motion"}, {video, "nonsense", "motion"}, {video, "", ""},
		{audio, "music", "music"}, {audio, "text", "music"}, {audio, "speech-recognition", "speech-recognition"},
	} {
		if c.track.SetContentHint(c.set); c.track.ContentHint() != c.want {
			t.Errorf("%s track, contentHint = %q: reads %q, want %q", c.track.Kind(), c.set, c.track.ContentHint(), c.want)
		}
	}
}

func TestRemoteTrackHooks(t *testing.T) {
	loop := new(manualLoop)
	s, track := NewRemoteTrack(Audio, "their-id", "", loop)
	if !track.Muted() || track.ID() != "their-id" || track.Format().Form != Unknown {
		t.Error("a remote track starts muted, with the id it was given and no known format")
	}
	s.SetCodec(Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2})
	got := 0
	track.AddSink(&Sink{Encoded: func(*EncodedFrame) { got++ }, RTP: func(*RTPPacket) { got++ }})
	s.WriteFrame(&EncodedFrame{MimeType: codec.Opus})
	if got != 0 {
		t.Error("nothing may flow while muted")
	}
	s.SetMuted(false)
	s.WriteFrame(&EncodedFrame{MimeType: codec.Opus})
	s.WriteRTP(&RTPPacket{})
	if got != 2 {
		t.Errorf("%d of 2 deliveries: a remote source takes frames and packets", got)
	}
	loop.run()
	fired := false
	track.OnMute(func() { fired = true })
	SetMutedNow(s, true)
	if !fired || !track.Muted() || !s.Muted() {
		t.Error("SetMutedNow mutes source and track and fires mute before it returns")
	}
	track.OnEnded(func() { t.Error("EndSilently must not fire ended") })
	EndSilently(s)
	if track.ReadyState() != Ended {
		t.Error("EndSilently must end the track")
	}
}
