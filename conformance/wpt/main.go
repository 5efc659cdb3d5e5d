// Command wpt runs web-platform-tests in Trackway's JavaScript runtime.
//
//	go run ./conformance/wpt -wpt DIR [-json out.json] [-baseline check|update] [files or directories…]
//
// The suite is not part of the repository; see -h.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
)

// revision is the web-platform-tests revision (as vendored by servo) that the
// baseline was made with.
const revision = "75e2df72ca1cc9c59ccad98737ca15aef479653e"

const howToGet = `The web-platform-tests are needed and not part of this repository. Get the pinned revision:

  git clone --filter=blob:none --no-checkout https://github.com/servo/wpt wpt && cd wpt
  git sparse-checkout set resources common interfaces webrtc webrtc-encoded-transform webrtc-extensions \
      webrtc-ice webrtc-priority webrtc-stats webrtc-svc mediacapture-streams mediacapture-fromelement
  git checkout ` + revision + `

and pass the directory with -wpt or in WPT_DIR.
`

// defaults are the directories that are run when none is named.
var defaults = []string{
	"webrtc", "webrtc-stats", "webrtc-extensions", "webrtc-encoded-transform", "webrtc-priority", "webrtc-svc", "webrtc-ice", "mediacapture-streams",
}

type options struct {
	wpt, jsonOut, baseline, browsers string
	jobs                             int
	verbose                          bool
}

func main() {
	var o options
	flag.StringVar(&o.wpt, "wpt", os.Getenv("WPT_DIR"), "directory of web-platform-tests (default $WPT_DIR)")
	flag.StringVar(&o.jsonOut, "json", "", "write results to this file")
	flag.StringVar(&o.baseline, "baseline", "", "check: fail when a subtest of the baseline does not pass; update: write the baseline")
	flag.StringVar(&o.browsers, "browsers", os.Getenv("WPT_BROWSERS"), "table of browsers' results, tab-separated: file, subtest, chromium, firefox (default $WPT_BROWSERS)")
	flag.IntVar(&o.jobs, "j", 4, "files to run at the same time")
	flag.BoolVar(&o.verbose, "v", false, "print every subtest that does not pass, with its message")
	profile := flag.String("cpuprofile", "", "write a CPU profile to this file")
	flag.Parse()
	debug.SetGCPercent(400) // short-lived garbage of many runtimes; memory is not what is short here
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "wpt:", err)
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, o, flag.Args(), os.Stdout)
	pprof.StopCPUProfile() // os.Exit runs no deferred calls
	if err != nil {
		fmt.Fprintln(os.Stderr, "wpt:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, names []string, out io.Writer) (ok bool, err error) {
	if _, err := os.Stat(filepath.Join(o.wpt, "resources", "testharness.js")); err != nil || o.wpt == "" {
		return false, fmt.Errorf("no web-platform-tests at %q\n\n%s", o.wpt, howToGet)
	}
	if len(names) == 0 {
		names = defaults
	}
	tests, err := findTests(o.wpt, names)
	if err != nil {
		return false, err
	}
	// The interface tests compute for seconds; they go first, while others wait.
	slices.SortStableFunc(tests, func(a, b string) int { return weight(b) - weight(a) })
	var browsers *browserTable
	if o.browsers != "" {
		if browsers, err = readBrowsers(o.browsers); err != nil {
			return false, err
		}
	}
	results := runAll(ctx, o, tests, out)
	if o.jsonOut != "" {
		data, err := json.MarshalIndent(results, "", " ")
		if err != nil {
			return false, err
		}
		if err := os.WriteFile(o.jsonOut, append(data, '\n'), 0o644); err != nil {
			return false, err
		}
	}
	report(out, results, browsers, o.verbose)
	switch o.baseline {
	case "":
		return true, nil
	case "update":
		return true, updateBaseline(results)
	case "check":
		return checkBaseline(out, results)
	}
	return false, fmt.Errorf("-baseline must be check or update, not %q", o.baseline)
}

func weight(file string) int {
	if strings.Contains(file, "idlharness") {
		return 1
	}
	return 0
}

// findTests expands directories and returns the test files, as slash-separated
// paths inside the suite.
func findTests(root string, names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		name = strings.TrimPrefix(filepath.ToSlash(name), "./")
		full := filepath.Join(root, filepath.FromSlash(name))
		info, err := os.Stat(full)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, name)
			continue
		}
		err = filepath.WalkDir(full, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, p)
			if err == nil && isTest(p) {
				out = append(out, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// isTest reports whether a file is a test page or script: a page that loads the
// harness, or a script named .any.js or .window.js.
func isTest(path string) bool {
	switch {
	case strings.HasSuffix(path, ".any.js"), strings.HasSuffix(path, ".window.js"):
		return true
	case !strings.HasSuffix(path, ".html"), strings.Contains(filepath.ToSlash(path), "/resources/"), strings.Contains(filepath.ToSlash(path), "/support/"):
		return false
	}
	data, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(data), "/resources/testharness.js")
}
