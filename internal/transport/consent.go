package transport

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

const (
	// parkAfter is how long an agent stays after it has selected a pair. "The
	// agent SHOULD wait an additional three seconds, and then it MAY cease
	// responding to checks or generating triggered checks on all local
	// candidates other than the ones that became nominated" (RFC 8445 8.3.1).
	parkAfter = 3 * time.Second
	// hurry is the interval of requests while one is not answered.
	hurry = 250 * time.Millisecond
	// consentLedger is how many requests are remembered: those of the time
	// until the pair is disconnected, and nominations.
	consentLedger = 16
)

// consent is what is left of a generation once its checks are over: it asks for
// consent to send on the selected pair (RFC 7675), answers the peer's requests
// and follows its nominations. It needs no goroutine, and no agent.
type consent struct {
	g        *generation
	timer    *time.Timer
	in, out  stun.MessageIntegrity // by our password, by the peer's
	expected string                // the peer's USERNAME
	username stun.Username
	tie      uint64

	report sync.Mutex // puts what is told of state in order
	told   ice.ConnectionState

	mu          sync.Mutex
	closed      bool
	controlling bool
	path        *path // selected
	mux         *muxConn
	asked       []consentRequest // consentLedger at most
	answered    time.Time        // the last valid response
	since       time.Time        // the first request after it
	state       ice.ConnectionState
	count       PairStats // of the selected pair
}

// consentRequest is a request that may be answered.
type consentRequest struct {
	id       [stun.TransactionIDSize]byte
	at       time.Time
	mux      *muxConn
	to       netip.AddrPort
	nominate bool
}

// messages are reused: a server answers many requests a second.
var messages = sync.Pool{New: func() any { return stun.New() }}

func newConsent(g *generation, p *path, m *muxConn, count PairStats) *consent {
	now := time.Now()
	return &consent{
		g: g, path: p, mux: m, count: count, answered: now,
		state: ice.ConnectionStateConnected, told: ice.ConnectionStateConnected,
		in: stun.NewShortTermIntegrity(g.local.Pwd), out: stun.NewShortTermIntegrity(g.remote.Pwd),
		expected: g.local.Ufrag + ":" + g.remote.Ufrag, username: stun.NewUsername(g.remote.Ufrag + ":" + g.local.Ufrag),
		tie: rand.Uint64(), controlling: g.remote.Controlling || g.remote.Lite,
	}
}

func (k *consent) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.timer = time.AfterFunc(0, k.tick) // what was silent meanwhile shows at once
	}
}

func (k *consent) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// pause is the time between consent checks: "each interval MUST be randomized
// between 0.8 and 1.2 of the basic period" (RFC 7675 5.1).
func (k *consent) pause() time.Duration {
	period := float64(k.g.t.cfg.Network.cfg.Timing.Keepalive)
	return time.Duration(period * (0.8 + 0.4*rand.Float64()))
}

// tick asks again, and draws the consequences of silence. Only responses count
// as consent, but a request may be lost: while one is unanswered more follow
// in short order.
func (k *consent) tick() {
	tm := &k.g.t.cfg.Network.cfg.Timing
	now := time.Now()
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return
	}
	switch {
	case now.Sub(k.answered) >= tm.Disconnected+tm.Failed:
		k.state, k.closed = ice.ConnectionStateFailed, true
	case !k.since.IsZero() && now.Sub(k.since) >= tm.Disconnected/2:
		k.state = ice.ConnectionStateDisconnected
	}
	if k.closed {
		k.mu.Unlock()
		k.tell()
		return
	}
	wait := hurry
	if k.state == ice.ConnectionStateDisconnected {
		wait = 4 * hurry
	}
	if k.since.IsZero() {
		k.since = now
	}
	k.timer.Reset(wait)
	m, to := k.mux, k.path.to
	k.mu.Unlock()
	k.ask(m, to, now, false)
	k.tell()
}

// tell reports the state of the moment.
func (k *consent) tell() {
	k.report.Lock()
	defer k.report.Unlock()
	k.mu.Lock()
	s := k.state
	k.mu.Unlock()
	if s != k.told {
		k.told = s
		k.g.t.agentState(k.g, s)
	}
}

