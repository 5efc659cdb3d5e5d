package webrtc

import (
	"encoding/binary"
	"net"
	"sync"
)

// sctpConn is the DTLS association under SCTP. It sees each packet, and counts
// the user data that leaves for the first time: bufferedAmount falls when "the
// underlying data transport sends data from its queue", whereas the SCTP library
// tells only what the peer has acknowledged, which a delayed acknowledgement
// puts off by 200 ms.
type sctpConn struct {
	net.Conn
	// told is called after something was added to the counts, once until taken.
	told func()

	mu      sync.Mutex
	started bool
	highest uint32
	sent    map[uint16]uint64
	control map[uint16]bool
	// peer is how many streams each direction may have for the peer's sake; 0
	// before it has said so.
	peer uint16
	// tag is our verification tag.
	tag uint32
}

// Chunk types and flags of RFC 9260 3.3.1 and RFC 8260 2.1.
const (
	sctpHeaderSize = 12
	chunkData      = 0
	chunkInit      = 1
	chunkInitAck   = 2
	chunkAbort     = 6
	chunkIData     = 64
	flagBeginning  = 2
	flagReflected  = 1
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

// Read implements net.Conn.
func (c *sctpConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.stale(b[:n]) {
			return n, err
		}
	}
}

// stale notes what the peer's INIT or INIT ACK says, which the SCTP library does
// not tell, and reports whether a packet is the ABORT of an association that was
// on this DTLS transport before: the library looks at no tag there (RFC 9260
// 8.5.1).
func (c *sctpConn) stale(packet []byte) bool {
	if len(packet) < sctpHeaderSize+2 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if out, in, _, ok := initiation(packet); ok {
		c.peer = min(out, in)
	}
	chunk := packet[sctpHeaderSize:]
	return chunk[0] == chunkAbort && chunk[1]&flagReflected == 0 && binary.BigEndian.Uint32(packet[4:]) != c.tag
}

// initiation is what an INIT or INIT ACK says: they are alone in their packet
// (RFC 9260 6.10).
func initiation(packet []byte) (out, in uint16, tag uint32, ok bool) {
	if len(packet) < sctpHeaderSize+20 || packet[sctpHeaderSize] != chunkInit && packet[sctpHeaderSize] != chunkInitAck {
		return 0, 0, 0, false
	}
	chunk := packet[sctpHeaderSize:]
	return binary.BigEndian.Uint16(chunk[12:]), binary.BigEndian.Uint16(chunk[14:]), binary.BigEndian.Uint32(chunk[4:]), true
}

// streams is "the minimum of the negotiated amount of incoming and outgoing
// SCTP streams": each is the lesser of what one side sends and the other takes
// (RFC 9260 5.1.1).
func (c *sctpConn) streams() uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peer == 0 {
		return ownStreams
	}
	return min(c.peer, ownStreams)
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
	if _, _, tag, ok := initiation(packet); ok {
		c.tag = tag
	}
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
