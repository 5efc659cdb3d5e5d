package webrtc

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trackway/media"
)

// TestSoak has many connections add, remove, replace and stop tracks at random,
// restart ICE, close and open again, while media flows over the system's own
// sockets. No frame and no packet may be lost or come twice, whatever is being
// negotiated beside it, and afterwards nothing may be left: not with the
// connections open and their transceivers stopped, and not when they are closed.
//
// TRACKWAY_SOAK is how long (make soak: ten minutes), TRACKWAY_SOAK_CONNECTIONS
// how many connections (300), TRACKWAY_SOAK_SEED what is done; without them the
// test is a few seconds long and as many connections wide as go with it.
//
// It is about changes, not throughput, and two processors must be enough for it
// on a day on which they have other work: 300 connections make some 25 changes a
// second, each with its negotiation, and their sources two frames a second.
func TestSoak(t *testing.T) {
	plan := soakPlan{length: 2 * time.Second, connections: 12, pause: 300 * time.Millisecond, frame: 200 * time.Millisecond, calm: 500 * time.Millisecond, seed: 5}
	if s := os.Getenv("TRACKWAY_SOAK"); s != "" {
		var err error
		if plan.length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		plan.connections = 300
		if s := os.Getenv("TRACKWAY_SOAK_CONNECTIONS"); s != "" {
			if plan.connections, err = strconv.Atoi(s); err != nil {
				t.Fatal(err)
			}
		}
		plan.pause = time.Duration(plan.connections) * 70 * time.Millisecond
		plan.frame = 500 * time.Millisecond
		plan.calm = 4 * time.Second // ICE agents stay three seconds after they have selected a pair
	}
	if s := os.Getenv("TRACKWAY_SOAK_SEED"); s != "" {
		var err error
		if plan.seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	length, connections := plan.length, plan.connections
	// The first round fills pools and tables that stay for good.
	house := newSoakHouse(t)
	first := plan
	first.seed, first.length = plan.seed+1, min(length/4, 30*time.Second)
	soak(t, house, first)
	before := calm(plan.calm)
	s := soak(t, house, plan)
	after := leftovers(footprint{before.goroutines, before.heap + closedGrowth})
	if err := house.hub.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%v with %d connections, seed %d: %s", length, connections, plan.seed, s)
	t.Logf("left open, no tracks: %+d goroutines, %+d KiB of heap", s.idle.goroutines-s.fresh.goroutines, (s.idle.heap-s.fresh.heap)>>10)
	t.Logf("after closing: %+d goroutines, %+d KiB of heap", after.goroutines-before.goroutines, (after.heap-before.heap)>>10)
	if s.frames.Load() < int64(connections)*int64(length/time.Second)/4 {
		t.Errorf("only %d frames were received", s.frames.Load())
	}
	if n := s.lost.Load() + s.gaps.Load(); n > 0 {
		t.Errorf("%d packets and %d frames were lost", s.gaps.Load(), s.lost.Load())
	}
	if n := s.doubled.Load(); n > 0 {
		t.Errorf("%d packets or frames came twice or out of order", n)
	}
	if n := s.damaged.Load(); n > 0 {
		t.Errorf("%d frames were not what had been sent", n)
	}
	if s.idle.goroutines > s.fresh.goroutines {
		t.Errorf("with all tracks gone there are %d goroutines, after connecting there were %d", s.idle.goroutines, s.fresh.goroutines)
	}
	if grown := s.idle.heap - s.fresh.heap; grown > int64(connections)*openGrowth {
		t.Errorf("with all tracks gone the heap holds %d KiB more than after connecting", grown>>10)
	}
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines are left, there were %d", after.goroutines, before.goroutines)
	}
	if grown := after.heap - before.heap; grown > closedGrowth {
		t.Errorf("the heap has grown by %d KiB, from %d", grown>>10, before.heap>>10)
	}
}

// soakPlan is what one round does.
type soakPlan struct {
	length      time.Duration
	connections int
	pause       time.Duration // between two changes of a connection, at most
	frame       time.Duration // between two frames of a source
	calm        time.Duration // how long nothing must end for all to have ended
	seed        uint64
}

// What the heap may hold more: all in all when everything is closed, and for
// each open connection, of which both ends keep the descriptions of as many
// m-sections as there ever were at one time.
const (
	closedGrowth = 1 << 20
	openGrowth   = 512 << 10
)

// footprint is what the process holds.
type footprint struct {
	goroutines int
	heap       int64
}

func measure() footprint {
	runtime.GC() // twice empties the pools
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{runtime.NumGoroutine(), int64(m.HeapAlloc)}
}

