package sdp

import "strconv"

// String prints the description with CR LF line ends.
func (s *Session) String() string {
	b := s.AppendHeader(make([]byte, 0, 512+4096*len(s.Media)))
	for _, m := range s.Media {
		b = m.Append(b)
	}
	return string(b)
}

type printer []byte

func (p *printer) line(parts ...string) {
	b := *p
	for _, part := range parts {
		b = append(b, part...)
	}
	*p = append(b, '\r', '\n')
}

func (p *printer) flag(name string, set bool) {
	if set {
		p.line("a=", name)
	}
}

func (p *printer) value(name, value string) {
	if value != "" {
		p.line("a=", name, ":", value)
	}
}

func join(values []string) string {
	n := 0
	for _, v := range values {
		n += 1 + len(v)
	}
	b := make([]byte, 0, n)
	for i, v := range values {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, v...)
	}
	return string(b)
}

// AppendHeader appends the session level, every line ended by CR LF.
func (s *Session) AppendHeader(dst []byte) []byte {
	p := printer(dst)
	o := s.Origin
	p.line("v=0")
	p.line("o=", o.Username, " ", strconv.FormatUint(o.SessionID, 10), " ", strconv.FormatUint(o.Version, 10),
		" ", o.NetType, " ", o.AddressType, " ", o.UnicastAddress)
	p.line("s=", s.Name)
	// Other is in the prescribed order; c= and b= stand between p= and t=.
	printed := false
	between := func() {
		if printed {
			return
		}
		printed = true
		if s.Connection != "" {
			p.line("c=", s.Connection)
		}
		for _, b := range s.Bandwidths {
			p.line("b=", b.Type, ":", strconv.FormatUint(b.Value, 10))
		}
	}
	timed := false
	for _, line := range s.Other {
		switch line[0] {
		case 'i', 'u', 'e', 'p':
		default:
			between()
			if line[0] != 't' && !timed {
				p.line("t=0 0")
			}
			timed = true
		}
		p.line(line)
	}
	between()
	if !timed {
		p.line("t=0 0")
	}
	for _, g := range s.Groups {
		if len(g.MIDs) == 0 {
			p.line("a=group:", g.Semantics)
			continue
		}
		p.line("a=group:", g.Semantics, " ", join(g.MIDs))
	}
	p.flag("ice-lite", s.ICELite)
	p.transport(&s.Transport)
	for _, e := range s.Extmaps {
		p.extmap(e)
	}
	p.flag("extmap-allow-mixed", s.ExtmapAllowMixed)
	p.flag(string(s.Direction), s.Direction != "")
	p.attributes(s.Attributes)
	return p
}

func (p *printer) transport(t *Transport) {
	p.value("ice-ufrag", t.ICEUfrag)
	p.value("ice-pwd", t.ICEPwd)
	if t.ICEOptions != nil {
		p.line("a=ice-options:", join(t.ICEOptions))
	}
	for _, f := range t.Fingerprints {
		p.line("a=fingerprint:", f.Algorithm, " ", f.Value)
	}
	p.value("setup", t.Setup)
	p.value("tls-id", t.TLSID)
}

func (p *printer) extmap(e Extmap) {
	id := strconv.Itoa(int(e.ID))
	slash := ""
	if e.Direction != "" {
		slash = "/"
	}
	if e.Attributes != "" {
		p.line("a=extmap:", id, slash, string(e.Direction), " ", e.URI, " ", e.Attributes)
		return
	}
	p.line("a=extmap:", id, slash, string(e.Direction), " ", e.URI)
}

func (p *printer) attributes(list []Attribute) {
	for _, a := range list {
		if a.Flag {
			p.line("a=", a.Key)
		} else {
			p.line("a=", a.Key, ":", a.Value)
		}
	}
}

