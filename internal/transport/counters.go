package transport

import (
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

// counters are what the packets count, without a lock.
type counters struct {
	bytesSent, bytesReceived     atomic.Uint64
	packetsSent, packetsReceived atomic.Uint64
	dropped, overflow            atomic.Uint64
}

func (c *counters) sent(n, bytes int, p *path) {
	c.packetsSent.Add(uint64(n))
	c.bytesSent.Add(uint64(bytes))
	if p != nil {
		p.bytesSent.Add(uint64(bytes))
		p.packetsSent.Add(uint64(n))
	}
}

func (c *counters) received(now time.Time, bytes int, p *path) {
	c.packetsReceived.Add(1)
	c.bytesReceived.Add(uint64(bytes))
	if p != nil {
		p.bytesReceived.Add(uint64(bytes))
		p.packetsReceived.Add(1)
		p.lastReceived.Store(now.UnixNano())
	}
}

// Stats takes a snapshot.
func (t *Transport) Stats() Stats {
	c := &t.counters
	s := Stats{
		BytesSent: c.bytesSent.Load(), BytesReceived: c.bytesReceived.Load(),
		PacketsSent: c.packetsSent.Load(), PacketsReceived: c.packetsReceived.Load(),
		Dropped: c.dropped.Load(), Overflow: c.overflow.Load(),
	}
	t.mu.Lock()
	a := t.assoc.Load()
	s.ICEState, s.DTLSState, s.DTLSCipher = t.state, t.dtls, a.cipher
	s.SelectedPairs = t.switches
	if a.params != nil {
		s.DTLSClient = a.params.Client
	}
	if a.certs != nil {
		s.TLSVersion = "FEFD"
	}
	g := t.cur
	t.mu.Unlock()
	if k := t.keys.Load(); k != nil {
		s.SRTPCipher = k.name
	}
	if g != nil {
		g.stats(&s, t.path.Load())
	}
	return s
}

// Controlling is Stats.Controlling, without the rest.
func (t *Transport) Controlling() bool {
	t.mu.Lock()
	g := t.cur
	t.mu.Unlock()
	if g == nil {
		return false
	}
	g.mu.Lock()
	k, controlling := g.consent, g.remote.Controlling || g.remote.Lite
	g.mu.Unlock()
	if k != nil {
		controlling = k.isControlling()
	}
	return controlling
}

// RTT is the CurrentRTT of the selected pair, 0 if unknown.
func (t *Transport) RTT() time.Duration {
	p := t.path.Load()
	if p == nil || !p.selected {
		return 0
	}
	p.g.mu.Lock()
	agent, k := p.g.agent, p.g.consent
	p.g.mu.Unlock()
	switch {
	case k != nil:
		_, count := k.stats()
		return count.CurrentRTT
	case agent != nil:
		s, _ := agent.GetSelectedCandidatePairStats()
		return time.Duration(s.CurrentRoundTripTime * float64(time.Second))
	}
	return 0
}

// stats adds candidates and pairs.
func (g *generation) stats(s *Stats, cur *path) {
	g.mu.Lock()
	agent, parked := g.agent, g.consent != nil
	g.mu.Unlock()
	if parked {
		g.parkedStats(s, cur)
	} else {
		g.agentStats(agent, s, cur)
	}
}

// agentStats are those of a live agent, or of none.
func (g *generation) agentStats(agent *ice.Agent, s *Stats, cur *path) {
	var remotes []ice.CandidateStats
	var pairs []ice.CandidatePairStats
	if agent != nil {
		remotes, pairs = agent.GetRemoteCandidatesStats(), agent.GetCandidatePairsStats()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s.LocalUfrag = g.local.Ufrag
	s.Controlling = g.remote.Controlling || g.remote.Lite
	for _, c := range g.candidates {
		s.Local = append(s.Local, CandidateStats{candidateID(c), c})
	}
	local := func(id string) int {
		c := g.paths[id].cand
		c.Ufrag = g.local.Ufrag
		want := candidateID(c)
		i := slices.IndexFunc(s.Local, func(o CandidateStats) bool { return o.ID == want })
		if i < 0 {
			i = len(s.Local)
			s.Local = append(s.Local, CandidateStats{want, c})
		}
		return i
	}
	remote := map[string]int{}
	for _, r := range remotes {
		c := g.remoteStats(r)
		remote[r.ID] = len(s.Remote)
		s.Remote = append(s.Remote, CandidateStats{candidateID(c), c})
	}
	for _, p := range pairs {
		r, ok := remote[p.RemoteCandidateID]
		if !ok {
			continue
		}
		ps := PairStats{
			Local: local(p.LocalCandidateID), Remote: r,
			State: p.State.String(), Nominated: p.Nominated,
			CurrentRTT:   time.Duration(p.CurrentRoundTripTime * float64(time.Second)),
			TotalRTT:     time.Duration(p.TotalRoundTripTime * float64(time.Second)),
			RequestsSent: p.RequestsSent, ResponsesReceived: p.ResponsesReceived,
			RequestsReceived: p.RequestsReceived, ResponsesSent: p.ResponsesSent,
			FirstRequest: p.FirstRequestTimestamp, LastRequest: p.LastRequestTimestamp,
			LastReply: p.LastResponseTimestamp,
		}
		if cur != nil && cur.g == g && s.Local[ps.Local].ID == candidateID(cur.pair.Local) &&
			s.Remote[r].ID == candidateID(cur.pair.Remote) {
			ps.counted(cur)
			// Every request on a selected pair asks for consent (RFC 7675 5.1).
			ps.ConsentRequestsSent = p.RequestsSent
		}
		s.Pairs = append(s.Pairs, ps)
	}
}

// unixTime is the time of Unix nanoseconds, and no time for 0.
func unixTime(n int64) (t time.Time) {
	if n != 0 {
		t = time.Unix(0, n)
	}
	return t
}

func (g *generation) remoteStats(r ice.CandidateStats) Candidate {
	c := Candidate{
		Component: 1, Protocol: r.NetworkType.NetworkShort(), Priority: r.Priority,
		Address: r.IP, Port: uint16(r.Port), Type: r.CandidateType.String(), Ufrag: g.remote.Ufrag,
	}
	if k, ok := keyOf(c); ok {
		if signalled, ok := g.remotes[k]; ok {
			return signalled
		}
	}
	c.Foundation = foundation(c.Type, c.Address, c.Protocol, "")
	return c
}

// candidateID stays the same from snapshot to snapshot.
func candidateID(c Candidate) string {
	return c.Type + ":" + c.Protocol + ":" + c.Address + ":" + strconv.Itoa(int(c.Port)) + ":" + c.Ufrag + c.TCPType
}
