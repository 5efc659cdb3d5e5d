package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

// page is the web page, played by a connection of our own.
type page struct {
	*testing.T
	ctx     context.Context
	pc      *webrtc.PeerConnection
	session *signaling.Session
	done    chan error

	mu       sync.Mutex
	state    state
	events   []event
	failures []string
	tracks   []webrtc.TrackEvent
}

// sources opens the live sources, with small pictures, for one test.
func sources(t *testing.T) (list []Source) {
	t.Helper()
	list, stop, err := Live(t.Context(), LiveOptions{Width: 320, Height: 180})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return list
}

func open(t *testing.T, o Options) *page {
	t.Helper()
	o.Engine = engine
	return openAt(t, newTestServer(t, o))
}

// openAt opens a page of a server.
func openAt(t *testing.T, s *Server) *page {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	pipe, err := signaling.DialWebSocket(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/call", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{T: t, ctx: ctx, done: make(chan error, 1)}
	if p.pc, err = webrtc.NewPeerConnection(webrtc.Configuration{}, webrtc.WithEngine(engine)); err != nil {
		t.Fatal(err)
	}
	p.pc.OnTrack(func(e webrtc.TrackEvent) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.tracks = append(p.tracks, e)
	})
	p.session = signaling.New(p.pc, pipe, signaling.Options{
		Polite: true, OnApp: p.app,
		OnError: func(err error) { t.Errorf("negotiating: %v", err) },
	})
	running, stop := context.WithCancel(context.Background())
	go func() { p.done <- p.session.Run(running) }()
	t.Cleanup(func() {
		stop()
		<-p.done
		_ = p.pc.Close()
		h.CloseClientConnections()
	})
	return p
}

func (p *page) app(raw json.RawMessage) {
	var op struct{ Op string }
	_ = json.Unmarshal(raw, &op)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch op.Op {
	case "state":
		p.state = state{}
		_ = json.Unmarshal(raw, &p.state)
	case "event":
		var e event
		_ = json.Unmarshal(raw, &e)
		p.events = append(p.events, e)
	case "error":
		var f failure
		_ = json.Unmarshal(raw, &f)
		p.failures = append(p.failures, f.Message)
	}
}

func (p *page) ask(c command) {
	p.Helper()
	if err := p.session.Send(p.ctx, c); err != nil {
		p.Fatal(err)
	}
}

func (p *page) until(what string, condition func() bool) {
	p.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		p.mu.Lock()
		ok := condition()
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			p.Fatalf("waited in vain: %s; state %+v, failures %q", what, p.state, p.failures)
		}
	}
}

func TestCommands(t *testing.T) {
	p := open(t, Options{Sources: sources(t)})
	sender := func() senderState { return p.state.Senders[0] }
	p.ask(command{Op: "add", Source: "0", Streams: []string{"A", "B"}})
	p.until("the track arrives in both streams", func() bool {
		return len(p.tracks) == 1 && len(p.tracks[0].Streams) == 2 && len(p.state.Senders) == 1 && sender().Sending
	})
	p.mu.Lock()
	track, key := p.tracks[0].Track, sender().Key
	p.mu.Unlock()
	p.until("its media arrives", func() bool { return !track.Muted() })

	p.ask(command{Op: "hold", Sender: key, On: true})
	p.until("on hold", func() bool { return sender().Held && !sender().Sending && track.Muted() })
	p.ask(command{Op: "hold", Sender: key})
	p.until("resumed", func() bool { return sender().Sending && !track.Muted() })
	p.ask(command{Op: "streams", Sender: key, Streams: []string{"C"}})
	p.until("in stream C", func() bool { return slices.Equal(sender().Streams, []string{"C"}) })
	p.ask(command{Op: "remove", Sender: key})
	p.until("removed", func() bool { return sender().Idle && track.Muted() })
	p.ask(command{Op: "again", Sender: key})
	p.until("added again", func() bool { return sender().Sending })
	p.ask(command{Op: "stop", Sender: key})
	p.until("stopped", func() bool { return len(p.state.Senders) == 0 })
	p.ask(command{Op: "restart"})
	p.until("restarted", func() bool {
		return slices.ContainsFunc(p.events, func(e event) bool { return e.Name == "RestartICE()" && e.Act })
	})
	if len(p.failures) > 0 {
		t.Errorf("no command may fail: %q", p.failures)
	}
}

