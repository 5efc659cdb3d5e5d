//go:build linux && (amd64 || arm64) && !nonative

package native

import (
	"testing"

	"trackway/codec"
)

// skipWithout skips where the library of an implementation is not installed,
// and only then.
func skipWithout(t *testing.T, im *codec.Implementation) {
	t.Helper()
	for _, l := range libraries[im.Name] {
		if err := l.open(); err != nil {
			t.Skipf("install it to run this test: %v", err)
		}
	}
}

func TestSelfTest(t *testing.T) {
	for _, im := range Implementations() {
		t.Run(im.Name+" "+im.Codec.MimeType, func(t *testing.T) {
			skipWithout(t, &im)
			if err := im.SelfTest(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
