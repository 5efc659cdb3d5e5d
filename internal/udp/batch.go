package udp

import (
	"fmt"
	"net/netip"
)

const (
	// maxSegments is the kernel's UDP_MAX_SEGMENTS of the oldest kernel with GSO.
	maxSegments = 64
	// maxGSO is the most payload of one GSO message: one IP packet's worth.
	maxGSO = 65000
	// maxMessages is how many messages a batch holds before it flushes
	// itself. 1024 is the kernel's own bound (UIO_MAXIOV) for sendmmsg.
	maxMessages = 256
	// batchBytes is the arena of a Batch made by NewBatch(0). It stays within
	// a core's L2 cache, which is worth more than a longer batch.
	batchBytes = 128 << 10
)

// Batch collects datagrams for many destinations and sends them in few system
// calls. Datagrams are written in place: ask for a [Batch.Slot], append to it,
// [Batch.Commit]. Successive datagrams of one size to one destination become
// one GSO message.
//
// A Batch belongs to one goroutine at a time. Its memory is bounded: when it
// is full it flushes itself.
type Batch struct {
	arena  []byte
	used   int
	ms     []Message
	conns  []Conn // conns[i] sends ms[i]
	closed []bool // closed[i]: no more segments may join ms[i]

	slotConn Conn
	slotTo   netip.AddrPort
	slotCap  int
	refused  *Refused // of the slot

	err error
}

// NewBatch returns an empty batch with an arena of size bytes; 0 gives 128 KiB.
func NewBatch(size int) *Batch {
	if size <= 0 {
		size = batchBytes
	}
	return &Batch{arena: make([]byte, size)}
}

// Slot returns an empty slice with room for size bytes, in which the next
// datagram to the destination is to be built with append; Commit follows. A
// slot that is not committed is dropped by the next call of Slot. If the
// batch has no room left it is flushed first. size must not exceed
// [MaxDatagram].
func (b *Batch) Slot(c Conn, to netip.AddrPort, size int) []byte {
	if b.used+size > len(b.arena) || len(b.ms) >= maxMessages {
		b.keep(b.flush())
		if size > len(b.arena) {
			b.arena = make([]byte, size)
		}
	}
	b.slotConn, b.slotTo, b.slotCap, b.refused = c, to, size, nil
	return b.arena[b.used : b.used : b.used+size]
}

// Room flushes the batch unless size more bytes fit: what is about to follow
// would be torn apart otherwise.
func (b *Batch) Room(size int) {
	if b.used > 0 && b.used+size > len(b.arena) {
		b.keep(b.flush())
	}
}

// CountRefused has r count the datagram of the last slot if the socket refuses
// it. Datagrams to one destination through one Conn have the same r.
func (b *Batch) CountRefused(r *Refused) { b.refused = r }

// Commit adds the datagram p, which is the last slot with the datagram
// appended, to the batch.
func (b *Batch) Commit(p []byte) error {
	if b.slotConn == nil || len(p) == 0 || len(p) > b.slotCap ||
		&p[0] != &b.arena[b.used] {
		return fmt.Errorf("%w: %d bytes committed, %d reserved", ErrTooLong, len(p), b.slotCap)
	}
	c := b.slotConn
	b.slotConn = nil
	n := len(p)
	if last := len(b.ms) - 1; last >= 0 && !b.closed[last] &&
		b.conns[last] == c && b.ms[last].To == b.slotTo {
		m := &b.ms[last]
		seg := m.Segment
		if seg == 0 {
			seg = len(m.Buf)
		}
		if n <= seg && len(m.Buf)+n <= maxGSO && len(m.Buf)/seg < maxSegments {
			// UDP_SEGMENT: all segments are of one size, save the last.
			m.Segment = seg
			m.Buf = m.Buf[:len(m.Buf)+n]
			b.closed[last] = n < seg
			b.used += n
			return nil
		}
	}
	b.ms = append(b.ms, Message{Buf: b.arena[b.used : b.used+n : len(b.arena)], To: b.slotTo, Refused: b.refused})
	b.conns = append(b.conns, c)
	b.closed = append(b.closed, false)
	b.used += n
	return nil
}

// Len is how many messages (system-call entries, not datagrams) wait.
func (b *Batch) Len() int { return len(b.ms) }

// Flush sends everything that was committed. It returns the first error since
// the last Flush; errors do not keep other datagrams from being sent.
func (b *Batch) Flush() error {
	b.keep(b.flush())
	err := b.err
	b.err = nil
	return err
}

func (b *Batch) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *Batch) flush() error {
	var first error
	for i := 0; i < len(b.ms); {
		j := i + 1
		for j < len(b.ms) && b.conns[j] == b.conns[i] {
			j++
		}
		if err := b.conns[i].WriteBatch(b.ms[i:j]); err != nil && first == nil {
			first = err
		}
		i = j
	}
	clear(b.conns)
	b.ms, b.conns, b.closed = b.ms[:0], b.conns[:0], b.closed[:0]
	b.used = 0
	b.slotConn = nil
	return first
}
