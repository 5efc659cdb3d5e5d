package transport

import (
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/ice/v4"

	"trackway/internal/udp"
)

// agentConn is what the agent needs of a candidate's connection.
type agentConn = net.PacketConn

// path is where packets go: a candidate pair as a socket sees it. It
// does not change but for its counters; the Transport swaps it.
type path struct {
	g    *generation
	conn udp.Conn
	to   netip.AddrPort
	pair CandidatePair
	// selected is false for a pair that is merely valid.
	selected bool

	bytesSent, bytesReceived     atomic.Uint64
	packetsSent, packetsReceived atomic.Uint64
	lastSent, lastReceived       atomic.Int64 // Unix nanoseconds, 0 for never
	refused                      udp.Refused
}

// inherit takes over the counters of a path over the same addresses: one that
// was valid before it was selected, or whose peer-reflexive candidate has been
// signalled meanwhile.
func (p *path) inherit(old *path) {
	if old == nil || old.g != p.g || old.conn != p.conn || old.to != p.to {
		return
	}
	p.bytesSent.Store(old.bytesSent.Load())
	p.bytesReceived.Store(old.bytesReceived.Load())
	p.packetsSent.Store(old.packetsSent.Load())
	p.packetsReceived.Store(old.packetsReceived.Load())
	p.lastSent.Store(old.lastSent.Load())
	p.lastReceived.Store(old.lastReceived.Load())
	p.refused.Packets.Store(old.refused.Packets.Load())
	p.refused.Bytes.Store(old.refused.Bytes.Load())
}

// agentPath is the slow way, through the agent: pairs over TCP, whose
// connections the agent keeps. It implements udp.Conn for one destination.
type agentPath struct{ g *generation }

var _ udp.Conn = (*agentPath)(nil)

func (a *agentPath) ice() *ice.Conn {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	return a.g.conn
}

// LocalAddr implements udp.Conn.
func (a *agentPath) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// Serve implements udp.Conn: generation.read does it.
func (a *agentPath) Serve(udp.Handler, func() bool) error { return net.ErrClosed }

// WriteTo implements udp.Conn.
func (a *agentPath) WriteTo(p []byte, _ netip.AddrPort) (int, error) {
	c := a.ice()
	if c == nil {
		return 0, ErrNotReady
	}
	return c.Write(p)
}

// WriteBatch implements udp.Conn.
func (a *agentPath) WriteBatch(ms []udp.Message) error { return udp.WriteEach(a, ms) }

// Close implements udp.Conn.
func (a *agentPath) Close() error { return nil }
