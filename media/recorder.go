package media

import (
	"io"
	"slices"
	"sync"
	"time"

	"trackway/internal/domerr"
)

// RecordingState is the state of a Recorder.
type RecordingState string

// The states of a recorder.
const (
	RecorderInactive RecordingState = "inactive"
	Recording        RecordingState = "recording"
	RecorderPaused   RecordingState = "paused"
)

// RecorderOptions are MediaRecorderOptions, and where the recording goes.
type RecorderOptions struct {
	// MimeType names the container and perhaps codecs, as
	// "video/webm;codecs=vp8,opus". Empty means what fits the tracks.
	// See IsTypeSupported.
	MimeType string
	// VideoBitsPerSecond and AudioBitsPerSecond are for raw tracks, which the
	// recorder encodes; coded tracks are recorded as they are.
	VideoBitsPerSecond, AudioBitsPerSecond int
	// Output takes the recording instead of dataavailable events. If it is an
	// io.WriteSeeker, such as a file, the recording is completed at the end
	// with its duration and an index.
	Output io.Writer
	// Loop is where the events run; nil means the process's own loop.
	Loop Loop
}

// BlobEvent is the event of dataavailable.
type BlobEvent struct {
	// Data is a piece of the recording; the pieces joined are the file.
	Data []byte
	// Timecode is when the piece's first frame was due, counted from that of
	// the first piece.
	Timecode time.Duration
}

// Recorder is MediaRecorder: it writes the tracks of a stream to WebM,
// Matroska, Ogg or IVF. Coded media, in frames or packets, is recorded without
// transcoding. Video begins, and after a loss goes on, with a key frame, which
// the recorder asks for; a picture that changes its size is recorded as it
// comes.
//
// Without Start's timeslice and without Output, the recording is kept in
// memory until it is stopped, and is then complete with duration and index.
// https://w3c.github.io/mediacapture-record/
type Recorder struct {
	stream  *Stream
	options RecorderOptions
	loop    Loop

	mu       sync.Mutex
	state    RecordingState
	mimeType string
	run      *recording
	on       struct {
		start, stop, pause, resume func()
		data                       func(BlobEvent)
		err                        func(error)
	}
}

// NewRecorder is MediaRecorder's constructor. The error is a NotSupportedError.
func NewRecorder(stream *Stream, o RecorderOptions) (*Recorder, error) {
	if o.MimeType != "" && !IsTypeSupported(o.MimeType) {
		return nil, domerr.New(domerr.NotSupported, "cannot record %q; see IsTypeSupported", o.MimeType)
	}
	r := &Recorder{stream: stream, options: o, loop: o.Loop, state: RecorderInactive, mimeType: o.MimeType}
	if r.loop == nil {
		r.loop = processLoop
	}
	return r, nil
}

// Stream is the stream that is recorded.
func (r *Recorder) Stream() *Stream { return r.stream }

// State is the state attribute.
func (r *Recorder) State() RecordingState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// MimeType is what is written: as asked for, and from the start event on with
// the codecs that are in it.
func (r *Recorder) MimeType() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mimeType
}

// OnStart sets the handler of the start event, which fires when recording has begun; nil removes it.
func (r *Recorder) OnStart(f func()) { r.set(func() { r.on.start = f }) }

// OnStop sets the handler of the stop event, the last of a recording; nil removes it.
func (r *Recorder) OnStop(f func()) { r.set(func() { r.on.stop = f }) }

// OnPause sets the handler of the pause event; nil removes it.
func (r *Recorder) OnPause(f func()) { r.set(func() { r.on.pause = f }) }

// OnResume sets the handler of the resume event; nil removes it.
func (r *Recorder) OnResume(f func()) { r.set(func() { r.on.resume = f }) }

// OnDataAvailable sets the handler of the dataavailable event; nil removes it.
func (r *Recorder) OnDataAvailable(f func(BlobEvent)) { r.set(func() { r.on.data = f }) }

// OnError sets the handler of the error event, after which the recording
// stops; nil removes it.
func (r *Recorder) OnError(f func(error)) { r.set(func() { r.on.err = f }) }

func (r *Recorder) set(assign func()) {
	r.mu.Lock()
	assign()
	r.mu.Unlock()
}

