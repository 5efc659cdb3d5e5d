package js

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"trackway/webrtc"
)

// testingSource defines test, assert, assertEquals and assertThrows for files
// that Test runs.
//
//go:embed testing.js
var testingSource string

// TestOptions say what Test runs.
type TestOptions struct {
	// Files are scripts that call test(name, function).
	Files []string
	// Timeout ends a file; 0 means a minute.
	Timeout time.Duration
	// Engine is what the files' connections share; nil means the process's own.
	Engine *webrtc.Engine
	// Out takes the report, in the Test Anything Protocol; nil means the
	// process's standard output.
	Out io.Writer
}

// outcome is the result of one test.
type outcome struct {
	Name, Error string
	Millis      float64
}

// Test runs test files one after the other, each in a runtime of its own, and
// reports in TAP version 14. It reports whether all tests passed.
func Test(ctx context.Context, o TestOptions) (ok bool, err error) {
	out := o.Out
	if out == nil {
		out = os.Stdout
	}
	limit := o.Timeout
	if limit == 0 {
		limit = time.Minute
	}
	fmt.Fprintln(out, "TAP version 14")
	n, ok := 0, true
	report := func(file string, r outcome) {
		n++
		status := "ok"
		if r.Error != "" {
			status, ok = "not ok", false
		}
		fmt.Fprintf(out, "%s %d - %s # %s\n", status, n, strings.ReplaceAll(r.Name, "#", "\\#"), file)
		if r.Error != "" {
			fmt.Fprintf(out, "  ---\n  message: |\n    %s\n  duration_ms: %.1f\n  ...\n", strings.ReplaceAll(strings.TrimSpace(r.Error), "\n", "\n    "), r.Millis)
		}
	}
	for _, file := range o.Files {
		src, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		results, err := testFile(ctx, file, string(src), limit, o.Engine, out)
		for _, r := range results {
			report(file, r)
		}
		switch {
		case err != nil:
			report(file, outcome{Name: "the file runs to its end", Error: err.Error()})
		case len(results) == 0:
			report(file, outcome{Name: "the file has tests", Error: "test() was never called"})
		}
	}
	fmt.Fprintf(out, "1..%d\n", n)
	return ok, nil
}

func testFile(ctx context.Context, file, src string, limit time.Duration, engine *webrtc.Engine, out io.Writer) ([]outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var results []outcome
	note := func(text string) { fmt.Fprintln(out, "# "+strings.ReplaceAll(text, "\n", "\n# ")) }
	err := runFile(ctx, file, testingSource+"\n"+src, Options{
		Engine:  engine,
		Console: func(_, msg string) { note(msg) },
		OnError: note,
		Globals: map[string]any{"__outcome": func(text string) {
			var r outcome
			if json.Unmarshal([]byte(text), &r) == nil {
				results = append(results, r)
			}
		}},
	})
	return results, err
}
