package main

import (
	"fmt"
	"strconv"
	"strings"

	"trackway/js/webidl"
)

func quoteAll(ss []string) string {
	q := make([]string, len(ss))
	for i, s := range ss {
		q[i] = strconv.Quote(s)
	}
	return strings.Join(q, ", ")
}

func tail(s string) string {
	if s == "" {
		return ""
	}
	return ", " + s
}

var kindNames = map[webidl.Kind]string{
	webidl.Undefined: "Undefined", webidl.Any: "Any", webidl.Boolean: "Boolean", webidl.Byte: "Byte", webidl.Octet: "Octet",
	webidl.Short: "Short", webidl.UnsignedShort: "UnsignedShort", webidl.Long: "Long", webidl.UnsignedLong: "UnsignedLong",
	webidl.LongLong: "LongLong", webidl.UnsignedLongLong: "UnsignedLongLong", webidl.Float: "Float",
	webidl.UnrestrictedFloat: "UnrestrictedFloat", webidl.Double: "Double", webidl.UnrestrictedDouble: "UnrestrictedDouble",
	webidl.Bigint: "Bigint", webidl.DOMString: "DOMString", webidl.ByteString: "ByteString", webidl.USVString: "USVString",
	webidl.Object: "Object", webidl.Symbol: "Symbol",
}

var refs = map[webidl.Kind]string{
	webidl.Interface: "iface", webidl.Dictionary: "dict", webidl.Enum: "enum", webidl.Callback: "cb",
	webidl.CallbackInterface: "cbi", webidl.BufferSource: "buffer",
}

var wraps = map[webidl.Kind]string{
	webidl.Sequence: "seq", webidl.FrozenArray: "frozen", webidl.Promise: "promise", webidl.Record: "record", webidl.Union: "union",
}

func typ(t *webidl.Type) string {
	var s string
	switch {
	case refs[t.Kind] != "":
		s = fmt.Sprintf("%s(%q)", refs[t.Kind], t.Name)
	case wraps[t.Kind] != "":
		var e []string
		for _, x := range t.Elem {
			e = append(e, typ(x))
		}
		s = wraps[t.Kind] + "(" + strings.Join(e, ", ") + ")"
	default:
		s = "t(webidl." + kindNames[t.Kind] + ")"
	}
	if t.NonCallable {
		s = "lenient(" + s + ")"
	}
	for _, w := range []struct {
		on bool
		fn string
	}{{t.EnforceRange, "enforce"}, {t.Clamp, "clamp"}, {t.NullToEmpty, "nullToEmpty"}, {t.Nullable, "nullable"}} {
		if w.on {
			s = w.fn + "(" + s + ")"
		}
	}
	return s
}

func defaults(d webidl.Default) string {
	switch d.Kind {
	case webidl.DefaultNull:
		return "isNull"
	case webidl.DefaultUndefined:
		return "isUndefined"
	case webidl.DefaultBool:
		return fmt.Sprintf("is(%v)", d.Truth)
	case webidl.DefaultNumber:
		return fmt.Sprintf("num(%s)", strconv.FormatFloat(d.Num, 'g', -1, 64))
	case webidl.DefaultString:
		return fmt.Sprintf("str(%q)", d.Text)
	case webidl.DefaultEmptySequence:
		return "emptySeq"
	case webidl.DefaultEmptyDictionary:
		return "emptyDict"
	}
	return ""
}

func args(as []webidl.Argument) string {
	var out []string
	for _, a := range as {
		fn := "arg"
		switch {
		case a.Variadic:
			fn = "rest"
		case a.Optional:
			fn = "opt"
		}
		out = append(out, fmt.Sprintf("%s(%q, %s%s)", fn, a.Name, typ(a.Type), tail(defaults(a.Default))))
	}
	return strings.Join(out, ", ")
}

func member(m *webidl.Member) string {
	var s string
	switch m.Kind {
	case webidl.Constructor:
		return "ctor(" + args(m.Args) + ")"
	case webidl.Constant:
		return fmt.Sprintf("konst(%q, %s, %s)", m.Name, typ(m.Type), defaults(m.Const))
	case webidl.Stringifier:
		return fmt.Sprintf("stringifier(%q)", m.Name)
	case webidl.Iterable, webidl.Maplike, webidl.Setlike:
		fn := map[webidl.MemberKind]string{webidl.Iterable: "iterable", webidl.Maplike: "maplike", webidl.Setlike: "setlike"}[m.Kind]
		s = fn + "(" + typ(m.Type)
		if m.Value != nil {
			s += ", " + typ(m.Value)
		}
		s += ")"
	case webidl.Attribute:
		s = fmt.Sprintf("attr(%q, %s)", m.Name, typ(m.Type))
	case webidl.Operation:
		s = fmt.Sprintf("op(%q, %s%s)", m.Name, typ(m.Type), tail(args(m.Args)))
	}
	for _, w := range []struct {
		on bool
		fn string
	}{{m.ReadOnly, "ro"}, {m.SameObject, "same"}, {m.Static, "static"}, {m.Unforgeable, "unforgeable"}, {m.DefaultToJSO, "defaultToJSON"}, {m.Replaceable, "replaceable"}, {m.Secure, "secure"}} {
		if w.on {
			s = w.fn + "(" + s + ")"
		}
	}
	switch {
	case m.PutForwards != "":
		s = fmt.Sprintf("forwards(%s, %q)", s, m.PutForwards)
	case m.Setter != "":
		s = fmt.Sprintf("special(%s, %q)", s, m.Setter)
	}
	return s
}

func printInterface(d *webidl.InterfaceDef) string {
	var b strings.Builder
	fn := "define"
	if d.Namespace {
		fn = "namespace"
	}
	if d.Callback {
		fn = "callbackInterface"
	}
	fmt.Fprintf(&b, "%s(%q, %q, exposed(%s),\n", fn, d.Name, d.Inherits, quoteAll(d.Exposed))
	for _, m := range d.Members {
		b.WriteString(member(m) + ",\n")
	}
	b.WriteString(")")
	if d.WindowAlias != "" {
		fmt.Fprintf(&b, ".WindowAlias = %q", d.WindowAlias)
	}
	if d.NoInterfaceObject {
		b.WriteString(".NoInterfaceObject = true")
	}
	if d.Secure {
		b.WriteString(".Secure = true")
	}
	b.WriteString("\n")
	return b.String()
}
