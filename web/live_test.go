package web

import (
	"crypto/sha256"
	"sync"
	"testing"

	"trackway/media"
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
