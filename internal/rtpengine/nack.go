package rtpengine

import "time"

const (
	nackMost    = 512 // missing packets that are chased at once
	nackTries   = 10
	nackReorder = 10 * time.Millisecond // patience once reordering was seen
)

// nackList chases missing packets.
type nackList struct {
	items     []nackItem // ascending
	reordered bool       // the path reorders: do not ask at once
	due       time.Time  // the earliest time at which one is to be asked for
}

type nackItem struct {
	seq   uint64
	tries int
	next  time.Time
	since time.Time
}

// missing adds the packets from first to before last. It reports false if
// there are too many to be worth chasing.
func (l *nackList) missing(now time.Time, first, last uint64) bool {
	if last-first > nackMost || len(l.items)+int(last-first) > nackMost {
		l.items, l.due = l.items[:0], time.Time{}
		return false
	}
	at := now
	if l.reordered {
		at = now.Add(nackReorder)
	}
	for s := first; s < last; s++ {
		l.items = append(l.items, nackItem{seq: s, next: at, since: now})
	}
	l.sooner(at)
	return true
}

// earlier adds packets that lie before all that are chased.
func (l *nackList) earlier(now time.Time, first, last uint64) {
	if last <= first || last-first > nackMost-uint64(len(l.items)) {
		return
	}
	at := now.Add(nackReorder)
	n := int(last - first)
	l.items = append(l.items, make([]nackItem, n)...)
	copy(l.items[n:], l.items)
	for i := range n {
		l.items[i] = nackItem{seq: first + uint64(i), next: at, since: now}
	}
	l.sooner(at)
}

func (l *nackList) sooner(at time.Time) {
	if l.due.IsZero() || at.Before(l.due) {
		l.due = at
	}
}

// arrived strikes a packet off. unasked says that it came by itself; asked is
// how long ago it was asked for first.
func (l *nackList) arrived(now time.Time, seq uint64) (unasked bool, asked time.Duration) {
	for i := range l.items {
		if l.items[i].seq == seq {
			if unasked = l.items[i].tries == 0; !unasked {
				asked = now.Sub(l.items[i].since)
			}
			l.items = append(l.items[:i], l.items[i+1:]...)
			if len(l.items) == 0 {
				l.due = time.Time{}
			}
			return unasked, asked
		}
	}
	return false, 0
}

// before strikes everything below seq off.
func (l *nackList) before(seq uint64) {
	n := 0
	for n < len(l.items) && l.items[n].seq < seq {
		n++
	}
	if n > 0 {
		l.items = append(l.items[:0], l.items[n:]...)
	}
	if len(l.items) == 0 {
		l.due = time.Time{}
	}
}

// collect appends the sequence numbers to ask for now. Each is asked for again
// after a round trip, with back-off, and given up after nackTries.
func (l *nackList) collect(now time.Time, rtt time.Duration, dst []uint16) []uint16 {
	if l.due.IsZero() || now.Before(l.due) {
		return dst
	}
	l.due = time.Time{}
	wait := max(rtt+rtt/4, 20*time.Millisecond)
	kept := l.items[:0]
	for _, it := range l.items {
		if !now.Before(it.next) {
			if it.tries == nackTries {
				continue
			}
			dst = append(dst, uint16(it.seq))
			backoff := wait
			if it.tries >= 5 {
				backoff = wait << min(it.tries-4, 3)
			}
			if it.tries == 0 {
				it.since = now
			}
			it.tries++
			it.next = now.Add(backoff)
		}
		l.sooner(it.next)
		kept = append(kept, it)
	}
	l.items = kept
	return dst
}
