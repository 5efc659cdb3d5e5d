package transport

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"trackway/internal/udp"
)

const (
	// maxRemote bounds the remote candidates of a generation, and of those
	// that are kept until their generation is known.
	maxRemote = 128
	// maxChecks is high, since the agent counts one check per interval: the
	// overall time-out ends the checking, not this.
	maxChecks = 1200
	// The waits before a pair is nominated give a better one a chance.
	srflxWait = 100 * time.Millisecond
	prflxWait = 50 * time.Millisecond
	relayWait = 500 * time.Millisecond
)

// generation is one agent: what lives from one ICE restart to the next.
type generation struct {
	t      *Transport
	serial int // counts up
	local  Credentials
	// policy is the one that was in force when gathering began.
	policy Policy
	// ahead is what a pool had ready for it, or nil.
	ahead *prepared

	ctx    context.Context // ends with the generation
	cancel context.CancelFunc
	wg     sync.WaitGroup // gathering, resolving and reading

	selected atomic.Bool
	settled  atomic.Bool         // it no longer counts among the Network's agents
	state    ice.ConnectionState // guarded by t.mu
	chosen   bool                // a pair was given to t; guarded by t.mu

	mu sync.Mutex
	// agent is nil when consent has taken its place, or it has failed.
	agent    *ice.Agent
	consent  *consent
	frozen   *Stats     // of the agent that has gone
	muxes    []*muxConn // its sockets
	path     *path      // selected last
	deadline time.Time  // when the checks have lasted their time
	timer    *time.Timer
	heard    bool // an authenticated request has come

	conn       *ice.Conn // once connected
	remote     RemoteICE
	connected  bool                    // Connect was called
	paths      map[string]localPath    // by the agent's candidate ID
	candidates []Candidate             // local, as signalled
	remotes    map[remoteKey]Candidate // as signalled
	early      []Candidate             // of mDNS and others, before Connect
	gathering  GatheringState
	remoteEnd  bool
	extra      map[*socket]bool // sockets for which conflict has opened another
	checking   bool             // checked is at work
	quiet      bool             // the peer knows that we have gathered
	closed     bool
}

// localPath is how packets of a local candidate leave.
type localPath struct {
	conn udp.Conn
	cand Candidate
}

// remoteKey is a transport address.
type remoteKey struct {
	tcp  bool
	addr netip.AddrPort
}

func keyOf(c Candidate) (remoteKey, bool) {
	a, err := netip.ParseAddr(c.Address)
	return remoteKey{c.Protocol == "tcp", netip.AddrPortFrom(a.Unmap(), c.Port)}, err == nil
}

func newGeneration(t *Transport, local Credentials) (*generation, error) {
	n := t.cfg.Network
	tm := n.cfg.Timing
	t.made++
	g := &generation{
		t: t, serial: t.made, local: local, policy: t.policy,
		paths:     map[string]localPath{},
		remotes:   map[remoteKey]Candidate{},
		extra:     map[*socket]bool{},
		gathering: GatheringNew,
	}
	relay := relayWait
	if t.policy == PolicyRelay {
		relay = 0
	}
	opts := []ice.AgentOption{
		ice.WithLocalCredentials(local.Ufrag, local.Pwd),
		ice.WithNet(n.pion()),
		// Names are resolved by the Network: an agent would open sockets of
		// its own for it.
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithLoggerFactory(logs{n.cfg.Log}),
		ice.WithIncludeLoopback(),
		ice.WithCheckInterval(n.checkInterval()),
		ice.WithKeepaliveInterval(tm.Keepalive / 2),
		ice.WithDisconnectedTimeout(tm.Disconnected),
		// When it has failed is for us to say.
		ice.WithFailedTimeout(0),
		ice.WithBindingRequestHandler(g.onRequest),
		ice.WithMaxBindingRequests(maxChecks),
		ice.WithHostAcceptanceMinWait(0),
		ice.WithSrflxAcceptanceMinWait(srflxWait),
		ice.WithPrflxAcceptanceMinWait(prflxWait),
		ice.WithRelayAcceptanceMinWait(relay),
	}
	if !n.cfg.ICETCP || t.policy == PolicyRelay {
		opts = append(opts, ice.WithDisableActiveTCP())
	}
	a, err := ice.NewAgentWithOptions(opts...)
	if err != nil {
		g.settle()
		return nil, err
	}
	g.agent = a
	g.ctx, g.cancel = context.WithCancel(context.Background())
	_ = a.OnConnectionStateChange(g.onState)
	_ = a.OnSelectedCandidatePairChange(g.onSelected)
	return g, nil
}

