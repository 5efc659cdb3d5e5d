package interop

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"trackway/conformance/seed"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/signaling"
	"trackway/web"
	"trackway/webrtc"
)

//go:embed page/peer.html
var peerHTML []byte

//go:embed page/peer.js
var peerJS []byte

//go:embed page/tap.js
var tapJS []byte

// testTimeout bounds one test body against one browser.
const testTimeout = 60 * time.Second

var kinds = []browser.Kind{browser.Chromium, browser.Firefox}

// house is a browser and what it can call, shared by all tests.
type house struct {
	browser    *browser.Browser
	demo       *web.Server
	recordings string

	mu    sync.Mutex
	next  int
	pipes map[string]chan signaling.Pipe
}

var houses = struct {
	sync.Mutex
	open map[string]*house
	errs map[string]error
}{open: map[string]*house{}, errs: map[string]error{}}

// live are the demo's sources, for all tests, with pictures that cost little.
var live = sync.OnceValue(func() (l struct {
	sources []web.Source
	stop    func()
}) {
	var err error
	if l.sources, l.stop, err = web.Live(context.Background(), web.LiveOptions{Width: 640, Height: 360}); err != nil {
		panic(err)
	}
	return l
})

func TestMain(m *testing.M) {
	code := m.Run()
	for _, h := range houses.open {
		h.demo.Close()
		h.browser.Close()
		_ = os.RemoveAll(h.recordings)
	}
	live().stop()
	_ = player().Close()
	os.Exit(code)
}

// enter returns the shared browser of a kind; variant and prefs tell apart
// browsers with other settings.
func enter(t *testing.T, kind browser.Kind, variant string, o browser.Options) *house {
	t.Helper()
	houses.Lock()
	defer houses.Unlock()
	key := string(kind) + variant
	if houses.open[key] == nil && houses.errs[key] == nil {
		houses.open[key], houses.errs[key] = build(kind, o)
		if houses.errs[key] != nil {
			delete(houses.open, key)
		}
	}
	if err := houses.errs[key]; err != nil {
		if errors.Is(err, browser.ErrMissing) && !browser.Expected() {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return houses.open[key]
}

func build(kind browser.Kind, o browser.Options) (*house, error) {
	b, err := browser.Start(context.Background(), kind, o)
	if err != nil {
		return nil, err
	}
	h := &house{browser: b, pipes: map[string]chan signaling.Pipe{}}
	recordings, err := os.MkdirTemp("", "trackway-recordings-")
	if err != nil {
		b.Close()
		return nil, err
	}
	h.recordings = recordings
	if h.demo, err = web.NewServer(web.Options{Sources: live().sources, RecordDir: recordings}); err != nil {
		b.Close()
		return nil, err
	}
	b.Handle("/demo/", http.StripPrefix("/demo", h.demo))
	file := func(contentType string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		}
	}
	b.Handle("GET /interop/peer", file("text/html; charset=utf-8", peerHTML))
	b.Handle("GET /interop/peer.js", file("text/javascript; charset=utf-8", peerJS))
	b.Handle("GET /interop/tap.js", file("text/javascript; charset=utf-8", tapJS))
	b.Handle("GET /interop/signal", http.HandlerFunc(h.signal))
	b.Handle("GET /seed", new(seed.Signalling))
	return h, nil
}

func (h *house) signal(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	ch := h.pipes[r.URL.Query().Get("id")]
	h.mu.Unlock()
	if ch == nil {
		http.NotFound(w, r)
		return
	}
	pipe, err := signaling.AcceptWebSocket(w, r)
	if err != nil {
		return
	}
	ch <- pipe
}

// rig is a call between a browser and a connection of ours.
type rig struct {
	*testing.T
	ctx      context.Context
	kind     browser.Kind
	house    *house
	frame    *browser.Frame
	pc       *webrtc.PeerConnection
	session  *signaling.Session
	gate     *gate
	goOffers bool
	sent     *media.Track // the picture of bothSend
	dies     bool         // the browser is killed in the test

	mu     sync.Mutex
	tracks []webrtc.TrackEvent
	events []string
	onward func(webrtc.TrackEvent)
	steps  map[signaling.StepKind]int
}

// eachKind runs a test body against both browsers side by side: most of a test
// is waiting. No limit on pauses is harmed, for each is relative to an idle call
// in the same test or to what the machine stood still. Tests that measure the
// live media of larger pictures take the browsers one after the other.
func eachKind(t *testing.T, body func(t *testing.T, kind browser.Kind)) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			body(t, kind)
		})
	}
}

