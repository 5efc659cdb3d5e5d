package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ReadyState is MediaStreamTrackState.
type ReadyState string

// The states of a track.
const (
	Live  ReadyState = "live"
	Ended ReadyState = "ended"
)

// Track is MediaStreamTrack: media from one Source. Clones share the source
// and are otherwise independent.
// https://w3c.github.io/mediacapture-main/#mediastreamtrack
type Track struct {
	source *Source
	id     string

	// What the writing goroutine reads.
	sinks     atomic.Pointer[sinkSet]
	processor atomic.Pointer[Processor]
	enabled   atomic.Bool
	muted     atomic.Bool
	ended     atomic.Bool
	blank     *blanker // used by the writing goroutine only; nil before the track was disabled

	mu           sync.Mutex
	hint         string
	onMute       func()
	onUnmute     func()
	onEnded      func()
	shared       map[any]any
	dictionaries *dictionaries // nil: nothing is known or asked for
}

// sinkSet is a track's sinks, and those of them that take each form.
type sinkSet struct {
	all, encoded, rtp, video, audio []*Sink
}

func newSinkSet(all []*Sink) *sinkSet {
	set := &sinkSet{all: all}
	for _, k := range all {
		if k.Encoded != nil {
			set.encoded = append(set.encoded, k)
		}
		if k.RTP != nil {
			set.rtp = append(set.rtp, k)
		}
		if k.Video != nil {
			set.video = append(set.video, k)
		}
		if k.Audio != nil {
			set.audio = append(set.audio, k)
		}
	}
	return set
}

// ID is a unique identifier, a UUID for tracks made here.
func (t *Track) ID() string { return t.id }

// Kind is what the track carries.
func (t *Track) Kind() Kind { return t.source.kind }

// Label names the source, or is "".
func (t *Track) Label() string { return t.source.label }

// Source is where the track's media comes from.
func (t *Track) Source() *Source { return t.source }

// Format says what the track delivers at present.
func (t *Track) Format() Format { return t.source.Format() }

// Enabled is the enabled attribute.
func (t *Track) Enabled() bool { return t.enabled.Load() }

// SetEnabled sets the enabled attribute. A disabled track delivers black and
// silence, as far as its form allows (see Sink).
func (t *Track) SetEnabled(enabled bool) {
	if t.enabled.Swap(enabled) == enabled {
		return
	}
	t.notifyChanged()
	if enabled && t.Kind() == Video {
		t.RequestKeyFrame()
	}
}

// Muted is the muted attribute: whether the source is unable to provide
// media. It changes in a task, with the mute or unmute event.
func (t *Track) Muted() bool { return t.muted.Load() }

// setMuted is "set a track's muted state"; it runs in a task.
// https://w3c.github.io/mediacapture-main/#set-track-muted
func (t *Track) setMuted(muted bool) {
	// "If track.[[Muted]] is already newState, then abort these steps."
	if t.muted.Swap(muted) == muted {
		return
	}
	t.mu.Lock()
	f := t.onUnmute
	if muted {
		f = t.onMute
	}
	t.mu.Unlock()
	t.notifyChanged()
	if f != nil {
		f()
	}
}

// ReadyState is the readyState attribute.
func (t *Track) ReadyState() ReadyState {
	if t.ended.Load() {
		return Ended
	}
	return Live
}

// ContentHint is the contentHint attribute.
func (t *Track) ContentHint() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hint
}

// SetContentHint sets the contentHint attribute: "" always; "speech",
// "speech-recognition" and "music" for audio; "motion", "detail" and "text"
// for video. Another value is ignored, as WebIDL attributes of enumeration
// type ignore it.
// https://www.w3.org/TR/mst-content-hint/
func (t *Track) SetContentHint(hint string) {
	valid := []string{"", "motion", "detail", "text"}
	if t.Kind() == Audio {
		valid = []string{"", "speech", "speech-recognition", "music"}
	}
	if !slices.Contains(valid, hint) {
		return
	}
	t.mu.Lock()
	changed := t.hint != hint
	t.hint = hint
	t.mu.Unlock()
	if changed {
		t.notifyChanged()
	}
}

// OnMute sets the handler of the mute event; nil removes it.
func (t *Track) OnMute(f func()) { t.setHandler(&t.onMute, f) }

// OnUnmute sets the handler of the unmute event; nil removes it.
func (t *Track) OnUnmute(f func()) { t.setHandler(&t.onUnmute, f) }

// OnEnded sets the handler of the ended event, which fires when the source
// ends but not after Stop; nil removes it.
func (t *Track) OnEnded(f func()) { t.setHandler(&t.onEnded, f) }

func (t *Track) setHandler(at *func(), f func()) {
	t.mu.Lock()
	*at = f
	t.mu.Unlock()
}

