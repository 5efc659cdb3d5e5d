package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// buffer is a writer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func TestTheGreetingArrives(t *testing.T) {
	var out buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	got := out.b.String()
	for _, want := range []string{"caller: candidate:", "callee: candidate:", "hello over a trickled path"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}
