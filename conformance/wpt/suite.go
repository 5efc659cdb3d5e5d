package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing/fstest"
)

const (
	httpsOrigin = "https://web-platform.test:8443"
	httpOrigin  = "http://web-platform.test:8000"
)

// suite serves the web-platform-tests as their server does: a few files have
// other names, ".sub." files have placeholders, and scripts have pages.
type suite struct{ root string }

// reporter takes the place of testharnessreport.js: it hands the results to
// this program, and switches off the page that the harness would draw.
const reporter = `
setup({output: false, timeout_multiplier: __patience});
add_completion_callback((tests, status) => {
  const statuses = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
  __report(JSON.stringify({
    status: ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'][status.status] ?? 'ERROR',
    message: status.message ?? '',
    subtests: tests.map(t => ({name: String(t.name), status: statuses[t.status] ?? 'FAIL', message: t.message ?? ''})),
  }));
});
`

// driver is what the suite asks of a browser's automation.
const driver = `
window.test_driver_internal.in_automation = true;
window.test_driver_internal.set_permission = async ({descriptor, state}) => __permission(descriptor.name, state);
window.test_driver_internal.bless = async () => {};
// There is no user whose activation anything would wait for.
window.test_driver.bless = async (intent, action) => action ? action() : undefined;
window.test_driver_internal.click = async element => element.click();
`

var substitutions = strings.NewReplacer(
	"{{host}}", "web-platform.test", "{{domains[]}}", "web-platform.test", "{{domains[www]}}", "www.web-platform.test",
	"{{ports[http][0]}}", "8000", "{{ports[http][1]}}", "8001", "{{ports[https][0]}}", "8443", "{{ports[https][1]}}", "8444",
	"{{ports[ws][0]}}", "8666", "{{ports[wss][0]}}", "8667", "{{hosts[alt][]}}", "not-web-platform.test",
)

// Open implements fs.FS.
func (s suite) Open(name string) (fs.File, error) {
	switch name {
	case "resources/testharnessreport.js":
		return memory(name, reporter)
	case "resources/testdriver-vendor.js":
		return memory(name, driver)
	case "resources/WebIDLParser.js":
		name = "resources/webidl2/lib/webidl2.js"
	}
	dir := os.DirFS(s.root)
	if strings.Contains(path.Base(name), ".sub.") {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		return memory(name, substitutions.Replace(string(data)))
	}
	return dir.Open(name)
}

func memory(name, content string) (fs.File, error) {
	return fstest.MapFS{name: {Data: []byte(content)}}.Open(name)
}

var (
	metaLine = regexp.MustCompile(`(?m)^//\s*META:\s*([a-z]+)=(.*?)\s*$`)
	variant  = regexp.MustCompile(`<meta\s+name=["']?variant["']?\s+content=["']([^"']*)["']`)
)

// page returns the address, source and variants of a test.
func (s suite) page(file string) (address, source string, variants []string, err error) {
	origin := httpOrigin
	if strings.Contains(path.Base(file), ".https.") {
		origin = httpsOrigin
	}
	data, err := fs.ReadFile(s, file)
	if err != nil {
		return "", "", nil, err
	}
	source, address = string(data), origin+"/"+file
	if !strings.HasSuffix(file, ".js") {
		for _, m := range variant.FindAllStringSubmatch(source, -1) {
			variants = append(variants, m[1])
		}
		return address, source, variants, nil
	}
	head := ""
	for _, m := range metaLine.FindAllStringSubmatch(source, -1) {
		switch m[1] {
		case "script":
			head += `<script src="` + m[2] + `"></script>`
		case "timeout":
			head += `<meta name="timeout" content="` + m[2] + `">`
		case "title":
			head += `<title>` + m[2] + `</title>`
		case "variant":
			variants = append(variants, m[2])
		}
	}
	return strings.TrimSuffix(address, ".js") + ".html", `<!doctype html><meta charset="utf-8">` + head + `
<script>self.GLOBAL = {isWindow() { return true; }, isWorker() { return false; }, isShadowRealm() { return false; }};</script>
<script src="/resources/testharness.js"></script><script src="/resources/testharnessreport.js"></script>
<div id="log"></div><script src="/` + file + `"></script>`, variants, nil
}

// long reports whether a page asks for the long timeout.
func long(source string) bool {
	return strings.Contains(source, `name="timeout" content="long"`) || strings.Contains(source, `name=timeout content=long`) ||
		strings.Contains(source, `content="long" name="timeout"`)
}
