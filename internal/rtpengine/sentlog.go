package rtpengine

import (
	"encoding/binary"
	"time"
)

// PacketResult is what became of one packet that was sent, from the peer's
// feedback about single packets, of either kind: the input of congestion control.
type PacketResult struct {
	// Sequence counts the packets of the transport in the order of sending. The
	// transport-wide sequence number, where one is written, is its lower half.
	Sequence uint64
	// Size is that of the RTP packet in bytes, before SRTP.
	Size int
	// Sent is when it was given to the output.
	Sent time.Time
	// Received says whether it arrived, and Arrival when by the peer's clock,
	// whose zero is arbitrary.
	Received bool
	Arrival  time.Duration
	// Marked says that it arrived with ECN CE.
	Marked bool
	// Probe is what SendStream.Probe was given, 0 for packets of media.
	Probe int
}

const (
	sentFirst  = 128  // records at first
	sentMostly = 4096 // and at most: a second at 45 Mbit/s
	sentKeep   = time.Second
)

// sentLog remembers the packets that were sent, by sequence number of the
// transport, until feedback settles them.
type sentLog struct {
	slots []sentPacket // a power of two; grows while they fill within sentKeep
	start time.Time    // records count time from here
	// refs is the peer's clock at the last transport-wide feedback, unwrapped;
	// reports the same for RFC 8888.
	refs      int64
	hasRef    bool
	reports   int64
	hasReport bool
	results   []PacketResult
	blocks    []ccfbBlock
}

type sentPacket struct {
	seq     uint64
	key     uint64        // names the packet in RFC 8888 feedback, see packetKey
	at      time.Duration // since start
	size    uint16
	probe   uint16
	set     bool
	settled bool // it has arrived
	missed  bool // it was reported as lost
}

// packetKey is the SSRC and sequence number of an RTP packet in one.
func packetKey(packet []byte) uint64 {
	return uint64(binary.BigEndian.Uint32(packet[8:]))<<16 | uint64(binary.BigEndian.Uint16(packet[2:]))
}

// settle notes what feedback says and reports whether that is news: a packet
// arrives once, and is lost once before it arrives.
func (r *sentPacket) settle(received bool) bool {
	if !r.set || r.settled || r.missed && !received {
		return false
	}
	r.settled, r.missed = received, true
	return true
}

func (h *sentLog) at(seq uint64) *sentPacket { return &h.slots[seq&uint64(len(h.slots)-1)] }

func (h *sentLog) add(seq, key uint64, now time.Time, size, probe int) {
	if h.slots == nil {
		h.slots, h.start = make([]sentPacket, sentFirst), now
	}
	at := now.Sub(h.start)
	for r := h.at(seq); r.set && !r.settled && at-r.at < sentKeep && len(h.slots) < sentMostly; r = h.at(seq) {
		old := h.slots
		h.slots = make([]sentPacket, 2*len(old))
		for _, r := range old {
			if r.set {
				*h.at(r.seq) = r
			}
		}
	}
	*h.at(seq) = sentPacket{seq: seq, key: key, at: at, size: uint16(size), probe: uint16(probe), set: true}
}
