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

// pipe is what leads to a DTLS association: the sockets hand datagrams over, and
// the association reads them through the end that it has at the time.
type pipe struct {
	a *association
	// diverted is where the association writes once another has taken its
	// place: the pair that led to its peer.
	diverted atomic.Pointer[path]

	mu     sync.Mutex
	queue  [][]byte
	end    *pipeEnd // who reads; nil before the handshake and at rest
	closed bool
	live   bool // the handshake is done: Close means that the peer closed
	// resting says that nobody reads: what the association has to see wakes it.
	resting bool
	// final is the last flight of a server's handshake, to be sent again while
	// the association rests.
	final [][]byte
	// flights is the timer of the handshake.
	flights flightTimer
}

// pipeEnd is the net.PacketConn under one dtls.Conn.
type pipeEnd struct {
	p      *pipe
	server bool
	notify chan struct{}

	// guarded by p.mu
	gone    bool // the dtls.Conn was retired
	expired bool // the read deadline has passed
	waiting bool // ReadFrom waits: all that was read before has been dealt with

	out   sync.Mutex
	muted bool // nothing leaves any more
}

// open makes an end for a new dtls.Conn.
func (p *pipe) open(server bool) *pipeEnd {
	e := &pipeEnd{p: p, server: server, notify: make(chan struct{}, 1)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end, p.resting = e, false
	return e
}

func (e *pipeEnd) wake() {
	select {
	case e.notify <- struct{}{}:
	default:
	}
}

// push reports false when the datagram was dropped.
func (p *pipe) push(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resting && handshakeRecord(b) {
		// A client that asks for the final flight again. The same records may be
		// sent twice, as the network might do it.
		for _, d := range p.final {
			p.write(d)
		}
		return true
	}
	if p.closed || len(p.queue) >= pipeQueue {
		return false
	}
	p.queue = append(p.queue, slices.Clone(b))
	p.flights.heard = true
	switch {
	case p.resting:
		p.resting = false
		p.a.disturb()
	case p.end != nil:
		p.end.wake()
	}
	return true
}

// The content types of RFC 5246 6.2.1 that flights are made of.
const (
	recordChangeCipherSpec = 20
	recordHandshake        = 22
)

// handshakeRecord reports whether a datagram begins with a handshake or
// change_cipher_spec record (RFC 6347 4.1).
func handshakeRecord(b []byte) bool {
	return len(b) > 0 && (b[0] == recordChangeCipherSpec || b[0] == recordHandshake)
}

// finalFlight reports the same of a datagram of the flight with Finished: it
// begins with change_cipher_spec, or is encrypted (of an epoch but the first).
func finalFlight(b []byte) bool {
	return handshakeRecord(b) && (b[0] == recordChangeCipherSpec || len(b) > 5 && (b[3] != 0 || b[4] != 0))
}

func (p *pipe) connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = true
}

// ReadFrom implements net.PacketConn.
func (e *pipeEnd) ReadFrom(b []byte) (int, net.Addr, error) {
	p := e.p
	for {
		p.mu.Lock()
		e.waiting = false
		switch {
		case p.closed, e.gone:
			p.mu.Unlock()
			return 0, nil, net.ErrClosed
		case e.expired:
			p.mu.Unlock()
			return 0, nil, os.ErrDeadlineExceeded
		case len(p.queue) > 0:
			d := p.queue[0]
			p.queue[0] = nil
			if p.queue = p.queue[1:]; len(p.queue) == 0 {
				p.queue = nil
			}
			p.mu.Unlock()
			return copy(b, d), e.LocalAddr(), nil
		}
		e.waiting = true
		p.mu.Unlock()
		<-e.notify
	}
}

// WriteTo implements net.PacketConn.
func (e *pipeEnd) WriteTo(b []byte, _ net.Addr) (int, error) {
	e.out.Lock()
	defer e.out.Unlock()
	if e.muted {
		return len(b), nil
	}
	if e.server && finalFlight(b) {
		e.p.keep(b)
	}
	if e.p.due(b) {
		e.p.write(b)
	}
	return len(b), nil
}

