package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackway/container/webm"
	"trackway/examples/internal/pagetest"
	"trackway/media"
	"trackway/webrtc"
)

func TestWhatComesIsRecorded(t *testing.T) {
	dir := t.TempDir()
	pc := pagetest.Connection(t)
	speak := pagetest.Speak(t, pc, media.NewStream())
	var ours *webrtc.PeerConnection
	pagetest.Visit(t, pc, "", func(pc *webrtc.PeerConnection, r *http.Request) error {
		ours = pc
		return record(dir)(pc, r)
	})

	// It is recorded until the connection ends; the file is whole then.
	frame := []byte{0xfc, 1, 2, 3}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	began := func() bool {
		names, _ := filepath.Glob(filepath.Join(dir, "*.webm"))
		return len(names) == 1
	}
	for n, timeout := 0, time.After(20*time.Second); n < 25; {
		select {
		case <-tick.C:
			speak(frame)
			if began() {
				n++
			}
		case <-timeout:
			t.Fatal("no file was begun in 20 s")
		}
	}
	if err := ours.Close(); err != nil { // as it does once the page is gone
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.webm"))
	for timeout := time.After(20 * time.Second); ; {
		if n := frames(t, names[0], frame); n >= 10 {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("half a second of sound must be in the file: it has %d frames", frames(t, names[0], frame))
		}
	}
}

// frames counts the frames of the file, which must be those that were sent.
func frames(t *testing.T, name string, want []byte) (n int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := webm.NewReader(f)
	if err != nil {
		return 0 // not yet
	}
	for {
		p, err := r.ReadPacket()
		if err != nil {
			return n
		}
		if !bytes.Equal(p.Data, want) {
			t.Fatalf("frame %d must be recorded as it was sent: %x", n, p.Data)
		}
		n++
	}
}
