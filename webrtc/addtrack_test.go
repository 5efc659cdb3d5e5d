package webrtc

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/domerr"
	"trackway/media"
)

// TestAddTrackStatements has a test for each statement of MDN's page of
// addTrack() that speaks of the interface; where MDN and the specification
// differ the test states the specification's rule.
func TestAddTrackStatements(t *testing.T) {
	for _, c := range []struct {
		statement string
		script    func(t *testing.T, w *world)
	}{
		{"S1 the track joins the set that is transmitted", s1},
		{"S2 negotiationneeded fires once per batch, as a task", s2},
		{"S3 zero, one or more streams; the sender is returned", s3},
		{"S4 the streams need not contain the track", s4},
		{"S5 the same stream here is the same stream there", s5},
		{"S6 the receiver is muted until the other peer sends", s6},
		{"S7 InvalidAccessError when a sender has the track", s7},
		{"S8 InvalidStateError when the connection is closed", s8},
		{"S9 several streams are created and given the track", s9},
		{"S10 a track without streams leaves the choice to the other peer", s10},
		{"S11 openCall adds what getUserMedia gave, without streams", s11},
		{"S12 the track event's handler takes the first stream, or collects into its own", s12},
		{"S13 the track event's handler makes a stream for each track", s13},
		{"S14 the streams' tracks follow direction and removeTrack", s14},
		{"S15 a sender that was never used is taken again", s15},
		{"S16 a new sender comes with receiver and transceiver", s16},
		{"S17 the callee adds tracks between offer and answer", s17},
		{"S20 getUserMedia captures and the remote stream plays", s20},
	} {
		t.Run(c.statement, func(t *testing.T) { run(t, c.script) })
	}
}

func s1(t *testing.T, w *world) {
	a, b := w.pair()
	for _, track := range w.capture().GetTracks() {
		a.addTrack(track)
	}
	connect(a, b)
	for i, tr := range a.GetTransceivers() {
		if got := tr.CurrentDirection(); got != RTPTransceiverDirectionSendonly {
			t.Errorf("the negotiated direction of a track that only one side adds is sendonly, got %q", got)
		}
		if got := b.GetTransceivers()[i].CurrentDirection(); got != RTPTransceiverDirectionRecvonly {
			t.Errorf("the other side's direction is recvonly, got %q", got)
		}
	}
	kinds := b.only("track")
	slices.Sort(kinds)
	wantLog(t, kinds, []string{"track audio []", "track video []"}, "the other peer hears of the tracks")
	wantPlays(t, b.GetReceivers())
}

// wantPlays checks that raw media of the test devices arrives and decodes: the
// pictures are those that were drawn, in their order, and the tone is heard.
func wantPlays(t *testing.T, receivers []*RTPReceiver) {
	t.Helper()
	var screens []*screen
	for _, r := range receivers {
		s := watchScreen(r.Track())
		defer s.remove()
		screens = append(screens, s)
	}
	time.Sleep(1500 * time.Millisecond) // virtual; at least one beep
	for i, r := range receivers {
		if r.Track().Muted() {
			t.Errorf("the %s track is muted though its media arrives", r.Track().Kind())
		}
		if r.Track().Kind() == media.Video {
			pictures := screens[i].take()
			wantPattern(t, "the picture", pictures, 3)
			if len(pictures) < 30 {
				t.Errorf("%d pictures decode in 1.5 s of 30 each", len(pictures))
			}
			continue
		}
		screens[i].mu.Lock()
		if screens[i].samples < 48000 || screens[i].loudest < 3000 {
			t.Errorf("the tone is not heard: %d samples, the loudest %d", screens[i].samples, screens[i].loudest)
		}
		screens[i].mu.Unlock()
	}
}

func s2(_ *testing.T, w *world) {
	a, b := w.pair()
	// Within a task no other runs, so an event that has fired here has fired
	// within addTrack.
	a.must(a.Do(w.t.Context(), func() {
		a.addTrack(videoTrack())
		a.addTrack(audioTrack())
		if got := a.taken(); len(got) != 0 {
			w.t.Errorf("negotiationneeded fires in a task, not within addTrack: %q", got)
		}
	}), "Do")
	wantLog(w.t, a.take(), []string{"negotiationneeded"}, "two tracks in one go need one negotiation")

	a.addTrack(videoTrack())
	wantLog(w.t, a.take(), nil, "the flag is set already, nothing fires again")

	offer := a.offer()
	a.addTrack(audioTrack())
	wantLog(w.t, a.only("negotiationneeded"), nil, "nothing fires while the state is not stable")
	b.remote(offer)
	a.remote(b.offer())
	wantLog(w.t, a.only("signaling", "negotiation"), []string{"signalingstate stable", "negotiationneeded"},
		"what was added meanwhile needs negotiation once the state is stable")
	negotiate(a, b)
	wantLog(w.t, a.only("negotiationneeded"), nil, "nothing is left to negotiate")
}

