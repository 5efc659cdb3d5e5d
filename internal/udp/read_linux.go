package udp

import (
	"encoding/binary"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	readBurst = 32 // messages per recvmmsg
	ownBurst  = 4  // the same for a socket of one peer
	// A coalesced message is at most one IP packet. The rest keeps slots from
	// beginning at the same lines of the cache.
	groSlot     = 1<<16 + 1<<11 + 1<<6
	controlSize = 32 // one int control message, with room to spare
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

	n     int // messages received
	used  int // entries that the kernel has written to
	errno unix.Errno
	now   time.Time
	count int  // datagrams in them
	woke  bool // goroutines were woken by the burst
	pace  pace
	habit habit
}

func (c *linuxConn) newReader() *reader {
	r := &reader{c: c, slot: readSlot, vlen: ownBurst}
	if c.shared {
		r.vlen = readBurst
	}
	if c.gro {
		r.slot = groSlot
	}
	r.used = r.vlen
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

// poll is one recvmmsg that does not block; it reports false when there was
// nothing, which makes the poller wait.
func (r *reader) poll(fd uintptr) bool { return r.receive(fd, unix.MSG_DONTWAIT) }

// receive is one recvmmsg; it reports false when there was nothing.
func (r *reader) receive(fd uintptr, flags uintptr) bool {
	for i := range r.used {
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
			uintptr(unsafe.Pointer(&r.hdrs[0])), uintptr(r.vlen), flags, 0, 0)
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
		r.used = r.n
		return true
	}
}

// rest is how long a few packets should gather, where so many come that waking
// for each would cost more than all that is done with it. It is what network
// cards do, too.
func (r *reader) rest() time.Duration {
	d := r.pace.rest(r.now, r.count, r.woke)
	if r.n == r.vlen { // there is more
		return 0
	}
	return d
}

// forThread reports whether a thread should read the socket from now on.
func (r *reader) forThread(threaded bool) bool {
	return r.habit.forThread(r.now, r.count, !r.woke || r.pace.on, threaded)
}

// hand delivers what was received.
func (r *reader) hand(h Handler, done func() bool) error {
	r.count, r.woke = 0, true
	switch r.errno {
	case 0:
	case unix.EBADF, unix.ENOTSOCK, unix.EINVAL, unix.EFAULT:
		return os.NewSyscallError("recvmmsg", r.errno)
	default:
		// Out of memory, or an error of one peer: never spin.
		time.Sleep(time.Millisecond)
		return nil
	}
	r.now = time.Now()
	for i := range r.n {
		r.deliver(i, r.now, h)
	}
	if done != nil {
		r.woke = done()
	}
	return nil
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
		r.count++
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
