package interop

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"trackway/codec"
	"trackway/internal/netsim"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/webrtc"
)

// relay is the only path between this program and a browser: what we send passes
// a simulated link in real time, what the browser sends passes at once. Both
// ends know each other by the relay's addresses alone.
type relay struct {
	front, back *net.UDPConn
	link        *netsim.Link

	mu      sync.Mutex
	browser netip.AddrPort
	ours    netip.AddrPort
	lost    int
	passed  int
	waiting sync.WaitGroup
}

// relayed has the call go through a relay.
func (x *rig) relayed(c netsim.Conditions) *relay {
	r := &relay{link: netsim.New(time.Now(), 1, netsim.Change{Conditions: c})}
	x.Cleanup(func() {
		if r.front != nil {
			_ = r.front.Close()
			_ = r.back.Close()
		}
		r.waiting.Wait()
	})
	x.gate.alter = func(from int, message []byte) []byte { return r.alter(x.T, from == 0, message) }
	return r
}

// open listens on the address that ours has, and forwards.
func (r *relay) open(ours netip.AddrPort) (front netip.AddrPort, err error) {
	listen := func() (*net.UDPConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ours.Addr(), 0)))
	}
	if r.front, err = listen(); err != nil {
		return front, err
	}
	if r.back, err = listen(); err != nil {
		return front, err
	}
	r.ours = ours
	r.waiting.Add(2)
	go r.up()
	go r.down()
	return r.front.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

func (r *relay) up() {
	defer r.waiting.Done()
	buf := make([]byte, 2000)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.browser = from
		r.mu.Unlock()
		_, _ = r.back.WriteToUDPAddrPort(buf[:n], r.ours)
	}
}

func (r *relay) down() {
	defer r.waiting.Done()
	buf := make([]byte, 2000)
	for {
		n, err := r.back.Read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		r.mu.Lock()
		d := r.link.Send(now, n+28)
		to := r.browser
		r.passed += d.N
		if d.N == 0 {
			r.lost++
		}
		r.mu.Unlock()
		for _, at := range d.Arrivals[:d.N] {
			packet := bytes.Clone(buf[:n])
			r.waiting.Add(1)
			time.AfterFunc(at.Sub(now), func() {
				defer r.waiting.Done()
				_, _ = r.front.WriteToUDPAddrPort(packet, to)
			})
		}
	}
}

// alter rewrites what the ends tell each other about addresses: the browser
// learns the relay's, and we learn none, so that we answer to where it comes from.
func (r *relay) alter(t *testing.T, ours bool, message []byte) []byte {
	var m map[string]json.RawMessage
	if json.Unmarshal(message, &m) != nil {
		return message
	}
	var candidate struct {
		Candidate string `json:"candidate"`
	}
	if raw := m["candidate"]; len(raw) > 0 && json.Unmarshal(raw, &candidate) == nil && candidate.Candidate != "" {
		f := strings.Fields(candidate.Candidate)
		if !ours || r.front != nil || len(f) < 8 || !strings.EqualFold(f[2], "udp") || f[7] != "host" {
			return nil
		}
		addr, err := netip.ParseAddrPort(net.JoinHostPort(f[4], f[5]))
		if err != nil || !addr.Addr().Is4() {
			return nil
		}
		front, err := r.open(addr)
		if err != nil {
			t.Errorf("the relay: %v", err)
			return nil
		}
		old := f[4] + " " + f[5]
		return bytes.Replace(message, []byte(old), []byte(front.Addr().String()+" "+strconv.Itoa(int(front.Port()))), 1)
	}
	return withoutCandidates(message)
}

// withoutCandidates takes the a=candidate lines out of a description.
func withoutCandidates(message []byte) []byte {
	for {
		i := bytes.Index(message, []byte(`a=candidate:`))
		if i < 0 {
			return message
		}
		n := bytes.Index(message[i:], []byte(`\n`))
		if n < 0 {
			return message
		}
		message = append(bytes.Clone(message[:i]), message[i+n+2:]...)
	}
}

// received is what the browser's statistics say of the video that it receives.
type received struct {
	At, Bytes, Frames, Freezes, Frozen, Lost, Keys float64
}

const readReceived = `
	const r = [...(await peer.pc.getStats()).values()].find((s) => s.type === "inbound-rtp" && s.kind === "video");
	return r ? {at: r.timestamp, bytes: r.bytesReceived, frames: r.framesDecoded, freezes: r.freezeCount, frozen: r.totalFreezesDuration, lost: r.packetsLost, keys: r.keyFramesDecoded} : {};`

