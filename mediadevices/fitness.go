package mediadevices

import (
	"math"
	"slices"

	"trackway/media"
)

const (
	sampleSize = 16
	resizeNone = "none"
	resizeCrop = "crop-and-scale"
)

// settings is a settings dictionary of one device, of which only the part for
// its kind means anything.
type settings struct {
	device *Device
	mode   int // of the device, that the rest is made from

	width, height int
	rate          float64
	resize        string

	sampleRate, channels int
}

// property is a constrainable property: the kind of track that has it, and
// the fitness distance of one of its constraints.
type property struct {
	name     string
	kind     media.Kind // "" for both
	distance func(*media.TrackConstraintSet, *settings) float64
	required func(*media.TrackConstraintSet) bool
}

var inf = math.Inf(1)

var properties = []property{
	ulong("width", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainULong { return c.Width },
		func(s *settings) int { return s.width }),
	ulong("height", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainULong { return c.Height },
		func(s *settings) int { return s.height }),
	// Pixels are whole: a ratio is met if the nearest whole height meets it.
	double("aspectRatio", media.Video, 2e-3, func(c *media.TrackConstraintSet) *media.ConstrainDouble { return c.AspectRatio },
		func(s *settings) float64 { return float64(s.width) / float64(s.height) }),
	double("frameRate", media.Video, 1e-6, func(c *media.TrackConstraintSet) *media.ConstrainDouble { return c.FrameRate },
		func(s *settings) float64 { return s.rate }),
	text("facingMode", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainDOMString { return c.FacingMode },
		func(s *settings) string { return s.device.FacingMode }),
	text("resizeMode", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainDOMString { return c.ResizeMode },
		func(s *settings) string { return s.resize }),
	boolean("backgroundBlur", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainBoolean { return c.BackgroundBlur }),
	text("displaySurface", media.Video, func(c *media.TrackConstraintSet) *media.ConstrainDOMString { return c.DisplaySurface },
		func(s *settings) string { return s.device.DisplaySurface }),
	ulong("sampleRate", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainULong { return c.SampleRate },
		func(s *settings) int { return s.sampleRate }),
	ulong("sampleSize", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainULong { return c.SampleSize },
		func(*settings) int { return sampleSize }),
	boolean("echoCancellation", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainBoolean { return c.EchoCancellation }),
	boolean("autoGainControl", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainBoolean { return c.AutoGainControl }),
	boolean("noiseSuppression", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainBoolean { return c.NoiseSuppression }),
	double("latency", media.Audio, 1e-6, func(c *media.TrackConstraintSet) *media.ConstrainDouble { return c.Latency },
		func(s *settings) float64 { return s.device.Latency }),
	ulong("channelCount", media.Audio, func(c *media.TrackConstraintSet) *media.ConstrainULong { return c.ChannelCount },
		func(s *settings) int { return s.channels }),
	text("deviceId", "", func(c *media.TrackConstraintSet) *media.ConstrainDOMString { return c.DeviceID },
		func(s *settings) string { return s.device.id() }),
	text("groupId", "", func(c *media.TrackConstraintSet) *media.ConstrainDOMString { return c.GroupID },
		func(s *settings) string { return s.device.GroupID }),
}

func ulong(name string, kind media.Kind, get func(*media.TrackConstraintSet) *media.ConstrainULong, actual func(*settings) int) property {
	f := func(v *uint32) *float64 {
		if v == nil {
			return nil
		}
		d := float64(*v)
		return &d
	}
	return double(name, kind, 0, func(cs *media.TrackConstraintSet) *media.ConstrainDouble {
		c := get(cs)
		if c == nil {
			return nil
		}
		return &media.ConstrainDouble{Min: f(c.Min), Max: f(c.Max), Exact: f(c.Exact), Ideal: f(c.Ideal)}
	}, func(s *settings) float64 { return float64(actual(s)) })
}

