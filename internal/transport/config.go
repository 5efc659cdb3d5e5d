package transport

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"trackway/internal/udp"
)

// MDNSMode says what is done about names that end in ".local"
// (draft-ietf-mmusic-mdns-ice-candidates).
type MDNSMode uint8

// The modes.
const (
	// MDNSResolve resolves the names of remote candidates.
	MDNSResolve MDNSMode = iota
	// MDNSOff ignores remote candidates with such names.
	MDNSOff
	// MDNSHide resolves, and hides our own host addresses behind a name.
	MDNSHide
)

// LoopbackMode says whether candidates on loopback addresses are gathered.
type LoopbackMode uint8

// The modes.
const (
	// LoopbackAuto uses loopback addresses only where the machine has no other.
	LoopbackAuto LoopbackMode = iota
	// LoopbackInclude uses them beside the others.
	LoopbackInclude
	// LoopbackExclude never uses them.
	LoopbackExclude
	// LoopbackOnly uses nothing else.
	LoopbackOnly
)

// NATMapping is a 1:1 address translation in front of this machine.
type NATMapping struct {
	// Local is the address of an interface; the zero Addr matches every
	// address of Public's family.
	Local netip.Addr
	// Public is what the outside sees. Ports are not translated.
	Public netip.Addr
	// Srflx adds a server-reflexive candidate instead of replacing the
	// host candidate's address.
	Srflx bool
}

// Interface is a network interface as far as gathering goes.
type Interface struct {
	Name     string
	Loopback bool
	Addrs    []netip.Addr
}

// NetworkConfig configures a Network. The zero value is one shared port on
// every address of the machine.
type NetworkConfig struct {
	// Port is the shared UDP port; 0 takes any.
	Port uint16
	// OwnPorts gives each Transport its own sockets, from PortMin to PortMax
	// where these are not 0.
	OwnPorts         bool
	PortMin, PortMax uint16
	// ICETCP offers passive and active TCP candidates, and TCPPort is the
	// port that passive ones listen on; 0 takes any.
	ICETCP  bool
	TCPPort uint16
	// TCPActiveOnly leaves out the listener.
	TCPActiveOnly bool

	MDNS     MDNSMode
	Loopback LoopbackMode
	NAT      []NATMapping
	// InterfaceFilter and AddrFilter keep what they return true for.
	InterfaceFilter func(name string) bool
	AddrFilter      func(netip.Addr) bool

	// Listen opens UDP sockets, and Interfaces lists addresses: set both for
	// a simulated network. TURN over UDP goes through Listen too.
	Listen     func(netip.AddrPort, udp.Options) (udp.Conn, error)
	Interfaces func() ([]Interface, error)

	// TLSConfig is for turns: and stuns: servers; nil verifies against the
	// system's roots.
	TLSConfig *tls.Config
	// Timing overrides the ICE and DTLS timers.
	Timing Timing
	// Log gets what the protocol layers have to say; nil is silent.
	Log *slog.Logger
}

// Timing holds durations; zero fields take the default in brackets.
type Timing struct {
	// CheckInterval paces connectivity checks while there is no pair [50ms].
	CheckInterval time.Duration
	// Keepalive is the mean interval of consent requests [5s].
	Keepalive time.Duration
	// Disconnected is the silence after which ICE is disconnected [5s], half
	// of it while requests are sent and not answered; Failed is what comes on
	// top of it before ICE has failed [25s]. RFC 7675 asks that consent
	// expire after 30 s.
	Disconnected, Failed time.Duration
	// Gather is how long a STUN or TURN server may take [5s].
	Gather time.Duration
	// DTLSRetransmit is the first retransmission timeout, which doubles up to
	// three seconds [100ms].
	DTLSRetransmit time.Duration
}

// Server is one STUN or TURN URL with its credentials. URLs are validated by
// the caller (webrtc-pc 4.2.1); one that cannot be used here becomes a
// CandidateError.
type Server struct {
	URL        string
	Username   string
	Credential string
}

// Policy is RTCIceTransportPolicy.
type Policy string

// The policies.
const (
	PolicyAll   Policy = "all"
	PolicyRelay Policy = "relay"
)

// Config configures a Transport.
type Config struct {
	Network *Network
	Handler Handler
	// Certificates are the DTLS identities, ECDSA P-256 or RSA; the first is
	// preferred. At least one is needed.
	Certificates []tls.Certificate
	Servers      []Server
	// Policy empty means PolicyAll.
	Policy Policy
	// Pool has candidates ready; nil is none.
	Pool *Pool
	// MaxDatagram bounds the size of DTLS handshake datagrams [1200].
	MaxDatagram int
}

// Credentials are one side's username fragment and password.
type Credentials struct{ Ufrag, Pwd string }

// RemoteICE is what Connect needs of the remote description.
type RemoteICE struct {
	Credentials
	// LocalUfrag names the local generation; empty means the newest.
	LocalUfrag string
	// Lite is a=ice-lite of the peer.
	Lite bool
	// Controlling is our role (RFC 8445 6.1.1); a conflict is resolved by
	// the agents. A lite peer always makes us controlling.
	Controlling bool
}

// Fingerprint is one a=fingerprint.
type Fingerprint struct {
	// Algorithm is sha-1, sha-224, sha-256, sha-384 or sha-512 (case is
	// ignored); md5 and md2 never match (RFC 8122 5).
	Algorithm string
	// Value is upper- or lower-case hexadecimal bytes separated by colons.
	Value string
}

// DTLSParams is what StartDTLS needs of the remote description.
type DTLSParams struct {
	// Client is true when we are setup:active.
	Client bool
	// Fingerprints are the peer's; its certificate must match one.
	Fingerprints []Fingerprint
	// Generation names the association. Another one than before starts a new
	// association in place of the old, with the peer of the newest ICE
	// generation, as soon as that has a pair.
	Generation int
}
