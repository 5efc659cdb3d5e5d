package transport

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/udp"
)

// socket is a UDP socket and who gets what arrives at it. A shared one serves
// many Transports, an own one serves one.
type socket struct {
	conn udp.Conn
	own  bool          // serves one Transport
	done chan struct{} // closed when Serve has returned

	// touched are the Transports that the present burst has packets for. It
	// belongs to the goroutine that reads.
	touched []*Transport
	woke    bool // something of the present burst is for another goroutine

	mu     sync.RWMutex
	ufrags map[string]*muxConn
	claims map[netip.AddrPort]*claim
	// asked holds our requests to STUN servers that wait for a response.
	asked map[[12]byte]*question
}

// claim says that what comes from an address belongs to a Transport. It is
// made when an agent of that Transport first sends there: after the peer's
// request was authenticated, or because signalling named the address.
type claim struct {
	t     *Transport
	conns []*muxConn // the generations that use the address
}

// maxClaims bounds the addresses from which one peer may be heard: it could
// authenticate requests from ever new ones, each of which the agent keeps.
const maxClaims = 256

// question is a request to a STUN server.
type question struct {
	server netip.AddrPort
	answer chan []byte
}

func newSocket(c udp.Conn, own bool) *socket {
	s := &socket{
		conn: c, own: own, done: make(chan struct{}),
		ufrags: map[string]*muxConn{},
		claims: map[netip.AddrPort]*claim{},
		asked:  map[[12]byte]*question{},
	}
	go func() {
		defer close(s.done)
		_ = c.Serve(s.handle, s.received)
	}()
	return s
}

func (s *socket) close() {
	_ = s.conn.Close()
	<-s.done
}

// handle is the way of every received datagram.
func (s *socket) handle(now time.Time, p []byte, from netip.AddrPort) {
	k := classify(p)
	// RTCP is dealt with here; others get what is for them from another goroutine.
	s.woke = s.woke || k != kindRTCP && k != kindNone
	switch k {
	case kindNone:
	case kindSTUN:
		s.handleSTUN(p, from)
	default:
		s.mu.RLock()
		c := s.claims[from]
		s.mu.RUnlock()
		if c != nil {
			if n := len(s.touched); n == 0 || s.touched[n-1] != c.t {
				s.touched = append(s.touched, c.t)
			}
			c.t.receive(now, k, p, c.conns[len(c.conns)-1].g)
		}
	}
}

// received ends a burst.
func (s *socket) received() (woke bool) {
	for i, t := range s.touched {
		t.received()
		s.touched[i] = nil
	}
	s.touched = s.touched[:0]
	woke, s.woke = s.woke, false
	return woke
}

func (s *socket) handleSTUN(p []byte, from netip.AddrPort) {
	class := classOf(p)
	s.mu.RLock()
	c := s.claims[from]
	if class == classRequest {
		to, peer := ufragsOf(p)
		m := s.ufrags[string(to)].of(peer)
		ok := m != nil && (c != nil || len(m.claimed) < maxClaims)
		s.mu.RUnlock()
		if ok {
			m.push(p, from, class)
		}
		return
	}
	var q *question
	if class != classIndication {
		q = s.asked[transactionOf(p)]
	}
	s.mu.RUnlock()
	if q != nil && q.server == from {
		select {
		case q.answer <- slices.Clone(p):
		default:
		}
		return
	}
	// A response does not name its agent. Those that did not ask drop it:
	// the transaction is unknown to them or the integrity does not match.
	if c != nil {
		for _, m := range c.conns {
			m.push(p, from, class)
		}
	}
}

// serves reports whether an agent of the socket has this local ufrag.
func (s *socket) serves(ufrag string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ufrags[ufrag] != nil
}

// errUfrag is a local ufrag that another agent of the socket has: RFC 8839 asks
// for no more than 24 random bits, which is few for a busy port.
var errUfrag = errors.New("transport: local ufrag is in use")

