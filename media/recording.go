package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"trackway/codec"
	"trackway/container"
	"trackway/internal/bitstream"
	"trackway/internal/domerr"
)

// recording is one run of a Recorder, from Start to stop. Sinks copy what
// comes into a queue, and one goroutine writes it, so that a slow disk holds
// nobody up.
type recording struct {
	recorder  *Recorder
	choosing  bool // the program named no type
	format    recFormat
	allowed   []string
	timeslice time.Duration
	tracks    []*recTrack
	unobserve func()
	paused    atomic.Bool

	mu     sync.Mutex
	queue  []recItem
	bytes  int
	ended  bool // nothing more is taken into the queue
	wakeup chan struct{}
	live   atomic.Int32 // tracks that have not ended

	// Of the goroutine.
	mux      muxer
	out      *recOutput
	waiting  []recItem     // frames until the file can begin
	began    time.Time     // what is time zero in the file
	cut      time.Duration // by pauses so far
	pausedAt time.Time
	pieceAt  time.Duration
	position time.Duration
}

type recKind uint8

const (
	recFrame recKind = iota
	recPacket
	recVideo
	recAudio
	recPause
	recResume
	recRequest
	recStop
)

type recItem struct {
	kind    recKind
	track   *recTrack
	frame   *EncodedFrame
	packet  *RTPPacket
	video   *VideoFrame
	audio   *AudioFrame
	arrival time.Time
	due     time.Time // as if there had been no pause
	err     error
}

// recTrack is one track of a recording.
type recTrack struct {
	track    *Track
	remove   func()
	index    int // in the file; -1 before it begins, or if it is left out
	mime     string
	info     container.Track
	ready    bool
	needKey  bool
	line     timeline
	last     time.Duration // of the latest frame in the file
	written  bool
	lastAsk  time.Time
	unpack   *unpacker // of a track of RTP packets
	video    codec.VideoEncoder
	audio    codec.AudioEncoder
	lastKey  time.Time
	overflow atomic.Bool
	failure  error // of a frame that was put together
}

const (
	// maxQueue bounds what waits for the disk.
	maxQueue = 64 << 20
	// maxWait is how long the file's beginning waits for a track that gives
	// nothing; after that it begins without it.
	maxWait = 3 * time.Second
	// rawKeyInterval is between key frames of video that the recorder encodes.
	rawKeyInterval = 5 * time.Second
)

func newRecording(r *Recorder, tracks []*Track, timeslice time.Duration) (*recording, error) {
	run := &recording{recorder: r, timeslice: timeslice, wakeup: make(chan struct{}, 1)}
	var codecs []string
	for _, t := range tracks {
		rt := &recTrack{track: t, index: -1, needKey: t.Kind() == Video}
		switch f := t.Format(); f.Form {
		case RTP:
			if !run.unpackInto(rt, f.Codec) {
				return nil, domerr.New(domerr.NotSupported, "packets of %s cannot be put together to frames", f.Codec.MimeType)
			}
			rt.mime = canonical(f.Codec.MimeType)
		case Raw:
			rt.mime = codec.VP8
			if t.Kind() == Audio {
				rt.mime = codec.Opus
			}
		case Encoded:
			rt.mime = canonical(f.Codec.MimeType)
		}
		if rt.mime != "" {
			codecs = append(codecs, rt.mime)
		}
		run.tracks = append(run.tracks, rt)
	}
	name := r.options.MimeType
	if run.choosing = name == ""; run.choosing {
		name = chooseType(run.tracks)
	}
	run.format, run.allowed, _ = parseType(name)
	for _, c := range codecs {
		if !slices.Contains(run.allowed, c) {
			return nil, cannotHold(name, c)
		}
	}
	if run.format.single && len(tracks) > 1 {
		return nil, domerr.New(domerr.NotSupported, "%s holds one track, and the stream has %d", run.format.mime, len(tracks))
	}
	for _, rt := range run.tracks {
		if rt.track.Format().Form == Raw && !codec.Default.Encodes(Codec{MimeType: rt.mime}) {
			return nil, domerr.New(domerr.NotSupported, "no encoder for raw %s: import trackway/codec/all", rt.track.Kind())
		}
	}
	run.out = newRecOutput(r.options.Output, timeslice > 0)
	return run, nil
}

