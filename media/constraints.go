package media

import "context"

// The dictionaries of mediacapture-streams. Pointers and nil slices stand for
// members that are absent.

// ULongRange is the dictionary of that name.
type ULongRange struct{ Min, Max *uint32 }

// DoubleRange is the dictionary of that name.
type DoubleRange struct{ Min, Max *float64 }

// ConstrainULong is ConstrainULongRange. A bare value in JavaScript, such as
// width: 640, is Ideal in the basic set (see ULong), and Exact in an advanced
// one (see ExactULong).
type ConstrainULong struct {
	Min, Max, Exact, Ideal *uint32
}

// ConstrainDouble is ConstrainDoubleRange; see Double.
type ConstrainDouble struct {
	Min, Max, Exact, Ideal *float64
}

// ConstrainBoolean is ConstrainBooleanParameters; see Bool.
type ConstrainBoolean struct {
	Exact, Ideal *bool
}

// ConstrainDOMString is ConstrainDOMStringParameters; see Text.
type ConstrainDOMString struct {
	Exact, Ideal []string
}

// ULong wishes for a value and does not insist.
func ULong(v uint32) *ConstrainULong { return &ConstrainULong{Ideal: &v} }

// Double wishes for a value and does not insist.
func Double(v float64) *ConstrainDouble { return &ConstrainDouble{Ideal: &v} }

// Bool wishes for a value and does not insist.
func Bool(v bool) *ConstrainBoolean { return &ConstrainBoolean{Ideal: &v} }

// Text wishes for one of the values and does not insist.
func Text(v ...string) *ConstrainDOMString { return &ConstrainDOMString{Ideal: v} }

// ExactULong insists on a value.
func ExactULong(v uint32) *ConstrainULong { return &ConstrainULong{Exact: &v} }

// ExactDouble insists on a value.
func ExactDouble(v float64) *ConstrainDouble { return &ConstrainDouble{Exact: &v} }

// ExactBool insists on a value.
func ExactBool(v bool) *ConstrainBoolean { return &ConstrainBoolean{Exact: &v} }

// ExactText insists on one of the values.
func ExactText(v ...string) *ConstrainDOMString { return &ConstrainDOMString{Exact: v} }

// TrackConstraintSet is MediaTrackConstraintSet.
type TrackConstraintSet struct {
	Width, Height    *ConstrainULong
	AspectRatio      *ConstrainDouble
	FrameRate        *ConstrainDouble
	FacingMode       *ConstrainDOMString
	ResizeMode       *ConstrainDOMString
	SampleRate       *ConstrainULong
	SampleSize       *ConstrainULong
	EchoCancellation *ConstrainBoolean
	AutoGainControl  *ConstrainBoolean
	NoiseSuppression *ConstrainBoolean
	Latency          *ConstrainDouble
	ChannelCount     *ConstrainULong
	DeviceID         *ConstrainDOMString
	GroupID          *ConstrainDOMString
	BackgroundBlur   *ConstrainBoolean
	DisplaySurface   *ConstrainDOMString
}

// TrackConstraints is MediaTrackConstraints.
type TrackConstraints struct {
	TrackConstraintSet
	// Advanced sets are tried in order; one that cannot be met is skipped.
	Advanced []TrackConstraintSet
}

// TrackCapabilities is MediaTrackCapabilities.
type TrackCapabilities struct {
	Width, Height    *ULongRange
	AspectRatio      *DoubleRange
	FrameRate        *DoubleRange
	FacingMode       []string
	ResizeMode       []string
	SampleRate       *ULongRange
	SampleSize       *ULongRange
	EchoCancellation []bool
	AutoGainControl  []bool
	NoiseSuppression []bool
	Latency          *DoubleRange
	ChannelCount     *ULongRange
	DeviceID         *string
	GroupID          *string
	BackgroundBlur   []bool
	DisplaySurface   *string
}

// TrackSettings is MediaTrackSettings.
type TrackSettings struct {
	Width, Height    *uint32
	AspectRatio      *float64
	FrameRate        *float64
	FacingMode       *string
	ResizeMode       *string
	SampleRate       *uint32
	SampleSize       *uint32
	EchoCancellation *bool
	AutoGainControl  *bool
	NoiseSuppression *bool
	Latency          *float64
	ChannelCount     *uint32
	DeviceID         *string
	GroupID          *string
	BackgroundBlur   *bool
	DisplaySurface   *string
}

// dictionaries are a track's [[Capabilities]], [[Constraints]] and [[Settings]].
// They are replaced, never written to, so that clones may share them.
type dictionaries struct {
	capabilities TrackCapabilities
	constraints  TrackConstraints
	settings     TrackSettings
	constrained  bool // settings are the device's, not guessed from the media
}

// get gives what is known, for tracks of which nothing is, too.
func (d *dictionaries) get() dictionaries {
	if d == nil {
		return dictionaries{}
	}
	return *d
}

// GetCapabilities returns what the track's source can do.
func (t *Track) GetCapabilities() TrackCapabilities {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dictionaries.get().capabilities
}

// GetConstraints returns the constraints last applied.
func (t *Track) GetConstraints() TrackConstraints {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dictionaries.get().constraints
}

// GetSettings returns the current settings. Of an ended track only deviceId,
// facingMode and groupId remain.
func (t *Track) GetSettings() TrackSettings {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.dictionaries.get()
	s := d.settings
	if t.ReadyState() == Ended {
		return TrackSettings{DeviceID: s.DeviceID, FacingMode: s.FacingMode, GroupID: s.GroupID}
	}
	if d.constrained {
		return s
	}
	if f := t.source.Format(); f.Width > 0 && f.Height > 0 {
		w, h := uint32(f.Width), uint32(f.Height)
		ratio := float64(w) / float64(h)
		s.Width, s.Height, s.AspectRatio = &w, &h, &ratio
	} else if f.SampleRate > 0 {
		rate, channels := uint32(f.SampleRate), uint32(f.Channels)
		s.SampleRate, s.ChannelCount = &rate, &channels
	}
	return s
}

// ApplyConstraints changes how the track takes its media from the source. The
// error is an OverconstrainedError that names the constraint, and then
// nothing has changed. On an ended track nothing happens.
func (t *Track) ApplyConstraints(ctx context.Context, c TrackConstraints) error {
	if t.ReadyState() == Ended {
		return nil
	}
	d := t.source.getDevice()
	if d == nil {
		t.mu.Lock()
		next := t.dictionaries.get()
		next.constraints = c
		t.dictionaries = &next
		t.mu.Unlock()
		return nil
	}
	return d.ApplyConstraints(ctx, t, c)
}
