package transport

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

var (
	// ErrClosed is returned by methods of a Transport or Network that was closed.
	ErrClosed = errors.New("transport: closed")
	// ErrNotReady is returned when there is no pair or no key yet to send with.
	ErrNotReady = errors.New("transport: not connected")
	// ErrCredentials is returned for credentials outside RFC 8839 5.4.
	ErrCredentials = errors.New("transport: malformed ICE credentials")
	// ErrNoGeneration is returned by Connect for local credentials that no
	// Gather has started.
	ErrNoGeneration = errors.New("transport: no local ICE generation to connect")
)

// retireAfter is how long the agent from before an ICE restart stays, since
// the peer may take longer to switch and sends on the old pair meanwhile.
const retireAfter = 5 * time.Second

// Transport is ICE, DTLS and SRTP of one bundle group. All methods may be
// called from any goroutine.
type Transport struct {
	cfg    Config
	events events

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	// What the packets need, without a lock.
	path atomic.Pointer[path]
	keys atomic.Pointer[keys]
	// assoc is the DTLS association in use, or the first to be; renewed waits
	// for its ICE generation to take assoc's place.
	assoc, renewed atomic.Pointer[association]

	counters counters

	rx sync.Mutex // serialises opening and Handler.RTP and RTCP
	in opener

	mu      sync.Mutex
	closed  bool
	servers []Server
	policy  Policy
	// cur carries packets, or will be the first to; next is an ICE restart
	// that has not selected a pair; retired have been replaced.
	cur, next *generation
	retired   map[*generation]*time.Timer
	pending   []Candidate // of remote generations not known yet
	ended     []string    // remote ufrags with end-of-candidates, not known yet
	own       map[netip.Addr][]*socket
	state     ICEState
	switches  uint32
	made      int // generations

	dtls     DTLSState
	replaced []*association
	former   *path // of the generation before the one in use
}

// New makes a Transport. It has no goroutine and no socket before Gather.
func New(cfg Config) (*Transport, error) {
	if cfg.Network == nil || cfg.Handler == nil {
		return nil, errors.New("transport: Network and Handler are required")
	}
	if len(cfg.Certificates) == 0 {
		return nil, errors.New("transport: a certificate is required")
	}
	t := &Transport{
		cfg: cfg, servers: slices.Clone(cfg.Servers), policy: cfg.Policy,
		retired: map[*generation]*time.Timer{}, own: map[netip.Addr][]*socket{},
		state: ICENew, dtls: DTLSNew,
	}
	t.events.h = cfg.Handler
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.assoc.Store(newAssociation(t, nil))
	return t, nil
}

// SetServers replaces the servers and policy for generations gathered later
// (RTCPeerConnection.setConfiguration).
func (t *Transport) SetServers(servers []Server, p Policy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.servers, t.policy = slices.Clone(servers), p
}

// validCredentials is RFC 8839 5.4: 4 to 256 and 22 to 256 characters. A
// colon would end the username fragment early.
func validCredentials(c Credentials) error {
	ok := len(c.Ufrag) >= 4 && len(c.Ufrag) <= 256 && len(c.Pwd) >= 22 && len(c.Pwd) <= 256
	for _, s := range []string{c.Ufrag, c.Pwd} {
		for i := range len(s) {
			if s[i] <= ' ' || s[i] > '~' || s[i] == ':' {
				ok = false
			}
		}
	}
	if !ok {
		return fmt.Errorf("%w: ufrag of %d and pwd of %d characters", ErrCredentials, len(c.Ufrag), len(c.Pwd))
	}
	return nil
}

// Gather starts an ICE generation with these local credentials, and gathering
// for it. Credentials that a generation already has are ignored: Gather is
// idempotent. A newer generation replaces one that was not connected.
func (t *Transport) Gather(local Credentials) error {
	if err := validCredentials(local); err != nil {
		return err
	}
	return t.gather(local, nil)
}

