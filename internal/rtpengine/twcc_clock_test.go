package rtpengine

import (
	"testing"
	"time"
)

// A call of days: the feedback's clock goes on evenly, also where its units would
// overflow and where the 24 bits on the wire do.
func TestTheClockOfFeedbackGoesOn(t *testing.T) {
	began := time.Unix(1_000_000, 0)
	var sent sentLog
	var got twccReceived
	var seq uint64 = 1 << 16
	var ahead time.Duration
	for i, at := 0, time.Duration(0); at < 30*24*time.Hour; i, at = i+1, at+17*time.Minute {
		// Two packets each time: deltas are read as well.
		for range 2 {
			now := began.Add(at)
			sent.add(seq, seq, now, 1000, 0)
			got.add(now, uint16(seq), 1)
			seq++
		}
		message := got.append(nil, 1)
		results, ok := sent.transportWide(message[4:], seq)
		if !ok || len(results) != 2 {
			t.Fatalf("after %v: feedback on %d packets, %v", at, len(results), ok)
		}
		for _, r := range results {
			d := r.Arrival - r.Sent.Sub(began)
			if i == 0 {
				ahead = d
			}
			if d -= ahead; d < -twccRef || d > twccRef {
				t.Fatalf("after %v the peer's clock has moved by %v", at, d)
			}
		}
	}
}
