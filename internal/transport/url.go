package transport

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// serverURL is a stun:, stuns:, turn: or turns: URL (RFC 7064, RFC 7065).
type serverURL struct {
	turn     bool
	secure   bool
	host     string
	port     uint16
	protocol string // "udp" or "tcp"
}

// parseURL reads an ICE server URL. The rules about which URLs a
// configuration may have are the caller's.
func parseURL(s string) (serverURL, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return serverURL{}, fmt.Errorf("transport: %q has no scheme", s)
	}
	u := serverURL{protocol: "udp", port: 3478}
	switch strings.ToLower(scheme) {
	case "stun":
	case "stuns":
		u.secure = true
	case "turn":
		u.turn = true
	case "turns":
		u.turn, u.secure = true, true
	default:
		return serverURL{}, fmt.Errorf("transport: scheme of %q is not an ICE server's", s)
	}
	if u.secure {
		u.protocol, u.port = "tcp", 5349
	}
	rest, query, ok := strings.Cut(rest, "?")
	if ok {
		key, value, _ := strings.Cut(query, "=")
		value = strings.ToLower(value)
		if !u.turn || key != "transport" || value != "udp" && value != "tcp" {
			return serverURL{}, fmt.Errorf("transport: query of %q", s)
		}
		u.protocol = value
	}
	u.host = rest
	if host, port, err := net.SplitHostPort(rest); err == nil {
		p, err := strconv.ParseUint(port, 10, 16)
		if err != nil || p == 0 {
			return serverURL{}, fmt.Errorf("transport: port of %q", s)
		}
		u.host, u.port = host, uint16(p)
	} else {
		u.host = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	}
	if !validHost(u.host) {
		return serverURL{}, fmt.Errorf("transport: host of %q", s)
	}
	return u, nil
}

// reflects reports whether a STUN server can be asked: over TCP it would find no
// UDP address.
func (u serverURL) reflects() bool { return u.protocol == "udp" && !u.secure }
