package rtpengine

import (
	"sync/atomic"
	"time"
)

// keyRequest decides when a PLI or FIR is sent: at once when one is needed,
// then with back-off until a key frame begins to arrive.
type keyRequest struct {
	asked atomic.Bool // from outside, without a lock
	need  bool
	next  time.Time
	wait  time.Duration
	fir   uint8
}

const (
	keyFirstWait = 300 * time.Millisecond
	keyMostWait  = 3 * time.Second
)

// due reports whether to ask now and, if not yet, when.
func (k *keyRequest) due(now time.Time, rtt time.Duration) (ask bool, at time.Time) {
	if k.asked.Load() {
		k.need = true
	}
	if !k.need {
		return false, time.Time{}
	}
	if now.Before(k.next) {
		return false, k.next
	}
	k.asked.Store(false)
	if k.wait == 0 {
		k.wait = max(keyFirstWait, 2*rtt)
	} else {
		k.wait = min(k.wait*3/2, keyMostWait)
	}
	k.next = now.Add(k.wait)
	return true, k.next
}

// arriving notes that a key frame has begun.
func (k *keyRequest) arriving() {
	k.need, k.wait = false, 0
}
