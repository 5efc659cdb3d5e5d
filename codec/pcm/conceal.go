package pcm

import (
	"math"
	"time"

	"trackway/codec"
)

// Concealer makes up for lost sound where the codec itself cannot: it repeats
// the last pitch period and fades it out, in the manner of G.711 Appendix I.
type Concealer struct {
	SampleRate, Channels int

	past      []int16 // the last 50 ms, interleaved
	next      uint32
	concealed time.Duration // since the last real sound
	out       codec.AudioFrame
}

const (
	pastLength = 50 * time.Millisecond
	fadeTime   = 60 * time.Millisecond
	maxConceal = time.Second
)

func (c *Concealer) samples(d time.Duration) int {
	return int(d * time.Duration(c.SampleRate) / time.Second)
}

// Heard takes note of decoded sound.
func (c *Concealer) Heard(f *codec.AudioFrame) {
	keep := c.samples(pastLength) * c.Channels
	c.past = append(c.past, f.Samples...)
	if n := len(c.past) - keep; n > 0 {
		c.past = append(c.past[:0], c.past[n:]...)
	}
	c.next = f.Timestamp + uint32(len(f.Samples)/c.Channels)
	c.concealed = 0
}

// Conceal calls emit with sound that goes on from the last; a second at most.
func (c *Concealer) Conceal(lost time.Duration, emit func(*codec.AudioFrame)) {
	n := c.samples(min(lost, maxConceal))
	period := c.pitch() * c.Channels
	c.out.Samples = c.out.Samples[:0]
	already := c.samples(c.concealed)
	fade := c.samples(fadeTime)
	for i := range n * c.Channels {
		gain := max(0, fade-already-i/c.Channels)
		v := 0
		if period > 0 && gain > 0 {
			v = int(c.past[len(c.past)-period+i%period]) * gain / fade
		}
		c.out.Samples = append(c.out.Samples, int16(v))
	}
	c.concealed += lost
	c.out.SampleRate, c.out.Channels, c.out.Timestamp = c.SampleRate, c.Channels, c.next
	c.next += uint32(n)
	emit(&c.out)
}

// pitch finds the lag, from 2.5 to 15 ms, at which the first channel's past
// resembles itself the most.
func (c *Concealer) pitch() int {
	n := len(c.past) / c.Channels
	low, high := c.samples(2500*time.Microsecond), c.samples(15*time.Millisecond)
	window := c.samples(20 * time.Millisecond)
	if n < high+window {
		return min(n, high)
	}
	at := func(i int) float64 { return float64(c.past[i*c.Channels]) }
	best, lag := math.Inf(-1), high
	for l := low; l <= high; l++ {
		cross, energy := 0.0, 1.0
		for i := n - window; i < n; i++ {
			cross += at(i) * at(i-l)
			energy += at(i-l) * at(i-l)
		}
		if score := cross / math.Sqrt(energy); score > best {
			best, lag = score, l
		}
	}
	return lag
}

// Level is the loudness of samples, as RFC 6464 counts it: the RMS in -dBov.
func Level(s []int16) codec.AudioLevel {
	var sum uint64
	for _, v := range s {
		sum += uint64(int64(v) * int64(v))
	}
	if sum == 0 || len(s) == 0 {
		return codec.AudioLevel{Known: true, Level: 127}
	}
	db := 10 * math.Log10(float64(sum)/float64(len(s))/(32768*32768))
	return codec.AudioLevel{Known: true, Level: uint8(max(0, min(127, math.Round(-db))))}
}
