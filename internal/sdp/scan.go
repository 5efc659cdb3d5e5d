package sdp

import (
	"strconv"
	"strings"
)

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// ValidICE reports whether s consists of the ice-chars of RFC 8839 §5.4, plus
// "-", "_" and "=", which deployed stacks write. The parser does not ask: a wrong
// character is bad content, not bad syntax (webrtc-pc has different errors).
func ValidICE(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && c != '+' && c != '/' && c != '-' && c != '_' && c != '=' {
			return false
		}
	}
	return s != ""
}

func hexPairs(s string) bool {
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 {
			if c != ':' {
				return false
			}
			continue
		}
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return len(s)%3 == 2
}

// token is RFC 8866's token.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// ValidRID reports whether s is an rid-id of RFC 8851 §10: letters, digits, "-"
// and "_". RFC 8852 §3.3 caps the length, as it travels in a header extension.
func ValidRID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// lower is strings.ToLower without the allocation where nothing changes.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

func validConnection(s string) bool {
	f := strings.Fields(s)
	return len(f) == 3
}

func parseBandwidth(s string) (Bandwidth, bool) {
	kind, value, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(value, 10, 64)
	return Bandwidth{kind, n}, ok && err == nil && token(kind)
}

func parseExtmap(s string) (Extmap, bool) {
	head, rest, ok := strings.Cut(s, " ")
	if !ok {
		return Extmap{}, false
	}
	var e Extmap
	id, direction, has := strings.Cut(head, "/")
	n, err := strconv.ParseUint(id, 10, 16)
	if err != nil || n == 0 {
		return e, false
	}
	e.ID = uint16(n)
	if has {
		switch d := Direction(direction); d {
		case SendRecv, SendOnly, RecvOnly, Inactive:
			e.Direction = d
		default:
			return e, false
		}
	}
	e.URI, e.Attributes, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	return e, e.URI != ""
}

func parseUint32(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}
