package sdp

import (
	"slices"
	"strconv"
	"strings"
)

// attribute reads one a= line of an m-section.
func (p *mediaParser) attribute(text string) error {
	m := p.m
	key, value, hasValue := strings.Cut(text, ":")
	switch key {
	case "rtpmap", "fmtp", "rtcp-fb":
		if m.RTP() {
			return p.codecAttribute(key, value)
		}
	case "extmap":
		e, ok := parseExtmap(value)
		if !ok {
			return p.fail("want a=extmap:<id>[/<direction>] <uri>")
		}
		m.Extmaps = append(m.Extmaps, e)
		return nil
	case "extmap-allow-mixed":
		m.ExtmapAllowMixed = true
		return nil
	case "mid":
		if !token(value) {
			return p.fail("a=mid is a token")
		}
		m.MID = value
		return nil
	case "sendrecv", "sendonly", "recvonly", "inactive":
		m.Direction = Direction(key)
		return nil
	case "bundle-only":
		m.BundleOnly = true
		return nil
	case "rtcp":
		port, _, _ := strings.Cut(value, " ")
		if !digits(port) {
			return p.fail("want a=rtcp:<port> […]")
		}
		m.RTCP = value
		return nil
	case "rtcp-mux":
		m.RTCPMux = true
		return nil
	case "rtcp-mux-only":
		m.RTCPMuxOnly = true
		return nil
	case "rtcp-rsize":
		m.RTCPReducedSize = true
		return nil
	case "candidate":
		if _, err := ParseCandidate(value); err != nil {
			return p.fail(err.Error())
		}
		m.Candidates = append(m.Candidates, value)
		return nil
	case "end-of-candidates":
		m.EndOfCandidates = true
		return nil
	case "msid", "ssrc", "ssrc-group", "rid", "simulcast":
		return p.sourceAttribute(key, value)
	case "ptime", "maxptime", "sctp-port", "max-message-size":
		return p.numberAttribute(key, value)
	default:
		known, err := m.Transport.attribute(&p.lineReader, key, value)
		if known || err != nil {
			return err
		}
	}
	if key == "" {
		return p.fail("an attribute has a name")
	}
	m.Attributes = append(m.Attributes, Attribute{key, value, !hasValue})
	return nil
}

// ccfb is the rtcp-fb value of RFC 8888 §6.
const ccfb = "ack ccfb"

// maxEveryFeedback bounds the values for "*", of which each codec gets all.
const maxEveryFeedback = 64

// codecAttribute reads what is said about a payload type. Lines about a payload
// type that the m= line does not list are ignored.
func (p *mediaParser) codecAttribute(key, value string) error {
	head, rest, ok := strings.Cut(value, " ")
	if !ok {
		return p.fail("want a=" + key + ":<payload type> <value>")
	}
	if rest = strings.TrimSpace(rest); rest == "" && key == "rtcp-fb" {
		return p.fail("want a=rtcp-fb:<payload type> <value>")
	}
	if key == "rtcp-fb" && rest == ccfb {
		// "The payload type MUST be the wildcard"; peers that name each one mean
		// the same.
		p.m.CongestionFeedback = true
		return nil
	}
	if key == "rtcp-fb" && head == "*" {
		if slices.Contains(p.everyFeedback, rest) {
			return nil
		}
		if len(p.everyFeedback) == maxEveryFeedback {
			return p.fail("too many different a=rtcp-fb:* lines")
		}
		p.everyFeedback = append(p.everyFeedback, rest)
		return nil
	}
	pt, err := strconv.ParseUint(head, 10, 8)
	if err != nil || pt > 127 {
		return p.fail("an RTP payload type is a number up to 127")
	}
	index := int(p.byPT[pt]) - 1
	if index < 0 {
		return nil
	}
	c := &p.m.Codecs[index]
	switch key {
	case "fmtp":
		c.Fmtp = rest
	case "rtcp-fb":
		p.feedback = append(p.feedback, feedbackLine{uint8(index), rest})
	case "rtpmap":
		name, clock, ok := strings.Cut(rest, "/")
		clock, channels, hasChannels := strings.Cut(clock, "/")
		rate, ok2 := parseUint32(clock)
		if !ok || !ok2 || name == "" || rate == 0 {
			return p.fail("want a=rtpmap:<payload type> <name>/<clock rate>[/<channels>]")
		}
		if hasChannels {
			n, err := strconv.ParseUint(channels, 10, 16)
			if err != nil {
				return p.fail("the number of channels is a number")
			}
			c.Channels = uint16(n)
		}
		c.Name, c.ClockRate = name, rate
	}
	return nil
}

