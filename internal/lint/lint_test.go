// Package lint holds the rules of the house that no public linter knows, as
// tests: which room may import which, how long a file may be, and what a
// commit may not mention.
package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "trackway"

// layers lists the rooms from the roof down. A package may import packages of
// lower layers and of its own layer's same entry; anything else is an arrow
// that points upwards. A package belongs to the first prefix that fits.
var layers = [][]string{
	{"cmd", "interop", "examples", "conformance"},
	{"js"},
	{"web", "whip"},
	{"signaling"},
	{"webrtc"},
	{"mediadevices"},
	{"media"},
	{"container", "codec"},
	{"internal/jsep", "internal/rtpengine", "internal/transport"},
	{"internal/sdp", "internal/bwe", "internal/udp"},
	{"internal/netsim"},
	{"internal/eventloop"},
	{"internal/domerr"},
	{"internal"}, // tools such as this package and generators
}

// pure rooms may not touch the network, the clock or the scheduler.
var pure = []string{"internal/jsep", "internal/sdp", "internal/rtpengine", "internal/bwe", "internal/netsim"}

type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// layer returns the package's place in layers and the prefix that put it there.
func layer(path string) (int, string) {
	rel := strings.TrimPrefix(path, module+"/")
	for i, prefixes := range layers {
		for _, p := range prefixes {
			if rel == p || strings.HasPrefix(rel, p+"/") {
				return i, p
			}
		}
	}
	return -1, ""
}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range list(t) {
		from, fromRoom := layer(p.ImportPath)
		if from < 0 {
			t.Errorf("%s belongs to no layer: name it in layers", p.ImportPath)
			continue
		}
		if fromRoom == "internal" {
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, module+"/") {
				continue
			}
			to, toRoom := layer(imp)
			if to > from || to == from && toRoom == fromRoom {
				continue
			}
			t.Errorf("%s imports %s: imports must point downwards (%s is not below %s)", p.ImportPath, imp, toRoom, fromRoom)
		}
	}
}

func TestPureRoomsTouchNoWorld(t *testing.T) {
	world := regexp.MustCompile(`\btime\.(Now|Sleep|After|NewTimer|NewTicker|Tick|AfterFunc)\(|^\s*go (func|\w+[.(])`)
	for _, p := range list(t) {
		for _, room := range pure {
			rel := strings.TrimPrefix(p.ImportPath, module+"/")
			if rel != room && !strings.HasPrefix(rel, room+"/") {
				continue
			}
			for _, imp := range p.Imports {
				switch imp {
				case "os", "syscall", "crypto/rand", "math/rand":
					t.Errorf("%s imports %s: a pure room takes its world as arguments", p.ImportPath, imp)
				}
			}
			for _, f := range p.GoFiles {
				for n, line := range lines(t, filepath.Join(p.Dir, f)) {
					if world.MatchString(line) {
						t.Errorf("%s/%s:%d: a pure room reads no clock and starts no goroutine: %s", rel, f, n+1, strings.TrimSpace(line))
					}
				}
			}
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	const most = 650
	for _, f := range tracked(t, "*.go", "*.js", "*.css", "*.html") {
		if n := len(lines(t, filepath.Join(root(t), f))); n > most && !strings.Contains(f, "testdata/") {
			t.Errorf("%s has %d lines; at most %d, so split it by concern", f, n, most)
		}
	}
}

// TestLinksLeadSomewhere follows the relative links of the documents.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	for _, f := range tracked(t, "*.md") {
		for n, line := range lines(t, filepath.Join(root(t), f)) {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat(filepath.Join(root(t), filepath.Dir(f), m[1])); err != nil {
					t.Errorf("%s:%d links to %s, which is not there", f, n+1, m[1])
				}
			}
		}
	}
}

// TestNothingLocalIsNamed keeps paths of one machine out of the repository.
func TestNothingLocalIsNamed(t *testing.T) {
	local := regexp.MustCompile(`/(work|root)/[a-z.]|proxy\.golang|/home/[a-z]+/`)
	for _, f := range tracked(t) {
		if strings.HasPrefix(f, "internal/lint/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root(t), f))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(data, 0) >= 0 {
			continue
		}
		if m := local.Find(data); m != nil {
			t.Errorf("%s names a local path (%s…)", f, m)
		}
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files", "--"}, patterns...)...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return strings.Fields(string(out))
}
