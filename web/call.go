package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

// streamNames are the streams that a track of the program can go to.
var streamNames = []string{"A", "B", "C"}

// call is one page's call.
type call struct {
	options *Options
	pool    *pool
	log     *slog.Logger
	pc      *webrtc.PeerConnection
	session *signaling.Session
	polite  bool
	streams map[string]*media.Stream // the program's, by name
	out     outbox

	mu         sync.Mutex
	senders    []*sender
	keys       int
	echo       bool
	echoes     map[string]*media.Stream // by the id of the page's stream
	watched    map[*media.Track]bool
	recordings map[*media.Track]*recording
	sent, got  int // descriptions each way
}

// sender is a track of the program's that was added to the connection.
type sender struct {
	key         string
	name        string
	track       *media.Track
	streams     []string // names; nil for an echo
	echoOf      *webrtc.RTPTransceiver
	sender      *webrtc.RTPSender
	transceiver *webrtc.RTPTransceiver
}

func newCall(o *Options, tracks *pool, log *slog.Logger, pipe signaling.Pipe, pagePolite bool) (*call, error) {
	var options []webrtc.Option
	if o.Engine != nil {
		options = append(options, webrtc.WithEngine(o.Engine))
	}
	pc, err := webrtc.NewPeerConnection(o.Configuration, options...)
	if err != nil {
		return nil, err
	}
	c := &call{
		options: o, pool: tracks, log: log, pc: pc, polite: !pagePolite, echo: true,
		streams: map[string]*media.Stream{}, echoes: map[string]*media.Stream{},
		watched: map[*media.Track]bool{}, recordings: map[*media.Track]*recording{},
		out: newOutbox(),
	}
	for _, name := range streamNames {
		c.streams[name] = media.NewStream()
	}
	c.watch()
	c.session = signaling.New(pc, pipe, signaling.Options{
		Polite:  c.polite,
		OnApp:   c.command,
		OnError: c.fail,
		Observe: c.observe,
	})
	return c, nil
}

