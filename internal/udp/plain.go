package udp

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// sharedBuffer is what the kernel is asked to buffer for many peers, in bytes.
const sharedBuffer = 4 << 20

// plainConn is the fallback: one system call per datagram.
type plainConn struct {
	c     *net.UDPConn
	local netip.AddrPort
}

func listenUDP(addr netip.AddrPort, o Options) (*net.UDPConn, error) {
	network := "udp6"
	if addr.Addr().Is4() {
		network = "udp4"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	if o.Shared {
		// Best effort: the system caps these, and the default also works.
		_ = c.SetReadBuffer(sharedBuffer)
		_ = c.SetWriteBuffer(sharedBuffer)
	}
	return c, nil
}

// localOf is the bound address, with the zone that was asked for.
func localOf(c *net.UDPConn) netip.AddrPort {
	a := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func listenPlain(addr netip.AddrPort, o Options) (Conn, error) {
	c, err := listenUDP(addr, o)
	if err != nil {
		return nil, err
	}
	return &plainConn{c: c, local: localOf(c)}, nil
}

func (p *plainConn) LocalAddr() netip.AddrPort { return p.local }

func (p *plainConn) Serve(h Handler, done func() bool) error {
	buf := make([]byte, readSlot)
	for {
		n, from, err := p.c.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			h(time.Now(), buf[:n:n], unmap(from))
			if done != nil {
				done()
			}
		case errors.Is(err, net.ErrClosed):
			return net.ErrClosed
		case !temporary(err):
			return err
		default:
			// Never spin, should the error be here to stay.
			time.Sleep(time.Millisecond)
		}
	}
}

// temporary reports whether a receive error says something about one peer (an
// ICMP message that was queued on the socket, or a truncated datagram), so
// that reading can go on.
func temporary(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

func (p *plainConn) WriteTo(b []byte, to netip.AddrPort) (int, error) {
	if to.Addr().Is4() != p.local.Addr().Is4() || !to.IsValid() {
		return 0, ErrAddress
	}
	return p.c.WriteToUDPAddrPort(b, to)
}

func (p *plainConn) WriteBatch(ms []Message) error { return WriteEach(p, ms) }

// WriteEach sends messages one datagram at a time, for implementations of Conn
// that have nothing better.
func WriteEach(c interface {
	WriteTo([]byte, netip.AddrPort) (int, error)
}, ms []Message) error {
	var first error
	for i := range ms {
		buf, seg := ms[i].Buf, ms[i].Segment
		if seg <= 0 {
			seg = len(buf)
		}
		for len(buf) > 0 {
			n := min(seg, len(buf))
			if _, err := c.WriteTo(buf[:n], ms[i].To); err != nil {
				ms[i].Refused.add(n)
				if first == nil {
					first = err
				}
			}
			buf = buf[n:]
		}
	}
	return first
}

func (p *plainConn) Close() error { return p.c.Close() }

func unmap(a netip.AddrPort) netip.AddrPort {
	if a.Addr().Is4In6() {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	return a
}
