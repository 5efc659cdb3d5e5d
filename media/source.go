package media

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrEnded is returned when something is written into a source that has ended.
var ErrEnded = errors.New("media: the source has ended")

// ErrForm is returned when something is written that the source, or its kind,
// does not carry.
var ErrForm = errors.New("media: the source carries another form of media")

// Source is where the media of one or more tracks comes from. Every track
// made from it, and every clone of those, gets what is written.
type Source struct {
	kind   Kind
	label  string
	loop   Loop
	remote bool // takes every form, and starts muted
	atOnce bool // see AtOnce

	// What the writing goroutine reads; replaced whole under mu.
	tracks atomic.Pointer[[]*Track]
	format atomic.Pointer[Format]
	muted  atomic.Bool
	ended  atomic.Bool
	demand atomic.Pointer[Demand] // read for each packet of a remote source

	mu        sync.Mutex
	feedback  []feedbackEntry
	merged    Feedback
	device    Device
	onFeed    func(Feedback)
	onDemand  func(Demand)
	onStopped func()

	key      keyFrameRequests
	encoding atomic.Value // of Encode: *encoding
}

// Demand says in which forms anyone takes the media of a source at present.
type Demand struct {
	Encoded, RTP, Raw bool
}

// SourceOption changes a source as it is made.
type SourceOption func(*Source)

// WithLabel gives the label of the source's tracks, such as "Front camera".
func WithLabel(label string) SourceOption { return func(s *Source) { s.label = label } }

// WithLoop gives the loop on which the events of the source's tracks run. The
// default is one loop for the whole process.
func WithLoop(loop Loop) SourceOption { return func(s *Source) { s.loop = loop } }

// NewEncodedSource makes a source of frames that are coded already; write
// them with WriteFrame. The kind follows from the MIME type.
func NewEncodedSource(c Codec, opts ...SourceOption) *Source {
	return newSource(Kind(c.Kind()), Format{Form: Encoded, Codec: c}, opts)
}

// NewRTPSource makes a source of RTP packets; write them with WriteRTP.
func NewRTPSource(c Codec, opts ...SourceOption) *Source {
	return newSource(Kind(c.Kind()), Format{Form: RTP, Codec: c}, opts)
}

// NewVideoSource makes a source of pictures; write them with WriteVideo.
func NewVideoSource(opts ...SourceOption) *Source {
	return newSource(Video, Format{Form: Raw}, opts)
}

// NewAudioSource makes a source of samples; write them with WriteAudio.
func NewAudioSource(opts ...SourceOption) *Source {
	return newSource(Audio, Format{Form: Raw}, opts)
}

func newSource(kind Kind, f Format, opts []SourceOption) *Source {
	s := &Source{kind: kind, loop: processLoop}
	s.format.Store(&f)
	s.tracks.Store(new([]*Track))
	s.demand.Store(new(Demand))
	for _, o := range opts {
		o(s)
	}
	return s
}

// Kind is what the source carries.
func (s *Source) Kind() Kind { return s.kind }

// Label is the label of the source's tracks.
func (s *Source) Label() string { return s.label }

// Remote reports whether the source is fed by a connection (NewRemoteTrack). A
// remote source may give frames and packets of the same media.
func (s *Source) Remote() bool { return s.remote }

// Format is what the source gives at present.
func (s *Source) Format() Format { return *s.format.Load() }

// SetCodec changes the codec of an encoded or RTP source, as when a remote
// peer switches to another payload type. Frames of the new codec follow.
func (s *Source) SetCodec(c Codec) {
	s.mu.Lock()
	f := *s.format.Load()
	changed := f.Codec != c
	f.Codec = c
	if f.Form == Unknown {
		f.Form = Encoded
	}
	s.format.Store(&f)
	s.mu.Unlock()
	if changed {
		s.notifyChanged()
	}
}

// NewTrack makes a track fed by this source: enabled, muted if the source is,
// and ended if the source is.
// https://w3c.github.io/mediacapture-main/#dfn-create-a-mediastreamtrack
func (s *Source) NewTrack() *Track { return s.newTrack(newUUID()) }

func (s *Source) newTrack(id string) *Track {
	t := &Track{source: s, id: id}
	t.sinks.Store(new(sinkSet))
	t.enabled.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.muted.Store(s.muted.Load())
	if s.ended.Load() {
		t.ended.Store(true)
		return t
	}
	// Behind what readers of the list see; drop makes a new one.
	s.setTracks(append(*s.tracks.Load(), t))
	return t
}

