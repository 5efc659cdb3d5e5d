package transport

import (
	"context"
	"time"

	"github.com/pion/dtls/v3"
)

// restAfter is how long an association stays awake after its handshake, and
// after each time that it was woken.
const restAfter = 3 * time.Second

// rest takes the dtls.Conn of an association without application data away: it
// costs three goroutines and tens of kilobytes to wait for a close_notify. What
// is left are the keys and counters, from which a new one is made when the peer,
// or somebody here, wants it.
//
// A record that is sealed twice under one number gives its key away, so the old
// Conn must never send again. Its end is muted before its counters are read:
// what was sent before is counted, what is sealed later leaves nowhere.
func (a *association) rest() {
	t := a.t
	t.mu.Lock()
	conn := a.conn
	switch {
	case t.closed || a.ended || a.data != nil:
		t.mu.Unlock()
		return
	case a.resting != nil: // disturbed
		if a.resumeLocked(); a.conn != nil {
			a.drainLocked()
		}
		fallthrough
	case conn == nil || !a.pipe.retire():
		a.idle.Reset(restAfter)
		t.mu.Unlock()
		return
	}
	if state, ok := conn.ConnectionState(); ok {
		a.resting = &state
	}
	a.conn = nil
	t.wg.Add(1)
	t.mu.Unlock()
	defer t.wg.Done()
	_ = conn.Close()
}

// retire takes the end away from its dtls.Conn. It reports false while there is
// something to read, or what was read last is still being dealt with.
func (p *pipe) retire() bool {
	p.mu.Lock()
	e := p.end
	if p.closed || e == nil || !e.waiting || len(p.queue) > 0 {
		p.mu.Unlock()
		return false
	}
	e.gone = true
	p.end, p.resting = nil, true
	p.mu.Unlock()
	e.out.Lock()
	defer e.out.Unlock()
	e.muted = true
	return true
}

// disturb is told by the pipe that there is something for a dtls.Conn.
func (a *association) disturb() { a.idle.Reset(0) }

// resumeLocked makes the dtls.Conn of an association at rest again.
func (a *association) resumeLocked() {
	state := a.resting
	if state == nil {
		return
	}
	a.resting = nil
	e := a.pipe.open(!a.params.Client)
	conn, err := dtls.ResumeWithOptions(state, e, anywhere, dtls.WithInsecureSkipVerify(true),
		dtls.WithCertificates(a.t.cfg.Certificates...), dtls.WithLoggerFactory(logs{a.t.cfg.Network.cfg.Log}))
	if err != nil {
		if a.t.assoc.Load() == a {
			a.t.keys.Store(nil)
			a.t.setDTLS(DTLSFailed, err)
		}
		return
	}
	a.conn = conn
	a.t.wg.Add(1)
	go func() {
		defer a.t.wg.Done()
		// There is nothing to shake hands about: it starts the reader.
		_ = conn.HandshakeContext(context.Background())
	}()
}
