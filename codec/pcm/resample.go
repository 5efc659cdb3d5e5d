// Package pcm changes linear sound: its sample rate, its number of channels,
// and the length of its frames.
package pcm

import "math"

// Resampler changes the sample rate of interleaved sound by a polyphase
// windowed sinc. The output is aligned with the input: output sample n is the
// input at n·from/to. Its last few milliseconds come out only as more goes in.
type Resampler struct {
	channels   int
	up, down   int // to/from in lowest terms
	half       int // taps on each side of the centre, in input samples
	taps       []float32
	history    []float32 // interleaved
	phase, pos int       // of the next output sample
}

const (
	zeroCrossings = 16
	passband      = 0.94 // of the lower Nyquist frequency
)

// NewResampler makes a resampler; rates must be positive.
func NewResampler(from, to, channels int) *Resampler {
	g := gcd(from, to)
	r := &Resampler{channels: channels, up: to / g, down: from / g}
	cutoff := passband * min(1, float64(to)/float64(from))
	r.half = int(math.Ceil(zeroCrossings / cutoff))
	n := 2 * r.half
	r.taps = make([]float32, r.up*n)
	for phase := range r.up {
		row := r.taps[phase*n : (phase+1)*n]
		sum := 0.0
		for i := range row {
			// Distance of input sample pos+i from the output's place.
			x := float64(i-r.half+1) - float64(phase)/float64(r.up)
			v := cutoff * sinc(cutoff*x) * kaiser(x/float64(r.half))
			row[i] = float32(v)
			sum += v
		}
		for i := range row {
			row[i] = float32(float64(row[i]) / sum)
		}
	}
	r.Reset()
	return r
}

// Reset forgets what went in.
func (r *Resampler) Reset() {
	r.history = append(r.history[:0], make([]float32, (r.half-1)*r.channels)...)
	r.phase, r.pos = 0, 0
}

// Append resamples in and appends what comes out to dst.
func (r *Resampler) Append(dst, in []int16) []int16 {
	for _, v := range in {
		r.history = append(r.history, float32(v))
	}
	n, ch := 2*r.half, r.channels
	for (r.pos+n)*ch <= len(r.history) {
		row := r.taps[r.phase*n : (r.phase+1)*n]
		window := r.history[r.pos*ch : (r.pos+n)*ch]
		for c := range ch {
			var sum float32
			for i, t := range row {
				sum += t * window[i*ch+c]
			}
			dst = append(dst, clip(sum))
		}
		r.phase += r.down
		r.pos += r.phase / r.up
		r.phase %= r.up
	}
	if drop := min(r.pos*ch, len(r.history)); drop > 0 {
		r.history = append(r.history[:0], r.history[drop:]...)
		r.pos -= drop / ch
	}
	return dst
}

func clip(v float32) int16 {
	return int16(math.Round(float64(max(math.MinInt16, min(math.MaxInt16, v)))))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is a window with about 80 dB of stop-band attenuation.
func kaiser(x float64) float64 {
	const beta = 8
	if x < -1 || x > 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is the modified Bessel function of order zero.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; term > 1e-12*sum; k++ {
		term *= (x / 2 / float64(k)) * (x / 2 / float64(k))
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// AppendMixed appends interleaved sound with another number of channels: mono
// goes to all channels, and all channels go to mono with equal weight; else
// channels that are missing are silent.
func AppendMixed(dst, in []int16, from, to int) []int16 {
	switch {
	case from == to:
		return append(dst, in...)
	case from == 1:
		for _, v := range in {
			for range to {
				dst = append(dst, v)
			}
		}
	case to == 1:
		for i := 0; i+from <= len(in); i += from {
			sum := 0
			for _, v := range in[i : i+from] {
				sum += int(v)
			}
			dst = append(dst, int16(sum/from))
		}
	default:
		for i := 0; i+from <= len(in); i += from {
			for c := range to {
				if c < from {
					dst = append(dst, in[i+c])
				} else {
					dst = append(dst, 0)
				}
			}
		}
	}
	return dst
}