// sourceAttribute reads what names streams: msid, ssrc, rid, simulcast.
func (p *mediaParser) sourceAttribute(key, value string) error {
	m := p.m
	switch key {
	case "msid":
		stream, track, _ := strings.Cut(value, " ")
		if stream == "" {
			return p.fail("want a=msid:<stream>[ <track>]")
		}
		m.MSIDs = append(m.MSIDs, MSID{stream, strings.TrimSpace(track)})
	case "ssrc":
		id, rest, _ := strings.Cut(value, " ")
		n, ok := parseUint32(id)
		if !ok {
			return p.fail("want a=ssrc:<32-bit number> <attribute>")
		}
		k, v, _ := strings.Cut(rest, ":")
		m.SSRCs = append(m.SSRCs, SSRCAttribute{n, k, v})
	case "ssrc-group":
		f := strings.Fields(value)
		if len(f) < 1 {
			return p.fail("want a=ssrc-group:<semantics> <ssrc>…")
		}
		g := SSRCGroup{Semantics: f[0]}
		for _, id := range f[1:] {
			n, ok := parseUint32(id)
			if !ok {
				return p.fail("an SSRC is a 32-bit number")
			}
			g.SSRCs = append(g.SSRCs, n)
		}
		m.SSRCGroups = append(m.SSRCGroups, g)
	case "rid":
		id, rest, ok := strings.Cut(value, " ")
		direction, params, _ := strings.Cut(rest, " ")
		if !ok || !ValidRID(id) || direction != "send" && direction != "recv" {
			return p.fail("want a=rid:<id> send|recv [<restrictions>]")
		}
		m.RIDs = append(m.RIDs, RID{id, direction == "send", params})
	case "simulcast":
		s, ok := parseSimulcast(value)
		if !ok || m.Simulcast != nil {
			return p.fail("want one a=simulcast:send|recv <rids> [send|recv <rids>]")
		}
		m.Simulcast = s
	}
	return nil
}

func parseSimulcast(value string) (*Simulcast, bool) {
	// RFC 8853 §5.1; the space after the colon was in early drafts.
	f := strings.Fields(value)
	if len(f) != 2 && len(f) != 4 {
		return nil, false
	}
	s := &Simulcast{}
	for i := 0; i < len(f); i += 2 {
		var list [][]SimulcastStream
		for _, alternatives := range strings.Split(strings.TrimPrefix(f[i+1], "rid="), ";") {
			var stream []SimulcastStream
			for _, rid := range strings.Split(alternatives, ",") {
				id, paused := strings.CutPrefix(rid, "~")
				if !ValidRID(id) {
					return nil, false
				}
				stream = append(stream, SimulcastStream{id, paused})
			}
			list = append(list, stream)
		}
		switch {
		case f[i] == "send" && s.Send == nil:
			s.Send = list
		case f[i] == "recv" && s.Recv == nil:
			s.Recv = list
		default:
			return nil, false
		}
	}
	return s, true
}

func (p *mediaParser) numberAttribute(key, value string) error {
	// ptime may be written with a fraction (RFC 8866 §6.4 allows only integers,
	// RFC 4566 implementations differ).
	whole, _, _ := strings.Cut(strings.TrimSpace(value), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 {
		return p.fail("want a=" + key + ":<number>")
	}
	switch key {
	case "ptime":
		p.m.PTime = int(min(n, 1<<30))
	case "maxptime":
		p.m.MaxPTime = int(min(n, 1<<30))
	case "sctp-port":
		if n > 65535 {
			return p.fail("an SCTP port is a number up to 65535")
		}
		p.m.SCTPPort = int(n)
	case "max-message-size":
		p.m.MaxMessageSize = n
	}
	return nil
}
