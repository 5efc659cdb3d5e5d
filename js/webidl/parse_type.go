package webidl

var simple = map[string]Kind{
	"undefined": Undefined, "any": Any, "boolean": Boolean, "byte": Byte, "octet": Octet,
	"short": Short, "long": Long, "float": Float, "double": Double, "bigint": Bigint,
	"DOMString": DOMString, "CSSOMString": DOMString, "ByteString": ByteString, "USVString": USVString,
	"object": Object, "symbol": Symbol,
	"ArrayBuffer": BufferSource, "SharedArrayBuffer": BufferSource, "DataView": BufferSource,
	"Int8Array": BufferSource, "Int16Array": BufferSource, "Int32Array": BufferSource,
	"Uint8Array": BufferSource, "Uint16Array": BufferSource, "Uint32Array": BufferSource,
	"Uint8ClampedArray": BufferSource, "BigInt64Array": BufferSource, "BigUint64Array": BufferSource,
	"Float32Array": BufferSource, "Float64Array": BufferSource,
	"BufferSource": BufferSource, "ArrayBufferView": BufferSource, "AllowSharedBufferSource": BufferSource,
}

var generic = map[string]Kind{
	"sequence": Sequence, "FrozenArray": FrozenArray, "ObservableArray": FrozenArray, "Promise": Promise, "record": Record,
}

func (p *parser) typ() *Type { return p.typWith(nil) }

// typWith reads a type; outer are extended attributes that stood before an
// attribute, argument or dictionary member and apply to its type (§2.13.34).
func (p *parser) typWith(outer attrs) *Type {
	ext := p.extended()
	has := func(name string) bool { return ext.has(name) || outer.has(name) }
	t := p.bareType()
	if p.accept("?") {
		t.Nullable = true
	}
	t.EnforceRange, t.Clamp = has("EnforceRange"), has("Clamp")
	t.NullToEmpty = has("LegacyNullToEmptyString")
	return t
}

func (p *parser) bareType() *Type {
	if p.accept("(") {
		t := &Type{Kind: Union}
		for p.err == nil {
			t.Elem = append(t.Elem, p.typ())
			if !p.accept("or") {
				break
			}
		}
		p.expect(")")
		return t
	}
	name := p.ident()
	if kind, ok := generic[name]; ok && p.accept("<") {
		t := &Type{Kind: kind}
		first := p.typ()
		if kind == Record {
			t.Name = first.Name
			p.expect(",")
			first = p.typ()
		}
		t.Elem = []*Type{first}
		p.expect(">")
		return t
	}
	switch name {
	case "unsigned":
		return &Type{Kind: map[string]Kind{"short": UnsignedShort, "long": UnsignedLong, "long long": UnsignedLongLong}[p.integerName(p.ident())]}
	case "unrestricted":
		if p.accept("float") {
			return &Type{Kind: UnrestrictedFloat}
		}
		p.expect("double")
		return &Type{Kind: UnrestrictedDouble}
	case "long":
		if p.integerName(name) == "long long" {
			return &Type{Kind: LongLong}
		}
		return &Type{Kind: Long}
	}
	kind, ok := simple[name]
	switch {
	case !ok:
		return &Type{Kind: Named, Name: name}
	case kind == BufferSource:
		return &Type{Kind: kind, Name: name}
	}
	return &Type{Kind: kind}
}

func (p *parser) integerName(first string) string {
	if first == "long" && p.accept("long") {
		return "long long"
	}
	return first
}
