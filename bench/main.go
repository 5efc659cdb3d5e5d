// Command bench measures Trackway beside pion/webrtc v4, both in one run, and
// prints a line for each piece of work: what it costs us, what it costs pion,
// the ratio, and the floor that the hardware sets.
//
//	go run . [-rounds 3] [-rows fanout,negotiate]
//	go run . -rows curve >results/curves.txt    # points of the scaling curves
//	go run . -plot results/curves.txt           # draws them
//
// Every figure is the median of several rounds. In a round the two stacks take
// turns, each in a process of its own, so that neither inherits the other's
// heap and a slow minute of the machine hits both. CPU is the process's user
// and system time by getrusage; the peers at the other end of a media row live
// in a further process and do not count.
//
// The lines follow the Go benchmark format: benchstat reads them.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// A row is one line of the table.
type row struct {
	name  string
	unit  string
	floor float64 // in unit; 0 where there is none to speak of
	run   func(s stack) (float64, error)
}

var rows = append([]row{
	{"fanout/100/burst8", "µs-cpu/packet", 1.4 + 0.32, func(s stack) (float64, error) { return fanout(s, 100, 8) }},
	{"fanout/100/single", "µs-cpu/packet", 3.4 + 0.32, func(s stack) (float64, error) { return fanout(s, 100, 1) }},
	{"fanout/500/burst8", "µs-cpu/packet", 1.4 + 0.32, func(s stack) (float64, error) { return fanout(s, 500, 8) }},
	{"receive/10", "µs-cpu/packet", 0.45 + 0.29, receive},
	{"setup/cpu", "ms-cpu/pair", 0.65, setupCPU},
	{"setup/rtt", "RTT-to-media", 2, setupRTT},
	{"pc/heap", "KiB-heap+stack/pc", 0, func(s stack) (float64, error) { return footprint(s, "heap") }},
	{"pc/goroutines", "goroutines/pc", 0, func(s stack) (float64, error) { return footprint(s, "goroutines") }},
	{"pc/idle", "µs-cpu/s/pc", 0, func(s stack) (float64, error) { return footprint(s, "idle") }},
	{"negotiate/1000", "ms/m-line", 0, func(s stack) (float64, error) { return negotiateAll(s, 1000) }},
	{"negotiate/300+1", "ms", 0, func(s stack) (float64, error) { return negotiateOneMore(s, 300) }},
	{"addtrack/1000", "µs/call", 0, func(s stack) (float64, error) { return addTrack(s, 1000) }},
}, curves()...)

// curves are the points of the two scaling curves; they are measured only when
// they are asked for.
func curves() (out []row) {
	for _, n := range []int{1, 10, 50, 100, 200, 500} {
		out = append(out, row{fmt.Sprintf("curve/fanout/%d", n), "µs-cpu/packet", 0,
			func(s stack) (float64, error) { return fanout(s, n, 8) }})
	}
	for _, n := range []int{1, 10, 100, 300, 1000} {
		out = append(out, row{fmt.Sprintf("curve/negotiate/%d", n), "ms/m-line", 0,
			func(s stack) (float64, error) { return negotiateAll(s, n) }})
	}
	return out
}

func main() {
	rounds := flag.Int("rounds", 3, "rounds; each figure is their median")
	only := flag.String("rows", "", "comma-separated prefixes of row names; empty runs all")
	one := flag.String("one", "", "run one row in this process and print its figure (used by the program itself)")
	with := flag.String("stack", "", "the stack for -one: trackway or pion")
	peers := flag.Bool("peers", false, "be the far end: answer offers read from standard input (used by the program itself)")
	profileTo := flag.String("cpuprofile", "", "with -one: write a CPU profile to this file")
	flag.StringVar(&heapTo, "memprofile", "", "with -one: write a profile of every allocation to this file, and one of before to FILE.base")
	drawing := flag.String("plot", "", "draw the curves of this file of results beside it")
	flag.Parse()

	if *drawing != "" {
		check(plot(*drawing))
		return
	}

	if *peers {
		check(servePeers(os.Stdin, os.Stdout))
		return
	}
	if *one != "" {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == *one })
		if i < 0 || stacks[*with] == nil {
			check(fmt.Errorf("no row %q or no stack %q", *one, *with))
		}
		if heapTo != "" {
			runtime.MemProfileRate = 1
		}
		if *profileTo != "" {
			f, err := os.Create(*profileTo)
			check(err)
			defer f.Close()
			profile = f
		}
		v, err := rows[i].run(stacks[*with]())
		check(err)
		check(json.NewEncoder(os.Stdout).Encode(v))
		return
	}
	failed := false
	for _, r := range rows {
		if !wanted(r.name, *only) {
			continue
		}
		if err := compare(r, *rounds); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", r.name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func wanted(name, only string) bool {
	if only == "" {
		return !strings.HasPrefix(name, "curve/")
	}
	for p := range strings.SplitSeq(only, ",") {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// compare runs a row in alternating child processes and prints its line.
func compare(r row, rounds int) error {
	var ours, pions, ratios []float64
	for range rounds {
		a, err := child(r.name, "trackway")
		if err != nil {
			return err
		}
		b, err := child(r.name, "pion")
		if err != nil {
			return err
		}
		ours, pions, ratios = append(ours, a), append(pions, b), append(ratios, a/b)
	}
	floor := ""
	if r.floor > 0 {
		floor = fmt.Sprintf("\t%.3g floor-%s", r.floor, r.unit)
	}
	fmt.Printf("Benchmark/%s\t%d\t%.4g ours-%s\t%.4g pion-%s\t%.3g ratio%s\n",
		r.name, rounds, median(ours), r.unit, median(pions), r.unit, median(ratios), floor)
	return nil
}

func child(row, with string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, "-one", row, "-stack", with)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", with, err)
	}
	var v float64
	if err := json.Unmarshal(out, &v); err != nil {
		return 0, fmt.Errorf("%s printed %q: %w", with, out, err)
	}
	return v, nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
