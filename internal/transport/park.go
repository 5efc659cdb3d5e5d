package transport

import (
	"net/netip"
	"slices"
	"time"

	"github.com/pion/ice/v4"
)

// checkLife is how long a pair is checked before it has failed: as long as a
// transaction with 7 requests and a first timeout of 250 ms lasts (RFC 8445
// 14.3, RFC 8489 6.2.1). It is the PAC timer of RFC 8863 as well.
const checkLife = 19750 * time.Millisecond

// ice is the agent, or nil when it was parked or has failed.
func (g *generation) ice() *ice.Agent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.agent
}

// parkable reports whether the selected pair leaves through a socket of ours,
// which reads without an agent. The caller holds mu.
func (g *generation) parkable() *muxConn {
	if g.closed || g.agent == nil || g.path == nil {
		return nil
	}
	for _, m := range g.muxes {
		if m.s.conn == g.path.conn {
			return m
		}
	}
	return nil
}

// park has a consent do the agent's work: an agent costs several goroutines,
// tens of kilobytes, and wakes up every other second.
func (g *generation) park() {
	g.mu.Lock()
	m, agent := g.parkable(), g.agent
	if m == nil {
		g.mu.Unlock()
		return
	}
	g.wg.Add(1)
	defer g.wg.Done()
	g.mu.Unlock()

	var s Stats
	g.agentStats(agent, &s, g.t.path.Load())

	g.mu.Lock()
	m = g.parkable()
	if m == nil {
		g.mu.Unlock()
		return
	}
	var count PairStats
	if l, r, ok := find(&s, g.path.pair); ok {
		for _, p := range s.Pairs {
			if p.Local == l && p.Remote == r {
				count = p
			}
		}
	}
	k := newConsent(g, g.path, m, count)
	g.consent, g.frozen = k, &s
	g.agent, g.conn = nil, nil
	muxes := g.muxes
	g.mu.Unlock()

	for _, m := range muxes {
		m.park(k)
	}
	_ = agent.Close()
	k.start()
}

// pathVia is the path to an address through m.
func (g *generation) pathVia(m *muxConn, to netip.AddrPort) *path {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &path{g: g, conn: m.s.conn, to: to, selected: true}
	for _, lp := range g.paths {
		if lp.conn == m.s.conn {
			p.pair.Local = lp.cand
		}
	}
	p.pair.Local.Ufrag = g.local.Ufrag
	if c, ok := g.remotes[remoteKey{addr: to}]; ok {
		p.pair.Remote = c
		return p
	}
	a := to.Addr().String()
	p.pair.Remote = Candidate{
		Foundation: foundation("prflx", a, "udp", ""), Component: 1, Protocol: "udp",
		Priority: priority(prefPrflx, 65535), Address: a, Port: to.Port(), Type: "prflx", Ufrag: g.remote.Ufrag,
	}
	return p
}

// find is where a pair's candidates are in the statistics.
func find(s *Stats, p CandidatePair) (local, remote int, ok bool) {
	local = slices.IndexFunc(s.Local, func(c CandidateStats) bool { return c.ID == candidateID(p.Local) })
	remote = slices.IndexFunc(s.Remote, func(c CandidateStats) bool { return c.ID == candidateID(p.Remote) })
	return local, remote, local >= 0 && remote >= 0
}

// parkedStats are the agent's last ones with what was counted since.
func (g *generation) parkedStats(s *Stats, cur *path) {
	g.mu.Lock()
	k, frozen := g.consent, g.frozen
	s.LocalUfrag = g.local.Ufrag
	g.mu.Unlock()
	s.Local, s.Remote, s.Pairs = slices.Clone(frozen.Local), slices.Clone(frozen.Remote), slices.Clone(frozen.Pairs)
	p, count := k.stats()
	s.Controlling = k.isControlling()
	if _, _, ok := find(s, p.pair); !ok {
		// A nomination that came after the agent had gone.
		for _, side := range []struct {
			list *[]CandidateStats
			c    Candidate
		}{{&s.Local, p.pair.Local}, {&s.Remote, p.pair.Remote}} {
			id := candidateID(side.c)
			if !slices.ContainsFunc(*side.list, func(c CandidateStats) bool { return c.ID == id }) {
				*side.list = append(*side.list, CandidateStats{id, side.c})
			}
		}
	}
	l, r, _ := find(s, p.pair)
	count.Local, count.Remote, count.State, count.Nominated = l, r, ice.CandidatePairStateSucceeded.String(), true
	if cur != nil && cur.g == g && cur.conn == p.conn && cur.to == p.to {
		count.counted(cur)
	}
	i := slices.IndexFunc(s.Pairs, func(o PairStats) bool { return o.Local == l && o.Remote == r })
	if i < 0 {
		i = len(s.Pairs)
		s.Pairs = append(s.Pairs, count)
	}
	for j := range s.Pairs {
		s.Pairs[j].Selected = false
	}
	s.Pairs[i] = count
}