// each runs a test body against both browsers, with the browser and with this
// program as the first to offer.
func each(t *testing.T, body func(x *rig)) {
	eachKind(t, func(t *testing.T, kind browser.Kind) {
		for _, goOffers := range []bool{false, true} {
			t.Run(map[bool]string{false: "browser offers", true: "Go offers"}[goOffers], func(t *testing.T) {
				x := start(t, enter(t, kind, "", browser.Options{}), kind, goOffers)
				body(x)
				x.wantNoErrors()
			})
		}
	})
}

// newEngine is an engine that lives as long as the test.
func newEngine(t *testing.T, options ...webrtc.EngineOption) *webrtc.Engine {
	t.Helper()
	engine, err := webrtc.NewEngine(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

// start opens a frame and connects its signalling. The polite end is the
// browser when this program offers, and this program otherwise.
func start(t *testing.T, h *house, kind browser.Kind, goOffers bool, options ...webrtc.Option) *rig {
	t.Helper()
	return startWith(t, h, kind, goOffers, setting{options: options})
}

// setting is what differs from a usual call.
type setting struct {
	config  webrtc.Configuration // this program's
	page    any                  // the browser's RTCConfiguration
	options []webrtc.Option
	pipe    func(signaling.Pipe) signaling.Pipe
}

func startWith(t *testing.T, h *house, kind browser.Kind, goOffers bool, set setting) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	x := &rig{T: t, ctx: ctx, kind: kind, house: h, goOffers: goOffers, steps: map[signaling.StepKind]int{}}
	var err error
	if x.frame, err = h.browser.Open(ctx, "/interop/peer"); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.next++
	id := fmt.Sprint(h.next)
	ch := make(chan signaling.Pipe, 1)
	h.pipes[id] = ch
	h.mu.Unlock()
	if x.pc, err = webrtc.NewPeerConnection(set.config, set.options...); err != nil {
		t.Fatal(err)
	}
	x.eval(nil, `await T.until("the page is ready", () => window.call); await window.call(args.id, args.polite, args.configuration ?? undefined)`,
		browser.Args{"id": id, "polite": goOffers, "configuration": set.page})
	pipe := <-ch
	if set.pipe != nil {
		pipe = set.pipe(pipe)
	}
	x.gate = newGate(pipe)
	x.pc.OnTrack(x.onTrack)
	x.session = signaling.New(x.pc, x.gate, signaling.Options{
		Polite:  !goOffers,
		OnError: func(err error) { t.Errorf("negotiating: %v", err) },
		Observe: func(s signaling.Step) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.steps[s.Kind]++
		},
	})
	done := make(chan error, 1)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { done <- x.session.Run(running) }()
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if t.Failed() && !x.dies {
			x.describe(closing)
		}
		stop()
		<-done
		if err := x.pc.Close(); err != nil {
			t.Error(err)
		}
		if err := x.frame.Close(closing); err != nil && !x.dies {
			t.Error(err)
		}
	})
	return x
}

// describe logs what helps to understand a failure.
func (x *rig) describe(ctx context.Context) {
	var browserSide struct {
		Events []map[string]any
		Steps  []string
		State  []string
	}
	err := x.frame.Eval(ctx, &browserSide, `return {events: peer.events.slice(-30), steps: peer.steps.slice(-30), state: [peer.pc.signalingState, peer.pc.iceConnectionState, peer.pc.connectionState]}`, nil)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.Logf("this program: %s, %s, %s; events %v; steps %v", x.pc.SignalingState(), x.pc.ICEConnectionState(), x.pc.ConnectionState(), x.events, x.steps)
	for _, tr := range x.pc.GetTransceivers() {
		if d := tr.Receiver().Transport(); d != nil {
			x.Logf("mid %s %s: dtls %p %s, ice %s", tr.Mid(), tr.CurrentDirection(), d, d.State(), d.ICETransport().State())
		}
	}
	for _, d := range []*webrtc.SessionDescription{x.pc.CurrentLocalDescription(), x.pc.CurrentRemoteDescription()} {
		if d != nil {
			x.Logf("%s:\n%s", d.Type, d.SDP)
		}
	}
	x.Logf("the browser's program said:\n%s", x.house.browser.Log())
	x.Logf("the browser (%v): %v\nevents %v\nsteps %q", err, browserSide.State, browserSide.Events, browserSide.Steps)
}

