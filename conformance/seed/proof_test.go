package seed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every statement has a row in docs/addtrack.md, a test in Go that names it and,
// but for the specification and the browsers themselves, a scene.
func TestEveryStatementHasItsProofs(t *testing.T) {
	read := func(pattern string) string {
		t.Helper()
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		var all strings.Builder
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
		return all.String()
	}
	document := read("../../docs/addtrack.md")
	table := read("../../webrtc/addtrack_test.go")
	elsewhere := map[int]string{
		18: read("../wpt/statement_test.go"),
		19: read("../../interop/seed_test.go"),
	}
	scenes, err := Scenes()
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`^s\d\d`)
	for n := 1; n <= 20; n++ {
		name := regexp.MustCompile(fmt.Sprintf(`\bS%d\b`, n))
		if !name.MatchString(document) && (n < 12 || n > 13) { // S11–S14 is a range
			t.Errorf("S%d has no row in docs/addtrack.md", n)
		}
		if text, ok := elsewhere[n]; ok {
			if !regexp.MustCompile(fmt.Sprintf(`\bS%d(\b|[A-Z])`, n)).MatchString(text) {
				t.Errorf("S%d: its test does not name it", n)
			}
			continue
		}
		if !regexp.MustCompile(fmt.Sprintf(`\{"S%d [^"]+", s%d\}`, n, n)).MatchString(table) {
			t.Errorf("S%d is not in the table of TestAddTrackStatements", n)
		}
		if !slices.ContainsFunc(scenes, func(s Scene) bool {
			return strings.Contains(s.Name, fmt.Sprintf("s%02d", n)) && name.MatchString(s.Body)
		}) {
			t.Errorf("S%d has no scene", n)
		}
	}
	for _, s := range scenes {
		if !number.MatchString(s.Name) {
			t.Errorf("scene %s is named after no statement", s.Name)
		}
		if mark := regexp.MustCompile(`\$(return |mended )?[a-z]+-[a-z-]+\$`).FindString(s.Body); mark != "" {
			t.Errorf("scene %s: there is no example %s", s.Name, mark)
		}
	}
}
