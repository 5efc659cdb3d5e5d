package webrtc

import (
	"encoding/binary"
	"net"
	"sync"
)

// sctpConn is the DTLS association under SCTP. It sees each packet before it is
// encrypted, and counts the user data that leaves for the first time:
// bufferedAmount falls when "the underlying data transport sends data from its
// queue", whereas the SCTP library tells only what the peer has acknowledged,
// which a delayed acknowledgement puts off by 200 ms.
type sctpConn struct {
	net.Conn
	// told is called after something was added to the counts, once until taken.
	told func()

	mu      sync.Mutex
	started bool
	highest uint32
	sent    map[uint16]uint64
	control map[uint16]bool
}

// Chunk types and flags of RFC 9260 3.3.1 and RFC 8260 2.1.
const (
	sctpHeaderSize = 12
	chunkData      = 0
	chunkIData     = 64
	flagBeginning  = 2
	// ppidControl is DCEP (RFC 8832 8.1); ppidStringEmpty and ppidBinaryEmpty
	// stand for messages without bytes (RFC 8831 6.6).
	ppidControl     = 50
	ppidStringEmpty = 56
	ppidBinaryEmpty = 57
)

// Write implements net.Conn.
func (c *sctpConn) Write(packet []byte) (int, error) {
	// Told first, the task runs before anything that the packet's arrival causes
	// in a peer on the same event loop.
	if c.count(packet) {
		c.told()
	}
	return c.Conn.Write(packet)
}

// take returns the bytes that left since the last call, by stream.
func (c *sctpConn) take() map[uint16]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

// count notes the data chunks of a packet, and reports whether the counts were
// empty before.
func (c *sctpConn) count(packet []byte) (first bool) {
	if len(packet) < sctpHeaderSize {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	first = len(c.sent) == 0
	for rest := packet[sctpHeaderSize:]; len(rest) >= 4; {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 4 || length > len(rest) {
			break
		}
		c.chunk(rest[:length])
		// Chunks are padded to four bytes.
		rest = rest[min((length+3)&^3, len(rest)):]
	}
	return first && len(c.sent) > 0
}

func (c *sctpConn) chunk(b []byte) {
	header := 16
	switch b[0] {
	case chunkData:
	case chunkIData:
		header = 20
	default:
		return
	}
	if len(b) < header {
		return
	}
	tsn := binary.BigEndian.Uint32(b[4:])
	if c.started && int32(tsn-c.highest) <= 0 {
		return // a retransmission
	}
	c.started, c.highest = true, tsn
	stream := binary.BigEndian.Uint16(b[8:])
	if b[1]&flagBeginning != 0 {
		switch binary.BigEndian.Uint32(b[header-4:]) {
		case ppidControl, ppidStringEmpty, ppidBinaryEmpty:
			c.set(stream, true)
		default:
			c.set(stream, false)
		}
	}
	if n := len(b) - header; n > 0 && !c.control[stream] {
		if c.sent == nil {
			c.sent = map[uint16]uint64{}
		}
		c.sent[stream] += uint64(n)
	}
}

// set notes whether the message that a stream is sending now counts for nothing.
func (c *sctpConn) set(stream uint16, control bool) {
	if !control {
		delete(c.control, stream)
		return
	}
	if c.control == nil {
		c.control = map[uint16]bool{}
	}
	c.control[stream] = true
}
