package media

import (
	"context"
	"strings"
	"sync"
	"time"

	"trackway/codec"
	"trackway/internal/bitstream"
)

// PlayoutOptions say how a remote track is played.
type PlayoutOptions struct {
	// Group keeps tracks in step; nil means one for this track alone.
	Group *SyncGroup
	// Codecs is where decoders come from; nil means codec.Default.
	Codecs *codec.Registry
	// Clock paces; nil means SystemClock.
	Clock Clock
}

// PlayoutStats counts what a Playout did.
type PlayoutStats struct {
	// Delay is how long after their capture frames are passed on at present.
	Delay time.Duration
	// Decoded counts the frames that were decoded, Failed those that could
	// not be.
	Decoded, Failed int
	// Late counts frames that came after their time and were left out.
	Late int
	// Concealed is sound that was made up for what was lost or late, Stretched
	// what was added, and Skipped what was left out, to follow the delay.
	Concealed, Stretched, Skipped time.Duration
	// KeyFrames counts those of the decoded frames that were key frames, and
	// DecodeTime is what all of them took. Decoder names the implementation.
	KeyFrames  int
	DecodeTime time.Duration
	Decoder    string
	// Err says why what arrives is not decoded: there is no decoder for it. The
	// frames are counted as Failed.
	Err error
	// Emitted counts the pictures, or the sampling instants, that were passed on
	// of what arrived, and Held is the sum of the seconds that each of them
	// waited since its arrival.
	Emitted int
	Held    float64
	// Width, Height and FrameRate are those of the pictures of late.
	Width, Height int
	FrameRate     float64
	// Level is the loudness of the sound of late, from 0 to 1 in linear units.
	// Energy is the sum of the squares of it times the seconds that it lasted,
	// and Played how much sound there was in all (webrtc-stats, totalAudioEnergy
	// and totalSamplesDuration).
	Level, Energy float64
	Played        time.Duration
	PlayoutDetails
	// LastCapture is when the frame passed on last was captured, and LastDue
	// when it was passed on: the difference between two tracks' is how far
	// they are out of step.
	LastCapture, LastDue time.Time
}

// Playout decodes the coded frames of a remote source and writes pictures or
// samples back into it when they are due. It evens out the network's jitter,
// makes up for lost sound, asks for a key frame when video cannot go on, and
// keeps step with its SyncGroup.
type Playout struct {
	source *Source
	group  *SyncGroup
	codecs *codec.Registry
	clock  Clock
	cancel context.CancelFunc
	done   chan struct{}
	bell   chan struct{}

	mu    sync.Mutex
	queue []*arrived // in the order in which they were pushed
	lag   lagMeter
	line  timeline
	stats PlayoutStats
	ended bool
}

// arrived is a frame that waits to be played.
type arrived struct {
	*EncodedFrame
	capture, arrival time.Time
	// fec: the frame repeats the sound before it; used: which was of use
	fec, used bool
}

// playMargin is the time between a frame's arrival and its being due, when it
// is as late as any: a goroutine has to wake up, and sound may run ahead of the
// group's delay by delaySlack.
const playMargin = 20 * time.Millisecond

// maxWaiting bounds the frames that wait: about two seconds of video.
const maxWaiting = 128

// NewPlayout starts to play what is pushed.
func NewPlayout(s *Source, o PlayoutOptions) *Playout {
	if o.Group == nil {
		o.Group = NewSyncGroup()
	}
	if o.Codecs == nil {
		o.Codecs = codec.Default
	}
	if o.Clock == nil {
		o.Clock = SystemClock
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Playout{
		source: s, group: o.Group, codecs: o.Codecs, clock: o.Clock,
		cancel: cancel, done: make(chan struct{}), bell: make(chan struct{}, 1),
	}
	go func() {
		defer close(p.done)
		if s.kind == Video {
			(&videoPlayout{Playout: p}).run(ctx)
		} else {
			(&audioPlayout{Playout: p}).run(ctx)
		}
	}()
	return p
}

// Push takes a frame that has arrived; it copies what it keeps. Frames come in
// the order in which they are to be decoded. A frame's CaptureTime puts it in
// step with other tracks; without, its arrival does.
func (p *Playout) Push(f *EncodedFrame, arrival time.Time) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	if p.line.rate == 0 {
		if p.line.rate = p.source.Format().Codec.ClockRate; p.line.rate == 0 {
			p.line.rate = 90000
			if p.source.kind == Audio {
				p.line.rate = 48000
			}
		}
	}
	capture := p.line.at(f.Timestamp, f.CaptureTime, arrival)
	need := p.lag.add(arrival.Sub(capture), arrival) + playMargin
	if len(p.queue) >= maxWaiting {
		p.stats.Late += len(p.queue)
		p.queue = nil // the player has fallen hopelessly behind
	}
	a := &arrived{EncodedFrame: f.Clone(), capture: capture, arrival: arrival}
	if a.fec = strings.EqualFold(a.MimeType, codec.Opus) && bitstream.OpusFEC(a.Data); a.fec {
		p.stats.FECReceived++
	}
	p.queue = append(p.queue, a)
	p.group.need(p, need, p.lag.leastEver) // not after leave
	p.mu.Unlock()
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// SetTarget is jitterBufferTarget: how long media are held, as jitterBufferDelay
// counts it, where the network does not call for longer; nil means 0. Values are
// held within 0 and 4 s.
func (p *Playout) SetTarget(d *time.Duration) {
	var v time.Duration
	if d != nil {
		v = max(0, min(4*time.Second, *d))
	}
	p.group.setTarget(p, v)
}

// Stats returns the counters.
func (p *Playout) Stats() PlayoutStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Delay = p.group.Delay()
	return s
}

