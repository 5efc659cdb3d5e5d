package transport

import (
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pipeQueue bounds the DTLS datagrams that wait to be read: two flights of a
// handshake that come before the description, or a burst of data.
const pipeQueue = 64

// pipe is the net.PacketConn under the DTLS association. It reads what the
// sockets hand over and writes to the path of the moment.
type pipe struct {
	a *association
	// diverted is where the association writes once another has taken its
	// place: the pair that led to its peer.
	diverted atomic.Pointer[path]
	notify   chan struct{}

	mu      sync.Mutex
	queue   [][]byte
	closed  bool
	expired bool // the read deadline has passed
	live    bool // the handshake is done: Close means that the peer closed
}

func (p *pipe) init(a *association) {
	p.a = a
	p.notify = make(chan struct{}, 1)
}

func (p *pipe) wake() {
	select {
	case p.notify <- struct{}{}:
	default:
	}
}

// push reports false when the datagram was dropped.
func (p *pipe) push(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.queue) >= pipeQueue {
		return false
	}
	p.queue = append(p.queue, slices.Clone(b))
	p.wake()
	return true
}

func (p *pipe) connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = true
}

// ReadFrom implements net.PacketConn.
func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		p.mu.Lock()
		switch {
		case p.closed:
			p.mu.Unlock()
			return 0, nil, net.ErrClosed
		case p.expired:
			p.mu.Unlock()
			return 0, nil, os.ErrDeadlineExceeded
		case len(p.queue) > 0:
			d := p.queue[0]
			p.queue[0] = nil
			if p.queue = p.queue[1:]; len(p.queue) == 0 {
				p.queue = nil
			}
			p.mu.Unlock()
			return copy(b, d), p.LocalAddr(), nil
		}
		p.mu.Unlock()
		<-p.notify
	}
}

// WriteTo implements net.PacketConn.
func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	t := p.a.t
	w := p.diverted.Load()
	if w == nil {
		w = t.path.Load()
	}
	if w == nil {
		// As if the network had lost it: DTLS and SCTP send it again.
		return len(b), nil
	}
	if _, err := w.conn.WriteTo(b, w.to); err == nil {
		t.counters.sent(1, len(b), w)
		w.lastSent.Store(time.Now().UnixNano())
	} else {
		w.refused.Packets.Add(1)
		w.refused.Bytes.Add(uint64(len(b)))
	}
	return len(b), nil
}

// Close implements net.PacketConn. The association calls it when it ends.
func (p *pipe) Close() error {
	p.mu.Lock()
	was, live := p.closed, p.live
	p.closed = true
	p.queue = nil
	p.mu.Unlock()
	if was {
		return nil
	}
	p.wake()
	if live {
		p.a.peerClosed()
	}
	return nil
}

// LocalAddr implements net.PacketConn. There is one peer, whose address
// changes under the association: it need not know.
func (p *pipe) LocalAddr() net.Addr { return &net.UDPAddr{} }

// SetReadDeadline implements net.PacketConn; only "at once" and "never" are used.
func (p *pipe) SetReadDeadline(d time.Time) error {
	p.mu.Lock()
	p.expired = !d.IsZero() && !d.After(time.Now())
	p.mu.Unlock()
	p.wake()
	return nil
}

// SetDeadline implements net.PacketConn.
func (p *pipe) SetDeadline(d time.Time) error { return p.SetReadDeadline(d) }

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