// calm measures when nothing has ended for that long.
func calm(length time.Duration) footprint {
	least, at := measure(), time.Now()
	for time.Since(at) < length {
		time.Sleep(100 * time.Millisecond)
		now := measure()
		if now.goroutines < least.goroutines || now.heap < least.heap-least.heap/64 {
			at = time.Now()
		}
		least = footprint{min(now.goroutines, least.goroutines), min(now.heap, least.heap)}
	}
	return least
}

// leftovers measures when no more is held than limit has, which may be a minute
// from now on a machine that is busy, and later there is more.
func leftovers(limit footprint) footprint {
	end := time.Now().Add(time.Minute)
	for {
		now := measure()
		if now.goroutines <= limit.goroutines && now.heap <= limit.heap || time.Now().After(end) {
			return now
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// soakHouse is what stays over the rounds: the engine that has one end of each
// connection, and the sources.
type soakHouse struct {
	hub     *Engine
	sources []*soakSource
}

func newSoakHouse(t *testing.T) *soakHouse {
	h := &soakHouse{hub: soakEngine(t)}
	for i := range 24 {
		h.sources = append(h.sources, newSoakSource(i))
	}
	return h
}

// soakRun is one round: its connections and counts.
type soakRun struct {
	*soakHouse
	t     *testing.T
	pairs []*soakPair

	added, removed, replaced, stopped, restarted, reopened, negotiated atomic.Int64
	packets, frames, lost, gaps, doubled, damaged                      atomic.Int64

	fresh, idle footprint
}

func (s *soakRun) String() string {
	return fmt.Sprintf("%d tracks added, %d removed, %d replaced, %d transceivers stopped, %d ICE restarts, %d connections reopened, %d negotiations; %d packets, %d frames received",
		s.added.Load(), s.removed.Load(), s.replaced.Load(), s.stopped.Load(), s.restarted.Load(), s.reopened.Load(), s.negotiated.Load(), s.packets.Load(), s.frames.Load())
}

func soak(t *testing.T, house *soakHouse, plan soakPlan) *soakRun {
	t.Helper()
	connections := plan.connections
	ctx, cancel := context.WithTimeout(t.Context(), plan.length+5*time.Minute)
	defer cancel()
	s := &soakRun{soakHouse: house, t: t}
	pairs := make([]*soakPair, connections)
	s.pairs = pairs
	each := func(workers int, f func(i int)) {
		var wg sync.WaitGroup
		turn := make(chan struct{}, workers)
		for i := range pairs {
			wg.Add(1)
			turn <- struct{}{}
			go func() {
				defer wg.Done()
				defer func() { <-turn }()
				f(i)
			}()
		}
		wg.Wait()
	}
	each(8, func(i int) {
		pairs[i] = &soakPair{run: s, rng: rand.New(rand.NewPCG(plan.seed, uint64(i)))}
		pairs[i].open(ctx)
	})
	if t.Failed() {
		t.FailNow()
	}
	s.fresh = calm(plan.calm)
	stop := make(chan struct{})
	var playing sync.WaitGroup
	playing.Add(1)
	go func() {
		defer playing.Done()
		s.play(plan.frame, stop)
	}()
	end := time.Now().Add(plan.length)
	each(connections, func(i int) { pairs[i].churn(ctx, end, plan.pause) })
	close(stop)
	playing.Wait()
	for _, source := range s.sources {
		source.frame() // the last, which every sink must get
	}
	each(8, func(i int) { pairs[i].finish(ctx) })
	s.idle = leftovers(footprint{s.fresh.goroutines, s.fresh.heap + int64(connections)*openGrowth})
	each(8, func(i int) { pairs[i].close() })
	s.pairs = nil // what is left is measured next
	return s
}

// play writes frames of all sources, one of each in interval; or later, when all
// who take a source have its last frame. A machine that is busy with something
// else must not overflow the sockets' buffers: their losses are no news.
func (s *soakRun) play(interval time.Duration, stop chan struct{}) {
	tick := time.NewTicker(interval / time.Duration(len(s.sources)))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			source := s.sources[i%len(s.sources)]
			for end := time.Now().Add(repairTime); s.behind(source) && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			source.frame()
		case <-stop:
			return
		}
	}
}

// behind reports whether somebody still waits for the last frame of a source.
func (s *soakRun) behind(source *soakSource) bool {
	for _, p := range s.pairs {
		if p.behind(source) {
			return true
		}
	}
	return false
}

// soakSource is a source of numbered frames.
type soakSource struct {
	id     int
	codec  media.Codec
	source *media.Source
	track  *media.Track
	n      atomic.Uint32
	data   []byte
}

func newSoakSource(id int) *soakSource {
	s := &soakSource{id: id, codec: vp8, data: make([]byte, 4000)}
	if id%3 == 2 {
		s.codec = opus
	}
	s.source = media.NewEncodedSource(s.codec)
	s.track = s.source.NewTrack()
	return s
}

// sourceOf is the source that a track is of.
func (h *soakHouse) sourceOf(track *media.Track) *soakSource {
	for _, s := range h.sources {
		if s.track == track {
			return s
		}
	}
	return nil
}

func (s *soakSource) frame() {
	n := s.n.Add(1)
	size := 400 + int(n*7919%3)*1100
	if s.codec == opus {
		size = 80
	}
	data := s.data[:size]
	for i := range data {
		data[i] = byte(n)
	}
	if s.codec == vp8 {
		copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
	}
	binary.BigEndian.PutUint32(data[10:], uint32(s.id))
	binary.BigEndian.PutUint32(data[14:], n)
	_ = s.source.WriteFrame(&media.EncodedFrame{MimeType: s.codec.MimeType, Data: data, KeyFrame: true, Timestamp: n * s.codec.ClockRate / 10})
}

// soakPair is a connection of the hub's and its peer, and the checks of both by
// mid.
type soakPair struct {
	run    *soakRun
	rng    *rand.Rand
	remote *Engine
	pcs    [2]*PeerConnection

	mu     sync.Mutex
	checks [2]map[string]*soakCheck
}

func (p *soakPair) fail(what string, err error) bool {
	if err != nil {
		p.run.t.Errorf("%s: %v", what, err)
	}
	return err != nil
}

func (p *soakPair) open(ctx context.Context) {
	p.remote = soakEngine(p.run.t)
	connected := make(chan struct{}, 4)
	for i, engine := range []*Engine{p.run.hub, p.remote} {
		pc, err := NewPeerConnection(Configuration{BundlePolicy: BundlePolicyMaxBundle}, WithEngine(engine))
		if p.fail("NewPeerConnection", err) {
			return
		}
		p.mu.Lock()
		p.pcs[i], p.checks[i] = pc, map[string]*soakCheck{}
		p.mu.Unlock()
		pc.OnConnectionStateChange(func() {
			if pc.ConnectionState() == PeerConnectionStateConnected {
				connected <- struct{}{}
			}
		})
		pc.OnTrack(func(e TrackEvent) { p.watch(i, e) })
	}
	// The data channel keeps the transport when all tracks have gone. All of the
	// connection stands when both ends of the channel are open.
	opened := func(c *DataChannel) { c.OnOpen(func() { connected <- struct{}{} }) }
	p.pcs[1].OnDataChannel(func(e DataChannelEvent) { opened(e.Channel) })
	c, err := p.pcs[0].CreateDataChannel("", nil)
	if p.fail("CreateDataChannel", err) {
		return
	}
	opened(c)
	p.negotiate(ctx, 0)
	for range cap(connected) {
		select {
		case <-connected:
		case <-ctx.Done():
			p.fail("connecting", ctx.Err())
			return
		}
	}
	for _, pc := range p.pcs {
		pc.OnConnectionStateChange(nil)
	}
}

func (p *soakPair) watch(side int, e TrackEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mid := e.Transceiver.Mid()
	if c := p.checks[side][mid]; c != nil && c.track == e.Track {
		return
	}
	c := &soakCheck{run: p.run, track: e.Track, source: -1}
	for _, t := range p.pcs[1-side].GetTransceivers() {
		if s := p.run.sourceOf(t.Sender().Track()); s != nil && t.Mid() == mid {
			c.expect(s)
		}
	}
	p.checks[side][mid] = c
	e.Track.AddSink(&media.Sink{Encoded: c.frame, RTP: c.packet})
}

func (p *soakPair) check(side int, mid string) *soakCheck {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checks[side][mid]
}

func (p *soakPair) behind(s *soakSource) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.checks {
		for _, c := range p.checks[i] {
			if c.behind(s) {
				return true
			}
		}
	}
	return false
}

