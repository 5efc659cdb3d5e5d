package rtpengine

import "time"

// TimestampOffset is what continues the stream's timeline with the frames of
// another source: added to ts, a timestamp of that source, it gives what the
// stream would send at now.
func (ss *SendStream) TimestampOffset(now time.Time, ts uint32) uint32 {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.nsegs == 0 {
		return ss.lastTS // random
	}
	return ss.lastTS + max(uint32(ticks(now.Sub(ss.lastTime), ss.clock)), 1) - ts
}

// KeepTimestamps has the timestamps of rings go out as they are, from the next
// ring on: whoever writes the ring has put them on the stream's timeline.
func (ss *SendStream) KeepTimestamps(keep bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.keepTS = keep
}
