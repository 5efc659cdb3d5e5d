package webrtc

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/transport"
	"trackway/internal/udp"
	"trackway/media"
)

// batchCount wraps the sockets of an engine and counts what they are given to
// send at once, other than the odd report.
type batchCount struct {
	mu              sync.Mutex
	calls, messages int
	datagrams       int
}

type countingConn struct {
	udp.Conn
	count *batchCount
}

func (c countingConn) WriteBatch(ms []udp.Message) error {
	b := c.count
	b.mu.Lock()
	media := 0
	for i := range ms {
		size := len(ms[i].Buf)
		if size > 500 {
			media++
			if s := ms[i].Segment; s > 0 {
				b.datagrams += (size + s - 1) / s
			} else {
				b.datagrams++
			}
		}
	}
	if media > 0 {
		b.calls++
		b.messages += media
	}
	b.mu.Unlock()
	return c.Conn.WriteBatch(ms)
}

func (b *batchCount) take() (calls, messages, datagrams int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls, messages, datagrams = b.calls, b.messages, b.datagrams
	b.calls, b.messages, b.datagrams = 0, 0, 0
	return calls, messages, datagrams
}

// TestFanOutSendsAFrameAsOneMessagePerPeer checks what a frame on its way to many
// peers costs: one message for each of them, all messages of a batch's memory in
// one call, and no timer, although the source sends six times as much as the
// estimates begin with and does not follow them.
func TestFanOutSendsAFrameAsOneMessagePerPeer(t *testing.T) {
	const peers, packets, size = 24, 8, 8 * 1100
	for _, rate := range []int{25, 5} { // frames per second
		t.Run(fmt.Sprintf("%d frames a second", rate), func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				count := &batchCount{}
				addr := netip.MustParseAddr("10.0.1.1")
				engine, err := NewEngine(WithNetworkConfig(transport.NetworkConfig{
					Listen: func(a netip.AddrPort, o udp.Options) (udp.Conn, error) {
						c, err := w.sim.Listen(a, o)
						return countingConn{c, count}, err
					},
					Interfaces: func() ([]transport.Interface, error) {
						return []transport.Interface{{Name: "sim0", Addrs: []netip.Addr{addr}}}, nil
					},
					MDNS: transport.MDNSOff,
				}))
				if err != nil {
					t.Fatal(err)
				}
				source := media.NewEncodedSource(vp8)
				track := source.NewTrack()
				var senders []*peer
				for i := range peers {
					pc, err := NewPeerConnection(Configuration{}, WithEngine(engine), WithLoop(w.loop))
					if err != nil {
						t.Fatal(err)
					}
					a, b := &peer{PeerConnection: pc, t: t, name: fmt.Sprint("sender", i)}, w.peer(fmt.Sprint("b", i))
					a.record()
					a.trickleTo(b)
					b.trickleTo(a)
					a.addTrack(track)
					connect(a, b)
					senders = append(senders, a)
				}
				frames := 0
				data := make([]byte, size)
				copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
				play := func(d time.Duration) (written int) {
					for end := time.Now().Add(d); time.Now().Before(end); frames++ {
						a := &media.EncodedFrame{MimeType: "video/VP8", Data: data, KeyFrame: true, Timestamp: uint32(frames) * 3600}
						if err := source.WriteFrame(a); err != nil {
							t.Fatal(err)
						}
						for _, s := range senders {
							if list := s.media.routes.Load(); (*list)[0].pacer.entry.index >= 0 {
								t.Fatalf("frame %d has set the pacer's timer", frames)
							}
						}
						written++
						time.Sleep(time.Second / time.Duration(rate))
					}
					return written
				}
				play(time.Second)
				synctest.Wait()
				count.take()
				n := play(3 * time.Second)
				synctest.Wait()
				calls, messages, datagrams := count.take()
				if messages != n*peers || datagrams != n*peers*packets {
					t.Errorf("%d frames of %d packets left for %d peers as %d messages of %d packets, want one message for each peer and frame",
						n, packets, peers, messages, datagrams)
				}
				// A batch has memory for 128 KiB: two here.
				if want := n * 2; calls != want {
					t.Errorf("%d frames left in %d calls, want %d", n, calls, want)
				}
				for _, a := range senders {
					a.must(a.Close(), "Close")
				}
				if err := engine.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