func (c *call) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Before anything can be offered: the page must know what it is in.
	if err := c.session.Send(ctx, c.hello()); err != nil {
		_ = c.pc.Close()
		return err
	}
	var posting sync.WaitGroup
	posting.Go(func() {
		err := c.post(ctx)
		if ctx.Err() == nil {
			c.log.Warn("the page does not listen", "err", err)
		}
		cancel()
	})
	if c.options.Start {
		for i, s := range c.options.Sources {
			if s.Later {
				continue
			}
			if err := c.add(fmt.Sprint(i), streamNames[:1]); err != nil {
				c.fail(err)
			}
		}
	}
	c.changed()
	err := c.session.Run(ctx)
	cancel()
	posting.Wait()
	_ = c.pc.Close()
	c.mu.Lock()
	recordings := c.recordings
	c.senders, c.recordings = nil, nil
	c.mu.Unlock()
	for _, r := range recordings {
		r.end()
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (c *call) hello() hello {
	h := hello{Op: "hello", Polite: !c.polite, Record: c.options.RecordDir != "", Sources: []sourceInfo{}}
	for i, s := range c.options.Sources {
		codec := s.Track.Format().Codec.MimeType
		_, codec, _ = strings.Cut(codec, "/")
		h.Sources = append(h.Sources, sourceInfo{ID: fmt.Sprint(i), Name: s.Name, Kind: s.Track.Kind(), Codec: codec, Detail: s.Detail})
	}
	for _, name := range streamNames {
		h.Streams = append(h.Streams, streamInfo{Name: name, ID: c.streams[name].ID()})
	}
	return h
}

// watch sets the handlers of the connection. They run on its loop, where they
// must not wait.
func (c *call) watch() {
	pc := c.pc
	report := func(name string, state func() string) func() {
		return func() {
			c.event(event{Name: name, Detail: state()})
			c.changed()
		}
	}
	pc.OnSignalingStateChange(func() {
		c.event(event{Name: "signalingstatechange", Detail: string(pc.SignalingState())})
		if pc.SignalingState() == webrtc.SignalingStateStable {
			c.reconcileEchoes()
		}
		c.changed()
	})
	pc.OnICEConnectionStateChange(report("iceconnectionstatechange", func() string { return string(pc.ICEConnectionState()) }))
	pc.OnICEGatheringStateChange(report("icegatheringstatechange", func() string { return string(pc.ICEGatheringState()) }))
	pc.OnConnectionStateChange(report("connectionstatechange", func() string { return string(pc.ConnectionState()) }))
	pc.OnTrack(c.onTrack)
}

func (c *call) onTrack(e webrtc.TrackEvent) {
	where := "no stream"
	if n := len(e.Streams); n > 0 {
		where = fmt.Sprintf("%d stream(s)", n)
	}
	c.event(event{Name: "track", Detail: fmt.Sprintf("%s · mid %s · %s", e.Track.Kind(), e.Transceiver.Mid(), where), Tone: "clear"})
	c.mu.Lock()
	seen := c.watched[e.Track]
	c.watched[e.Track] = true
	c.mu.Unlock()
	if !seen {
		c.watchTrack(e.Track, e.Transceiver)
	}
	for _, s := range e.Streams {
		c.watchStream(s)
	}
	c.echoTrack(e.Transceiver, e.Streams)
	c.changed()
}

func (c *call) watchTrack(t *media.Track, transceiver *webrtc.RTPTransceiver) {
	for name, set := range map[string]func(func()){"mute": t.OnMute, "unmute": t.OnUnmute, "ended": t.OnEnded} {
		set(func() {
			c.event(event{Name: name, Detail: fmt.Sprintf("%s · mid %s", t.Kind(), transceiver.Mid())})
			c.changed()
		})
	}
}

func (c *call) watchStream(s *media.Stream) {
	s.OnAddTrack(func(e media.StreamTrackEvent) {
		c.event(event{Name: "addtrack", Detail: string(e.Track.Kind())})
		c.changed()
	})
	s.OnRemoveTrack(func(e media.StreamTrackEvent) {
		c.event(event{Name: "removetrack", Detail: string(e.Track.Kind())})
		c.changed()
	})
}

// observe puts the steps of the negotiation on the timeline. It is called on
// the session's goroutine, except for negotiationneeded.
func (c *call) observe(s signaling.Step) {
	e := event{Name: stepName(s)}
	switch s.Kind {
	case signaling.Sent, signaling.Received, signaling.Ignored:
		c.mu.Lock()
		m := &messageMark{Way: "up", N: c.got, Type: string(s.Description.Type), Ignored: s.Kind == signaling.Ignored}
		if s.Kind == signaling.Sent {
			*m = messageMark{Way: "down", N: c.sent, Start: true, Type: string(s.Description.Type)}
			c.sent++
			e.Detail = "sent"
		} else {
			c.got++
		}
		c.mu.Unlock()
		if m.Ignored {
			e.Name += " ignored"
		}
		e.Message = m
	case signaling.CandidateSent, signaling.CandidateReceived:
		e.Minor, e.Detail = true, "end of candidates"
		if fields := strings.Fields(s.Candidate.Candidate); len(fields) >= 8 {
			e.Detail = strings.Join(fields[4:8], " ")
		}
	case signaling.RolledBack:
		e.Tone = "caution"
	}
	c.event(e)
	c.changed()
}

func (c *call) event(e event) {
	e.Op, e.T = "event", time.Now().UnixMilli()
	c.out.put(e)
}

func (c *call) act(name, detail string) { c.event(event{Name: name, Detail: detail, Act: true}) }

// fail tells the page of an error.
func (c *call) fail(err error) {
	c.log.Warn("call", "err", err)
	c.event(event{Name: "error", Detail: err.Error(), Tone: "stop"})
	c.out.put(failure{Op: "error", Message: err.Error()})
}

// changed has the state sent soon.
func (c *call) changed() { c.out.touch() }

// post sends what is in the outbox, until the context ends or the page is gone.
func (c *call) post(ctx context.Context) error {
	for {
		messages, touched, err := c.out.take(ctx)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if err := c.session.Send(ctx, m); err != nil {
				return err
			}
		}
		if touched {
			if err := c.session.Send(ctx, c.state()); err != nil {
				return err
			}
		}
	}
}

// outbox holds messages for the page, so that no handler waits for the network.
type outbox struct {
	ready chan struct{}
	box   *outboxState
}

type outboxState struct {
	sync.Mutex
	messages []any
	touched  bool
}

// maxOut bounds the messages for a page that does not listen.
const maxOut = 10000

var errFull = errors.New("web: the page does not keep up")

func newOutbox() outbox { return outbox{make(chan struct{}, 1), new(outboxState)} }

func (o outbox) put(m any) {
	o.box.Lock()
	if len(o.box.messages) <= maxOut {
		o.box.messages = append(o.box.messages, m)
	}
	o.box.Unlock()
	o.wake()
}

// touch asks for the state to be sent.
func (o outbox) touch() {
	o.box.Lock()
	o.box.touched = true
	o.box.Unlock()
	o.wake()
}

func (o outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o outbox) take(ctx context.Context) (messages []any, touched bool, err error) {
	select {
	case <-o.ready:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	o.box.Lock()
	defer o.box.Unlock()
	messages, touched = o.box.messages, o.box.touched
	o.box.messages, o.box.touched = nil, false
	if len(messages) > maxOut {
		return nil, false, errFull
	}
	return messages, touched, nil
}

func decode(app json.RawMessage) (command, error) {
	var cmd command
	if err := json.Unmarshal(app, &cmd); err != nil {
		return command{}, fmt.Errorf("a command that is none: %w", err)
	}
	return cmd, nil
}
