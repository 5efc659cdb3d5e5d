package media

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"trackway/container"
)

// PlayerOptions say how files are played.
type PlayerOptions struct {
	// Loop starts again at the end, without a gap, for ever.
	Loop bool
	// Clock paces the player; nil means SystemClock.
	Clock Clock
	// SourceOptions go to the sources of the tracks.
	SourceOptions []SourceOption
}

// Player plays files of coded media in real time into tracks. The tracks of
// all its files stay in step, over any number of rounds.
//
//	player, err := media.NewPlayer(media.PlayerOptions{Loop: true}, openFile)
//	pc.AddTrack(player.Tracks()[0], player.Stream())
//	player.Start()
type Player struct {
	options PlayerOptions
	inputs  []*input
	tracks  []*Track
	stream  *Stream

	cancel context.CancelFunc
	ctx    context.Context
	start  sync.Once
	done   chan struct{}
	err    error
	users  atomic.Int32 // sources with live tracks
}

// input is one file that is being played.
type input struct {
	open    func() (container.Reader, error)
	reader  container.Reader
	sources []*Source
	infos   []container.Track
	next    container.Packet
	eof     bool
	ends    []time.Duration // of each track's last packet
	starts  []time.Duration // of each track's latest packet
}

// NewPlayer opens files and makes a track for each of theirs. Each function
// opens its file; it is called again for each round of a loop. A reader that
// is an io.Closer is closed when it is no longer needed.
func NewPlayer(o PlayerOptions, open ...func() (container.Reader, error)) (*Player, error) {
	if o.Clock == nil {
		o.Clock = SystemClock
	}
	p := &Player{options: o, done: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for _, f := range open {
		in := &input{open: f}
		p.inputs = append(p.inputs, in) // before it can fail, so that it is closed
		if err := in.reopen(); err != nil {
			p.closeFiles()
			return nil, err
		}
		in.infos = in.reader.Tracks()
		in.ends = make([]time.Duration, len(in.infos))
		in.starts = make([]time.Duration, len(in.infos))
		for _, t := range in.infos {
			s := NewEncodedSource(Codec{MimeType: t.MimeType, ClockRate: t.ClockRate, Channels: rtpChannels(t)}, o.SourceOptions...)
			s.noteSize(t.Width, t.Height)
			s.OnStopped(p.released)
			p.users.Add(1)
			in.sources = append(in.sources, s)
			p.tracks = append(p.tracks, s.NewTrack())
		}
	}
	p.stream = NewStream(p.tracks...)
	return p, nil
}

// rtpChannels is what the codec's rtpmap says: "opus/48000/2" whatever is in
// the stream (RFC 7587 §7).
func rtpChannels(t container.Track) uint16 {
	if t.MimeType == "audio/opus" {
		return 2
	}
	return uint16(t.Channels)
}

// Tracks returns the tracks, file by file in the order of the files.
func (p *Player) Tracks() []*Track { return append([]*Track(nil), p.tracks...) }

// Stream returns a stream of all the tracks.
func (p *Player) Stream() *Stream { return p.stream }

// Start begins to play. It does so once; further calls do nothing.
func (p *Player) Start() { p.start.Do(func() { go p.run() }) }

// Close stops playing, ends the tracks and waits until the files are closed.
func (p *Player) Close() error {
	p.cancel()
	p.start.Do(func() { go p.run() })
	<-p.done
	return nil
}

// Done is closed when the player has played to the end, was closed, or
// failed, or when all its tracks were stopped.
func (p *Player) Done() <-chan struct{} { return p.done }

// Err returns why the player failed, once Done is closed: what a file's
// reader said, or nil.
func (p *Player) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// released is called when all tracks of one source have ended.
func (p *Player) released() {
	if p.users.Add(-1) == 0 {
		p.cancel()
	}
}

func (p *Player) run() {
	defer close(p.done)
	err := p.play()
	if !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
		p.err = err
	}
	p.closeFiles()
	for _, in := range p.inputs {
		for _, s := range in.sources {
			s.End()
		}
	}
}

