package js

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"trackway/media"
	"trackway/webrtc"
)

// RunOptions say what Run runs.
type RunOptions struct {
	// Script is the file: an HTML page, a module (.mjs, or a script with import
	// statements), or a classic script.
	Script string
	// Args are the program's arguments, globalThis.arguments.
	Args []string
	// Bots is how many runtimes run the script at the same time, each by itself;
	// globalThis.bot is its number from 0. 0 means one.
	Bots int
	// Ramp is the time from one bot's start to the next one's; 0 means
	// DefaultRamp, and less than 0 starts all at once.
	Ramp time.Duration
	// MemoryLimit and Engine are those of Options.
	MemoryLimit uint64
	Engine      *webrtc.Engine
	// Stdout and Stderr take the scripts' output; nil means the process's.
	Stdout, Stderr io.Writer
}

// DefaultRamp starts two hundred bots a second, about as many calls as two
// processors can set up. Where more begin than that, all of them take long, and
// what checks and handshakes lose in full buffers is sent again.
const DefaultRamp = 5 * time.Millisecond

// Run runs a script to its end: until nothing is left that could wake it, or ctx
// ends. The error is nil if no exception and no rejection was left unhandled.
func Run(ctx context.Context, o RunOptions) error {
	src, err := os.ReadFile(o.Script)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	stdout, stderr := &lockedWriter{w: o.Stdout, mu: &mu}, &lockedWriter{w: o.Stderr, mu: &mu}
	if o.Stdout == nil {
		stdout.w = os.Stdout
	}
	if o.Stderr == nil {
		stderr.w = os.Stderr
	}
	bots, ramp := max(o.Bots, 1), o.Ramp
	if ramp == 0 {
		ramp = DefaultRamp
	}
	began := media.SystemClock.Now()
	errs := make([]error, bots)
	var wg sync.WaitGroup
	for i := range bots {
		wg.Go(func() {
			if err := media.SystemClock.SleepUntil(ctx, began.Add(time.Duration(i)*ramp)); err != nil {
				errs[i] = err
				return
			}
			errs[i] = runFile(ctx, o.Script, string(src), Options{
				Args: o.Args, MemoryLimit: o.MemoryLimit, Engine: o.Engine, Stdout: stdout, Stderr: stderr, Globals: map[string]any{"bot": i},
			})
		})
	}
	wg.Wait()
	failed := 0
	var first error
	for _, err := range errs {
		if err != nil {
			failed++
			if first == nil {
				first = err
			}
		}
	}
	if failed > 1 {
		return fmt.Errorf("%d of %d bots failed, the first: %w", failed, bots, first)
	}
	return first
}

// lockedWriter keeps the lines of several runtimes apart.
type lockedWriter struct {
	w  io.Writer
	mu *sync.Mutex
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

var importLine = regexp.MustCompile(`(?m)^\s*(import\s*[\w{*"']|export\s)`)

// runFile runs one file in a runtime of its own. Files beside it are served
// under its origin.
func runFile(ctx context.Context, name, src string, o Options) error {
	abs, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	if o.Files == nil {
		o.Files = os.DirFS(filepath.Dir(abs))
	}
	o.URL = "http://localhost/" + filepath.Base(abs)
	rt, err := New(o)
	if err != nil {
		return err
	}
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case ext == ".html" || ext == ".htm":
		err = rt.LoadPage(src)
	case ext == ".mjs" || importLine.MatchString(src):
		if src, err = rt.bundle(o.URL, src); err == nil {
			err = rt.LoadScript(filepath.Base(abs), src)
		}
	default:
		err = rt.LoadScript(filepath.Base(abs), src)
	}
	if err != nil {
		return err
	}
	if err := rt.Run(ctx); err != nil {
		return err
	}
	if n := rt.Errors(); n > 0 {
		return fmt.Errorf("%s: %d unhandled errors", name, n)
	}
	return nil
}
