package media

import (
	"sync"
	"time"
)

// SyncGroup keeps the tracks of one remote stream in step: a sound and a
// picture that were captured together are passed on together. Each track says
// how far its media lag behind their capture at the worst; the group's delay
// is the longest lag, and every frame is due that long after its capture.
//
// Give all Playouts of tracks with one CNAME that share a stream the same
// group; a track alone has a group of its own.
type SyncGroup struct {
	mu     sync.Mutex
	needs  map[*Playout]lags
	target map[*Playout]time.Duration
}

// lags are how far a track's media lag behind their capture: nearly all of
// them at the most, and the fastest.
type lags struct{ most, least time.Duration }

// NewSyncGroup makes an empty group.
func NewSyncGroup() *SyncGroup {
	return &SyncGroup{needs: map[*Playout]lags{}, target: map[*Playout]time.Duration{}}
}

// Delay is how long after its capture a frame of the group is due.
func (g *SyncGroup) Delay() time.Duration {
	delay, _ := g.delays()
	return delay
}

// delays returns Delay, and what it would be without targets.
func (g *SyncGroup) delays() (delay, minimum time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := true
	for p, lag := range g.needs {
		if d := max(lag.most, lag.least+g.target[p]); first || d > delay {
			delay = d
		}
		if first || lag.most > minimum {
			minimum = lag.most
		}
		first = false
	}
	return delay, minimum
}

func (g *SyncGroup) need(p *Playout, most, least time.Duration) {
	g.mu.Lock()
	g.needs[p] = lags{most, least}
	g.mu.Unlock()
}

func (g *SyncGroup) setTarget(p *Playout, d time.Duration) {
	g.mu.Lock()
	g.target[p] = d
	g.mu.Unlock()
}

func (g *SyncGroup) leave(p *Playout) {
	g.mu.Lock()
	delete(g.needs, p)
	delete(g.target, p)
	g.mu.Unlock()
}

// lagMeter finds the lag that nearly all frames keep: the longest of the last
// two windows, so that it rises at once and falls after a while.
type lagMeter struct {
	begun     bool
	window    time.Time
	now, last time.Duration
	haveLast  bool
	leastEver time.Duration
}

const (
	lagWindow = 2 * time.Second
	// maxJitter bounds what one straggler can do to the delay.
	maxJitter = 500 * time.Millisecond
)

func (m *lagMeter) add(lag time.Duration, at time.Time) time.Duration {
	if !m.begun {
		m.begun, m.window, m.now, m.leastEver = true, at, lag, lag
	}
	if at.Sub(m.window) >= lagWindow {
		m.last, m.haveLast, m.window, m.now = m.now, true, at, lag
		m.leastEver = min(lag, m.last)
	}
	m.leastEver = min(m.leastEver, lag)
	m.now = max(m.now, min(lag, m.leastEver+maxJitter))
	if m.haveLast {
		return max(m.now, m.last)
	}
	return m.now
}
