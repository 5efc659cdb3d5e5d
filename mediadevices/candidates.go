package mediadevices

import (
	"cmp"
	"math"
	"slices"

	"trackway/media"
)

// candidates lists the settings dictionaries of a device that matter for a
// set of constraints. By scaling and dropping frames a device has countless
// ones; but the least distance is always found where a property has its
// native value or one that a constraint names. They come in the order of
// preference among equals: as the device gives them, then with the least
// distortion of its view, then the device's default, then the larger.
func candidates(d *Device, c *media.TrackConstraints) []settings {
	sets := append([]media.TrackConstraintSet{c.TrackConstraintSet}, c.Advanced...)
	var out []settings
	for i, m := range d.Modes {
		if d.Kind == AudioInput {
			out = append(out, audioCandidates(d, i, m, sets)...)
		} else {
			out = append(out, videoCandidates(d, i, m, sets)...)
		}
	}
	return out
}

func audioCandidates(d *Device, mode int, m Mode, sets []media.TrackConstraintSet) (out []settings) {
	rates, channels := []int{m.SampleRate}, []int{m.Channels}
	for _, cs := range sets {
		rates = appendULong(rates, cs.SampleRate, minSampleRate, maxSampleRate)
		channels = appendULong(channels, cs.ChannelCount, 1, maxChannels)
	}
	for _, r := range unique(rates) {
		for _, ch := range unique(channels) {
			out = append(out, settings{device: d, mode: mode, sampleRate: r, channels: ch})
		}
	}
	return out
}

func videoCandidates(d *Device, mode int, m Mode, sets []media.TrackConstraintSet) (out []settings) {
	native := settings{device: d, mode: mode, width: m.Width, height: m.Height, rate: m.FrameRate, resize: resizeNone}
	widths, heights, rates := []int{m.Width}, []int{m.Height}, []float64{m.FrameRate}
	ratios := []float64{float64(m.Width) / float64(m.Height)}
	for _, cs := range sets {
		widths = appendULong(widths, cs.Width, 1, m.Width)
		heights = appendULong(heights, cs.Height, 1, m.Height)
		rates = appendDouble(rates, cs.FrameRate, 0, m.FrameRate)
		ratios = appendDouble(ratios, cs.AspectRatio, 0, math.Inf(1))
	}
	for _, r := range ratios {
		for _, h := range slices.Clone(heights) {
			widths = appendWithin(widths, int(math.Round(float64(h)*r)), 1, m.Width)
		}
		for _, w := range slices.Clone(widths) {
			heights = appendWithin(heights, int(math.Round(float64(w)/r)), 1, m.Height)
		}
	}
	for _, w := range unique(widths) {
		for _, h := range unique(heights) {
			for _, r := range unique(rates) {
				s := native
				s.width, s.height, s.rate, s.resize = w, h, r, resizeCrop
				out = append(out, s)
			}
		}
	}
	distortion := func(s settings) float64 {
		r := float64(s.width) / float64(s.height) / ratios[0]
		return math.Round(100 * max(r, 1/r))
	}
	slices.SortStableFunc(out, func(a, b settings) int {
		return cmp.Or(cmp.Compare(distortion(a), distortion(b)),
			cmp.Compare(b.width*b.height, a.width*a.height), cmp.Compare(b.rate, a.rate))
	})
	// "For every settings dictionary with resizeMode set to "none", the User
	// Agent MUST include another otherwise identical settings dictionary with
	// resizeMode set to "crop-and-scale"": it is the first of the others.
	return append([]settings{native}, out...)
}

// preferNative orders the candidates of several modes and devices: unscaled
// ones first, and otherwise as they come.
func preferNative(all []settings) []settings {
	slices.SortStableFunc(all, func(a, b settings) int {
		return cmp.Compare(scaled(a), scaled(b))
	})
	return all
}

func scaled(s settings) int {
	if s.resize == resizeCrop {
		return 1
	}
	return 0
}

func appendULong(values []int, c *media.ConstrainULong, low, high int) []int {
	if c != nil {
		for _, v := range []*uint32{c.Exact, c.Ideal, c.Min, c.Max} {
			if v != nil {
				// The nearest value within bounds is the best one can do.
				values = append(values, max(low, min(high, int(*v))))
			}
		}
	}
	return values
}

func appendDouble(values []float64, c *media.ConstrainDouble, low, high float64) []float64 {
	if c != nil {
		for _, v := range []*float64{c.Exact, c.Ideal, c.Min, c.Max} {
			if v != nil && *v > low && !math.IsNaN(*v) && !math.IsInf(*v, 0) {
				values = append(values, min(high, *v))
			}
		}
	}
	return values
}

func appendWithin(values []int, v, low, high int) []int {
	if v >= low && v <= high {
		values = append(values, v)
	}
	return values
}

func unique[T cmp.Ordered](v []T) []T {
	slices.Sort(v)
	return slices.Compact(v)
}
