package bwe

import (
	"cmp"
	"slices"
	"time"
)

// Probe is a short burst above the target rate that shows whether the path
// carries more. The sender spreads it over the time that it takes, in clumps
// every ProbeStep.
type Probe struct {
	// ID marks the packets of the burst: Result.Probe.
	ID int
	// Bitrate is the rate of the burst in bits per second.
	Bitrate int
	// Bytes is how much to send at that rate, and Each how large a packet of it
	// may be, so that there are enough of them.
	Bytes, Each int
}

// Due is how much of the burst, in bytes, is to have left after a time: each clump
// is what its step is worth, the first like the others, and a sender that comes
// late does not make the burst larger.
func (p Probe) Due(elapsed time.Duration) int {
	return min(int(float64(p.Bitrate)/8*(elapsed+ProbeStep).Seconds()), p.Bytes)
}

const (
	// ProbeStep is the time between the clumps of a Probe.
	ProbeStep = 5 * time.Millisecond

	probeSpan    = 3 * ProbeStep
	probeOpening = 6 * ProbeStep           // the span of the first probes
	probePackets = 6                       // two of three clumps, at least
	probeMost    = 32                      // packets that a result is computed from
	probePause   = 1200 * time.Millisecond // between probes while nothing is learnt
	probeWait    = time.Second             // for the result of a probe
	probeIDs     = 1<<16 - 1               // then they begin anew: senders keep 16 bits of them
)

// prober plans probes and reads their results.
type prober struct {
	overhead int // Config.Overhead
	id       int
	waiting  []int // bit rates to probe for, next first
	active   Probe
	at       time.Time // when active was sent
	// opening holds for the probes of start and what follows from them. A result
	// that is too low costs most then, since the rate grows slowly from it; they
	// are longer, and read so that a receiver's pauses do not count. Later a
	// result that is too high costs more: a queue.
	opening bool

	lastAt time.Time     // when any was
	bytes  int           // of active that have arrived
	seen   []probePacket // the first probeMost of them, in the order of sending
	// total is what has passed since the first packet of the burst, the media among
	// the burst included: it takes its share of the path.
	total int
}

type probePacket struct {
	sent, arrived time.Time
	total         int // bytes that arrived, up to and with this packet
}

// mediaPacket is about how large the media's packets are, in bytes. Those of a probe
// are smaller, and have more overhead: its result is for packets of this size.
const mediaPacket = 1100

// start plans the probes of a new connection: three and six times the start
// rate (draft-ietf-rmcat-gcc-02 leaves them open; so does libwebrtc).
func (p *prober) start(rate int) { p.waiting, p.opening = []int{3 * rate, 6 * rate}, true }

// request plans a probe for a certain rate as the next one.
func (p *prober) request(rate int) { p.waiting, p.opening = []int{rate}, false }

// plan adds a probe when nothing else has tested the path for a while.
func (p *prober) plan(now time.Time, target int, calm, limited bool, most int) {
	if len(p.waiting) > 0 || !calm || target >= most {
		return
	}
	pause := probePause
	if limited {
		pause = 5 * time.Second
	}
	if now.Sub(p.lastAt) >= pause {
		p.waiting, p.opening = append(p.waiting, min(target*3/2, most)), false
	}
}

// next returns the probe that is due, for no more than most.
func (p *prober) next(now time.Time, most int) (Probe, bool) {
	if p.active.ID != 0 && now.Sub(p.at) > probeWait {
		p.active = Probe{} // lost altogether
	}
	if p.active.ID != 0 || len(p.waiting) == 0 {
		return Probe{}, false
	}
	rate := min(p.waiting[0], most)
	p.waiting = append(p.waiting[:0], p.waiting[1:]...)
	id := p.id%probeIDs + 1
	span := probeSpan
	if p.opening {
		span = probeOpening
	}
	bytes := max(int(float64(rate)/8*span.Seconds()), probePackets*200)
	*p = prober{overhead: p.overhead, id: id, waiting: p.waiting, opening: p.opening, at: now, lastAt: now, seen: p.seen[:0], active: Probe{ID: id, Bitrate: rate, Bytes: bytes, Each: bytes / probePackets}}
	return p.active, true
}

func (p *prober) packet(r Result) {
	n := len(p.seen)
	ours := r.Probe != 0 && r.Probe == p.active.ID
	switch {
	case !ours && n == 0 || n == probeMost:
		return
	case n > 0 && r.Sent.Before(p.seen[n-1].sent):
		return // reported late: the others tell enough
	}
	p.total += r.Size + p.overhead
	if ours {
		p.bytes += r.Size
		p.seen = append(p.seen, probePacket{r.Sent, r.Arrived, p.total})
	}
}

// done reports whether enough of the burst has arrived.
func (p *prober) done() bool {
	n := len(p.seen)
	return n == probeMost || n >= probePackets-1 && p.bytes*10 >= p.active.Bytes*8
}

// result returns the rate that a finished probe has shown, once.
func (p *prober) result() (int, bool) {
	if p.active.ID == 0 || !p.done() {
		return 0, false
	}
	active := p.active
	p.active = Probe{}
	// From the end of the first clump to the end of the last: what was sent before
	// the one and after the other has nothing to do with the time between.
	begin := 0
	for begin+1 < len(p.seen) && p.seen[begin+1].sent.Equal(p.seen[0].sent) {
		begin++
	}
	first, last := p.seen[begin], p.seen[len(p.seen)-1]
	span := last.sent.Sub(first.sent)
	if span <= 0 || span > probeWait || last.arrived.Sub(first.arrived) > probeWait {
		return 0, false
	}
	bits := float64((last.total - first.total) * 8)
	sent, arrived := bits/span.Seconds(), 0.0
	if p.opening {
		arrived = arrivalRate(p.seen[begin:])
	} else if d := last.arrived.Sub(first.arrived); d > 0 {
		arrived = bits / d.Seconds()
	}
	if arrived == 0 || arrived > 2*sent {
		arrived = sent // clumped on the way: the receiver's clock says nothing
	}
	full := arrived < 0.9*sent
	rate := min(sent, arrived) * mediaPacket / float64(mediaPacket+p.overhead)
	if len(p.waiting) == 0 && rate > 0.7*float64(active.Bitrate) && (p.opening || !full) {
		p.waiting = append(p.waiting, 2*int(rate)) // it carried all, or nearly: try more
	}
	if full {
		rate *= 0.95 // the path's own rate: stay below it
	}
	return int(rate), true
}

// arrivalRate is the median of the rates between any two packets of the burst, each
// counted by the bytes between them. A bottleneck keeps all of them apart alike; a
// receiver that gets the processor late moves a few, and the first and the last
// may be among them, so the span from one to the other would not do. 0 means
// that most came at once.
func arrivalRate(seen []probePacket) float64 {
	type pair struct {
		pace  float64 // seconds per bit
		bytes int
	}
	var buf [probeMost * (probeMost - 1) / 2]pair
	pairs, total := buf[:0], 0
	for i, a := range seen {
		for _, b := range seen[i+1:] {
			bytes := b.total - a.total
			if bytes <= 0 {
				continue
			}
			pairs = append(pairs, pair{b.arrived.Sub(a.arrived).Seconds() / float64(bytes*8), bytes})
			total += bytes
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.pace, b.pace) })
	half := 0
	for _, q := range pairs {
		if half += q.bytes; 2*half >= total {
			if q.pace <= 0 {
				return 0
			}
			return 1 / q.pace
		}
	}
	return 0
}