// counted takes what packets have counted on the pair.
func (ps *PairStats) counted(p *path) {
	ps.Selected = p.selected
	ps.BytesSent, ps.BytesReceived = p.bytesSent.Load(), p.bytesReceived.Load()
	ps.PacketsSent, ps.PacketsReceived = p.packetsSent.Load(), p.packetsReceived.Load()
	ps.LastSent, ps.LastReceived = unixTime(p.lastSent.Load()), unixTime(p.lastReceived.Load())
	ps.PacketsRefused, ps.BytesRefused = p.refused.Packets.Load(), p.refused.Bytes.Load()
}

// verdict is what has become of the checks while there is no pair (webrtc-pc
// 5.6.4). The caller holds mu.
func (g *generation) verdict(now time.Time) ICEState {
	over := !now.Before(g.deadline)
	cfg := &g.t.cfg.Network.cfg
	none := len(g.paths) == 0 && (!cfg.ICETCP || g.policy == PolicyRelay)
	finished := g.remoteEnd && g.gathering == GatheringComplete
	switch {
	case finished && (none || over):
		// "All pairs have either failed connectivity checks or lost consent, and
		// either zero local candidates were gathered or the PAC timer has expired."
		return ICEFailed
	case !now.Before(g.deadline.Add(checkLife)):
		// Nobody has said that no candidates will come, but none has for long.
		return ICEFailed
	case over && len(g.paths) > 0 && (len(g.remotes) > 0 || g.heard):
		// "Finished checking all existing candidate pairs and not found a
		// connection, but it is still gathering and/or waiting for additional
		// remote candidates."
		return ICEDisconnected
	case none || len(g.remotes) == 0 && !g.heard:
		// "Checking" is for who "has received at least one remote candidate and
		// is checking candidate pairs": without a local one there is no pair.
		return ICENew
	}
	return ICEChecking
}

// extend gives the checks their time again: a pair has been added.
func (g *generation) extend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || !g.connected || g.selected.Load() {
		return
	}
	g.deadline = time.Now().Add(checkLife)
	g.wakeIn(checkLife)
}

// wakeIn sets the generation's timer. The caller holds mu.
func (g *generation) wakeIn(d time.Duration) {
	if g.timer == nil {
		g.timer = time.AfterFunc(d, g.wake)
	} else {
		g.timer.Reset(d)
	}
}

// expect has the timer look after d whether an agent's pair is still silent; a
// consent has a timer of its own.
func (g *generation) expect(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed && g.agent != nil {
		g.wakeIn(d)
	}
}

// wake is the timer: checks have lasted their time, a pair has been selected for
// long enough, or an agent's pair has been silent for too long.
func (g *generation) wake() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.wg.Add(1)
	defer g.wg.Done()
	parkable := g.parkable() != nil
	if !g.selected.Load() && time.Now().Before(g.deadline.Add(checkLife)) {
		g.wakeIn(checkLife)
	}
	g.mu.Unlock()
	if parkable {
		g.park()
		return
	}
	g.t.silent(g)
	g.t.reconsider()
}

// abandon ends the agent of a generation that has failed.
func (g *generation) abandon() {
	g.mu.Lock()
	agent := g.agent
	if g.closed || agent == nil {
		g.mu.Unlock()
		return
	}
	g.agent, g.conn = nil, nil
	g.settle()
	// On a goroutine: closing waits for the agent's loop, which may wait for the
	// caller's lock.
	g.wg.Add(1)
	g.mu.Unlock()
	go func() {
		defer g.wg.Done()
		_ = agent.Close()
	}()
}
