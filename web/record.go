package web

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trackway/media"
)

// recording writes what one m-section receives to a file.
type recording struct {
	name     string
	file     *os.File
	recorder *media.Recorder
	ended    chan struct{}
	err      error
}

// record begins or ends the recording of what an m-section receives.
func (c *call) record(mid string, on bool) error {
	if c.options.RecordDir == "" {
		return errors.New("recording is off: start the program with --record FOLDER")
	}
	var track *media.Track
	for _, t := range c.pc.GetTransceivers() {
		if t.Mid() == mid && mid != "" {
			track = t.Receiver().Track()
		}
	}
	if track == nil {
		return fmt.Errorf("record: no m-section %q", mid)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.recordings[track]
	switch {
	case on && old != nil:
		return fmt.Errorf("record: %s is being written already", old.name)
	case on:
		r, err := startRecording(c.options.RecordDir, mid, track)
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		c.recordings[track] = r
		c.act("record", r.name)
	case old != nil:
		delete(c.recordings, track)
		go func() {
			if err := old.end(); err != nil {
				c.fail(fmt.Errorf("record: %w", err))
				return
			}
			c.act("recorded", old.name)
		}()
	}
	return nil
}

func startRecording(dir, mid string, track *media.Track) (*recording, error) {
	// A mid is chosen by the other end: keep only what is harmless in a name.
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, mid)
	stamp := time.Now().Format("20060102-150405.000")
	name := fmt.Sprintf("%s-%s-%.16s.webm", stamp, track.Kind(), safe)
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	r := &recording{name: name, file: file, ended: make(chan struct{})}
	r.recorder, err = media.NewRecorder(media.NewStream(track), media.RecorderOptions{Output: file})
	if err == nil {
		r.recorder.OnError(func(err error) { r.err = err })
		r.recorder.OnStop(func() { close(r.ended) })
		err = r.recorder.Start(0)
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name())
		return nil, err
	}
	return r, nil
}

// end completes the file.
func (r *recording) end() error {
	r.recorder.Stop()
	<-r.ended
	return errors.Join(r.err, r.file.Close())
}
