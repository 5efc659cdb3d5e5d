package webidl

import (
	"slices"
	"strconv"
	"strings"
)

// Parse reads the text of an IDL file. Names stay unresolved: every reference
// to another definition is a type of kind Named.
func Parse(src string) (*Fragment, error) {
	toks, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks, out: &Fragment{}}
	for p.err == nil && p.peek().kind != tokEOF {
		p.definition()
	}
	return p.out, p.err
}

type parser struct {
	toks []token
	pos  int
	err  error
	out  *Fragment
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) next() token {
	t := p.toks[p.pos]
	if p.pos < len(p.toks)-1 {
		p.pos++
	}
	return t
}

func (p *parser) fail(what string) {
	if p.err != nil {
		return
	}
	t := p.peek()
	p.err = &SyntaxError{t.line, "expected " + what + ", found " + strconv.Quote(t.text)}
	p.pos = len(p.toks) - 1
}

func (p *parser) is(text string) bool {
	t := p.peek()
	return t.text == text && t.kind != tokString && t.kind != tokEOF
}

func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail(strconv.Quote(text))
	}
}

// ident reads an identifier; a leading underscore only escapes a keyword.
func (p *parser) ident() string {
	if p.peek().kind != tokIdent {
		p.fail("an identifier")
		return ""
	}
	return strings.TrimPrefix(p.next().text, "_")
}

// attrs are extended attributes: name to the raw text of their value.
type attrs map[string][]string

func (a attrs) has(name string) bool { _, ok := a[name]; return ok }

func (a attrs) first(name string) string {
	if v := a[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (p *parser) extended() attrs {
	if !p.accept("[") {
		return nil
	}
	out := attrs{}
	for p.err == nil && !p.is("]") {
		name := p.ident()
		var vals []string
		if p.accept("=") {
			if !p.is("(") {
				vals = append(vals, p.next().text)
			}
		}
		if p.accept("(") {
			for depth := 1; p.err == nil; {
				t := p.next()
				if t.kind == tokEOF {
					p.fail("\")\"")
				}
				if t.text == "(" {
					depth++
				}
				if t.text == ")" {
					if depth--; depth == 0 {
						break
					}
				}
				if t.text != "," {
					vals = append(vals, t.text)
				}
			}
		}
		out[name] = vals
		if !p.accept(",") {
			break
		}
	}
	p.expect("]")
	return out
}

func (p *parser) definition() {
	ext := p.extended()
	partial := p.accept("partial")
	switch {
	case p.accept("interface"):
		d := &InterfaceDef{Partial: partial, Mixin: p.accept("mixin")}
		p.interfaceRest(d, ext)
	case p.accept("namespace"):
		p.interfaceRest(&InterfaceDef{Partial: partial, Namespace: true}, ext)
	case p.accept("dictionary"):
		p.dictionary(partial)
	case p.accept("enum"):
		p.enum()
	case p.accept("typedef"):
		t := p.typ()
		p.out.Typedefs = append(p.out.Typedefs, &Typedef{Name: p.ident(), Type: t})
		p.expect(";")
	case p.accept("callback"):
		p.callback(ext)
	default:
		target := p.ident()
		p.expect("includes")
		p.out.Includes = append(p.out.Includes, Include{target, p.ident()})
		p.expect(";")
	}
}

func (p *parser) callback(ext attrs) {
	if p.accept("interface") {
		p.interfaceRest(&InterfaceDef{Callback: true}, ext)
		return
	}
	c := &CallbackDef{Constructor: p.accept("constructor"), NonObjectAsNull: ext.has("LegacyTreatNonObjectAsNull")}
	c.Name = p.ident()
	p.expect("=")
	c.Return = p.typ()
	c.Args = p.args()
	p.expect(";")
	p.out.Callbacks = append(p.out.Callbacks, c)
}

func (p *parser) interfaceRest(d *InterfaceDef, ext attrs) {
	d.Name = p.ident()
	if p.accept(":") {
		d.Inherits = p.ident()
	}
	d.NoInterfaceObject = ext.has("LegacyNoInterfaceObject")
	d.WindowAlias = ext.first("LegacyWindowAlias")
	d.Serializable, d.Transferable = ext.has("Serializable"), ext.has("Transferable")
	d.Exposed, d.Secure = ext["Exposed"], ext.has("SecureContext")
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		p.member(d)
	}
	p.expect(";")
	p.out.Interfaces = append(p.out.Interfaces, d)
}

func (p *parser) enum() {
	e := &EnumDef{Name: p.ident()}
	p.expect("{")
	for p.err == nil && p.peek().kind == tokString {
		e.Values = append(e.Values, p.next().text)
		p.accept(",")
	}
	p.expect("}")
	p.expect(";")
	p.out.Enums = append(p.out.Enums, e)
}

func (p *parser) dictionary(partial bool) {
	d := &DictionaryDef{Name: p.ident(), Partial: partial}
	if p.accept(":") {
		d.Inherits = p.ident()
	}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		ext := p.extended()
		f := Field{Required: p.accept("required")}
		f.Type = p.typWith(ext)
		f.Name = p.ident()
		if p.accept("=") {
			f.Default = p.defaultValue()
		}
		p.expect(";")
		d.Fields = append(d.Fields, f)
	}
	p.expect(";")
	p.out.Dictionaries = append(p.out.Dictionaries, d)
}

