package sdp

import "strings"

// Split cuts a description into its header and its m-sections, each with its
// line ends, such that their concatenation is text.
func Split(text string) (header string, sections []string) {
	start := nextSection(text, 0)
	header = text[:start]
	if start == len(text) {
		return header, nil
	}
	sections = make([]string, 0, 1+strings.Count(text[start:], "\nm="))
	for start < len(text) {
		end := nextSection(text, start+1)
		sections = append(sections, text[start:end])
		start = end
	}
	return header, sections
}

// nextSection gives the index of the first "m=" at a line's start at or after
// from, or len(text).
func nextSection(text string, from int) int {
	if from == 0 && strings.HasPrefix(text, "m=") {
		return 0
	}
	if i := strings.Index(text[max(from-1, 0):], "\nm="); i >= 0 {
		return max(from-1, 0) + i + 1
	}
	return len(text)
}

// Lines gives the number of lines in a part of a description.
func Lines(part string) int { return strings.Count(part, "\n") }

// lineReader walks over lines, which end in LF or CR LF; the last may lack its
// end.
type lineReader struct {
	rest string
	// number of the current line, text of it
	number int
	text   string
}

// next advances to the next line that is not empty.
func (r *lineReader) next() bool {
	for r.rest != "" {
		r.number++
		line := r.rest
		if i := strings.IndexByte(r.rest, '\n'); i >= 0 {
			line, r.rest = r.rest[:i], r.rest[i+1:]
		} else {
			r.rest = ""
		}
		r.text = strings.TrimSuffix(line, "\r")
		if r.text != "" {
			return true
		}
	}
	return false
}

func (r *lineReader) fail(reason string) *SyntaxError {
	return &SyntaxError{Line: r.number, Text: r.text, Reason: reason}
}

// split returns the type letter and value of the current line.
func (r *lineReader) split() (byte, string, *SyntaxError) {
	if len(r.text) < 2 || r.text[1] != '=' || r.text[0] < 'a' || r.text[0] > 'z' {
		return 0, "", r.fail("want a line of the form x=value")
	}
	for i := 2; i < len(r.text); i++ {
		// RFC 8866 §9, byte-string: %x01-09/%x0B-0C/%x0E-FF.
		if c := r.text[i]; c == 0 || c == '\r' {
			return 0, "", r.fail("NUL and CR may not stand inside a line")
		}
	}
	return r.text[0], r.text[2:], nil
}
