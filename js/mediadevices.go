package js

import (
	"context"
	"maps"
	"slices"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
	md "trackway/mediadevices"
)

// mediaDevices is MediaDevices.
type mediaDevices struct {
	eventTarget
	rt *Runtime
	// captured are the kinds of devices that the script has captured from.
	captured map[md.Kind]bool
}

// InterfaceName implements binding.Platform.
func (*mediaDevices) InterfaceName() string { return "MediaDevices" }

// deviceInfo is a MediaDeviceInfo or InputDeviceInfo.
type deviceInfo struct {
	binding.Object
	info md.DeviceInfo
}

// InterfaceName implements binding.Platform.
func (d *deviceInfo) InterfaceName() string {
	if d.info.Kind == md.AudioOutput {
		return "MediaDeviceInfo"
	}
	return "InputDeviceInfo"
}

// wanted reads a member of MediaStreamConstraints: nil for false.
func wanted(v any) *media.TrackConstraints {
	switch v := v.(type) {
	case bool:
		if v {
			return &media.TrackConstraints{}
		}
	case *binding.Dict:
		c := trackConstraints(v)
		return &c
	}
	return nil
}

// capture runs get off the loop and resolves with its stream.
func (m *mediaDevices) capture(c *binding.Call, get func(context.Context, md.StreamConstraints) (*media.Stream, error), constraints md.StreamConstraints) *binding.Promise {
	rt, p := m.rt, c.NewPromise()
	release := rt.hold()
	go func() {
		s, err := get(context.Background(), constraints)
		if !rt.Post(func() {
			release()
			if err != nil {
				p.Reject(err)
				return
			}
			for _, t := range s.GetTracks() {
				rt.closers[t] = t.Stop
				m.captured[map[media.Kind]md.Kind{media.Audio: md.AudioInput, media.Video: md.VideoInput}[t.Kind()]] = true
			}
			p.Resolve(rt.stream(s))
		}) && s != nil {
			for _, t := range s.GetTracks() {
				t.Stop()
			}
		}
	}()
	return p
}

func getUserMedia(m *mediaDevices, c *binding.Call, d *binding.Dict) (*binding.Promise, error) {
	constraints := md.StreamConstraints{Video: wanted(d.Get("video")), Audio: wanted(d.Get("audio"))}
	if constraints.Video == nil && constraints.Audio == nil {
		return nil, domerr.New(domerr.Type, "getUserMedia: at least one of audio and video must be requested")
	}
	perms := m.rt.window.navigator.permissions
	if constraints.Video != nil && perms.state("camera") != "granted" || constraints.Audio != nil && perms.state("microphone") != "granted" {
		return nil, domerr.New(domerr.NotAllowed, "Permission denied")
	}
	return m.capture(c, m.rt.devices().GetUserMedia, constraints), nil
}

// devices are those that the runtime's scripts see.
func (rt *Runtime) devices() *md.MediaDevices {
	if rt.media == nil {
		rt.media = md.New(md.Options{Loop: rt, NoTestDevices: rt.opts.Devices != nil})
		rt.media.Add(rt.opts.Devices...)
	}
	return rt.media
}

// visible is what enumerateDevices tells (mediacapture-streams §9.2): before a
// script has captured from a kind of device, only whether there is one.
func (m *mediaDevices) visible(list []md.DeviceInfo) []any {
	out, hinted := []any{}, map[md.Kind]bool{}
	for _, kind := range []md.Kind{md.AudioInput, md.VideoInput, md.AudioOutput} {
		for _, info := range list {
			switch {
			case info.Kind != kind:
			case m.captured[kind] || kind == md.AudioOutput && m.captured[md.AudioInput]:
				out = append(out, &deviceInfo{info: info})
			case kind != md.AudioOutput && !hinted[kind]:
				hinted[kind] = true
				out = append(out, &deviceInfo{info: md.DeviceInfo{Kind: kind}})
			}
		}
	}
	return out
}

func init() {
	registry.Implement("Navigator", binding.Members{
		"mediaDevices": func(c *binding.Call) (any, error) {
			n := c.This.(*navigator)
			if n.devices == nil {
				n.devices = &mediaDevices{rt: host(c), captured: map[md.Kind]bool{}}
				n.devices.init(n.devices)
			}
			return n.devices, nil
		},
	})
	registry.Implement("MediaDevices", binding.Members{
		"getUserMedia": func(c *binding.Call) (any, error) { return getUserMedia(c.This.(*mediaDevices), c, c.Dict(0)) },
		"getDisplayMedia": func(c *binding.Call) (any, error) {
			m, d := c.This.(*mediaDevices), c.Dict(0)
			video := wanted(d.Get("video"))
			if video == nil {
				return nil, domerr.New(domerr.Type, "getDisplayMedia: video must be requested")
			}
			if err := displayConstraints(d); err != nil {
				return nil, err
			}
			return m.capture(c, m.rt.devices().GetDisplayMedia, md.StreamConstraints{Video: video, Audio: wanted(d.Get("audio"))}), nil
		},
		"enumerateDevices": func(c *binding.Call) (any, error) {
			m, p := c.This.(*mediaDevices), c.NewPromise()
			devices, release := m.rt.devices(), m.rt.hold()
			go func() {
				list, err := devices.EnumerateDevices(context.Background())
				m.rt.Post(func() {
					release()
					p.Settle(m.visible(list), err)
				})
			}()
			return p, nil
		},
		"getSupportedConstraints": func(c *binding.Call) (any, error) {
			out := map[string]any{}
			for _, name := range md.GetSupportedConstraints() {
				out[name] = true
			}
			return binding.NewDict(out), nil
		},
	})
	registry.Implement("MediaDeviceInfo", binding.Members{
		"deviceId": getter(func(d *deviceInfo) any { return d.info.DeviceID }),
		"kind":     getter(func(d *deviceInfo) any { return d.info.Kind }),
		"label":    getter(func(d *deviceInfo) any { return d.info.Label }),
		"groupId":  getter(func(d *deviceInfo) any { return d.info.GroupID }),
	})
	registry.Implement("InputDeviceInfo", binding.Members{
		"getCapabilities": func(c *binding.Call) (any, error) {
			return structDict(c.This.(*deviceInfo).info.GetCapabilities()), nil
		},
	})
	implementEvent("DeviceChangeEvent", "devices", "userInsertedDevices")
}

// displayConstraints is Screen Capture §5.1 step 3: no advanced sets, and no
// min or exact.
func displayConstraints(d *binding.Dict) error {
	for _, kind := range []string{"video", "audio"} {
		set := d.Dict(kind)
		if set == nil {
			continue
		}
		if set.Has("advanced") {
			return domerr.New(domerr.Type, "getDisplayMedia: advanced constraints are not allowed")
		}
		for _, name := range slices.Sorted(maps.Keys(set.Members())) {
			if v := set.Dict(name); v != nil && (v.Has("min") || v.Has("exact")) {
				return domerr.New(domerr.Type, "getDisplayMedia: %s may not have min or exact", name)
			}
		}
	}
	return nil
}