// begin connects the tracks and starts to write.
func (run *recording) begin() {
	run.live.Store(int32(len(run.tracks)))
	run.unobserve = run.recorder.stream.observe(func() {
		// "If at any point, a track is added to or removed from stream's track
		// set, the UA MUST … fire an error event named InvalidModificationError".
		run.stop(domerr.New(domerr.InvalidModification, "the stream's tracks changed while it was recorded"))
	})
	for _, rt := range run.tracks {
		rt.remove = rt.track.AddSink(&Sink{
			Encoded: func(f *EncodedFrame) { run.takeFrame(rt, f) },
			RTP:     onlyPackets(rt, func(p *RTPPacket) { run.takePacket(rt, p) }),
			Video:   onlyRaw(rt, func(f *VideoFrame) { run.takeVideo(rt, f) }),
			Audio:   onlyRaw(rt, func(f *AudioFrame) { run.takeAudio(rt, f) }),
			Ended: func() {
				if run.live.Add(-1) == 0 {
					run.stop(nil)
				}
			},
		})
		rt.track.RequestKeyFrame()
	}
	go run.write()
}

// onlyPackets keeps the recorder from asking a remote track for packets, which
// gives frames too.
func onlyPackets(rt *recTrack, f func(*RTPPacket)) func(*RTPPacket) {
	if rt.unpack == nil {
		return nil
	}
	return f
}

// onlyRaw keeps the recorder from asking a remote track for decoded media.
func onlyRaw[F any](rt *recTrack, f func(F)) func(F) {
	if rt.track.Format().Form != Raw {
		return nil
	}
	return f
}

func (run *recording) takeFrame(rt *recTrack, f *EncodedFrame) {
	if !run.paused.Load() {
		run.postMedia(recItem{kind: recFrame, track: rt, frame: f, arrival: time.Now()}, len(f.Data))
	}
}

func (run *recording) takePacket(rt *recTrack, p *RTPPacket) {
	if !run.paused.Load() {
		run.postMedia(recItem{kind: recPacket, track: rt, packet: p, arrival: time.Now()}, len(p.Payload))
	}
}

func (run *recording) takeVideo(rt *recTrack, f *VideoFrame) {
	if !run.paused.Load() {
		run.postMedia(recItem{kind: recVideo, track: rt, video: f, arrival: time.Now()}, len(f.Y)*3/2)
	}
}

func (run *recording) takeAudio(rt *recTrack, f *AudioFrame) {
	if !run.paused.Load() {
		run.postMedia(recItem{kind: recAudio, track: rt, audio: f, arrival: time.Now()}, len(f.Samples)*2)
	}
}

// postMedia copies media into the queue, or drops it if too much waits.
func (run *recording) postMedia(i recItem, size int) {
	run.mu.Lock()
	if run.ended {
		run.mu.Unlock()
		return
	}
	if run.bytes+size > maxQueue {
		run.mu.Unlock()
		i.track.overflow.Store(true)
		return
	}
	run.bytes += size
	switch i.kind {
	case recFrame:
		i.frame = i.frame.Clone()
	case recPacket:
		p := *i.packet
		p.Payload = slices.Clone(p.Payload)
		i.packet = &p
	case recVideo:
		i.video = i.video.Clone()
	case recAudio:
		i.audio = i.audio.Clone()
	}
	run.queue = append(run.queue, i)
	run.mu.Unlock()
	run.wake()
}

func (run *recording) post(i recItem) {
	run.mu.Lock()
	if !run.ended {
		i.arrival = time.Now()
		run.queue = append(run.queue, i)
		run.ended = i.kind == recStop
	}
	run.mu.Unlock()
	run.wake()
}

func (run *recording) wake() {
	select {
	case run.wakeup <- struct{}{}:
	default:
	}
}

func (run *recording) stop(err error) { run.post(recItem{kind: recStop, err: err}) }

func (run *recording) setPaused(paused bool) {
	kind := recResume
	if paused {
		kind = recPause
	}
	run.post(recItem{kind: kind})
	run.paused.Store(paused)
}