// ask sends a Binding request through m.
func (k *consent) ask(m *muxConn, to netip.AddrPort, now time.Time, nominate bool) {
	k.mu.Lock()
	role := stun.Setter(ice.AttrControlled(k.tie))
	if k.controlling {
		role = ice.AttrControlling(k.tie)
	}
	msg := messages.Get().(*stun.Message)
	defer messages.Put(msg)
	prflx := ice.PriorityAttr(priority(prefPrflx, k.path.pair.Local.Priority>>8&0xffff))
	err := msg.Build(stun.TransactionID, stun.BindingRequest, k.username, role, prflx, k.out, stun.Fingerprint)
	if err != nil {
		k.mu.Unlock()
		return
	}
	if len(k.asked) == consentLedger { // forget the oldest
		k.asked = slices.Delete(k.asked, 0, 1)
	}
	k.asked = append(k.asked, consentRequest{msg.TransactionID, now, m, to, nominate})
	if !nominate {
		k.count.RequestsSent++
		k.count.ConsentRequestsSent++
		k.count.LastRequest = now
	}
	k.mu.Unlock()
	_, _ = m.s.conn.WriteTo(msg.Raw, to)
}

// handle takes a STUN message for the generation, on the socket's goroutine.
func (k *consent) handle(m *muxConn, p []byte, from netip.AddrPort, class stunClass) {
	msg := messages.Get().(*stun.Message)
	defer messages.Put(msg)
	msg.Raw = append(msg.Raw[:0], p...)
	if msg.Decode() != nil || msg.Type.Method != stun.MethodBinding {
		return
	}
	switch class {
	case classRequest:
		k.request(m, msg, from)
	case classSuccess:
		k.response(m, msg, from)
	case classError:
		k.refused(m, msg, from)
	}
}

// request answers the peer. A nomination of another pair than the one in use is
// checked, and followed when the check succeeds (RFC 8445 7.3.1.5).
func (k *consent) request(m *muxConn, msg *stun.Message, from netip.AddrPort) {
	var user stun.Username
	if user.GetFrom(msg) != nil || user.String() != k.expected || k.in.Check(msg) != nil {
		return
	}
	nominated := msg.Contains(stun.AttrUseCandidate)
	theirs := msg.Contains(stun.AttrICEControlling)
	ours := msg.Contains(stun.AttrICEControlled)
	if !m.s.claim(m, from) {
		return
	}
	a := from.Addr()
	err := msg.Build(stun.NewTransactionIDSetter(msg.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: a.AsSlice(), Port: int(from.Port())}, k.in, stun.Fingerprint)
	if err != nil {
		return
	}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return
	}
	// The agents have settled a conflict of roles between them; the peer's role
	// tells how.
	if theirs || ours {
		k.controlling = ours
	}
	same := m == k.mux && from == k.path.to
	if same {
		k.count.RequestsReceived++
		k.count.ResponsesSent++
	}
	follow := nominated && !same && !k.controlling
	k.mu.Unlock()
	_, _ = m.s.conn.WriteTo(msg.Raw, from)
	if follow {
		k.ask(m, from, time.Now(), true)
	}
}

// take finds the request that a message from this address answers.
func (k *consent) take(m *muxConn, msg *stun.Message, from netip.AddrPort) (consentRequest, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return consentRequest{}, false
	}
	for i, r := range k.asked {
		if r.mux == m && r.to == from && r.id == msg.TransactionID && k.out.Check(msg) == nil {
			k.asked = slices.Delete(k.asked, i, i+1)
			return r, true
		}
	}
	return consentRequest{}, false
}

func (k *consent) response(m *muxConn, msg *stun.Message, from netip.AddrPort) {
	r, ok := k.take(m, msg, from)
	if !ok {
		return
	}
	if r.nominate {
		p := k.g.pathVia(m, from)
		k.mu.Lock()
		k.path, k.mux, k.count = p, m, PairStats{}
		k.mu.Unlock()
		k.g.t.selectPath(k.g, p)
	}
	now := time.Now()
	k.mu.Lock()
	if k.closed || m != k.mux || from != k.path.to {
		k.mu.Unlock()
		return
	}
	k.count.ResponsesReceived++
	k.count.LastReply, k.count.CurrentRTT = now, now.Sub(r.at)
	k.count.TotalRTT += k.count.CurrentRTT
	changed := k.state != ice.ConnectionStateConnected
	k.answered, k.since, k.state = now, time.Time{}, ice.ConnectionStateConnected
	if k.timer != nil {
		k.timer.Reset(k.pause())
	}
	k.mu.Unlock()
	if changed {
		k.tell()
	}
}

// refused takes an error response: only a conflict of roles means something.
func (k *consent) refused(m *muxConn, msg *stun.Message, from netip.AddrPort) {
	var code stun.ErrorCodeAttribute
	if code.GetFrom(msg) != nil || code.Code != stun.CodeRoleConflict {
		return
	}
	if _, ok := k.take(m, msg, from); ok {
		k.mu.Lock()
		k.controlling = !k.controlling
		k.mu.Unlock()
	}
}

func (k *consent) isControlling() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.controlling
}

// stats adds what was counted since the agent has gone.
func (k *consent) stats() (*path, PairStats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.path, k.count
}