// Tracks returns the live tracks of the source.
func (s *Source) Tracks() []*Track { return slices.Clone(*s.tracks.Load()) }

// setTracks is called with mu held.
func (s *Source) setTracks(tracks []*Track) { s.tracks.Store(&tracks) }

// drop takes an ended track from the source, which is stopped with its last one.
func (s *Source) drop(t *Track) {
	s.mu.Lock()
	old := *s.tracks.Load()
	i := slices.Index(old, t)
	if i < 0 {
		s.mu.Unlock()
		return
	}
	s.setTracks(slices.Delete(slices.Clone(old), i, i+1))
	stopped := len(old) == 1
	f := s.onStopped
	tell := s.recountDemand()
	s.mu.Unlock()
	tell()
	if stopped && f != nil {
		f()
	}
}

// OnStopped sets what is called when the last live track of the source has
// ended, so that nobody uses the source any more. A capturing program stops
// capturing. Only one handler is kept; nil removes it.
func (s *Source) OnStopped(f func()) {
	s.mu.Lock()
	s.onStopped = f
	s.mu.Unlock()
}

// SetMuted says that the source cannot provide media for now (true), or can
// again (false). Media written while it is muted is dropped. The tracks'
// muted attributes and events follow in a task.
func (s *Source) SetMuted(muted bool) {
	if s.muted.Swap(muted) == muted {
		return
	}
	s.loop.Post(func() { s.settleMuted(muted) })
}

// settleMuted sets the muted state of all tracks and fires their events; it
// runs in a task.
func (s *Source) settleMuted(muted bool) {
	for _, t := range s.Tracks() {
		t.setMuted(muted)
	}
}

// Muted reports whether the source is muted.
func (s *Source) Muted() bool { return s.muted.Load() }

// End says that the source will never give media again. Its tracks end, each
// with an ended event, in a task.
func (s *Source) End() {
	s.mu.Lock()
	already := s.ended.Swap(true)
	s.mu.Unlock()
	if already {
		return
	}
	s.loop.Post(func() {
		for _, t := range s.Tracks() {
			t.end()
		}
	})
}

// Ended reports whether the source has ended.
func (s *Source) Ended() bool { return s.ended.Load() }

// OnFeedback sets what is called, in a task of the source's loop, when the
// combined wishes of the consumers change: the least bit rate, and the largest
// size and rate, that any of them named; and if they have wishes already. Only one
// handler is kept; nil removes it. It must not block.
func (s *Source) OnFeedback(f func(Feedback)) {
	s.mu.Lock()
	s.onFeed = f
	call := func() {}
	if merged := s.merged; f != nil && merged != (Feedback{}) {
		call = s.handlerCall(func() { f(merged) })
	}
	s.mu.Unlock()
	call()
}

// handlerCall has a handler called. It is called with mu held, so that tasks are
// in order; the caller calls what it returns after unlocking. Consumers have locks
// of their own then, such as a connection's, that a program's handler may want:
// hence the task.
func (s *Source) handlerCall(call func()) (tell func()) {
	if s.atOnce {
		return call
	}
	s.loop.Post(call)
	return func() {}
}

// Adapts reports whether somebody listens to OnFeedback: a source that does not
// follow the network needs no probing of what more it would carry.
func (s *Source) Adapts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.onFeed != nil
}

func (s *Source) setFeedback(consumer any, fb Feedback) {
	s.mu.Lock()
	i := slices.IndexFunc(s.feedback, func(e feedbackEntry) bool { return e.consumer == consumer })
	switch {
	case i >= 0 && fb == (Feedback{}):
		s.feedback = slices.Delete(s.feedback, i, i+1)
	case i >= 0:
		s.feedback[i].Feedback = fb
	case fb != (Feedback{}):
		s.feedback = append(s.feedback, feedbackEntry{consumer, fb})
	}
	merged := merge(s.feedback)
	changed := merged != s.merged
	s.merged = merged
	call := func() {}
	if f := s.onFeed; changed && f != nil {
		call = s.handlerCall(func() { f(merged) })
	}
	s.mu.Unlock()
	call()
}

