package js

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	ws "github.com/coder/websocket"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// webSocket is a WebSocket (WebSockets §3).
type webSocket struct {
	eventTarget
	rt         *Runtime
	url        *url.URL
	protocol   string
	binary     string
	state      int
	buffered   int64
	cancel     context.CancelFunc
	conn       *ws.Conn
	out        chan outgoing
	shut       chan error // why writing ended: nil after a close handshake of ours
	closeOnce  sync.Once
	closeCode  ws.StatusCode
	closeWhy   string
	releaseRef func()
}

type outgoing struct {
	typ  ws.MessageType
	data []byte
}

const (
	wsConnecting = iota
	wsOpen
	wsClosing
	wsClosed
)

// InterfaceName implements binding.Platform.
func (*webSocket) InterfaceName() string { return "WebSocket" }

func newWebSocket(c *binding.Call) (any, error) {
	rt := host(c)
	u, err := rt.resolve(c.String(0))
	if err != nil {
		return nil, domerr.New(domerr.Syntax, "WebSocket: bad address %q", c.String(0))
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return nil, domerr.New(domerr.Syntax, "WebSocket: the address must be ws: or wss:, not %s:", u.Scheme)
	}
	if u.Fragment != "" {
		return nil, domerr.New(domerr.Syntax, "WebSocket: the address may have no fragment")
	}
	protocols := strs(c.Arg(1))
	seen := map[string]bool{}
	for _, p := range protocols {
		if p == "" || seen[strings.ToLower(p)] || strings.ContainsAny(p, " ,;\t\r\n") {
			return nil, domerr.New(domerr.Syntax, "WebSocket: bad subprotocol %q", p)
		}
		seen[strings.ToLower(p)] = true
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &webSocket{rt: rt, url: u, binary: "blob", cancel: cancel, out: make(chan outgoing, 1024), shut: make(chan error, 1), releaseRef: rt.hold()}
	s.init(s)
	rt.closers[s] = cancel
	go s.dial(ctx, protocols)
	return s, nil
}

func (s *webSocket) dial(ctx context.Context, protocols []string) {
	head := http.Header{}
	if o := originOf(s.rt.base); o != "null" {
		head.Set("Origin", o)
	}
	dialCtx, stop := context.WithTimeout(ctx, 30*time.Second)
	conn, _, err := ws.Dial(dialCtx, s.url.String(), &ws.DialOptions{Subprotocols: protocols, HTTPHeader: head})
	stop()
	if err != nil {
		s.end(true, ws.StatusAbnormalClosure, "")
		return
	}
	conn.SetReadLimit(64 << 20)
	s.rt.Post(func() {
		if s.state != wsConnecting {
			s.state = wsClosing
			go func() { _ = conn.Close(s.closeCode, s.closeWhy) }()
		} else {
			s.state, s.protocol = wsOpen, conn.Subprotocol()
		}
		s.conn = conn
		if s.state == wsOpen {
			s.fire(s.rt, "open")
		}
	})
	go s.write(ctx, conn)
	s.read(ctx, conn)
}

func (s *webSocket) write(ctx context.Context, conn *ws.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.out:
			if m.data == nil && m.typ == 0 {
				s.shut <- conn.Close(s.closeCode, s.closeWhy)
				return
			}
			if err := conn.Write(ctx, m.typ, m.data); err != nil {
				s.shut <- err // it may have closed the connection
				return
			}
			s.rt.Post(func() { s.buffered -= int64(len(m.data)) })
		}
	}
}

func (s *webSocket) read(ctx context.Context, conn *ws.Conn) {
	for {
		typ, data, err := conn.Read(ctx)
		if err != nil {
			s.ended(ctx, err)
			return
		}
		s.rt.Post(func() {
			if s.state != wsOpen {
				return
			}
			var v any = data
			switch {
			case typ == ws.MessageText:
				v = string(data)
			case s.binary == "blob":
				v = &blob{data: data}
			}
			e := newEvent("MessageEvent", "message", eventInit{})
			e.attrs = map[string]any{"data": s.rt.realm.ToJS(nil, v), "origin": originOf(s.url), "lastEventId": "", "source": nil, "ports": []any{}}
			s.dispatch(s.rt, e)
		})
	}
}

