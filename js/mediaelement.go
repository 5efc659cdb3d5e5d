package js

import (
	"math"
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
	m.told = false
	return m.frame, m.presented, m.heard
}

// look brings the element's state up to date and fires the events of the change.
func (m *mediaElement) look() {
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

func mediaGetter(f func(*mediaElement) any) binding.Method {
	return getter(func(n *node) any { return f(n.media) })
}

func init() {
	src, setSrc := reflected("src")
	preload, setPreload := reflected("preload")
	// with a stream assigned preload is none and assignments have no effect
	preload = unlessStream(preload, func(c *binding.Call) (any, error) { return "none", nil })
	setPreload = unlessStream(setPreload, func(*binding.Call) (any, error) { return nil, nil })
	autoplay, setAutoplay := reflectedBool("autoplay")
	loop, setLoop := reflectedBool("loop")
	controls, setControls := reflectedBool("controls")
	defMuted, setDefMuted := reflectedBool("muted")
	rate := func(f func(*mediaElement) *float64) (get, set binding.Method) {
		return mediaGetter(func(m *mediaElement) any {
				if m.stream != nil {
					return 1
				}
				return *f(m)
			}), func(c *binding.Call) (any, error) {
				n := c.This.(*node)
				if m := n.media; m.stream == nil && *f(m) != c.Float(0) {
					*f(m) = c.Float(0)
					m.event("ratechange")
				}
				return nil, nil
			}
	}
	playback, setPlayback := rate(func(m *mediaElement) *float64 { return &m.rate })
	defRate, setDefRate := rate(func(m *mediaElement) *float64 { return &m.defRate })
	ignore := setter(func(*node, *binding.Call) {})
	registry.Implement("HTMLMediaElement", binding.Members{
		"src": src, "set src": setSrc, "preload": preload, "set preload": setPreload, "loop": loop, "set loop": setLoop,
		"autoplay": autoplay, "set autoplay": func(c *binding.Call) (any, error) {
			v, err := setAutoplay(c)
			if n := c.This.(*node); c.Bool(0) && n.media.ready == haveEnoughData && n.media.paused {
				n.media.paused = false
				n.media.event("play")
				n.media.startPlaying()
			}
			return v, err
		},
		"controls": controls, "set controls": setControls, "defaultMuted": defMuted, "set defaultMuted": setDefMuted,
		"srcObject": mediaGetter(func(m *mediaElement) any { return nullable(m.stream) }),
		"set srcObject": func(c *binding.Call) (any, error) {
			c.This.(*node).setSource(host(c), c.Arg(0))
			return nil, nil
		},
		"currentSrc":   mediaGetter(func(*mediaElement) any { return "" }),
		"networkState": mediaGetter(func(m *mediaElement) any { return m.network }),
		"readyState":   mediaGetter(func(m *mediaElement) any { return m.ready }),
		"seeking":      mediaGetter(func(*mediaElement) any { return false }),
		"currentTime":  mediaGetter(func(m *mediaElement) any { return m.time() }), "set currentTime": ignore,
		"duration": mediaGetter(func(m *mediaElement) any {
			switch {
			case m.ready == haveNothing:
				return math.NaN()
			case m.ended:
				return m.time()
			}
			return math.Inf(1)
		}),
		"paused": mediaGetter(func(m *mediaElement) any { return m.paused }),
		"ended":  mediaGetter(func(m *mediaElement) any { return m.ended }),
		"error":  mediaGetter(func(*mediaElement) any { return nil }),
		"volume": mediaGetter(func(m *mediaElement) any { return m.volume }),
		"set volume": func(c *binding.Call) (any, error) {
			if v := c.Float(0); v < 0 || v > 1 {
				return nil, domerr.New("IndexSizeError", "volume must be between 0 and 1")
			}
			c.This.(*node).media.volume = c.Float(0)
			return nil, nil
		},
		"muted":     mediaGetter(func(m *mediaElement) any { return m.muted }),
		"set muted": setter(func(n *node, c *binding.Call) { n.media.muted = c.Bool(0) }),
		// a stream plays at its own rate (mediacapture-streams §6.2)
		"playbackRate": playback, "set playbackRate": setPlayback, "defaultPlaybackRate": defRate, "set defaultPlaybackRate": setDefRate,
		"play":        func(c *binding.Call) (any, error) { return c.This.(*node).media.play(c) },
		"pause":       setter(func(n *node, _ *binding.Call) { n.media.pause() }),
		"load":        setter(func(n *node, _ *binding.Call) { n.media.load() }),
		"canPlayType": func(*binding.Call) (any, error) { return "", nil },
		"buffered":    mediaGetter(func(*mediaElement) any { return &timeRanges{} }),
		"played": mediaGetter(func(m *mediaElement) any {
			if t := m.time(); t > 0 {
				return &timeRanges{end: t, some: true}
			}
			return &timeRanges{}
		}),
		"seekable": mediaGetter(func(*mediaElement) any { return &timeRanges{} }),
	})
	poster, setPoster := reflected("poster")
	inline, setInline := reflectedBool("playsinline")
	width, setWidth := reflectedInt("width")
	height, setHeight := reflectedInt("height")
	registry.Implement("HTMLVideoElement", binding.Members{
		"width": width, "set width": setWidth, "height": height, "set height": setHeight,
		"poster": poster, "set poster": setPoster, "playsInline": inline, "set playsInline": setInline,
		"videoWidth":  getter(func(n *node) any { return n.videoWidth(0) }),
		"videoHeight": getter(func(n *node) any { return n.videoWidth(1) }),
		"requestVideoFrameCallback": func(c *binding.Call) (any, error) {
			m := c.This.(*node).media
			m.lastCallback++
			m.callbacks[m.lastCallback] = c.Callback(0)
			return m.lastCallback, nil
		},
		"cancelVideoFrameCallback": setter(func(n *node, c *binding.Call) { delete(n.media.callbacks, c.Int(0)) }),
	})
	registry.Implement("HTMLAudioElement", binding.Members{})
	bound := func(f func(*timeRanges) float64) binding.Method {
		return func(c *binding.Call) (any, error) {
			if r := c.This.(*timeRanges); r.some && c.Int(0) == 0 {
				return f(r), nil
			}
			return nil, errNoRange
		}
	}
	registry.Implement("TimeRanges", binding.Members{
		"length": getter(func(r *timeRanges) any {
			if r.some {
				return 1
			}
			return 0
		}),
		"start": bound(func(*timeRanges) float64 { return 0 }), "end": bound(func(r *timeRanges) float64 { return r.end }),
	})
}

// unlessStream chooses other when the element has a stream.
func unlessStream(m, other binding.Method) binding.Method {
	return func(c *binding.Call) (any, error) {
		if c.This.(*node).media.stream != nil {
			return other(c)
		}
		return m(c)
	}
}

var errNoRange = domerr.New("IndexSizeError", "there is no such range")

// timeRanges is a TimeRanges: none, or one range from zero.
type timeRanges struct {
	binding.Object
	end  float64
	some bool
}

// InterfaceName implements binding.Platform.
func (*timeRanges) InterfaceName() string { return "TimeRanges" }

func (n *node) videoWidth(i int) int {
	if n.media.ready == haveNothing {
		return 0
	}
	return n.media.size[i]
}
