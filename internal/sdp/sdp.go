// Package sdp is the typed session description of RFC 8866 with the attributes
// that WebRTC uses (RFC 9429 §5.8).
//
// Parsing is tolerant of what browsers and other stacks really send (bare line
// feeds, attributes in any order, unknown attributes, which survive) and exact
// in what it refuses: a *SyntaxError carries the number of the offending line.
// Printing is byte-stable: Print(Parse(Print(d))) equals Print(d).
//
// A description is a header and m-sections, and each m-section can be split
// off, parsed and printed by itself, so that a caller who keeps the parsed
// value of every m-section text pays only for those that changed.
package sdp

import (
	"fmt"
	"strings"
)

// Direction is the direction attribute of an m-section (RFC 8866 §6.7).
type Direction string

// The four directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Attribute is an "a=" line this package has no field for: a=Key or a=Key:Value.
type Attribute struct {
	Key, Value string
	// Flag is true for a=Key without a colon.
	Flag bool
}

// Origin is the "o=" line.
type Origin struct {
	Username                             string
	SessionID, Version                   uint64
	NetType, AddressType, UnicastAddress string
}

// Group is an a=group line (RFC 5888), such as BUNDLE or LS.
type Group struct {
	Semantics string
	MIDs      []string
}

// Fingerprint is an a=fingerprint line (RFC 8122): the hash function in lower
// case and the digest as upper-case hexadecimal pairs joined by colons.
type Fingerprint struct {
	Algorithm, Value string
}

// Bandwidth is a "b=" line, in the unit that its type implies (kbit/s for AS
// and CT, bit/s for TIAS).
type Bandwidth struct {
	Type  string
	Value uint64
}

// Extmap is an a=extmap line (RFC 8285).
type Extmap struct {
	ID uint16
	// Direction is "" where the line has none, which means sendrecv.
	Direction Direction
	URI       string
	// Attributes are the extension attributes after the URI, verbatim.
	Attributes string
}

// Transport is what ICE and DTLS need. Each part may stand at session level, at
// media level, or both; the media level wins.
type Transport struct {
	ICEUfrag, ICEPwd string
	// ICEOptions is nil where there is no a=ice-options line.
	ICEOptions   []string
	Fingerprints []Fingerprint
	// Setup is actpass, active, passive, holdconn, or "" where absent.
	Setup string
	// TLSID is the a=tls-id of RFC 8842, or "".
	TLSID string
}

// Session is a session description.
type Session struct {
	Origin Origin
	// Name is the "s=" line; "-" by convention.
	Name string
	// Connection is the session-level "c=" line, or "".
	Connection string
	Bandwidths []Bandwidth
	// Other holds the header lines that have no meaning in JSEP (i=, u=, e=,
	// p=, t=, r=, z=, k=), whole and in order. "t=0 0" when empty.
	Other []string

	Groups           []Group
	ICELite          bool
	Transport        Transport
	Extmaps          []Extmap
	ExtmapAllowMixed bool
	// Direction is the session-level default, or "".
	Direction  Direction
	Attributes []Attribute

	Media []*Media
}

// Codec is a payload type of an RTP m-section with everything said about it.
type Codec struct {
	PayloadType uint8
	Name        string
	ClockRate   uint32
	// Channels is 0 where the rtpmap has no third field.
	Channels uint16
	// Fmtp is the a=fmtp value after the payload type, or "".
	Fmtp string
	// Feedback holds a=rtcp-fb values after the payload type, such as "nack pli";
	// those given for "*" are included.
	Feedback []string
	// Implicit says that there is no a=rtpmap line: the payload type is a static
	// one of RFC 3551.
	Implicit bool
}

// MSID is an a=msid line (RFC 8830).
type MSID struct {
	// Stream is the msid-id; "-" means no stream.
	Stream string
	// Track is the appdata, or "".
	Track string
}

// SSRCAttribute is an a=ssrc line (RFC 5576).
type SSRCAttribute struct {
	SSRC       uint32
	Key, Value string
}

// SSRCGroup is an a=ssrc-group line.
type SSRCGroup struct {
	Semantics string
	SSRCs     []uint32
}

// RID is an a=rid line (RFC 8851).
type RID struct {
	ID string
	// Send tells "send" from "recv".
	Send bool
	// Params is the restriction list after the direction, verbatim.
	Params string
}

