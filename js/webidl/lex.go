package webidl

import (
	"fmt"
	"strings"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdent
	tokNumber
	tokString
	tokPunct
)

type token struct {
	kind tokenKind
	text string
	line int
}

// SyntaxError tells where a fragment departs from Web IDL's grammar.
type SyntaxError struct {
	Line    int
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("web idl, line %d: %s", e.Line, e.Message) }

func isIdentStart(c byte) bool {
	return c == '_' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// lex splits src into tokens. Comments and white space carry no meaning.
func lex(src string) ([]token, error) {
	var out []token
	line := 1
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(src[i:], "//"):
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case strings.HasPrefix(src[i:], "/*"):
			end := strings.Index(src[i+2:], "*/")
			if end < 0 {
				return nil, &SyntaxError{line, "comment without end"}
			}
			line += strings.Count(src[i:i+2+end], "\n")
			i += end + 4
		case c == '"':
			end := strings.IndexByte(src[i+1:], '"')
			if end < 0 {
				return nil, &SyntaxError{line, "string without end"}
			}
			out = append(out, token{tokString, src[i+1 : i+1+end], line})
			i += end + 2
		case strings.HasPrefix(src[i:], "..."):
			out = append(out, token{tokPunct, "...", line})
			i += 3
		case isDigit(c) || (c == '-' || c == '.') && i+1 < len(src) && isDigit(src[i+1]):
			start := i
			i++
			for i < len(src) && (isDigit(src[i]) || isIdentStart(src[i]) || src[i] == '.' || src[i] == '+') {
				i++
			}
			out = append(out, token{tokNumber, src[start:i], line})
		case isIdentStart(c):
			start := i
			for i < len(src) && (isIdentStart(src[i]) || isDigit(src[i])) {
				i++
			}
			out = append(out, token{tokIdent, src[start:i], line})
		default:
			out = append(out, token{tokPunct, string(c), line})
			i++
		}
	}
	return append(out, token{tokEOF, "", line}), nil
}
