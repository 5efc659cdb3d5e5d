package js

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	ws "github.com/coder/websocket"
	"go.uber.org/goleak"

	"trackway/webrtc"
)

// engine is closed at the end, so that leaks can be told from its sockets.
var engine *webrtc.Engine

func TestMain(m *testing.M) {
	var err error
	if engine, err = webrtc.NewEngine(); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := engine.Close(); err != nil {
		panic(err)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			var out bytes.Buffer
			ok, err := Test(t.Context(), TestOptions{Files: []string{f}, Engine: engine, Timeout: 30 * time.Second, Out: &out})
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				t.Errorf("failed:\n%s", out.String())
			}
		})
	}
}

// page runs a page to its end and returns what it printed.
func page(t *testing.T, o Options, html string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Stdout, o.Stderr, o.Engine = &out, &out, engine
	rt, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.LoadPage(html); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = rt.Run(ctx)
	return out.String(), err
}

func TestPagesRunTheirScriptsInOrder(t *testing.T) {
	files := fstest.MapFS{
		"a.js": {Data: []byte(`console.log('a', document.currentScript.id, document.readyState)`)},
		"m.js": {Data: []byte(`import {x} from './sub/n.js'; console.log('module', x, await 5)`)}, "sub/n.js": {Data: []byte(`export const x = 7`)},
		"late.js": {Data: []byte(`console.log('inserted')`)},
	}
	got, err := page(t, Options{URL: "http://localhost/p.html", Files: files}, `<body onload="console.log('onload')"><div id="named"></div>
<script>console.log('inline', named.localName); document.addEventListener('DOMContentLoaded', () => console.log('DOMContentLoaded'));</script>
<script id="s" src="a.js"></script><script type="module" src="m.js"></script><script type="text/plain">nonsense(</script>
<script>const s = document.createElement('script'); s.src = 'late.js'; s.onload = () => console.log('loaded'); document.body.append(s);</script>`)
	if err != nil {
		t.Fatal(err)
	}
	want := "inline div\na s loading\nmodule 7 5\nDOMContentLoaded\ninserted\nloaded\nonload\n"
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestRunEndsWhenNothingIsLeft(t *testing.T) {
	got, err := page(t, Options{}, `<script>setTimeout(() => console.log('last'), 10); new MessageChannel();</script>`)
	if err != nil || got != "last\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestUncaughtErrorsAreCountedAndDescribed(t *testing.T) {
	var seen []string
	rt, err := New(Options{OnError: func(s string) { seen = append(seen, s) }})
	if err != nil {
		t.Fatal(err)
	}
	rt.RunScript("s.js", "\nnull.x")
	rt.RunScript("r.js", "Promise.reject(new TypeError('lost'))")
	rt.RunScript("bad.js", "let = =")
	if err := rt.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rt.Errors() != 3 || len(seen) != 3 || !strings.Contains(seen[0], "s.js:2") || !strings.Contains(seen[1], "TypeError: lost") || !strings.Contains(seen[2], "SyntaxError") {
		t.Errorf("want three descriptions with place and name, got %d: %q", rt.Errors(), seen)
	}
}

func TestEndlessScriptsAreStopped(t *testing.T) {
	for name, script := range map[string]string{
		"loop": "for (;;);", "microtasks": "const f = () => Promise.resolve().then(f); f()", "listener": "addEventListener('x', () => { for (;;); }); dispatchEvent(new Event('x'))",
		"tasks": "setInterval(() => {}, 0)", "handler": "setTimeout(() => { for (;;); })",
	} {
		t.Run(name, func(t *testing.T) {
			rt, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := rt.LoadScript("s.js", script); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := rt.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a script that never ends must end with its context, got %v", err)
			}
		})
	}
}

