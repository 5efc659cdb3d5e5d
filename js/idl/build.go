package idl

import "trackway/js/webidl"

func t(k webidl.Kind) *webidl.Type                  { return &webidl.Type{Kind: k} }
func named(k webidl.Kind, name string) *webidl.Type { return &webidl.Type{Kind: k, Name: name} }
func iface(name string) *webidl.Type                { return named(webidl.Interface, name) }
func dict(name string) *webidl.Type                 { return named(webidl.Dictionary, name) }
func enum(name string) *webidl.Type                 { return named(webidl.Enum, name) }
func cb(name string) *webidl.Type                   { return named(webidl.Callback, name) }
func cbi(name string) *webidl.Type                  { return named(webidl.CallbackInterface, name) }
func buffer(name string) *webidl.Type               { return named(webidl.BufferSource, name) }

func of(k webidl.Kind, elem ...*webidl.Type) *webidl.Type { return &webidl.Type{Kind: k, Elem: elem} }
func seq(e *webidl.Type) *webidl.Type                     { return of(webidl.Sequence, e) }
func frozen(e *webidl.Type) *webidl.Type                  { return of(webidl.FrozenArray, e) }
func promise(e *webidl.Type) *webidl.Type                 { return of(webidl.Promise, e) }
func record(e *webidl.Type) *webidl.Type                  { return of(webidl.Record, e) }
func union(e ...*webidl.Type) *webidl.Type                { return of(webidl.Union, e...) }

func enforce(x *webidl.Type) *webidl.Type     { x.EnforceRange = true; return x }
func clamp(x *webidl.Type) *webidl.Type       { x.Clamp = true; return x }
func nullToEmpty(x *webidl.Type) *webidl.Type { x.NullToEmpty = true; return x }
func nullable(x *webidl.Type) *webidl.Type    { x.Nullable = true; return x }
func lenient(x *webidl.Type) *webidl.Type     { x.NonCallable = true; return x }

var (
	isNull    = webidl.Default{Kind: webidl.DefaultNull}
	emptySeq  = webidl.Default{Kind: webidl.DefaultEmptySequence}
	emptyDict = webidl.Default{Kind: webidl.DefaultEmptyDictionary}
)

func is(b bool) webidl.Default     { return webidl.Default{Kind: webidl.DefaultBool, Truth: b} }
func num(n float64) webidl.Default { return webidl.Default{Kind: webidl.DefaultNumber, Num: n} }
func str(s string) webidl.Default  { return webidl.Default{Kind: webidl.DefaultString, Text: s} }

func one(d []webidl.Default) webidl.Default {
	if len(d) == 0 {
		return webidl.Default{}
	}
	return d[0]
}

func field(name string, x *webidl.Type, def ...webidl.Default) webidl.Field {
	return webidl.Field{Name: name, Type: x, Default: one(def)}
}

func required(name string, x *webidl.Type) webidl.Field {
	return webidl.Field{Name: name, Type: x, Required: true}
}

func arg(name string, x *webidl.Type) webidl.Argument { return webidl.Argument{Name: name, Type: x} }

func opt(name string, x *webidl.Type, def ...webidl.Default) webidl.Argument {
	return webidl.Argument{Name: name, Type: x, Optional: true, Default: one(def)}
}

func rest(name string, x *webidl.Type) webidl.Argument {
	return webidl.Argument{Name: name, Type: x, Variadic: true}
}

func attr(name string, x *webidl.Type) *webidl.Member {
	return &webidl.Member{Kind: webidl.Attribute, Name: name, Type: x}
}

func op(name string, ret *webidl.Type, args ...webidl.Argument) *webidl.Member {
	return &webidl.Member{Kind: webidl.Operation, Name: name, Type: ret, Args: args}
}

func ctor(args ...webidl.Argument) *webidl.Member {
	return &webidl.Member{Kind: webidl.Constructor, Args: args}
}

func konst(name string, x *webidl.Type, v webidl.Default) *webidl.Member {
	return &webidl.Member{Kind: webidl.Constant, Name: name, Type: x, Const: v}
}

func stringifier(name string) *webidl.Member {
	return &webidl.Member{Kind: webidl.Stringifier, Name: name}
}

func collection(k webidl.MemberKind, x []*webidl.Type) *webidl.Member {
	m := &webidl.Member{Kind: k, Type: x[0]}
	if len(x) > 1 {
		m.Value = x[1]
	}
	return m
}

func iterable(x ...*webidl.Type) *webidl.Member { return collection(webidl.Iterable, x) }
func maplike(x ...*webidl.Type) *webidl.Member  { return collection(webidl.Maplike, x) }

func ro(m *webidl.Member) *webidl.Member            { m.ReadOnly = true; return m }
func same(m *webidl.Member) *webidl.Member          { m.SameObject = true; return m }
func static(m *webidl.Member) *webidl.Member        { m.Static = true; return m }
func unforgeable(m *webidl.Member) *webidl.Member   { m.Unforgeable = true; return m }
func defaultToJSON(m *webidl.Member) *webidl.Member { m.DefaultToJSO = true; return m }
func secure(m *webidl.Member) *webidl.Member        { m.Secure = true; return m }
func replaceable(m *webidl.Member) *webidl.Member   { m.Replaceable = true; return m }

func forwards(m *webidl.Member, to string) *webidl.Member { m.PutForwards = to; return m }