// maxLag is how far the player may fall behind, as when the machine sleeps,
// before it goes on from there instead of catching up in a burst.
const maxLag = time.Second

func (p *Player) play() error {
	clock := p.options.Clock
	begin := clock.Now()
	var round time.Duration // when this round began, in the time of the file
	frame := new(EncodedFrame)
	for {
		in := p.due()
		if in == nil {
			length := p.length()
			if !p.options.Loop || length <= 0 {
				return clock.SleepUntil(p.ctx, begin.Add(round+length))
			}
			round += length
			for _, in := range p.inputs {
				if err := in.reopen(); err != nil {
					return err
				}
			}
			continue
		}
		at := begin.Add(round + in.next.Time)
		if err := clock.SleepUntil(p.ctx, at); err != nil {
			return err
		}
		if lag := clock.Now().Sub(at); lag > maxLag {
			begin, at = begin.Add(lag), at.Add(lag)
		}
		in.emit(frame, at, round)
		if err := in.advance(); err != nil {
			return err
		}
	}
}

// due returns the input whose next packet is due first, or nil at the end.
func (p *Player) due() *input {
	var first *input
	for _, in := range p.inputs {
		if !in.eof && (first == nil || in.next.Time < first.next.Time) {
			first = in
		}
	}
	return first
}

// length is how long a round lasts: to the end of the longest track. Times in
// WebM are rounded to milliseconds; if the file says how long it is, and means
// the same end, its word is the more exact one.
func (p *Player) length() (d time.Duration) {
	for _, in := range p.inputs {
		for i, end := range in.ends {
			said := in.infos[i].Duration.Round(10 * time.Microsecond)
			if diff := said - end; said > 0 && diff.Abs() <= 2*time.Millisecond {
				end = said
			}
			d = max(d, end)
		}
	}
	return d
}

func (in *input) reopen() error {
	in.close()
	r, err := in.open()
	if err != nil {
		return err
	}
	in.reader, in.eof = r, false
	return in.advance()
}

// advance reads the next packet.
func (in *input) advance() error {
	p, err := in.reader.ReadPacket()
	if errors.Is(err, io.EOF) {
		in.eof = true
		return nil
	}
	in.next = p
	return err
}

// emit writes the packet at hand into its source.
func (in *input) emit(f *EncodedFrame, at time.Time, round time.Duration) {
	p := &in.next
	if p.Track >= len(in.sources) {
		return // the file is another one than at first
	}
	info := &in.infos[p.Track]
	// A track without durations ends one step after its last packet.
	step := p.Duration
	if step == 0 {
		step = max(0, min(p.Time-in.starts[p.Track], time.Second))
	}
	in.starts[p.Track] = p.Time
	in.ends[p.Track] = max(in.ends[p.Track], p.Time+step)
	*f = EncodedFrame{
		MimeType:    info.MimeType,
		Data:        p.Data,
		KeyFrame:    p.KeyFrame,
		Timestamp:   rtpTime(round+p.Time, info.ClockRate),
		CaptureTime: at,
		Duration:    p.Duration,
	}
	if p.KeyFrame {
		f.Width, f.Height = info.Width, info.Height
	}
	in.sources[p.Track].WriteFrame(f) // it has ended only if we ended it
}

// rtpTime converts a time to units of a clock, without overflow for ages.
func rtpTime(d time.Duration, rate uint32) uint32 {
	s, rest := d/time.Second, d%time.Second
	return uint32(int64(s)*int64(rate) + (int64(rest)*int64(rate)+int64(time.Second)/2)/int64(time.Second))
}

func (in *input) close() {
	if c, ok := in.reader.(io.Closer); ok {
		c.Close()
	}
	in.reader = nil
}

func (p *Player) closeFiles() {
	for _, in := range p.inputs {
		in.close()
	}
}
