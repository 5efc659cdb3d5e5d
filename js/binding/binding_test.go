package binding

import (
	"strings"
	"testing"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/webidl"
)

func kind(k webidl.Kind) *webidl.Type { return &webidl.Type{Kind: k} }

func ref(k webidl.Kind, name string) *webidl.Type { return &webidl.Type{Kind: k, Name: name} }

func of(k webidl.Kind, e ...*webidl.Type) *webidl.Type { return &webidl.Type{Kind: k, Elem: e} }

type thing struct {
	Object
	name string
}

func (*thing) InterfaceName() string { return "Thing" }

type box struct {
	Object
	keys, values []any
}

func (*box) InterfaceName() string         { return "Box" }
func (b *box) Entries() ([]any, []any)     { return b.keys, b.values }
func arg(t *webidl.Type) []webidl.Argument { return []webidl.Argument{{Name: "x", Type: t}} }

// probe is a realm with an interface Thing whose operations take one argument
// each; what an operation got is in last.
type probe struct {
	*Realm
	last any
}

func newProbe(t *testing.T, ops map[string]*webidl.Type, dicts ...*webidl.DictionaryDef) *probe {
	t.Helper()
	p := &probe{}
	frozen := &webidl.Member{Kind: webidl.Attribute, Name: "list", ReadOnly: true, Type: of(webidl.FrozenArray, ref(webidl.Interface, "Thing"))}
	def := &webidl.InterfaceDef{Name: "Thing", Members: []*webidl.Member{
		{Kind: webidl.Constructor, Args: []webidl.Argument{{Name: "name", Type: kind(webidl.DOMString), Optional: true, Default: webidl.Default{Kind: webidl.DefaultString, Text: "none"}}}},
		{Kind: webidl.Attribute, Name: "name", Type: kind(webidl.DOMString)}, frozen,
		{Kind: webidl.Attribute, Name: "mode", Type: ref(webidl.Enum, "Mode")},
		{Kind: webidl.Operation, Name: "fails", Type: of(webidl.Promise, kind(webidl.Undefined)), Args: arg(&webidl.Type{Kind: webidl.Octet, EnforceRange: true})},
		{Kind: webidl.Operation, Name: "toJSON", Type: kind(webidl.Object), DefaultToJSO: true},
		{Kind: webidl.Operation, Name: "over", Type: kind(webidl.Long), Args: arg(ref(webidl.Interface, "Thing"))},
		{Kind: webidl.Operation, Name: "over", Type: kind(webidl.Long), Args: arg(of(webidl.Sequence, kind(webidl.Any)))},
		{Kind: webidl.Operation, Name: "over", Type: kind(webidl.Long), Args: arg(kind(webidl.DOMString))},
		{Kind: webidl.Operation, Name: "missing", Type: kind(webidl.Undefined)},
	}}
	impl := Members{
		"constructor": func(c *Call) (any, error) { return &thing{name: c.String(0)}, nil },
		"name":        func(c *Call) (any, error) { return c.This.(*thing).name, nil },
		"set name":    func(c *Call) (any, error) { c.This.(*thing).name = c.String(0); return nil, nil },
		"mode":        func(c *Call) (any, error) { return "one", nil },
		"set mode":    func(c *Call) (any, error) { p.last = c.String(0); return nil, nil },
		"list":        func(c *Call) (any, error) { return []any{c.This}, nil },
		"fails":       func(c *Call) (any, error) { return nil, domerr.New(domerr.InvalidState, "no") },
		"over":        func(c *Call) (any, error) { return c.Overload, nil },
	}
	for name, typ := range ops {
		def.Members = append(def.Members, &webidl.Member{Kind: webidl.Operation, Name: name, Type: kind(webidl.Undefined), Args: arg(typ)})
		impl[name] = func(c *Call) (any, error) { p.last = c.Arg(0); return nil, nil }
	}
	boxDef := &webidl.InterfaceDef{Name: "Box", Members: []*webidl.Member{
		{Kind: webidl.Constructor}, {Kind: webidl.Maplike, Type: kind(webidl.DOMString), Value: kind(webidl.Any)},
	}}
	dictionaries := map[string]*webidl.DictionaryDef{}
	for _, d := range dicts {
		dictionaries[d.Name] = d
	}
	reg := NewRegistry(map[string]*webidl.InterfaceDef{"Thing": def, "Box": boxDef}, []string{"Thing", "Box"}, dictionaries,
		map[string]*webidl.EnumDef{"Mode": {Name: "Mode", Values: []string{"one", "two"}}}, nil)
	reg.Implement("Thing", impl)
	reg.Implement("Box", Members{"constructor": func(c *Call) (any, error) {
		return &box{keys: []any{"a", "b"}, values: []any{c.VM.ToValue(1), c.VM.ToValue(2)}}, nil
	}})
	p.Realm = NewRealm(goja.New(), reg)
	p.Install("Window", "", nil)
	return p
}