func double(name string, kind media.Kind, tolerance float64, get func(*media.TrackConstraintSet) *media.ConstrainDouble, actual func(*settings) float64) property {
	return property{name, kind,
		func(cs *media.TrackConstraintSet, s *settings) float64 {
			c := get(cs)
			if c == nil {
				return 0
			}
			v := actual(s)
			if c.Min != nil && v < *c.Min-tolerance || c.Max != nil && v > *c.Max+tolerance || c.Exact != nil && math.Abs(v-*c.Exact) > tolerance {
				return inf
			}
			if c.Ideal == nil || v == *c.Ideal {
				return 0
			}
			// "(actual == ideal) ? 0 : |actual - ideal| / max(|actual|, |ideal|)"
			return math.Abs(v-*c.Ideal) / max(math.Abs(v), math.Abs(*c.Ideal))
		},
		func(cs *media.TrackConstraintSet) bool {
			c := get(cs)
			return c != nil && (c.Min != nil || c.Max != nil || c.Exact != nil)
		},
	}
}

func text(name string, kind media.Kind, get func(*media.TrackConstraintSet) *media.ConstrainDOMString, actual func(*settings) string) property {
	return property{name, kind,
		func(cs *media.TrackConstraintSet, s *settings) float64 {
			c := get(cs)
			if c == nil {
				return 0
			}
			v := actual(s)
			// A property that the device lacks, such as facingMode, satisfies
			// no required constraint and is like no ideal.
			if len(c.Exact) > 0 && (v == "" || !slices.Contains(c.Exact, v)) {
				return inf
			}
			if len(c.Ideal) == 0 || v != "" && slices.Contains(c.Ideal, v) {
				return 0
			}
			return 1
		},
		func(cs *media.TrackConstraintSet) bool { c := get(cs); return c != nil && len(c.Exact) > 0 },
	}
}

// boolean makes a property that no device here has switched on.
func boolean(name string, kind media.Kind, get func(*media.TrackConstraintSet) *media.ConstrainBoolean) property {
	return property{name, kind,
		func(cs *media.TrackConstraintSet, _ *settings) float64 {
			c := get(cs)
			switch {
			case c == nil:
				return 0
			case c.Exact != nil && *c.Exact:
				return inf
			case c.Ideal != nil && *c.Ideal:
				return 1
			}
			return 0
		},
		func(cs *media.TrackConstraintSet) bool { c := get(cs); return c != nil && c.Exact != nil },
	}
}

// fitness is the fitness distance of a settings dictionary from a constraint
// set: "the sum, for each member".
// https://w3c.github.io/mediacapture-main/#dfn-fitness-distance
func fitness(cs *media.TrackConstraintSet, s *settings) float64 {
	kind := s.device.mediaKind()
	sum := 0.0
	for i := range properties {
		// "This means that audio-only constraints inside of "video" and
		// video-only constraints inside of "audio" are simply ignored".
		if p := &properties[i]; p.kind == "" || p.kind == kind {
			sum += p.distance(cs, s)
		}
	}
	return sum
}

// selectSettings is the SelectSettings algorithm over the settings
// dictionaries of one or more devices, in the order of preference among equals.
// If none fits, it names a constraint that none of them meets, or "" if each
// is met by some.
// https://w3c.github.io/mediacapture-main/#dfn-selectsettings
func selectSettings(all []settings, c *media.TrackConstraints) (best settings, failed string, ok bool) {
	type scored struct {
		settings
		distance float64
	}
	var candidates []scored
	for _, s := range all {
		if d := fitness(&c.TrackConstraintSet, &s); !math.IsInf(d, 1) {
			candidates = append(candidates, scored{s, d})
		}
	}
	if len(candidates) == 0 {
		return best, failedConstraint(all, &c.TrackConstraintSet), false
	}
	for i := range c.Advanced {
		kept := slices.DeleteFunc(slices.Clone(candidates), func(s scored) bool {
			return math.IsInf(fitness(&c.Advanced[i], &s.settings), 1)
		})
		// "If the fitness distance is infinite for all settings dictionaries
		// in candidates, ignore this ConstraintSet."
		if len(kept) > 0 {
			candidates = kept
		}
	}
	first := 0
	for i := range candidates {
		if candidates[i].distance < candidates[first].distance-1e-9 {
			first = i
		}
	}
	return candidates[first].settings, "", true
}

func failedConstraint(all []settings, cs *media.TrackConstraintSet) string {
	for i := range properties {
		p := &properties[i]
		met := slices.ContainsFunc(all, func(s settings) bool {
			return p.kind != "" && p.kind != s.device.mediaKind() || !math.IsInf(p.distance(cs, &s), 1)
		})
		if !met {
			return p.name
		}
	}
	return ""
}
