package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"trackway/js"
)

// result is what one test file yielded.
type result struct {
	File     string    `json:"file"`
	Status   string    `json:"status"`
	Message  string    `json:"message,omitempty"`
	Subtests []subtest `json:"subtests"`
	elapsed  time.Duration
	console  []string
}

type subtest struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// The harness's own timeouts are 10 and 60 seconds; these end what does not
// even reach them.
const (
	normalLimit = 25 * time.Second
	longLimit   = 120 * time.Second
)

func runAll(ctx context.Context, o options, files []string, out io.Writer) []result {
	results := make([]result, len(files))
	slots := make(chan struct{}, max(o.jobs, 1))
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i, file := range files {
		slots <- struct{}{}
		if ctx.Err() != nil {
			<-slots
			results[i] = result{File: file, Status: "ERROR", Message: "interrupted", Subtests: []subtest{}}
			continue
		}
		wg.Add(1)
		go func() {
			defer func() { <-slots; wg.Done() }()
			results[i] = runFile(ctx, suite{o.wpt}, file)
			mu.Lock()
			defer mu.Unlock()
			done++
			if o.verbose {
				printFile(out, &results[i], done, len(files))
			}
		}()
	}
	wg.Wait()
	return results
}

// runFile runs a test file, once for each of its variants.
func runFile(ctx context.Context, s suite, file string) result {
	began := time.Now()
	address, source, variants, err := s.page(file)
	if err != nil {
		return result{File: file, Status: "ERROR", Message: err.Error(), Subtests: []subtest{}}
	}
	if len(variants) == 0 {
		variants = []string{""}
	}
	all := result{File: file, Status: "OK", Subtests: []subtest{}}
	for _, v := range variants {
		r := runPage(ctx, s, address+v, source)
		if r.Status != "OK" {
			all.Status, all.Message = r.Status, r.Message
		}
		all.Subtests = append(all.Subtests, r.Subtests...)
		all.console = append(all.console, r.console...)
	}
	all.elapsed = time.Since(began)
	return all
}

func runPage(ctx context.Context, s suite, address, source string) (res result) {
	limit, patience := normalLimit, 1
	if long(source) {
		limit = longLimit
	}
	if weight(address) > 0 {
		patience = 5 // they compute all the time, and share the processors with other pages
		limit *= time.Duration(patience)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reported := false
	defer func() {
		if x := recover(); x != nil {
			res.Status, res.Message = "ERROR", fmt.Sprintf("the runtime panicked: %v\n%s", x, panicSite(debug.Stack()))
		}
	}()
	note := func(line string) {
		if len(res.console) < 50 {
			res.console = append(res.console, line)
		}
	}
	var rt *js.Runtime
	rt, err := js.New(js.Options{
		URL: address, Files: s,
		Console: func(level, msg string) { note(level + ": " + msg) },
		OnError: func(text string) { note(text) },
		Globals: map[string]any{"__patience": patience, "__permission": func(name, state string) { rt.SetPermission(name, state) }, "__report": func(text string) {
			if reported {
				return
			}
			reported = true
			if err := json.Unmarshal([]byte(text), &res); err != nil {
				res.Status, res.Message = "ERROR", err.Error()
			}
			rt.Close()
		}},
	})
	if err != nil {
		return result{Status: "ERROR", Message: err.Error()}
	}
	if err := rt.LoadPage(source); err != nil {
		return result{Status: "ERROR", Message: err.Error()}
	}
	err = rt.Run(ctx)
	if reported {
		return res
	}
	res.Status, res.Message = "TIMEOUT", "the page ended without results"
	if err != nil {
		res.Message = err.Error()
	}
	return res
}

// panicSite is the part of a stack trace below the panic, the innermost calls.
func panicSite(stack []byte) string {
	text := string(stack)
	// A panic that was passed on appears again above; the last is the first.
	if i := strings.LastIndex(text, "\npanic("); i >= 0 {
		text = text[i+1:]
	}
	return firstLines(text, 10)
}

func printFile(out io.Writer, r *result, n, total int) {
	passed := 0
	for _, s := range r.Subtests {
		if s.Status == "PASS" {
			passed++
		}
	}
	fmt.Fprintf(out, "[%d/%d] %s %s %d/%d (%.1fs)\n", n, total, r.Status, r.File, passed, len(r.Subtests), r.elapsed.Seconds())
	if r.Message != "" {
		fmt.Fprintf(out, "    %s\n", firstLines(r.Message, 9))
	}
	for _, s := range r.Subtests {
		if s.Status != "PASS" {
			fmt.Fprintf(out, "    %s %s\n        %s\n", s.Status, s.Name, firstLines(s.Message, 3))
		}
	}
	for _, line := range r.console {
		fmt.Fprintf(out, "    | %s\n", firstLines(line, 6))
	}
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	if len(lines) > n {
		lines = lines[:n]
	}
	return strings.Join(lines, "\n        ")
}