func (x *rig) onTrack(e webrtc.TrackEvent) {
	x.mu.Lock()
	x.tracks = append(x.tracks, e)
	onward := x.onward
	x.mu.Unlock()
	x.note("track", e.Track)
	e.Track.OnMute(func() { x.note("mute", e.Track) })
	e.Track.OnUnmute(func() { x.note("unmute", e.Track) })
	e.Track.OnEnded(func() { x.note("ended", e.Track) })
	for _, s := range e.Streams {
		s.OnAddTrack(func(e media.StreamTrackEvent) { x.note("addtrack", e.Track) })
		s.OnRemoveTrack(func(e media.StreamTrackEvent) { x.note("removetrack", e.Track) })
	}
	if onward != nil {
		onward(e)
	}
}

func (x *rig) note(name string, t *media.Track) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.events = append(x.events, name+" "+t.ID())
}

// saw reports whether an event of a track happened here.
func (x *rig) saw(name string, t *media.Track) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Contains(x.events, name+" "+t.ID())
}

// eval runs a script in the browser; an error of it fails the test.
func (x *rig) eval(out any, code string, args browser.Args) {
	x.Helper()
	if err := x.frame.Eval(x.ctx, out, code, args); err != nil {
		x.Fatalf("in the browser: %v", err)
	}
}

// until waits for a condition of this program's side.
func (x *rig) until(what string, condition func() bool) {
	x.Helper()
	x.within(15*time.Second, what, condition)
}

// within is until with a limit of its own.
func (x *rig) within(limit time.Duration, what string, condition func() bool) {
	x.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			x.Fatalf("waited in vain: %s", what)
		case <-x.ctx.Done():
			x.Fatalf("waited in vain until the test's time was up: %s", what)
		}
	}
}

// arrived waits for the n-th track of a kind that came by the track event.
func (x *rig) arrived(kind media.Kind, n int) webrtc.TrackEvent {
	x.Helper()
	var found webrtc.TrackEvent
	x.until(fmt.Sprintf("%s track %d of the browser", kind, n), func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		left := n
		for _, e := range x.tracks {
			if e.Track.Kind() == kind {
				if left == 0 {
					found = e
					return true
				}
				left--
			}
		}
		return false
	})
	return found
}

// stable waits until no negotiation is under way at either end.
func (x *rig) stable() {
	x.Helper()
	x.eval(nil, `await T.until("stable", () => peer.pc.signalingState === "stable")`, nil)
	x.until("stable", func() bool { return x.pc.SignalingState() == webrtc.SignalingStateStable })
}

// settled waits until both ends are stable and stay so for a moment: a change
// that was made before it has been negotiated.
func (x *rig) settled() {
	x.Helper()
	x.eval(nil, `
	let since = performance.now(), seen = peer.steps.length;
	await T.until("the negotiation settles", async () => {
		if (peer.pc.signalingState !== "stable" || peer.steps.length !== seen) [since, seen] = [performance.now(), peer.steps.length];
		return performance.now() - since > 150;
	})`, nil)
	x.stable()
}

func (x *rig) wantNoErrors() {
	x.Helper()
	var errs []string
	x.eval(&errs, `return peer.errors`, nil)
	for _, e := range errs {
		x.Errorf("the browser's negotiation failed: %s", e)
	}
}

// clipTrack returns a track of the clip, which was coded before, and liveTrack
// one of the test picture or its sound, coded while it is sent. They live as
// long as the test.
func (x *rig) clipTrack(kind media.Kind) *media.Track {
	x.Helper()
	return x.clone(kind, player().Tracks())
}

func (x *rig) liveTrack(kind media.Kind) *media.Track {
	x.Helper()
	var tracks []*media.Track
	for _, s := range live().sources {
		tracks = append(tracks, s.Track)
	}
	return x.clone(kind, tracks)
}

func (x *rig) clone(kind media.Kind, tracks []*media.Track) *media.Track {
	x.Helper()
	for _, t := range tracks {
		if t.Kind() == kind {
			clone := t.Clone()
			x.Cleanup(clone.Stop)
			return clone
		}
	}
	x.Fatalf("there is no %s", kind)
	return nil
}

func (x *rig) add(t *media.Track, streams ...*media.Stream) *webrtc.RTPSender {
	x.Helper()
	s, err := x.pc.AddTrack(t, streams...)
	if err != nil {
		x.Fatal(err)
	}
	return s
}
