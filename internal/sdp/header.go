package sdp

import (
	"strconv"
	"strings"
)

// Parse reads a whole description. The error, if any, is a *SyntaxError.
func Parse(text string) (*Session, error) {
	header, sections := Split(text)
	s, err := ParseHeader(header)
	if err != nil {
		return nil, err
	}
	line := Lines(header)
	s.Media = make([]*Media, 0, len(sections))
	for _, section := range sections {
		m, err := ParseMedia(section, line)
		if err != nil {
			return nil, err
		}
		line += Lines(section)
		s.Media = append(s.Media, m)
	}
	return s, nil
}

// headerOrder is the order that RFC 8866 §5 prescribes. Lines of one letter may
// repeat; t= and r= alternate.
const headerOrder = "vosiuepcbtrzka"

// ParseHeader reads the session level: every line before the first m-section.
func ParseHeader(text string) (*Session, error) {
	s := &Session{}
	r := &lineReader{rest: text}
	at := 0
	for first := true; r.next(); first = false {
		letter, value, err := r.split()
		if err != nil {
			return nil, err
		}
		if first != (letter == 'v') {
			return nil, r.fail("a description starts with exactly one v= line")
		}
		pos := strings.IndexByte(headerOrder, letter)
		switch {
		case pos < 0:
			return nil, r.fail("no such line type at session level")
		case letter == 't' && headerOrder[at] == 'r':
		case pos < at:
			return nil, r.fail("line out of order")
		}
		if (letter == 'o' || letter == 's') && pos == at {
			return nil, r.fail("line repeated")
		}
		at = pos
		if err := s.headerLine(r, letter, value); err != nil {
			return nil, err
		}
	}
	switch {
	case r.number == 0:
		return nil, &SyntaxError{Line: 1, Reason: "the description is empty"}
	case s.Origin.NetType == "":
		return nil, &SyntaxError{Line: r.number, Text: r.text, Reason: "there is no o= line"}
	}
	return s, nil
}

func (s *Session) headerLine(r *lineReader, letter byte, value string) error {
	switch letter {
	case 'v':
		if value != "0" {
			return r.fail("the protocol version must be 0")
		}
	case 'o':
		return s.origin(r, value)
	case 's':
		s.Name = value
	case 'c':
		if !validConnection(value) {
			return r.fail("want c=<nettype> <addrtype> <address>")
		}
		s.Connection = value
	case 'b':
		b, ok := parseBandwidth(value)
		if !ok {
			return r.fail("want b=<type>:<bandwidth>")
		}
		s.Bandwidths = append(s.Bandwidths, b)
	case 't':
		start, stop, ok := strings.Cut(value, " ")
		if !ok || !digits(start) || !digits(stop) {
			return r.fail("want t=<start> <stop>")
		}
		s.Other = append(s.Other, r.text)
	case 'a':
		return s.attribute(r, value)
	default:
		s.Other = append(s.Other, r.text)
	}
	return nil
}

func (s *Session) origin(r *lineReader, value string) error {
	f := strings.Fields(value)
	if len(f) != 6 {
		return r.fail("want o=<username> <id> <version> <nettype> <addrtype> <address>")
	}
	id, err1 := strconv.ParseUint(f[1], 10, 64)
	version, err2 := strconv.ParseUint(f[2], 10, 64)
	if err1 != nil || err2 != nil {
		return r.fail("session id and version are decimal numbers of 64 bits")
	}
	s.Origin = Origin{f[0], id, version, f[3], f[4], f[5]}
	return nil
}

func (s *Session) attribute(r *lineReader, text string) error {
	key, value, hasValue := strings.Cut(text, ":")
	switch key {
	case "group":
		f := strings.Fields(value)
		if len(f) == 0 {
			return r.fail("want a=group:<semantics> <mids>")
		}
		s.Groups = append(s.Groups, Group{f[0], f[1:]})
	case "ice-lite":
		s.ICELite = true
	case "extmap":
		e, ok := parseExtmap(value)
		if !ok {
			return r.fail("want a=extmap:<id>[/<direction>] <uri>")
		}
		s.Extmaps = append(s.Extmaps, e)
	case "extmap-allow-mixed":
		s.ExtmapAllowMixed = true
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.Direction = Direction(key)
	default:
		known, err := s.Transport.attribute(r, key, value)
		if err != nil {
			return err
		}
		if !known {
			if key == "" {
				return r.fail("an attribute has a name")
			}
			s.Attributes = append(s.Attributes, Attribute{key, value, !hasValue})
		}
	}
	return nil
}

// attribute takes the line if it belongs to ICE or DTLS.
func (t *Transport) attribute(r *lineReader, key, value string) (known bool, err error) {
	switch key {
	case "ice-ufrag":
		if value == "" {
			return true, r.fail("a=ice-ufrag needs a value")
		}
		t.ICEUfrag = value
	case "ice-pwd":
		if value == "" {
			return true, r.fail("a=ice-pwd needs a value")
		}
		t.ICEPwd = value
	case "ice-options":
		t.ICEOptions = strings.Fields(value)
	case "fingerprint":
		algorithm, digest, ok := strings.Cut(value, " ")
		if !ok || algorithm == "" || !hexPairs(digest) {
			return true, r.fail("want a=fingerprint:<hash> <hex:hex…>")
		}
		t.Fingerprints = append(t.Fingerprints, Fingerprint{lower(algorithm), strings.ToUpper(digest)})
	case "setup":
		switch value {
		case "actpass", "active", "passive", "holdconn":
			t.Setup = value
		default:
			return true, r.fail("a=setup is actpass, active, passive or holdconn")
		}
	case "tls-id":
		if value == "" {
			return true, r.fail("a=tls-id needs a value")
		}
		t.TLSID = value
	default:
		return false, nil
	}
	return true, nil
}
