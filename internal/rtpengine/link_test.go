package rtpengine

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"
)

// link is a one-way path in virtual time.
type link struct {
	world *world
	to    func(now time.Time, packet []byte, rtcp bool)
	delay time.Duration
	// jitter is the most that is added to delay; it reorders.
	jitter time.Duration
	// loss and dup are probabilities, of RTP only unless both is set.
	loss, dup float64
	both      bool
	// drop, if set, decides on RTP packets besides loss.
	drop func(p *Packet) bool
	rtp  int
	rtcp int
	size int
	buf  []byte
	full bool // ReserveRTP refuses
}

func (l *link) ReserveRTP(size int) []byte {
	if l.full {
		return nil
	}
	if cap(l.buf) < size {
		l.buf = make([]byte, 0, size)
	}
	return l.buf[:0]
}

func (l *link) CommitRTP(p []byte) {
	l.rtp++
	l.size += len(p)
	var parsed Packet
	if err := ParsePacket(p, &parsed); err != nil {
		l.world.t.Fatalf("the engine sent a packet that does not parse: %v", err)
	}
	if l.drop != nil && l.drop(&parsed) || l.world.rng.Float64() < l.loss {
		return
	}
	l.post(p, false)
	if l.world.rng.Float64() < l.dup {
		l.post(p, false)
	}
}

func (l *link) WriteRTCP(p []byte) {
	l.rtcp++
	if l.both && l.world.rng.Float64() < l.loss {
		return
	}
	l.post(p, true)
}

func (l *link) post(p []byte, rtcp bool) {
	at := l.world.now.Add(l.delay)
	if l.jitter > 0 {
		at = at.Add(time.Duration(l.world.rng.Int64N(int64(l.jitter))))
	}
	p = append([]byte(nil), p...)
	l.world.at(at, func() { l.to(l.world.now, p, rtcp) })
}

// world is virtual time.
type world struct {
	t     testing.TB
	now   time.Time
	rng   *rand.Rand
	queue eventQueue
	order int
}

type event struct {
	at    time.Time
	order int
	do    func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].order < q[j].order
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func newWorld(t testing.TB, seed uint64) *world {
	return &world{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), rng: rand.New(rand.NewPCG(seed, 1))}
}

func (w *world) at(t time.Time, do func()) {
	w.order++
	heap.Push(&w.queue, event{t, w.order, do})
}

func (w *world) after(d time.Duration, do func()) { w.at(w.now.Add(d), do) }

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for len(w.queue) > 0 && !w.queue[0].at.After(end) {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

// peer is a Session at one end of two links.
type peer struct {
	world *world
	s     *Session
	out   *link
	polls int
	armed time.Time
}

// poll calls Poll and arranges the next call.
func (p *peer) poll() {
	p.polls++
	next := p.s.Poll(p.world.now, p.out)
	p.arm(next)
}

func (p *peer) arm(next time.Time) {
	if next.IsZero() {
		return
	}
	if next.Before(p.world.now) {
		next = p.world.now
	}
	if !p.armed.IsZero() && p.armed.After(p.world.now) && !p.armed.After(next) {
		return
	}
	p.armed = next
	p.world.at(next, func() {
		if p.armed.Equal(next) {
			p.armed = time.Time{}
			p.poll()
		}
	})
}

// pair joins two sessions by links of the given delay.
func pair(t testing.TB, w *world, delay time.Duration) (a, b *peer) {
	a, b = &peer{world: w}, &peer{world: w}
	for i, p := range []*peer{a, b} {
		p.s = NewSession(SessionConfig{
			CNAME: []string{"alice", "bob"}[i],
			Rand:  w.rng.Uint32,
			Wake: func(at time.Time) {
				if at.Before(w.now) {
					at = w.now
				}
				p.arm(at)
			},
		})
	}
	join := func(from, to *peer) {
		from.out = &link{world: w, delay: delay, to: func(now time.Time, b []byte, rtcp bool) {
			if rtcp {
				to.s.HandleRTCP(now, b, to.out)
			} else {
				to.s.HandleRTP(now, b, to.out)
			}
		}}
	}
	join(a, b)
	join(b, a)
	w.after(0, a.poll)
	w.after(0, b.poll)
	return a, b
}

var (
	vp8Codec  = Codec{MimeType: "video/VP8", ClockRate: 90000}
	opusCodec = Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2}
)

var testExtensions = []Extension{
	{1, URIMID}, {2, URIRID}, {3, URIRepairedRID}, {4, URITransportCC}, {5, URIAbsSendTime},
	{6, URIAudioLevel}, {7, URIAbsCaptureTime}, {8, URIVideoRotation},
}

