package udp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type received struct {
	from netip.AddrPort
	p    []byte
}

// inbox collects what a Conn receives.
type inbox struct {
	mu   sync.Mutex
	cond *sync.Cond
	got  []received
	done chan error
}

func serve(t testing.TB, c Conn) *inbox {
	t.Helper()
	in := &inbox{done: make(chan error, 1)}
	in.cond = sync.NewCond(&in.mu)
	go func() {
		in.done <- c.Serve(func(now time.Time, p []byte, from netip.AddrPort) {
			in.mu.Lock()
			defer in.mu.Unlock()
			if now.IsZero() || cap(p) != len(p) {
				t.Errorf("a packet must come with the time and no room behind it: cap %d len %d", cap(p), len(p))
			}
			in.got = append(in.got, received{from, bytes.Clone(p)})
			in.cond.Broadcast()
		}, nil)
	}()
	t.Cleanup(func() {
		_ = c.Close()
		if err := <-in.done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve must end with net.ErrClosed: %v", err)
		}
	})
	return in
}

func (in *inbox) wait(t testing.TB, n int) []received {
	t.Helper()
	expired := false
	timer := time.AfterFunc(10*time.Second, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		expired = true
		in.cond.Broadcast()
	})
	defer timer.Stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.got) < n {
		if expired {
			t.Fatalf("%d of %d packets arrived", len(in.got), n)
		}
		in.cond.Wait()
	}
	return in.got
}

// The ways to send: by system calls in batches, one at a time, simulated.
func modes(t *testing.T, f func(t *testing.T, listen func(netip.Addr) Conn)) {
	for _, m := range []struct {
		name string
		o    Options
		env  string
		sim  bool
	}{
		{name: "shared", o: Options{Shared: true}},
		{name: "own"},
		{name: "plain", o: Options{Plain: true}},
		{name: "switched off", o: Options{Shared: true}, env: "plain"},
		{name: "sim", sim: true},
	} {
		for _, a := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()} {
			t.Run(m.name+" "+a.String(), func(t *testing.T) {
				t.Setenv("TRACKWAY_UDP", m.env)
				sim := NewSim(1, Link{})
				f(t, func(netip.Addr) Conn {
					l := Listen
					if m.sim {
						l = sim.Listen
					}
					c, err := l(netip.AddrPortFrom(a, 0), m.o)
					if err != nil && a.Is6() {
						t.Skipf("no IPv6 here: %v", err)
					}
					if err != nil {
						t.Fatal(err)
					}
					if fe := FeaturesOf(c); (m.env == "plain" || m.o.Plain) && fe != (Features{}) {
						t.Errorf("switched off, but it uses %+v", fe)
					}
					return c
				})
			})
		}
	}
}

