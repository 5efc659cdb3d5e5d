package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trackway/internal/testfilm"
	"trackway/internal/testscreen"
)

func TestArguments(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.webm")
	if err := os.WriteFile(bad, []byte("this is no film"), 0o600); err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	t.Setenv("DISPLAY", "") // no screen to send
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, 0, "demo"},
		{[]string{"demo", "--help"}, 0, "--record"},
		{[]string{"--version"}, 0, "trackway"},
		{[]string{"run", "no-such-script.js"}, 2, "no-such-script.js"},
		{[]string{"test", "--help"}, 0, "--timeout"},
		{nil, 2, "trackway --help"},
		{[]string{"dance"}, 2, "dance"},
		{[]string{"demo", "no-such-file.ivf"}, 2, "no-such-file.ivf"},
		{[]string{"demo", "--fly"}, 2, "--fly"},
		{[]string{"demo", bad}, 1, "bad.webm"},
		{[]string{"demo", "--screen"}, 1, "NotFoundError"},
		{[]string{"demo", "--addr", busy.Addr().String()}, 1, "--addr"},
		{[]string{"demo", "--addr", "nonsense"}, 1, "--addr"},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), c.args, &out, &errs); code != c.code {
			t.Errorf("trackway %q: exit code %d, want %d\n%s%s", c.args, code, c.code, &out, &errs)
		}
		if all := out.String() + errs.String(); !strings.Contains(all, c.says) {
			t.Errorf("trackway %q must say %q, says:\n%s", c.args, c.says, all)
		}
	}
}

func TestDemoServesUntilItIsInterrupted(t *testing.T) {
	film := filepath.Join(t.TempDir(), "film.webm")
	if err := os.WriteFile(film, testfilm.Data(), 0o600); err != nil {
		t.Fatal(err)
	}
	testscreen.Start(t)
	for _, files := range [][]string{nil, {film}, {"--screen", film}} {
		ctx, interrupt := context.WithCancel(t.Context())
		out, w := io.Pipe()
		done := make(chan int, 1)
		var errs bytes.Buffer
		go func() {
			done <- run(ctx, append([]string{"demo", "--addr", "localhost:0", "--record", filepath.Join(t.TempDir(), "new")}, files...), w, &errs)
			_ = w.Close()
		}()
		var url string
		if _, err := fmt.Fscanf(out, "Open %s", &url); err != nil {
			t.Fatalf("the program must say where the page is: %v\n%s", err, &errs)
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), "Trackway") {
			t.Errorf("the page must be at %s: %v", url, err)
		}
		interrupt()
		select {
		case code := <-done:
			if code != 0 || errs.Len() > 0 {
				t.Errorf("an interrupt must end the program in order: exit code %d\n%s", code, &errs)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("an interrupt must end the program")
		}
	}
}

func TestPageURL(t *testing.T) {
	for asked, want := range map[string]string{
		"localhost:8080": "http://localhost:4711/", ":8080": "http://localhost:4711/", "0.0.0.0:0": "http://localhost:4711/",
		"[::]:1": "http://localhost:4711/", "192.0.2.1:0": "http://192.0.2.1:4711/", "[2001:db8::1]:0": "http://[2001:db8::1]:4711/",
	} {
		if got := pageURL(asked, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}); got != want {
			t.Errorf("--addr %s: got %s, want %s", asked, got, want)
		}
	}
}
