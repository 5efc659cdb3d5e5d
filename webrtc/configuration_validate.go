package webrtc

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/transport"
)

// validate has the checks of the constructor and of "set the configuration"
// that look at the configuration alone (webrtc-pc 4.4.1.1, 4.4.1.6). The
// configuration has its defaults.
func (c Configuration) validate(now time.Time) error {
	if err := c.validateEnumerations(); err != nil {
		return err
	}
	if c.RTCPMuxPolicy == rtcpMuxPolicyNegotiate {
		return domerr.New(domerr.NotSupported, "RTP and RTCP always share a port: rtcpMuxPolicy must be \"require\"")
	}
	for i, certificate := range c.Certificates {
		if certificate == nil {
			return domerr.New(domerr.Type, "certificate %d is nil", i)
		}
		if certificate.expires.Before(now) {
			return domerr.New(domerr.InvalidAccess, "certificate %d has expired at %v", i, certificate.expires)
		}
	}
	for _, server := range c.ICEServers {
		if len(server.URLs) == 0 {
			return domerr.New(domerr.Syntax, "an ICE server without urls")
		}
		for _, u := range server.URLs {
			if err := server.validateURL(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateEnumerations is what WebIDL checks before any step runs.
func (c Configuration) validateEnumerations() error {
	switch c.ICETransportPolicy {
	case ICETransportPolicyAll, ICETransportPolicyRelay:
	default:
		return domerr.New(domerr.Type, "%q is no RTCIceTransportPolicy", string(c.ICETransportPolicy))
	}
	switch c.BundlePolicy {
	case BundlePolicyBalanced, BundlePolicyMaxCompat, BundlePolicyMaxBundle:
	default:
		return domerr.New(domerr.Type, "%q is no RTCBundlePolicy", string(c.BundlePolicy))
	}
	switch c.RTCPMuxPolicy {
	case RTCPMuxPolicyRequire, rtcpMuxPolicyNegotiate:
	default:
		return domerr.New(domerr.Type, "%q is no RTCRtcpMuxPolicy", string(c.RTCPMuxPolicy))
	}
	return nil
}

// validateURL is "validate an ICE server URL".
func (s ICEServer) validateURL(raw string) error {
	bad := func(why string) error {
		return domerr.New(domerr.Syntax, "ICE server URL %q: %s", raw, why)
	}
	scheme, rest, found := strings.Cut(raw, ":")
	if !found {
		return bad("it has no scheme")
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "stun", "stuns", "turn", "turns":
	default:
		return bad("the scheme is not stun, stuns, turn or turns")
	}
	if _, _, fragment := strings.Cut(rest, "#"); fragment {
		return bad("it has a fragment")
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	if strings.HasPrefix(path, "/") {
		return bad("write the host right after the colon, without //")
	}
	if strings.ContainsAny(path, "/@") {
		return bad("it has a path or a user name")
	}
	turn := strings.HasPrefix(scheme, "turn")
	if hasQuery && !turn {
		return bad("a STUN URL has no query")
	}
	if !validHostPort(path) {
		return bad("host or port is malformed")
	}
	if hasQuery && query != "transport=udp" && query != "transport=tcp" {
		return bad("the query is not transport=udp or transport=tcp")
	}
	if !turn {
		return nil
	}
	if s.Username == nil || s.Credential == nil {
		return domerr.New(domerr.InvalidAccess, "ICE server %q needs a username and a credential", raw)
	}
	// RFC 8489 14.3: fewer than 509 bytes of UTF-8.
	if len(*s.Username) > 508 {
		return domerr.New(domerr.InvalidAccess, "the username for ICE server %q is longer than 508 bytes", raw)
	}
	return nil
}

// validHostPort parses what follows the scheme as the authority of an https URL.
func validHostPort(path string) bool {
	u, err := url.Parse("https://" + path)
	if err != nil || u.Hostname() == "" || u.Path != "" || u.User != nil || strings.ContainsAny(u.Hostname(), " <>\\^|%") {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 32); err != nil || n > 65535 {
			return false
		}
	}
	return true
}

// servers lists the URLs for the ICE agents.
func (c Configuration) servers() []transport.Server {
	var out []transport.Server
	for _, s := range c.ICEServers {
		for _, u := range s.URLs {
			server := transport.Server{URL: u}
			if s.Username != nil {
				server.Username = *s.Username
			}
			if s.Credential != nil {
				server.Credential = *s.Credential
			}
			out = append(out, server)
		}
	}
	return out
}
