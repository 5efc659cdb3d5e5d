// Package testscreen starts an X server without a screen to look at, for the
// tests of what captures screens.
package testscreen

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Width and Height are of its screen, in pixels.
const Width, Height = 320, 201

// Start starts a server, has DISPLAY name it, and ends it with the test. The
// test is skipped where Xvfb is not installed.
func Start(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Skip("install xvfb to run this test")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(context.Background())
	// Without -noreset the server starts afresh whenever its last client leaves,
	// and turns away who connects meanwhile.
	cmd := exec.CommandContext(ctx, program, "-displayfd", "3", "-screen", "0", "320x201x24", "-nolisten", "tcp", "-ac", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb does not start: %v", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
}
