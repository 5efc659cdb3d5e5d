package web

import (
	"sync"

	"trackway/media"
)

// pool lends the tracks of the sources to calls. All calls send the same
// track, so that it is coded and packetised once for all. Only a call that
// sends a source several times needs more tracks: a connection has at most one
// sender for a track (webrtc-pc, addTrack).
type pool struct {
	mu     sync.Mutex
	tracks [][]*media.Track // of each source, its own first and then clones
}

// maxClones bounds how often a call can send one source: each time costs an
// encoder.
const maxClones = 8

func newPool(sources []Source) *pool {
	p := &pool{tracks: make([][]*media.Track, len(sources))}
	for i, s := range sources {
		p.tracks[i] = []*media.Track{s.Track}
	}
	return p
}

// lend returns the first track of source i that is not taken, or nil if there
// are too many.
func (p *pool) lend(i int, taken func(*media.Track) bool) *media.Track {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tracks[i] {
		if !taken(t) {
			return t
		}
	}
	if len(p.tracks[i]) >= maxClones {
		return nil
	}
	t := p.tracks[i][0].Clone()
	p.tracks[i] = append(p.tracks[i], t)
	return t
}

// close ends the clones.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, tracks := range p.tracks {
		for _, t := range tracks[1:] {
			t.Stop()
		}
	}
}
