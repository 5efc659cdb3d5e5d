package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Candidate is one ICE candidate: RFC 8839 5.1 with what trickle adds.
type Candidate struct {
	Foundation string
	// Component is 1; component 2 is refused elsewhere, since rtcp-mux is required.
	Component uint16
	// Protocol is "udp" or "tcp".
	Protocol string
	Priority uint32
	// Address is an IP address, or a name that ends in ".local".
	Address string
	Port    uint16
	// Type is "host", "srflx", "prflx" or "relay".
	Type string
	// TCPType is "active", "passive" or "so" when Protocol is "tcp".
	TCPType string
	// RelatedAddress and RelatedPort are raddr and rport, or empty and 0.
	RelatedAddress string
	RelatedPort    uint16
	// Ufrag is the generation: the username fragment of the agent that the
	// candidate belongs to. Empty means the current one.
	Ufrag string
	// URL is the server that a local srflx or relay candidate came from.
	URL string
	// RelayProtocol is "udp", "tcp" or "tls" for a local relay candidate.
	RelayProtocol string
	// extra keeps attributes that are not understood, " key value …".
	extra string
}

// ErrCandidate is wrapped by the errors of ParseCandidate.
var ErrCandidate = errors.New("transport: malformed candidate")

func candidateErr(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCandidate, fmt.Sprintf(format, a...))
}

// ParseCandidate reads the value of a candidate attribute, with or without
// "candidate:" (or "a=candidate:") in front (RFC 8839 5.1). Unknown extension
// attributes are kept.
func ParseCandidate(s string) (Candidate, error) {
	s = strings.TrimPrefix(s, "a=")
	s = strings.TrimPrefix(s, "candidate:")
	f := strings.Fields(s)
	if len(f) < 8 {
		return Candidate{}, candidateErr("%d fields, want at least 8", len(f))
	}
	var c Candidate
	c.Foundation = f[0]
	if len(c.Foundation) > 32 {
		return Candidate{}, candidateErr("foundation longer than 32 characters")
	}
	component, err := strconv.ParseUint(f[1], 10, 16)
	if err != nil || component < 1 || component > 256 {
		return Candidate{}, candidateErr("component %q", f[1])
	}
	c.Component = uint16(component)
	c.Protocol = strings.ToLower(f[2])
	priority, err := strconv.ParseUint(f[3], 10, 32)
	if err != nil {
		return Candidate{}, candidateErr("priority %q", f[3])
	}
	c.Priority = uint32(priority)
	c.Address = f[4]
	if !validHost(c.Address) {
		return Candidate{}, candidateErr("address %q", f[4])
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	if err != nil {
		return Candidate{}, candidateErr("port %q", f[5])
	}
	c.Port = uint16(port)
	if f[6] != "typ" {
		return Candidate{}, candidateErr("%q where typ is due", f[6])
	}
	switch c.Type = f[7]; c.Type {
	case "host", "srflx", "prflx", "relay":
	default:
		return Candidate{}, candidateErr("type %q", f[7])
	}
	rest := f[8:]
	if len(rest)%2 != 0 {
		return Candidate{}, candidateErr("attribute %q without value", rest[len(rest)-1])
	}
	for i := 0; i < len(rest); i += 2 {
		if err := c.extension(rest[i], rest[i+1]); err != nil {
			return Candidate{}, err
		}
	}
	return c, nil
}

func (c *Candidate) extension(key, value string) error {
	switch key {
	case "raddr":
		c.RelatedAddress = value
	case "rport":
		p, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return candidateErr("rport %q", value)
		}
		c.RelatedPort = uint16(p)
	case "tcptype":
		switch value {
		case "active", "passive", "so":
			c.TCPType = value
		default:
			return candidateErr("tcptype %q", value)
		}
	case "ufrag":
		c.Ufrag = value
	default:
		c.extra += " " + key + " " + value
	}
	return nil
}

// validHost accepts an IP address and the characters of a host name.
func validHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '.' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// String is the candidate attribute's value, "candidate:…", with ufrag where
// it is known.
func (c Candidate) String() string {
	var b strings.Builder
	b.Grow(128)
	fmt.Fprintf(&b, "candidate:%s %d %s %d %s %d typ %s",
		c.Foundation, c.Component, c.Protocol, c.Priority, c.Address, c.Port, c.Type)
	if c.RelatedAddress != "" {
		fmt.Fprintf(&b, " raddr %s rport %d", c.RelatedAddress, c.RelatedPort)
	}
	if c.TCPType != "" {
		b.WriteString(" tcptype " + c.TCPType)
	}
	b.WriteString(c.extra)
	if c.Ufrag != "" {
		b.WriteString(" ufrag " + c.Ufrag)
	}
	return b.String()
}

// CandidatePair is a local and a remote candidate.
type CandidatePair struct {
	Local, Remote Candidate
}
