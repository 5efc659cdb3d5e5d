package pcm

import (
	"math"
	"time"

	"trackway/codec"
)

// Stretcher makes stretches of sound a little longer or shorter without
// changing the pitch: it plays a period of the signal twice, or leaves one out,
// and fades from the one place to the other where they are most alike (as WSOLA
// does). The first and the last samples stay as they were, so what comes before
// and after fits. The zero Stretcher is ready.
type Stretcher struct {
	mono []float32
	out  []int16
}

const (
	// Periods of the voice, and more: 80 to 400 Hz.
	minPeriod = 2500 * time.Microsecond
	maxPeriod = 12500 * time.Microsecond
	maxFade   = 5 * time.Millisecond
	// likeEnough is the correlation from which a seam is not heard.
	likeEnough = 0.6
	// quietEnough is the amplitude below which no seam is heard.
	quietEnough = 64
)

// Lengthen returns f with a period more, and how much that is: zero if f is too
// short, or if no seam would be good enough; with force it takes the best there
// is. The result is valid until the next call, and may be f.
func (s *Stretcher) Lengthen(f *codec.AudioFrame, force bool) (longer *codec.AudioFrame, added time.Duration) {
	n, fade, period := s.seam(f, force)
	if period == 0 {
		return f, 0
	}
	// Up to the end of the period, and once more from its beginning.
	c := f.Channels
	s.out = append(s.out[:0], f.Samples[:period*c]...)
	s.fade(f.Samples[period*c:], f.Samples, fade*c, c)
	s.out = append(s.out, f.Samples[fade*c:n*c]...)
	return s.result(f), s.length(f, period)
}

// Shorten returns f with a period less, and how much that is; see Lengthen.
func (s *Stretcher) Shorten(f *codec.AudioFrame, force bool) (shorter *codec.AudioFrame, removed time.Duration) {
	n, fade, period := s.seam(f, force)
	if period == 0 {
		return f, 0
	}
	c := f.Channels
	s.out = s.out[:0]
	s.fade(f.Samples, f.Samples[period*c:], fade*c, c)
	s.out = append(s.out, f.Samples[(period+fade)*c:n*c]...)
	return s.result(f), s.length(f, period)
}

func (s *Stretcher) length(f *codec.AudioFrame, samples int) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(f.SampleRate)
}

func (s *Stretcher) result(f *codec.AudioFrame) *codec.AudioFrame {
	out := *f
	out.Samples = s.out
	return &out
}

// fade appends n values that pass from one signal into the other.
func (s *Stretcher) fade(from, into []int16, n, channels int) {
	steps := int32(n/channels + 1)
	for i := range n {
		w := int32(i/channels + 1)
		s.out = append(s.out, int16((int32(from[i])*(steps-w)+int32(into[i])*w)/steps))
	}
}

// seam finds the period after which the beginning of f is most like itself. It
// returns the samples of f in a channel and those to fade over; period is 0 if
// there is none.
func (s *Stretcher) seam(f *codec.AudioFrame, force bool) (n, fade, period int) {
	if f.SampleRate <= 0 || f.Channels <= 0 {
		return 0, 0, 0
	}
	samples := func(d time.Duration) int { return int(d * time.Duration(f.SampleRate) / time.Second) }
	n = len(f.Samples) / f.Channels
	fade = min(samples(maxFade), n/4)
	low, high := samples(minPeriod), min(samples(maxPeriod), n-fade)
	if fade < 8 || high < low {
		return n, fade, 0
	}
	loud := s.mix(f, n)
	if loud < quietEnough {
		return n, fade, high
	}
	best, at := -1.0, 0
	for p := low; p <= high; p++ {
		if l := s.alike(p, fade); l > best {
			best, at = l, p
		}
	}
	if best < likeEnough && !force {
		return n, fade, 0
	}
	return n, fade, at
}

// mix makes one channel of all and returns its largest amplitude.
func (s *Stretcher) mix(f *codec.AudioFrame, n int) (loud float32) {
	s.mono = s.mono[:0]
	for i := range n {
		sum := float32(0)
		for _, v := range f.Samples[i*f.Channels : (i+1)*f.Channels] {
			sum += float32(v)
		}
		s.mono = append(s.mono, sum)
		loud = max(loud, sum, -sum)
	}
	return loud
}

// alike is the normalised correlation of the beginning with what comes a period
// later, from -1 to 1.
func (s *Stretcher) alike(period, length int) float64 {
	a, b := s.mono[:length], s.mono[period:period+length]
	var ab, aa, bb float32
	for i, v := range a {
		w := b[i]
		ab, aa, bb = ab+v*w, aa+v*v, bb+w*w
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float64(ab) / math.Sqrt(float64(aa)*float64(bb))
}
