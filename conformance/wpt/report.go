package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// browserTable holds what browsers do with each subtest.
type browserTable struct {
	chromium, firefox map[string]map[string]string // file, subtest: status
}

func readBrowsers(name string) (*browserTable, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &browserTable{map[string]map[string]string{}, map[string]map[string]string{}}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for first := true; in.Scan(); first = false {
		col := strings.Split(in.Text(), "\t")
		if first || len(col) < 4 {
			continue
		}
		for m, status := range map[*map[string]map[string]string]string{&t.chromium: col[2], &t.firefox: col[3]} {
			if (*m)[col[0]] == nil {
				(*m)[col[0]] = map[string]string{}
			}
			(*m)[col[0]][col[1]] = status
		}
	}
	return t, in.Err()
}

// passes reports whether any browser passes the subtest. Line breaks in names
// are spaces in the table.
func (t *browserTable) passes(file, name string) (any, known bool) {
	key := strings.Join(strings.Fields(name), " ")
	for _, m := range []map[string]map[string]string{t.chromium, t.firefox} {
		for _, k := range []string{name, key} {
			if s, ok := m[file][k]; ok {
				known = true
				any = any || s == "PASS"
			}
		}
	}
	return any, known
}

// row is a line of the table.
type row struct{ total, pass, fail, timeout, notrun, chromium, firefox, attainable, missed int }

func (r *row) add(o row) {
	r.total += o.total
	r.pass += o.pass
	r.fail += o.fail
	r.timeout += o.timeout
	r.notrun += o.notrun
	r.chromium += o.chromium
	r.firefox += o.firefox
	r.attainable += o.attainable
	r.missed += o.missed
}

func count(r *result, t *browserTable) row {
	var out row
	passed := map[string]bool{}
	for _, s := range r.Subtests {
		out.total++
		switch s.Status {
		case "PASS":
			out.pass++
			passed[strings.Join(strings.Fields(s.Name), " ")] = true
		case "TIMEOUT":
			out.timeout++
		case "NOTRUN":
			out.notrun++
		default:
			out.fail++
		}
	}
	if t == nil {
		return out
	}
	for name, chromium := range t.chromium[r.File] {
		firefox := t.firefox[r.File][name]
		if chromium == "PASS" {
			out.chromium++
		}
		if firefox == "PASS" {
			out.firefox++
		}
		if chromium == "PASS" || firefox == "PASS" {
			out.attainable++
			if !passed[strings.Join(strings.Fields(name), " ")] {
				out.missed++
			}
		}
	}
	return out
}

func report(out io.Writer, results []result, t *browserTable, verbose bool) {
	dirs := map[string]*row{}
	var order []string
	var sum row
	for i := range results {
		r := count(&results[i], t)
		d := path.Dir(results[i].File)
		if dirs[d] == nil {
			dirs[d] = &row{}
			order = append(order, d)
		}
		dirs[d].add(r)
		sum.add(r)
	}
	slices.Sort(order)
	if t != nil {
		listMissed(out, results, t)
	}
	fmt.Fprintf(out, "%-36s %8s %7s %7s %7s %7s | %8s %8s %10s %7s\n", "directory", "subtests", "passed", "failed", "timeout", "not run", "Chromium", "Firefox", "attainable", "missed")
	for _, d := range append(order, "") {
		r := &sum
		if d != "" {
			r = dirs[d]
		} else {
			d = "all"
		}
		fmt.Fprintf(out, "%-36s %8d %7d %7d %7d %7d | %8d %8d %10d %7d\n", d, r.total, r.pass, r.fail, r.timeout, r.notrun, r.chromium, r.firefox, r.attainable, r.missed)
	}
}

// listMissed prints what a browser passes and we do not.
func listMissed(out io.Writer, results []result, t *browserTable) {
	for i := range results {
		r := &results[i]
		ours := map[string]subtest{}
		for _, s := range r.Subtests {
			ours[strings.Join(strings.Fields(s.Name), " ")] = s
		}
		var names []string
		for name := range t.chromium[r.File] {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if any, _ := t.passes(r.File, name); !any {
				continue
			}
			s, ran := ours[strings.Join(strings.Fields(name), " ")]
			switch {
			case !ran:
				fmt.Fprintf(out, "ABSENT %s: %s\n", r.File, name)
			case s.Status != "PASS":
				fmt.Fprintf(out, "%s %s: %s\n", s.Status, r.File, name)
			}
		}
	}
}