// negotiate runs an offer and an answer; candidates go with the descriptions.
func (p *soakPair) negotiate(ctx context.Context, side int) {
	p.run.negotiated.Add(1)
	from, to := p.pcs[side], p.pcs[1-side]
	for range 2 {
		gathered := make(chan struct{}, 16)
		from.OnICEGatheringStateChange(func() { gathered <- struct{}{} })
		if p.fail("SetLocalDescription", from.SetLocalDescription(ctx, nil)) {
			return
		}
		for from.ICEGatheringState() != ICEGatheringStateComplete {
			select {
			case <-gathered:
			case <-ctx.Done():
				p.fail("gathering", ctx.Err())
				return
			}
		}
		if p.fail("SetRemoteDescription", to.SetRemoteDescription(ctx, *from.LocalDescription())) {
			return
		}
		from, to = to, from
	}
}

// churn makes random changes with pauses of up to most until the end.
func (p *soakPair) churn(ctx context.Context, end time.Time, most time.Duration) {
	for {
		pause := most/10 + time.Duration(p.rng.Int64N(int64(most)))
		if time.Now().Add(pause).After(end) || ctx.Err() != nil || p.run.t.Failed() {
			break
		}
		time.Sleep(pause)
		p.step(ctx)
	}
}

// sending lists the transceivers that have a track to send.
func (p *soakPair) sending(side int) (list []*RTPTransceiver) {
	for _, t := range p.pcs[side].GetTransceivers() {
		if t.Sender().Track() != nil && t.CurrentDirection() != RTPTransceiverDirectionStopped {
			list = append(list, t)
		}
	}
	return list
}

