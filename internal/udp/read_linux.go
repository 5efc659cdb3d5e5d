package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	readBurst   = 8       // messages per recvmmsg
	ownBurst    = 4       // the same for a socket of one peer
	groSlot     = 1 << 16 // a coalesced message is at most one IP packet
	controlSize = 32      // one int control message, with room to spare
)

// reader is the state of one Serve.
type reader struct {
	c    *linuxConn
	slot int
	vlen int
	buf  []byte
	hdrs [readBurst]mmsghdr
	iovs [readBurst]unix.Iovec
	from [readBurst]unix.RawSockaddrInet6 // large enough for both families
	ctrl [readBurst][controlSize]byte

	n     int
	errno unix.Errno
}

func (c *linuxConn) newReader() *reader {
	r := &reader{c: c, slot: readSlot, vlen: ownBurst}
	if c.shared {
		r.vlen = readBurst
	}
	if c.gro {
		r.slot = groSlot
	}
	r.buf = make([]byte, r.vlen*r.slot)
	for i := range r.vlen {
		r.iovs[i].Base = &r.buf[i*r.slot]
		r.iovs[i].SetLen(r.slot)
		h := &r.hdrs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.from[i]))
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
	}
	return r
}

// receive is one non-blocking recvmmsg; it reports false when there was
// nothing, which makes the poller wait.
func (r *reader) receive(fd uintptr) bool {
	for i := range r.vlen {
		h := &r.hdrs[i].hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.Flags = 0
		if r.c.gro {
			h.Control = &r.ctrl[i][0]
			h.SetControllen(controlSize)
		}
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd,
			uintptr(unsafe.Pointer(&r.hdrs[0])), uintptr(r.vlen), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.n, r.errno = int(n), errno
		if errno != 0 {
			r.n = 0
		}
		return true
	}
}

func (c *linuxConn) Serve(h Handler) error {
	r := c.newReader()
	receive := r.receive
	for {
		if err := c.raw.Read(receive); err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) {
				return net.ErrClosed
			}
			return err
		}
		switch r.errno {
		case 0:
		case unix.EBADF, unix.ENOTSOCK, unix.EINVAL, unix.EFAULT:
			return os.NewSyscallError("recvmmsg", r.errno)
		default:
			// Out of memory, or an error of one peer: never spin.
			time.Sleep(time.Millisecond)
			continue
		}
		now := time.Now()
		for i := range r.n {
			r.deliver(i, now, h)
		}
	}
}

// deliver hands out message i, in pieces where the kernel has coalesced.
func (r *reader) deliver(i int, now time.Time, h Handler) {
	m := &r.hdrs[i]
	if m.hdr.Flags&unix.MSG_TRUNC != 0 {
		return
	}
	from := r.address(i)
	p := r.buf[i*r.slot : i*r.slot+int(m.n)]
	seg := len(p)
	if r.c.gro {
		if s := groSegment(r.ctrl[i][:min(controlSize, int(m.hdr.Controllen))]); s > 0 {
			seg = s
		}
	}
	for len(p) > 0 {
		n := min(seg, len(p))
		h(now, p[:n:n], from)
		p = p[n:]
	}
}

func (r *reader) address(i int) netip.AddrPort {
	sa := &r.from[i]
	// Ports are in network byte order at the same place in both families.
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:])
	if sa.Family == unix.AF_INET {
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), port)
	}
	a := netip.AddrFrom16(sa.Addr)
	if sa.Scope_id != 0 && sa.Scope_id == r.c.scope {
		a = a.WithZone(r.c.local.Addr().Zone())
	}
	return netip.AddrPortFrom(a, port)
}

// groSegment finds the segment size in a control message, or 0.
func groSegment(ctrl []byte) int {
	const hdr = unix.SizeofCmsghdr
	if len(ctrl) < hdr+4 {
		return 0
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&ctrl[0]))
	if h.Level != unix.IPPROTO_UDP || h.Type != unix.UDP_GRO {
		return 0
	}
	return int(*(*int32)(unsafe.Pointer(&ctrl[hdr])))
}
