package webrtc

import (
	"sync"
	"sync/atomic"

	"trackway/internal/rtpengine"
	"trackway/media"
)

// receiveTransform is the place of a receiver's transform. It stays once there
// was one; without a function frames pass.
type receiveTransform struct {
	media *receiverMedia
	kind  media.Kind
	do    atomic.Pointer[FrameTransform]
	// mu has frames go on one at a time, from whichever goroutine.
	mu sync.Mutex
	// counters are by rid, for the goroutine that delivers frames.
	counters map[string]*frameCounter
}

func (x *receiveTransform) set(f FrameTransform) {
	if f == nil {
		x.do.Store(nil)
		return
	}
	x.do.Store(&f)
}

// active says whether frames are wanted even if nobody takes the track's.
func (x *receiveTransform) active() bool { return x != nil && x.do.Load() != nil }

func (x *receiveTransform) take(o *media.EncodedFrame, in *rtpengine.Frame) {
	do := x.do.Load()
	if do == nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.media.deliver(o, in.ReceiveTime)
		return
	}
	sequence := uint16(in.FirstSequence)
	f := &TransformFrame{
		EncodedFrame: *o.Clone(), Kind: x.kind, SequenceNumber: &sequence, owner: x, by: do, arrival: in.ReceiveTime,
	}
	if x.kind == media.Video {
		c := x.counters[o.RID]
		if c == nil {
			c = &frameCounter{}
			if x.counters == nil {
				x.counters = map[string]*frameCounter{}
			}
			x.counters[o.RID] = c
		}
		c.number(f)
	}
	(*do)(f)
}

// forward implements transformOwner.
func (x *receiveTransform) forward(f *TransformFrame) error {
	if x.do.Load() != f.by {
		return errReplaced()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.media.deliver(&f.EncodedFrame, f.arrival)
	return nil
}
