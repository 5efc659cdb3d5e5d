package sdp

import (
	"errors"
	"strconv"
	"strings"
)

// Candidate is a candidate attribute (RFC 8839 §5.1).
type Candidate struct {
	Foundation string
	Component  int
	// Transport is "udp" or "tcp", in lower case, or another token.
	Transport string
	Priority  uint32
	// Address is an IP address or a host name (.local for mDNS).
	Address string
	Port    uint16
	// Type is host, srflx, prflx or relay.
	Type           string
	RelatedAddress string
	RelatedPort    uint16
	// TCPType is active, passive, so, or "" for UDP.
	TCPType string
	// Ufrag is the extension attribute "ufrag", or "".
	Ufrag string
}

var errCandidate = errors.New("want candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type> …")

// ParseCandidate reads the value of a candidate attribute, with or without
// "candidate:" (or "a=candidate:") in front.
func ParseCandidate(value string) (Candidate, error) {
	var c Candidate
	value = strings.TrimPrefix(strings.TrimPrefix(value, "a="), "candidate:")
	f := strings.Fields(value)
	if len(f) < 8 || f[6] != "typ" {
		return c, errCandidate
	}
	component, err1 := strconv.ParseUint(f[1], 10, 16)
	priority, err2 := strconv.ParseUint(f[3], 10, 32)
	port, err3 := strconv.ParseUint(f[5], 10, 16)
	if err1 != nil || err2 != nil || err3 != nil || component == 0 || component > 256 || len(f[0]) > 32 {
		return c, errCandidate
	}
	c = Candidate{
		Foundation: f[0], Component: int(component), Transport: lower(f[2]), Priority: uint32(priority),
		Address: f[4], Port: uint16(port), Type: lower(f[7]),
	}
	for i := 8; i+1 < len(f); i += 2 {
		switch f[i] {
		case "raddr":
			c.RelatedAddress = f[i+1]
		case "rport":
			n, err := strconv.ParseUint(f[i+1], 10, 16)
			if err != nil {
				return c, errCandidate
			}
			c.RelatedPort = uint16(n)
		case "tcptype":
			c.TCPType = lower(f[i+1])
		case "ufrag":
			c.Ufrag = f[i+1]
		}
	}
	if c.Transport == "tcp" && c.TCPType == "" {
		return c, errors.New("a TCP candidate needs a tcptype")
	}
	return c, nil
}

// String gives the attribute's value, starting with "candidate:".
func (c Candidate) String() string {
	var b strings.Builder
	b.WriteString("candidate:" + c.Foundation + " " + strconv.Itoa(c.Component) + " " + c.Transport + " " +
		strconv.FormatUint(uint64(c.Priority), 10) + " " + c.Address + " " + strconv.Itoa(int(c.Port)) + " typ " + c.Type)
	if c.RelatedAddress != "" {
		b.WriteString(" raddr " + c.RelatedAddress + " rport " + strconv.Itoa(int(c.RelatedPort)))
	}
	if c.TCPType != "" {
		b.WriteString(" tcptype " + c.TCPType)
	}
	if c.Ufrag != "" {
		b.WriteString(" ufrag " + c.Ufrag)
	}
	return b.String()
}