func TestRecursionIsARangeError(t *testing.T) {
	got, err := page(t, Options{}, `<script>const f = () => f() + 1; try { f(); } catch (e) { console.log(e instanceof RangeError ? 'caught' : e); }
	console.log('alive')</script>`)
	if err != nil || !strings.Contains(got, "alive") && !strings.Contains(got, "Maximum call stack") {
		t.Errorf("endless recursion must be reported and end nothing else, got %q, %v", got, err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	_, err := page(t, Options{MemoryLimit: 64 << 20}, `<script>const a = []; for (;;) a.push(new Array(1000).fill(1.5));</script>`)
	if !errors.Is(err, ErrInterrupted) {
		t.Errorf("a script that allocates without bound must be interrupted, got %v", err)
	}
}

func TestWebSocketsEcho(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: []string{"echo"}, InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			typ, data, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if c.Write(r.Context(), typ, data) != nil {
				return
			}
		}
	}))
	defer server.Close()
	got, err := page(t, Options{URL: server.URL}, `<script>
const s = new WebSocket('/x', ['echo']);
s.binaryType = 'arraybuffer';
s.onopen = () => { console.log(s.protocol, s.readyState); s.send('text'); s.send(new Uint8Array([7])); };
s.onmessage = e => { console.log(typeof e.data === 'string' ? e.data : new Uint8Array(e.data)[0]); if (typeof e.data !== 'string') s.close(1000, 'bye'); };
s.onclose = e => console.log(e.wasClean, e.code);
const lost = new WebSocket('ws://127.0.0.1:1/');
lost.onerror = () => console.log('error');
</script>`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"echo 1", "text", "7", "true 1000", "error"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in %q", want, got)
		}
	}
}

func TestBotsAreIsolated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bot.js")
	if err := os.WriteFile(file, []byte(`globalThis.n = (globalThis.n ?? 0) + 1; console.log('bot', bot, n)`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Run(t.Context(), RunOptions{Script: file, Bots: 20, Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 20 || strings.Contains(out.String(), " 2\n") {
		t.Errorf("twenty runtimes must print a line each and share nothing, got %q", out.String())
	}
}

func TestInsecurePagesHaveNoDevices(t *testing.T) {
	got, err := page(t, Options{URL: "http://example.org/"}, `<script>console.log(isSecureContext, 'mediaDevices' in navigator, typeof MediaDevices)</script>`)
	if err != nil || got != "false false undefined\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// What a worker does is bounded by the page that made it.
func TestEndlessWorkersEndWithTheirPage(t *testing.T) {
	const endless = `new Worker('data:text/javascript,postMessage(1); for (;;);').onmessage = `
	got, err := page(t, Options{}, `<script>`+endless+`e => { e.target.terminate(); console.log('terminated'); };</script>`)
	if err != nil || got != "terminated\n" {
		t.Errorf("a page ends when its endless worker was terminated: %q, %v", got, err)
	}
	rt, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.LoadScript("s.js", endless+"() => close()"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := rt.Run(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a page with an endless worker: %v", err)
	}
}

// Frames that a script does not read are dropped, not collected.
func TestTransformsThatNeverReadHoldFewFrames(t *testing.T) {
	rt, err := New(Options{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	asked := 0
	q := newFrameQueue(rt, func() { asked++ })
	frame := func(key bool) {
		f := &webrtc.TransformFrame{Kind: "video"}
		f.KeyFrame = key
		if q.admit() {
			q.push(f, q)
		}
	}
	frame(true)
	for range 10 * framesWaiting {
		frame(false)
	}
	if len(q.frames) > framesWaiting || asked != 1 {
		t.Errorf("%d frames wait, and %d key frames were asked for; want at most %d, and 1", len(q.frames), asked, framesWaiting)
	}
	frame(true)
	if n := len(q.frames); n != 1 || !q.frames[0].f.KeyFrame {
		t.Errorf("%d frames wait after the gap, want the key frame", n)
	}
	for range 2 * framesWaiting {
		q.admit() // and never arrives
	}
	if q.admit() {
		t.Error("more frames are on their way than the queue may hold")
	}
}
