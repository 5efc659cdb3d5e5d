//go:build unix

package transport

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"trackway/internal/udp"
)

// cpu is the processor time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sinks takes what the peers of a benchmark would receive: sockets that nobody
// reads, so that receiving costs nothing here.
func sinks(b *testing.B, n int) []udp.Conn {
	b.Helper()
	out := make([]udp.Conn, n)
	for i := range out {
		c, err := udp.Listen(loopback(0), udp.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		out[i] = c
	}
	return out
}

// BenchmarkFanOut sends 1200-byte packets to many peers through one shared
// socket, in bursts of a frame and one at a time. The figure that counts is
// cpu-ns/packet.
func BenchmarkFanOut(b *testing.B) {
	for _, peers := range []int{100, 500} {
		for _, burst := range []int{8, 1} {
			b.Run(fmt.Sprintf("peers=%d/burst=%d", peers, burst), func(b *testing.B) { fanOut(b, peers, burst) })
		}
	}
}

func fanOut(b *testing.B, peers, burst int) {
	sock, err := udp.Listen(loopback(0), udp.Options{Shared: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sock.Close() }()
	ts := make([]*Transport, peers)
	for i, s := range sinks(b, peers) {
		ts[i] = &Transport{}
		ts[i].path.Store(&path{conn: sock, to: s.LocalAddr()})
		ts[i].keys.Store(testKeys(b))
	}
	batch := udp.NewBatch(0)
	plain := packet(0, 1200)
	var seq uint16
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu()
	sent := 0
	for sent < b.N {
		for _, t := range ts {
			for k := range burst {
				p, err := t.Slot(batch, len(plain))
				if err != nil {
					b.Fatal(err)
				}
				p = append(p, plain...)
				binary.BigEndian.PutUint16(p[2:], seq+uint16(k))
				if err := t.SealRTP(batch, p); err != nil {
					b.Fatal(err)
				}
			}
			sent += burst
		}
		if err := batch.Flush(); err != nil {
			b.Fatal(err)
		}
		seq += uint16(burst)
	}
	b.ReportMetric(float64(cpu()-start)/float64(sent), "cpu-ns/packet")
}

// BenchmarkReceive counts sending and receiving 1200-byte packets over
// loopback from a GSO sender to a GRO reader; subtract BenchmarkFanOut.
func BenchmarkReceive(b *testing.B) {
	rs, err := udp.Listen(loopback(0), udp.Options{Shared: true})
	if err != nil {
		b.Fatal(err)
	}
	ss, err := udp.Listen(loopback(0), udp.Options{Shared: true})
	if err != nil {
		b.Fatal(err)
	}
	var got atomic.Int64
	rt := &Transport{cfg: Config{Handler: countHandler{&got}}}
	k := testKeys(b)
	rt.keys.Store(k)
	sock := newSocket(rs, false)
	sock.claims[ss.LocalAddr()] = &claim{t: rt}
	defer sock.close()
	defer func() { _ = ss.Close() }()
	st := &Transport{}
	st.path.Store(&path{conn: ss, to: rs.LocalAddr()})
	st.keys.Store(k)
	batch := udp.NewBatch(0)
	plain := packet(0, 1200)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu()
	for i := range b.N {
		p, err := st.Slot(batch, len(plain))
		if err != nil {
			b.Fatal(err)
		}
		p = append(p, plain...)
		binary.BigEndian.PutUint16(p[2:], uint16(i))
		if err := st.SealRTP(batch, p); err != nil {
			b.Fatal(err)
		}
		if i%32 == 31 || i == b.N-1 {
			_ = batch.Flush()
			for int64(i)+1-got.Load() > 512 {
				time.Sleep(20 * time.Microsecond)
			}
		}
	}
	for deadline := time.Now().Add(time.Second); got.Load() < int64(b.N) && time.Now().Before(deadline); {
		time.Sleep(20 * time.Microsecond)
	}
	b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/packet")
	if n := got.Load(); n < int64(b.N)*99/100 {
		b.Errorf("%d of %d packets arrived", n, b.N)
	}
}

// BenchmarkConnect sets up a pair over loopback.
func BenchmarkConnect(b *testing.B) {
	na := newNetwork(b, NetworkConfig{Loopback: LoopbackOnly})
	nb := newNetwork(b, NetworkConfig{Loopback: LoopbackOnly})
	cert := newCert(b)
	b.ReportAllocs()
	start := cpu()
	for b.Loop() {
		x, y := newPair(b, na, nb, func(_ string, c *Config) { c.Certificates = []tls.Certificate{cert} })
		connect(b, x, y)
		x.waitDTLS(DTLSConnected)
		y.waitDTLS(DTLSConnected)
		_ = x.tr.Close()
		_ = y.tr.Close()
	}
	b.ReportMetric(float64(cpu()-start)/float64(b.N)/1e6, "cpu-ms/pair")
}

// BenchmarkIdle is the price of consent: what connected Transports cost while
// nothing is sent. One iteration is one second.
func BenchmarkIdle(b *testing.B) {
	cfg := NetworkConfig{Loopback: LoopbackOnly}
	server := newNetwork(b, cfg)
	cert := newCert(b)
	const pairs = 100
	for range pairs {
		x, y := newPair(b, newNetwork(b, cfg), server, func(_ string, c *Config) { c.Certificates = []tls.Certificate{cert} })
		connect(b, x, y)
		x.waitDTLS(DTLSConnected)
		y.waitDTLS(DTLSConnected)
	}
	time.Sleep(2 * time.Second) // let set-up come to rest
	start, seconds := cpu(), 0
	for b.Loop() {
		time.Sleep(time.Second)
		seconds++
	}
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(2*pairs*seconds), "cpu-µs/s")
}
