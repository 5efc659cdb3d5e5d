package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// writeBurst is how many messages one sendmmsg takes.
const writeBurst = 64

// writer is the scratch memory of one WriteBatch.
type writer struct {
	hdrs [writeBurst]mmsghdr
	iovs [writeBurst]unix.Iovec
	to   [writeBurst]unix.RawSockaddrInet6 // large enough for both families
	ctrl [writeBurst][controlSize]byte

	first, count int
	sent         int
	errno        unix.Errno
	one          [1]Message

	// sendmmsg and sendAll as values, made once
	try func(fd uintptr) bool
	all func(fd uintptr)
}

// Writers are shared by all sockets: a socket that does not send keeps none.
var writers = sync.Pool{New: func() any {
	w := new(writer)
	for i := range w.hdrs {
		h := &w.hdrs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&w.to[i]))
		h.Iov = &w.iovs[i]
		h.SetIovlen(1)
		c := (*unix.Cmsghdr)(unsafe.Pointer(&w.ctrl[i][0]))
		c.Level = unix.IPPROTO_UDP
		c.Type = unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
	}
	w.try, w.all = w.sendmmsg, w.sendAll
	return w
}}

func (w *writer) sendmmsg(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd,
			uintptr(unsafe.Pointer(&w.hdrs[w.first])), uintptr(w.count-w.first), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		w.sent, w.errno = int(n), errno
		if errno != 0 {
			w.sent = 0
		}
		return true
	}
}

// sendAll is sendmmsg on a socket without a poller: it waits itself.
func (w *writer) sendAll(fd uintptr) {
	for !w.sendmmsg(fd) {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
	}
}

// set fills entry i; it reports false for an address of the other family.
func (w *writer) set(i int, c *linuxConn, m *Message) bool {
	a := m.To.Addr()
	if !m.To.IsValid() || a.Is4() != c.local.Addr().Is4() || len(m.Buf) == 0 {
		return false
	}
	h := &w.hdrs[i].hdr
	sa := &w.to[i]
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], m.To.Port())
	if a.Is4() {
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		sa4.Family = unix.AF_INET
		sa4.Addr = a.As4()
		h.Namelen = unix.SizeofSockaddrInet4
	} else {
		sa.Family = unix.AF_INET6
		sa.Flowinfo = 0
		sa.Addr = a.As16()
		sa.Scope_id = 0
		if a.Zone() != "" {
			sa.Scope_id = c.scope
		}
		h.Namelen = unix.SizeofSockaddrInet6
	}
	w.iovs[i].Base = &m.Buf[0]
	w.iovs[i].SetLen(len(m.Buf))
	if m.Segment > 0 && m.Segment < len(m.Buf) {
		*(*uint16)(unsafe.Pointer(&w.ctrl[i][unix.SizeofCmsghdr])) = uint16(m.Segment)
		h.Control = &w.ctrl[i][0]
		h.SetControllen(unix.CmsgSpace(2))
	} else {
		h.Control = nil
		h.SetControllen(0)
	}
	return true
}

// WriteTo implements Conn.
func (c *linuxConn) WriteTo(p []byte, to netip.AddrPort) (int, error) {
	if to.Addr().Is4() != c.local.Addr().Is4() || !to.IsValid() {
		return 0, ErrAddress
	}
	if len(p) == 0 {
		return 0, nil
	}
	w := writers.Get().(*writer)
	w.one[0] = Message{Buf: p, To: to}
	err := c.write(w, w.one[:])
	w.one[0].Buf = nil
	writers.Put(w)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteBatch implements Conn.
func (c *linuxConn) WriteBatch(ms []Message) error {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	return c.write(w, ms)
}

func (c *linuxConn) write(w *writer, ms []Message) error {
	var first error
	for len(ms) > 0 {
		n, err := c.writeBurst(w, ms)
		if err != nil && first == nil {
			first = err
		}
		ms = ms[n:]
	}
	for i := range w.iovs[:w.count] {
		w.iovs[i].Base = nil // do not keep the caller's memory alive
	}
	return first
}

// writeBurst sends at most writeBurst messages and returns how many it has
// dealt with.
func (c *linuxConn) writeBurst(w *writer, ms []Message) (int, error) {
	gso := c.gso.Load()
	n := 0
	for n < len(ms) && n < writeBurst {
		m := &ms[n]
		if !gso && m.Segment > 0 && m.Segment < len(m.Buf) || !w.set(n, c, m) {
			break
		}
		n++
	}
	if n == 0 { // the first message is not for sendmmsg
		if m := &ms[0]; m.Segment > 0 && m.Segment < len(m.Buf) {
			return 1, WriteEach(c, ms[:1])
		}
		return 1, ErrAddress
	}
	var first error
	w.first, w.count = 0, n
	for w.first < w.count {
		var err error
		if c.shared {
			err = c.raw.Control(w.all)
		} else {
			err = c.raw.Write(w.try)
		}
		if err != nil {
			return n, c.closedErr(err)
		}
		w.first += w.sent
		if w.errno == 0 {
			continue
		}
		// The message that w.first points at was refused: none before it
		// remain, since the kernel reports what it sent before an error.
		if err := c.refused(&ms[w.first], w.errno); err != nil && first == nil {
			first = err
		}
		w.first++
	}
	return n, first
}

// refused deals with one message that the kernel did not take.
func (c *linuxConn) refused(m *Message, errno unix.Errno) error {
	if m.Segment > 0 && m.Segment < len(m.Buf) {
		switch errno {
		case unix.EIO:
			// The device cannot checksum segments (udp(7)): no GSO here.
			c.gso.Store(false)
			return WriteEach(c, []Message{*m})
		case unix.EINVAL, unix.EMSGSIZE:
			// Segments above the path MTU are not fragmented by GSO.
			return WriteEach(c, []Message{*m})
		}
	}
	m.refuse()
	return os.NewSyscallError("sendmmsg", errno)
}

// closedErr is what a call on the descriptor failed with; a closed one has
// several names.
func (c *linuxConn) closedErr(err error) error {
	if c.closing.Load() {
		return net.ErrClosed
	}
	return err
}
