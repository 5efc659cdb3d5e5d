package webidl

import (
	"errors"
	"testing"
)

const sample = `
// a comment
[Exposed=(Window,Worker), LegacyWindowAlias=webkitThing]
interface Thing : EventTarget {
  constructor(optional ThingInit init = {}, DOMString... rest);
  const unsigned short NONE = 0x10;
  [SameObject] readonly attribute FrozenArray<Other> others;
  attribute EventHandler onopen;
  static Promise<Thing?> make(([Clamp] octet or DOMString) what);
  [Default] object toJSON();
  readonly maplike<DOMString, object>;
  undefined send((Blob or BufferSource) data);
  undefined send(USVString data);
};
partial dictionary ThingInit { required sequence<DOMString> b; [EnforceRange] unsigned long long a = 3; double c = -1.5; };
enum Mode { "one", "two-three", };
typedef (Thing or record<DOMString, any>) ThingSource;
callback Done = undefined (optional any value);
Thing includes Mixed;
`

func TestParseReadsEveryProduction(t *testing.T) {
	f, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	thing := f.Interfaces[0]
	if thing.Name != "Thing" || thing.Inherits != "EventTarget" || thing.WindowAlias != "webkitThing" || len(thing.Exposed) != 2 {
		t.Errorf("interface header: got %+v", thing)
	}
	byName := map[string]*Member{}
	for _, m := range thing.Members {
		byName[m.Name] = m
	}
	if c := byName["NONE"]; c.Kind != Constant || c.Const.Num != 16 || c.Type.Kind != UnsignedShort {
		t.Errorf("constant: got %+v", c)
	}
	if o := byName["others"]; !o.SameObject || !o.ReadOnly || o.Type.Kind != FrozenArray || o.Type.Elem[0].Name != "Other" {
		t.Errorf("frozen array attribute: got %+v", o)
	}
	mk := byName["make"]
	if !mk.Static || mk.Type.Kind != Promise || !mk.Type.Elem[0].Nullable {
		t.Errorf("static operation: got %+v", mk)
	}
	if u := mk.Args[0].Type; u.Kind != Union || !u.Elem[0].Clamp || u.Elem[0].Kind != Octet {
		t.Errorf("[Clamp] inside a union must stay on the member it precedes: got %+v", u)
	}
	if !byName["toJSON"].DefaultToJSO {
		t.Error("[Default] toJSON lost its attribute")
	}
	ctor := thing.Members[0]
	if ctor.Kind != Constructor || !ctor.Args[0].Optional || ctor.Args[0].Default.Kind != DefaultEmptyDictionary || !ctor.Args[1].Variadic {
		t.Errorf("constructor: got %+v", ctor)
	}
	init := f.Dictionaries[0]
	if !init.Partial || !init.Fields[0].Required || !init.Fields[1].Type.EnforceRange || init.Fields[1].Type.Kind != UnsignedLongLong || init.Fields[2].Default.Num != -1.5 {
		t.Errorf("dictionary: got %+v", init)
	}
	if got := f.Enums[0].Values; len(got) != 2 || got[1] != "two-three" {
		t.Errorf("enum: got %q", got)
	}
	if len(f.Typedefs) != 1 || len(f.Callbacks) != 1 || f.Includes[0] != (Include{"Thing", "Mixed"}) {
		t.Errorf("typedef, callback or includes lost: %+v", f)
	}
}

func TestParseNamesTheLine(t *testing.T) {
	_, err := Parse("interface A {\n  attribute long;\n};")
	var se *SyntaxError
	if !errors.As(err, &se) || se.Line != 2 {
		t.Fatalf("an attribute without a name must be a SyntaxError of line 2, got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("interface {")
	f.Add("[A=(b")
	f.Fuzz(func(t *testing.T, src string) {
		if _, err := Parse(src); err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("errors must be SyntaxErrors: %v", err)
			}
		}
	})
}