// eval runs a script and returns the value or the exception as a string.
func (p *probe) eval(src string) string {
	v, err := p.VM.RunString(src)
	if err != nil {
		return err.Error()
	}
	return v.String()
}

func TestIntegerConversions(t *testing.T) {
	enforce := &webidl.Type{Kind: webidl.UnsignedShort, EnforceRange: true}
	clamp := &webidl.Type{Kind: webidl.Octet, Clamp: true}
	p := newProbe(t, map[string]*webidl.Type{
		"enforce": enforce, "clamp": clamp, "byte": kind(webidl.Byte), "ulong": kind(webidl.UnsignedLong), "longlong": kind(webidl.LongLong),
	})
	for _, c := range []struct {
		js   string
		want any // an int64, or the name of an exception
	}{
		{"enforce(65535.9)", int64(65535)}, {"enforce(-0.5)", int64(0)}, {"enforce(65536)", "TypeError"}, {"enforce(NaN)", "TypeError"},
		{"enforce(-1)", "TypeError"}, {"enforce('12')", int64(12)}, {"enforce({valueOf() { return 7 }})", int64(7)}, {"enforce(Symbol())", "TypeError"}, {"enforce(1n)", "TypeError"},
		{"clamp(300)", int64(255)}, {"clamp(-3)", int64(0)}, {"clamp(1.5)", int64(2)}, {"clamp(2.5)", int64(2)}, {"clamp(NaN)", int64(0)},
		{"byte(128)", int64(-128)}, {"byte(-129)", int64(127)}, {"byte(Infinity)", int64(0)}, {"byte(1.9)", int64(1)},
		{"ulong(-1)", int64(4294967295)}, {"ulong(4294967296)", int64(0)}, {"longlong(2**53)", int64(1 << 53)},
	} {
		p.last = nil
		got := p.eval("new Thing()." + c.js)
		if name, throws := c.want.(string); throws {
			if !strings.Contains(got, name) {
				t.Errorf("%s must throw a %s, got %v", c.js, name, got)
			}
		} else if p.last != c.want {
			t.Errorf("%s: Web IDL §3.2.4.9 gives %v, got %v (%s)", c.js, c.want, p.last, got)
		}
	}
}

func TestOtherPrimitiveConversions(t *testing.T) {
	p := newProbe(t, map[string]*webidl.Type{
		"double": kind(webidl.Double), "anyDouble": kind(webidl.UnrestrictedDouble), "string": kind(webidl.DOMString),
		"empty": {Kind: webidl.DOMString, NullToEmpty: true}, "bytes": kind(webidl.ByteString), "bool": kind(webidl.Boolean),
		"mode": ref(webidl.Enum, "Mode"), "maybe": {Kind: webidl.DOMString, Nullable: true}, "usv": kind(webidl.USVString),
	})
	for _, c := range []struct {
		js   string
		want any
	}{
		{"double('1.5')", 1.5}, {"double(Infinity)", errType}, {"anyDouble(Infinity) ?? 0", nil}, {"string(null)", "null"}, {"string(Symbol())", errType},
		{"empty(null)", ""}, {"bytes('\\u0100')", errType}, {"bool('')", false}, {"bool({})", true}, {"maybe(undefined)", nil}, {"maybe(null)", nil},
		{"maybe('x')", "x"}, {"usv('a\\ud800b')", "a\ufffdb"},
	} {
		p.last = "unset"
		got := p.eval("new Thing()." + c.js)
		switch {
		case c.want == errType:
			if !strings.Contains(got, "TypeError") {
				t.Errorf("%s must throw a TypeError, got %v", c.js, got)
			}
		case strings.HasPrefix(c.js, "anyDouble"):
			if f, ok := p.last.(float64); !ok || f < 1e300 {
				t.Errorf("unrestricted double must take Infinity, got %v", p.last)
			}
		case p.last != c.want:
			t.Errorf("%s: want %v, got %v (%s)", c.js, c.want, p.last, got)
		}
	}
}

const errType = "a TypeError"