func (p *parser) defaultValue() Default {
	t := p.next()
	switch {
	case t.kind == tokString:
		return Default{Kind: DefaultString, Text: t.text}
	case t.kind == tokNumber:
		if n, err := strconv.ParseInt(t.text, 0, 64); err == nil {
			return Default{Kind: DefaultNumber, Num: float64(n)}
		}
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.fail("a number")
		}
		return Default{Kind: DefaultNumber, Num: n}
	case t.text == "true" || t.text == "false":
		return Default{Kind: DefaultBool, Truth: t.text == "true"}
	case t.text == "null":
		return Default{Kind: DefaultNull}
	case t.text == "undefined":
		return Default{Kind: DefaultUndefined}
	case t.text == "[":
		p.expect("]")
		return Default{Kind: DefaultEmptySequence}
	case t.text == "{":
		p.expect("}")
		return Default{Kind: DefaultEmptyDictionary}
	case t.text == "Infinity" || t.text == "-Infinity" || t.text == "NaN":
		n, _ := strconv.ParseFloat(t.text, 64)
		return Default{Kind: DefaultNumber, Num: n}
	}
	p.fail("a default value")
	return Default{}
}

func (p *parser) args() []Argument {
	p.expect("(")
	var out []Argument
	for p.err == nil && !p.is(")") {
		ext := p.extended()
		a := Argument{Optional: p.accept("optional")}
		a.Type = p.typWith(ext)
		a.Variadic = p.accept("...")
		a.Name = p.ident()
		if p.accept("=") {
			a.Default = p.defaultValue()
		}
		out = append(out, a)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

var specials = []string{"getter", "setter", "deleter"}

func (p *parser) member(d *InterfaceDef) {
	ext := p.extended()
	m := &Member{
		SameObject: ext.has("SameObject"), Unforgeable: ext.has("LegacyUnforgeable"),
		PutForwards: ext.first("PutForwards"), Replaceable: ext.has("Replaceable"),
		DefaultToJSO: ext.has("Default"), Secure: ext.has("SecureContext"), Line: p.peek().line,
	}
	d.Members = append(d.Members, m)
	switch {
	case p.accept("const"):
		m.Kind, m.Type = Constant, p.typ()
		m.Name = p.ident()
		p.expect("=")
		m.Const = p.defaultValue()
		p.expect(";")
		return
	case p.is("constructor") && p.toks[p.pos+1].text == "(":
		p.next()
		m.Kind, m.Args = Constructor, p.args()
		p.expect(";")
		return
	}
	m.Static = p.accept("static")
	stringifier := p.accept("stringifier")
	if stringifier && p.accept(";") {
		m.Kind = Stringifier
		return
	}
	m.ReadOnly = p.accept("readonly")
	if !m.Static && !m.ReadOnly && p.accept("inherit") {
		m.ReadOnly = false
	}
	async := p.accept("async")
	switch {
	case p.is("iterable") && !async, p.is("async_iterable"), p.is("iterable"):
		p.next()
		m.Kind = Iterable
		p.pair(m)
		if p.is("(") {
			p.args()
		}
		p.expect(";")
		return
	case p.is("maplike") || p.is("setlike"):
		m.Kind = Maplike
		if p.next().text == "setlike" {
			m.Kind = Setlike
		}
		p.pair(m)
		p.expect(";")
		return
	case p.accept("attribute"):
		m.Kind, m.Type = Attribute, p.typWith(ext)
		m.Name = p.ident()
		p.expect(";")
		if stringifier {
			d.Members = append(d.Members, &Member{Kind: Stringifier, Name: m.Name, Line: m.Line})
		}
		return
	}
	if slices.Contains(specials, p.peek().text) {
		m.Setter = p.next().text
	}
	m.Kind, m.Type = Operation, p.typWith(ext)
	if p.peek().kind == tokIdent {
		m.Name = p.ident()
	}
	m.Args = p.args()
	p.expect(";")
	if stringifier {
		d.Members = append(d.Members, &Member{Kind: Stringifier, Name: m.Name, Line: m.Line})
	}
}

func (p *parser) pair(m *Member) {
	p.expect("<")
	m.Type = p.typ()
	if p.accept(",") {
		m.Value = p.typ()
	}
	p.expect(">")
}
