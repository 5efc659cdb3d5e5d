package web

import (
	"bytes"
	"crypto/sha256"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"trackway/media"
	"trackway/signaling"
)

// What a track is coded to is the same in two calls only if one encoder made
// it: two that began at different times would predict from different pictures.
func TestViewersShareOneEncoding(t *testing.T) {
	o := Options{Sources: sources(t), Engine: engine}
	s := newTestServer(t, o)
	var mu sync.Mutex
	var seen [2]map[[32]byte]bool
	var pages [2]*page
	for i := range pages {
		p := openAt(t, s)
		pages[i] = p
		p.ask(command{Op: "add", Source: "0", Streams: []string{"A"}})
		p.until("the track", func() bool { return len(p.tracks) == 1 })
		seen[i] = map[[32]byte]bool{}
		p.mu.Lock()
		track := p.tracks[0].Track
		p.mu.Unlock()
		t.Cleanup(track.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
			mu.Lock()
			defer mu.Unlock()
			if !f.KeyFrame {
				seen[i][sha256.Sum256(f.Data)] = true
			}
		}}))
		p.until("its frames", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(seen[i]) > 5
		})
	}
	common := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for h := range seen[1] {
			if seen[0][h] {
				n++
			}
		}
		return n
	}
	pages[1].until("the same frames in both calls", func() bool { return common() > 20 })
	if n := len(seen[1]); common() < n/2 {
		t.Errorf("%d of %d frames are the same in both calls; all viewers must share one encoder", common(), n)
	}

	// A second sender of the same source is a track of its own.
	p := pages[1]
	p.ask(command{Op: "add", Source: "0"})
	p.until("the second track", func() bool { return len(p.tracks) == 2 })
	for range maxClones - 1 {
		p.ask(command{Op: "add", Source: "0"})
	}
	p.until("the bound", func() bool { return len(p.failures) == 1 && len(p.state.Senders) == maxClones })
}

// What the program offers at once must not reach the page before the greeting,
// by which the page knows how to take it.
func TestTheGreetingComesFirst(t *testing.T) {
	list := sources(t)
	for range 20 {
		s := newTestServer(t, Options{Sources: list, Start: true, Engine: engine})
		h := httptest.NewServer(s)
		pipe, err := signaling.DialWebSocket(t.Context(), "ws"+strings.TrimPrefix(h.URL, "http")+"/call", nil)
		if err != nil {
			t.Fatal(err)
		}
		first, err := pipe.Receive(t.Context())
		if err != nil || !bytes.Contains(first, []byte(`"hello"`)) {
			t.Errorf("the first message must be the greeting: %.80s, %v", first, err)
		}
		for offered := false; !offered; {
			m, err := pipe.Receive(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			offered = bytes.Contains(m, []byte(`"description"`))
			if n := bytes.Count(m, []byte(`\r\nm=`)); offered && n != 2 {
				t.Errorf("the program must offer what is not for later, a picture and a sound: %s", m)
			}
		}
		_ = pipe.Close("")
		h.CloseClientConnections()
		h.Close()
	}
}
