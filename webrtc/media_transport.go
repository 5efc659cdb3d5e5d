package webrtc

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/rtpengine"
	"trackway/internal/transport"
	"trackway/internal/udp"
)

// mediaTransport is the RTP session over one transport.
type mediaTransport struct {
	tr      *transport.Transport
	session *rtpengine.Session
	wheel   *timerWheel
	timer   *timerEntry
	// ready says that the keys are there, so that packets can be sent.
	ready atomic.Bool
	cc    *congestion
	pacer *mediaPacer
	// What belongs to the burst that is being received: where feedback to it
	// goes, who has packets to read, and whether it had RTCP. The transport
	// hands packets over one at a time.
	in      mediaOut
	readers []*packetQueue
	heard   bool

	polling sync.Mutex // a timer may fire while the one before is at work
	rttAt   time.Time  // used by poll only
}

func newMediaTransport(tr *transport.Transport, w *timerWheel, cname string) *mediaTransport {
	mt := &mediaTransport{tr: tr, wheel: w, cc: newCongestion()}
	mt.in.tr = tr
	mt.timer = newTimerEntry(mt.poll)
	mt.pacer = newMediaPacer(mt)
	mt.session = rtpengine.NewSession(rtpengine.SessionConfig{
		CNAME: cname,
		Rand:  rand.Uint32,
		Wake: func(at time.Time) {
			now := time.Now()
			if at.IsZero() {
				at = now
			}
			w.schedule(mt.timer, now, at)
		},
		Feedback: func(now time.Time, results []rtpengine.PacketResult) {
			mt.cc.onFeedback(now, results, mt.session.RTT())
		},
		Report: func(now time.Time, fraction float64, packets int) {
			mt.cc.onReport(now, fraction, packets, mt.session.RTT())
		},
		REMB: mt.cc.onREMB,
		RepairRate: func() int {
			rate, _ := mt.cc.pace()
			return rate
		},
	})
	return mt
}

// pathRTTEvery is how often the round-trip time of ICE is looked up.
const pathRTTEvery = 10 * time.Second

func (mt *mediaTransport) poll(now time.Time) time.Time {
	if !mt.ready.Load() {
		return time.Time{}
	}
	mt.polling.Lock()
	defer mt.polling.Unlock()
	if now.Sub(mt.rttAt) >= pathRTTEvery {
		mt.rttAt = now
		mt.session.SetPathRTT(mt.tr.RTT())
	}
	out := mediaOuts.Get().(*mediaOut)
	defer mediaOuts.Put(out)
	out.tr = mt.tr
	next := mt.session.Poll(now, out)
	if at := mt.cc.tick(now, out); !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next = at
	}
	mt.session.ProbeTails(now, out)
	out.flush()
	mt.cc.settle()
	return next
}

// sent accounts for media that was given to the batch.
func (mt *mediaTransport) sent(now time.Time, bytes int) {
	mt.tr.Sent(now)
	if mt.cc.sent(now, bytes) {
		mt.wheel.schedule(mt.timer, now, now)
	}
}

// received ends a burst: what it gave rise to is sent, and its readers wake.
func (mt *mediaTransport) received() {
	mt.in.flush()
	for i, q := range mt.readers {
		q.wake()
		mt.readers[i] = nil
	}
	mt.readers = mt.readers[:0]
	if mt.heard {
		mt.heard = false
		mt.cc.settle()
	}
}

func (mt *mediaTransport) close() {
	mt.pacer.close()
	if mt.ready.Swap(false) {
		out := mediaOuts.Get().(*mediaOut)
		defer mediaOuts.Put(out)
		out.tr = mt.tr
		mt.session.Close(out)
		out.flush()
	} else {
		mt.session.Close(nil)
	}
	mt.wheel.end(mt.timer)
}

// mediaOut is the rtpengine.Output that seals packets in a batch.
type mediaOut struct {
	tr    *transport.Transport
	batch *udp.Batch
	keep  bool // the batch is this output's own
}

var mediaOuts = sync.Pool{New: func() any { return &mediaOut{} }}

// outBatches are for feedback and repairs; a frame's fan-out has a bigger one.
var outBatches = sync.Pool{New: func() any { return udp.NewBatch(16 << 10) }}

// ReserveRTP implements rtpengine.Output.
func (o *mediaOut) ReserveRTP(size int) []byte {
	if o.batch == nil {
		o.batch = outBatches.Get().(*udp.Batch)
	}
	slot, err := o.tr.Slot(o.batch, size)
	if err != nil {
		return nil
	}
	return slot
}

// CommitRTP implements rtpengine.Output. What cannot be sealed is lost on the
// way, as a packet may be.
func (o *mediaOut) CommitRTP(packet []byte) { _ = o.tr.SealRTP(o.batch, packet) }

// WriteRTCP implements rtpengine.Output.
func (o *mediaOut) WriteRTCP(packet []byte) {
	if slot := o.ReserveRTP(len(packet)); slot != nil {
		_ = o.tr.SealRTCP(o.batch, append(slot, packet...))
	}
}

// flush sends what was committed. Errors of the network are loss, which the
// protocol repairs or reports.
func (o *mediaOut) flush() {
	if o.batch == nil {
		return
	}
	_ = o.batch.Flush()
	if !o.keep {
		o.tr.Sent(time.Now())
		outBatches.Put(o.batch)
		o.batch = nil
	}
}