// TestShapedPath sends pictures to Chromium through a path of 1 Mbit/s that
// falls to 500 kbit/s, and with TRACKWAY_SHAPED (make shaped: 60s) through
// losses too. The encoder has to follow the path: hardly a freeze, and a good
// part of what the path carries; how much depends on the machine, whose stalls
// look like a queue.
func TestShapedPath(t *testing.T) {
	part := 3500 * time.Millisecond
	long := os.Getenv("TRACKWAY_SHAPED")
	if long != "" {
		d, err := time.ParseDuration(long)
		if err != nil {
			t.Fatal(err)
		}
		part = d / 5
	}
	base := netsim.Conditions{Rate: 1_000_000, Queue: 300 * time.Millisecond, Delay: 20 * time.Millisecond}
	type stretch struct {
		name string
		netsim.Conditions
		least float64 // of the rate
	}
	with := func(f func(*netsim.Conditions)) netsim.Conditions { c := base; f(&c); return c }
	path := []stretch{
		{"1 Mbit/s", base, 0.35},
		{"500 kbit/s", with(func(c *netsim.Conditions) { c.Rate = 500_000 }), 0.35},
	}
	if long != "" {
		path = append(path,
			stretch{"1 Mbit/s again", base, 0.35},
			stretch{"5 % loss", with(func(c *netsim.Conditions) { c.Loss = 0.05 }), 0.35},
			stretch{"600 kbit/s", with(func(c *netsim.Conditions) { c.Rate = 600_000 }), 0.35})
	}
	x := start(t, enter(t, browser.Chromium, "", browser.Options{}), browser.Chromium, true)
	r := x.relayed(base)

	track := noise(t).NewTrack()
	limit := uint32(2_000_000) // more than the encoder takes for so small a picture
	if _, err := x.pc.AddTransceiver(track, &webrtc.RTPTransceiverInit{
		Streams: []*media.Stream{media.NewStream()}, SendEncodings: []webrtc.RTPEncodingParameters{{Active: true, MaxBitrate: &limit}},
	}); err != nil {
		t.Fatal(err)
	}
	x.eval(nil, `
		const v = await arrived("video");
		T.play(v.track);
		await T.until("frames decode", async () => await T.frames(peer.pc, v.track) > 5);`, nil)
	read := func() (s received) { x.eval(&s, readReceived, nil); return s }
	for i, s := range path {
		r.setConditions(s.Conditions)
		// The first second of a stretch is the change's.
		settle := time.Second
		if i == 0 {
			settle = 1500 * time.Millisecond
		}
		x.sleep(settle)
		from := read()
		x.sleep(part - settle)
		to := read()
		seconds := (to.At - from.At) / 1000
		rate := (to.Bytes - from.Bytes) * 8 / seconds
		t.Logf("%-16s %4.0f kbit/s received, %4.1f frames a second, %v freezes of %.1f s in all, %v packets lost, %v key frames",
			s.name, rate/1000, (to.Frames-from.Frames)/seconds, to.Freezes-from.Freezes, to.Frozen-from.Frozen, to.Lost-from.Lost, to.Keys-from.Keys)
		if rate < s.least*float64(s.Rate) {
			t.Errorf("%s: %.0f bit/s arrive, at least %.0f %% of %d wanted", s.name, rate, 100*s.least, s.Rate)
		}
		if frozen := to.Frozen - from.Frozen; frozen > seconds/3 {
			t.Errorf("%s: frozen for %.1f of %.1f s", s.name, frozen, seconds)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("the path carried %d datagrams and dropped %d", r.passed, r.lost)
}

// setConditions begins a new stretch of the path.
func (r *relay) setConditions(c netsim.Conditions) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.link.Set(c)
}

// sleep lets the call go on for a while.
func (x *rig) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-x.ctx.Done():
		x.Fatal("the test's time is up")
	}
}

// noise is a source of pictures that take as many bits as they are given, 24 a
// second: grain that nothing predicts. It lives as long as the test.
func noise(t *testing.T) *media.Source {
	source := media.NewVideoSource()
	stop := make(chan struct{})
	var playing sync.WaitGroup
	playing.Go(func() { writeNoise(source, stop) })
	t.Cleanup(func() { close(stop); playing.Wait(); source.End() })
	return source
}

func writeNoise(source *media.Source, stop <-chan struct{}) {
	rng := rand.New(rand.NewPCG(1, 2))
	grain := make([]byte, 1<<20)
	for i := range grain {
		grain[i] = byte(112 + rng.IntN(32))
	}
	f := codec.NewVideoFrame(320, 240)
	for i := range f.U {
		f.U[i], f.V[i] = 128, 128
	}
	tick := time.NewTicker(time.Second / 24)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case <-tick.C:
		case <-stop:
			return
		}
		copy(f.Y, grain[rng.IntN(len(grain)-len(f.Y)):])
		f.CaptureTime = time.Now()
		f.Timestamp = uint32(f.CaptureTime.Sub(began).Seconds() * 90000)
		_ = source.WriteVideo(f)
	}
}
