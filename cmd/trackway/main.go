// Trackway is the command of the Trackway library: it shows what the library
// does, from the command line.
//
//	trackway demo            a call between this program and your browser
//	trackway demo clip.webm  the same with files of yours
//	trackway run call.js     JavaScript that calls, as in a browser
//	trackway test call.js    tests written in JavaScript
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"trackway/codec"
	"trackway/codec/native"
)

// arguments is the command line.
type arguments struct {
	Demo    demoCommand      `cmd:"" help:"Serve a page and call it: every track, stream and event of both ends."`
	Run     runCommand       `cmd:"" help:"Run JavaScript that uses WebRTC, as a browser would."`
	Test    testCommand      `cmd:"" help:"Run JavaScript tests of call code; reports in TAP."`
	Version kong.VersionFlag `help:"Print the version and exit."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	native.Register(codec.Default)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses the arguments and executes the command; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var a arguments
	code := -1
	parser, err := kong.New(&a,
		kong.Name("trackway"),
		kong.Description("WebRTC's addTrack, whole, in Go."),
		kong.UsageOnError(),
		kong.Vars{"version": version()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code = c }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&output{stdout, stderr}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "trackway:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if code >= 0 { // help or version
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "trackway: %v; see trackway --help\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(stderr, "trackway:", err)
		return 1
	}
	return 0
}

// output is where a command writes.
type output struct{ out, err io.Writer }

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Path + " " + info.Main.Version
}
