package js

import "testing"

// BenchmarkNew measures a runtime with every interface installed: what each bot
// of "trackway run --bots" costs before its script begins.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rt, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		rt.Close()
	}
}
