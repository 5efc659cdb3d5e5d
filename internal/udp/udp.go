// Package udp is a batched UDP socket: many datagrams to many peers leave in
// one system call, many arrive in one, and neither direction allocates per
// packet.
//
// On Linux a [Conn] uses recvmmsg and sendmmsg, and UDP_SEGMENT (GSO) and
// UDP_GRO where the running kernel has them; what it has is found out by
// trying, once per socket. Everywhere else, and when the environment variable
// TRACKWAY_UDP is "plain", it uses one system call per datagram.
//
// The same interface is implemented by a simulated network, see [NewSim].
package udp

import (
	"errors"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

const (
	// MaxDatagram is the most bytes that a slot of a [Batch] may be asked
	// for: what an IPv4 UDP datagram can carry.
	MaxDatagram = 65507

	// readSlot is the buffer of one received datagram where GRO is off. A
	// longer datagram is dropped: nothing in WebRTC sends one over Ethernet.
	readSlot = 2048
)

var (
	// ErrAddress is returned for a destination that the socket's address
	// family cannot reach, or that is not valid.
	ErrAddress = errors.New("udp: the destination has no address of the socket's family")
	// ErrTooLong is returned for a packet larger than its slot or a datagram.
	ErrTooLong = errors.New("udp: packet longer than its slot")
)

// Handler receives one datagram. packet is only valid during the call, and may
// be written to: it has len(packet) bytes and no more. All datagrams of one
// burst carry the same now.
type Handler func(now time.Time, packet []byte, from netip.AddrPort)

// Message is one or several datagrams to one destination.
type Message struct {
	// Buf holds the datagrams back to back.
	Buf []byte
	// To is the destination.
	To netip.AddrPort
	// Segment is the size in bytes of each datagram in Buf; the last may be
	// shorter. Zero means that Buf is one datagram.
	Segment int
	// Refused counts the datagrams that the socket did not take; nil for not.
	Refused *Refused
}

// Refused counts datagrams that a socket refused, for want of memory or of a
// way to the destination.
type Refused struct{ Packets, Bytes atomic.Uint64 }

// add counts a datagram.
func (r *Refused) add(bytes int) {
	if r != nil {
		r.Packets.Add(1)
		r.Bytes.Add(uint64(bytes))
	}
}

// refuse counts all datagrams of a message.
func (m *Message) refuse() {
	for n := len(m.Buf); n > 0; {
		size := n
		if m.Segment > 0 {
			size = min(n, m.Segment)
		}
		m.Refused.add(size)
		n -= size
	}
}

// Conn is a UDP socket bound to one local address. All methods may be called
// from any goroutine.
type Conn interface {
	// LocalAddr is the bound address.
	LocalAddr() netip.AddrPort
	// Serve calls h for every datagram, on the calling goroutine, until the
	// Conn is closed; then it returns [net.ErrClosed]. After each burst it
	// calls done, unless that is nil, which reports whether goroutines were
	// woken that should run before the next burst. Only one Serve may run.
	Serve(h Handler, done func() (woke bool)) error
	// WriteTo sends one datagram. Errors that concern the destination alone
	// (unreachable, refused) are returned and do not harm the socket.
	WriteTo(p []byte, to netip.AddrPort) (int, error)
	// WriteBatch sends the messages in order, without keeping them. A
	// message that its destination refuses is skipped; the first such error
	// is returned after all have been tried.
	WriteBatch(ms []Message) error
	// Close closes the socket and ends Serve.
	Close() error
}

// Options adjusts [Listen]. The zero value is good for a socket of one peer.
type Options struct {
	// Shared says that many peers use this socket: large kernel buffers,
	// and long receive bursts with GRO.
	Shared bool
	// Plain uses one system call per datagram, as on systems without
	// batching.
	Plain bool
}

// plain reports whether batching is switched off for the whole process.
func plain() bool { return os.Getenv("TRACKWAY_UDP") == "plain" }

// Features says what a Conn makes use of.
type Features struct {
	// Batch is recvmmsg and sendmmsg, GSO is UDP_SEGMENT, GRO is UDP_GRO.
	Batch, GSO, GRO bool
}

// FeaturesOf reports what c makes use of; nothing for a Conn of another kind.
func FeaturesOf(c Conn) Features {
	if f, ok := c.(interface{ features() Features }); ok {
		return f.features()
	}
	return Features{}
}
