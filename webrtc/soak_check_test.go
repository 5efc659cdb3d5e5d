package webrtc

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"trackway/media"
)

// soakCheck watches what one receiver's track brings.
type soakCheck struct {
	run   *soakRun
	track *media.Track

	mu sync.Mutex
	// source and last name the frame that came last, due the sources that the
	// sender has been given since: nothing but a change to one of them may
	// break the count.
	source int
	last   uint32
	due    []int
	ssrc   uint32
	first  uint16
	next   uint16
	begun  bool
	// missed is since when packets are missing.
	missed map[uint16]time.Time
	// over says that the sender was taken away: what is missing stays so.
	over bool
}

func (c *soakCheck) frame(f *media.EncodedFrame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run.frames.Add(1)
	if len(f.Data) < 18 {
		c.run.damaged.Add(1)
		return
	}
	id, n := int(binary.BigEndian.Uint32(f.Data[10:])), binary.BigEndian.Uint32(f.Data[14:])
	for _, b := range f.Data[18:] {
		if b != byte(n) {
			c.run.damaged.Add(1)
			break
		}
	}
	turn := slices.Index(c.due, id)
	switch {
	case id == c.source && n == c.last+1:
	case turn >= 0: // the sender has this track now
		c.due = c.due[turn+1:]
	case id != c.source:
		c.run.damaged.Add(1)
		c.run.t.Logf("%p: frame %d of source %d, not of %d", c, n, id, c.source)
	case n <= c.last:
		c.run.doubled.Add(1)
		c.run.t.Logf("%p: frame %d of source %d after %d", c, n, id, c.last)
	default:
		c.run.lost.Add(int64(n - c.last - 1))
		c.run.t.Logf("%p: frames of source %d missing between %d and %d", c, id, c.last, n)
	}
	c.source, c.last = id, n
}

func (c *soakCheck) packet(p *media.RTPPacket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run.packets.Add(1)
	if !c.begun || p.SSRC != c.ssrc {
		c.begun, c.ssrc, c.first, c.next = true, p.SSRC, p.SequenceNumber, p.SequenceNumber
		c.missed = map[uint16]time.Time{}
	}
	switch ahead := int16(p.SequenceNumber - c.next); {
	case ahead >= 0:
		for q := c.next; q != p.SequenceNumber; q++ {
			c.missed[q] = p.ArrivalTime
		}
		c.next = p.SequenceNumber + 1
	case int16(p.SequenceNumber-c.first) < 0: // sent before the one that came first
		for q := p.SequenceNumber + 1; q != c.first; q++ {
			c.missed[q] = p.ArrivalTime
		}
		c.first = p.SequenceNumber
	default:
		if _, ok := c.missed[p.SequenceNumber]; !ok {
			c.run.doubled.Add(1)
			c.run.t.Logf("%p: packet %d of %08x came twice", c, p.SequenceNumber, p.SSRC)
		}
		delete(c.missed, p.SequenceNumber)
	}
	for q, at := range c.missed {
		if p.ArrivalTime.Sub(at) > repairTime && !c.over {
			c.run.gaps.Add(1)
			c.run.t.Logf("%p: packet %d of %08x was never repaired", c, q, p.SSRC)
			delete(c.missed, q)
		}
	}
}

// repairTime is when nobody asks for a packet any more, and no answer is under
// way even on a machine with a lot else to do.
const repairTime = 10 * time.Second

// ends says whether the last frame that a source made has come, and with it all
// packets.
func (c *soakCheck) ends(s *soakSource) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source == s.id && c.last == s.n.Load() && len(c.missed) == 0
}

// behind reports whether the last frame that a source made is still to come.
func (c *soakCheck) behind(s *soakSource) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source == s.id && c.last != s.n.Load() && len(c.due) == 0 && !c.over
}

// expect has the sender's track be another source's from now on.
func (c *soakCheck) expect(s *soakSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = append(c.due, s.id)
}

// end has the sender be taken away.
func (c *soakCheck) end() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}