// Close stops playing and waits until the last frame has been passed on. It
// must not be called from a sink of the source.
func (p *Playout) Close() {
	p.cancel()
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.group.leave(p)
}

// count changes the counters.
func (p *Playout) count(f func(*PlayoutStats)) {
	p.mu.Lock()
	f(&p.stats)
	p.mu.Unlock()
}

// decoded counts a frame.
func (p *Playout) decoded(f *arrived, begin time.Time, err error) {
	now := p.clock.Now()
	took := now.Sub(begin)
	qp, hasQP := bitstream.QP(f.MimeType, f.Data)
	p.count(func(s *PlayoutStats) {
		if err != nil {
			s.Failed++
			return
		}
		s.Decoded++
		s.DecodeTime += took
		s.Processing += max(0, now.Sub(f.arrival))
		if f.KeyFrame {
			s.KeyFrames++
		}
		if hasQP {
			s.QPSum, s.HasQP = s.QPSum+uint64(qp), true
		}
	})
}

// wait waits for a frame to be pushed.
func (p *Playout) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.bell:
		return nil
	}
}

// videoPlayout is the goroutine of a video track.
type videoPlayout struct {
	*Playout
	dec  codec.VideoDecoder
	mime string
}

func (p *videoPlayout) next() *arrived {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil
	}
	f := p.queue[0]
	p.queue = p.queue[1:]
	return f
}

func (p *videoPlayout) run(ctx context.Context) {
	defer func() {
		if p.dec != nil {
			p.dec.Close()
		}
	}()
	var due, arrival time.Time
	var rate rateMeter
	var shown rendering
	emit := func(v *VideoFrame) {
		p.source.WriteVideo(v)
		now := p.clock.Now()
		p.count(func(s *PlayoutStats) {
			s.LastCapture, s.LastDue = v.CaptureTime, due
			s.Width, s.Height = v.Width, v.Height
			p.emitted(1, max(0, due.Sub(arrival)))
			shown.note(&s.PlayoutDetails, now)
			s.FrameRate = rate.rate(v.Timestamp)
		})
	}
	for {
		f := p.next()
		if f == nil {
			if p.wait(ctx) != nil {
				return
			}
			continue
		}
		if !p.decoder(f.MimeType) {
			p.count(func(s *PlayoutStats) { s.Failed++ })
			continue
		}
		due = f.capture.Add(p.group.Delay())
		if p.clock.SleepUntil(ctx, due) != nil {
			return
		}
		f.CaptureTime, arrival = f.capture, f.arrival
		begin := p.clock.Now()
		err := p.dec.Decode(f.EncodedFrame, emit)
		p.decoded(f, begin, err)
		if err != nil {
			p.source.key.request("", p.clock.Now())
		}
	}
}

// decoder has a decoder of the codec ready, if there is one.
func (p *videoPlayout) decoder(mime string) bool {
	if p.mime == mime {
		return p.dec != nil
	}
	if p.dec != nil {
		p.dec.Close()
	}
	p.mime = mime
	var err error
	var name string
	if p.dec, name, err = p.codecs.NewVideoDecoder(Codec{MimeType: mime, ClockRate: 90000}); err != nil {
		p.dec = nil
	}
	p.count(func(s *PlayoutStats) { s.Decoder, s.Err = name, err })
	return p.dec != nil
}
