package pattern

import (
	"math"
	"sync"
)

// The sound: a soft tone that is always there, and a beep in each second.
const (
	ToneFrequency = 440  // Hz
	BeepFrequency = 1000 // Hz

	toneLevel = 0.02 // of full scale
	beepLevel = 0.4
	ramp      = 0.004 // seconds, against clicks
)

// seconds holds one second of the sound for each sample rate: it is the same
// every second, and a process may have a thousand test tones.
var seconds sync.Map // int to []int16

// Sound fills dst with interleaved samples from the given sampling instant on.
// The same instants always give the same samples.
func Sound(dst []int16, first int64, sampleRate, channels int) {
	table, ok := seconds.Load(sampleRate)
	if !ok {
		table, _ = seconds.LoadOrStore(sampleRate, second(sampleRate))
	}
	samples := table.([]int16)
	at := int(first % int64(sampleRate))
	for i := 0; i+channels <= len(dst); i += channels {
		for c := range channels {
			dst[i+c] = samples[at]
		}
		if at++; at == len(samples) {
			at = 0
		}
	}
}

func second(sampleRate int) []int16 {
	out := make([]int16, sampleRate)
	for n := range out {
		t := float64(n) / float64(sampleRate)
		v := toneLevel * math.Sin(2*math.Pi*ToneFrequency*t)
		if t < FlashTime.Seconds() {
			envelope := min(1, t/ramp, (FlashTime.Seconds()-t)/ramp)
			v += beepLevel * envelope * math.Sin(2*math.Pi*BeepFrequency*t)
		}
		out[n] = int16(math.Round(v * math.MaxInt16))
	}
	return out
}