// gather is Gather; before is the generation that another peer has answered.
func (t *Transport) gather(local Credentials, before *generation) error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	newest := t.next
	if newest == nil {
		newest = t.cur
	}
	for _, g := range []*generation{t.cur, t.next} {
		if before == nil && g != nil && g.local == local || before != nil && newest != before {
			t.mu.Unlock()
			return nil
		}
	}
	g, err := newGeneration(t, local)
	if err != nil {
		t.mu.Unlock()
		return err
	}
	if before != nil {
		g.known(before)
	}
	servers := t.servers
	if before == nil {
		g.ahead = t.cfg.Pool.take(servers)
		t.adopt(g.ahead)
	}
	var replaced *generation
	if t.cur == nil || !t.cur.isConnected() {
		replaced, t.cur = t.cur, g
	} else {
		replaced, t.next = t.next, g
	}
	t.wg.Add(1) // so that Close waits for the gathering to have begun
	t.mu.Unlock()
	defer t.wg.Done()
	if replaced != nil {
		replaced.close()
	}
	g.gather(servers)
	return nil
}

// Connect gives a local generation its remote side, and starts its checks.
// Called again with the same remote credentials it does nothing. With others,
// another peer has answered (a handover): its checks run beside the pair in use,
// with the same local credentials and sockets.
func (t *Transport) Connect(remote RemoteICE) error {
	if err := validCredentials(remote.Credentials); err != nil {
		return err
	}
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	// The generation in use is told its remote side again and again, for instance
	// while a peer still trickles its candidates: that must not reach a newer one,
	// which waits for credentials of its own.
	var g *generation
	for _, o := range []*generation{t.next, t.cur} {
		if o == nil || remote.LocalUfrag != "" && o.local.Ufrag != remote.LocalUfrag {
			continue
		}
		if o.isConnected() && o.remote.Credentials == remote.Credentials {
			t.mu.Unlock()
			return nil
		}
		if g == nil {
			g = o
		}
	}
	if g == nil {
		t.mu.Unlock()
		return ErrNoGeneration
	}
	if g.isConnected() {
		t.mu.Unlock()
		if err := t.gather(g.local, g); err != nil {
			return err
		}
		return t.Connect(remote)
	}
	mine := func(ufrag string) bool { return ufrag == "" || ufrag == remote.Ufrag }
	var cs, rest []Candidate
	for _, c := range t.pending {
		if mine(c.Ufrag) {
			cs = append(cs, c)
		} else {
			rest = append(rest, c)
		}
	}
	t.pending = rest
	end := slices.ContainsFunc(t.ended, mine)
	t.ended = slices.DeleteFunc(t.ended, mine)
	// The lock keeps candidates that arrive meanwhile behind these.
	err := g.connect(remote)
	for _, c := range cs {
		g.addRemote(c)
	}
	g.setRemoteEnd(end)
	t.mu.Unlock()
	t.reconsider()
	return err
}

// Abandon drops the newest local generation where it has not been connected:
// the offer that introduced it was rolled back.
func (t *Transport) Abandon(localUfrag string) {
	t.mu.Lock()
	var g *generation
	switch {
	case t.next != nil && t.next.local.Ufrag == localUfrag && !t.next.isConnected():
		g, t.next = t.next, nil
	case t.cur != nil && t.cur.local.Ufrag == localUfrag && !t.cur.isConnected():
		g, t.cur = t.cur, nil
	}
	t.mu.Unlock()
	if g != nil {
		g.close()
	}
}

// AddRemoteCandidate adds a candidate of the generation c.Ufrag, at any time:
// before Connect it is kept. One whose generation has passed is ignored.
func (t *Transport) AddRemoteCandidate(c Candidate) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	if g := t.remoteGeneration(c.Ufrag); g != nil {
		g.addRemote(c)
		t.reconsiderLocked()
		return nil
	}
	if len(t.pending) < maxRemote {
		t.pending = append(t.pending, c)
	}
	return nil
}

// EndOfRemoteCandidates says that no more candidates come for the generation
// with this remote ufrag.
func (t *Transport) EndOfRemoteCandidates(ufrag string) {
	t.mu.Lock()
	if g := t.remoteGeneration(ufrag); g != nil {
		g.setRemoteEnd(true)
	} else if len(t.ended) < maxRemote {
		t.ended = append(t.ended, ufrag)
	}
	t.mu.Unlock()
	t.reconsider()
}

