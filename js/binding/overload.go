package binding

import (
	"fmt"

	"github.com/dop251/goja"

	"trackway/js/webidl"
)

func required(args []webidl.Argument) int {
	n := 0
	for _, a := range args {
		if !a.Optional && !a.Variadic {
			n++
		}
	}
	return n
}

// minRequired is the "length" of the function object: the fewest arguments
// that any overload needs (Web IDL §3.7.6).
func minRequired(ops []*webidl.Member) int {
	least := -1
	for _, m := range ops {
		if n := required(m.Args); least < 0 || n < least {
			least = n
		}
	}
	return max(least, 0)
}

func variadic(args []webidl.Argument) bool { return len(args) > 0 && args[len(args)-1].Variadic }

// resolve runs the overload resolution algorithm (Web IDL §3.6) and converts
// the arguments. It returns the index of the overload and the IDL values.
func (r *Realm) resolve(ops []*webidl.Member, args []goja.Value) (int, []any) {
	if least := minRequired(ops); len(args) < least {
		plural := "s"
		if least == 1 {
			plural = ""
		}
		r.typeError(fmt.Sprintf("%d argument%s required, but only %d present.", least, plural, len(args)))
	}
	if len(ops) == 1 {
		return 0, r.convertArgs(ops[0].Args, args)
	}
	i := r.pick(ops, args)
	if i < 0 {
		r.typeError("No overload takes these arguments.")
	}
	return i, r.convertArgs(ops[i].Args, args)
}

// pick returns the overload that the arguments select, or -1.
func (r *Realm) pick(ops []*webidl.Member, args []goja.Value) int {
	// step 3: argcount is at most the longest argument list
	count := 0
	for _, m := range ops {
		count = max(count, len(m.Args))
		if variadic(m.Args) {
			count = max(count, len(args))
		}
	}
	count = min(count, len(args))
	var cands []int
	for i, m := range ops {
		if required(m.Args) <= count && (count <= len(m.Args) || variadic(m.Args)) {
			cands = append(cands, i)
		}
	}
	switch {
	case len(cands) == 0:
		return -1
	case len(cands) == 1:
		return cands[0]
	}
	for d := 0; d < count; d++ {
		var types []*webidl.Type
		owner := map[*webidl.Type]int{}
		distinct := false
		for _, c := range cands {
			a := argAt(ops[c].Args, d)
			for _, t := range flatten(a.Type, nil) {
				types = append(types, t)
				if _, ok := owner[t]; !ok {
					owner[t] = c
				}
			}
			distinct = distinct || !sameType(a.Type, argAt(ops[cands[0]].Args, d).Type)
		}
		if !distinct {
			continue
		}
		v := args[d]
		if goja.IsUndefined(v) {
			// step 12.2: an optional argument takes undefined
			for _, c := range cands {
				if argAt(ops[c].Args, d).Optional {
					return c
				}
			}
		}
		if nullish(v) {
			for _, t := range types {
				if t.Nullable || t.Kind == webidl.Dictionary {
					return owner[t]
				}
			}
		}
		if t := r.choose(types, v); t != nil {
			return owner[t]
		}
		return -1
	}
	return cands[0]
}

func argAt(args []webidl.Argument, i int) webidl.Argument { return args[min(i, len(args)-1)] }

func sameType(a, b *webidl.Type) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Kind != webidl.Union
}

func (r *Realm) convertArgs(decl []webidl.Argument, args []goja.Value) []any {
	out := make([]any, 0, len(decl))
	outer := r.context
	defer func() { r.context = outer }()
	for i, a := range decl {
		if outer != "" {
			r.context = fmt.Sprintf("%s: parameter %d", outer, i+1)
		}
		if a.Variadic {
			for _, v := range args[min(i, len(args)):] {
				out = append(out, r.FromJS(a.Type, v))
			}
			break
		}
		if i < len(args) && !(a.Optional && goja.IsUndefined(args[i])) {
			out = append(out, r.FromJS(a.Type, args[i]))
			continue
		}
		out = append(out, r.defaultValue(a.Type, a.Default))
	}
	// an optional argument that was left out is not there at all
	for n := len(out); n > 0 && n <= len(decl) && n > len(args) && decl[n-1].Default.Kind == webidl.NoDefault && !decl[n-1].Variadic; n-- {
		out = out[:n-1]
	}
	return out
}