// open registers an agent's packet connection under its local ufrag.
func (s *socket) open(g *generation) (*muxConn, error) {
	m := &muxConn{s: s, g: g, notify: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.before = s.ufrags[g.local.Ufrag]
	if m.before != nil && m.before.g.t != g.t {
		return nil, errUfrag
	}
	s.ufrags[g.local.Ufrag] = m
	g.mu.Lock()
	g.muxes = append(g.muxes, m)
	g.mu.Unlock()
	return m, nil
}

// of is the one of m and those before it whose peer has this ufrag: after a
// handover a Transport has two agents with the same local credentials. The
// newest gets what is nobody's.
func (m *muxConn) of(peer []byte) *muxConn {
	if m == nil || m.before == nil {
		return m
	}
	for o := m; o != nil; o = o.before {
		if o.g.isPeer(peer) {
			return o
		}
	}
	return m
}

// claim lets m use the remote address to. It reports false where another
// Transport has the address already, or it is the socket's own: what came from
// there could not be told apart (the peers of two connections of ours may
// share one port, as ours do).
func (s *socket) claim(m *muxConn, to netip.AddrPort) bool {
	s.mu.RLock()
	c := s.claims[to]
	ok := c != nil && c.t == m.g.t && slices.Contains(c.conns, m)
	s.mu.RUnlock()
	if ok {
		return true
	}
	if to == s.conn.LocalAddr() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.gone {
		return false
	}
	c = s.claims[to]
	switch {
	case c == nil:
		s.claims[to] = &claim{t: m.g.t, conns: []*muxConn{m}}
	case c.t != m.g.t:
		return false
	case !slices.Contains(c.conns, m):
		// Readers hold the old claim: replace, do not change.
		s.claims[to] = &claim{t: c.t, conns: append(slices.Clone(c.conns), m)}
	default:
		return true
	}
	m.claimed = append(m.claimed, to)
	return true
}

// release forgets m and the addresses that nobody else uses.
func (s *socket) release(m *muxConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.gone = true
	ufrag := m.g.local.Ufrag
	switch newest := s.ufrags[ufrag]; {
	case newest != m:
		for o := newest; o != nil; o = o.before {
			if o.before == m {
				o.before = m.before
			}
		}
	case m.before != nil:
		s.ufrags[ufrag] = m.before
	default:
		delete(s.ufrags, ufrag)
	}
	for _, a := range m.claimed {
		c := s.claims[a]
		if c == nil {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(c.conns), func(o *muxConn) bool { return o == m })
		if len(rest) == 0 {
			delete(s.claims, a)
		} else {
			s.claims[a] = &claim{t: c.t, conns: rest}
		}
	}
	m.claimed = nil
}

// stunQueue bounds the STUN messages that wait for an agent, above all those
// that arrive before the peer's description has started it.
const stunQueue = 32

type stunPacket struct {
	p     []byte
	from  netip.AddrPort
	class stunClass
}

// muxConn is one agent's share of a socket: the net.PacketConn of a host
// candidate, through which only STUN passes.
type muxConn struct {
	s      *socket
	g      *generation
	notify chan struct{}

	// guarded by s.mu
	claimed []netip.AddrPort
	gone    bool
	before  *muxConn // with the same local ufrag

	// parked is who gets the messages once the agent has gone.
	parked atomic.Pointer[consent]

	mu      sync.Mutex
	queue   []stunPacket
	closed  bool
	handled bool // the message last read was a success response
}

func (m *muxConn) push(p []byte, from netip.AddrPort, class stunClass) {
	if k := m.parked.Load(); k != nil {
		k.handle(m, p, from, class)
		return
	}
	m.mu.Lock()
	if m.closed || len(m.queue) >= stunQueue {
		m.mu.Unlock()
		return
	}
	m.queue = append(m.queue, stunPacket{slices.Clone(p), from, class})
	m.mu.Unlock()
	select {
	case m.notify <- struct{}{}:
	default:
	}
}

// park hands the socket over to k; what the agent has not read is k's.
func (m *muxConn) park(k *consent) {
	m.parked.Store(k)
	m.mu.Lock()
	queue := m.queue
	m.queue = nil
	m.mu.Unlock()
	for _, p := range queue {
		k.handle(m, p.p, p.from, p.class)
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (m *muxConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		m.mu.Lock()
		if m.handled {
			// The agent asks for the next message, so it is done with that one.
			m.handled = false
			m.mu.Unlock()
			m.g.checked()
			continue
		}
		if m.closed {
			m.mu.Unlock()
			return 0, netip.AddrPort{}, net.ErrClosed
		}
		if len(m.queue) > 0 {
			d := m.queue[0]
			m.queue[0] = stunPacket{}
			if m.queue = m.queue[1:]; len(m.queue) == 0 {
				m.queue = nil
			}
			m.handled = d.class == classSuccess
			m.mu.Unlock()
			return copy(b, d.p), d.from, nil
		}
		m.mu.Unlock()
		<-m.notify
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (m *muxConn) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if !m.s.claim(m, to) {
		m.g.conflict(m)
		return len(p), nil
	}
	return m.s.conn.WriteTo(p, to)
}

// ReadFrom implements net.PacketConn.
func (m *muxConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := m.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

// WriteTo implements net.PacketConn.
func (m *muxConn) WriteTo(p []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, udp.ErrAddress
	}
	return m.WriteToAddrPort(p, a.AddrPort())
}

// Close implements net.PacketConn.
func (m *muxConn) Close() error {
	m.mu.Lock()
	was := m.closed
	m.closed = true
	m.queue = nil
	m.mu.Unlock()
	if was {
		return nil
	}
	if m.parked.Load() == nil {
		m.s.release(m)
	}
	select {
	case m.notify <- struct{}{}:
	default:
	}
	return nil
}

func (m *muxConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(m.s.conn.LocalAddr()) }

// Deadlines are not used by the agent, save for one before Close.
func (m *muxConn) SetDeadline(time.Time) error      { return nil }
func (m *muxConn) SetReadDeadline(time.Time) error  { return nil }
func (m *muxConn) SetWriteDeadline(time.Time) error { return nil }
