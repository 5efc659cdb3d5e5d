package udp

import (
	"container/heap"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Link is how datagrams fare from one address to another.
type Link struct {
	// Latency is the one-way delay, to which up to Jitter is added.
	Latency, Jitter time.Duration
	// Loss is the probability that a datagram is lost.
	Loss float64
	// Down loses everything.
	Down bool
}

// Sim is a simulated network for tests. Its sockets implement [Conn] without
// the system, so that they work inside a testing/synctest bubble. Datagrams
// between two addresses stay in order unless the link has jitter.
type Sim struct {
	mu     sync.Mutex
	rng    *rand.Rand
	link   Link
	links  map[[2]netip.Addr]Link
	conns  map[netip.AddrPort]*simConn
	port   uint16
	seq    uint64
	filter func(from, to netip.AddrPort, p []byte) bool
}

// simQueue bounds what waits for one socket, in datagrams.
const simQueue = 4096

// NewSim returns a network whose links are all like link. The same seed loses
// and delays the same datagrams.
func NewSim(seed uint64, link Link) *Sim {
	return &Sim{
		rng: rand.New(rand.NewPCG(seed, 0x7472616b)), link: link, port: 40000,
		links: map[[2]netip.Addr]Link{}, conns: map[netip.AddrPort]*simConn{},
	}
}

// SetLink changes the link in one direction.
func (s *Sim) SetLink(from, to netip.Addr, l Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[[2]netip.Addr{from, to}] = l
}

// SetFilter installs a function that sees every datagram and drops those for
// which it returns false. It must not call the Sim.
func (s *Sim) SetFilter(f func(from, to netip.AddrPort, p []byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filter = f
}

// Listen opens a simulated socket; any address may be used.
func (s *Sim) Listen(addr netip.AddrPort, _ Options) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr.Port() == 0 {
		s.port++
		if a := netip.AddrPortFrom(addr.Addr(), s.port); s.conns[a] == nil && s.port != 0 {
			addr = a
		}
	}
	if s.conns[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(addr), Err: net.ErrClosed}
	}
	c := &simConn{s: s, local: addr, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.conns[addr] = c
	return c, nil
}

// Inject sends a datagram with any source address, as an attacker would.
func (s *Sim) Inject(from, to netip.AddrPort, p []byte) { s.deliver(from, to, p) }

func (s *Sim) deliver(from, to netip.AddrPort, p []byte) {
	s.mu.Lock()
	c := s.conns[to]
	l, ok := s.links[[2]netip.Addr{from.Addr(), to.Addr()}]
	if !ok {
		l = s.link
	}
	lost := l.Down || l.Loss > 0 && s.rng.Float64() < l.Loss
	delay := l.Latency
	if l.Jitter > 0 {
		delay += time.Duration(s.rng.Int64N(int64(l.Jitter)))
	}
	s.seq++
	d := datagram{due: time.Now().Add(delay), seq: s.seq, from: from}
	drop := s.filter != nil && !s.filter(from, to, p)
	s.mu.Unlock()
	if c == nil || lost || drop {
		return
	}
	d.p = append([]byte(nil), p...)
	c.mu.Lock()
	if len(c.queue) < simQueue {
		heap.Push(&c.queue, d)
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

type datagram struct {
	due  time.Time
	seq  uint64
	from netip.AddrPort
	p    []byte
}

type datagrams []datagram

func (q datagrams) Len() int { return len(q) }
func (q datagrams) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].seq < q[j].seq
}
func (q datagrams) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *datagrams) Push(x any)   { *q = append(*q, x.(datagram)) }
func (q *datagrams) Pop() any {
	old := *q
	d := old[len(old)-1]
	old[len(old)-1] = datagram{}
	*q = old[:len(old)-1]
	return d
}

type simConn struct {
	s     *Sim
	local netip.AddrPort
	wake  chan struct{}
	done  chan struct{}
	once  sync.Once

	mu    sync.Mutex
	queue datagrams
}

func (c *simConn) LocalAddr() netip.AddrPort { return c.local }

func (c *simConn) Serve(h Handler, done func() bool) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		wait := time.Hour
		var d datagram
		c.mu.Lock()
		if len(c.queue) > 0 {
			if wait = c.queue[0].due.Sub(now); wait <= 0 {
				d = heap.Pop(&c.queue).(datagram)
			}
		}
		c.mu.Unlock()
		if d.p != nil {
			select {
			case <-c.done:
				return net.ErrClosed
			default:
			}
			h(now, d.p[:len(d.p):len(d.p)], d.from)
			if done != nil {
				done()
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-c.wake:
		case <-timer.C:
		case <-c.done:
			return net.ErrClosed
		}
	}
}

func (c *simConn) WriteTo(p []byte, to netip.AddrPort) (int, error) {
	if !to.IsValid() || to.Addr().Is4() != c.local.Addr().Is4() {
		return 0, ErrAddress
	}
	select {
	case <-c.done:
		return 0, net.ErrClosed
	default:
	}
	if len(p) > MaxDatagram {
		return 0, ErrTooLong
	}
	if len(p) > 0 {
		c.s.deliver(c.local, to, p)
	}
	return len(p), nil
}

func (c *simConn) WriteBatch(ms []Message) error { return WriteEach(c, ms) }

func (c *simConn) Close() error {
	c.once.Do(func() {
		c.s.mu.Lock()
		delete(c.s.conns, c.local)
		c.s.mu.Unlock()
		close(c.done)
	})
	return nil
}