// Bursts to several destinations arrive as they were committed: each in order,
// with its length and its source, however they were coalesced.
func TestBatch(t *testing.T) {
	modes(t, func(t *testing.T, listen func(netip.Addr) Conn) {
		src := listen(netip.Addr{})
		defer func() { _ = src.Close() }()
		const peers, packets = 5, 40
		var ins []*inbox
		var to []netip.AddrPort
		for range peers {
			c := listen(netip.Addr{})
			ins, to = append(ins, serve(t, c)), append(to, c.LocalAddr())
		}
		b := NewBatch(0)
		size := func(peer, i int) int { return []int{1200, 1200, 1200, 700, 1200, 30, 1300}[(i+peer)%7] }
		for from := 0; from < packets; from += 8 {
			for peer := range peers {
				for i := from; i < min(from+8, packets); i++ {
					p := b.Slot(src, to[peer], 1500)
					p = binary.BigEndian.AppendUint32(p, uint32(i))
					p = append(p, make([]byte, size(peer, i)-4)...)
					if err := b.Commit(p); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := b.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		for peer, in := range ins {
			for i, r := range in.wait(t, packets) {
				if r.from != src.LocalAddr() || len(r.p) != size(peer, i) || binary.BigEndian.Uint32(r.p) != uint32(i) {
					t.Fatalf("peer %d packet %d: %d bytes (number %d) from %v, want %d from %v", peer, i,
						len(r.p), binary.BigEndian.Uint32(r.p), r.from, size(peer, i), src.LocalAddr())
				}
			}
		}
	})
}

// A destination that cannot be reached is told and harms no other.
func TestBadDestination(t *testing.T) {
	modes(t, func(t *testing.T, listen func(netip.Addr) Conn) {
		src, dst := listen(netip.Addr{}), listen(netip.Addr{})
		defer func() { _ = src.Close() }()
		in := serve(t, dst)
		other := netip.MustParseAddrPort("[2001:db8::1]:1")
		if src.LocalAddr().Addr().Is6() {
			other = netip.MustParseAddrPort("192.0.2.1:1")
		}
		b := NewBatch(0)
		for i, to := range []netip.AddrPort{dst.LocalAddr(), other, {}, dst.LocalAddr(), other, dst.LocalAddr()} {
			if err := b.Commit(append(b.Slot(src, to, 10), byte(i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Flush(); !errors.Is(err, ErrAddress) {
			t.Errorf("Flush must tell ErrAddress: %v", err)
		}
		if err := b.Flush(); err != nil {
			t.Errorf("an error is told once: %v", err)
		}
		for i, r := range in.wait(t, 3) {
			if want := []byte{0, 3, 5}[i]; r.p[0] != want {
				t.Errorf("packet %d is %d, want %d", i, r.p[0], want)
			}
		}
		if _, err := src.WriteTo([]byte{1}, other); !errors.Is(err, ErrAddress) {
			t.Errorf("WriteTo must tell ErrAddress: %v", err)
		}
	})
}

// Writing to a closed socket fails, and does not block.
func TestClosed(t *testing.T) {
	modes(t, func(t *testing.T, listen func(netip.Addr) Conn) {
		c := listen(netip.Addr{})
		to := c.LocalAddr()
		_ = c.Close()
		if _, err := c.WriteTo([]byte{1}, to); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteTo: %v, want net.ErrClosed", err)
		}
		if err := c.WriteBatch([]Message{{Buf: []byte{1}, To: to}}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteBatch: %v, want net.ErrClosed", err)
		}
	})
}

// capture records messages.
type capture struct {
	Conn
	ms []Message
}

func (c *capture) WriteBatch(ms []Message) error {
	for _, m := range ms {
		m.Buf = bytes.Clone(m.Buf)
		c.ms = append(c.ms, m)
	}
	return nil
}

// UDP_SEGMENT: equal sizes to one destination are one message, of which only
// the last may be shorter.
func TestCoalescing(t *testing.T) {
	x, y := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:1")
	type d struct {
		to netip.AddrPort
		n  int
	}
	for _, m := range []struct {
		name string
		in   []d
		want string
	}{
		{"one", []d{{x, 5}}, "5/0 "},
		{"equal", []d{{x, 5}, {x, 5}, {x, 5}}, "15/5 "},
		{"short last", []d{{x, 5}, {x, 5}, {x, 3}, {x, 3}}, "13/5 3/0 "},
		{"longer", []d{{x, 5}, {x, 6}, {x, 6}}, "5/0 12/6 "},
		{"other destination", []d{{x, 5}, {y, 5}, {x, 5}}, "5/0 5/0 5/0 "},
		{"short then equal to it", []d{{x, 5}, {x, 4}, {x, 4}}, "9/5 4/0 "},
	} {
		c := &capture{}
		b := NewBatch(0)
		for _, d := range m.in {
			if err := b.Commit(append(b.Slot(c, d.to, 100), make([]byte, d.n)...)); err != nil {
				t.Fatal(err)
			}
		}
		_ = b.Flush()
		got := ""
		for _, o := range c.ms {
			got += fmt.Sprintf("%d/%d ", len(o.Buf), o.Segment)
		}
		if got != m.want {
			t.Errorf("%s: messages %q, want %q", m.name, got, m.want)
		}
	}
	c := &capture{}
	b := NewBatch(0)
	for range 200 {
		if err := b.Commit(append(b.Slot(c, x, 2000), make([]byte, 1200)...)); err != nil {
			t.Fatal(err)
		}
	}
	_ = b.Flush()
	total := 0
	for _, o := range c.ms {
		if len(o.Buf) > maxGSO || o.Segment > 0 && len(o.Buf)/o.Segment > maxSegments {
			t.Errorf("a message of %d bytes in segments of %d is more than the kernel takes", len(o.Buf), o.Segment)
		}
		total += len(o.Buf)
	}
	if total != 200*1200 {
		t.Errorf("%d bytes were sent of %d: a full batch must flush itself", total, 200*1200)
	}
}

// A slot is bounded, and dropped when it is not committed.
func TestSlots(t *testing.T) {
	c := &capture{}
	x := netip.MustParseAddrPort("10.0.0.1:1")
	b := NewBatch(64)
	if err := b.Commit(append(b.Slot(c, x, 4), 1, 2, 3, 4, 5)); !errors.Is(err, ErrTooLong) {
		t.Errorf("committing more than was reserved: %v", err)
	}
	if err := b.Commit([]byte{1}); !errors.Is(err, ErrTooLong) {
		t.Errorf("committing what is no slot: %v", err)
	}
	_ = append(b.Slot(c, x, 4), 9)
	if err := b.Commit(append(b.Slot(c, x, 4), 1)); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit([]byte{1}); !errors.Is(err, ErrTooLong) {
		t.Errorf("committing twice: %v", err)
	}
	if err := b.Commit(append(b.Slot(c, x, 1000), make([]byte, 1000)...)); err != nil {
		t.Errorf("a slot larger than the batch must work: %v", err)
	}
	if err := b.Flush(); err != nil || len(c.ms) != 2 || len(c.ms[0].Buf) != 1 || c.ms[0].Buf[0] != 1 || len(c.ms[1].Buf) != 1000 {
		t.Errorf("sent %d messages, %v", len(c.ms), err)
	}
}
