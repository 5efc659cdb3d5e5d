package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

//go:embed page/harness.html
var harnessHTML []byte

//go:embed page/harness.js
var harnessJS []byte

//go:embed page/lib.js
var libJS []byte

func (b *Browser) routes() {
	serve := func(contentType string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(body)
		}
	}
	const html, js = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
	b.mux.HandleFunc("GET /harness/{$}", serve(html, harnessHTML))
	b.mux.HandleFunc("GET /harness/harness.js", serve(js, harnessJS))
	b.mux.HandleFunc("GET /harness/lib.js", serve(js, libJS))
	b.mux.HandleFunc("GET /harness/blank", serve(html, []byte(
		`<!doctype html><meta charset="utf-8"><title>blank</title><script src="/harness/lib.js"></script>`)))
	b.mux.HandleFunc("GET /favicon.ico", http.NotFound)
	b.mux.HandleFunc("GET /harness/control", b.control)
}

func (b *Browser) control(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("token") != b.token {
		http.Error(w, "wrong token", http.StatusForbidden)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(16 << 20)
	l := &link{conn: conn, waiting: map[int]chan reply{}, done: make(chan struct{})}
	select {
	case b.connected <- l:
	default: // the page was loaded twice; the first one counts
		_ = conn.CloseNow()
		return
	}
	l.read(r.Context())
}

// link is the WebSocket to the harness page: requests with an identifier, and
// replies in any order.
type link struct {
	conn *websocket.Conn
	done chan struct{}
	err  error // why it ended, once done is closed

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
}

type request struct {
	ID    int    `json:"id"`
	Op    string `json:"op"`
	Frame int    `json:"frame"`
	URL   string `json:"url,omitempty"`
	Code  string `json:"code,omitempty"`
	Args  any    `json:"args,omitempty"`
}

type reply struct {
	ID    int             `json:"id"`
	Value json.RawMessage `json:"value"`
	Error *ScriptError    `json:"error"`
}

// ScriptError is what the page's JavaScript threw.
type ScriptError struct {
	// Name is the error's name, such as InvalidAccessError.
	Name string `json:"name"`
	// Message is the error's message.
	Message string `json:"message"`
	// Stack says where it was thrown, in the browser's own form.
	Stack string `json:"stack"`
}

// Error gives "Name: message", then the stack.
func (e *ScriptError) Error() string {
	return e.Name + ": " + e.Message + "\n" + e.Stack
}

func (l *link) read(ctx context.Context) {
	defer close(l.done)
	for {
		_, data, err := l.conn.Read(ctx)
		if err != nil {
			l.err = err
			return
		}
		var r reply
		if err := json.Unmarshal(data, &r); err != nil {
			l.err = err
			return
		}
		l.mu.Lock()
		ch := l.waiting[r.ID]
		delete(l.waiting, r.ID)
		l.mu.Unlock()
		if ch != nil {
			ch <- r
		}
	}
}

func (l *link) call(ctx context.Context, req request) (json.RawMessage, error) {
	ch := make(chan reply, 1)
	l.mu.Lock()
	l.next++
	req.ID = l.next
	l.waiting[req.ID] = ch
	l.mu.Unlock()
	data, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("browser: arguments: %w", err)
	}
	if err := l.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	select {
	case r := <-ch:
		if r.Error != nil {
			return nil, r.Error
		}
		return r.Value, nil
	case <-l.done:
		return nil, fmt.Errorf("browser: the page is gone: %w", l.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("browser: waiting for the script: %w", ctx.Err())
	}
}

func (l *link) close() { _ = l.conn.CloseNow() }

// Args are the values that a script sees as its variable args, as JSON.
type Args map[string]any

// Frame is a page inside the browser.
type Frame struct {
	b  *Browser
	id int
}

// Open loads a page of the browser's own origin in a new frame and waits until
// it has loaded. The path /harness/blank is an empty page with lib.js.
func (b *Browser) Open(ctx context.Context, path string) (*Frame, error) {
	b.mu.Lock()
	b.frames++
	f := &Frame{b: b, id: b.frames}
	b.mu.Unlock()
	if _, err := b.link.call(ctx, request{Op: "open", Frame: f.id, URL: path}); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return f, nil
}

// Eval runs code, the body of an async function, in the frame, and decodes
// what it returns into out unless that is nil. The code sees window, document
// and args. What it throws is returned as a *ScriptError.
func (f *Frame) Eval(ctx context.Context, out any, code string, args Args) error {
	value, err := f.b.link.call(ctx, request{Op: "eval", Frame: f.id, Code: code, Args: args})
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(value, out); err != nil {
		return fmt.Errorf("browser: the script returned %s: %w", value, err)
	}
	return nil
}

// Close removes the frame; its connections end.
func (f *Frame) Close(ctx context.Context) error {
	_, err := f.b.link.call(ctx, request{Op: "close", Frame: f.id})
	return err
}