// SimulcastStream is one alternative of a simulcast stream.
type SimulcastStream struct {
	RID string
	// Paused is the leading "~".
	Paused bool
}

// Simulcast is an a=simulcast line (RFC 8853): simulcast streams in order, each
// a list of alternatives.
type Simulcast struct {
	Send, Recv [][]SimulcastStream
}

// Media is an m-section.
type Media struct {
	// Kind is the media field: audio, video, application or anything else.
	Kind string
	// Port is 0 where the section is rejected or bundle-only.
	Port      int
	PortCount int
	Proto     string
	// Formats is the fmt list as written.
	Formats    []string
	Title      string
	Connection string
	Bandwidths []Bandwidth

	// MID is "" where there is no a=mid.
	MID string
	// Direction is "" where no direction attribute is present.
	Direction  Direction
	BundleOnly bool

	Transport       Transport
	RTCP            string
	RTCPMux         bool
	RTCPMuxOnly     bool
	RTCPReducedSize bool
	// Candidates holds a=candidate values without "candidate:".
	Candidates      []string
	EndOfCandidates bool

	// Codecs are the RTP formats, in the order of Formats.
	Codecs []Codec
	// CongestionFeedback is a=rtcp-fb:* ack ccfb (RFC 8888 §6). It holds for all
	// formats, and is not in their Feedback.
	CongestionFeedback bool
	Extmaps            []Extmap
	ExtmapAllowMixed   bool
	MSIDs              []MSID
	RIDs               []RID
	Simulcast          *Simulcast
	SSRCs              []SSRCAttribute
	SSRCGroups         []SSRCGroup
	// PTime and MaxPTime are milliseconds, 0 where absent.
	PTime, MaxPTime int

	// SCTPPort is -1 where there is no a=sctp-port.
	SCTPPort int
	// MaxMessageSize is in bytes, -1 where absent; 0 means any size.
	MaxMessageSize int64

	Attributes []Attribute
}

// Rejected reports whether the section is refused: port 0 and not bundle-only.
func (m *Media) Rejected() bool { return m.Port == 0 && !m.BundleOnly }

// RTP reports whether the section's proto carries RTP.
func (m *Media) RTP() bool {
	return strings.HasSuffix(m.Proto, "RTP/AVP") || strings.HasSuffix(m.Proto, "RTP/AVPF") ||
		strings.HasSuffix(m.Proto, "RTP/SAVP") || strings.HasSuffix(m.Proto, "RTP/SAVPF")
}

// SCTP reports whether the section's proto is SCTP over DTLS.
func (m *Media) SCTP() bool { return strings.HasSuffix(m.Proto, "DTLS/SCTP") }

// Group returns the groups of the given semantics, in order.
func (s *Session) Group(semantics string) []Group {
	var out []Group
	for _, g := range s.Groups {
		if g.Semantics == semantics {
			out = append(out, g)
		}
	}
	return out
}

// TransportOf returns the transport attributes in effect for m: each part from
// the section, else from the session level (RFC 9429 §5.8.3).
func (s *Session) TransportOf(m *Media) Transport {
	t := m.Transport
	if t.ICEUfrag == "" && t.ICEPwd == "" {
		t.ICEUfrag, t.ICEPwd = s.Transport.ICEUfrag, s.Transport.ICEPwd
	}
	if t.ICEOptions == nil {
		t.ICEOptions = s.Transport.ICEOptions
	}
	if len(t.Fingerprints) == 0 {
		t.Fingerprints = s.Transport.Fingerprints
	}
	if t.Setup == "" {
		t.Setup = s.Transport.Setup
	}
	if t.TLSID == "" {
		t.TLSID = s.Transport.TLSID
	}
	return t
}

// DirectionOf returns the direction in effect for m; sendrecv when nothing is
// said (RFC 8866 §6.7).
func (s *Session) DirectionOf(m *Media) Direction {
	switch {
	case m.Direction != "":
		return m.Direction
	case s.Direction != "":
		return s.Direction
	}
	return SendRecv
}

// SyntaxError says where and why a description is not SDP.
type SyntaxError struct {
	// Line is the number of the offending line, from 1.
	Line int
	// Text is the offending line.
	Text string
	// Reason says what is wrong with it.
	Reason string
}

// Error names line, reason and text.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("sdp line %d: %s: %q", e.Line, e.Reason, e.Text)
}
