package jsep

import (
	"fmt"
	"testing"
)

// session is a negotiated pair with T video tracks from a to b.
func session(b testing.TB, tracks int) (x, y *peer) {
	x, y = pair(b)
	for i := range tracks {
		x.addTrack(videoTrack(fmt.Sprint("t", i)), fmt.Sprint("s", i))
	}
	exchange(b, x, y)
	return x, y
}

// exchange is negotiate without the checks.
func exchange(t testing.TB, a, b *peer) {
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	a.log, b.log = nil, nil
}

var tracksOf = []int{1, 30, 300, 1000}

// BenchmarkAddTrack is one addTrack when T tracks exist: at most 2 µs, flat in T.
func BenchmarkAddTrack(b *testing.B) {
	for _, n := range tracksOf {
		b.Run(fmt.Sprint("T=", n), func(b *testing.B) {
			x, _ := session(b, n)
			tracks := make([]Track, 1000)
			for i := range tracks {
				tracks[i] = videoTrack(fmt.Sprint("new", i))
			}
			streams := []string{"s"}
			b.ReportAllocs()
			// One after the other, as a connection does it: an older state has to
			// look at all its transceivers first.
			s, i := x.s, 0
			for b.Loop() {
				if i == len(tracks) {
					s, i = x.s, 0
				}
				next, _, err := s.AddTrack(tracks[i], streams)
				if err != nil {
					b.Fatal(err)
				}
				s, i = next, i+1
			}
		})
	}
}

// BenchmarkNegotiateFromScratch is a first exchange with T tracks, both peers: at
// most 0.3 ms per m-line.
func BenchmarkNegotiateFromScratch(b *testing.B) {
	for _, n := range tracksOf {
		b.Run(fmt.Sprint("T=", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				session(b, n)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/m-line")
		})
	}
}

// BenchmarkOneMore is the exchange for one more track when T exist, both peers.
func BenchmarkOneMore(b *testing.B) {
	for _, n := range tracksOf {
		b.Run(fmt.Sprint("T=", n), func(b *testing.B) {
			x, y := session(b, n)
			for i := range 3 {
				x.addTrack(videoTrack(fmt.Sprint("warm", i)))
				exchange(b, x, y)
			}
			sx, sy := x.s, y.s
			b.ReportAllocs()
			for b.Loop() {
				x.s, y.s = sx, sy
				x.addTrack(videoTrack("new"), "s")
				exchange(b, x, y)
			}
		})
	}
}

// BenchmarkNegotiationNeeded is the check with T tracks that need nothing.
func BenchmarkNegotiationNeeded(b *testing.B) {
	for _, n := range tracksOf {
		b.Run(fmt.Sprint("T=", n), func(b *testing.B) {
			x, _ := session(b, n)
			for b.Loop() {
				if x.s.NegotiationNeeded() {
					b.Fatal("nothing has changed")
				}
			}
		})
	}
}
