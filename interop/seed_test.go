package interop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trackway/conformance/seed"
	"trackway/interop/browser"
)

// S1 to S17 and S20, and S19 by the browsers that take part: each scene of
// MDN's page with a browser at one end and Trackway's runtime at the other, both
// ways round. The same script runs at both ends, the page's examples unmodified.
func TestSeedWithBrowsers(t *testing.T) {
	scenes, err := seed.Scenes()
	if err != nil || len(scenes) == 0 {
		t.Fatalf("no scenes: %v", err)
	}
	for _, kind := range kinds {
		h := enter(t, kind, "", browser.Options{})
		for _, browserCalls := range []bool{true, false} {
			parts := [2]string{"caller", "callee"} // the browser's, ours
			name := string(kind) + " calls"
			if !browserCalls {
				parts[0], parts[1] = parts[1], parts[0]
				name = string(kind) + " is called"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel() // a scene waits more than it works
				for _, scene := range scenes {
					t.Run(scene.Name, func(t *testing.T) { playScene(t, h, scene, parts) })
				}
			})
		}
	}
}

func playScene(t *testing.T, h *house, scene seed.Scene, parts [2]string) {
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	f, err := h.browser.Open(ctx, "/harness/blank")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := f.Close(closing); err != nil {
			t.Error(err)
		}
	}()
	h.mu.Lock()
	h.next++
	id := h.next
	h.mu.Unlock()
	socket := func(role string) string {
		return fmt.Sprintf("%s/seed?call=%d&role=%s", strings.Replace(h.browser.URL(), "http", "ws", 1), id, role)
	}
	ours := make(chan error, 1)
	go func() { ours <- seed.Run(ctx, scene, parts[1], socket(parts[1])) }()
	if err := f.Eval(ctx, nil, scene.Body, browser.Args{"role": parts[0], "socket": socket(parts[0])}); err != nil {
		t.Errorf("the %s in %s: %v", parts[0], h.browser.Kind(), err)
	}
	if err := <-ours; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
