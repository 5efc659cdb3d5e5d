package sdp

import (
	"strconv"
	"strings"
)

// ParseMedia reads one m-section. before is the number of lines that precede it
// in its description, for the error's line number.
func ParseMedia(text string, before int) (*Media, error) {
	m := &Media{SCTPPort: -1, MaxMessageSize: -1}
	p := mediaParser{m: m, lineReader: lineReader{rest: text, number: before}}
	at := 0
	for first := true; p.next(); first = false {
		letter, value, err := p.split()
		if err != nil {
			return nil, err
		}
		if first != (letter == 'm') {
			return nil, p.fail("an m-section starts with exactly one m= line")
		}
		const order = "micbka"
		pos := strings.IndexByte(order, letter)
		if pos < 0 {
			return nil, p.fail("no such line type in an m-section")
		}
		if pos < at {
			return nil, p.fail("line out of order")
		}
		at = pos
		if err := p.line(letter, value); err != nil {
			return nil, err
		}
	}
	if m.Kind == "" {
		return nil, &SyntaxError{Line: before + 1, Text: text, Reason: "the m-section is empty"}
	}
	p.finish()
	return m, nil
}

type mediaParser struct {
	lineReader
	m *Media
	// byPT maps a payload type to its index in m.Codecs plus one.
	byPT [256]uint8
	// everyFeedback holds a=rtcp-fb:* values.
	everyFeedback []string
	// feedback is one backing array for all codecs' feedback.
	feedback []feedbackLine
}

type feedbackLine struct {
	codec uint8
	value string
}

func (p *mediaParser) line(letter byte, value string) error {
	m := p.m
	switch letter {
	case 'm':
		return p.mLine(value)
	case 'i':
		m.Title = value
	case 'c':
		if !validConnection(value) {
			return p.fail("want c=<nettype> <addrtype> <address>")
		}
		m.Connection = value
	case 'b':
		b, ok := parseBandwidth(value)
		if !ok {
			return p.fail("want b=<type>:<bandwidth>")
		}
		m.Bandwidths = append(m.Bandwidths, b)
	case 'a':
		return p.attribute(value)
	}
	// k= is checked for its form only; RFC 8866 §5.12 has obsoleted it.
	return nil
}

func (p *mediaParser) mLine(value string) error {
	m := p.m
	f := strings.Fields(value)
	if len(f) < 4 {
		return p.fail("want m=<media> <port> <proto> <fmt>…")
	}
	if !token(f[0]) {
		return p.fail("the media field is a token")
	}
	port, count, has := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return p.fail("the port is a number up to 65535")
	}
	m.Kind, m.Port, m.Proto, m.Formats = f[0], int(n), f[2], f[3:]
	if has {
		c, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return p.fail("the number of ports is a number")
		}
		m.PortCount = int(c)
	}
	if !m.RTP() {
		return nil
	}
	m.Codecs = make([]Codec, 0, len(m.Formats))
	for _, format := range m.Formats {
		pt, err := strconv.ParseUint(format, 10, 8)
		if err != nil || pt > 127 {
			return p.fail("an RTP payload type is a number up to 127")
		}
		if p.byPT[pt] != 0 {
			// A repeated format says nothing new.
			continue
		}
		m.Codecs = append(m.Codecs, Codec{PayloadType: uint8(pt)})
		p.byPT[pt] = uint8(len(m.Codecs))
	}
	return nil
}

// finish fills what the lines did not say and drops payload types nobody
// explains.
func (p *mediaParser) finish() {
	m := p.m
	// Feedback lines are grouped by codec in one array, in the lines' order.
	if n := len(p.feedback) + len(p.everyFeedback)*len(m.Codecs); n > 0 {
		all := make([]string, 0, n)
		for i := range m.Codecs {
			start := len(all)
			for _, fb := range p.feedback {
				if int(fb.codec) == i {
					all = append(all, fb.value)
				}
			}
			all = append(all, p.everyFeedback...)
			if len(all) > start {
				m.Codecs[i].Feedback = all[start:len(all):len(all)]
			}
		}
	}
	kept := m.Codecs[:0]
	for _, c := range m.Codecs {
		if c.Name == "" {
			static, ok := staticPayloadTypes[c.PayloadType]
			if !ok {
				continue
			}
			c.Name, c.ClockRate, c.Implicit = static.name, static.clock, true
		}
		kept = append(kept, c)
	}
	m.Codecs = kept
}

// staticPayloadTypes are those of RFC 3551 §6 that may stand without a=rtpmap.
var staticPayloadTypes = map[uint8]struct {
	name  string
	clock uint32
}{
	0: {"PCMU", 8000}, 3: {"GSM", 8000}, 8: {"PCMA", 8000}, 9: {"G722", 8000},
	13: {"CN", 8000}, 18: {"G729", 8000}, 34: {"H263", 90000},
}
