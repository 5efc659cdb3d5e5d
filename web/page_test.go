package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func newTestServer(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func get(s *Server, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestPageIsServedWithItsPolicy(t *testing.T) {
	w := get(newTestServer(t, Options{}), "localhost:8080", "/")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<title>Trackway</title>") {
		t.Fatalf("the page must be served: %d", w.Code)
	}
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "ws://localhost:8080"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy must have %q: %s", want, policy)
		}
	}
}

// A name that leads to this machine by foreign hands is not this server's.
func TestForeignHostsAreRefused(t *testing.T) {
	s := newTestServer(t, Options{Hosts: []string{"demo.example"}})
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:80": 200, "trackway.localhost:1": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200,
		"192.0.2.7:8080": 200, "demo.example": 200, "Demo.Example:8080": 200,
		"evil.example": 421, "localhost.evil.example:8080": 421, "": 421,
	} {
		for _, path := range []string{"/", "/call"} {
			got := get(s, host, path).Code
			if path == "/call" && want == 200 {
				want = http.StatusUpgradeRequired // a plain GET is no WebSocket handshake
			}
			if got != want {
				t.Errorf("host %q, %s: got status %d, want %d", host, path, got, want)
			}
		}
	}
}

// Everything that the page refers to is embedded, nothing comes from elsewhere,
// and nothing is embedded that the page does not use.
func TestPageIsWhole(t *testing.T) {
	used := map[string]bool{"index.html": true}
	refer := regexp.MustCompile(`(?:src|href)="([^"]+)"|from "([^"]+)"`)
	var follow func(name string)
	follow = func(name string) {
		text, err := fs.ReadFile(pages, "page/"+name)
		if err != nil {
			t.Errorf("the page refers to %s: %v", name, err)
			return
		}
		if strings.Contains(string(text), "https://") || strings.Contains(string(text), "//cdn") {
			t.Errorf("%s refers to another server", name)
		}
		for _, m := range refer.FindAllStringSubmatch(string(text), -1) {
			next := path.Clean(m[1] + m[2])
			if !used[next] {
				used[next] = true
				follow(next)
			}
		}
	}
	follow("index.html")
	entries, err := fs.ReadDir(pages, "page")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !used[e.Name()] {
			t.Errorf("page/%s is embedded and not used", e.Name())
		}
	}
}

func TestRecordDirMustExist(t *testing.T) {
	if _, err := NewServer(Options{RecordDir: t.TempDir() + "/none"}); err == nil {
		t.Error("a folder for recordings that is not there must be refused")
	}
}
