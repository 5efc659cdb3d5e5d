package webrtc

import (
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/bwe"
	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
	"trackway/internal/transport"
	"trackway/media"
)

// congestion is the congestion control of one transport: feedback goes into an
// estimator, and what the path carries is shared among the encodings and told
// to the sources of their tracks.
type congestion struct {
	// mu is taken under the session's lock (feedback): nothing of the session
	// may be called with it held.
	mu      sync.Mutex
	est     *bwe.Estimator
	results []bwe.Result
	epoch   time.Time // what arrival times count from
	heard   bool      // feedback of any kind has come: the estimate means something
	fine    bool      // about single packets
	dirty   bool
	follows bool      // a source follows the estimate, as of the last tick
	lastOut time.Time // when media was sent last
	probe   bwe.Probe // being sent
	probeAt time.Time // since when
	probed  int       // bytes of it so far
	share   []int
	asked   []bwe.Demand

	// paced is the rate by which the pacer goes, 0 while nothing is known of
	// the path; it is negative where there is room.
	paced atomic.Int64

	// flows is what the encodings want; negotiation replaces it.
	flows atomic.Pointer[[]flow]
}

// flow is one encoding's claim on the transport.
type flow struct {
	sender *senderMedia
	target *sendTarget
	demand bwe.Demand
	coded  int // the most that our own encoder of its sound makes, 0 for video
}

const (
	// congestionTick is how often the estimator looks for feedback that stays
	// away while media is sent, and for probes that are due.
	congestionTick = 100 * time.Millisecond
	// congestionWatch is the same where no source would follow the estimate.
	congestionWatch = 500 * time.Millisecond
	// congestionRest is how long after the last packet it stops.
	congestionRest = 2 * time.Second
)

// lowerLayers is what IP, UDP and SRTP add to an RTP packet, in bytes.
const lowerLayers = 20 + 8 + 16

func newCongestion() *congestion {
	return &congestion{est: bwe.New(bwe.Config{Overhead: lowerLayers}), epoch: time.Now()}
}

// onRoute follows a change of the selected pair.
func (c *congestion) onRoute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.est.OnRoute()
}

// onFeedback takes feedback about single packets; it runs under the session's lock.
func (c *congestion) onFeedback(now time.Time, results []rtpengine.PacketResult, rtt time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = c.results[:0]
	for _, r := range results {
		b := bwe.Result{Sent: r.Sent, Size: r.Size, Marked: r.Marked, Probe: r.Probe}
		if r.Received {
			b.Arrived = c.epoch.Add(r.Arrival)
		}
		c.results = append(c.results, b)
	}
	c.heard, c.fine, c.dirty = true, true, true
	c.est.OnFeedback(now, c.results, rtt)
	c.note(now)
}

func (c *congestion) onREMB(now time.Time, bitrate uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.dirty = true, true
	c.est.OnREMB(now, int(min(bitrate, 1<<40)))
	c.note(now)
}

// onReport takes the loss of a receiver report, which counts only where there
// is nothing better.
func (c *congestion) onReport(now time.Time, fraction float64, packets int, rtt time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fine {
		c.heard, c.dirty = true, true
		c.est.OnReport(now, fraction, packets, rtt)
		c.note(now)
	}
}

// note tells the pacer of the estimate; the lock is held.
func (c *congestion) note(now time.Time) {
	rate, tight := c.est.Pace(now, c.follows)
	if !tight {
		rate = -rate
	}
	c.paced.Store(int64(rate))
}

// pace is the rate by which to pace, 0 for not at all, and whether what is
// sent comes near to it.
func (c *congestion) pace() (rate int, tight bool) {
	if rate = int(c.paced.Load()); rate < 0 {
		return -rate, false
	}
	return rate, true
}

// sent accounts for media. It reports whether the transport's timer has to be
// started again.
func (c *congestion) sent(now time.Time, bytes int) (wake bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wake = now.Sub(c.lastOut) > congestionRest
	c.lastOut = now
	c.est.OnSent(now, bytes)
	return wake
}