// Append appends the m-section, every line ended by CR LF.
func (m *Media) Append(dst []byte) []byte {
	p := printer(dst)
	port := strconv.Itoa(m.Port)
	if m.PortCount != 0 {
		port += "/" + strconv.Itoa(m.PortCount)
	}
	b := append(append(append(append(append(append(p, "m="...), m.Kind...), ' '), port...), ' '), m.Proto...)
	for _, f := range m.Formats {
		b = append(append(b, ' '), f...)
	}
	p = append(b, '\r', '\n')
	if m.Title != "" {
		p.line("i=", m.Title)
	}
	if m.Connection != "" {
		p.line("c=", m.Connection)
	}
	for _, b := range m.Bandwidths {
		p.line("b=", b.Type, ":", strconv.FormatUint(b.Value, 10))
	}
	p.value("rtcp", m.RTCP)
	for _, c := range m.Candidates {
		p.line("a=candidate:", c)
	}
	p.flag("end-of-candidates", m.EndOfCandidates)
	p.transport(&m.Transport)
	p.value("mid", m.MID)
	p.flag("bundle-only", m.BundleOnly)
	for _, e := range m.Extmaps {
		p.extmap(e)
	}
	p.flag("extmap-allow-mixed", m.ExtmapAllowMixed)
	p.flag(string(m.Direction), m.Direction != "")
	p.rtp(m)
	if m.SCTPPort >= 0 {
		p.line("a=sctp-port:", strconv.Itoa(m.SCTPPort))
	}
	if m.MaxMessageSize >= 0 {
		p.line("a=max-message-size:", strconv.FormatInt(m.MaxMessageSize, 10))
	}
	p.attributes(m.Attributes)
	return p
}

func (p *printer) rtp(m *Media) {
	for _, id := range m.MSIDs {
		if id.Track != "" {
			p.line("a=msid:", id.Stream, " ", id.Track)
		} else {
			p.line("a=msid:", id.Stream)
		}
	}
	p.flag("rtcp-mux", m.RTCPMux)
	p.flag("rtcp-mux-only", m.RTCPMuxOnly)
	p.flag("rtcp-rsize", m.RTCPReducedSize)
	for i := range m.Codecs {
		p.codec(&m.Codecs[i])
	}
	if m.CongestionFeedback {
		p.line("a=rtcp-fb:* ", ccfb)
	}
	if m.PTime > 0 {
		p.line("a=ptime:", strconv.Itoa(m.PTime))
	}
	if m.MaxPTime > 0 {
		p.line("a=maxptime:", strconv.Itoa(m.MaxPTime))
	}
	for _, r := range m.RIDs {
		direction := " recv"
		if r.Send {
			direction = " send"
		}
		if r.Params != "" {
			p.line("a=rid:", r.ID, direction, " ", r.Params)
		} else {
			p.line("a=rid:", r.ID, direction)
		}
	}
	if s := m.Simulcast; s != nil {
		p.simulcast(s)
	}
	for _, g := range m.SSRCGroups {
		b := append(append(*p, "a=ssrc-group:"...), g.Semantics...)
		for _, id := range g.SSRCs {
			b = strconv.AppendUint(append(b, ' '), uint64(id), 10)
		}
		*p = append(b, '\r', '\n')
	}
	for _, a := range m.SSRCs {
		b := strconv.AppendUint(append(*p, "a=ssrc:"...), uint64(a.SSRC), 10)
		if a.Key != "" {
			b = append(append(b, ' '), a.Key...)
		}
		if a.Value != "" {
			b = append(append(b, ':'), a.Value...)
		}
		*p = append(b, '\r', '\n')
	}
}

func (p *printer) codec(c *Codec) {
	pt := strconv.Itoa(int(c.PayloadType))
	clock := strconv.Itoa(int(c.ClockRate))
	switch {
	case c.Implicit:
	case c.Channels > 0:
		p.line("a=rtpmap:", pt, " ", c.Name, "/", clock, "/", strconv.Itoa(int(c.Channels)))
	default:
		p.line("a=rtpmap:", pt, " ", c.Name, "/", clock)
	}
	for _, fb := range c.Feedback {
		p.line("a=rtcp-fb:", pt, " ", fb)
	}
	if c.Fmtp != "" {
		p.line("a=fmtp:", pt, " ", c.Fmtp)
	}
}

func (p *printer) simulcast(s *Simulcast) {
	b := append(*p, "a=simulcast:"...)
	b = appendStreams(b, "send ", s.Send)
	if s.Send != nil && s.Recv != nil {
		b = append(b, ' ')
	}
	b = appendStreams(b, "recv ", s.Recv)
	*p = append(b, '\r', '\n')
}

func appendStreams(b []byte, word string, list [][]SimulcastStream) []byte {
	if list == nil {
		return b
	}
	b = append(b, word...)
	for i, alternatives := range list {
		if i > 0 {
			b = append(b, ';')
		}
		for j, a := range alternatives {
			if j > 0 {
				b = append(b, ',')
			}
			if a.Paused {
				b = append(b, '~')
			}
			b = append(b, a.RID...)
		}
	}
	return b
}