// step makes one change. The choice depends on the seed alone: what it depends
// on is what was chosen before.
func (p *soakPair) step(ctx context.Context) {
	side, dice := p.rng.IntN(2), p.rng.IntN(100)
	pick, which := p.rng.IntN(1000), p.rng.IntN(len(p.run.sources))
	pc, sending := p.pcs[side], p.sending(side)
	source := p.run.sources[which]
	switch {
	case dice < 2:
		p.run.reopened.Add(1)
		p.close()
		p.open(ctx)
		return
	case dice < 6:
		p.run.restarted.Add(1)
		pc.RestartICE()
	case len(sending) == 0 || dice < 45 && len(sending) < 4:
		for _, t := range sending {
			if t.Sender().Track() == source.track {
				return
			}
		}
		if _, err := pc.AddTrack(source.track); p.fail("AddTrack", err) {
			return
		}
		p.run.added.Add(1)
	case dice < 60:
		t := sending[pick%len(sending)]
		if t.Sender().Track().Kind() != source.track.Kind() || t.Sender().Track() == source.track {
			return
		}
		p.run.replaced.Add(1)
		p.check(1-side, t.Mid()).expect(source)
		p.fail("ReplaceTrack", t.Sender().ReplaceTrack(ctx, source.track))
		return
	case dice < 68:
		t := sending[pick%len(sending)]
		p.run.stopped.Add(1)
		for i := range 2 { // it carried both directions
			p.check(i, t.Mid()).end()
		}
		p.fail("Stop", t.Stop())
	default:
		t := sending[pick%len(sending)]
		p.run.removed.Add(1)
		p.check(1-side, t.Mid()).end()
		p.fail("RemoveTrack", pc.RemoveTrack(t.Sender()))
	}
	p.negotiate(ctx, side)
}

// finish checks the ends of what is being received, and stops all transceivers.
func (p *soakPair) finish(ctx context.Context) {
	for side := range p.pcs {
		for _, t := range p.sending(side) {
			c := p.check(1-side, t.Mid())
			want := p.run.sourceOf(t.Sender().Track())
			if c == nil {
				p.run.t.Errorf("a track that is sent in %s never came", t.Mid())
				continue
			}
			for end := time.Now().Add(3 * repairTime); !c.ends(want) && time.Now().Before(end); {
				time.Sleep(20 * time.Millisecond)
			}
			c.mu.Lock()
			if n := want.n.Load(); c.source != want.id || c.last != n {
				p.run.lost.Add(1)
				p.run.t.Logf("%p: the last frame to come in %s is %d of source %d, not %d of %d", c, t.Mid(), c.last, c.source, n, want.id)
			}
			for q := range c.missed {
				p.run.gaps.Add(1)
				p.run.t.Logf("%p: packet %d of %08x is missing at the end", c, q, c.ssrc)
			}
			c.mu.Unlock()
		}
	}
	for _, t := range p.pcs[0].GetTransceivers() {
		p.fail("Stop", t.Stop())
	}
	p.negotiate(ctx, 0)
	for _, t := range p.pcs[1].GetTransceivers() {
		p.fail("Stop", t.Stop())
	}
	p.negotiate(ctx, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks = [2]map[string]*soakCheck{}
}

func (p *soakPair) close() {
	for _, pc := range p.pcs {
		if pc != nil {
			p.fail("Close", pc.Close())
		}
	}
	if p.remote != nil {
		p.fail("closing the engine", p.remote.Close())
	}
}