// OnDemand sets what is called, in a task of the source's loop, when the forms in
// which anyone takes the source's media change, and if there are takers already:
// a remote source need not decode, a device need not capture, for nobody. Only one
// handler is kept; nil removes it. It must not block.
func (s *Source) OnDemand(f func(Demand)) {
	s.mu.Lock()
	s.onDemand = f
	call := func() {}
	if d := *s.demand.Load(); f != nil && d != (Demand{}) {
		call = s.handlerCall(func() { f(d) })
	}
	s.mu.Unlock()
	call()
}

// Demand returns the forms in which anyone takes the source's media.
func (s *Source) Demand() Demand { return *s.demand.Load() }

// recountDemand is called with mu held; the caller calls what it returns
// after unlocking.
func (s *Source) recountDemand() (tell func()) {
	var d Demand
	for _, t := range *s.tracks.Load() {
		set := t.sinks.Load()
		d.Encoded = d.Encoded || len(set.encoded) > 0
		d.RTP = d.RTP || len(set.rtp) > 0
		d.Raw = d.Raw || len(set.video) > 0 || len(set.audio) > 0
	}
	f := s.onDemand
	if d == *s.demand.Load() {
		return func() {}
	}
	s.demand.Store(&d)
	if f == nil {
		return func() {}
	}
	return s.handlerCall(func() { f(d) })
}

// OnKeyFrameRequest sets what is called when a consumer cannot go on without
// a key frame, with the RID of the encoding or "" for all. Requests that come
// while one is outstanding are coalesced: the handler is called again only
// after a key frame was written or half a second has passed. Only one handler
// is kept; nil removes it. It must not block.
func (s *Source) OnKeyFrameRequest(f func(rid string)) { s.key.setHandler(f) }

func (s *Source) notifyChanged() {
	for _, t := range *s.tracks.Load() {
		t.notifyChanged()
	}
}

// keyFrameRequests coalesces the requests of many consumers.
type keyFrameRequests struct {
	mu      sync.Mutex
	handler func(string)
	asked   map[string]time.Time
	paid    map[string]time.Time // until when the key frames made would do, at one each keyFrameRest
}

// keyFramePatience is how long a request counts as outstanding. A request may
// be lost on the way to a remote sender; asking more often only makes the
// key frames bigger than the network that lost one can carry.
const keyFramePatience = 500 * time.Millisecond

// Those elsewhere get a key frame each keyFrameRest, which is libwebrtc's, and
// keyFrameAhead in advance, for peers that join one after the other: none of them may
// have each frame made a key frame for all the others.
const (
	keyFrameRest  = 300 * time.Millisecond
	keyFrameAhead = 3
)

func (k *keyFrameRequests) setHandler(f func(string)) {
	k.mu.Lock()
	k.handler = f
	clear(k.asked)
	k.mu.Unlock()
}

// relay is request for somebody elsewhere, who repeats what was not heard.
func (k *keyFrameRequests) relay(rid string, now time.Time) {
	k.mu.Lock()
	paid := k.paid[rid]
	k.mu.Unlock()
	if paid.Sub(now) <= (keyFrameAhead-1)*keyFrameRest {
		k.request(rid, now)
	}
}

func (k *keyFrameRequests) request(rid string, now time.Time) {
	k.mu.Lock()
	f := k.handler
	if at, ok := k.asked[rid]; f == nil || ok && now.Sub(at) < keyFramePatience {
		k.mu.Unlock()
		return
	}
	if k.asked == nil {
		k.asked = make(map[string]time.Time)
	}
	k.asked[rid] = now
	k.mu.Unlock()
	f(rid)
}

// arrived is called for each key frame written.
func (k *keyFrameRequests) arrived(rid string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.handler == nil {
		return
	}
	if k.paid == nil {
		k.paid = make(map[string]time.Time)
	}
	most := now.Add(keyFrameAhead * keyFrameRest)
	k.pay(rid, now, most)
	if delete(k.asked, rid); rid != "" {
		k.pay("", now, most)
		delete(k.asked, "")
	}
}

func (k *keyFrameRequests) pay(rid string, now, most time.Time) {
	until := k.paid[rid]
	if until.Before(now) {
		until = now
	}
	if until = until.Add(keyFrameRest); until.After(most) {
		until = most
	}
	k.paid[rid] = until
}
