package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

// terminal is one side's window: lines of one side are pasted into the other.
type terminal struct {
	in    *io.PipeWriter
	lines chan string
	done  chan error
}

func start(t *testing.T, offer bool) terminal {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	x := terminal{in: inW, lines: make(chan string, 100), done: make(chan error, 1)}
	go func() {
		err := talk(t.Context(), offer, inR, outW)
		outW.Close()
		x.done <- err
	}()
	go func() {
		defer close(x.lines)
		scanner := bufio.NewScanner(outR)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			x.lines <- scanner.Text()
		}
	}()
	return x
}

// find returns the next line with this beginning, and the one after it when
// next is set.
func (x terminal) find(t *testing.T, prefix string, next bool) string {
	t.Helper()
	for line := range x.lines {
		if strings.HasPrefix(line, prefix) {
			if next {
				return <-x.lines
			}
			return line
		}
	}
	t.Fatalf("no line begins with %q", prefix)
	return ""
}

func (x terminal) paste(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(x.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

func TestTwoTerminals(t *testing.T) {
	a, b := start(t, true), start(t, false)
	b.paste(t, a.find(t, "copy this line", true))
	a.paste(t, b.find(t, "copy this line", true))
	a.find(t, "connected", false)
	b.find(t, "connected", false)
	a.paste(t, "hello")
	if got := b.find(t, ">", false); got != "> hello" {
		t.Errorf("what is typed on one side appears on the other: got %q", got)
	}
	for _, x := range []terminal{a, b} {
		x.in.Close()
		if err := <-x.done; err != nil {
			t.Error(err)
		}
	}
}