// add gives the agent the local candidate c, which signalling knows as shown.
// conn is what the agent reads and writes, out is what our packets leave
// through; nil is the agent itself.
func (g *generation) add(c, shown Candidate, conn agentConn, out udp.Conn) error {
	pc, err := ice.UnmarshalCandidate(c.String())
	if err == nil {
		g.mu.Lock()
		if g.closed {
			err = ErrClosed
		} else {
			g.paths[pc.ID()] = localPath{out, shown}
		}
		g.mu.Unlock()
	}
	if err == nil {
		if a := g.ice(); a != nil {
			g.extend()
			err = a.AddVirtualCandidate(pc, conn)
		} else {
			err = ErrClosed
		}
	}
	if err != nil {
		_ = conn.Close()
		return err
	}
	g.t.reconsider()
	return nil
}

// connect starts the checks.
func (g *generation) connect(r RemoteICE) error {
	g.mu.Lock()
	if g.connected {
		g.mu.Unlock()
		return nil
	}
	g.connected, g.remote = true, r
	g.deadline = time.Now().Add(checkLife)
	g.wakeIn(checkLife)
	early := g.early
	g.early = nil
	g.mu.Unlock()

	agent := g.ice()
	if agent == nil {
		return ErrClosed
	}
	if err := agent.SetRemoteICELite(r.Lite); err != nil {
		return err
	}
	start := agent.StartAccept
	// RFC 8445 6.1.1: the full agent controls a lite one.
	if r.Controlling || r.Lite {
		start = agent.StartDial
	}
	conn, err := start(r.Ufrag, r.Pwd)
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.conn = conn
	g.mu.Unlock()
	for _, c := range early {
		g.addRemote(c)
	}
	if g.t.cfg.Network.cfg.ICETCP {
		g.wg.Add(1)
		go g.read(conn)
	}
	return nil
}

// read takes what the agent read itself, from TCP.
func (g *generation) read(conn *ice.Conn) {
	defer g.wg.Done()
	buf := make([]byte, 8192)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if k := classify(buf[:n]); k != kindNone && k != kindSTUN {
			g.t.receive(time.Now(), k, buf[:n:n], g)
			g.t.received()
		}
	}
}

// checked is called when a success response was handled: nominate without
// waiting for the next tick, and use a valid pair for DTLS before it is
// selected (RFC 8445 12.1).
func (g *generation) checked() {
	if g.selected.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	agent := g.agent
	if g.closed || !g.connected || g.checking || agent == nil {
		return
	}
	g.checking = true
	// On a goroutine: the agent's loop may be waiting for our caller to end.
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if g.remote.Controlling || g.remote.Lite {
			// Setting what is already set wakes the agent's checks.
			_ = agent.SetRemoteICELite(g.remote.Lite)
		}
		if g.t.path.Load() == nil {
			if p := g.validPath(agent); p != nil {
				g.t.valid(g, p)
			}
		}
		g.mu.Lock()
		g.checking = false
		g.mu.Unlock()
	}()
}

// validPath is a pair whose check has succeeded.
func (g *generation) validPath(agent *ice.Agent) *path {
	for _, s := range agent.GetCandidatePairsStats() {
		if s.State != ice.CandidatePairStateSucceeded {
			continue
		}
		local, remote := candidateByID(agent.GetLocalCandidates, s.LocalCandidateID),
			candidateByID(agent.GetRemoteCandidates, s.RemoteCandidateID)
		if local != nil && remote != nil {
			return g.pathTo(local, remote)
		}
	}
	return nil
}

