package transport

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/udp"
)

// records watches what DTLS sends: the number of an encrypted record must not be
// used for another one.
type records struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[recordNumber]string
	drop func(from netip.AddrPort, p []byte) bool
}

type recordNumber struct {
	from   netip.AddrPort
	number uint64 // and epoch
}

func (r *records) pass(from, _ netip.AddrPort, p []byte) bool {
	if classify(p) != kindDTLS {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for rest := p; len(rest) >= 13; {
		n := 13 + int(binary.BigEndian.Uint16(rest[11:]))
		record := string(rest[:min(n, len(rest))])
		key := recordNumber{from, binary.BigEndian.Uint64(rest[3:])}
		if before, twice := r.seen[key]; twice && before != record && key.number>>48 > 0 {
			r.t.Errorf("%v seals two records as number %x", from, key.number)
		}
		r.seen[key] = record
		rest = rest[len(record):]
	}
	return r.drop == nil || !r.drop(from, p)
}

func (r *records) lose(f func(from netip.AddrPort, p []byte) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop = f
}

// resting runs f with two peers, a the client, that are connected and at rest.
func resting(t *testing.T, f func(t *testing.T, r *records, a, b *peer)) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		r := &records{t: t, seen: map[recordNumber]string{}}
		sim.SetFilter(r.pass)
		connect(t, a, b)
		a.waitDTLS(DTLSConnected)
		b.waitDTLS(DTLSConnected)
		sleeps(t, a, b)
		f(t, r, a, b)
	})
}

// sleeps waits until the peers' associations rest.
func sleeps(t *testing.T, ps ...*peer) {
	t.Helper()
	time.Sleep(3 * restAfter)
	synctest.Wait()
	for _, p := range ps {
		if !rests(p) {
			t.Errorf("%s does not rest", p.name)
		}
	}
}

func rests(p *peer) bool {
	p.tr.mu.Lock()
	defer p.tr.mu.Unlock()
	a := p.tr.assoc.Load()
	return a.conn == nil && a.resting != nil
}

// An association at rest ends with close_notify, whichever side closes.
func TestRestEnds(t *testing.T) {
	for _, first := range []int{0, 1} {
		resting(t, func(t *testing.T, _ *records, a, b *peer) {
			peers := []*peer{a, b}
			exchange(t, a, b)
			exchange(t, b, a)
			must(t, peers[first].tr.Close())
			peers[1-first].waitDTLS(DTLSClosed)
		})
	}
}

// Application data wakes an association on both sides, for good.
func TestRestGivesWayToData(t *testing.T) {
	resting(t, func(t *testing.T, _ *records, a, b *peer) {
		talk(t, a, b)
		talk(t, b, a)
		time.Sleep(time.Minute)
		synctest.Wait()
		if rests(a) || rests(b) {
			t.Error("an association that is used must stay")
		}
		talk(t, b, a)
		must(t, a.tr.Close())
		b.waitDTLS(DTLSClosed)
	})
}

// An association whose application data has ended rests again, whatever the peer
// still sends; it carries media, new data, and the end.
func TestRestAfterData(t *testing.T) {
	for _, wait := range []bool{false, true} {
		resting(t, func(t *testing.T, _ *records, a, b *peer) {
			talk(t, a, b)
			old := b.tr.Data()
			read := make(chan error)
			go func() {
				_, err := old.Read(make([]byte, 100))
				read <- err
			}()
			synctest.Wait()
			must(t, old.Close())
			if err := <-read; err == nil {
				t.Error("Close must end Read")
			}
			_ = old.SetDeadline(time.Now()) // must not touch who comes next
			if _, err := old.Write([]byte{1}); err == nil {
				t.Error("Write after Close must fail")
			}
			for range 10 {
				say(t, a, "unwanted")
			}
			if wait {
				sleeps(t, b)
				say(t, a, "unwanted")
				say(t, a, "unwanted")
			}
			synctest.Wait()
			time.Sleep(time.Second)
			exchange(t, a, b)
			exchange(t, b, a)
			fresh := b.tr.Data()
			if fresh == old {
				t.Error("after Close there is another data connection")
			}
			talk(t, a, b)
			talk(t, b, a)
			must(t, fresh.Close())
			must(t, a.tr.Close())
			b.waitDTLS(DTLSClosed)
		})
	}
}

func say(t *testing.T, p *peer, message string) {
	t.Helper()
	if _, err := p.tr.Data().Write([]byte(message)); err != nil {
		t.Error(err)
	}
}

// What is no record of the peer's disturbs an association and changes nothing.
func TestRestDisturbed(t *testing.T) {
	resting(t, func(t *testing.T, _ *records, a, b *peer) {
		for _, typ := range []byte{21, 23, 22, 20} {
			forged := append([]byte{typ, 254, 253, 0, 1, 0, 0, 1, 0, 0, typ, 0, 26}, make([]byte, 26)...)
			a.tr.assoc.Load().pipe.write(forged)
			sleeps(t, b)
		}
		exchange(t, a, b)
		talk(t, b, a)
	})
}

// A client that never got the final flight gets it from a server that rests.
func TestRestAnswersLateClient(t *testing.T) {
	inBubble(t, udp.Link{Latency: 10 * time.Millisecond}, func(t *testing.T, sim *udp.Sim, a, b *peer) {
		r := &records{t: t, seen: map[recordNumber]string{}}
		r.lose(func(_ netip.AddrPort, p []byte) bool { return p[0] == 20 })
		sim.SetFilter(r.pass)
		connect(t, a, b)
		server, client := a, b
		if a.tr.Stats().DTLSClient {
			server, client = b, a
		}
		server.waitDTLS(DTLSConnected)
		sleeps(t, server)
		if s := client.tr.Stats().DTLSState; s != DTLSConnecting {
			t.Fatalf("the client is %s without the final flight", s)
		}
		r.lose(nil)
		client.waitDTLS(DTLSConnected)
		if !rests(server) {
			t.Error("the server need not wake for it")
		}
		exchange(t, a, b)
		talk(t, client, server)
		talk(t, server, client)
	})
}