// remoteGeneration is the connected generation with this remote ufrag, the
// newest where it is empty, or nil.
func (t *Transport) remoteGeneration(ufrag string) *generation {
	for _, g := range []*generation{t.next, t.cur} {
		if g != nil && g.isConnected() && (ufrag == "" || g.remote.Ufrag == ufrag) {
			return g
		}
	}
	return nil
}

// SelectedPair is the pair in use.
func (t *Transport) SelectedPair() (CandidatePair, bool) {
	p := t.path.Load()
	if p == nil || !p.selected {
		return CandidatePair{}, false
	}
	return p.pair, true
}

// sockets are those to gather host candidates on.
func (t *Transport) sockets() ([]*socket, error) {
	n := t.cfg.Network
	if !n.cfg.OwnPorts {
		return n.sharedSockets()
	}
	addrs, err := n.addrs()
	if err != nil {
		return nil, err
	}
	var out []*socket
	var last error
	for _, a := range addrs {
		t.mu.Lock()
		have := t.own[a]
		t.mu.Unlock()
		if len(have) > 0 {
			out = append(out, have[0])
			continue
		}
		s, err := t.ownSocket(a)
		if err != nil {
			last = err
			continue
		}
		out = append(out, s)
	}
	if len(out) > 0 {
		last = nil
	}
	return out, last
}

// adopt takes over the sockets of a pool's entry for addresses on which there is
// none. The caller holds mu.
func (t *Transport) adopt(e *prepared) {
	if e == nil {
		return
	}
	for a, s := range e.own {
		if len(t.own[a]) == 0 {
			t.own[a] = []*socket{s}
			delete(e.own, a)
		}
	}
}

// ownSocket opens a socket that no other Transport uses.
func (t *Transport) ownSocket(a netip.Addr) (*socket, error) {
	c, err := t.cfg.Network.listenOwn(a)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = c.Close()
		return nil, ErrClosed
	}
	s := newSocket(c, true)
	t.own[a] = append(t.own[a], s)
	return s, nil
}

// Close sends close_notify, releases everything and waits until nothing of
// the Transport runs any more, save the Handler methods that tell so: the
// states "closed" come last. It must not be called from Handler.RTP and RTCP.
func (t *Transport) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	assocs := append(slices.Clone(t.replaced), t.assoc.Load())
	if n := t.renewed.Load(); n != nil {
		assocs = append(assocs, n)
	}
	var gens []*generation
	for _, g := range []*generation{t.cur, t.next} {
		if g != nil {
			gens = append(gens, g)
		}
	}
	for g, timer := range t.retired {
		timer.Stop()
		gens = append(gens, g)
	}
	clear(t.retired)
	own := t.own
	t.own = nil
	t.mu.Unlock()

	t.cancel()
	for _, a := range assocs {
		a.close()
	}
	t.keys.Store(nil)
	t.path.Store(nil)
	for _, g := range gens {
		g.close()
	}
	for _, ss := range own {
		for _, s := range ss {
			s.close()
		}
	}
	t.wg.Wait()

	t.mu.Lock()
	t.setDTLS(DTLSClosed, nil)
	t.mu.Unlock()
	t.reconsider()
	return nil
}

// agentState takes an agent's connection state.
func (t *Transport) agentState(g *generation, s ice.ConnectionState) {
	t.mu.Lock()
	switch {
	case g.state == ice.ConnectionStateFailed:
		t.mu.Unlock()
		return // terminal
	case s == ice.ConnectionStateClosed:
		t.mu.Unlock()
		return // we have closed the agent ourselves
	}
	g.state = s
	if s == ice.ConnectionStateDisconnected {
		g.expect(t.cfg.Network.cfg.Timing.Failed)
	}
	if s == ice.ConnectionStateFailed && g == t.cur && !t.closed {
		// RFC 7675 5.1: without consent nothing may be sent.
		t.path.Store(nil)
	}
	t.mu.Unlock()
	t.reconsider()
}