func TestBadCommandsAreAnsweredAndTheCallGoesOn(t *testing.T) {
	p := open(t, Options{Sources: sources(t)})
	bad := []command{
		{Op: "dance"}, {}, {Op: "add", Source: "7"}, {Op: "add", Source: "-1"}, {Op: "add", Source: "0", Streams: []string{"Z"}},
		{Op: "remove", Sender: "s9"}, {Op: "hold"}, {Op: "record", Mid: "0", On: true},
	}
	for _, c := range bad {
		p.ask(c)
	}
	if err := p.session.Send(p.ctx, []int{1}); err != nil {
		t.Fatal(err)
	}
	p.until("each is answered", func() bool { return len(p.failures) == len(bad)+1 })
	p.ask(command{Op: "add", Source: "1"})
	p.until("the call goes on", func() bool { return len(p.tracks) == 1 && len(p.tracks[0].Streams) == 0 })
}

func TestBadMessageEndsTheCall(t *testing.T) {
	s := newTestServer(t, Options{Engine: engine})
	h := httptest.NewServer(s)
	defer h.Close()
	pipe, err := signaling.DialWebSocket(t.Context(), "ws"+strings.TrimPrefix(h.URL, "http")+"/call", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.Send(t.Context(), []byte(`{"description":[]}`)); err != nil {
		t.Fatal(err)
	}
	var closed *signaling.ClosedError
	for err == nil {
		_, err = pipe.Receive(t.Context())
	}
	if !errors.As(err, &closed) || !strings.Contains(closed.Reason, "description") {
		t.Errorf("the page must hear why the call ends: %v", err)
	}
}

func TestWhatThePageSendsComesBackAndIsRecorded(t *testing.T) {
	dir := t.TempDir()
	list := sources(t)
	p := open(t, Options{Sources: list, RecordDir: dir})
	mine := list[0].Track.Clone()
	defer mine.Stop()
	stream := media.NewStream()
	sender, err := p.pc.AddTrack(mine, stream)
	if err != nil {
		t.Fatal(err)
	}
	p.until("the echo", func() bool {
		return len(p.tracks) == 1 && len(p.state.Echoes) == 1 && len(p.state.Receivers) == 1 && p.state.Echoes[0].Of == stream.ID() &&
			len(p.tracks[0].Streams) == 1 && p.tracks[0].Streams[0].ID() == p.state.Echoes[0].ID
	})
	p.mu.Lock()
	echo, mid := p.tracks[0].Track, p.state.Receivers[0].Mid
	p.mu.Unlock()
	frames := make(chan struct{}, 100)
	defer echo.AddSink(&media.Sink{Encoded: func(*media.EncodedFrame) {
		select {
		case frames <- struct{}{}:
		default:
		}
	}})()
	for range 10 {
		select {
		case <-frames:
		case <-p.ctx.Done():
			t.Fatal("frames must come back")
		}
	}
	p.ask(command{Op: "record", Mid: mid, On: true})
	p.until("recording", func() bool { return p.state.Receivers[0].Recording != "" })
	for range 40 {
		<-frames
	}
	p.ask(command{Op: "record", Mid: mid})
	p.until("recorded", func() bool { return p.state.Receivers[0].Recording == "" && p.saw("recorded") })
	files, err := filepath.Glob(filepath.Join(dir, "*.webm"))
	if err != nil || len(files) != 1 {
		t.Fatalf("one recording must be there: %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Size() < 10000 {
		t.Errorf("the recording must have the picture in it: %v, %v", info, err)
	}

	if err := p.pc.RemoveTrack(sender); err != nil {
		t.Fatal(err)
	}
	p.until("the echo ends with the track", func() bool { return len(p.state.Senders) == 0 && echo.Muted() })
	if len(p.failures) > 0 {
		t.Errorf("nothing may fail: %q", p.failures)
	}
}

// saw reports whether the program told of an event; the lock is held.
func (p *page) saw(name string) bool {
	return slices.ContainsFunc(p.events, func(e event) bool { return e.Name == name })
}
