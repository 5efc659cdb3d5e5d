package webrtc

import "trackway/internal/transport"

// Network holds the sockets that the connections of one or more engines share;
// see NewNetwork.
type Network = transport.Network

// NetworkConfig says which addresses, ports and protocols candidates are
// gathered on. The zero value is one UDP port, chosen by the system, on every
// address of the machine, for all connections. Listen and Interfaces are for
// simulations inside this module and stay nil.
type NetworkConfig = transport.NetworkConfig

// NetworkTiming overrides the timers of ICE and DTLS.
type NetworkTiming = transport.Timing

// NATMapping is a 1:1 address translation in front of this machine, as cloud
// providers have it.
type NATMapping = transport.NATMapping

// MDNSMode says what is done about names that end in ".local".
type MDNSMode = transport.MDNSMode

// The modes.
const (
	// MDNSResolve resolves the names of remote candidates.
	MDNSResolve = transport.MDNSResolve
	// MDNSOff ignores remote candidates with such names.
	MDNSOff = transport.MDNSOff
	// MDNSHide resolves, and hides our own host addresses behind a name.
	MDNSHide = transport.MDNSHide
)

// LoopbackMode says whether candidates on loopback addresses are gathered.
type LoopbackMode = transport.LoopbackMode

// The modes.
const (
	// LoopbackAuto uses loopback addresses only where the machine has no other.
	LoopbackAuto = transport.LoopbackAuto
	// LoopbackInclude uses them beside the others.
	LoopbackInclude = transport.LoopbackInclude
	// LoopbackExclude never uses them.
	LoopbackExclude = transport.LoopbackExclude
	// LoopbackOnly uses nothing else.
	LoopbackOnly = transport.LoopbackOnly
)

// NewNetwork makes a network for WithNetwork, to be shared by several engines.
// It opens no socket before a connection gathers candidates. The error says
// what is wrong with the configuration.
func NewNetwork(config NetworkConfig) (*Network, error) {
	n, err := transport.NewNetwork(config)
	if err != nil {
		return nil, networkError(err)
	}
	return n, nil
}
