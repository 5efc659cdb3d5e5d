package js

import (
	"math"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

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
		"getVideoPlaybackQuality": func(c *binding.Call) (any, error) {
			_, presented, _ := c.This.(*node).media.current()
			return &playbackQuality{at: host(c).now(), frames: presented}, nil
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

// playbackQuality is a VideoPlaybackQuality: every frame that arrives counts as
// shown.
type playbackQuality struct {
	binding.Object
	at     float64
	frames uint32
}

// InterfaceName implements binding.Platform.
func (*playbackQuality) InterfaceName() string { return "VideoPlaybackQuality" }

func init() {
	none := getter(func(*playbackQuality) any { return 0 })
	registry.Implement("VideoPlaybackQuality", binding.Members{
		"creationTime":       getter(func(q *playbackQuality) any { return q.at }),
		"totalVideoFrames":   getter(func(q *playbackQuality) any { return q.frames }),
		"droppedVideoFrames": none, "corruptedVideoFrames": none,
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