// write is the goroutine.
func (run *recording) write() {
	var failure error
	for range run.wakeup {
		run.mu.Lock()
		items := run.queue
		run.queue, run.bytes = nil, 0
		run.mu.Unlock()
		for _, i := range items {
			if i.kind == recStop {
				run.finish(firstError(failure, i.err))
				return
			}
			if failure == nil {
				if failure = run.handle(i); failure != nil {
					run.stop(nil)
				}
			}
		}
	}
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (run *recording) handle(i recItem) error {
	switch i.kind {
	case recPause:
		run.pausedAt = i.arrival
	case recResume:
		paused := i.arrival.Sub(run.pausedAt)
		run.pausedAt = time.Time{}
		run.cut += paused
		for k := range run.waiting { // the pause is no waiting
			run.waiting[k].arrival = run.waiting[k].arrival.Add(paused)
		}
		for _, rt := range run.tracks {
			if rt.needKey = rt.track.Kind() == Video; rt.needKey {
				rt.track.RequestKeyFrame()
			}
		}
	case recRequest:
		return run.deliver()
	case recVideo, recAudio:
		return run.encode(i)
	case recFrame:
		return run.frame(i)
	case recPacket:
		i.track.unpack.push(i.packet, i.arrival)
		return i.track.failure
	}
	return nil
}

// unpackInto prepares a track of packets; false if its codec's are not known.
func (run *recording) unpackInto(rt *recTrack, c Codec) bool {
	rt.unpack = newUnpacker(c, func(f *EncodedFrame) {
		if rt.failure == nil {
			rt.failure = run.frame(recItem{kind: recFrame, track: rt, frame: f.Clone(), arrival: rt.unpack.now})
		}
	}, rt.track.RequestKeyFrame)
	return rt.unpack != nil
}

// frame takes a coded frame: it waits for key frames, and for the file to begin.
func (run *recording) frame(i recItem) error {
	rt, f := i.track, i.frame
	mime := canonical(f.MimeType)
	if rt.mime == "" {
		rt.mime = mime
		if run.choosing && run.mux == nil {
			run.format, run.allowed, _ = parseType(chooseType(run.tracks))
		}
		// A file that has begun does without the track, whatever its codec.
		if run.mux == nil && !slices.Contains(run.allowed, mime) {
			return cannotHold(run.format.mime, mime)
		}
	}
	if mime != rt.mime {
		return domerr.New(domerr.InvalidModification, "the track's codec changed from %s to %s", rt.mime, mime)
	}
	if rt.line.rate == 0 {
		rt.line.rate = clockRate(rt)
	}
	i.due = rt.line.at(f.Timestamp, f.CaptureTime, i.arrival)
	if !run.pausedAt.IsZero() && i.due.After(run.pausedAt) {
		return nil
	}
	i.due = i.due.Add(-run.cut)
	if !rt.admit(i) {
		return nil
	}
	if !rt.ready {
		rt.describe(f)
	}
	if run.mux == nil {
		run.waiting = append(run.waiting, i)
		if !run.mayBegin(i.arrival) {
			return nil
		}
		return run.open()
	}
	return run.put(i)
}

func clockRate(rt *recTrack) uint32 {
	if c := rt.track.Format().Codec; c.ClockRate != 0 {
		return c.ClockRate
	}
	if rt.track.Kind() == Video {
		return 90000
	}
	return 48000
}

// admit keeps out video that cannot be decoded because something before it is
// missing, until a key frame comes.
func (rt *recTrack) admit(i recItem) bool {
	if rt.track.Kind() != Video {
		return true
	}
	if i.frame.Corrupt || rt.overflow.Swap(false) {
		rt.needKey = true
	}
	if rt.needKey && (!i.frame.KeyFrame || i.frame.Corrupt) {
		if i.arrival.Sub(rt.lastAsk) > time.Second {
			rt.lastAsk = i.arrival
			rt.track.RequestKeyFrame()
		}
		return false
	}
	rt.needKey = false
	return true
}

// describe learns from the first frame what the file says of the track.
func (rt *recTrack) describe(f *EncodedFrame) {
	c := rt.track.Format().Codec
	rt.info = container.Track{MimeType: rt.mime, ClockRate: clockRate(rt), Width: f.Width, Height: f.Height}
	if rt.track.Kind() == Audio {
		rt.info.SampleRate, rt.info.Channels = 48000, max(1, int(c.Channels))
		rt.ready = true
		return
	}
	if info := bitstream.Inspect(rt.mime, f.Data); info.Width > 0 {
		rt.info.Width, rt.info.Height = info.Width, info.Height
	}
	rt.info.Private = privateData(rt.mime, f.Data)
	needs := rt.mime == codec.H264 || rt.mime == codec.AV1
	rt.ready = !needs || rt.info.Private != nil
}

func (run *recording) mayBegin(now time.Time) bool {
	all := true
	for _, rt := range run.tracks {
		all = all && (rt.ready || rt.track.ReadyState() == Ended)
	}
	return all || now.Sub(run.waiting[0].arrival) > maxWait
}
