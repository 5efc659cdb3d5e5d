package main

import (
	"context"
	"errors"
	"time"

	"trackway/js"
)

// runCommand is trackway run.
type runCommand struct {
	Script string   `arg:"" type:"existingfile" help:"A script, an ECMAScript module (.mjs) or an HTML page."`
	Args   []string `arg:"" optional:"" passthrough:"" help:"Arguments of the script, in globalThis.arguments."`

	Bots    int           `default:"1" placeholder:"N" help:"Run the script N times at once, each in a runtime of its own; globalThis.bot is its number."`
	Ramp    time.Duration `default:"5ms" help:"The time from one bot's start to the next one's."`
	Memory  int           `placeholder:"MIB" help:"End the script when the heap has grown by this many MiB."`
	Timeout time.Duration `help:"End the script after this long."`
}

// Run runs the script to its end.
func (r *runCommand) Run(ctx context.Context, o *output) error {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	err := js.Run(ctx, js.RunOptions{
		Script: r.Script, Args: r.Args, Bots: r.Bots, Ramp: r.Ramp, MemoryLimit: uint64(max(r.Memory, 0)) << 20, Stdout: o.out, Stderr: o.err,
	})
	if errors.Is(err, context.Canceled) {
		return nil // the user interrupted it
	}
	return err
}

// testCommand is trackway test.
type testCommand struct {
	Files   []string      `arg:"" type:"existingfile" help:"Scripts that call test(name, function)."`
	Timeout time.Duration `default:"1m" help:"End a file after this long."`
}

// errTests makes the exit code 1 after the report has said what failed.
var errTests = errors.New("some tests failed")

// Run runs the tests and reports in TAP.
func (t *testCommand) Run(ctx context.Context, o *output) error {
	ok, err := js.Test(ctx, js.TestOptions{Files: t.Files, Timeout: t.Timeout, Out: o.out})
	if err == nil && !ok {
		return errTests
	}
	return err
}