// ended tells how the connection that a read has found closed came to its end.
func (s *webSocket) ended(ctx context.Context, err error) {
	if errors.Is(err, net.ErrClosed) {
		// By who writes: a write has failed, or our close handshake has read the
		// peer's answer itself, because no read was under way. An answer with our
		// code is no error.
		select {
		case err = <-s.shut:
			if err == nil {
				s.end(false, s.closeCode, s.closeWhy)
				return
			}
		case <-ctx.Done():
		}
	}
	if frame := (ws.CloseError{}); errors.As(err, &frame) {
		s.end(false, frame.Code, frame.Reason)
		return
	}
	s.end(true, ws.StatusAbnormalClosure, "")
}

// end fires close, after error when the connection failed.
func (s *webSocket) end(failed bool, code ws.StatusCode, why string) {
	s.cancel()
	s.closeOnce.Do(func() {
		s.rt.Post(func() {
			s.state = wsClosed
			delete(s.rt.closers, s)
			if failed {
				s.fire(s.rt, "error")
			}
			e := newEvent("CloseEvent", "close", eventInit{})
			e.attrs = map[string]any{"wasClean": !failed, "code": int(code), "reason": why}
			s.dispatch(s.rt, e)
			s.releaseRef()
		})
	})
}

func (s *webSocket) send(typ ws.MessageType, data []byte) error {
	switch s.state {
	case wsConnecting:
		return domerr.New(domerr.InvalidState, "WebSocket: still connecting")
	case wsOpen:
		s.buffered += int64(len(data))
		if data == nil {
			data = []byte{}
		}
		select {
		case s.out <- outgoing{typ, data}:
		default:
			// more than a thousand messages behind: the connection is lost
			s.end(true, ws.StatusAbnormalClosure, "")
		}
	}
	return nil
}

func (s *webSocket) close(c *binding.Call) error {
	code := ws.StatusNoStatusRcvd
	if c.Has(0) {
		code = ws.StatusCode(c.Int(0))
		if code != 1000 && (code < 3000 || code > 4999) {
			return domerr.New(domerr.InvalidAccess, "WebSocket: the code must be 1000 or 3000 to 4999")
		}
	}
	if len(c.String(1)) > 123 {
		return domerr.New(domerr.Syntax, "WebSocket: the reason is longer than 123 bytes")
	}
	if s.state >= wsClosing {
		return nil
	}
	open := s.state == wsOpen
	s.state, s.closeCode, s.closeWhy = wsClosing, code, c.String(1)
	if code == ws.StatusNoStatusRcvd {
		s.closeCode = ws.StatusNormalClosure
	}
	if !open {
		s.end(true, ws.StatusAbnormalClosure, "")
		return nil
	}
	select {
	case s.out <- outgoing{}:
	default:
		s.end(true, ws.StatusAbnormalClosure, "")
	}
	return nil
}

func init() {
	registry.Implement("WebSocket", binding.Members{
		"constructor":    newWebSocket,
		"url":            getter(func(s *webSocket) any { return s.url.String() }),
		"readyState":     getter(func(s *webSocket) any { return s.state }),
		"bufferedAmount": getter(func(s *webSocket) any { return s.buffered }),
		"extensions":     getter(func(*webSocket) any { return "" }),
		"protocol":       getter(func(s *webSocket) any { return s.protocol }),
		"binaryType":     getter(func(s *webSocket) any { return s.binary }),
		"set binaryType": setter(func(s *webSocket, c *binding.Call) { s.binary = c.String(0) }),
		"close":          func(c *binding.Call) (any, error) { return nil, c.This.(*webSocket).close(c) },
		"send": func(c *binding.Call) (any, error) {
			s := c.This.(*webSocket)
			switch v := c.Arg(0).(type) {
			case *binding.Buffer:
				return nil, s.send(ws.MessageBinary, v.Copy())
			case *blob:
				return nil, s.send(ws.MessageBinary, v.data)
			}
			return nil, s.send(ws.MessageText, []byte(c.String(0)))
		},
	})
}
