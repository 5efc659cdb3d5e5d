package media

import (
	"context"
	"math"
	"time"

	"trackway/codec"
	"trackway/codec/pcm"
)

// audioPlayout is the goroutine of an audio track. Sound leaves it without a
// pause from the first frame on: what is missing when it is due is concealed.
type audioPlayout struct {
	*Playout
	dec    codec.AudioDecoder
	mime   string
	rate   uint32 // of the codec's RTP clock
	step   time.Duration
	next   uint32    // RTP timestamp of the sound that is due next
	at     time.Time // when it is due
	line   time.Time // when next was captured
	out    uint32    // timestamp of the samples that leave
	idle   time.Duration
	slack  time.Duration // how long the buffer has been fuller than need be
	silent bool

	stretcher pcm.Stretcher
	change    int           // 1 to lengthen the next frame, -1 to shorten it
	unlike    time.Duration // how long there has been no good place for that
	// lost: what was due last was concealed; concealing: write is given what
	// makes up for it
	lost, concealing bool

	sampleRate int // of the samples that leave
}

const (
	// delaySlack is how far the buffer may be from the group's delay before
	// sound is stretched or skipped: with the codec's own delay, sound stays
	// within 20 ms of the picture.
	delaySlack = 10 * time.Millisecond
	// skipPatience is how long it must have been too full.
	skipPatience = 500 * time.Millisecond
	// maxStretch is the largest difference that stretching makes up for; from
	// there on, sound is left out or made up.
	maxStretch = 500 * time.Millisecond
	// unlikePatience is how long a good place for it is looked for.
	unlikePatience = 100 * time.Millisecond
	// maxIdle is how long loss is concealed before the player waits for the
	// stream to begin again.
	maxIdle = 2 * time.Second
)

func (p *audioPlayout) run(ctx context.Context) {
	defer func() {
		if p.dec != nil {
			p.dec.Close()
		}
	}()
	for {
		f := p.begin(ctx)
		if f == nil {
			return
		}
		if p.play(ctx) != nil {
			return
		}
	}
}

// begin waits for a frame that can be decoded and makes it the next one due.
func (p *audioPlayout) begin(ctx context.Context) *arrived {
	for {
		p.mu.Lock()
		for len(p.queue) > 0 {
			f := p.queue[0]
			if p.decoder(f.MimeType) {
				p.next, p.line, p.idle, p.slack = f.Timestamp, f.capture, 0, 0
				p.step = 20 * time.Millisecond
				p.mu.Unlock()
				p.at = p.line.Add(p.group.Delay())
				return f
			}
			p.queue = p.queue[1:]
			p.stats.Failed++
		}
		p.mu.Unlock()
		if p.wait(ctx) != nil {
			return nil
		}
	}
}

// decoder has a decoder of the codec ready, if there is one; it is called with
// mu held.
func (p *audioPlayout) decoder(mime string) bool {
	if p.mime == mime {
		return p.dec != nil
	}
	if p.dec != nil {
		p.dec.Close()
	}
	c := p.source.Format().Codec
	if !c.Is(mime) {
		c = Codec{MimeType: mime}
	}
	p.mime, p.rate = mime, c.ClockRate
	if p.rate == 0 {
		p.rate = 48000
	}
	var err error
	if p.dec, p.stats.Decoder, err = p.codecs.NewAudioDecoder(c); err != nil {
		p.dec = nil
	}
	p.stats.Err = err
	return p.dec != nil
}

// play passes on one stretch of sound after the other, each when it is due,
// until nothing has come for long.
func (p *audioPlayout) play(ctx context.Context) error {
	for p.idle < maxIdle {
		if err := p.clock.SleepUntil(ctx, p.at); err != nil {
			return err
		}
		p.adapt()
		f, after := p.take()
		switch {
		case f != nil:
			p.idle = 0
			begin := p.clock.Now()
			p.line = f.capture // which sender reports may have corrected
			err := p.dec.Decode(f.EncodedFrame, p.pass)
			p.decoded(f, begin, err)
			if err == nil {
				p.count(func(s *PlayoutStats) {
					p.emitted(int(p.step*time.Duration(p.sampleRate)/time.Second), max(0, p.at.Sub(f.arrival)))
					if f.fec && !f.used {
						s.FECDiscarded++
					}
				})
				p.lost = false
			} else {
				p.replace(nil)
			}
			p.next = f.Timestamp + p.ticks(p.step)
		default:
			p.idle += p.step
			p.replace(after)
			p.next += p.ticks(p.step)
		}
		p.at = p.at.Add(p.step)
		p.line = p.line.Add(p.step)
	}
	return nil
}

// replace makes up for a stretch of sound that is missing when it is due.
func (p *audioPlayout) replace(after *arrived) {
	p.count(func(s *PlayoutStats) {
		s.Concealed += p.step
		if !p.lost {
			s.ConcealmentEvents++
		}
		if after != nil {
			after.used = true
		}
	})
	p.lost, p.concealing = true, true
	p.conceal(p.step, after)
	p.concealing = false
}

