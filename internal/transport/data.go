package transport

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
)

// Data is the DTLS association's application data (SCTP packets), one message
// per Read and Write, or nil before DTLSConnected. Closing it gives the
// association back, which lives on for media; the next Data is a new one.
func (t *Transport) Data() net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.assoc.Load()
	if !t.closed && !a.ended {
		a.resumeLocked()
	}
	if a.conn == nil {
		return nil
	}
	if a.data == nil {
		a.data = a.turn.take(a.conn)
		a.data.a = a
	}
	return a.data
}

// turns says who reads a dtls.Conn: one at a time, and the next one waits until
// the last has let go.
type turns struct {
	reading sync.Mutex // held during Read

	mu    sync.Mutex
	owner *dataConn
}

// dataConn is one turn at a dtls.Conn. Its deadlines are those of the Conn while
// the turn lasts, and nothing to it afterwards.
type dataConn struct {
	*dtls.Conn
	a    *association
	turn *turns

	// guarded by turn.mu
	begun    bool // the last one has let go of Read
	deadline time.Time
}

// take begins a turn and ends that of whoever had it.
func (t *turns) take(conn *dtls.Conn) *dataConn {
	d := &dataConn{Conn: conn, turn: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := t.owner; o != nil {
		_ = o.Conn.SetReadDeadline(time.Unix(1, 0))
	}
	_ = conn.SetWriteDeadline(time.Time{})
	t.owner = d
	return d
}

// Read implements net.Conn.
func (d *dataConn) Read(b []byte) (int, error) {
	d.turn.reading.Lock()
	defer d.turn.reading.Unlock()
	if !d.begin() {
		return 0, net.ErrClosed
	}
	return d.Conn.Read(b)
}

func (d *dataConn) begin() bool {
	d.turn.mu.Lock()
	defer d.turn.mu.Unlock()
	if d.turn.owner != d {
		return false
	}
	if !d.begun {
		d.begun = true
		_ = d.Conn.SetReadDeadline(d.deadline)
	}
	return true
}

// Write implements net.Conn.
func (d *dataConn) Write(b []byte) (int, error) {
	d.turn.mu.Lock()
	over := d.turn.owner != d
	d.turn.mu.Unlock()
	if over {
		return 0, net.ErrClosed
	}
	return d.Conn.Write(b)
}

// SetReadDeadline implements net.Conn.
func (d *dataConn) SetReadDeadline(at time.Time) error {
	d.turn.mu.Lock()
	defer d.turn.mu.Unlock()
	d.deadline = at
	if d.turn.owner != d || !d.begun {
		return nil
	}
	return d.Conn.SetReadDeadline(at)
}

// SetWriteDeadline implements net.Conn.
func (d *dataConn) SetWriteDeadline(at time.Time) error {
	d.turn.mu.Lock()
	defer d.turn.mu.Unlock()
	if d.turn.owner != d {
		return nil
	}
	return d.Conn.SetWriteDeadline(at)
}

// SetDeadline implements net.Conn.
func (d *dataConn) SetDeadline(at time.Time) error {
	_ = d.SetReadDeadline(at)
	return d.SetWriteDeadline(at)
}

// Close implements net.Conn.
func (d *dataConn) Close() error {
	t := d.a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if d.a.data != d {
		return nil
	}
	d.a.data = nil
	d.a.drainLocked()
	if !t.closed && !d.a.ended {
		d.a.idle.Reset(restAfter)
	}
	return nil
}

// drainLocked reads what nobody wants, until somebody does or the dtls.Conn
// closes: it hands application data over before it looks at what comes next,
// which may be an alert.
func (a *association) drainLocked() {
	d := a.turn.take(a.conn)
	if a.t.closed || a.ended {
		return
	}
	a.t.wg.Add(1)
	go func() {
		defer a.t.wg.Done()
		if d.Handshake() != nil {
			return
		}
		b := make([]byte, 1<<14) // the longest record, or Read fails
		for {
			// Other errors are those of one record.
			if _, err := d.Read(b); errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return
			}
		}
	}()
}
