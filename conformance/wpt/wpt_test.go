package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// harness is a stand-in of a few lines for the suite's: tests run in order, and
// the completion callback gets what the real one gives.
const harness = `
var callbacks = [], tests = [];
function setup() {}
function add_completion_callback(f) { callbacks.push(f); }
function test(f, name) { let t = {name, status: 0, message: null}; try { f(); } catch (e) { t.status = 1; t.message = e.message; } tests.push(t); }
addEventListener('load', () => callbacks.forEach(f => f(tests, {status: 0, message: null})));
`

// fakeSuite writes a suite and returns its directory.
func fakeSuite(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["resources/testharness.js"] = harness
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const head = `<script src="/resources/testharness.js"></script><script src="/resources/testharnessreport.js"></script>`

func TestPagesAndScriptsRunIsolatedAndAreCounted(t *testing.T) {
	dir := fakeSuite(t, map[string]string{
		"a/one.https.html": head + `<script>globalThis.mark = 1; test(() => { if (location.protocol !== 'https:') throw Error('scheme') }, 'secure');
			test(() => { throw Error('no') }, 'fails');</script>`,
		"a/two.any.js":          "// META: script=helper.js\n// META: timeout=long\ntest(() => { if (help() !== 7 || globalThis.mark) throw Error('helper or leak') }, 'script');",
		"a/helper.js":           "function help() { return 7; }",
		"a/variants.html":       `<meta name="variant" content="?x"><meta name="variant" content="?y">` + head + `<script>test(() => {}, location.search)</script>`,
		"a/host.sub.html":       head + `<script>test(() => {}, '{{host}}:{{ports[https][0]}}')</script>`,
		"a/silent.html":         head + `<script>callbacks = []</script>`,
		"a/support/ignored.js":  "",
		"a/resources/page.html": head,
	})
	var out bytes.Buffer
	ok, err := run(t.Context(), options{wpt: dir, jobs: 2, jsonOut: filepath.Join(dir, "out.json"), verbose: true}, []string{"a"}, &out)
	if err != nil || !ok {
		t.Fatalf("run: %v %v", ok, err)
	}
	report := out.String()
	for _, want := range []string{"FAIL fails", "no", "TIMEOUT a/silent.html"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	var table string
	for _, line := range strings.Split(report, "\n") {
		if strings.HasPrefix(line, "all ") {
			table = strings.Join(strings.Fields(line), " ")
		}
	}
	if !strings.HasPrefix(table, "all 6 5 1 0 0") {
		t.Errorf("want 6 subtests, 5 passed, 1 failed, got %q", table)
	}
	data, err := os.ReadFile(filepath.Join(dir, "out.json"))
	if err != nil || !bytes.Contains(data, []byte(`"name": "web-platform.test:8443"`)) || !bytes.Contains(data, []byte(`"name": "?y"`)) {
		t.Errorf("the JSON lacks a substitution or a variant: %v\n%s", err, data)
	}
}

func TestRegressionsAreOnlyThoseOfFilesThatRan(t *testing.T) {
	base := map[string][]string{"a.html": {"one", "two words"}, "b.html": {"three"}}
	got := regressions(base, []result{{File: "a.html", Subtests: []subtest{{Name: "one", Status: "FAIL"}, {Name: "two\n words", Status: "PASS"}}}})
	if len(got) != 1 || got[0] != "a.html: one" {
		t.Errorf("want one regression, got %q", got)
	}
}

func TestWithoutASuiteItSaysHowToGetOne(t *testing.T) {
	_, err := run(t.Context(), options{}, nil, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), revision) {
		t.Errorf("the error must name the pinned revision, got %v", err)
	}
}

func TestWhatABrowserPassesAndWeDoNotIsListed(t *testing.T) {
	dir := fakeSuite(t, map[string]string{"a/x.html": head + `<script>test(() => { throw Error('bad') }, 'mine'); test(() => {}, 'fine')</script>`})
	table := filepath.Join(dir, "browsers.tsv")
	if err := os.WriteFile(table, []byte("file\tsubtest\tchromium\tfirefox\na/x.html\tmine\tPASS\tFAIL\na/x.html\tfine\tFAIL\tPASS\na/x.html\tgone\tPASS\tPASS\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := run(t.Context(), options{wpt: dir, browsers: table, jobs: 1}, []string{"a/x.html"}, &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "FAIL a/x.html: mine") || !strings.Contains(got, "ABSENT a/x.html: gone") || strings.Contains(got, "a/x.html: fine") {
		t.Errorf("missed subtests: got\n%s", got)
	}
}