func s3(_ *testing.T, w *world) {
	a := w.peer("a")
	s1, s2 := media.NewStream(), media.NewStream()
	none, video, audio := a.addTrack(videoTrack()), a.addTrack(videoTrack(), s1), a.addTrack(audioTrack(), s1, s2, s1)
	for _, c := range []struct {
		sender *RTPSender
		want   []string
	}{{none, nil}, {video, []string{s1.ID()}}, {audio, []string{s1.ID(), s2.ID()}}} {
		if got := c.sender.StreamIDs(); !slices.Equal(got, c.want) {
			w.t.Errorf("the sender's streams, each once, in order: got %q, want %q", got, c.want)
		}
	}
	if !slices.Equal(a.GetSenders(), []*RTPSender{none, video, audio}) {
		w.t.Error("addTrack returns the sender that getSenders lists")
	}
	if video.Transport() != nil {
		w.t.Error("the sender's transport is null before a description was applied")
	}
	if video.DTMF() != nil || audio.DTMF() == nil || audio.DTMF().CanInsertDTMF() {
		w.t.Error("dtmf is null for video; for audio it is there, and says that it cannot send tones before there is a connection")
	}
	p := video.GetParameters()
	if len(p.Encodings) != 1 || !p.Encodings[0].Active || p.Encodings[0].RID != "" || p.TransactionID == "" {
		w.t.Errorf("parameters of a new sender: got %+v", p)
	}
}

func s4(t *testing.T, w *world) {
	a, b := w.pair()
	stream := media.NewStream()
	for _, track := range w.capture().GetTracks() {
		a.addTrack(track, stream)
	}
	connect(a, b)
	if len(stream.GetTracks()) != 0 {
		t.Error("addTrack must not add the track to the local stream")
	}
	for _, line := range b.only("track") {
		if !strings.HasSuffix(line, " ["+stream.ID()+"]") {
			t.Errorf("the stream groups the track all the same, got %q", line)
		}
	}
	var video, audio *screen
	for _, track := range b.streams[stream.ID()].GetTracks() {
		if track.Kind() == media.Video {
			video = watchScreen(track)
		} else {
			audio = watchScreen(track)
		}
	}
	if video == nil || audio == nil {
		t.Fatal("the remote stream has both tracks")
	}
	time.Sleep(4500 * time.Millisecond)
	wantInStep(t, video.take(), audio.heard())
}

func s5(_ *testing.T, w *world) {
	a, b := w.pair()
	var events []TrackEvent
	b.OnTrack(func(e TrackEvent) { events = append(events, e) })
	stream := media.NewStream()
	a.addTrack(videoTrack(), stream)
	a.addTrack(audioTrack(), stream)
	negotiate(a, b)
	a.addTrack(videoTrack(), stream)
	negotiate(a, b)
	if len(events) != 3 {
		w.t.Fatalf("one track event for each track: got %d", len(events))
	}
	for _, e := range events {
		if len(e.Streams) != 1 || e.Streams[0] != events[0].Streams[0] || e.Streams[0].ID() != stream.ID() {
			w.t.Errorf("the same MediaStream object, with the id of the sender's stream: got %v", e.Streams)
		}
	}
	if got := events[0].Streams[0].GetTracks(); len(got) != 3 {
		w.t.Errorf("the stream has all three tracks, got %d", len(got))
	}
}

