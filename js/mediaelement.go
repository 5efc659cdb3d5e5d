package js

import (
	"sync"
	"time"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
)

// mediaElement is what video and audio elements do with a MediaStream
// (mediacapture-streams §6). Pictures are kept, sound is counted; nothing is
// shown or heard.
type mediaElement struct {
	n      *node
	stream *mediaStream

	ready, network int
	size           [2]int // the natural size of the video
	paused, ended  bool
	waiting        []*binding.Promise // play() promises
	clock          time.Duration      // played so far
	since          time.Time          // when the clock was started; zero while it stands
	video          *media.Track
	audio          *media.Track
	remove         []func()
	callbacks      map[int64]*binding.Callback
	lastCallback   int64
	ticking        bool
	volume         float64
	muted          bool
	rate, defRate  float64
	epoch          int

	mu        sync.Mutex // guards what sinks write
	frame     *media.VideoFrame
	presented uint32
	told      bool // a task that looks at the new frame is queued
	heard     bool
}

const (
	haveNothing    = 0
	haveMetadata   = 1
	haveEnoughData = 4
)

func newMediaElement(n *node) *mediaElement {
	m := &mediaElement{n: n, paused: true, volume: 1, rate: 1, defRate: 1, callbacks: map[int64]*binding.Callback{}}
	n.changed = func(typ string) {
		if typ == "timeupdate" {
			m.tick()
		}
	}
	return m
}

func (m *mediaElement) event(typ string) {
	epoch := m.epoch
	m.n.rt.Post(func() {
		if m.epoch == epoch {
			m.n.fire(m.n.rt, typ)
		}
	})
}

// load is the media element load algorithm. Only streams can be played.
func (m *mediaElement) load() {
	m.epoch++
	m.detach()
	for _, p := range m.waiting {
		p.Reject(domerr.New(domerr.Abort, "the play request was interrupted by a new load request"))
	}
	m.waiting = nil
	if m.network != 0 {
		m.event("emptied")
		m.paused = true
	}
	m.ready, m.network, m.ended, m.clock, m.since = haveNothing, 0, false, 0, time.Time{}
	if m.stream == nil {
		if m.n.value("src") != "" {
			m.network = 3
			m.event("error")
		}
		return
	}
	// the resource selection algorithm goes on in a task
	m.network = 3
	m.stream.players = append(m.stream.players, m)
	epoch := m.epoch
	m.n.rt.Post(func() {
		if m.epoch == epoch {
			m.network = 2
			m.event("loadstart")
			m.update()
		}
	})
}

func (m *mediaElement) detach() {
	for _, f := range m.remove {
		f()
	}
	m.remove, m.video, m.audio = nil, nil, nil
	m.mu.Lock()
	m.frame, m.heard = nil, false
	m.mu.Unlock()
	if m.stream != nil {
		for i, p := range m.stream.players {
			if p == m {
				m.stream.players = append(m.stream.players[:i:i], m.stream.players[i+1:]...)
				break
			}
		}
	}
}

func first(list []*media.Track) *media.Track {
	for _, t := range list {
		if t.ReadyState() == media.Live {
			return t
		}
	}
	return nil
}

// update chooses the tracks to play after the stream's have changed.
func (m *mediaElement) update() {
	if m.stream == nil {
		return
	}
	s := m.stream.s
	if v := first(s.GetVideoTracks()); v != m.video && m.n.tag == "video" {
		m.video = v
		m.sink(v, &media.Sink{Video: m.onVideo, Ended: m.poke, Changed: m.poke})
	}
	if a := first(s.GetAudioTracks()); a != m.audio {
		m.audio = a
		m.sink(a, &media.Sink{Audio: m.onAudio, Ended: m.poke, Changed: m.poke})
	}
	m.poke()
}

func (m *mediaElement) sink(t *media.Track, k *media.Sink) {
	if t != nil {
		m.remove = append(m.remove, t.AddSink(k))
	}
}

// onVideo keeps a copy of the frame; it runs on the producer's goroutine.
func (m *mediaElement) onVideo(f *media.VideoFrame) {
	c := *f
	c.Y, c.U, c.V = append([]byte{}, f.Y...), append([]byte{}, f.U...), append([]byte{}, f.V...)
	m.mu.Lock()
	m.frame = &c
	m.presented++
	m.mu.Unlock()
	m.poke()
}

func (m *mediaElement) onAudio(*media.AudioFrame) {
	m.mu.Lock()
	fresh := !m.heard
	m.heard = true
	m.mu.Unlock()
	if fresh {
		m.poke()
	}
}

// poke has the runtime look at what changed, once however often it is called.
func (m *mediaElement) poke() {
	m.mu.Lock()
	told := m.told
	m.told = true
	m.mu.Unlock()
	if !told {
		m.n.rt.Post(m.look)
	}
}

func (m *mediaElement) current() (*media.VideoFrame, uint32, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.frame, m.presented, m.heard
}