func TestEnumerationsThrowInOperationsAndAreIgnoredInAttributes(t *testing.T) {
	p := newProbe(t, map[string]*webidl.Type{"choose": ref(webidl.Enum, "Mode")})
	if got := p.eval("new Thing().choose('three')"); !strings.Contains(got, "TypeError") {
		t.Errorf("an operation must refuse a value that the enumeration has not: %s", got)
	}
	p.last = nil
	if p.eval("new Thing().mode = 'three'"); p.last != nil {
		t.Errorf("assigning an unknown value to an attribute must be ignored, got %v", p.last)
	}
	if p.eval("new Thing().mode = 'two'"); p.last != "two" {
		t.Errorf("assigning a known value: got %v", p.last)
	}
}

func TestDictionariesAreReadInLexicographicOrderAncestorsFirst(t *testing.T) {
	base := &webidl.DictionaryDef{Name: "Base", Fields: []webidl.Field{{Name: "z", Type: kind(webidl.Any)}}}
	derived := &webidl.DictionaryDef{Name: "Derived", Inherits: "Base", Fields: []webidl.Field{
		{Name: "a", Type: kind(webidl.Long), Default: webidl.Default{Kind: webidl.DefaultNumber, Num: 5}}, {Name: "b", Type: kind(webidl.DOMString), Required: true},
	}}
	p := newProbe(t, map[string]*webidl.Type{"take": ref(webidl.Dictionary, "Derived")}, base, derived)
	got := p.eval(`var seen = []; new Thing().take(new Proxy({b: 1}, {get(o, k) { seen.push(k); return o[k]; }})); seen.join()`)
	if got != "z,a,b" {
		t.Errorf("members must be read as z,a,b (Web IDL §3.2.17), got %s", got)
	}
	d := p.last.(*Dict)
	if d.Has("z") || d.Int("a") != 5 || d.String("b") != "1" {
		t.Errorf("an absent member is absent, a default is filled in: got %v", d.Members())
	}
	for _, bad := range []string{"take({})", "take(1)", "take(undefined)"} {
		if got := p.eval("new Thing()." + bad); !strings.Contains(got, "TypeError") {
			t.Errorf("%s: a required member is missing, so a TypeError must be thrown: %s", bad, got)
		}
	}
}

func TestUnionsSequencesRecordsAndBuffers(t *testing.T) {
	union := of(webidl.Union, kind(webidl.Boolean), kind(webidl.Double), of(webidl.Sequence, kind(webidl.DOMString)), ref(webidl.Interface, "Thing"), kind(webidl.DOMString))
	p := newProbe(t, map[string]*webidl.Type{
		"union": union, "seq": of(webidl.Sequence, kind(webidl.Long)), "rec": of(webidl.Record, kind(webidl.Long)), "buf": ref(webidl.BufferSource, "BufferSource"), "u8": ref(webidl.BufferSource, "Uint8Array"),
	})
	check := func(js string, ok func(any) bool) {
		t.Helper()
		p.last = nil
		if got := p.eval("new Thing()." + js); !ok(p.last) {
			t.Errorf("%s: got %#v (%s)", js, p.last, got)
		}
	}
	check("union(true)", func(v any) bool { return v == true })
	check("union(2)", func(v any) bool { return v == 2.0 })
	check("union('x')", func(v any) bool { return v == "x" })
	check("union(['a', 1])", func(v any) bool { s, _ := v.([]any); return len(s) == 2 && s[1] == "1" })
	check("union(new Thing('q'))", func(v any) bool { th, ok := v.(*thing); return ok && th.name == "q" })
	check("seq(new Set([1, 2]))", func(v any) bool { s, _ := v.([]any); return len(s) == 2 && s[1] == int64(2) })
	check("rec({b: 1, a: 2})", func(v any) bool {
		r, _ := v.(*Record)
		return r != nil && strings.Join(r.Keys, "") == "ba" && r.Values["a"] == int64(2)
	})
	check("buf(new Uint8Array([1, 2, 3]).subarray(1))", func(v any) bool { b, _ := v.(*Buffer); return b != nil && string(b.Bytes()) == "\x02\x03" })
	check("buf(new DataView(new ArrayBuffer(4), 1, 2))", func(v any) bool { b, _ := v.(*Buffer); return b != nil && b.Kind == "DataView" && len(b.Bytes()) == 2 })
	check("u8(new Uint16Array(1))", func(v any) bool { return v == nil })
	check("seq({})", func(v any) bool { return v == nil })
}