func candidateByID(list func() ([]ice.Candidate, error), id string) ice.Candidate {
	cs, err := list()
	if err != nil {
		return nil
	}
	for _, c := range cs {
		if c.ID() == id {
			return c
		}
	}
	return nil
}

func (g *generation) isConnected() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.connected
}

// isPeer reports whether the remote side has this ufrag.
func (g *generation) isPeer(ufrag []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.connected && g.remote.Ufrag == string(ufrag)
}

// known takes over what was told of before, a generation with the same local
// credentials: only what is new is told again, and no state.
func (g *generation) known(before *generation) {
	before.mu.Lock()
	defer before.mu.Unlock()
	g.candidates, g.quiet = slices.Clone(before.candidates), true
}

// setRemoteEnd notes a=end-of-candidates.
func (g *generation) setRemoteEnd(end bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remoteEnd = g.remoteEnd || end
}

// finished reports whether no candidate is to come from either side.
func (g *generation) finished() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.remoteEnd && g.gathering == GatheringComplete
}

func (g *generation) onState(s ice.ConnectionState) { g.t.agentState(g, s) }

// settle is called when the agent no longer looks for a first pair.
func (g *generation) settle() {
	if !g.settled.Swap(true) {
		g.t.cfg.Network.agents.Add(-1)
	}
}

func (g *generation) onSelected(local, remote ice.Candidate) {
	g.selected.Store(true)
	g.settle()
	p := g.pathTo(local, remote)
	p.selected = true
	g.mu.Lock()
	g.path = p
	if !g.closed {
		g.wakeIn(parkAfter)
	}
	g.mu.Unlock()
	g.t.selectPath(g, p)
}

// onRequest is called by the agent for a request that it has authenticated.
func (g *generation) onRequest(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.heard && !g.closed {
		g.heard = true
		// On a goroutine: the agent's loop is our caller.
		g.wg.Add(1)
		go func() {
			defer g.wg.Done()
			g.extend()
			g.t.reconsider()
		}()
	}
	return false
}

// pathTo is the way to remote through local.
func (g *generation) pathTo(local, remote ice.Candidate) *path {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &path{g: g}
	if lp, ok := g.paths[local.ID()]; ok && lp.conn != nil {
		p.conn, p.pair.Local = lp.conn, lp.cand
	} else {
		p.conn = &agentPath{g: g}
		p.pair.Local = fromPion(local)
		if ok {
			p.pair.Local = lp.cand
		}
	}
	p.pair.Local.Ufrag = g.local.Ufrag
	p.pair.Remote = g.remoteOf(remote)
	if a, err := netip.ParseAddr(remote.Address()); err == nil {
		p.to = netip.AddrPortFrom(a.Unmap(), uint16(remote.Port()))
	}
	return p
}

// remoteOf is the candidate as it was signalled, if it was: with its name
// instead of the address where it was an mDNS one.
func (g *generation) remoteOf(c ice.Candidate) Candidate {
	r := fromPion(c)
	if k, ok := keyOf(r); ok {
		if s, ok := g.remotes[k]; ok {
			return s
		}
	}
	r.Ufrag = g.remote.Ufrag
	return r
}

// fromPion converts; what is not for a description stays away.
func fromPion(c ice.Candidate) Candidate {
	out, err := ParseCandidate(c.Marshal())
	if err != nil {
		out = Candidate{Address: c.Address(), Port: uint16(c.Port()), Type: c.Type().String(), Component: 1}
	}
	out.extra = ""
	return out
}

// close ends the generation and waits for its goroutines, save the agent's
// callbacks.
func (g *generation) close() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.closed = true
	g.settle()
	agent, k, muxes := g.agent, g.consent, g.muxes
	if g.timer != nil {
		g.timer.Stop()
	}
	g.mu.Unlock()
	g.cancel()
	if k != nil {
		k.stop()
	}
	if agent != nil {
		_ = agent.Close()
	}
	if g.t.cfg.Network.cfg.ICETCP && !g.quiet {
		g.t.cfg.Network.tcp.release(g.local.Ufrag)
	}
	g.wg.Wait()
	if g.ahead != nil {
		g.ahead.close()
	}
	for _, m := range muxes {
		m.s.release(m)
	}
}