func s6(t *testing.T, w *world) {
	a, b := w.pair()
	track := w.capture().GetVideoTracks()[0]
	transceiver := a.addTransceiver(media.Video, RTPTransceiverDirectionSendonly)
	if r := a.GetReceivers()[0].Track(); !r.Muted() || r.ReadyState() != media.Live {
		t.Error("the paired receiver's track is there at once, live and muted")
	}
	var muted, events []bool
	b.OnTrack(func(e TrackEvent) {
		muted = append(muted, e.Track.Muted())
		e.Track.OnMute(func() { events = append(events, e.Track.Muted()) })
		e.Track.OnUnmute(func() { events = append(events, e.Track.Muted()) })
	})
	connect(a, b)
	time.Sleep(time.Second)
	received := b.GetReceivers()[0].Track()
	if !slices.Equal(muted, []bool{true}) || !received.Muted() {
		t.Errorf("the track is muted in the track event, and until media comes: %v, later %v", muted, received.Muted())
	}
	a.must(transceiver.Sender().ReplaceTrack(t.Context(), track), "ReplaceTrack")
	b.wait(func() bool { return !received.Muted() }, "unmuted by the first media")
	a.must(a.RemoveTrack(transceiver.Sender()), "RemoveTrack")
	negotiate(a, b)
	synctest.Wait()
	if !received.Muted() || !slices.Equal(events, []bool{false, true}) {
		t.Errorf("unmute with the media, mute when the other peer sends no more: now %v, after the events %v", received.Muted(), events)
	}
	a.must(transceiver.SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
	a.must(transceiver.Sender().ReplaceTrack(t.Context(), track), "ReplaceTrack")
	negotiate(a, b)
	b.wait(func() bool { return !received.Muted() }, "unmuted again by new media")
}

func s7(_ *testing.T, w *world) {
	a := w.peer("a")
	track, stream := videoTrack(), media.NewStream()
	sender := a.addTrack(track, stream)
	_, err := a.AddTrack(track, media.NewStream())
	wantError(w.t, err, domerr.InvalidAccess, "a sender of the connection has the track")
	if len(a.GetSenders()) != 1 || !slices.Equal(sender.StreamIDs(), []string{stream.ID()}) {
		w.t.Error("a refused addTrack changes nothing")
	}
	// MDN speaks of "all of its underlying streams"; the specification does not.
	if _, err := a.AddTrack(videoTrack(), stream); err != nil {
		w.t.Errorf("another track in the same stream is welcome: %v", err)
	}
	a.must(a.RemoveTrack(sender), "RemoveTrack")
	if _, err := a.AddTrack(track, stream); err != nil {
		w.t.Errorf("after removeTrack no sender has the track: %v", err)
	}
	b := w.peer("b")
	if _, err := b.AddTrack(track); err != nil {
		w.t.Errorf("another connection may send the same track: %v", err)
	}
}

func s8(_ *testing.T, w *world) {
	a := w.peer("a")
	a.must(a.Close(), "Close")
	_, err := a.AddTrack(videoTrack())
	wantError(w.t, err, domerr.InvalidState, "addTrack on a closed connection")
}

func s9(_ *testing.T, w *world) {
	a, b := w.pair()
	s1, s2 := media.NewStream(), media.NewStream()
	a.addTrack(audioTrack(), s1)
	negotiate(a, b)
	first := b.GetReceivers()[0].Track()
	var order []string
	b.OnTrack(func(e TrackEvent) {
		order = append(order, "track")
		ids := []string{}
		for _, s := range e.Streams {
			ids = append(ids, s.ID())
			if s.GetTrackByID(e.Track.ID()) == nil {
				w.t.Error("in the track event the streams have the track already")
			}
		}
		if !slices.Equal(ids, []string{s2.ID(), s1.ID()}) {
			w.t.Errorf("event.streams has all streams in the order in which they were given: got %q", ids)
		}
	})
	b.streams[s1.ID()].OnAddTrack(func(e media.StreamTrackEvent) {
		order = append(order, "addtrack")
		if e.Track == first {
			w.t.Error("addtrack is for the new track")
		}
	})
	a.addTrack(videoTrack(), s2, s1)
	negotiate(a, b)
	wantLog(w.t, order, []string{"addtrack", "track"}, "a stream that exists fires addtrack, before the track event")
}

func s10(_ *testing.T, w *world) {
	a, b := w.pair()
	var streams []*media.Stream
	fired := false
	b.OnTrack(func(e TrackEvent) { streams, fired = e.Streams, true })
	a.addTrack(videoTrack())
	negotiate(a, b)
	if !fired || streams == nil || len(streams) != 0 {
		w.t.Errorf("the track event of a streamless track has an empty list of streams: fired %v, %v", fired, streams)
	}
}

func s16(_ *testing.T, w *world) {
	a := w.peer("a")
	track := videoTrack()
	sender := a.addTrack(track)
	if len(a.GetTransceivers()) != 1 {
		w.t.Fatalf("a new sender adds a transceiver, got %d", len(a.GetTransceivers()))
	}
	tr := a.GetTransceivers()[0]
	if tr.Sender() != sender || sender.Track() != track {
		w.t.Error("the sender is the transceiver's and has the track")
	}
	got := tr.Receiver().Track()
	if got == track || got.Kind() != media.Video || got.Label() != "remote video" {
		w.t.Errorf("the receiver has a new track of the kind, labelled \"remote video\": %v %q", got.Kind(), got.Label())
	}
	if tr.Direction() != RTPTransceiverDirectionSendrecv || tr.CurrentDirection() != "" || tr.Mid() != "" {
		w.t.Errorf("the new transceiver is sendrecv, without mid and current direction: %q %q %q",
			tr.Direction(), tr.CurrentDirection(), tr.Mid())
	}
}

func s17(_ *testing.T, w *world) {
	a, b := w.pair()
	a.addTrack(videoTrack())
	a.addTrack(audioTrack())
	b.remote(a.offer())
	b.addTrack(videoTrack())
	b.addTrack(audioTrack())
	if n := len(b.GetTransceivers()); n != 2 {
		w.t.Fatalf("addTrack after setRemoteDescription takes the transceivers of the offer: %d transceivers", n)
	}
	a.remote(b.offer())
	for _, p := range []*peer{a, b} {
		for _, tr := range p.GetTransceivers() {
			if tr.CurrentDirection() != RTPTransceiverDirectionSendrecv {
				w.t.Errorf("%s: both send in one round of offer and answer, %s is %s", p.name, tr.Mid(), tr.CurrentDirection())
			}
		}
	}
	wantLog(w.t, a.only("track"), []string{"track video []", "track audio []"}, "the caller hears of the callee's tracks")
}
