package webrtc

import (
	"sync"
	"sync/atomic"
	"time"

	"trackway/media"
)

// receiverPlay decodes a receiver's track while somebody takes pictures or
// samples of it. The zero value is ready.
type receiverPlay struct {
	// live is out, for the goroutine that delivers frames.
	live atomic.Pointer[media.Playout]

	// mu guards the rest. Nothing else of the connection is locked under it:
	// demand may change on any goroutine.
	mu  sync.Mutex
	out *media.Playout // nil while nobody wants it
	// closing: the playout before has not ended yet
	closing bool
	group   *media.SyncGroup
	target  *time.Duration
	past    *pastPlayouts // nil before the first has ended
	ended   bool

	// used by the goroutine that delivers frames
	rid    string
	pixels int
	ridAt  time.Time
	asked  time.Time
}

// ridPatience is how long an encoding may pause before another is played.
const ridPatience = time.Second

// follow starts or ends playing as the source's demand is now: calls may come
// in another order than the changes.
func (p *receiverPlay) follow(source *media.Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch raw := source.Demand().Raw && !p.ended; {
	case raw && p.out == nil && !p.closing:
		p.start(source)
	case !raw:
		p.stop(source)
	}
}

// start is called with mu held.
func (p *receiverPlay) start(source *media.Source) {
	p.out = media.NewPlayout(source, media.PlayoutOptions{Group: p.group})
	p.out.SetTarget(p.target)
	p.live.Store(p.out)
}

// stop is called with mu held.
func (p *receiverPlay) stop(source *media.Source) {
	if p.out == nil {
		return
	}
	p.live.Store(nil)
	out := p.out
	p.out, p.closing = nil, true
	past := pastPlayouts(p.past.add(out.Stats()))
	p.past = &past
	// Close waits for the sink that is being called, which may be the one that
	// has just been removed from within. The next playout waits too: one
	// goroutine at a time writes into a source.
	go func() {
		out.Close()
		p.mu.Lock()
		p.closing = false
		p.mu.Unlock()
		p.follow(source)
	}()
}

// end stops playing for good.
func (p *receiverPlay) end(source *media.Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.stop(source)
}

// setGroup puts the track in step with those of the group.
func (p *receiverPlay) setGroup(source *media.Source, group *media.SyncGroup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.group != group {
		p.group = group
		p.stop(source) // and goes on with the new group
	}
}

func (p *receiverPlay) setTarget(target *time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	if p.out != nil {
		p.out.SetTarget(target)
	}
}

// push plays a frame. Of several encodings it is the largest that is played.
// When it ends, push asks for key frames to go on with another.
func (p *receiverPlay) push(f *media.EncodedFrame, arrival time.Time) (needKey bool) {
	out := p.live.Load()
	if out == nil {
		return false
	}
	pixels, over := f.Width*f.Height, arrival.Sub(p.ridAt) > ridPatience
	switch {
	case f.RID == p.rid:
	case f.KeyFrame && (pixels > p.pixels || over):
		p.rid = f.RID
	case over && arrival.Sub(p.asked) > ridPatience:
		p.asked = arrival
		return true
	default:
		return false
	}
	p.ridAt = arrival
	if f.KeyFrame {
		p.pixels = pixels
	}
	out.Push(f, arrival)
	return false
}

// stats is what has been played so far; playing is false while nobody takes
// pictures or samples, and never has.
func (p *receiverPlay) stats() (s media.PlayoutStats, playing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		s = p.past.add(s)
		return s, s.Decoded > 0
	}
	return p.past.add(p.out.Stats()), true
}

// pastPlayouts are the counters of playouts that have ended; nil is none.
type pastPlayouts media.PlayoutStats

// add gives the counters of what came before with those of now.
func (past *pastPlayouts) add(now media.PlayoutStats) media.PlayoutStats {
	if past == nil {
		return now
	}
	now.Decoded += past.Decoded
	now.KeyFrames += past.KeyFrames
	now.Failed += past.Failed
	now.Late += past.Late
	now.Concealed += past.Concealed
	now.Stretched += past.Stretched
	now.Skipped += past.Skipped
	now.Emitted += past.Emitted
	now.Held += past.Held
	now.DecodeTime += past.DecodeTime
	now.Energy += past.Energy
	now.Played += past.Played
	now.PlayoutDetails = now.PlayoutDetails.Add(past.PlayoutDetails)
	if now.LastDue.IsZero() {
		now.LastCapture, now.LastDue = past.LastCapture, past.LastDue
	}
	return now
}

// group is what keeps the tracks of one remote stream in step: those that have
// a stream in common share it. Browsers go by the stream too; whether its tracks
// have one clock, their CNAMEs say, by which the session maps their times to
// this machine's.
func (p *mediaPlane) group(streams []string) *media.SyncGroup {
	if len(streams) == 0 {
		return nil
	}
	if p.groups == nil || len(p.groups) > 4*len(p.lines)+16 { // many streams have gone
		p.groups = map[string]*media.SyncGroup{}
		for _, l := range p.lines {
			if l.config != nil {
				p.join(l.config.RemoteMSIDs, l.transceiver.receiver.media.play.currentGroup())
			}
		}
	}
	for _, id := range streams {
		if g := p.groups[id]; g != nil {
			p.join(streams, g)
			return g
		}
	}
	g := media.NewSyncGroup()
	p.join(streams, g)
	return g
}

// join makes the group that of the streams which have none.
func (p *mediaPlane) join(streams []string, g *media.SyncGroup) {
	for _, id := range streams {
		if p.groups[id] == nil && g != nil {
			p.groups[id] = g
		}
	}
}

func (p *receiverPlay) currentGroup() *media.SyncGroup {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.group
}

// DecodingError says why nobody gets pictures or samples of the receiver's track
// although frames arrive: a NotSupportedError when codec.Default has no decoder
// for what the peer sends. It is nil while all is well, and while nobody takes
// pictures or samples; coded frames and packets need no decoder.
func (r *RTPReceiver) DecodingError() error {
	p := &r.media.play
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return nil
	}
	return p.out.Stats().Err
}
