package webrtc

import (
	"sync"
	"time"

	"trackway/internal/bwe"
	"trackway/internal/rtpengine"
)

// mediaPacer holds back what of a transport's frames exceeds a burst, and lets
// it go in bursts from the process's timer wheel. It keeps no packet: those lie
// in their ring, and what waits is named by its Span. Audio never waits.
//
// A frame that fits a burst, which on a path with room is any but a key frame,
// passes with one lock; until the peer has sent feedback nothing waits at all.
type mediaPacer struct {
	mt    *mediaTransport
	entry *timerEntry

	// mu is held while packets are sent, so that those of a stream stay in order.
	mu    sync.Mutex
	pacer bwe.Pacer
	queue []pacedSpan // the first that waits is queue[head]
	head  int
	bytes int // all that wait
}

// pacedSpan is what of a frame still waits.
type pacedSpan struct {
	stream *rtpengine.SendStream
	ring   *rtpengine.Ring
	span   rtpengine.Span
	each   int // bytes of one packet, about
}

// packetOverhead is the size of what surrounds a payload: RTP, extensions, SRTP.
const packetOverhead = 12 + 20 + 10

func newMediaPacer(mt *mediaTransport) *mediaPacer {
	p := &mediaPacer{mt: mt}
	p.entry = newTimerEntry(p.fire)
	return p
}

// send sends a frame of size bytes that span names, or as much of it as may
// leave now.
func (p *mediaPacer) send(now time.Time, stream *rtpengine.SendStream, r *rtpengine.Ring, span rtpengine.Span, size int, out *mediaOut) rtpengine.SendResult {
	rate, tight := p.mt.cc.pace()
	if rate == 0 || !r.Codec().Video() || span.Count == 0 {
		return stream.Send(now, r, span, out)
	}
	each := size/span.Count + packetOverhead
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pacer.SetTarget(rate, tight)
	rest := pacedSpan{stream, r, span, each}
	var res rtpengine.SendResult
	if p.head == len(p.queue) {
		if res = p.part(now, &rest, out); rest.span.Count == 0 || res.NeedKeyFrame {
			return res
		}
	}
	if p.head > 0 && len(p.queue) == cap(p.queue) {
		p.queue, p.head = p.queue[:copy(p.queue, p.queue[p.head:])], 0
	}
	p.queue = append(p.queue, rest)
	p.wait(rest.span.Count * each)
	p.mt.wheel.schedule(p.entry, now, p.pacer.Next(now))
	return res
}

// part sends what of a span fits a burst and takes it off the span. The lock is
// held.
func (p *mediaPacer) part(now time.Time, s *pacedSpan, out *mediaOut) (res rtpengine.SendResult) {
	n := min((p.pacer.Budget(now)+s.each-1)/s.each, s.span.Count)
	if n == 0 {
		return res
	}
	first := s.span
	first.Count = n
	res = s.stream.Send(now, s.ring, first, out)
	s.span.First += uint64(n)
	s.span.Count -= n
	p.pacer.Sent(now, res.Bytes)
	return res
}

// wait notes that more bytes wait, or fewer.
func (p *mediaPacer) wait(more int) {
	p.bytes += more
	p.pacer.SetWaiting(p.bytes)
}

// fire lets the next burst go; it returns when the one after is due.
func (p *mediaPacer) fire(now time.Time) (next time.Time) {
	out := mediaOuts.Get().(*mediaOut)
	defer mediaOuts.Put(out)
	out.tr = p.mt.tr
	p.mu.Lock()
	p.release(now, out, false)
	if p.head < len(p.queue) {
		next = p.pacer.Next(now)
	}
	p.mu.Unlock()
	out.flush()
	return next
}

// release sends what may leave, or all of it. The lock is held.
func (p *mediaPacer) release(now time.Time, out *mediaOut, all bool) {
	sent := 0
	for p.head < len(p.queue) {
		s := &p.queue[p.head]
		before := s.span.Count
		var res rtpengine.SendResult
		if all {
			res = s.stream.Send(now, s.ring, s.span, out)
			s.span.Count = 0
		} else {
			res = p.part(now, s, out)
		}
		sent += res.Bytes
		p.wait(-(before - s.span.Count) * s.each)
		if s.span.Count > 0 {
			break
		}
		*s = pacedSpan{}
		p.head++
	}
	if p.head == len(p.queue) {
		p.queue, p.head = p.queue[:0], 0
	}
	if sent > 0 {
		p.mt.sent(now, sent)
	}
}

// drain sends what waits at once, before a stream changes in a way that would
// cut a frame in two.
func (p *mediaPacer) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.head == len(p.queue) {
		return
	}
	out := mediaOuts.Get().(*mediaOut)
	defer mediaOuts.Put(out)
	out.tr = p.mt.tr
	p.release(time.Now(), out, true)
	out.flush()
}

func (p *mediaPacer) close() {
	p.mt.wheel.end(p.entry)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue, p.head, p.bytes = nil, 0, 0
}
