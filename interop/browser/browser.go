// Package browser runs a real browser, headless, as the other peer of a test.
//
// There is no driver between test and browser. The browser opens a page that
// the test serves; the page opens a WebSocket back and runs the JavaScript
// that the test sends:
//
//	b, err := browser.Start(ctx, browser.Chromium, browser.Options{})
//	f, err := b.Open(ctx, "/blank")
//	var n int
//	err = f.Eval(ctx, &n, `return args.a + args.b`, browser.Args{"a": 1, "b": 2})
//
// One browser serves many tests: each opens frames of its own, and closing a
// frame ends every connection that was made in it. Frames share one visible
// page, so that no test suffers the timer throttling of a background tab.
package browser

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Kind names a browser.
type Kind string

// The browsers this package can start.
const (
	Chromium Kind = "chromium"
	Firefox  Kind = "firefox"
)

// ErrMissing is wrapped by the error of Start when the browser is not
// installed; the message says how to install it.
var ErrMissing = errors.New("browser is not installed")

// Options adjust a browser. The zero value is what most tests want.
type Options struct {
	// Prefs are added to Firefox's user.js: a string, bool or int by name.
	Prefs map[string]any
	// Args are added to Chromium's command line.
	Args []string
	// StartTimeout bounds the start: 90 seconds if zero, for a slow machine's
	// first run with a cold disk.
	StartTimeout time.Duration
}

// Browser is a running browser and the server of its pages.
type Browser struct {
	kind    Kind
	mux     *http.ServeMux
	server  *http.Server
	base    string
	token   string
	profile string
	process *process

	connected chan *link
	link      *link

	mu     sync.Mutex
	frames int
	closed bool
}

// Find returns the path of the browser's program, or an error that wraps
// ErrMissing.
func Find(kind Kind) (string, error) {
	names := map[Kind][]string{
		Chromium: {"chromium", "chromium-browser", "google-chrome"},
		Firefox:  {"firefox-esr", "firefox"},
	}[kind]
	if names == nil {
		return "", fmt.Errorf("browser: unknown kind %q", kind)
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: none of %s in PATH (on Debian: apt-get install %s, or make deps)",
		ErrMissing, strings.Join(names, ", "), names[0])
}

// Start starts the browser and waits until its page has reported back. The
// context bounds the start only; Close ends the browser.
func Start(ctx context.Context, kind Kind, opts Options) (*Browser, error) {
	if runtime.GOOS == "windows" {
		return nil, fmt.Errorf("%w: the harness needs a POSIX shell", ErrMissing)
	}
	path, err := Find(kind)
	if err != nil {
		return nil, err
	}
	if opts.StartTimeout == 0 {
		opts.StartTimeout = 90 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, opts.StartTimeout)
	defer cancel()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("browser: listening for the page: %w", err)
	}
	b := &Browser{
		kind:      kind,
		mux:       http.NewServeMux(),
		token:     rand.Text(),
		connected: make(chan *link, 1),
		// A browser treats localhost as a secure context: getUserMedia works.
		base: fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port),
	}
	b.routes()
	b.server = &http.Server{Handler: b.mux, ReadHeaderTimeout: 30 * time.Second}
	go func() { _ = b.server.Serve(listener) }()

	if err := b.launch(ctx, path, opts); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Browser) launch(ctx context.Context, path string, opts Options) error {
	var err error
	if b.profile, err = os.MkdirTemp("", "trackway-"+string(b.kind)+"-"); err != nil {
		return fmt.Errorf("browser: making a profile: %w", err)
	}
	args, err := commandLine(b.kind, b.profile, opts)
	if err != nil {
		return err
	}
	b.process, err = startProcess(path, append(args, b.base+"/harness/?token="+b.token), b.profile)
	if err != nil {
		return fmt.Errorf("browser: starting %s: %w", path, err)
	}
	select {
	case b.link = <-b.connected:
		return nil
	case <-b.process.done:
		return fmt.Errorf("browser: %s ended before its page reported back; it said:\n%s", path, b.process.tail())
	case <-ctx.Done():
		return fmt.Errorf("browser: the page of %s did not report back: %w; it said:\n%s", path, ctx.Err(), b.process.tail())
	}
}

// Kind returns which browser this is.
func (b *Browser) Kind() Kind { return b.kind }

// URL returns the origin of the browser's pages, such as http://localhost:4711.
func (b *Browser) URL() string { return b.base }

// Handle serves more under the origin of the browser's pages, by the rules of
// http.ServeMux. A pattern can be given once only; the prefix /harness/ is taken.
func (b *Browser) Handle(pattern string, handler http.Handler) { b.mux.Handle(pattern, handler) }

// Close ends the browser and every process it started, and removes its profile.
func (b *Browser) Close() {
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return
	}
	if b.link != nil {
		b.link.close()
	}
	if b.process != nil {
		b.process.kill()
	}
	_ = b.server.Close()
	if b.profile == "" {
		return
	}
	// A killed browser's helpers may write for a moment longer, and a file that
	// appears during the removal makes it fail.
	for try := 0; os.RemoveAll(b.profile) != nil && try < 20; try++ {
		time.Sleep(50 * time.Millisecond)
	}
}

// Log returns the last lines that the browser wrote on its standard streams.
func (b *Browser) Log() string { return b.process.tail() }

// tailWriter keeps the last bytes written to it.
type tailWriter struct {
	mu   sync.Mutex
	data []byte
}

var _ io.Writer = (*tailWriter)(nil)

const tailSize = 8 << 10

func (w *tailWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data = append(w.data, p...)
	if len(w.data) > tailSize {
		w.data = append([]byte(nil), w.data[len(w.data)-tailSize:]...)
	}
	return len(p), nil
}

func (w *tailWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.data)
}

// Expected reports whether the environment promises that browsers are there
// (continuous integration, or make interop): then a missing one is a failure
// and no reason to skip.
func Expected() bool {
	return os.Getenv("CI") == "true" || os.Getenv("TRACKWAY_INTEROP") == "1"
}
