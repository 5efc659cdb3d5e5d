package js

import (
	"context"

	"trackway/js/binding"
	"trackway/media"
)

// mediaTrack is a MediaStreamTrack.
type mediaTrack struct {
	eventTarget
	t *media.Track
	// capture is set for the track of a canvas.
	capture *canvasCapture
}

// InterfaceName implements binding.Platform.
func (m *mediaTrack) InterfaceName() string {
	if m.capture != nil {
		return "CanvasCaptureMediaStreamTrack"
	}
	return "MediaStreamTrack"
}

// mediaStream is a MediaStream.
type mediaStream struct {
	eventTarget
	s *media.Stream
	// players are the media elements that show the stream.
	players []*mediaElement
}

// notify tells media elements that the stream's tracks have changed.
func (m *mediaStream) notify() {
	for _, p := range append([]*mediaElement{}, m.players...) {
		p.update()
	}
}

// InterfaceName implements binding.Platform.
func (*mediaStream) InterfaceName() string { return "MediaStream" }

// track returns the platform object of a track, the same one each time.
func (rt *Runtime) track(t *media.Track) *mediaTrack {
	if t == nil {
		return nil
	}
	if m, ok := rt.objects[t].(*mediaTrack); ok {
		return m
	}
	m := &mediaTrack{t: t, capture: rt.captures[t.Source()]}
	m.init(m)
	rt.objects[t] = m
	t.OnMute(func() { m.fire(rt, "mute") })
	t.OnUnmute(func() { m.fire(rt, "unmute") })
	t.OnEnded(func() { m.fire(rt, "ended") })
	return m
}

func (rt *Runtime) stream(s *media.Stream) *mediaStream {
	if s == nil {
		return nil
	}
	if m, ok := rt.objects[s].(*mediaStream); ok {
		return m
	}
	m := &mediaStream{s: s}
	m.init(m)
	rt.objects[s] = m
	fire := func(typ string) func(media.StreamTrackEvent) {
		return func(e media.StreamTrackEvent) {
			m.notify()
			ev := newEvent("MediaStreamTrackEvent", typ, eventInit{})
			ev.attrs = map[string]any{"track": rt.track(e.Track)}
			m.dispatch(rt, ev)
		}
	}
	s.OnAddTrack(fire("addtrack"))
	s.OnRemoveTrack(fire("removetrack"))
	return m
}

// orNull shows a nil object of any platform type as null.
func nullable[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func (rt *Runtime) tracks(list []*media.Track) []any {
	out := make([]any, len(list))
	for i, t := range list {
		out[i] = rt.track(t)
	}
	return out
}

func trackArg(v any) *media.Track {
	if m, ok := v.(*mediaTrack); ok {
		return m.t
	}
	return nil
}

func streamArgs(list []any) []*media.Stream {
	out := make([]*media.Stream, 0, len(list))
	for _, v := range list {
		if m, ok := v.(*mediaStream); ok {
			out = append(out, m.s)
		}
	}
	return out
}

func init() {
	implementEvent("MediaStreamTrackEvent", "track")
	registry.Implement("MediaStreamTrack", binding.Members{
		"kind":        getter(func(m *mediaTrack) any { return m.t.Kind() }),
		"id":          getter(func(m *mediaTrack) any { return m.t.ID() }),
		"label":       getter(func(m *mediaTrack) any { return m.t.Label() }),
		"enabled":     getter(func(m *mediaTrack) any { return m.t.Enabled() }),
		"set enabled": setter(func(m *mediaTrack, c *binding.Call) { m.t.SetEnabled(c.Bool(0)) }),
		"muted":       getter(func(m *mediaTrack) any { return m.t.Muted() }),
		"readyState":  getter(func(m *mediaTrack) any { return m.t.ReadyState() }),
		"contentHint": getter(func(m *mediaTrack) any { return m.t.ContentHint() }),
		"set contentHint": setter(func(m *mediaTrack, c *binding.Call) {
			m.t.SetContentHint(c.String(0))
		}),
		"clone": func(c *binding.Call) (any, error) { return host(c).track(c.This.(*mediaTrack).t.Clone()), nil },
		"stop":  setter(func(m *mediaTrack, _ *binding.Call) { m.t.Stop() }),
		"getCapabilities": func(c *binding.Call) (any, error) {
			return structDict(c.This.(*mediaTrack).t.GetCapabilities()), nil
		},
		"getSettings": func(c *binding.Call) (any, error) {
			return structDict(c.This.(*mediaTrack).t.GetSettings()), nil
		},
		"getConstraints": func(c *binding.Call) (any, error) {
			return constraintsDict(c.This.(*mediaTrack).t.GetConstraints()), nil
		},
		"applyConstraints": func(c *binding.Call) (any, error) {
			rt, t, p := host(c), c.This.(*mediaTrack).t, c.NewPromise()
			constraints, release := trackConstraints(c.Dict(0)), rt.hold()
			go func() {
				err := t.ApplyConstraints(context.Background(), constraints)
				rt.Post(func() { release(); p.Settle(nil, err) })
			}()
			return p, nil
		},
	})
	registry.Implement("MediaStream", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			rt := host(c)
			s := media.NewStream()
			switch src := c.Arg(0).(type) {
			case *mediaStream:
				s = media.NewStreamFrom(src.s)
			case []any:
				for _, t := range src {
					s.AddTrack(trackArg(t))
				}
			}
			return rt.stream(s), nil
		},
		"id":     getter(func(m *mediaStream) any { return m.s.ID() }),
		"active": getter(func(m *mediaStream) any { return m.s.Active() }),
		"getTracks": func(c *binding.Call) (any, error) {
			return host(c).tracks(c.This.(*mediaStream).s.GetTracks()), nil
		},
		"getAudioTracks": func(c *binding.Call) (any, error) {
			return host(c).tracks(c.This.(*mediaStream).s.GetAudioTracks()), nil
		},
		"getVideoTracks": func(c *binding.Call) (any, error) {
			return host(c).tracks(c.This.(*mediaStream).s.GetVideoTracks()), nil
		},
		"getTrackById": func(c *binding.Call) (any, error) {
			return nullable(host(c).track(c.This.(*mediaStream).s.GetTrackByID(c.String(0)))), nil
		},
		"addTrack":    setter(func(m *mediaStream, c *binding.Call) { m.s.AddTrack(trackArg(c.Arg(0))); m.notify() }),
		"removeTrack": setter(func(m *mediaStream, c *binding.Call) { m.s.RemoveTrack(trackArg(c.Arg(0))); m.notify() }),
		"clone":       func(c *binding.Call) (any, error) { return host(c).stream(c.This.(*mediaStream).s.Clone()), nil },
	})
}
