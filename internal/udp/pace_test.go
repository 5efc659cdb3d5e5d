package udp

import (
	"testing"
	"time"
)

func TestASocketRestsWhereManyPacketsCome(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		every time.Duration // between bursts
		count int           // datagrams in each
		waits func(i int) bool
		want  time.Duration // after the last burst
	}{
		{"feedback of a hundred peers", ms, 1, func(int) bool { return false }, restFeedback},
		{"feedback now and then", 10 * ms, 1, func(int) bool { return false }, 0},
		{"a stream's packets", 2 * ms, 1, func(int) bool { return true }, 0},
		{"a stream's packets amid feedback", ms, 1, func(i int) bool { return i%3 == 0 }, 0},
		{"many streams' packets", ms / 10, 2, func(int) bool { return true }, restTime},
	} {
		var p pace
		now := time.Unix(1, 0)
		var got time.Duration
		for i := range 200 {
			got = p.rest(now, c.count, c.waits(i))
			now = now.Add(c.every)
		}
		if got != c.want {
			t.Errorf("%s: rests %v, want %v", c.name, got, c.want)
		}
	}
}