// adapt decides how the next stretch of sound follows the group's delay: it is
// made longer when there should be more in store, and shorter when there has
// been more than needed for a while, sooner in silence. A gap that would take
// seconds to make up for so is jumped over.
func (p *audioPlayout) adapt() {
	diff := p.line.Add(p.group.Delay()).Sub(p.at)
	p.change = 0
	switch {
	case diff > maxIdle: // the clocks were set anew
		p.slack = 0
	case diff > maxStretch || diff > delaySlack && !p.waiting():
		// What is due has not come, and may yet: it is waited for.
		p.slack = 0
		p.replaceEarly()
	case diff > delaySlack:
		p.slack, p.change = 0, 1
	case diff < -maxStretch:
		if f, _ := p.take(); f != nil {
			// It is decoded, so that the decoder's state goes on.
			_ = p.dec.Decode(f.EncodedFrame, func(*AudioFrame) {})
		}
		p.count(func(s *PlayoutStats) { s.Skipped += p.step })
		p.next += p.ticks(p.step)
		p.line = p.line.Add(p.step)
	case diff < -delaySlack:
		if p.slack += p.step; p.slack >= skipPatience || p.silent && p.slack >= 2*p.step {
			p.change = -1
		}
	default:
		p.slack, p.unlike = 0, 0
	}
}

// replaceEarly makes up for sound before that which is due, until the delay is
// right or what is due is there.
func (p *audioPlayout) replaceEarly() {
	next := p.next
	p.replace(nil)
	p.next = next
	p.at = p.at.Add(p.step)
}

// waiting reports whether what is due next has come.
func (p *audioPlayout) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.queue {
		if ahead := int32(f.Timestamp - p.next); ahead >= 0 {
			return ahead < int32(p.ticks(p.step))
		}
	}
	return false
}

// stretch changes the length of decoded sound as adapt has decided. Where no
// seam would be good it waits for a better place, for unlikePatience.
func (p *audioPlayout) stretch(f *AudioFrame) *AudioFrame {
	force := p.unlike >= unlikePatience
	var by time.Duration
	switch {
	case p.change > 0:
		f, by = p.stretcher.Lengthen(f, force)
		p.count(func(s *PlayoutStats) { s.Stretched += by })
		p.at = p.at.Add(by)
	case p.change < 0:
		f, by = p.stretcher.Shorten(f, force)
		p.count(func(s *PlayoutStats) { s.Skipped += by })
		p.at = p.at.Add(-by)
	default:
		return f
	}
	if by == 0 {
		p.unlike += p.step
	} else {
		p.unlike = 0
	}
	return f
}

func (p *audioPlayout) ticks(d time.Duration) uint32 {
	return uint32(d * time.Duration(p.rate) / time.Second)
}

// take returns the frame that is due, or else the one after the gap if it is
// the very next, whose in-band FEC may help.
func (p *audioPlayout) take() (f, after *arrived) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 {
		head := p.queue[0]
		ahead := int32(head.Timestamp - p.next)
		jump := int32(p.ticks(maxIdle))
		switch {
		case ahead < -jump || ahead > jump:
			// The sender began to count anew.
			p.next, p.line = head.Timestamp, head.capture
			continue
		case ahead < 0:
			p.stats.Late++
			p.queue = p.queue[1:]
			continue
		case head.MimeType != p.mime:
			p.queue = p.queue[1:]
			if p.decoder(head.MimeType) {
				return head, nil
			}
			p.stats.Failed++
			continue
		case ahead < int32(p.ticks(p.step)):
			p.queue = p.queue[1:]
			return head, nil
		case ahead == int32(p.ticks(p.step)):
			return nil, head
		}
		return nil, nil
	}
	return nil, nil
}

func (p *audioPlayout) conceal(d time.Duration, after *arrived) {
	var next *EncodedFrame
	if after != nil {
		next = after.EncodedFrame
	}
	_ = p.dec.Conceal(d, next, func(f *AudioFrame) { p.write(f) })
}

// pass takes decoded sound, whose length is the stream's step from now on.
func (p *audioPlayout) pass(f *AudioFrame) {
	if d := f.Duration(); d > 0 {
		p.step = d
	}
	p.silent = true
	for _, v := range f.Samples {
		if v > 300 || v < -300 {
			p.silent = false
			break
		}
	}
	due := p.at
	p.write(p.stretch(f))
	p.count(func(s *PlayoutStats) { s.LastCapture, s.LastDue = p.line, due })
}

func (p *audioPlayout) write(f *AudioFrame) {
	f.Timestamp, f.CaptureTime = p.out, p.line
	p.sampleRate = f.SampleRate
	p.measure(f)
	p.out += uint32(len(f.Samples) / max(1, f.Channels))
	p.source.WriteAudio(f)
}

// measure takes note of the loudness.
func (p *audioPlayout) measure(f *AudioFrame) {
	sum := 0.0
	for _, v := range f.Samples {
		sum += float64(v) * float64(v)
	}
	mean := sum / float64(max(1, len(f.Samples))) / (32767 * 32767)
	d := f.Duration()
	late := max(0, p.clock.Now().Sub(p.at)).Seconds()
	p.count(func(s *PlayoutStats) {
		n := len(f.Samples) / max(1, f.Channels)
		s.Samples += uint64(n)
		s.PlayoutDelay += late * float64(n)
		if p.concealing && mean < inaudible {
			s.SilentConcealed += d
		}
		s.Level = math.Sqrt(mean)
		s.Energy += mean * d.Seconds()
		s.Played += d
	})
}
