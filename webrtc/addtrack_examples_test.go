package webrtc

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

// The page's examples, put into Go; conformance/seed runs them as they stand.

// openCall is the page's function of that name: without streams (S11), or with
// the stream that was captured (S14).
func openCall(pc *peer, gum *media.Stream, streams ...*media.Stream) {
	for _, track := range gum.GetTracks() {
		pc.addTrack(track, streams...)
	}
}

// element stands for a media element; show is its srcObject.
type element struct{ show *media.Stream }

// firstOrOwn is the handler of S12: the first stream of the event, or else one
// stream of our own for all tracks.
func (v *element) firstOrOwn() func(TrackEvent) {
	var inbound *media.Stream
	return func(e TrackEvent) {
		if len(e.Streams) > 0 {
			v.show = e.Streams[0]
			return
		}
		if inbound == nil {
			inbound = media.NewStream()
			v.show = inbound
		}
		inbound.AddTrack(e.Track)
	}
}

// wantShown checks that the element shows a picture and a tone, which play.
func (v *element) wantShown(t *testing.T, b *peer) {
	t.Helper()
	if v.show == nil || len(v.show.GetVideoTracks()) != 1 || len(v.show.GetAudioTracks()) != 1 {
		t.Fatalf("the element must show one stream with both tracks: %v", v.show)
	}
	for _, r := range b.GetReceivers() {
		if !slices.Contains(v.show.GetTracks(), r.Track()) {
			t.Errorf("the stream that is shown lacks the %s track that is received", r.Track().Kind())
		}
	}
	wantPlays(t, b.GetReceivers())
}

func s11(t *testing.T, w *world) {
	a, b := w.pair()
	gum := w.capture()
	openCall(a, gum)
	if n := len(a.GetSenders()); n != 2 {
		t.Fatalf("each track of the captured stream has a sender, there are %d", n)
	}
	for i, s := range a.GetSenders() {
		if s.Track() != gum.GetTracks()[i] || len(s.StreamIDs()) != 0 {
			t.Errorf("sender %d has the captured track and no stream: %q", i, s.StreamIDs())
		}
	}
	events := 0
	b.OnTrack(func(e TrackEvent) {
		events++
		if len(e.Streams) != 0 {
			t.Errorf("the tracks are sent with no stream associations: %v", e.Streams)
		}
	})
	connect(a, b)
	if events != 2 {
		t.Errorf("a set of two tracks is sent, %d arrived", events)
	}
	wantPlays(t, b.GetReceivers())
}

func s12(t *testing.T, w *world) {
	for _, streamless := range []bool{true, false} {
		a, b := w.pair()
		var v element
		b.OnTrack(v.firstOrOwn())
		gum := w.capture()
		if streamless {
			openCall(a, gum)
		} else {
			openCall(a, gum, gum)
		}
		connect(a, b)
		v.wantShown(t, b)
		if own := v.show.ID() != gum.ID(); own != streamless {
			t.Errorf("streams were given: %v; a stream of our own is shown: %v", !streamless, own)
		}
	}
}

func s13(t *testing.T, w *world) {
	a, b := w.pair()
	var shown []*media.Stream
	b.OnTrack(func(e TrackEvent) {
		if len(e.Streams) > 0 {
			shown = append(shown, e.Streams[0])
		} else {
			shown = append(shown, media.NewStream(e.Track))
		}
	})
	openCall(a, w.capture())
	connect(a, b)
	if len(shown) != 2 || shown[0] == shown[1] {
		t.Fatalf("each streamless track gets a stream of its own: %v", shown)
	}
	for i, s := range shown {
		if got := s.GetTracks(); len(got) != 1 || got[0] != b.GetReceivers()[i].Track() {
			t.Errorf("stream %d has its track and no other: %v", i, got)
		}
	}
	wantPlays(t, b.GetReceivers())
}

func s14(t *testing.T, w *world) {
	a, b := w.pair()
	var v element
	b.OnTrack(func(e TrackEvent) { v.show = e.Streams[0] })
	gum := w.capture()
	openCall(a, gum, gum)
	connect(a, b)
	v.wantShown(t, b)
	remote := v.show
	has := func(kinds ...media.Kind) {
		t.Helper()
		synctest.Wait()
		var got []media.Kind
		for _, track := range remote.GetTracks() {
			got = append(got, track.Kind())
		}
		slices.Sort(got)
		if !slices.Equal(got, kinds) {
			t.Errorf("the remote stream has %v, want %v", got, kinds)
		}
	}
	has(media.Audio, media.Video)
	// A change of direction takes the track from the stream and gives it back.
	for i, tr := range a.GetTransceivers() {
		rest := media.Video
		if b.GetReceivers()[i].Track().Kind() == media.Video {
			rest = media.Audio
		}
		a.must(tr.SetDirection(RTPTransceiverDirectionRecvonly), "SetDirection")
		negotiate(a, b)
		has(rest)
		a.must(tr.SetDirection(RTPTransceiverDirectionSendrecv), "SetDirection")
		negotiate(a, b)
		has(media.Audio, media.Video)
	}
	// removeTrack takes them away.
	for _, s := range a.GetSenders() {
		a.must(a.RemoveTrack(s), "RemoveTrack")
	}
	negotiate(a, b)
	has()
	time.Sleep(time.Second)
	for _, r := range b.GetReceivers() {
		if !r.Track().Muted() {
			t.Errorf("the %s track that was removed is muted", r.Track().Kind())
		}
	}
}

// s15 is the effects of reuse; TestAddTrackReusesASender has each criterion.
func s15(t *testing.T, w *world) {
	a, b := w.pair()
	free := a.addTransceiver(media.Video, RTPTransceiverDirectionRecvonly)
	negotiate(a, b)
	gum := w.capture()
	if s := a.addTrack(gum.GetVideoTracks()[0], gum); s != free.Sender() || len(a.GetTransceivers()) != 1 {
		t.Fatal("a sender without track, of the kind, that never sent is taken")
	}
	if free.Sender().Track() != gum.GetVideoTracks()[0] || !slices.Equal(free.Sender().StreamIDs(), []string{gum.ID()}) ||
		free.Direction() != RTPTransceiverDirectionSendrecv {
		t.Errorf("the sender gets track and streams, and the transceiver sends: %q %s", free.Sender().StreamIDs(), free.Direction())
	}
	connect(a, b)
	wantPlays(t, b.GetReceivers())
	a.must(a.RemoveTrack(free.Sender()), "RemoveTrack")
	negotiate(a, b)
	if s := a.addTrack(gum.GetVideoTracks()[0], gum); s == free.Sender() {
		t.Error("a sender that was used to send is not taken")
	}
}

func s20(t *testing.T, w *world) {
	gum := w.capture()
	if len(gum.GetVideoTracks()) != 1 || len(gum.GetAudioTracks()) != 1 {
		t.Fatalf("getUserMedia({video: true, audio: true}) gives a camera and a microphone: %v", gum.GetTracks())
	}
	preview := watchScreen(gum.GetVideoTracks()[0])
	time.Sleep(time.Second)
	preview.remove()
	wantPattern(t, "the preview", preview.take(), 0)
	a, b := w.pair()
	var v element
	b.OnTrack(v.firstOrOwn())
	openCall(a, gum, gum)
	connect(a, b)
	v.wantShown(t, b)
}
