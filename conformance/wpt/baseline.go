package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// baselinePath is conformance/baseline.txt beside this program's source: the
// revision, then one line "file<TAB>subtest" for each subtest that passes.
func baselinePath() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(filepath.Dir(file)), "baseline.txt")
}

func readBaseline() (map[string][]string, error) {
	f, err := os.Open(baselinePath())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string][]string{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := in.Text()
		if rev, ok := strings.CutPrefix(line, "revision\t"); ok {
			if rev != revision {
				return nil, fmt.Errorf("the baseline is of revision %s, this program of %s", rev, revision)
			}
			continue
		}
		if file, name, ok := strings.Cut(line, "\t"); ok {
			out[file] = append(out[file], name)
		}
	}
	return out, in.Err()
}

// flat makes a subtest's name fit on a line.
func flat(name string) string { return strings.Join(strings.Fields(name), " ") }

// updateBaseline writes what passed; files that did not run keep their lines.
func updateBaseline(results []result) error {
	base, err := readBaseline()
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if base == nil {
		base = map[string][]string{}
	}
	for _, r := range results {
		delete(base, r.File)
		for _, s := range r.Subtests {
			if s.Status == "PASS" {
				base[r.File] = append(base[r.File], flat(s.Name))
			}
		}
	}
	var files []string
	for f := range base {
		files = append(files, f)
	}
	slices.Sort(files)
	var b strings.Builder
	fmt.Fprintf(&b, "revision\t%s\n", revision)
	for _, f := range files {
		slices.Sort(base[f])
		for _, name := range base[f] {
			fmt.Fprintf(&b, "%s\t%s\n", f, name)
		}
	}
	return os.WriteFile(baselinePath(), []byte(b.String()), 0o644)
}

// checkBaseline reports whether every subtest of the baseline passed, among
// the files that ran.
func checkBaseline(out io.Writer, results []result) (bool, error) {
	base, err := readBaseline()
	if err != nil {
		return false, err
	}
	lost := regressions(base, results)
	for _, line := range lost {
		fmt.Fprintf(out, "REGRESSION %s\n", line)
	}
	return len(lost) == 0, nil
}

// regressions lists the subtests of the baseline that did not pass, among the
// files that ran.
func regressions(base map[string][]string, results []result) []string {
	var lost []string
	for _, r := range results {
		passed := map[string]bool{}
		for _, s := range r.Subtests {
			if s.Status == "PASS" {
				passed[flat(s.Name)] = true
			}
		}
		for _, name := range base[r.File] {
			if !passed[name] {
				lost = append(lost, r.File+": "+name)
			}
		}
	}
	return lost
}
