package webrtc

import "slices"

// Configuration is RTCConfiguration (webrtc-pc 4.2.1). Empty strings take the
// defaults of the dictionary.
type Configuration struct {
	// ICEServers are STUN and TURN servers.
	ICEServers []ICEServer `json:"iceServers,omitempty"`
	// ICETransportPolicy empty means "all".
	ICETransportPolicy ICETransportPolicy `json:"iceTransportPolicy,omitempty"`
	// BundlePolicy empty means "balanced".
	BundlePolicy BundlePolicy `json:"bundlePolicy,omitempty"`
	// RTCPMuxPolicy empty means "require", the only value there is.
	RTCPMuxPolicy RTCPMuxPolicy `json:"rtcpMuxPolicy,omitempty"`
	// Certificates are the identities to use. When there are none the
	// Engine's are used.
	Certificates []*Certificate `json:"-"`
	// ICECandidatePoolSize is for how many transports candidates are gathered
	// ahead, from now on, 0 to 255; they are told after SetLocalDescription. What
	// the first answer leaves of them is given up.
	ICECandidatePoolSize uint8 `json:"iceCandidatePoolSize,omitempty"`
}

// ICEServer is RTCIceServer (webrtc-pc 4.2.4). Username and Credential are
// pointers because an empty string and a missing member differ for TURN URLs.
type ICEServer struct {
	// URLs are stun:, stuns:, turn: and turns: URLs (RFC 7064, RFC 7065).
	URLs []string `json:"urls"`
	// Username and Credential are required with turn: and turns: URLs.
	Username   *string `json:"username,omitempty"`
	Credential *string `json:"credential,omitempty"`
}

// NewTURNServer is an ICEServer with long-term credentials.
func NewTURNServer(username, credential string, urls ...string) ICEServer {
	return ICEServer{URLs: urls, Username: &username, Credential: &credential}
}

// ICETransportPolicy is RTCIceTransportPolicy.
type ICETransportPolicy string

// The ICE transport policies of webrtc-pc 4.2.5.
const (
	ICETransportPolicyRelay ICETransportPolicy = "relay"
	ICETransportPolicyAll   ICETransportPolicy = "all"
)

// BundlePolicy is RTCBundlePolicy.
type BundlePolicy string

// The bundle policies of webrtc-pc 4.2.6.
const (
	BundlePolicyBalanced  BundlePolicy = "balanced"
	BundlePolicyMaxCompat BundlePolicy = "max-compat"
	BundlePolicyMaxBundle BundlePolicy = "max-bundle"
)

// RTCPMuxPolicy is RTCRtcpMuxPolicy.
type RTCPMuxPolicy string

// RTCPMuxPolicyRequire is the only policy of webrtc-pc 4.2.7.
const RTCPMuxPolicyRequire RTCPMuxPolicy = "require"

// rtcpMuxPolicyNegotiate is a value of earlier drafts; it is known, and refused.
const rtcpMuxPolicyNegotiate RTCPMuxPolicy = "negotiate"

// clone copies the configuration with everything that it points to, save the
// certificates, which are compared by identity.
func (c Configuration) clone() Configuration {
	c.Certificates = slices.Clone(c.Certificates)
	servers := make([]ICEServer, len(c.ICEServers))
	for i, s := range c.ICEServers {
		s.URLs = slices.Clone(s.URLs)
		s.Username, s.Credential = clonePtr(s.Username), clonePtr(s.Credential)
		servers[i] = s
	}
	c.ICEServers = servers
	return c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// withDefaults fills what WebIDL's defaults fill.
func (c Configuration) withDefaults() Configuration {
	if c.ICETransportPolicy == "" {
		c.ICETransportPolicy = ICETransportPolicyAll
	}
	if c.BundlePolicy == "" {
		c.BundlePolicy = BundlePolicyBalanced
	}
	if c.RTCPMuxPolicy == "" {
		c.RTCPMuxPolicy = RTCPMuxPolicyRequire
	}
	return c
}