// look brings the element's state up to date and fires the events of the change.
func (m *mediaElement) look() {
	m.mu.Lock()
	m.told = false
	m.mu.Unlock()
	frame, presented, heard := m.current()
	if m.stream == nil || m.network != 2 {
		return
	}
	// An element with a video track waits for its first frame; one with sound
	// alone for the first samples.
	if m.ready == haveNothing && (m.video != nil && frame != nil || m.video == nil && m.audio != nil && heard) {
		m.firstData(frame)
	} else if frame != nil && m.ready != haveNothing && m.size != [2]int{frame.Width, frame.Height} {
		m.size = [2]int{frame.Width, frame.Height}
		m.event("resize")
	}
	if frame != nil && !m.paused {
		m.runCallbacks(frame, presented)
	}
	if m.over() && m.ready > haveNothing && !m.ended {
		m.ended = true
		m.stopClock()
		m.n.fire(m.n.rt, "timeupdate")
		m.n.fire(m.n.rt, "durationchange")
		m.n.fire(m.n.rt, "ended")
	}
}

func (m *mediaElement) firstData(frame *media.VideoFrame) {
	m.ready = haveEnoughData
	m.event("durationchange")
	if frame != nil {
		m.size = [2]int{frame.Width, frame.Height}
		m.event("resize")
	}
	for _, typ := range []string{"loadedmetadata", "loadeddata", "canplay", "canplaythrough"} {
		m.event(typ)
	}
	if _, auto := m.n.attr("autoplay"); auto && m.paused {
		m.paused = false
		m.event("play")
	}
	if !m.paused {
		m.startPlaying()
	}
}

// over reports whether nothing of the stream can be played any more.
func (m *mediaElement) over() bool {
	if m.n.tag == "audio" {
		return first(m.stream.s.GetAudioTracks()) == nil
	}
	return !m.stream.s.Active()
}

func (m *mediaElement) startPlaying() {
	m.since = m.n.rt.taskTime
	m.event("playing")
	waiting := m.waiting
	m.waiting = nil
	m.n.rt.Post(func() {
		for _, p := range waiting {
			p.Resolve(nil)
		}
	})
	m.tick()
}

func (m *mediaElement) stopClock() {
	if !m.since.IsZero() {
		m.clock += m.n.rt.taskTime.Sub(m.since)
		m.since = time.Time{}
	}
}

// tick fires timeupdate four times a second while somebody listens.
func (m *mediaElement) tick() {
	if m.ticking || m.since.IsZero() || !m.n.listens("timeupdate") {
		return
	}
	m.ticking = true
	m.n.rt.loop.setTimer(250*time.Millisecond, false, func() {
		m.ticking = false
		if !m.since.IsZero() {
			m.n.fire(m.n.rt, "timeupdate")
			m.tick()
		}
	})
}

// time is the official playback position, which stands still during a task.
func (m *mediaElement) time() float64 {
	d := m.clock
	if !m.since.IsZero() {
		d += m.n.rt.taskTime.Sub(m.since)
	}
	return d.Seconds()
}

func (m *mediaElement) play(c *binding.Call) (any, error) {
	p := c.NewPromise()
	if m.stream == nil && m.network == 3 {
		return nil, domerr.New(domerr.NotSupported, "the element has no supported source: assign a MediaStream to srcObject")
	}
	m.waiting = append(m.waiting, p)
	if m.paused {
		m.paused = false
		m.event("play")
	}
	if m.ready == haveEnoughData {
		m.startPlaying()
	} else {
		m.event("waiting")
	}
	return p, nil
}

func (m *mediaElement) pause() {
	if m.paused {
		return
	}
	m.paused = true
	m.stopClock()
	for _, p := range m.waiting {
		p.Reject(domerr.New(domerr.Abort, "the play request was interrupted by pause()"))
	}
	m.waiting = nil
	m.event("timeupdate")
	m.event("pause")
}

// picture is the current frame for drawImage, empty when there is none.
func (m *mediaElement) picture() picture {
	m.mu.Lock()
	f := m.frame
	m.mu.Unlock()
	if f == nil {
		return picture{}
	}
	return fromI420(f)
}

// runCallbacks runs the callbacks of requestVideoFrameCallback.
func (m *mediaElement) runCallbacks(f *media.VideoFrame, presented uint32) {
	if len(m.callbacks) == 0 {
		return
	}
	rt, now := m.n.rt, m.n.rt.now()
	list := m.callbacks
	m.callbacks = map[int64]*binding.Callback{}
	meta := map[string]any{
		"presentationTime": now, "expectedDisplayTime": now, "width": f.Width, "height": f.Height, "mediaTime": m.time(),
		"presentedFrames": presented, "rtpTimestamp": f.Timestamp,
	}
	if !f.CaptureTime.IsZero() {
		meta["captureTime"] = float64(f.CaptureTime.Sub(rt.start).Microseconds()) / 1000
	}
	for id := int64(1); id <= m.lastCallback; id++ {
		if cb := list[id]; cb != nil {
			rt.fail2(cb.Call(nil, now, binding.NewDict(meta)))
		}
	}
}

func (n *node) setSource(rt *Runtime, v any) {
	m := n.media
	m.detach()
	had := m.stream != nil
	m.stream, _ = v.(*mediaStream)
	if had && m.stream == nil && m.rate != m.defRate {
		// "playbackRate is set to the value of defaultPlaybackRate" (mediacapture-streams §6.2)
		m.rate = m.defRate
		rt.Post(func() { n.fire(rt, "ratechange") })
	}
	m.load()
}
