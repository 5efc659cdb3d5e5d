package pattern

import "math"

// The sound: a soft tone that is always there, and a beep in each second.
const (
	ToneFrequency = 440  // Hz
	BeepFrequency = 1000 // Hz

	toneLevel = 0.02 // of full scale
	beepLevel = 0.4
	ramp      = 0.004 // seconds, against clicks
)

// Sound fills dst with interleaved samples from the given sampling instant on.
// The same instants always give the same samples.
func Sound(dst []int16, first int64, sampleRate, channels int) {
	period := int64(sampleRate) * int64(Period.Seconds())
	second := int64(sampleRate)
	for i := 0; i+channels <= len(dst); i += channels {
		n := (first + int64(i/channels)) % period
		t := float64(n) / float64(sampleRate)
		v := toneLevel * math.Sin(2*math.Pi*ToneFrequency*t)
		if b := float64(n%second) / float64(sampleRate); b < FlashTime.Seconds() {
			envelope := min(1, b/ramp, (FlashTime.Seconds()-b)/ramp)
			v += beepLevel * envelope * math.Sin(2*math.Pi*BeepFrequency*b)
		}
		s := int16(math.Round(v * math.MaxInt16))
		for c := range channels {
			dst[i+c] = s
		}
	}
}