// keep notes a datagram of the final flight.
func (p *pipe) keep(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b[0] == recordChangeCipherSpec {
		p.final = nil
	}
	if len(p.final) < pipeQueue {
		p.final = append(p.final, slices.Clone(b))
	}
}

// write sends a datagram over the path of the moment.
func (p *pipe) write(b []byte) {
	t := p.a.t
	w := p.diverted.Load()
	if w == nil {
		w = t.path.Load()
	}
	if w == nil {
		// As if the network had lost it: DTLS and SCTP send it again.
		return
	}
	if _, err := w.conn.WriteTo(b, w.to); err == nil {
		t.counters.sent(1, len(b), w)
		w.lastSent.Store(time.Now().UnixNano())
	} else {
		w.refused.Packets.Add(1)
		w.refused.Bytes.Add(uint64(len(b)))
	}
}

// due reports whether a datagram may leave: of those of a handshake only what
// its timer lets through.
func (p *pipe) due(b []byte) bool {
	if !handshakeRecord(b) {
		return true // an alert, or data
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live || p.flights.due(time.Now())
}

// flightsApart is the most time between two retransmissions of a flight. RFC
// 6347 4.2.4.1 doubles up to a minute, since it knows nothing of the path; here
// ICE checks the path more often than that all the while and ends the sending
// when nobody answers, and somebody waits for the call.
const flightsApart = 3 * time.Second

// flightTimer is the retransmission timer of RFC 6347 4.2.4.1, with an upper
// bound. The association retransmits its flight in equal intervals until it is
// answered; this lets the first pass, and then those that are due.
type flightTimer struct {
	first time.Duration // the interval
	heard bool          // from the peer since the last flight: the next one is new, or asked for
	wait  time.Duration // from the last flight to the next; 0 before the first
	next  time.Time     // when the flight may pass again
	last  time.Time     // when the last datagram was to be sent
	pass  bool          // and what became of it
}

func (f *flightTimer) due(now time.Time) bool {
	// The association's timer runs from the end of a flight to the beginning of
	// the next.
	same := now.Sub(f.last) < f.first/2
	f.last = now
	switch {
	case f.heard || f.wait == 0:
		f.wait = f.first
	case same:
		return f.pass
	case now.Before(f.next):
		f.pass = false
		return false
	default:
		f.wait = min(2*f.wait, max(flightsApart, f.first))
	}
	f.heard, f.pass, f.next = false, true, now.Add(f.wait-f.first/4)
	return true
}

// Close implements net.PacketConn. The association calls it when it ends.
func (e *pipeEnd) Close() error {
	e.p.mu.Lock()
	gone := e.gone
	e.p.mu.Unlock()
	if gone {
		e.wake()
		return nil
	}
	return e.p.Close()
}

// Close ends the pipe, whoever reads.
func (p *pipe) Close() error {
	p.mu.Lock()
	was, live, end := p.closed, p.live, p.end
	p.closed = true
	p.queue = nil
	p.mu.Unlock()
	if was {
		return nil
	}
	if end != nil {
		end.wake()
	}
	if live {
		p.a.peerClosed()
	}
	return nil
}

// LocalAddr implements net.PacketConn. There is one peer, whose address
// changes under the association: it need not know.
func (e *pipeEnd) LocalAddr() net.Addr { return anywhere }

var anywhere = &net.UDPAddr{}

// SetReadDeadline implements net.PacketConn; only "at once" and "never" are used.
func (e *pipeEnd) SetReadDeadline(d time.Time) error {
	e.p.mu.Lock()
	e.expired = !d.IsZero() && !d.After(time.Now())
	e.p.mu.Unlock()
	e.wake()
	return nil
}

// SetDeadline implements net.PacketConn.
func (e *pipeEnd) SetDeadline(d time.Time) error { return e.SetReadDeadline(d) }

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (e *pipeEnd) SetWriteDeadline(time.Time) error { return nil }
