package udp

import "net/netip"

// Listen opens a socket bound to addr, whose address must be valid; port 0
// takes any free port.
func Listen(addr netip.AddrPort, o Options) (Conn, error) { return listenPlain(addr, o) }
