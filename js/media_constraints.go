package js

import (
	"math"
	"reflect"
	"strings"
	"unicode"

	"trackway/js/binding"
	"trackway/media"
)

// memberName is the IDL name of a Go field: Width is width, DeviceID is
// deviceId.
func memberName(field string) string {
	field = strings.ReplaceAll(field, "ID", "Id")
	r := []rune(field)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// structDict shows a struct of optional fields as a dictionary: nil pointers and
// slices are members that are not present.
func structDict(v any) *binding.Dict { return binding.NewDict(structMap(reflectStruct(v))) }

func reflectStruct(v any) reflectValue { return reflectValue{reflectOf(v)} }

type reflectValue struct{ v reflect.Value }

func reflectOf(v any) reflect.Value {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	return rv
}

func structMap(s reflectValue) map[string]any {
	out := map[string]any{}
	for i := range s.v.NumField() {
		f, name := s.v.Field(i), memberName(s.v.Type().Field(i).Name)
		if s.v.Type().Field(i).Anonymous {
			for k, v := range structMap(reflectValue{f}) {
				out[k] = v
			}
			continue
		}
		switch f.Kind() {
		case reflect.Pointer:
			if f.IsNil() {
				continue
			}
			if f.Elem().Kind() == reflect.Struct {
				out[name] = binding.NewDict(structMap(reflectValue{f.Elem()}))
			} else {
				out[name] = f.Elem().Interface()
			}
		case reflect.Slice:
			if !f.IsNil() {
				out[name] = f.Interface()
			}
		}
	}
	return out
}

// trackConstraints reads MediaTrackConstraints.
func trackConstraints(d *binding.Dict) media.TrackConstraints {
	out := media.TrackConstraints{TrackConstraintSet: constraintSet(d)}
	for _, a := range d.Seq("advanced") {
		out.Advanced = append(out.Advanced, constraintSet(a.(*binding.Dict)))
	}
	return out
}

func constraintSet(d *binding.Dict) media.TrackConstraintSet {
	return media.TrackConstraintSet{
		Width: constrainULong(d, "width"), Height: constrainULong(d, "height"),
		AspectRatio: constrainDouble(d, "aspectRatio"), FrameRate: constrainDouble(d, "frameRate"),
		FacingMode: constrainText(d, "facingMode"), ResizeMode: constrainText(d, "resizeMode"),
		SampleRate: constrainULong(d, "sampleRate"), SampleSize: constrainULong(d, "sampleSize"),
		EchoCancellation: constrainBool(d, "echoCancellation"), AutoGainControl: constrainBool(d, "autoGainControl"),
		NoiseSuppression: constrainBool(d, "noiseSuppression"), Latency: constrainDouble(d, "latency"),
		ChannelCount: constrainULong(d, "channelCount"), DeviceID: constrainText(d, "deviceId"),
		GroupID: constrainText(d, "groupId"), BackgroundBlur: constrainBool(d, "backgroundBlur"),
	}
}

func constrainULong(d *binding.Dict, name string) *media.ConstrainULong {
	clamp := func(n int64) *uint32 { u := uint32(min(max(n, 0), math.MaxUint32)); return &u }
	switch v := d.Get(name).(type) {
	case int64:
		return &media.ConstrainULong{Ideal: clamp(v)}
	case *binding.Dict:
		member := func(k string) *uint32 {
			if v.Has(k) {
				return clamp(v.Int(k))
			}
			return nil
		}
		return &media.ConstrainULong{Min: member("min"), Max: member("max"), Exact: member("exact"), Ideal: member("ideal")}
	}
	return nil
}

func constrainDouble(d *binding.Dict, name string) *media.ConstrainDouble {
	switch v := d.Get(name).(type) {
	case float64:
		return &media.ConstrainDouble{Ideal: &v}
	case *binding.Dict:
		member := func(k string) *float64 {
			if v.Has(k) {
				f := v.Float(k)
				return &f
			}
			return nil
		}
		return &media.ConstrainDouble{Min: member("min"), Max: member("max"), Exact: member("exact"), Ideal: member("ideal")}
	}
	return nil
}

func constrainBool(d *binding.Dict, name string) *media.ConstrainBoolean {
	switch v := d.Get(name).(type) {
	case bool:
		return &media.ConstrainBoolean{Ideal: &v}
	case *binding.Dict:
		member := func(k string) *bool {
			if v.Has(k) {
				b := v.Bool(k)
				return &b
			}
			return nil
		}
		return &media.ConstrainBoolean{Exact: member("exact"), Ideal: member("ideal")}
	}
	return nil
}

func constrainText(d *binding.Dict, name string) *media.ConstrainDOMString {
	texts := func(v any) []string {
		switch v := v.(type) {
		case string:
			return []string{v}
		case []any:
			out := []string{}
			for _, s := range v {
				out = append(out, s.(string))
			}
			return out
		}
		return nil
	}
	switch v := d.Get(name).(type) {
	case nil:
		return nil
	case *binding.Dict:
		return &media.ConstrainDOMString{Exact: texts(v.Get("exact")), Ideal: texts(v.Get("ideal"))}
	default:
		return &media.ConstrainDOMString{Ideal: texts(v)}
	}
}

// constraintsDict shows constraints as scripts write them: a bare value for a
// wish without bounds.
func constraintsDict(c media.TrackConstraints) *binding.Dict {
	out := bare(structMap(reflectStruct(c.TrackConstraintSet)))
	if len(c.Advanced) > 0 {
		sets := []any{}
		for _, a := range c.Advanced {
			sets = append(sets, binding.NewDict(bare(structMap(reflectStruct(a)))))
		}
		out["advanced"] = sets
	}
	return binding.NewDict(out)
}

func bare(m map[string]any) map[string]any {
	for k, v := range m {
		d, ok := v.(*binding.Dict)
		if !ok || !d.Has("ideal") || d.Has("exact") || d.Has("min") || d.Has("max") {
			continue
		}
		m[k] = d.Get("ideal")
		if list, ok := m[k].([]string); ok && len(list) == 1 {
			m[k] = list[0]
		}
	}
	return m
}
