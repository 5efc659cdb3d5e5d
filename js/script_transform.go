package js

import (
	"sync"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
	"trackway/webrtc"
)

// framesWaiting bounds the frames that a script has not read yet: two seconds
// of video. A script that does not keep up loses frames.
const framesWaiting = 64

// frameQueue is the readable end of a transform: frames wait in it until the
// script reads. Only the count of frames on their way is used by other goroutines.
type frameQueue struct {
	rt       *Runtime
	readable *readableStream
	frames   []*encodedFrame
	wanted   bool // a read waits
	counter  uint64
	refresh  func() // asks for a key frame
	skipping bool   // until the next key frame

	mu    sync.Mutex
	onWay int
}

func newFrameQueue(rt *Runtime, refresh func()) *frameQueue {
	q := &frameQueue{rt: rt, refresh: refresh}
	pull := func(...goja.Value) (goja.Value, error) {
		if len(q.frames) == 0 {
			q.wanted = true
			return goja.Undefined(), nil
		}
		f := q.frames[0]
		q.frames[0] = nil
		q.frames = q.frames[1:]
		return goja.Undefined(), q.readable.controller.enqueue(rt.realm.Wrap(f))
	}
	// without a start algorithm nothing can go wrong
	q.readable, _ = newReadable(rt, nil, pull, nil, strategy{})
	return q
}

// admit reports whether there is room for another frame on its way to the
// queue; it may be called from any goroutine.
func (q *frameQueue) admit() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.onWay >= framesWaiting {
		return false
	}
	q.onWay++
	return true
}

// push adds a frame that was admitted.
func (q *frameQueue) push(f *webrtc.TransformFrame, owner any) {
	q.mu.Lock()
	q.onWay--
	q.mu.Unlock()
	q.counter++
	e := &encodedFrame{rt: q.rt, f: f, owner: owner, counter: q.counter}
	switch {
	case q.wanted:
		q.wanted = false
		_ = q.readable.controller.enqueue(q.rt.realm.Wrap(e)) // of size 1
		return
	case q.skipping && !f.KeyFrame:
		return
	case len(q.frames) >= framesWaiting:
		clear(q.frames)
		q.frames = q.frames[:0]
		if q.skipping = f.Kind == media.Video && !f.KeyFrame; q.skipping {
			q.refresh()
			return
		}
	}
	q.skipping = false
	q.frames = append(q.frames, e)
}

// transformLink joins the two halves of an RTCRtpScriptTransform. It may be
// used from any goroutine.
type transformLink struct {
	mu          sync.Mutex
	sender      *webrtc.RTPSender
	receiver    *webrtc.RTPReceiver
	transformer *scriptTransformer
}

// ends are what the transform is attached to; one of them, or none.
func (l *transformLink) ends() (*webrtc.RTPSender, *webrtc.RTPReceiver) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sender, l.receiver
}

// take is the webrtc.FrameTransform.
func (l *transformLink) take(f *webrtc.TransformFrame) {
	l.mu.Lock()
	t := l.transformer
	l.mu.Unlock()
	if t != nil && t.queue.admit() {
		t.rt.postAtOnce(func() { t.arrived(f) })
	}
}

func (l *transformLink) refresh() {
	sender, receiver := l.ends()
	if sender != nil {
		_ = sender.GenerateKeyFrame() // it no longer sends otherwise
	}
	if receiver != nil {
		_ = receiver.SendKeyFrameRequest()
	}
}

// scriptTransform is an RTCRtpScriptTransform.
type scriptTransform struct {
	binding.Object
	link *transformLink
	at   *transformSlot
}

// InterfaceName implements binding.Platform.
func (*scriptTransform) InterfaceName() string { return "RTCRtpScriptTransform" }

// transformSlot is where a sender or receiver keeps its transform.
type transformSlot struct {
	transform *scriptTransform
	streams   bool // createEncodedStreams was called
}

// attach is the setter of the transform attribute.
func (s *transformSlot) attach(t *scriptTransform, sender *webrtc.RTPSender, receiver *webrtc.RTPReceiver) error {
	if t == s.transform {
		return nil
	}
	if t != nil && t.at != nil {
		return domerr.New(domerr.InvalidState, "the transform belongs to another sender or receiver")
	}
	var f webrtc.FrameTransform
	if t != nil {
		f = t.link.take
		t.link.mu.Lock()
		t.link.sender, t.link.receiver = sender, receiver
		t.link.mu.Unlock()
	}
	var err error
	if sender != nil {
		err = sender.SetTransform(f)
	} else {
		err = receiver.SetTransform(f)
	}
	if err != nil && t != nil {
		t.detach()
		return err
	}
	if old := s.transform; old != nil {
		old.at = nil
		old.detach()
	}
	if s.transform = t; t != nil {
		t.at = s
	}
	return nil
}

func (t *scriptTransform) detach() {
	l := t.link
	l.mu.Lock()
	l.sender, l.receiver = nil, nil
	transformer := l.transformer
	l.mu.Unlock()
	if transformer != nil {
		transformer.rt.postAtOnce(transformer.detached)
	}
}

// scriptTransformer is an RTCRtpScriptTransformer.
type scriptTransformer struct {
	eventTarget
	rt       *Runtime
	link     *transformLink
	options  goja.Value
	queue    *frameQueue
	writable *writableStream
	last     uint64 // the counter of the frame that was written last
	pending  []keyFrameWait
}