// Start begins to record the tracks that the stream has now. With a timeslice
// the recording is delivered in pieces that last at least so long.
//
// The error is an InvalidStateError unless the recorder is inactive, or a
// NotSupportedError if the stream has no live track or a track cannot be
// recorded in the chosen format.
func (r *Recorder) Start(timeslice time.Duration) error {
	run, err := r.prepare(timeslice)
	if err != nil {
		return err
	}
	run.begin()
	return nil
}

func (r *Recorder) prepare(timeslice time.Duration) (*recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != RecorderInactive {
		return nil, domerr.New(domerr.InvalidState, "the recorder is %s", r.state)
	}
	tracks := slices.DeleteFunc(r.stream.GetTracks(), func(t *Track) bool { return t.ReadyState() == Ended })
	if len(tracks) == 0 {
		return nil, domerr.New(domerr.NotSupported, "the stream has no live track")
	}
	run, err := newRecording(r, tracks, timeslice)
	if err == nil {
		r.run, r.state = run, Recording
	}
	return run, err
}

// Stop ends the recording: dataavailable with what is left, and stop, follow
// in a task. On an inactive recorder it does nothing.
func (r *Recorder) Stop() {
	r.mu.Lock()
	run := r.run
	r.inactivate()
	r.mu.Unlock()
	if run != nil {
		run.stop(nil)
	}
}

// inactivate is called with mu held.
func (r *Recorder) inactivate() { r.state, r.run = RecorderInactive, nil }

// Pause stops taking media in until Resume; the time between is not in the
// recording. The error is an InvalidStateError on an inactive recorder.
func (r *Recorder) Pause() error { return r.pause(true) }

// Resume goes on after Pause. The error is an InvalidStateError on an
// inactive recorder.
func (r *Recorder) Resume() error { return r.pause(false) }

func (r *Recorder) pause(pause bool) error {
	to := Recording
	if pause {
		to = RecorderPaused
	}
	r.mu.Lock()
	if r.state == RecorderInactive {
		r.mu.Unlock()
		return domerr.New(domerr.InvalidState, "the recorder is inactive")
	}
	if r.state == to {
		r.mu.Unlock()
		return nil
	}
	r.state = to
	run := r.run
	r.mu.Unlock()
	run.setPaused(pause)
	r.loop.Post(func() {
		r.mu.Lock()
		f := r.on.resume
		if pause {
			f = r.on.pause
		}
		r.mu.Unlock()
		if f != nil {
			f()
		}
	})
	return nil
}

// RequestData has a dataavailable event deliver what was recorded since the
// last. The error is an InvalidStateError on an inactive recorder.
func (r *Recorder) RequestData() error {
	r.mu.Lock()
	run := r.run
	r.mu.Unlock()
	if run == nil {
		return domerr.New(domerr.InvalidState, "the recorder is inactive")
	}
	run.post(recItem{kind: recRequest})
	return nil
}

// started is called by a recording once it knows its codecs.
func (r *Recorder) started(mimeType string) {
	r.loop.Post(func() {
		r.mu.Lock()
		r.mimeType = mimeType
		f := r.on.start
		r.mu.Unlock()
		if f != nil {
			f()
		}
	})
}

// deliver is called by a recording with each piece.
func (r *Recorder) deliver(e BlobEvent) {
	r.loop.Post(func() {
		r.mu.Lock()
		f := r.on.data
		r.mu.Unlock()
		if f != nil {
			f(e)
		}
	})
}

// failing is called by a recording that cannot go on.
func (r *Recorder) failing(run *recording, err error) {
	r.loop.Post(func() {
		r.mu.Lock()
		if r.run == run {
			r.inactivate()
		}
		f := r.on.err
		r.mu.Unlock()
		if err != nil && f != nil {
			f(err)
		}
	})
}

// stopped is called by a recording after its last piece.
func (r *Recorder) stopped(run *recording) {
	r.loop.Post(func() {
		r.mu.Lock()
		if r.run == run {
			r.inactivate()
		}
		f := r.on.stop
		r.mu.Unlock()
		if f != nil {
			f()
		}
	})
}
