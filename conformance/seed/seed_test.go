package seed

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Both ends in our runtime; package interop has a browser at one of them.
func TestScenes(t *testing.T) {
	scenes, err := Scenes()
	if err != nil || len(scenes) == 0 {
		t.Fatalf("no scenes: %v", err)
	}
	server := httptest.NewServer(&Signalling{})
	t.Cleanup(server.Close)
	for _, scene := range scenes {
		t.Run(scene.Name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
			defer cancel()
			done := make(chan error, 2)
			for _, role := range []string{"caller", "callee"} {
				go func() {
					done <- Run(ctx, scene, role, strings.Replace(server.URL, "http", "ws", 1)+"?call="+scene.Name+"&role="+role)
				}()
			}
			for range 2 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	}
}