// silent is told that an agent's timer has run out: where its pair has been
// disconnected all the time, consent has expired.
func (t *Transport) silent(g *generation) {
	t.mu.Lock()
	expired := g.chosen && g.state == ice.ConnectionStateDisconnected && g.ice() != nil
	t.mu.Unlock()
	if expired {
		t.agentState(g, ice.ConnectionStateFailed)
		g.abandon()
	}
}

// selectPath takes an agent's selected pair.
func (t *Transport) selectPath(g *generation, p *path) {
	t.mu.Lock()
	if t.closed || g != t.cur && g != t.next {
		t.mu.Unlock()
		return
	}
	if g == t.next {
		old := t.cur
		t.cur, t.next = g, nil
		t.retired[old] = time.AfterFunc(retireAfter, func() { t.retire(old) })
	}
	g.chosen = true
	old := t.path.Load()
	if old != nil && old.g != g {
		t.former = old
	}
	p.inherit(old)
	t.path.Store(p)
	t.switches++
	pair := p.pair
	t.reconsiderLocked()
	t.events.post(func(h Handler) { h.SelectedPair(pair) })
	t.startHandshake()
	t.mu.Unlock()
}

func (t *Transport) retire(g *generation) {
	t.mu.Lock()
	_, there := t.retired[g]
	delete(t.retired, g)
	if there {
		t.wg.Add(1)
	}
	t.mu.Unlock()
	if there {
		g.close()
		t.wg.Done()
	}
}

// valid takes a pair whose check has succeeded but which is not selected.
func (t *Transport) valid(g *generation, p *path) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || g != t.cur || g.selected.Load() {
		return
	}
	if t.path.CompareAndSwap(nil, p) {
		t.startHandshake()
	}
}

// reconsider tells ICEState where it has changed.
func (t *Transport) reconsider() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reconsiderLocked()
}

func (t *Transport) reconsiderLocked() {
	s := t.iceState()
	if s == t.state || t.state == ICEClosed {
		return
	}
	if t.state == ICENew && (s == ICEConnected || s == ICECompleted) {
		// The peer found us before it was signalled: the specification has
		// no way from new to connected but through checking.
		t.tellICE(ICEChecking)
	}
	t.tellICE(s)
}

func (t *Transport) tellICE(s ICEState) {
	t.state = s
	t.events.post(func(h Handler) { h.ICEState(s) })
}

// judge is the verdict on checks that have found no pair. The caller holds mu.
func (t *Transport) judge(g *generation) ICEState {
	switch {
	case g.state == ice.ConnectionStateFailed:
		return ICEFailed
	case g.selected.Load():
		return ICEChecking // its pair is about to be told
	}
	g.mu.Lock()
	s := g.verdict(time.Now())
	g.mu.Unlock()
	if s == ICEFailed {
		g.state = ice.ConnectionStateFailed
		g.abandon()
	}
	return s
}

// iceState is RTCIceTransportState, webrtc-pc 5.6.4.
func (t *Transport) iceState() ICEState {
	if t.closed {
		return ICEClosed
	}
	g := t.cur
	if g == nil {
		return t.state
	}
	restarting := t.next != nil && t.next.isConnected()
	if restarting && t.judge(t.next) == ICEFailed {
		return ICEFailed
	}
	s := g.state
	// The agent tells its state and its pair on two goroutines: connected is
	// when we have the pair.
	switch {
	case s == ice.ConnectionStateChecking && g.chosen:
		s = ice.ConnectionStateConnected
	case s == ice.ConnectionStateConnected && !g.chosen:
		s = ice.ConnectionStateChecking
	}
	switch s {
	case ice.ConnectionStateChecking:
		if restarting {
			return ICEChecking
		}
		return t.judge(g)
	case ice.ConnectionStateConnected, ice.ConnectionStateCompleted:
		if g.finished() && !restarting {
			return ICECompleted
		}
		return ICEConnected
	case ice.ConnectionStateDisconnected, ice.ConnectionStateFailed:
		// "If begun in the transient disconnected state, [a restart] causes
		// a transition to checking."
		if restarting {
			return ICEChecking
		}
		if s == ice.ConnectionStateFailed {
			return ICEFailed
		}
		return ICEDisconnected
	}
	return t.state
}
