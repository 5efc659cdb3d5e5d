package webrtc

import (
	"context"
	"io"
	"slices"
	"sync"

	"trackway/internal/rtpengine"
	"trackway/media"
)

const (
	packetsQueued = 512
	framesQueued  = 128
)

// packetQueue holds packets for ReadRTP. Its memory is used again and again.
type packetQueue struct {
	mu     sync.Mutex
	ready  *sync.Cond
	slots  [][]byte // a ring of count packets from first on
	first  int
	count  int
	free   [][]byte // the last one used is the likeliest to be in the cache
	told   bool     // wake is going to be called
	closed bool
}

func newPacketQueue() *packetQueue {
	q := &packetQueue{slots: make([][]byte, packetsQueued)}
	q.ready = sync.NewCond(&q.mu)
	return q
}

// push adds a packet and reports whether wake has to be called when the burst
// that the packet belongs to is over.
func (q *packetQueue) push(p *rtpengine.Packet) (wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == len(q.slots) { // the oldest makes place
		q.shift()
	}
	var buf []byte
	if n := len(q.free); n > 0 {
		buf, q.free = q.free[n-1], q.free[:n-1]
	}
	q.slots[(q.first+q.count)%len(q.slots)] = rtpengine.AppendPacket(buf, p)
	q.count++
	wake, q.told = !q.told, true
	return wake
}

// shift takes the oldest packet out; its memory is free with the next push.
func (q *packetQueue) shift() []byte {
	p := q.slots[q.first]
	q.slots[q.first] = nil
	q.first = (q.first + 1) % len(q.slots)
	q.count--
	q.free = append(q.free, p[:0])
	return p
}

func (q *packetQueue) wake() {
	q.mu.Lock()
	q.told = false
	q.mu.Unlock()
	q.ready.Signal()
}

func (q *packetQueue) read(buf []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.count == 0 && !q.closed {
		q.ready.Wait()
	}
	if q.count == 0 {
		return 0, io.EOF
	}
	p := q.shift()
	if len(buf) < len(p) {
		return 0, io.ErrShortBuffer
	}
	return copy(buf, p), nil
}

func (q *packetQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ready.Broadcast()
}

// frameQueue holds frames for RTPReceiver.Frames.
type frameQueue struct {
	track  *media.Track
	remove func()

	mu      sync.Mutex
	frames  []*media.EncodedFrame
	free    []*media.EncodedFrame
	current *media.EncodedFrame
	skip    bool // frames were dropped: wait for a key frame
	ended   bool
	wake    chan struct{}
}

func newFrameQueue(track *media.Track) *frameQueue {
	q := &frameQueue{track: track, wake: make(chan struct{}, 1)}
	q.remove = track.AddSink(&media.Sink{Encoded: q.push, Ended: q.end})
	return q
}

func (q *frameQueue) push(f *media.EncodedFrame) {
	q.mu.Lock()
	if len(q.frames) >= framesQueued {
		q.free = append(q.free, q.frames...)
		q.frames = q.frames[:0]
		q.skip = q.track.Kind() == media.Video
	}
	skipped := q.skip && !f.KeyFrame
	if !skipped {
		q.skip = false
		var c *media.EncodedFrame
		if n := len(q.free); n > 0 {
			c, q.free = q.free[n-1], q.free[:n-1]
		} else {
			c = &media.EncodedFrame{}
		}
		data, csrcs := append(c.Data[:0], f.Data...), append(c.CSRCs[:0], f.CSRCs...)
		*c = *f
		c.Data, c.CSRCs = data, csrcs
		q.frames = append(q.frames, c)
	}
	q.mu.Unlock()
	if skipped {
		q.track.RequestKeyFrameFor(f.RID)
	}
	q.signal()
}

func (q *frameQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *frameQueue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.signal()
}

func (q *frameQueue) next(ctx context.Context) (*media.EncodedFrame, error) {
	for {
		q.mu.Lock()
		if q.current != nil {
			q.free = append(q.free, q.current)
			q.current = nil
		}
		if len(q.frames) > 0 {
			q.current = q.frames[0]
			q.frames = slices.Delete(q.frames, 0, 1)
			f := q.current
			q.mu.Unlock()
			return f, nil
		}
		ended := q.ended
		q.mu.Unlock()
		if ended {
			return nil, io.EOF
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (q *frameQueue) stop() { q.remove() }
