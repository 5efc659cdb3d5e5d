package udp

import (
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// linuxConn sends and receives with sendmmsg and recvmmsg.
type linuxConn struct {
	plainConn
	raw    syscall.RawConn
	shared bool
	scope  uint32 // of a link-local IPv6 address
	gro    bool
	gso    atomic.Bool // cleared when a device turns out not to do it
}

// Listen opens a socket bound to addr, whose address must be valid; port 0
// takes any free port.
func Listen(addr netip.AddrPort, o Options) (Conn, error) {
	if o.Plain || plain() {
		return listenPlain(addr, o)
	}
	uc, err := listenUDP(addr, o)
	if err != nil {
		return nil, err
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		_ = uc.Close()
		return nil, err
	}
	c := &linuxConn{plainConn: plainConn{c: uc, local: localOf(uc)}, raw: raw, shared: o.Shared}
	c.scope = scopeOf(c.local.Addr())
	if !c.probe() {
		return &c.plainConn, nil
	}
	return c, nil
}

// probe finds out what the kernel does, and reports false where it has no
// sendmmsg and recvmmsg at all (some sandboxes).
func (c *linuxConn) probe() bool {
	batch := false
	err := c.raw.Control(func(fd uintptr) {
		// No messages are sent or received: only ENOSYS and EPERM tell anything.
		_, _, e1 := unix.Syscall6(unix.SYS_SENDMMSG, fd, 0, 0, 0, 0, 0)
		batch = e1 == 0
		if !batch {
			return
		}
		if _, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT); err == nil {
			c.gso.Store(true)
		}
		// A socket of one peer is read in small buffers, into which a
		// coalesced datagram does not fit.
		if c.shared && unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil {
			c.gro = true
		}
	})
	return err == nil && batch
}

func (c *linuxConn) features() Features {
	return Features{Batch: true, GSO: c.gso.Load(), GRO: c.gro}
}

// scopeOf is the interface index of a zoned address.
func scopeOf(a netip.Addr) uint32 {
	zone := a.Zone()
	if zone == "" {
		return 0
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(n)
}

// mmsghdr is struct mmsghdr of recvmmsg(2); the compiler pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}
