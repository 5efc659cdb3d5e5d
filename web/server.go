// Package web is the demo: a page that shows a call between a browser and this
// program, with every track, stream and event of both ends, and the server of
// that page.
//
// Both ends add and remove tracks while the call runs. What the program can
// send is given by Options; what the browser sends comes back, and can be
// recorded.
package web

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

//go:embed page
var pages embed.FS

// maxCalls is how many calls the server carries at a time.
const maxCalls = 64

// Source is something that the program can send.
type Source struct {
	// Name is what the page calls it.
	Name string
	// Detail is a line more about it, such as "640×360, 30 frames per second".
	Detail string
	// Track is the track. All calls send it, and never end it; a call that
	// sends the source several times sends clones of it too.
	Track *media.Track
	// Later keeps Options.Start from adding the source.
	Later bool
}

// Options configure a Server.
type Options struct {
	// Sources are what the program can send.
	Sources []Source
	// Start adds the sources to each call when it begins, all in one stream,
	// except for those that are for later.
	Start bool
	// RecordDir is the folder where recordings go; empty forbids recording.
	RecordDir string
	// Engine is what the connections share; nil means the process's own.
	Engine *webrtc.Engine
	// Configuration is that of the connections.
	Configuration webrtc.Configuration
	// Log hears of calls and what goes wrong; nil means nobody does.
	Log *slog.Logger
	// Hosts are names under which the page may be opened, besides localhost,
	// this machine's name and IP addresses.
	Hosts []string
}

// Server is an http.Handler of the page and its calls.
type Server struct {
	options Options
	files   http.Handler
	pool    *pool
	ctx     context.Context
	cancel  context.CancelFunc

	mu    sync.Mutex
	calls map[*call]bool
	count int
	wait  sync.WaitGroup
}

// NewServer makes a server. The folder for recordings must exist.
func NewServer(o Options) (*Server, error) {
	if o.RecordDir != "" {
		if info, err := os.Stat(o.RecordDir); err != nil {
			return nil, fmt.Errorf("web: the folder for recordings: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("web: the folder for recordings: %s is not a folder", o.RecordDir)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	page, err := fs.Sub(pages, "page")
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, files: http.FileServerFS(page), pool: newPool(o.Sources), calls: map[*call]bool{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// ServeHTTP serves the page, relative to the path that the server is mounted
// at (see http.StripPrefix), and its calls at call below it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.knownHost(r.Host) {
		// Else a foreign page could make its own name lead to this machine and
		// so pass for this server's origin (DNS rebinding).
		http.Error(w, "This server is not called "+r.Host+"; see trackway demo --help, --host.", http.StatusMisdirectedRequest)
		return
	}
	if r.URL.Path == "/call" {
		s.serveCall(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob: mediastream:; "+
		"connect-src 'self' ws://"+r.Host+" wss://"+r.Host+"; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	s.files.ServeHTTP(w, r)
}

func (s *Server) knownHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(strings.Trim(host, "[]")) != nil {
		return true
	}
	if name, err := os.Hostname(); err == nil && host == strings.ToLower(name) {
		return true
	}
	for _, name := range s.options.Hosts {
		if strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}

func (s *Server) serveCall(w http.ResponseWriter, r *http.Request) {
	pipe, err := signaling.AcceptWebSocket(w, r)
	if err != nil {
		s.options.Log.Warn("refused a page", "err", err, "from", r.RemoteAddr)
		return
	}
	c, err := s.newCall(pipe, r)
	if err != nil {
		s.options.Log.Warn("refused a call", "err", err, "from", r.RemoteAddr)
		_ = pipe.Close(err.Error())
		return
	}
	defer s.wait.Done()
	c.log.Info("call begins", "from", r.RemoteAddr)
	err = c.run(s.ctx)
	s.mu.Lock()
	delete(s.calls, c)
	s.mu.Unlock()
	c.log.Info("call ends", "err", err)
}

func (s *Server) newCall(pipe signaling.Pipe, r *http.Request) (*call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, fmt.Errorf("the program is ending")
	}
	if len(s.calls) >= maxCalls {
		return nil, fmt.Errorf("the program is in %d calls already", maxCalls)
	}
	s.count++
	// The page is polite unless it asks to be the one that insists.
	pagePolite := r.URL.Query().Get("polite") != "false"
	c, err := newCall(&s.options, s.pool, s.options.Log.With("call", s.count), pipe, pagePolite)
	if err != nil {
		return nil, err
	}
	s.calls[c] = true
	s.wait.Add(1)
	return c, nil
}

// Close ends all calls and waits until they have ended.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.wait.Wait()
	s.pool.close()
}
