package binding

import (
	"github.com/dop251/goja"

	"trackway/js/webidl"
)

// Call is one call of a Method.
type Call struct {
	*Realm
	// This is the Go value of the platform object; nil in static operations
	// and constructors.
	This any
	// ThisValue is the JavaScript this value.
	ThisValue goja.Value
	// Args are the converted arguments. Trailing optional arguments that were
	// left out and have no default are not in it.
	Args []any
	// Overload is the index of the chosen overload, in the order of the IDL.
	Overload int

	member *webidl.Member
}

// Has reports whether argument i was given or has a default.
func (c *Call) Has(i int) bool { return i < len(c.Args) && c.Args[i] != nil }

// Arg returns argument i, nil when it was left out.
func (c *Call) Arg(i int) any {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return nil
}

// String returns argument i as a string, "" when it was left out.
func (c *Call) String(i int) string { s, _ := c.Arg(i).(string); return s }

// Int returns argument i as an integer, 0 when it was left out.
func (c *Call) Int(i int) int64 { n, _ := c.Arg(i).(int64); return n }

// Float returns argument i as a number, 0 when it was left out.
func (c *Call) Float(i int) float64 { n, _ := c.Arg(i).(float64); return n }

// Bool returns argument i as a boolean, false when it was left out.
func (c *Call) Bool(i int) bool { b, _ := c.Arg(i).(bool); return b }

// Dict returns argument i as a dictionary, an empty one when it was left out.
func (c *Call) Dict(i int) *Dict {
	if d, ok := c.Arg(i).(*Dict); ok {
		return d
	}
	return &Dict{}
}

// Value returns argument i of type any, undefined when it was left out.
func (c *Call) Value(i int) goja.Value {
	if v, ok := c.Arg(i).(goja.Value); ok {
		return v
	}
	return goja.Undefined()
}

// Callback returns argument i as a callback, nil when it was left out.
func (c *Call) Callback(i int) *Callback { f, _ := c.Arg(i).(*Callback); return f }

// Promise is a promise that a Method returns and settles later, on the
// runtime's goroutine.
type Promise struct {
	r               *Realm
	value           *goja.Promise
	resolve, reject func(any) error
	typ             *webidl.Type
	done            bool
}

// NewPromise returns a promise of the operation's declared type.
func (c *Call) NewPromise() *Promise {
	var t *webidl.Type
	if c.member != nil && c.member.Type != nil && len(c.member.Type.Elem) > 0 {
		t = c.member.Type.Elem[0]
	}
	return c.Realm.NewPromise(t)
}

// NewPromise returns a promise for values of type t; nil stands for any.
func (r *Realm) NewPromise(t *webidl.Type) *Promise {
	p := &Promise{r: r, typ: t}
	p.value, p.resolve, p.reject = r.VM.NewPromise()
	return p
}

// Resolve fulfils the promise. Only the first Resolve or Reject counts.
func (p *Promise) Resolve(v any) {
	if p.done {
		return
	}
	p.done = true
	var out goja.Value
	if ex := p.r.VM.Try(func() { out = p.r.ToJS(p.typ, v) }); ex != nil {
		_ = p.reject(ex.Value())
		return
	}
	_ = p.resolve(out)
}

// Reject rejects the promise with the exception that err stands for.
func (p *Promise) Reject(err error) {
	if p.done {
		return
	}
	p.done = true
	_ = p.reject(p.r.ErrorToValue(err))
}

// Settle resolves with v, or rejects when err is not nil.
func (p *Promise) Settle(v any, err error) {
	if err != nil {
		p.Reject(err)
		return
	}
	p.Resolve(v)
}

// Value is the JavaScript promise.
func (p *Promise) Value() goja.Value { return p.r.VM.ToValue(p.value) }

// Callback is a converted callback function.
type Callback struct {
	r    *Realm
	Func *goja.Object
	def  *webidl.CallbackDef
}

// Call invokes the callback with IDL values as arguments.
func (f *Callback) Call(this goja.Value, args ...any) (goja.Value, error) {
	call, ok := goja.AssertFunction(f.Func)
	if !ok {
		// [LegacyTreatNonObjectAsNull] admits objects that cannot be called; calling one does nothing.
		return goja.Undefined(), nil
	}
	vals := make([]goja.Value, len(args))
	for i, a := range args {
		var t *webidl.Type
		if f.def != nil && i < len(f.def.Args) {
			t = f.def.Args[i].Type
		}
		vals[i] = f.r.ToJS(t, a)
	}
	if this == nil {
		this = goja.Undefined()
	}
	return call(this, vals...)
}

// Exception is an error that carries a JavaScript value to throw as it is.
type Exception struct{ Value goja.Value }

func (e *Exception) Error() string { return "javascript exception: " + e.Value.String() }

// ErrorToValue is the exception value for err.
func (r *Realm) ErrorToValue(err error) goja.Value {
	switch e := err.(type) {
	case *Exception:
		return e.Value
	case *goja.Exception:
		return e.Value()
	}
	if r.ErrorValue != nil {
		return r.ErrorValue(err)
	}
	return r.VM.NewGoError(err)
}

// Throw throws the exception that err stands for. It does not return.
func (r *Realm) Throw(err error) {
	if ie, ok := err.(*goja.InterruptedError); ok {
		panic(ie)
	}
	panic(r.ErrorToValue(err))
}

// typeError throws a TypeError in the context of the current call.
func (r *Realm) typeError(msg string) {
	if r.context != "" {
		msg = r.context + ": " + msg
	}
	panic(r.VM.NewTypeError("%s", msg))
}