type keyFrameWait struct {
	rid     string // "" for any
	promise *binding.Promise
}

// InterfaceName implements binding.Platform.
func (*scriptTransformer) InterfaceName() string { return "RTCRtpScriptTransformer" }

func newTransformer(rt *Runtime, link *transformLink, options goja.Value) *scriptTransformer {
	t := &scriptTransformer{rt: rt, link: link, options: options}
	t.init(t)
	t.queue = newFrameQueue(rt, link.refresh)
	t.writable, _ = newWritable(rt, nil, t.write, nil, nil, strategy{highWaterMark: 1})
	return t
}

func (t *scriptTransformer) arrived(f *webrtc.TransformFrame) {
	// "resolve promise with frame's timestamp" comes before the frame is enqueued
	if f.KeyFrame && f.Kind == media.Video {
		var rest []keyFrameWait
		for _, w := range t.pending {
			if w.rid != "" && w.rid != f.RID {
				rest = append(rest, w)
				continue
			}
			w.promise.Resolve(f.Timestamp)
		}
		t.pending = rest
	}
	t.queue.push(f, t.link)
}

func (t *scriptTransformer) detached() {
	for _, w := range t.pending {
		w.promise.Reject(domerr.New(domerr.InvalidState, "the transform was taken out"))
	}
	t.pending = nil
}

// write is the writeEncodedData algorithm.
func (t *scriptTransformer) write(args ...goja.Value) (goja.Value, error) {
	e, ok := t.rt.realm.Unwrap(args[0]).(*encodedFrame)
	if !ok {
		return nil, typeError("what is written is no encoded frame")
	}
	// "If frame.[[owner]] is not equal to rtcObject", and "if frame.[[counter]] is
	// equal or smaller than [[lastReceivedFrameCounter]]", nothing happens.
	if e.owner != t.link || e.counter <= t.last {
		return goja.Undefined(), nil
	}
	t.last = e.counter
	e.forward()
	return goja.Undefined(), nil
}

func (t *scriptTransformer) generateKeyFrame(c *binding.Call) (any, error) {
	sender, _ := t.link.ends()
	if sender == nil {
		return nil, domerr.New(domerr.InvalidState, "the transform is not that of a sender")
	}
	var rids []string
	if c.Has(0) {
		rids = []string{c.String(0)}
	}
	if err := sender.GenerateKeyFrame(rids...); err != nil {
		return nil, err
	}
	p := c.NewPromise()
	t.pending = append(t.pending, keyFrameWait{c.String(0), p})
	return p, nil
}

func init() {
	registry.Implement("RTCRtpScriptTransform", binding.Members{"constructor": newScriptTransform})
	registry.Implement("RTCRtpScriptTransformer", binding.Members{
		"readable":         getter(func(t *scriptTransformer) any { return t.queue.readable }),
		"writable":         getter(func(t *scriptTransformer) any { return t.writable }),
		"options":          getter(func(t *scriptTransformer) any { return t.options }),
		"generateKeyFrame": func(c *binding.Call) (any, error) { return c.This.(*scriptTransformer).generateKeyFrame(c) },
		"sendKeyFrameRequest": func(c *binding.Call) (any, error) {
			_, receiver := c.This.(*scriptTransformer).link.ends()
			if receiver == nil {
				return nil, domerr.New(domerr.InvalidState, "the transform is not that of a receiver")
			}
			return nil, receiver.SendKeyFrameRequest()
		},
	})
	implementEvent("RTCTransformEvent", "transformer")
	registry.Implement("RTCRtpSender", binding.Members{
		"transform": getter(func(s *rtpSender) any { return nullable(s.transform) }),
		"set transform": func(c *binding.Call) (any, error) {
			s := c.This.(*rtpSender)
			t, _ := c.Arg(0).(*scriptTransform)
			return nil, s.attach(t, s.s, nil)
		},
		"generateKeyFrame": func(c *binding.Call) (any, error) {
			var rids []string
			list, _ := c.Arg(0).([]any)
			for _, v := range list {
				rids = append(rids, v.(string))
			}
			return nil, c.This.(*rtpSender).s.GenerateKeyFrame(rids...)
		},
	})
	registry.Implement("RTCRtpReceiver", binding.Members{
		"transform": getter(func(r *rtpReceiver) any { return nullable(r.transform) }),
		"set transform": func(c *binding.Call) (any, error) {
			r := c.This.(*rtpReceiver)
			t, _ := c.Arg(0).(*scriptTransform)
			return nil, r.attach(t, nil, r.r)
		},
	})
}

// newScriptTransform is the constructor: the other half is made in a task of the
// worker, where an rtctransform event announces it.
func newScriptTransform(c *binding.Call) (any, error) {
	w := c.Arg(0).(*worker)
	transfer, _ := c.Arg(2).([]any)
	m, err := host(c).serialize(c.Value(1), transfer)
	if err != nil {
		return nil, err
	}
	link := &transformLink{}
	w.do(func(child *Runtime) {
		options, _, err := child.deserialize(m)
		if err != nil {
			return
		}
		t := newTransformer(child, link, options)
		link.mu.Lock()
		link.transformer = t
		link.mu.Unlock()
		e := newEvent("RTCTransformEvent", "rtctransform", eventInit{})
		e.attrs = map[string]any{"transformer": t}
		child.window.dispatch(child, e)
	})
	return &scriptTransform{link: link}, nil
}
