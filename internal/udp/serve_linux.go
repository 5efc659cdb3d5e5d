package udp

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Serve implements Conn.
func (c *linuxConn) Serve(h Handler, done func() bool) error {
	if !c.shared {
		return c.serveOwn(h, done)
	}
	r := c.newReader()
	for {
		switch f, err := c.watch(); {
		case err == nil:
			if err := c.servePolled(f, r, h, done); err != nil {
				return err
			}
			if !takeThread() {
				continue
			}
		case c.closing.Load():
			return net.ErrClosed
		default: // no descriptor is free: a thread needs none
			threads.Add(1)
		}
		err := c.serveThread(r, h, done)
		threads.Add(-1)
		if err != nil {
			return err
		}
	}
}

// ownReaders are lent to the sockets of one peer while they have something to
// read: a process has thousands of these, of which few are read at a time.
var ownReaders = sync.Pool{New: func() any { return (&linuxConn{}).newReader() }}

func (r *reader) free() {
	r.c = nil
	ownReaders.Put(r)
}

func (c *linuxConn) serveOwn(h Handler, done func() bool) error {
	var r *reader
	poll := func(fd uintptr) bool {
		r = ownReaders.Get().(*reader)
		r.c = c
		if r.poll(fd) {
			return true
		}
		r.free()
		return false
	}
	for {
		if err := c.raw.Read(poll); err != nil {
			return c.closedErr(err)
		}
		err := r.hand(h, done)
		r.free()
		if err != nil {
			return err
		}
	}
}

// threads counts the sockets that are read by a thread of their own.
var threads atomic.Int32

// takeThread reports whether one more thread may block. It keeps a processor of
// the runtime's until the runtime notices, which may take 10 ms: there has to be
// another one for everybody else.
func takeThread() bool {
	if int(threads.Add(1)) < runtime.GOMAXPROCS(0) {
		return true
	}
	threads.Add(-1)
	return false
}

// watch lends the socket to the runtime's poller, by a descriptor that can be
// taken from it again: the poller hears of every datagram, whoever reads them.
func (c *linuxConn) watch() (f *os.File, err error) {
	ctl := c.raw.Control(func(fd uintptr) {
		var d int
		if d, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return
		}
		// Both descriptors have the flag, which is also how os.NewFile knows that
		// the poller can watch.
		if err = unix.SetNonblock(d, true); err != nil {
			_ = unix.Close(d)
			return
		}
		f = os.NewFile(uintptr(d), "udp")
	})
	return f, errors.Join(ctl, err)
}

// servePolled reads the socket of many peers as long as what comes is handed to
// others, as in set-up: the goroutine that waits in the poller gives way to them
// without a system call. It returns nil when a thread would do better.
func (c *linuxConn) servePolled(f *os.File, r *reader, h Handler, done func() bool) error {
	defer func() { _ = f.Close() }()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	poll := func(fd uintptr) bool { return c.closing.Load() || r.poll(fd) }
	for threaded := false; !threaded; {
		if err := raw.Read(poll); err != nil {
			return c.closedErr(err)
		}
		if c.closing.Load() {
			return net.ErrClosed
		}
		if err := r.hand(h, done); err != nil {
			return err
		}
		time.Sleep(r.rest())
		threaded = r.forThread(false)
	}
	return nil
}

// serveThread reads the socket of many peers by a thread that waits in recvmmsg:
// a process whose peers send feedback now and then wakes a thousand times a
// second, and through the runtime's poller each of these would cost a second
// system call, and often a second thread that looks for work. It returns nil
// when the socket has been quiet for a while.
func (c *linuxConn) serveThread(r *reader, h Handler, done func() bool) (err error) {
	woke := false
	closed := c.raw.Control(func(fd uintptr) {
		if err = unix.SetNonblock(int(fd), false); err != nil {
			return
		}
		for err == nil && !c.closing.Load() {
			if r.receive(fd, unix.MSG_WAITFORONE); c.closing.Load() {
				return
			}
			err = r.hand(h, done)
			if !r.forThread(true) {
				return
			}
			if d := r.rest(); d > 0 {
				ts := unix.NsecToTimespec(int64(d))
				_ = unix.Nanosleep(&ts, nil)
			}
			// Those who were woken run first where the call may block: it would
			// keep the processor from them until the runtime notices. While
			// there is more to read it does not, and who gives way then, on a
			// processor with a lot to do, finds the socket's buffer full when
			// his turn comes. To yield costs the wake-up of another thread, so
			// it is not done for nobody, as with the feedback of many peers.
			if woke = woke || r.woke; woke && r.n < r.vlen {
				woke = false
				runtime.Gosched()
			}
		}
	})
	if closed != nil || c.closing.Load() {
		return net.ErrClosed
	}
	return err
}