// Clone returns a new track of the same source, with an id of its own and
// with this one's state, content hint and constraints.
// https://w3c.github.io/mediacapture-main/#dfn-clone-a-track
func (t *Track) Clone() *Track {
	c := t.source.newTrack(newUUID())
	// The steps do not name [[Enabled]], but "the track is always enabled
	// unless stated otherwise (for example when cloned)", and every browser
	// copies it.
	c.enabled.Store(t.enabled.Load())
	t.mu.Lock()
	c.hint = t.hint
	c.dictionaries = t.dictionaries
	t.mu.Unlock()
	if d := t.source.getDevice(); d != nil {
		d.Cloned(t, c)
	}
	// "Set trackClone's [[ReadyState]] to track's [[ReadyState]] value."
	if t.ended.Load() {
		c.finish()
	}
	return c
}

// Stop ends the track for good, without an event. The source is told, and
// stops when no other track uses it.
// https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-stop
func (t *Track) Stop() { t.finish() }

// end is what follows when a track ends "for any reason other than the stop()
// method being invoked"; it runs in a task.
func (t *Track) end() {
	if !t.finish() {
		return
	}
	t.mu.Lock()
	f := t.onEnded
	t.mu.Unlock()
	if f != nil {
		f()
	}
}

// finish ends the track and reports whether it was live.
func (t *Track) finish() bool {
	s := t.source
	s.mu.Lock()
	if t.ended.Swap(true) {
		s.mu.Unlock()
		return false
	}
	set := t.sinks.Load()
	s.mu.Unlock()
	if d := s.getDevice(); d != nil {
		d.Ended(t)
	}
	s.drop(t)
	for _, k := range set.all {
		if k.Ended != nil {
			k.Ended()
		}
	}
	return true
}

// AddSink has the track deliver to k until the returned function is called.
// That function may be called more than once; a call of k that has begun on
// another goroutine may still be under way when it returns. Adding the same
// sink twice delivers twice.
func (t *Track) AddSink(k *Sink) (remove func()) {
	s := t.source
	s.mu.Lock()
	if t.ended.Load() {
		s.mu.Unlock()
		if k.Ended != nil {
			k.Ended()
		}
		return func() {}
	}
	own := *k // so that remove finds this one even if k was added twice
	t.sinks.Store(newSinkSet(append(slices.Clone(t.sinks.Load().all), &own)))
	tell := s.recountDemand()
	s.mu.Unlock()
	tell()
	return func() {
		s.mu.Lock()
		old := t.sinks.Load().all
		i := slices.Index(old, &own)
		if i < 0 {
			s.mu.Unlock()
			return
		}
		t.sinks.Store(newSinkSet(slices.Delete(slices.Clone(old), i, i+1)))
		tell := s.recountDemand()
		s.mu.Unlock()
		tell()
	}
}

// RequestKeyFrame asks the source for a key frame of every encoding. Requests
// of many consumers are coalesced.
func (t *Track) RequestKeyFrame() { t.RequestKeyFrameFor("") }

// RequestKeyFrameFor asks the source for a key frame of one encoding.
func (t *Track) RequestKeyFrameFor(rid string) {
	if !t.ended.Load() {
		t.source.key.request(rid, time.Now())
	}
}

// RelayKeyFrameRequest is RequestKeyFrameFor on behalf of a peer, such as one
// that sent a picture loss indication. It does nothing where key frames were made
// more often than each 300 ms of late: one of them may not have reached the peer
// yet, who asks again otherwise.
func (t *Track) RelayKeyFrameRequest(rid string) {
	if !t.ended.Load() {
		t.source.key.relay(rid, time.Now())
	}
}

// SendFeedback tells the source what a consumer can use. The consumer is any
// comparable value that stands for it; its latest word counts, and the zero
// Feedback withdraws it.
func (t *Track) SendFeedback(consumer any, fb Feedback) { t.source.setFeedback(consumer, fb) }

// Shared returns the value that is stored with the track under key, after
// making and storing it if there is none: what all senders of one track keep
// in common, such as the ring of its packets. The value lives as long as the
// track; make is called with the store locked and must not use it.
func (t *Track) Shared(key any, make func() any) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.shared[key]
	if !ok {
		v = make()
		if t.shared == nil {
			t.shared = map[any]any{}
		}
		t.shared[key] = v
	}
	return v
}

// Unshare removes and returns what Shared stored under key, or nil.
func (t *Track) Unshare(key any) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.shared[key]
	delete(t.shared, key)
	return v
}

func (t *Track) notifyChanged() {
	for _, k := range t.sinks.Load().all {
		if k.Changed != nil {
			k.Changed()
		}
	}
}
