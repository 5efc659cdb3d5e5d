package js

import (
	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/webrtc"
)

// encodedStreams is createEncodedStreams: what Chromium has had since before
// RTCRtpScriptTransform, for scripts that know nothing else. set puts the
// transform into the sender or receiver, refresh asks for a key frame.
func (s *transformSlot) encodedStreams(rt *Runtime, set func(webrtc.FrameTransform) error, refresh func()) (any, error) {
	if s.streams || s.transform != nil {
		return nil, domerr.New(domerr.InvalidState, "there are encoded streams, or a transform, already")
	}
	q := newFrameQueue(rt, refresh)
	err := set(func(f *webrtc.TransformFrame) {
		if q.admit() {
			rt.postAtOnce(func() { q.push(f, q) })
		}
	})
	if err != nil {
		return nil, err
	}
	s.streams = true
	write := func(args ...goja.Value) (goja.Value, error) {
		e, ok := rt.realm.Unwrap(args[0]).(*encodedFrame)
		switch {
		case !ok:
			return nil, typeError("what is written is no encoded frame")
		case e.detached():
			return nil, domerr.New(domerr.Operation, "the frame has been written already")
		}
		e.forward()
		return goja.Undefined(), nil
	}
	w, _ := newWritable(rt, nil, write, nil, nil, strategy{highWaterMark: 1})
	return binding.NewDict(map[string]any{"readable": q.readable, "writable": w}), nil
}

func init() {
	registry.Implement("RTCRtpSender", binding.Members{
		"createEncodedStreams": func(c *binding.Call) (any, error) {
			s := c.This.(*rtpSender)
			return s.encodedStreams(host(c), s.s.SetTransform, func() { _ = s.s.GenerateKeyFrame() })
		},
	})
	registry.Implement("RTCRtpReceiver", binding.Members{
		"createEncodedStreams": func(c *binding.Call) (any, error) {
			r := c.This.(*rtpReceiver)
			return r.encodedStreams(host(c), r.r.SetTransform, func() { _ = r.r.SendKeyFrameRequest() })
		},
	})
}
