package udp

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// linuxConn sends and receives with sendmmsg and recvmmsg.
type linuxConn struct {
	local  netip.AddrPort
	raw    syscall.RawConn
	file   interface{ Close() error }
	shared bool   // many peers: long bursts, GRO, and no poller, see Serve
	scope  uint32 // of a link-local IPv6 address
	gro    bool
	gso    atomic.Bool // cleared when a device turns out not to do it

	closing atomic.Bool
}

// Listen opens a socket bound to addr, whose address must be valid; port 0
// takes any free port.
func Listen(addr netip.AddrPort, o Options) (Conn, error) {
	if o.Plain || plain() {
		return listenPlain(addr, o)
	}
	listen := listenPolled
	if o.Shared {
		listen = listenShared
	}
	c, err := listen(addr)
	if err != nil {
		return nil, err
	}
	if !c.probe() {
		_ = c.Close()
		return listenPlain(addr, o)
	}
	return c, nil
}

// listenPolled opens a socket that the runtime's poller watches.
func listenPolled(addr netip.AddrPort) (*linuxConn, error) {
	uc, err := listenUDP(addr, Options{})
	if err != nil {
		return nil, err
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		_ = uc.Close()
		return nil, err
	}
	local := localOf(uc)
	return &linuxConn{local: local, raw: raw, file: uc, scope: scopeOf(local.Addr())}, nil
}

// listenShared opens a socket that the poller does not know, see watch.
func listenShared(addr netip.AddrPort) (*linuxConn, error) {
	fail := func(call string, err error) (*linuxConn, error) {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(addr), Err: os.NewSyscallError(call, err)}
	}
	family := unix.AF_INET6
	if addr.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fail("socket", err)
	}
	scope := scopeOf(addr.Addr())
	var sa unix.Sockaddr = &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port()), ZoneId: scope}
	if family == unix.AF_INET {
		sa = &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	} else if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
		_ = unix.Close(fd)
		return fail("setsockopt", err)
	}
	if err := unix.Bind(fd, sa); err != nil {
		_ = unix.Close(fd)
		return fail("bind", err)
	}
	// Best effort: the system caps these, and the default also works.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, sharedBuffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sharedBuffer)
	var port uint16
	switch bound, err := unix.Getsockname(fd); b := bound.(type) {
	case *unix.SockaddrInet4:
		port = uint16(b.Port)
	case *unix.SockaddrInet6:
		port = uint16(b.Port)
	default:
		_ = unix.Close(fd)
		return fail("getsockname", err)
	}
	// An os.File counts who uses the descriptor, so that closing is safe.
	f := os.NewFile(uintptr(fd), "udp")
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return fail("socket", err)
	}
	return &linuxConn{local: netip.AddrPortFrom(addr.Addr(), port), raw: raw, file: f, shared: true, scope: scope}, nil
}

// LocalAddr implements Conn.
func (c *linuxConn) LocalAddr() netip.AddrPort { return c.local }

// Close implements Conn. It ends the wait of Serve.
func (c *linuxConn) Close() error {
	if c.closing.Swap(true) {
		return net.ErrClosed
	}
	if c.shared {
		// Linux says ENOTCONN, and wakes the reader all the same.
		_ = c.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	return c.file.Close()
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
