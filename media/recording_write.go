package media

import (
	"io"
	"slices"
	"time"

	"trackway/codec"
	"trackway/container"
	"trackway/container/webm"
	"trackway/internal/domerr"
)

func privateData(mime string, keyFrame []byte) []byte { return webm.CodecPrivate(mime, keyFrame) }

// open writes the header for the tracks that have begun, and the frames that
// waited for it.
func (run *recording) open() error {
	var infos []container.Track
	var codecs []string
	for _, rt := range run.tracks {
		if rt.ready {
			rt.index = len(infos)
			infos = append(infos, rt.info)
			codecs = append(codecs, rt.mime)
		}
	}
	if len(infos) == 0 {
		return nil
	}
	var err error
	if run.mux, err = run.format.create(run.out, infos); err != nil {
		return err
	}
	waiting := run.waiting
	run.waiting = nil
	slices.SortStableFunc(waiting, func(a, b recItem) int { return a.due.Compare(b.due) })
	run.began = waiting[0].due
	run.recorder.started(describeType(run.format.mime, codecs))
	for _, i := range waiting {
		if err := run.put(i); err != nil {
			return err
		}
	}
	return nil
}

// put writes a frame.
func (run *recording) put(i recItem) error {
	rt := i.track
	if rt.index < 0 {
		return nil
	}
	at := i.due.Sub(run.began)
	// A frame from before the beginning, or from the time that was cut, or a
	// clock that was set back: players want time to advance. Containers count
	// milliseconds, so pictures of a burst are at least one apart.
	at = max(at, 0, rt.last)
	if rt.written && rt.track.Kind() == Video {
		at = max(at, rt.last+time.Millisecond)
	}
	rt.last, rt.written = at, true
	run.position = max(run.position, at)
	err := run.mux.WritePacket(container.Packet{
		Track: rt.index, Time: at, Duration: i.frame.Duration, KeyFrame: i.frame.KeyFrame || rt.track.Kind() == Audio, Data: i.frame.Data,
	})
	if err == nil && run.timeslice > 0 && run.position-run.pieceAt >= run.timeslice {
		err = run.deliver()
	}
	return err
}

// deliver passes on what was written since the last piece.
func (run *recording) deliver() error {
	if run.mux != nil {
		if err := run.mux.Flush(); err != nil {
			return err
		}
	}
	if run.out.external() {
		return nil
	}
	run.recorder.deliver(BlobEvent{Data: run.out.take(), Timecode: run.pieceAt})
	run.pieceAt = run.position
	return nil
}

// finish completes the recording and ends the goroutine.
func (run *recording) finish(err error) {
	run.unobserve()
	for _, rt := range run.tracks {
		rt.remove()
	}
	if err == nil && run.mux == nil && len(run.waiting) > 0 {
		err = run.open()
	}
	if run.mux != nil {
		closing := run.mux.Close
		if run.out.taken {
			closing = run.mux.Flush // what was delivered cannot be patched
		}
		err = firstError(err, closing())
	}
	for _, rt := range run.tracks {
		if rt.video != nil {
			rt.video.Close()
		}
		if rt.audio != nil {
			rt.audio.Close()
		}
	}
	run.recorder.failing(run, err)
	if !run.out.external() {
		run.recorder.deliver(BlobEvent{Data: run.out.take(), Timecode: run.pieceAt})
	}
	run.recorder.stopped(run)
}

// encode codes raw media, with the codecs of the registry.
func (run *recording) encode(i recItem) error {
	rt := i.track
	var failure error
	emit := func(f *EncodedFrame) {
		if failure == nil {
			failure = run.frame(recItem{kind: recFrame, track: rt, frame: f.Clone(), arrival: i.arrival})
		}
	}
	if i.kind == recAudio {
		if rt.audio == nil {
			var err error
			rt.audio, _, err = codec.Default.NewAudioEncoder(Codec{MimeType: rt.mime, ClockRate: 48000, Channels: 2},
				codec.AudioSettings{SampleRate: i.audio.SampleRate, Channels: i.audio.Channels, Bitrate: run.recorder.options.AudioBitsPerSecond})
			if err != nil {
				return err
			}
		}
		return firstError(rt.audio.Encode(i.audio, emit), failure)
	}
	if rt.video == nil {
		var err error
		bitrate := run.recorder.options.VideoBitsPerSecond
		if bitrate == 0 {
			bitrate = 2_500_000
		}
		rt.video, _, err = codec.Default.NewVideoEncoder(Codec{MimeType: rt.mime, ClockRate: 90000},
			codec.VideoSettings{Width: i.video.Width, Height: i.video.Height, Bitrate: bitrate})
		if err != nil {
			return err
		}
	}
	key := rt.needKey || i.arrival.Sub(rt.lastKey) >= rawKeyInterval
	if key {
		rt.lastKey = i.arrival
	}
	return firstError(rt.video.Encode(i.video, key, emit), failure)
}

// recOutput is what the container is written to: the program's writer, or
// memory that is delivered in pieces. Memory can be patched, as long as
// nothing of it was delivered and it is not meant to be.
type recOutput struct {
	to    io.Writer
	live  bool
	buf   []byte
	pos   int
	taken bool
}

func newRecOutput(to io.Writer, live bool) *recOutput { return &recOutput{to: to, live: live} }

func (o *recOutput) external() bool { return o.to != nil }

// Write writes at the position.
func (o *recOutput) Write(b []byte) (int, error) {
	if o.to != nil {
		return o.to.Write(b)
	}
	if grow := o.pos + len(b) - len(o.buf); grow > 0 {
		o.buf = append(o.buf, make([]byte, grow)...)
	}
	n := copy(o.buf[o.pos:], b)
	o.pos += n
	return n, nil
}

// Seek moves the position, where that is possible.
func (o *recOutput) Seek(offset int64, whence int) (int64, error) {
	if s, ok := o.to.(io.Seeker); ok {
		return s.Seek(offset, whence)
	}
	if o.to != nil || o.live || o.taken {
		return 0, domerr.New(domerr.NotSupported, "the recording is delivered as it is made")
	}
	switch whence {
	case io.SeekCurrent:
		offset += int64(o.pos)
	case io.SeekEnd:
		offset += int64(len(o.buf))
	}
	if offset < 0 || offset > int64(len(o.buf)) {
		return 0, io.ErrShortBuffer
	}
	o.pos = int(offset)
	return offset, nil
}

// take returns what was written since the last time.
func (o *recOutput) take() []byte {
	b := o.buf
	o.buf, o.pos, o.taken = nil, 0, true
	return b
}