func videoSend(mid string, ssrc uint32) SendConfig {
	return SendConfig{MID: mid, SSRC: ssrc, RTXSSRC: ssrc + 1, PayloadType: 96, RTXPayloadType: 97, Codec: vp8Codec, Extensions: testExtensions, NACK: true}
}

func videoReceive(mid string) ReceiverConfig {
	return ReceiverConfig{MID: mid, Receiving: true, Extensions: testExtensions,
		Codecs: []PayloadCodec{{PayloadType: 96, RTXPayloadType: 97, Codec: vp8Codec, NACK: true, PLI: true, TransportCC: true}}}
}

func audioSend(mid string, ssrc uint32) SendConfig {
	return SendConfig{MID: mid, SSRC: ssrc, PayloadType: 111, Codec: opusCodec, Extensions: testExtensions}
}

func audioReceive(mid string) ReceiverConfig {
	return ReceiverConfig{MID: mid, Receiving: true, Extensions: testExtensions,
		Codecs: []PayloadCodec{{PayloadType: 111, Codec: opusCodec, TransportCC: true}}}
}

// vp8Frame makes a frame whose header says key or not, filled with noise.
func vp8Frame(rng *rand.Rand, n int, key bool, width, height int) []byte {
	b := make([]byte, max(n, 10))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	b[0] |= 1
	if key {
		b[0] &^= 1
		copy(b[3:], []byte{0x9D, 0x01, 0x2A, byte(width), byte(width >> 8), byte(height), byte(height >> 8)})
	}
	return b
}

// camera sends VP8 frames at 30 a second, a key frame when asked to.
type camera struct {
	world   *world
	ring    *Ring
	peers   []*camPeer
	sent    [][]byte
	keys    int
	wantKey bool
	ts      uint32
	size    int
	tids    []int
	stopped bool
}

type camPeer struct {
	ss  *SendStream
	out Output
}

func newCamera(w *world) *camera {
	return &camera{world: w, ring: NewRing(RingConfig{Codec: vp8Codec}), wantKey: true, size: 4000, ts: 12345}
}

func (c *camera) add(t testing.TB, p *peer, cfg SendConfig) *SendStream {
	t.Helper()
	ss, err := p.s.AddSender(cfg, SendEvents{KeyFrame: func() { c.wantKey = true }})
	if err != nil {
		t.Fatal(err)
	}
	c.peers = append(c.peers, &camPeer{ss, p.out})
	return ss
}

func (c *camera) frame() {
	if c.stopped {
		return
	}
	key := c.wantKey
	c.wantKey = false
	n := c.size/2 + c.world.rng.IntN(c.size)
	if key {
		n *= 4
		c.keys++
	}
	data := vp8Frame(c.world.rng, n, key, 640, 360)
	f := Frame{Data: data, KeyFrame: key, Timestamp: c.ts, CaptureTime: c.world.now}
	if len(c.tids) > 0 {
		f.TemporalIndex = c.tids[len(c.sent)%len(c.tids)]
	}
	c.sent = append(c.sent, data)
	span, err := c.ring.WriteFrame(&f)
	if err != nil {
		c.world.t.Fatal(err)
	}
	for _, p := range c.peers {
		if p.ss.Send(c.world.now, c.ring, span, p.out).NeedKeyFrame {
			c.wantKey = true
		}
	}
}

// start runs the camera for n frames.
func (c *camera) start(n int) {
	for i := range n {
		c.world.after(time.Duration(i)*time.Second/30, func() {
			c.frame()
			c.ts += 3000
		})
	}
}

// screen collects what a receiver delivers.
type screen struct {
	r       *Receiver
	frames  [][]byte
	infos   []Frame
	packets int
	streams []*ReceiveStream
	ended   int
}

func newScreen(p *peer, cfg ReceiverConfig) *screen {
	sc := &screen{}
	sc.r = p.s.AddReceiver(cfg, ReceiverEvents{
		Stream: func(st *ReceiveStream) { sc.streams = append(sc.streams, st) },
		Packet: func(*ReceiveStream, *Packet) { sc.packets++ },
		Frame: func(_ *ReceiveStream, f *Frame) {
			sc.frames = append(sc.frames, append([]byte(nil), f.Data...))
			sc.infos = append(sc.infos, *f)
		},
		Ended: func(*ReceiveStream, bool) { sc.ended++ },
	})
	sc.r.SetAssemble(true)
	return sc
}

func (sc *screen) stats(t testing.TB) (in InboundStats, out RemoteOutboundStats) {
	t.Helper()
	n := 0
	sc.r.Stats(func(i InboundStats, o RemoteOutboundStats) { in, out = i, o; n++ })
	if n != 1 {
		t.Fatalf("the receiver has %d streams, want 1", n)
	}
	return in, out
}