// tick is called by the transport's timer, one call at a time. It sends the
// probe that is due and returns when it wants to be called again, zero for not.
func (c *congestion) tick(now time.Time, out *mediaOut) (next time.Time) {
	adapts := c.adapts()
	probe, ok := c.advance(now, adapts)
	switch {
	case !ok:
		return time.Time{}
	case probe.ID == 0 && adapts:
		return nextTick(now, congestionTick)
	case probe.ID == 0:
		return nextTick(now, congestionWatch)
	}
	// Only tick, one call at a time, changes these.
	due := probe.Due(now.Sub(c.probeAt)) - c.probed
	// Without the lock: sending takes the session's, under which feedback comes.
	n := 0
	if flows := c.flows.Load(); flows != nil && due > 0 {
		for _, f := range *flows {
			if n = f.target.stream.Probe(now, probe.ID, due, probe.Each, out); n > 0 {
				break
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probed += n; due > 0 && n == 0 || c.probed >= probe.Bytes {
		c.probe = bwe.Probe{}
		return nextTick(now, congestionTick)
	}
	return nextTick(now, bwe.ProbeStep)
}

// nextTick is the same moment for all transports of the process, which then
// wakes once for all of them.
func nextTick(now time.Time, every time.Duration) time.Time {
	return now.Add(every - time.Duration(now.UnixNano()%int64(every)))
}

// advance lets the estimator look at the time and returns the probe that is
// under way, if any; ok is false while no media is sent.
func (c *congestion) advance(now time.Time, adapts bool) (probe bwe.Probe, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.lastOut) > congestionRest {
		return bwe.Probe{}, false
	}
	c.follows = adapts
	before := c.est.Target()
	if c.est.OnTick(now); c.heard {
		c.note(now)
	}
	c.dirty = c.dirty || c.est.Target() != before
	if adapts && c.fine && c.probe.ID == 0 {
		if p, due := c.est.Probe(now); due {
			c.probe, c.probeAt, c.probed = p, now, 0
		}
	}
	return c.probe, true
}

// adapts reports whether any track that is sent comes from a source that follows
// the network; for others probing would be traffic for nothing.
func (c *congestion) adapts() bool {
	flows := c.flows.Load()
	if flows == nil {
		return false
	}
	for _, f := range *flows {
		t := f.target.coded.Load()
		if t == nil {
			t = f.sender.current.Load()
		}
		if t != nil && t.Source().Adapts() {
			return true
		}
	}
	return false
}

// settle tells the tracks' sources what the path carries for them, if that has
// changed. It is called without locks, since it calls the sources' handlers.
func (c *congestion) settle() {
	flows := c.flows.Load()
	c.mu.Lock()
	if !c.dirty || !c.heard || flows == nil {
		c.mu.Unlock()
		return
	}
	c.dirty = false
	c.asked = c.asked[:0]
	most := 0
	for _, f := range *flows {
		d := f.demand
		if f.coded > 0 && f.target.coded.Load() != nil {
			// What it does not take is for the pictures.
			d.Max = min(d.Max, f.coded)
			d.Min = min(d.Min, d.Max)
		}
		c.asked = append(c.asked, d)
		most += d.Max
	}
	c.est.SetDemand(most)
	c.share = bwe.Allocate(c.share[:0], c.est.Target(), c.asked)
	var few [4]told // on the stack
	tell := few[:0]
	for i, f := range *flows {
		c.share[i] = f.target.stream.MediaShare(c.share[i])
		n := len(tell)
		switch {
		case f.target.coded.Load() != nil: // it has an encoder of its own
			tell = append(tell, told{f.target, c.share[i]})
		case n > 0 && tell[n-1].to == f.sender:
			tell[n-1].bitrate += c.share[i]
		default:
			tell = append(tell, told{f.sender, c.share[i]})
		}
	}
	c.mu.Unlock()
	for _, t := range tell {
		t.to.tell(t.bitrate)
	}
}

// told is a bit rate for one that makes media: a *senderMedia, for its track's
// source, or a *sendTarget, for its encoder.
type told struct {
	to      interface{ tell(bitrate int) }
	bitrate int
}

// worthTelling reports whether a bit rate differs from the last by more than an
// encoder would care about, and keeps it if so.
func worthTelling(last *atomic.Int64, bitrate int) bool {
	old, now := last.Load(), int64(max(bitrate, 1))
	if d := now - old; old != 0 && d*32 < old && -d*32 < old {
		return false
	}
	last.Store(now)
	return true
}

// tell passes a bit rate on to the track's source. Nothing at all is told as one
// bit per second: zero would say nothing.
func (m *senderMedia) tell(bitrate int) {
	track := m.current.Load()
	if track == nil || track.Format().Form == media.Raw || !worthTelling(&m.bitrate, bitrate) {
		return
	}
	track.SendFeedback(m, media.Feedback{TargetBitrate: max(bitrate, 1)})
	if m.current.Load() != track || m.bitrate.Load() == 0 { // replaced or unbound meanwhile
		track.SendFeedback(m, media.Feedback{})
	}
}

// demandOf says what an encoding can use (webrtc-pc 5.2: maxBitrate, priority).
func demandOf(c *jsep.MediaConfig, e *jsep.SendEncoding) bwe.Demand {
	d := bwe.Demand{Min: 30_000, Max: 3_000_000}
	if c.Kind == jsep.Audio {
		d = bwe.Demand{Min: 16_000, Max: 128_000}
	}
	if s := e.ScaleResolutionDownBy; s != nil && *s > 1 {
		d.Max = max(int(float64(d.Max) / *s), 2*d.Min)
	}
	for _, limit := range []uint64{c.MaxBitrate, deref(e.MaxBitrate)} {
		if limit > 0 && limit < uint64(d.Max) {
			d.Max = int(limit)
		}
	}
	if limit := deref(e.MaxBitrate); limit > uint64(d.Max) && limit < 1<<32 && (c.MaxBitrate == 0 || limit <= c.MaxBitrate) {
		d.Max = int(limit)
	}
	d.Min = min(d.Min, d.Max)
	if !e.Active || e.Paused || zero(e.MaxBitrate) {
		d.Min, d.Max = 0, 0
	}
	switch PriorityType(e.Priority) {
	case PriorityTypeVeryLow:
		d.Priority = 0.5
	case PriorityTypeMedium:
		d.Priority = 2
	case PriorityTypeHigh:
		d.Priority = 4
	default:
		d.Priority = 1
	}
	return d
}

// audioHeaders are those of fifty packets a second, in bits per second.
const audioHeaders = 50 * (12 + 16) * 8

// codedMost is what an encoding of sound takes at most where we code it, with its
// headers and the packets that RED repeats; 0 for video.
func codedMost(c *jsep.MediaConfig, e *jsep.SendEncoding, spec *targetSpec) int {
	if c.Kind != jsep.Audio || len(spec.codecs) == 0 {
		return 0
	}
	first := &spec.codecs[0]
	for i := range c.SendCodecs {
		m := &c.SendCodecs[i]
		if m.PayloadType != first.pt {
			continue
		}
		most := encodeOptions(m, c, e).AudioBitrate()
		if first.red != 0 {
			most *= 2
		}
		return most + audioHeaders
	}
	return 0
}

// available is the estimate for a transport, in bits per second; nil before there
// was feedback to estimate it from.
func (p *mediaPlane) available(tr *transport.Transport) *float64 {
	mt := p.find(tr)
	if mt == nil {
		return nil
	}
	mt.cc.mu.Lock()
	defer mt.cc.mu.Unlock()
	if !mt.cc.heard {
		return nil
	}
	bits := float64(mt.cc.est.Target())
	return &bits
}

func deref(p *uint64) uint64 {
	if p == nil {
		return 0
	}
	return *p
}