func TestOverloadsAreChosenByTheDistinguishingArgument(t *testing.T) {
	p := newProbe(t, nil)
	for js, want := range map[string]string{"new Thing()": "0", "[]": "1", "'s'": "2", "5": "2", "new Set()": "1", "{}": "2"} {
		if got := p.eval("new Thing().over(" + js + ")"); got != want {
			t.Errorf("over(%s): overload %s, got %s", js, want, got)
		}
	}
	if got := p.eval("new Thing().over()"); !strings.Contains(got, "1 argument required") {
		t.Errorf("too few arguments must be a TypeError that says so: %s", got)
	}
}

func TestInterfaceObjectsAndPrototypes(t *testing.T) {
	p := newProbe(t, nil)
	for src, want := range map[string]string{
		"Thing.name + Thing.length": "Thing0",
		"var d = Object.getOwnPropertyDescriptor(globalThis, 'Thing'); [d.writable, d.enumerable, d.configurable].join()":      "true,false,true",
		"d = Object.getOwnPropertyDescriptor(Thing, 'prototype'); [d.writable, d.enumerable, d.configurable].join()":           "false,false,false",
		"d = Object.getOwnPropertyDescriptor(Thing.prototype, 'name'); [typeof d.get, typeof d.set, d.enumerable, d.get.name]": "function,function,true,get name",
		"d = Object.getOwnPropertyDescriptor(Thing.prototype, 'over'); [d.writable, d.enumerable, d.value.length].join()":      "true,true,1",
		"Object.prototype.toString.call(new Thing())": "[object Thing]",
		"'missing' in Thing.prototype":                "false",
		"class Sub extends Thing { x = 1 } ; new Sub('s').name + (new Sub() instanceof Thing) + new Sub().x": "strue1",
		"var json = new Thing('j').toJSON(); Object.keys(json).join() + json.name":                           "name,list,modej",
	} {
		if got := p.eval(src); got != want {
			t.Errorf("%s\nwant %s\ngot  %s", src, want, got)
		}
	}
	for _, src := range []string{"Thing()", "Thing.call({})", "Object.create(new Thing()).name", "Object.getOwnPropertyDescriptor(Thing.prototype, 'name').get.call({})", "Thing.prototype.name", "new Proxy(new Thing(), {}).name"} {
		if got := p.eval(src); !strings.Contains(got, "TypeError") {
			t.Errorf("%s must throw a TypeError (brand check, new), got %s", src, got)
		}
	}
}

func TestPromiseOperationsRejectAndNeverThrow(t *testing.T) {
	p := newProbe(t, nil)
	p.ErrorValue = func(err error) goja.Value { return p.VM.ToValue(err.Error()) }
	for src, want := range map[string]string{
		"new Thing().fails(1)": "InvalidStateError: no", "new Thing().fails(-1)": "TypeError", "new Thing().fails()": "TypeError", "Thing.prototype.fails.call({}, 1)": "TypeError",
	} {
		p.eval("var out = 'pending'; var pr; try { pr = " + src + " } catch (e) { out = 'thrown' }; if (pr) pr.catch(e => out = String(e)); 0")
		if got := p.eval("out"); !strings.Contains(got, want) {
			t.Errorf("%s must return a promise rejected with %s, got %s", src, want, got)
		}
	}
}

func TestFrozenArraysStayTheSameWhileTheirElementsDo(t *testing.T) {
	p := newProbe(t, nil)
	if got := p.eval("var th = new Thing(); [th.list === th.list, Object.isFrozen(th.list), th.list[0] === th].join()"); got != "true,true,true" {
		t.Errorf("identity, frozen, element: got %s", got)
	}
}

func TestMaplikesBehaveAsMaps(t *testing.T) {
	p := newProbe(t, nil)
	src := `var b = new Box(), seen = []; b.forEach(function (v, k, m) { seen.push(k + v + (m === b) + this.t); }, {t: 1});
		[b.size, b.get('a'), b.has('z'), [...b.keys()].join('-'), [...b].length, Box.prototype[Symbol.iterator] === Box.prototype.entries, seen.join('-'), 'set' in b].join()`
	if got, want := p.eval(src), "2,1,false,a-b,2,true,a1true1-b2true1,false"; got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestEveryRegisteredMemberExists(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("implementing a member that the interface has not must be noticed")
		}
	}()
	reg := NewRegistry(map[string]*webidl.InterfaceDef{"A": {Name: "A"}}, []string{"A"}, nil, nil, nil)
	reg.Implement("A", Members{"b": nil})
}
