package binding

import (
	"math"
	"slices"

	"github.com/dop251/goja"

	"trackway/js/webidl"
)

type intRange struct {
	bits   uint
	signed bool
}

var integers = map[webidl.Kind]intRange{
	webidl.Byte: {8, true}, webidl.Octet: {8, false}, webidl.Short: {16, true}, webidl.UnsignedShort: {16, false},
	webidl.Long: {32, true}, webidl.UnsignedLong: {32, false}, webidl.LongLong: {64, true}, webidl.UnsignedLongLong: {64, false},
}

func isNumeric(k webidl.Kind) bool {
	_, ok := integers[k]
	return ok || k >= webidl.Float && k <= webidl.UnrestrictedDouble
}

const maxSafe = 1<<53 - 1

// bounds are the lower and upper bound of ConvertToInt steps 1 and 2.
func (i intRange) bounds() (lo, hi float64) {
	switch {
	case i.bits == 64 && i.signed:
		return -maxSafe, maxSafe
	case i.bits == 64:
		return 0, maxSafe
	case i.signed:
		return -math.Exp2(float64(i.bits - 1)), math.Exp2(float64(i.bits-1)) - 1
	}
	return 0, math.Exp2(float64(i.bits)) - 1
}

// toInt is ConvertToInt, Web IDL §3.2.4.9.
func (r *Realm) toInt(t *webidl.Type, v goja.Value) int64 {
	x := r.toNumber(v)
	spec := integers[t.Kind]
	lo, hi := spec.bounds()
	switch {
	case t.EnforceRange:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			r.typeError("Value is not a finite number.")
		}
		x = math.Trunc(x)
		if x < lo || x > hi {
			r.typeError("Value is outside the allowed range.")
		}
		return int64(x)
	case t.Clamp:
		if math.IsNaN(x) {
			return 0
		}
		// step 7.2: the nearest integer, choosing the even one of two equally near
		return int64(math.RoundToEven(min(max(x, lo), hi)))
	case math.IsNaN(x) || math.IsInf(x, 0):
		return 0
	}
	x = math.Mod(math.Trunc(x), math.Exp2(float64(spec.bits)))
	if x < 0 {
		x += math.Exp2(float64(spec.bits))
	}
	if spec.bits == 64 {
		return int64(uint64(x))
	}
	if spec.signed && x >= math.Exp2(float64(spec.bits-1)) {
		x -= math.Exp2(float64(spec.bits))
	}
	return int64(x)
}

func (r *Realm) toNumber(v goja.Value) float64 {
	if _, ok := v.(*goja.Symbol); ok {
		r.typeError("Cannot convert a Symbol value to a number")
	}
	if goja.IsBigInt(v) {
		r.typeError("Cannot convert a BigInt value to a number")
	}
	return v.ToNumber().ToFloat()
}

func (r *Realm) toFloat(t *webidl.Type, v goja.Value) float64 {
	x := r.toNumber(v)
	unrestricted := t.Kind == webidl.UnrestrictedFloat || t.Kind == webidl.UnrestrictedDouble
	if !unrestricted && (math.IsNaN(x) || math.IsInf(x, 0)) {
		r.typeError("The provided double value is non-finite.")
	}
	if t.Kind == webidl.Float || t.Kind == webidl.UnrestrictedFloat {
		x = float64(float32(x))
		if t.Kind == webidl.Float && math.IsInf(x, 0) {
			r.typeError("The provided float value is non-finite.")
		}
	}
	return x
}

func (r *Realm) toString(t *webidl.Type, v goja.Value) string {
	if t.NullToEmpty && goja.IsNull(v) {
		return ""
	}
	if _, ok := v.(*goja.Symbol); ok {
		r.typeError("Cannot convert a Symbol value to a string")
	}
	s := v.ToString().String()
	if t.Kind == webidl.ByteString {
		for _, c := range s {
			if c > 255 {
				r.typeError("Value is not a valid ByteString.")
			}
		}
	}
	return s
}

// enumValue converts to an enumeration value; ok is false when the string is
// not one of them.
func (r *Realm) enumValue(t *webidl.Type, v goja.Value) (s string, ok bool) {
	s = r.toString(t, v)
	def := r.reg.enums[t.Name]
	return s, def != nil && slices.Contains(def.Values, s)
}
